/*
 * The output of a job on disk, for readers. The log is a row of segments, files named by the
 * absolute offset of their first byte (log.0000000000000000, 16 hexadecimal digits), in the job's
 * state directory. Byte 0 is the first byte the job ever wrote. The holder appends to the last
 * segment and drops the first when the log grows over its limit; offsets never change.
 *
 * Beside each segment lies index.OFFSET with entries {u64 nanoseconds since the epoch, u64 offset}
 * in host byte order: output from that offset on was read at that time or later. An entry with time
 * 0 tells a size of the terminal, rows << 16 | columns, in place of an offset: the terminal had it
 * from the offset of the next entry on. (common/logtimes.h reads them.) The log of a job without a
 * terminal has streams.OFFSET as well (common/logstreams.h).
 */
#ifndef JS_COMMON_JOBLOG_H
#define JS_COMMON_JOBLOG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define JOBLOG_NAME_SIZE 32

struct joblog_stamp {
    uint64_t time_ns;
    uint64_t offset;
};

#define JOBLOG_SIZE_BITS 16u /* of rows, and of columns, in an entry with time 0 */

/* The name of the segment, or of one of its indexes, that starts at offset. */
void joblog_segment_name(char name[JOBLOG_NAME_SIZE], uint64_t offset);
void joblog_streams_name(char name[JOBLOG_NAME_SIZE], uint64_t offset);
void joblog_index_name(char name[JOBLOG_NAME_SIZE], uint64_t offset);

/*
 * The start offsets of all segments in rising order, in fresh memory that the caller frees.
 * Returns their number or -errno.
 */
ssize_t joblog_segments(int dir_fd, uint64_t **ret_offsets);

/* A position in the log. */
struct joblog {
    int dir_fd; /* the caller's */
    int fd;     /* segment being read, -1 = none; owned */
    uint64_t start;
    uint64_t offset; /* of the next byte to be read; the owner may set it by joblog_seek */
};

void joblog_init(struct joblog *log, int dir_fd, uint64_t offset);
void joblog_finish(struct joblog *log);
void joblog_seek(struct joblog *log, uint64_t offset);

/*
 * Reads at most len bytes at log->offset and moves it behind them. When those bytes are no longer
 * kept, goes on with the oldest that are: *ret_skipped says how many were left out before
 * the bytes returned. Returns the number of bytes, 0 when there are none (yet), or -errno.
 */
ssize_t joblog_read(struct joblog *log, void *buf, size_t len, uint64_t *ret_skipped);

/*
 * Oldest offset kept and offset after the newest byte, from the files. 0 or -errno; both 0 when
 * there is no log.
 */
int joblog_bounds(int dir_fd, uint64_t *ret_first, uint64_t *ret_next);

#endif
