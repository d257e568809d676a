#include "server/holder/viewer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/process.h"
#include "common/tty.h"
#include "server/holder/title_find.h"
#include "server/holder/viewer_internal.h"

#define ANSWER_MS  1000u /* a terminal answers within that, however far away it is ... */
#define PROFILE_MS 5000u /* ... or never; for its first answer of all */
#define DRAIN_MS   600u  /* for a client to have got the last answers */

/* The connection */

static void on_frame(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    (void)fds;
    struct viewer *viewer = channel->data;
    viewer->ops->on_frame(viewer, frame);
}

static void on_problem(struct channel *channel, uint32_t code, const struct wire_problem *why)
{
    channel_send_error(channel, why->request_id, code, why->text);
}

static void on_end(struct channel *channel, int status)
{
    (void)status;
    struct viewer *viewer = channel->data;
    if (viewer->left)
        viewer_end(viewer);
    else
        viewer->ops->on_lost(viewer);
}

static void handle_closed(struct viewer *viewer)
{
    if (--viewer->handles == 0)
        viewer->ops->on_closed(viewer);
}

static void on_channel_closed(struct channel *channel)
{
    handle_closed(channel->data);
}

static const struct channel_ops channel_ops = {
    .on_frame = on_frame,
    .on_problem = on_problem,
    .on_end = on_end,
    .on_closed = on_channel_closed,
};

/* Birth */

static int set_terminal(struct viewer *viewer, const struct msg_terminal *terminal)
{
    if (terminal->tty && !(viewer->tty = strdup(terminal->tty)))
        return -ENOMEM;
    if (terminal->tty && !(viewer->name = strdup(terminal->tty)))
        return -ENOMEM;
    viewer->titled = !terminal->tty;
    viewer->keys = terminal->keys;
    viewer->piped = terminal->piped;
    viewer->marks = terminal->marks && terminal->keys && terminal->tty;
    viewer->rows = terminal->rows;
    viewer->cols = terminal->cols;
    viewer->takes_size = terminal->takes_size;
    viewer->width = terminal->width;
    viewer->height = terminal->height;
    viewer->has_termios = terminal->original && terminal->raw;
    if (viewer->has_termios) {
        tty_from_message(terminal->original, &viewer->original);
        tty_from_message(terminal->raw, &viewer->raw);
    }
    return 0;
}

static int set_output(struct viewer *viewer)
{
    struct stat st;
    if (fstat(viewer->out_fd, &st) < 0)
        return -errno;
    viewer->out_is_socket = S_ISSOCK(st.st_mode);
    /* A client opens its terminal or pipe anew for us, so nobody else sees this flag. */
    if (!viewer->out_is_socket && !S_ISREG(st.st_mode))
        return fd_set_nonblock(viewer->out_fd, true);
    return 0;
}

struct viewer *viewer_create(uv_loop_t *loop, const struct viewer_source *source,
                             const struct msg_terminal *terminal, enum attach_mode mode, pid_t pid,
                             int out_fd, int conn_fd, const struct viewer_ops *ops, void *data,
                             int *ret_error)
{
    struct viewer *viewer = calloc(1, sizeof(*viewer));
    int r = -ENOMEM;
    if (viewer) {
        *viewer = (struct viewer){.ops = ops,
                                  .source = source,
                                  .data = data,
                                  .out_fd = out_fd,
                                  .stat_fd = -1,
                                  .mode = mode,
                                  .replay_limit = VIEWER_REPLAY,
                                  .pid = pid};
        viewer->cursor = source->journal->next;
        joblog_init(&viewer->log, source->dir_fd, viewer->cursor);
        r = set_terminal(viewer, terminal);
    }
    if (r == 0)
        r = set_output(viewer);
    if (r == 0) {
        r = channel_open(&viewer->channel, loop, fd_take(&conn_fd), &channel_ops, viewer);
        viewer->handles = r == 0;
    }
    if (r < 0) {
        fd_close(conn_fd);
        if (viewer)
            viewer_destroy(viewer);
        else
            fd_close(out_fd);
        *ret_error = r;
        return NULL;
    }
    viewer->stat_fd = pid > 0 ? process_open_stat(pid) : -1;
    return viewer;
}

