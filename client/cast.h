/*
 * A recording for asciinema's players, in its format "asciicast v2": one JSON value per line, first
 * an object that describes the terminal, then events [seconds since the beginning, code, data] with
 * the codes "o" (output) and "r" (the terminal has another size, "COLSxROWS"). Times never fall.
 * https://docs.asciinema.org/manual/asciicast/v2/
 *
 * Text in JSON is UTF-8: a character that is cut between two outputs goes with the second one, and
 * bytes that are no UTF-8 become U+FFFD.
 */
#ifndef JS_CLIENT_CAST_H
#define JS_CLIENT_CAST_H

#include <stdint.h>

#include "common/bytes.h"

struct cast {
    uint64_t start_ns, last_ns; /* the beginning, and the last event's time */
    uint32_t rows, cols;        /* as told last */
    uint8_t cut[4];             /* the first bytes of a character */
    unsigned cut_len;
};

/* What the header tells. Text may be NULL, and any bytes. */
struct cast_header {
    uint32_t rows, cols;
    uint64_t start_ns; /* since the epoch; events' times are counted from there */
    const char *title;
    const char *command;
    const char *term; /* $TERM of the program */
};

/* Each appends lines to out: 0 or -ENOMEM. */

int cast_begin(struct cast *cast, const struct cast_header *header, struct bytes *out);

/* The terminal has that size from then on; nothing when it had it before. */
int cast_size(struct cast *cast, uint64_t time_ns, uint32_t rows, uint32_t cols, struct bytes *out);

int cast_output(struct cast *cast, uint64_t time_ns, const void *data, size_t len,
                struct bytes *out);

/* The output has ended: a character that was cut there will not be completed. */
int cast_end(struct cast *cast, struct bytes *out);

#endif
