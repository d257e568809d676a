/*
 * Which stream a job's output came from, for readers: standard output or standard error of a job
 * without a terminal (common/plan.h, no_pty).
 *
 * Beside each segment of its log (common/joblog.h) lies streams.OFFSET: one byte that says which
 * stream the segment begins with (LOGSTREAMS_OUT, LOGSTREAMS_ERR), then, for each change of the
 * stream, how many bytes that stretch had, 7 bits to a byte, the lowest first, with the eighth bit
 * set in all but the last (LEB128). So no index is longer than its segment, but for a byte. A
 * change is written before the output that follows it. Where there is no index, or an empty one,
 * nothing is known.
 */
#ifndef JS_COMMON_LOGSTREAMS_H
#define JS_COMMON_LOGSTREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

enum logstreams_stream {
    LOGSTREAMS_UNKNOWN,
    LOGSTREAMS_OUT = 1,
    LOGSTREAMS_ERR = 2,
};

#define LOGSTREAMS_LENGTH_MAX 10u /* bytes of a length */

/* Writes length as above into to. Returns how many bytes that are. */
size_t logstreams_encode(uint64_t length, uint8_t to[LOGSTREAMS_LENGTH_MAX]);

/* "stdout", "stderr"; NULL when it is not known. */
const char *logstreams_name(enum logstreams_stream stream);

/* A position in the indexes. */
struct logstreams {
    int dir_fd;           /* the caller's */
    bool loaded;          /* the index of a segment is */
    uint64_t segment;     /* that one's first offset */
    uint64_t segment_end; /* where the next one begins, UINT64_MAX: it is the last */
    struct bytes index;   /* owned */
    size_t at;            /* of index: the next length */
    uint64_t from, to;    /* the stretch before that; to is UINT64_MAX while it grows */
    enum logstreams_stream stream;
};

void logstreams_init(struct logstreams *streams, int dir_fd);
void logstreams_finish(struct logstreams *streams);

/*
 * Looks anew into the files for what is known of the byte at offset and behind it. Call it when
 * that output has been read: all that concerns it is there then. 0 or -errno.
 */
int logstreams_read(struct logstreams *streams, uint64_t offset);

/*
 * The stream of the byte at offset; *ret_end is where another one begins, or another segment,
 * UINT64_MAX when that is not known. Quick for offsets that rise.
 */
enum logstreams_stream logstreams_at(struct logstreams *streams, uint64_t offset,
                                     uint64_t *ret_end);

#endif