bool viewer_is_writer(const struct viewer *viewer)
{
    return viewer->mode != ATTACH_WATCH;
}

/* Whether what its terminal says by itself reaches the job, or us. */
static bool is_heard(const struct viewer *viewer)
{
    return viewer->keys && viewer_is_writer(viewer) && !viewer->leaving && !viewer->left &&
           !viewer->lost;
}

bool viewer_can_answer(const struct viewer *viewer)
{
    return is_heard(viewer) && !viewer->mirrored;
}

/* The live end */

static bool is_far_behind(const struct viewer *viewer)
{
    const struct journal *journal = viewer->source->journal;
    return !viewer_is_writer(viewer) &&
           (journal->next - viewer->cursor > VIEWER_LAG_MAX || viewer->cursor < journal->first);
}

/* There are questions in what it has to get, but which, and who answers them, is not known. */
static bool has_unknown_questions(const struct viewer *viewer)
{
    return viewer->tty && !asked_knows(viewer->source->asked, viewer->number, viewer->cursor);
}

static uint64_t live_end(const struct viewer *viewer)
{
    return viewer->leaving ? viewer->leave_at : viewer->source->journal->next;
}

/* If answers may still come, its client is to wait for that of a last question: no shell gets any.
 */
static void append_marker(struct viewer *viewer)
{
    uint64_t now = uv_now(viewer->channel.poll.loop);
    if (!viewer->marks || viewer->lost ||
        (now >= viewer->answers_until && now >= viewer->profile_until))
        return;
    if (bytes_append_text(&viewer->pending, PROFILE_MARKER) < 0)
        return;
    viewer->markers++;
    viewer->drain_due = true;
}

bool viewer_open_timer(struct viewer *viewer)
{
    if (viewer->timer_open)
        return true;
    if (uv_timer_init(viewer->channel.poll.loop, &viewer->timer) < 0)
        return false;
    viewer->timer.data = viewer;
    viewer->timer_open = true;
    viewer->handles++;
    return true;
}

static void on_drain_timer(uv_timer_t *timer)
{
    viewer_drained(timer->data);
}

/* Its terminal stays raw until its client has got the last answers. Whether it has to wait. */
static bool drain(struct viewer *viewer)
{
    if (viewer->lost)
        return false;
    if (viewer->drain_due && viewer_open_timer(viewer)) {
        struct msg_marked body = {.markers = viewer->markers};
        channel_send(&viewer->channel, MSG_MARKED, 0, &body, NULL, 0);
        uv_timer_start(&viewer->timer, on_drain_timer, DRAIN_MS, 0);
        viewer->draining = true;
    }
    viewer->drain_due = false;
    return viewer->draining;
}

static void finish_leaving(struct viewer *viewer)
{
    if (!viewer->undone) {
        viewer->undone = true;
        bytes_append(&viewer->pending, viewer->undo.data, viewer->undo.len);
        append_marker(viewer);
        if (!viewer_flush(viewer))
            return;
    }
    if (drain(viewer))
        return;
    viewer->left = true;
    viewer->ops->on_left(viewer);
}

/* Reads the next piece it has missed into pending. Whether there was one. */
static bool catch_up(struct viewer *viewer)
{
    uint64_t end = live_end(viewer);
    if (viewer->cursor >= end)
        return false;
    if (!viewer->leaving && (is_far_behind(viewer) || has_unknown_questions(viewer))) {
        viewer_resync(viewer);
        return true;
    }
    ssize_t n = viewer_read_back(viewer, viewer->cursor, end - viewer->cursor, false);
    if (n <= 0) /* a gap: that output was never written (disk full) */
        viewer->cursor = end;
    else
        viewer->cursor += (uint64_t)n;
    return true;
}

/* The restore that is due, from the state that the terminal should be in. Whether there was one. */
static bool begin_repaint(struct viewer *viewer)
{
    if (!viewer->repaint || viewer->leaving)
        return false;
    viewer->repaint = false;
    viewer_append_undo(viewer, &viewer->pending);
    viewer_begin_restore(viewer, 0);
    return true;
}

