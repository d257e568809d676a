/* A viewer's parts, for viewer*.c only. */
#ifndef JS_SERVER_HOLDER_VIEWER_INTERNAL_H
#define JS_SERVER_HOLDER_VIEWER_INTERNAL_H

#include <sys/types.h>

#include "server/holder/viewer.h"

/* Moves on until its output takes no more or it has everything. */
void viewer_pump(struct viewer *viewer);

/* Makes viewer->timer usable. false = no memory. */
bool viewer_open_timer(struct viewer *viewer);

/* viewer_output.c */

/* Its output failed with -errno: it leaves. */
void viewer_fail(struct viewer *viewer, int error);

/*
 * Whether the client is stopped. A stopped client's terminal belongs to its shell: writing there
 * would scribble over the user's work. Nothing tells us that it was stopped, but /proc does, for
 * some 2 us a look; that it goes on, it says itself (`resumed`). len: bytes about to be written.
 */
bool viewer_is_suspended(struct viewer *viewer, size_t len);

/* write(2), without waiting. Returns the length or -errno. */
ssize_t viewer_write(struct viewer *viewer, const void *data, size_t len);

/* Pumps as soon as its output takes more. */
void viewer_wait_writable(struct viewer *viewer);

/* Writes pending. Whether all of it went out. */
bool viewer_flush(struct viewer *viewer);
bool viewer_flush_output(struct viewer *viewer);

/* Whether CRs are put before the line feeds that it gets of the output at offset. */
bool viewer_returns(const struct viewer *viewer, uint64_t offset);

/* What it gets of output that has just been read: all into pending, but for questions that others
 * answer, and with CRs if needed. Returns how far that goes from offset, or -ENOMEM. */
ssize_t viewer_pass(struct viewer *viewer, uint64_t offset, const void *data, size_t len);

/* Reads at most len bytes of the log at offset into pending, through the replay filter if wanted.
 * Returns how many bytes of the log that were, or -errno. */
ssize_t viewer_read_back(struct viewer *viewer, uint64_t offset, size_t len, bool filter);

/* viewer_restore.c */

/* Starts a restore; it goes on piece by piece while viewer->restoring. */
void viewer_begin_restore(struct viewer *viewer, unsigned history_lines);
void viewer_continue_restore(struct viewer *viewer);
void viewer_drop_restore(struct viewer *viewer);

/* One that is too far behind starts over: its terminal is cleaned, and restored. */
void viewer_resync(struct viewer *viewer);

/* What gives the terminal back that has got all of the output. Every restore saves its title, also
 * of a job that sets none. */
void viewer_append_undo(struct viewer *viewer, struct bytes *out);

/* The same when nobody knows how much of it. */
void viewer_append_unknown_undo(struct viewer *viewer, struct bytes *out);

/* viewer_streams.c */

/* Writes what waits for standard error. Whether all of it went out. */
bool viewer_flush_errors(struct viewer *viewer);

/* What was read back from the log, to each of the outputs its part. 0 or -ENOMEM. */
int viewer_pass_streams(struct viewer *viewer, uint64_t offset, const uint8_t *data, size_t len);

/* Live output, the next that it has to get. What does not go now waits; it is not taken when much
 * does already. */
void viewer_output_stream(struct viewer *viewer, enum logstreams_stream stream, const void *data,
                          size_t len);

void viewer_close_errors(struct viewer *viewer);
void viewer_destroy_streams(struct viewer *viewer);

/* viewer_mirror.c */

/* Begins or ends to mirror, if the two sizes say so. Whether it mirrors now. */
bool viewer_update_mirror(struct viewer *viewer);

/* Begins to mirror, without a picture, if it will have to when the job's terminal has that size. */
void viewer_prepare_mirror(struct viewer *viewer, unsigned rows, unsigned cols);

/* There is new output. */
void viewer_touch_mirror(struct viewer *viewer);

/* Paints, if it is time to. Whether there is something to write. */
bool viewer_paint_mirror(struct viewer *viewer);

/* The terminal has been somebody else's meanwhile. */
void viewer_renew_mirror(struct viewer *viewer);

/* Gives the memory of the pictures back. */
void viewer_drop_picture(struct viewer *viewer);

/* What gives the terminal back. */
void viewer_append_mirror_undo(struct viewer *viewer, struct bytes *out);

/* A handle of the viewer's has been closed (uv_close_cb). */
void viewer_on_handle_closed(uv_handle_t *handle);

#endif
