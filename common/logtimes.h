/*
 * When a job's output was printed, and to a terminal of which size: the indexes of its log
 * (common/joblog.h), for readers. Exact to 10 ms; coarser where a job prints next to nothing for
 * long (server/holder/journal.c).
 */
#ifndef JS_COMMON_LOGTIMES_H
#define JS_COMMON_LOGTIMES_H

#include <stddef.h>
#include <stdint.h>

/* Output from offset on, up to the next entry's. */
struct logtimes_entry {
    uint64_t offset;
    uint64_t time_ns;    /* since the epoch */
    uint32_t rows, cols; /* 0 = not known */
};

struct logtimes {
    int dir_fd; /* the caller's */
    struct logtimes_entry *entries;
    size_t count, room;
    uint64_t segment;    /* the last one whose index was read */
    uint64_t read;       /* bytes of that */
    uint32_t rows, cols; /* told last */
};

/* Nothing is known yet. */
void logtimes_init(struct logtimes *times, int dir_fd);
void logtimes_finish(struct logtimes *times);

/*
 * Reads what is new in the indexes. What ends before the offset `from` may be forgotten. A damaged
 * index, or one that is not there, is passed over: times are then those before. 0 or -errno.
 */
int logtimes_read(struct logtimes *times, uint64_t from);

/*
 * The entry for the byte at offset; NULL when nothing is known. *ret_end is where the next
 * entry begins, UINT64_MAX when there is none.
 */
const struct logtimes_entry *logtimes_at(const struct logtimes *times, uint64_t offset,
                                         uint64_t *ret_end);

/* The offset of the first output of that time or later; UINT64_MAX when there is none (yet). */
uint64_t logtimes_find(const struct logtimes *times, uint64_t time_ns);

#endif
