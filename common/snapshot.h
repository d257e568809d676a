/*
 * The screen of a job from its log, without what need not be looked at: a tracker (which has seen
 * all of the output) tells from where on it matters, and only that goes through a screen. What
 * comes out is what all of the output would give.
 */
#ifndef JS_COMMON_SNAPSHOT_H
#define JS_COMMON_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/terminal/screen.h"
#include "common/terminal/tracker.h"

struct snapshot {
    const struct tracker *tracker;
    int dir_fd;       /* the log (common/joblog.h); the caller's */
    uint64_t first;   /* nothing of the log is missing from here on */
    unsigned history; /* about how many lines that have scrolled off are wanted, if cheaply had */
};

/*
 * The screen at the end of the log; the caller destroys it. *ret_whole: it is exact; else the log
 * no longer has all that is shown, and the rest is there. NULL with *ret_error = -errno.
 */
struct screen *snapshot_make(const struct snapshot *snapshot, bool *ret_whole, int *ret_error);

/* For who sees to it that snapshots are cheap. */
struct snapshot_keeping {
    struct tracker *tracker;
    int dir_fd;     /* the log; the caller's */
    uint64_t first; /* nothing of the log is missing from here on */
    uint64_t most;  /* a snapshot is to have no more than about so many bytes to go through ... */
    uint64_t reach; /* ... and none that came before so many: the log is going to drop them */
};

/*
 * Keeps a screen beside the log (common/keyframe.h) if a snapshot would have more to go through; to
 * be called from time to time while output comes. 0: there is no need; 1: it has kept one; -EAGAIN:
 * it cannot be right now, in the midst of a sequence; -EBUSY: nor in the state that the screen is
 * in; or -errno.
 */
int snapshot_keep(const struct snapshot_keeping *keeping);

/* Feeds that screen, which is what it was at offset `from`, all that has come since. 0 or -errno:
 * then it is of no use any more. */
int snapshot_continue(const struct snapshot *snapshot, struct screen *screen, uint64_t from);

/*
 * Appends what brings a terminal of rows x cols (0: the job's size) to it, and the state, up to and
 * with the start of an unfinished sequence, so that live output can follow. *ret_whole as above. 0
 * or -errno (out as before).
 */
int snapshot_paint(const struct snapshot *snapshot, unsigned rows, unsigned cols, struct bytes *out,
                   bool *ret_whole);

/*
 * A tracker for a log that nobody has tracked: that of an ended job. rows, cols: what its terminal
 * had if the log's indexes do not tell. next: the end of the log; no_cr_until: see
 * tracker_set_no_cr. NULL with *ret_error = -errno.
 */
struct tracker *snapshot_track(int dir_fd, uint64_t first, uint64_t next, unsigned rows,
                               unsigned cols, uint64_t no_cr_until, int *ret_error);

#endif