/* The questions about itself. Whether they are under way now. */
static bool begin_ask(struct viewer *viewer)
{
    if (!viewer->ask_due || viewer->leaving ||
        !(viewer->mirrored || tracker_is_between(viewer->source->tracker)))
        return false;
    viewer->ask_due = false;
    if (bytes_append_text(&viewer->pending, profile_questions) < 0)
        return false;
    viewer->markers++;
    viewer->profile_until = uv_now(viewer->channel.poll.loop) + PROFILE_MS;
    return true;
}

/* Moves on until its output takes no more or it has everything. */
void viewer_pump(struct viewer *viewer)
{
    if (viewer->left || viewer_is_suspended(viewer, 0))
        return;
    for (;;) {
        if (!viewer_flush(viewer)) {
            if (viewer->streams && !viewer->left)
                viewer->ops->on_caught_up(viewer); /* with one of them, perhaps */
            return;
        }
        if (viewer->restoring)
            viewer_continue_restore(viewer);
        else if (!(viewer->mirrored ? viewer_paint_mirror(viewer)
                                    : catch_up(viewer) || begin_repaint(viewer)) &&
                 !begin_ask(viewer))
            break;
    }
    if (viewer->leaving)
        finish_leaving(viewer);
    else
        viewer->ops->on_caught_up(viewer);
}

static bool is_current(const struct viewer *viewer, uint64_t offset)
{
    return viewer->cursor == offset && viewer->pending.len == 0 && !viewer->restoring;
}

void viewer_output(struct viewer *viewer, uint64_t offset, enum logstreams_stream stream,
                   const void *data, size_t len)
{
    if (viewer->left || viewer->leaving)
        return;
    if (viewer->mirrored) {
        viewer_touch_mirror(viewer);
        return;
    }
    if (viewer->streams) {
        if (viewer->cursor == offset && !viewer_is_suspended(viewer, len))
            viewer_output_stream(viewer, stream, data, len);
        return;
    }
    if (!is_current(viewer, offset) || viewer_is_suspended(viewer, len))
        return;
    if (viewer->tty && asked_since(viewer->source->asked, offset)) {
        viewer_pump(viewer); /* reads it back without what it is not to get */
        return;
    }
    if (viewer_returns(viewer, offset) || (!viewer->titled && title_find(data, len) < len)) {
        viewer->cursor += len;
        viewer_pass(viewer, offset, data, len);
        viewer_pump(viewer);
        return;
    }
    ssize_t n = viewer_write(viewer, data, len);
    if (n < 0 && n != -EAGAIN) {
        viewer_fail(viewer, (int)n);
        return;
    }
    size_t written = n < 0 ? 0 : (size_t)n;
    viewer->cursor += len;
    if (written < len) {
        bytes_append(&viewer->pending, (const char *)data + written, len - written);
        viewer_wait_writable(viewer);
    } else if (viewer->ask_due) {
        viewer_pump(viewer);
    }
}

bool viewer_holds_job(const struct viewer *viewer)
{
    /* What it still gets when it leaves is in the log; pictures are made when there is room. */
    if (!viewer_is_writer(viewer) || viewer->left || viewer->leaving || viewer->mirrored)
        return false;
    return viewer->pending.len > 0 || viewer->restoring || viewer->repaint || viewer->suspended ||
           viewer->cursor < live_end(viewer);
}

void viewer_resumed(struct viewer *viewer)
{
    viewer->suspended = false;
    viewer->checked_ms = uv_now(viewer->channel.poll.loop);
    viewer->repaint = viewer->tty != NULL && !viewer->mirrored;
    if (viewer->mirrored)
        viewer_renew_mirror(viewer);
    viewer_pump(viewer);
}

/* What is no terminal shows no screen; and the job may have none to tell of (viewer_source). */
static bool follows_sizes(const struct viewer *viewer)
{
    return viewer->tty && !viewer->left && !viewer->leaving && !viewer->lost && viewer->shown;
}

void viewer_size_changes(struct viewer *viewer, unsigned rows, unsigned cols)
{
    if (follows_sizes(viewer))
        viewer_prepare_mirror(viewer, rows, cols);
}

