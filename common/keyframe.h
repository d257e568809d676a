/*
 * The screen of a job as it once was, beside its log: what a snapshot begins with when the output
 * since the last safe point is long, or no longer all in the log. The newest two are kept, in the
 * files `screen` and `screen.old` of the job's state directory: a header (struct keyframe_header,
 * in host byte order, as the log's indexes), and then what paints the screen on a blank terminal of
 * its size.
 */
#ifndef JS_COMMON_KEYFRAME_H
#define JS_COMMON_KEYFRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"

struct keyframe {
    uint64_t offset;     /* of the log: all before it has been shown, nothing after it */
    uint32_t rows, cols; /* of the terminal at that time */
    bool whole;          /* it is exact; else some of what was shown was no longer in the log */
    struct bytes paint;  /* owned */
};

/* Reads the newest one, or the one before. 0, -ENOENT, -EBADMSG (not what it should be), or -errno;
 * ret is to be finished only if 0. */
int keyframe_read(int dir_fd, bool older, struct keyframe *ret);

/* The newest one becomes the one before, and this the newest. 0 or -errno (nothing has changed). */
int keyframe_write(int dir_fd, const struct keyframe *keyframe);

/* Removes both. */
void keyframe_remove(int dir_fd);

void keyframe_finish(struct keyframe *keyframe);

#endif
