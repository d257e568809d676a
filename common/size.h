/*
 * Sizes of terminals as people write them, and which of them a job's terminal may have.
 *
 *   size = columns "x" rows                                     (decimal digits; 132x43)
 */
#ifndef JS_COMMON_SIZE_H
#define JS_COMMON_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Programs divide by what is left of a smaller screen, and nobody can read a larger one. */
#define SIZE_COLS_LEAST 4
#define SIZE_ROWS_LEAST 2
#define SIZE_MOST       4096 /* columns or rows */

/* What size_parse takes, for messages. */
#define SIZE_SYNTAX "write COLSxROWS, from 4x2 to 4096x4096"

struct size {
    uint32_t cols, rows; /* 0x0: unknown */
};

/* Whether a job's terminal may have that size. */
bool size_is_valid(uint32_t rows, uint32_t cols);

/* Reads all of text. 0, or -EINVAL when it is no size or not a valid one (*ret is untouched). */
int size_parse(const char *text, struct size *ret);

#endif
