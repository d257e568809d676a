/*
 * Writes a job's output to disk (the format is in common/joblog.h), bounded: when the log grows
 * over its limit its oldest segments are dropped. Offsets count every byte of output, also those
 * that could not be written.
 */
#ifndef JS_SERVER_HOLDER_JOURNAL_H
#define JS_SERVER_HOLDER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/logstreams.h"

#define JOURNAL_DEFAULT_LIMIT (16u << 20)
#define JOURNAL_LEAST_LIMIT   (64u << 10)

struct journal {
    int dir_fd; /* the holder's */
    int log_fd; /* the segment being written, -1 = none; owned */
    int index_fd;
    uint64_t segment;    /* its first offset */
    uint64_t first;      /* oldest offset kept */
    uint64_t next;       /* offset of the next byte */
    uint64_t whole_from; /* nothing is missing between this offset and next */
    uint64_t limit;      /* bytes to keep, at most */
    uint64_t stamped_ns;
    uint64_t stamps;                     /* entries in the current index */
    uint32_t rows, cols;                 /* of the terminal, 0 = not known */
    bool size_noted;                     /* the current index has them */
    int streams_fd;                      /* of the segment being written, -1 = none; owned */
    enum logstreams_stream stream;       /* of the output to come; unknown of a terminal's */
    enum logstreams_stream stream_noted; /* of what came last, as the index of streams has it */
    uint64_t stream_from;                /* since where */
    int error;     /* -errno of the write that failed last; 0 when the last one worked */
    uint64_t lost; /* bytes that could not be written */
};

/* Starts an empty log below dir_fd. limit 0 = the default. Writes nothing yet. */
void journal_init(struct journal *journal, int dir_fd, uint64_t limit);

/* Goes on with the log that is there: what is in it stays, and counts. 0 or -errno. */
int journal_resume(struct journal *journal);

/*
 * Appends output. Always takes all of it: next moves by len. 0, or -errno when some of it could
 * not be written even after dropping old segments (disk full); it is then a gap in the log.
 */
int journal_append(struct journal *journal, const void *data, size_t len);

/* The terminal has that size from now on: the index says so of the output to come. */
void journal_set_size(struct journal *journal, unsigned rows, unsigned cols);

/* The output to come is of that stream: the index of streams says so. */
void journal_set_stream(struct journal *journal, enum logstreams_stream stream);

/* Closes the files; what is on disk stays. */
void journal_finish(struct journal *journal);

/* Removes every segment and index. */
void journal_remove(struct journal *journal);

#endif
