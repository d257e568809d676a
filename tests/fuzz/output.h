/* A job's output as the fuzz targets of the terminal make it from their bytes. */
#ifndef JS_TESTS_FUZZ_OUTPUT_H
#define JS_TESTS_FUZZ_OUTPUT_H

#include "common/bytes.h"
#include "common/terminal/state.h"
#include "tests/fuzz/fuzz.h"

struct output {
    unsigned rows, cols; /* of the screen */
    uint32_t cuts;       /* seed of the cuts */
    const uint8_t *data; /* the output itself */
    size_t len;
    uint64_t no_cr_until; /* its line feeds before that offset have no CR */
};

/* The first bytes choose all but the output, which is the rest. Whether there are enough of them.
 */
bool output_make(struct output *output, const uint8_t *data, size_t size);

/* The length of the next piece of left bytes: mostly a few, now and then many. */
size_t output_cut(uint32_t *seed, size_t left);

/* Appends what a terminal gets of the output in that range: with the CRs. */
void output_append(const struct output *output, uint64_t from, uint64_t to, struct bytes *out);

/*
 * Ends the process unless nothing has to be sent to a terminal to bring it from one state to the
 * other. Titles are not compared, for a restore pushes one more. settle takes out of both, for a
 * screen of so many columns, what cannot be told to a terminal.
 */
void output_must_be_same(const struct state *have, const struct state *want, unsigned cols,
                         void (*settle)(struct state *state, unsigned cols));

#endif
