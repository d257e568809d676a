/*
 * Generated messages: valid contents for any struct that a field table describes (common/wire.h),
 * and the comparison of two such structs.
 *
 * The contents depend on the seed alone. Numbers are taken from the edges of their ranges (0, 127,
 * 128, 255, ... and the field's limit), strings have any bytes but NUL, optional members are there
 * or not.
 */
#ifndef JS_TESTS_HARNESS_MESSAGES_H
#define JS_TESTS_HARNESS_MESSAGES_H

#include "common/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sequence of numbers that look random; the owner sets the seed, which must not be 0. */
struct messages_random {
    uint64_t state;
};

uint64_t messages_next(struct messages_random *random);

/* A number below limit, which must not be 0. */
size_t messages_below(struct messages_random *random, size_t limit);

/* Fills the zeroed body; the caller clears it with wire_clear. Ends the program without memory. */
void messages_fill(const struct wire_struct *type, void *body, struct messages_random *random);

/* Whether two bodies say the same: numbers, bytes and lengths, not pointers. */
bool messages_equal(const struct wire_struct *type, const void *a, const void *b);

#endif
