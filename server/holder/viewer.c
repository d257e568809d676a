#include "server/holder/viewer.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/process.h"
#include "common/snapshot.h"
#include "common/tty.h"
#include "server/holder/title_find.h"

#define CHECK_EVERY 20u          /* ms between looks whether the client is stopped ... */
#define CHECK_BYTES (256u << 10) /* ... or bytes */
#define ANSWER_MS   1000u        /* a terminal answers within that, however far away it is ... */
#define PROFILE_MS  5000u        /* ... or never; for its first answer of all */

static void pump(struct viewer *viewer);

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
    viewer->titled = !terminal->tty;
    viewer->keys = terminal->keys;
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

bool viewer_can_answer(const struct viewer *viewer)
{
    return viewer->keys && viewer_is_writer(viewer) && !viewer->leaving && !viewer->left &&
           !viewer->lost;
}

/* Output */

static void fail_output(struct viewer *viewer, int error)
{
    log_about_client(viewer->pid, log_debug(LOG_PTY, "its output failed: %s", strerror(-error)));
    viewer->pending.len = viewer->pending_at = 0;
    if (viewer->left)
        return;
    viewer->leaving = LEFT_OUTPUT_CLOSED;
    viewer->left = true;
    viewer->ops->on_left(viewer);
}

/*
 * A stopped client's terminal belongs to its shell: writing there would scribble over the user's
 * work. Nothing tells us that it was stopped, but /proc does, for some 2 us a look; that it goes
 * on, it says itself (`resumed`).
 */
static bool check_suspended(struct viewer *viewer, size_t len)
{
    if (viewer->suspended || viewer->stat_fd < 0)
        return viewer->suspended;
    uint64_t now = uv_now(viewer->channel.poll.loop);
    viewer->unchecked += len;
    if (now - viewer->checked_ms < CHECK_EVERY && viewer->unchecked < CHECK_BYTES)
        return false;
    viewer->checked_ms = now;
    viewer->unchecked = 0;
    viewer->suspended = process_is_stopped(viewer->stat_fd);
    return viewer->suspended;
}