void viewer_size_changed(struct viewer *viewer)
{
    bool before = viewer->mirrored;
    if (!follows_sizes(viewer))
        return;
    if (viewer_update_mirror(viewer) || before)
        viewer_pump(viewer);
}

void viewer_ask(struct viewer *viewer)
{
    if (!viewer->marks || !is_heard(viewer))
        return;
    viewer->ask_due = true;
    viewer_pump(viewer);
}

void viewer_drained(struct viewer *viewer)
{
    if (!viewer->draining || viewer->left)
        return;
    uv_timer_stop(&viewer->timer);
    viewer->draining = false;
    viewer_pump(viewer);
}

void viewer_note_question(struct viewer *viewer)
{
    viewer->answers_until = uv_now(viewer->channel.poll.loop) + ANSWER_MS;
}

/* The end */

void viewer_leave(struct viewer *viewer, enum left_reason reason)
{
    if (viewer->leaving)
        return;
    viewer->ops->on_missing(viewer);
    viewer->leaving = reason;
    viewer->leave_at = viewer->source->journal->next;
    if (viewer->mirrored) {
        viewer->cursor = viewer->leave_at;
        viewer_append_mirror_undo(viewer, &viewer->undo);
    } else if (viewer->tty) {
        viewer_append_undo(viewer, &viewer->undo);
    }
    viewer_pump(viewer);
}

void viewer_enter_raw(struct viewer *viewer)
{
    if (viewer->has_termios)
        tty_change(viewer->out_fd, &viewer->original, &viewer->raw);
}

void viewer_leave_raw(struct viewer *viewer)
{
    if (viewer->has_termios)
        tty_change(viewer->out_fd, &viewer->raw, &viewer->original);
}

/* What undoes the state that the terminal is in when it gets no more than is pending. */
static void plan_rescue(struct viewer *viewer)
{
    bool exact = !viewer->restoring && viewer->cursor == live_end(viewer);
    if (viewer->restoring) {
        viewer->restoring = false;
        viewer_drop_restore(viewer);
    }
    if (viewer->mirrored) {
        bytes_finish(&viewer->undo);
        viewer_append_mirror_undo(viewer, &viewer->undo);
    } else if (!exact) {
        bytes_finish(&viewer->undo);
        viewer_append_unknown_undo(viewer, &viewer->undo);
    } else if (!viewer->leaving) {
        viewer_append_undo(viewer, &viewer->undo);
    }
    viewer->leaving = LEFT_DETACHED;
    viewer->leave_at = viewer->cursor;
}

void viewer_rescue(struct viewer *viewer)
{
    viewer->lost = true;
    viewer->suspended = false; /* nobody will say that it goes on */
    viewer->stat_fd = fd_close(viewer->stat_fd);
    viewer_leave_raw(viewer);
    if (!viewer->tty) {
        viewer->left = true;
        viewer->ops->on_left(viewer);
        return;
    }
    if (!viewer->undone)
        plan_rescue(viewer);
    viewer_pump(viewer);
}

void viewer_on_handle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

void viewer_end(struct viewer *viewer)
{
    viewer->left = true;
    if (viewer->out_polling) {
        viewer->out_polling = false;
        uv_close((uv_handle_t *)&viewer->out_poll, viewer_on_handle_closed);
    }
    if (viewer->timer_open) {
        viewer->timer_open = false;
        uv_close((uv_handle_t *)&viewer->timer, viewer_on_handle_closed);
    }
    viewer_close_errors(viewer);
    viewer->out_fd = fd_close(viewer->out_fd);
    channel_end(&viewer->channel);
}

void viewer_destroy(struct viewer *viewer)
{
    assert(viewer->handles == 0);
    viewer->out_fd = fd_close(viewer->out_fd);
    viewer->stat_fd = fd_close(viewer->stat_fd);
    joblog_finish(&viewer->log);
    bytes_finish(&viewer->pending);
    bytes_finish(&viewer->undo);
    tracker_plan_finish(&viewer->plan);
    replay_destroy(viewer->replay);
    viewer_drop_picture(viewer);
    viewer_destroy_streams(viewer);
    free(viewer->tty);
    free(viewer->name);
    free(viewer->by_tty);
    free(viewer);
}
