/*
 * A fuzz target: a file fuzz_NAME.c with this one function, and seeds in seeds/fuzz_NAME/. It is
 * built twice: with libFuzzer (meson setup -Dfuzzers=true, needs clang), and with replay.c as a
 * plain test, which runs the seeds and what it makes of them.
 */
#ifndef JS_TESTS_FUZZ_FUZZ_H
#define JS_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Tries the bytes. Returns 0; a defect ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool holds)
{
    if (!holds)
        abort();
}

#endif