static ssize_t write_output(struct viewer *viewer, const void *data, size_t len)
{
    ssize_t n;
    do
        n = viewer->out_is_socket ? send(viewer->out_fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL)
                                  : write(viewer->out_fd, data, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* the write tells what is wrong */
    (void)events;
    struct viewer *viewer = poll->data;
    uv_poll_stop(poll);
    pump(viewer);
}

static void wait_writable(struct viewer *viewer)
{
    if (!viewer->out_polling) {
        int r = uv_poll_init(viewer->channel.poll.loop, &viewer->out_poll, viewer->out_fd);
        if (r < 0) {
            fail_output(viewer, r);
            return;
        }
        viewer->out_polling = true;
        viewer->out_poll.data = viewer;
        viewer->handles++;
    }
    uv_poll_start(&viewer->out_poll, UV_WRITABLE, on_writable);
}

/* Writes pending. Whether all of it went out. */
static bool flush_pending(struct viewer *viewer)
{
    while (viewer->pending_at < viewer->pending.len) {
        ssize_t n = write_output(viewer, viewer->pending.data + viewer->pending_at,
                                 viewer->pending.len - viewer->pending_at);
        if (n == -EAGAIN) {
            wait_writable(viewer);
            return false;
        }
        if (n < 0) {
            fail_output(viewer, (int)n);
            return false;
        }
        viewer->pending_at += (size_t)n;
    }
    viewer->pending.len = viewer->pending_at = 0;
    if (viewer->pending.room > VIEWER_CHUNK) {
        bytes_finish(&viewer->pending);
        malloc_trim(0);
    }
    return true;
}

/* What it gets of output that has just been read: all into pending, but for questions that others
 * answer. Returns how far that goes from offset, or -ENOMEM. */
static ssize_t pass(struct viewer *viewer, uint64_t offset, const void *data, size_t len)
{
    const struct asked *asked = viewer->source->asked;
    size_t before = viewer->pending.len;
    int64_t end = (int64_t)(offset + len);
    if (viewer->tty && asked_since(asked, offset)) {
        end = asked_pass(asked, viewer->number, offset, data, len, &viewer->pending);
    } else {
        int r = bytes_append(&viewer->pending, data, len);
        end = r < 0 ? r : end;
    }
    if (!viewer->titled)
        viewer->titled = title_guard(&viewer->pending, before);
    return end < 0 ? (ssize_t)end : (ssize_t)((uint64_t)end - offset);
}

/* What gives the terminal back that has got all of the output. Every restore saves its title, also
 * of a job that sets none. */
static void append_undo(struct viewer *viewer, struct bytes *out)
{
    const struct tracker *tracker = viewer->source->tracker;
    tracker_undo(tracker, out);
    if (viewer->titled && !tracker_sets_title(tracker))
        bytes_append_text(out, TITLE_POP);
}

/* The same when nobody knows how much of it. */
static void append_unknown_undo(struct viewer *viewer, struct bytes *out)
{
    bytes_append_text(out, tracker_undo_unknown());
    if (viewer->titled)
        bytes_append_text(out, TITLE_POP);
}

/* Reads at most len bytes of the log at offset into pending, through the filter if wanted. Returns
 * how many bytes of the log that were. */
static ssize_t read_back(struct viewer *viewer, uint64_t offset, size_t len, bool filter)
{
    static uint8_t buf[VIEWER_CHUNK];
    uint64_t skipped;
    if (len > sizeof(buf))
        len = sizeof(buf);
    if (viewer->log.offset != offset)
        joblog_seek(&viewer->log, offset);
    ssize_t n = joblog_read(&viewer->log, buf, len, &skipped);
    if (n <= 0)
        return n;
    if (skipped > 0)
        log_about_client(viewer->pid, log_info("misses %llu bytes that the log no longer has",
                                               (unsigned long long)skipped));
    if (skipped >= len)
        return (ssize_t)len;
    if ((size_t)n > len - skipped)
        n = (ssize_t)(len - skipped);
    ssize_t r = filter ? replay_feed(viewer->replay, buf, (size_t)n, &viewer->pending)
                       : pass(viewer, offset + skipped, buf, (size_t)n);
    return r < 0 ? r : (filter ? n : r) + (ssize_t)skipped;
}

/* Restore */

static void finish_restore(struct viewer *viewer)
{
    viewer->restoring = false;
    replay_end(viewer->replay, &viewer->pending);
    bytes_append(&viewer->pending, viewer->plan.after.data, viewer->plan.after.len);
    tracker_plan_finish(&viewer->plan);
    replay_destroy(viewer->replay);
    viewer->replay = NULL;
}

/* The next piece of the restore into pending. */
static void continue_restore(struct viewer *viewer)
{
    if (viewer->plan_at == viewer->plan.count) {
        finish_restore(viewer);
        return;
    }
    struct tracker_range *range = &viewer->plan.ranges[viewer->plan_at];
    if (range->fresh) {
        range->fresh = false;
        bytes_append(&viewer->pending, range->before.data, range->before.len);
        replay_set_titles(viewer->replay, range->icons, range->titles);
    }
    ssize_t n = read_back(viewer, range->from, range->to - range->from, true);
    if (n <= 0 || (uint64_t)n >= range->to - range->from)
        viewer->plan_at++;
    else
        range->from += (uint64_t)n;
}

/* Whether a replay would not show what the job's terminal shows. */
static bool would_be_wrong(const struct viewer *viewer, int plan_result)
{
    const struct tracker *tracker = viewer->source->tracker;
    unsigned rows, cols;
    uint64_t until;
    if (plan_result == -E2BIG)
        return true;
    tracker_size_at(tracker, tracker_offset(tracker), &rows, &cols, &until);
    bool fits = viewer->rows == 0 || (viewer->rows == rows && viewer->cols == cols);
    return (viewer->plan.resized || !fits) && tracker_depends_on_size(tracker);
}

static int paint_snapshot(struct viewer *viewer, unsigned history_lines)
{
    struct snapshot snapshot = {.tracker = viewer->source->tracker,
                                .dir_fd = viewer->source->dir_fd,
                                .first = viewer->source->journal->whole_from,
                                .history = history_lines};
    bool whole;
    int r = snapshot_paint(&snapshot, viewer->rows, viewer->cols, &viewer->pending, &whole);
    /* A screen's cells were in many small blocks: they go back, as an idle holder has little. */
    malloc_trim(0);
    if (r < 0)
        log_debug(LOG_PTY, "no snapshot for client %d: %s", (int)viewer->pid, strerror(-r));
    return r;
}

static void drop_plan(struct viewer *viewer)
{
    tracker_plan_finish(&viewer->plan);
    replay_destroy(viewer->replay);
    viewer->replay = NULL;
}

static void begin_restore(struct viewer *viewer, unsigned history_lines)
{
    const struct journal *journal = viewer->source->journal;
    viewer->replay = replay_create();
    int r = viewer->replay ? tracker_plan(viewer->source->tracker, journal->whole_from,
                                          viewer->replay_limit, history_lines, &viewer->plan)
                           : -ENOMEM;
    bool snapshot = viewer->restore == RESTORE_SNAPSHOT ||
                    (viewer->restore == RESTORE_AUTO && would_be_wrong(viewer, r));
    bool painted = snapshot && paint_snapshot(viewer, history_lines) == 0;
    if (painted || (r < 0 && r != -E2BIG))
        drop_plan(viewer);
    if (!painted && r < 0 && r != -E2BIG)
        return;
    viewer->repaint = false;
    viewer->titled = true;
    viewer->cursor = journal->next;
    if (painted)
        return;
    viewer->restoring = true;
    viewer->plan_at = 0;
    bytes_append(&viewer->pending, viewer->plan.before.data, viewer->plan.before.len);
}

void viewer_restore(struct viewer *viewer, unsigned history_lines)
{
    if (!viewer->tty || viewer->restoring)
        return;
    begin_restore(viewer, history_lines);
    pump(viewer);
}

/* A watcher too far behind starts over: its terminal is cleaned, and restored. */
static void resync(struct viewer *viewer)
{
    log_about_client(viewer->pid, log_debug(LOG_PTY, "is %llu bytes behind: restored",
                                            (unsigned long long)(viewer->source->journal->next -
                                                                 viewer->cursor)));
    viewer->cursor = viewer->source->journal->next;
    if (!viewer->tty)
        return;
    append_unknown_undo(viewer, &viewer->pending);
    bytes_append_text(&viewer->pending, "\033[H\033[2J");
    begin_restore(viewer, 0);
}

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

/* The live end */

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
    if (bytes_append_text(&viewer->pending, PROFILE_MARKER) == 0)
        viewer->markers++;
}

