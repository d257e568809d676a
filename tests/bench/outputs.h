/*
 * Kinds of output of a job, made in memory, for benchmarks that need no processes: each has a
 * start, which comes once, and a flood, which is repeated.
 */
#ifndef JS_TESTS_BENCH_OUTPUTS_H
#define JS_TESTS_BENCH_OUTPUTS_H

#include "common/bytes.h"

enum { OUTPUT_ROWS = 43, OUTPUT_COLS = 132, OUTPUT_KINDS = 14 };

struct output_kind {
    const char *name;
    void (*start)(struct bytes *out); /* or NULL */
    void (*piece)(struct bytes *out, unsigned *seed);
};

/* From plain text to what a program does that never paints all of the screen again. */
extern const struct output_kind output_kinds[OUTPUT_KINDS];

/* Appends pieces of that kind until there are at least size bytes. */
void output_make(const struct output_kind *kind, size_t size, struct bytes *out);

#endif