static void finish_leaving(struct viewer *viewer)
{
    if (!viewer->undone) {
        viewer->undone = true;
        bytes_append(&viewer->pending, viewer->undo.data, viewer->undo.len);
        append_marker(viewer);
        if (!flush_pending(viewer))
            return;
    }
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
        resync(viewer);
        return true;
    }
    ssize_t n = read_back(viewer, viewer->cursor, end - viewer->cursor, false);
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
    append_undo(viewer, &viewer->pending);
    begin_restore(viewer, 0);
    return true;
}

/* The questions about itself. Whether they are under way now. */
static bool begin_ask(struct viewer *viewer)
{
    if (!viewer->ask_due || viewer->leaving || !tracker_is_between(viewer->source->tracker))
        return false;
    viewer->ask_due = false;
    if (bytes_append_text(&viewer->pending, profile_questions) < 0)
        return false;
    viewer->markers++;
    viewer->profile_until = uv_now(viewer->channel.poll.loop) + PROFILE_MS;
    return true;
}

/* Moves on until its output takes no more or it has everything. */
static void pump(struct viewer *viewer)
{
    if (viewer->left || check_suspended(viewer, 0))
        return;
    for (;;) {
        if (!flush_pending(viewer))
            return;
        if (viewer->restoring)
            continue_restore(viewer);
        else if (!catch_up(viewer) && !begin_repaint(viewer) && !begin_ask(viewer))
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

void viewer_output(struct viewer *viewer, uint64_t offset, const void *data, size_t len)
{
    if (viewer->left || viewer->leaving)
        return;
    if (!is_current(viewer, offset) || check_suspended(viewer, len))
        return;
    if (viewer->tty && asked_since(viewer->source->asked, offset)) {
        pump(viewer); /* reads it back without what it is not to get */
        return;
    }
    if (!viewer->titled && title_find(data, len) < len) {
        viewer->cursor += len;
        bytes_append(&viewer->pending, data, len);
        viewer->titled = title_guard(&viewer->pending, 0);
        pump(viewer);
        return;
    }
    ssize_t n = write_output(viewer, data, len);
    if (n < 0 && n != -EAGAIN) {
        fail_output(viewer, (int)n);
        return;
    }
    size_t written = n < 0 ? 0 : (size_t)n;
    viewer->cursor += len;
    if (written < len) {
        bytes_append(&viewer->pending, (const char *)data + written, len - written);
        wait_writable(viewer);
    } else if (viewer->ask_due) {
        pump(viewer);
    }
}

bool viewer_holds_job(const struct viewer *viewer)
{
    /* What it still gets when it leaves is in the log. */
    if (!viewer_is_writer(viewer) || viewer->left || viewer->leaving)
        return false;
    return viewer->pending.len > 0 || viewer->restoring || viewer->repaint || viewer->suspended ||
           viewer->cursor < live_end(viewer);
}

void viewer_resumed(struct viewer *viewer)
{
    viewer->suspended = false;
    viewer->checked_ms = uv_now(viewer->channel.poll.loop);
    viewer->repaint = viewer->tty != NULL;
    pump(viewer);
}

void viewer_ask(struct viewer *viewer)
{
    if (!viewer->marks || !viewer_can_answer(viewer))
        return;
    viewer->ask_due = true;
    pump(viewer);
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
    viewer->ops->on_leaving(viewer);
    viewer->leaving = reason;
    viewer->leave_at = viewer->source->journal->next;
    if (viewer->tty)
        append_undo(viewer, &viewer->undo);
    pump(viewer);
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
        drop_plan(viewer);
    }
    if (!exact) {
        bytes_finish(&viewer->undo);
        append_unknown_undo(viewer, &viewer->undo);
    } else if (!viewer->leaving) {
        append_undo(viewer, &viewer->undo);
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
    pump(viewer);
}

static void on_out_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

void viewer_end(struct viewer *viewer)
{
    viewer->left = true;
    if (viewer->out_polling) {
        viewer->out_polling = false;
        uv_close((uv_handle_t *)&viewer->out_poll, on_out_closed);
    }
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
    free(viewer->tty);
    free(viewer->by_tty);
    free(viewer);
}
