/* What goes to a viewer's terminal: written at once, or kept until the terminal takes it. */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/newlines.h"
#include "common/process.h"
#include "server/holder/title_find.h"
#include "server/holder/viewer_internal.h"

#define CHECK_EVERY 20u          /* ms between looks whether the client is stopped ... */
#define CHECK_BYTES (256u << 10) /* ... or bytes */

void viewer_fail(struct viewer *viewer, int error)
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
bool viewer_is_suspended(struct viewer *viewer, size_t len)
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

ssize_t viewer_write(struct viewer *viewer, const void *data, size_t len)
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
    viewer_pump(viewer);
}

void viewer_wait_writable(struct viewer *viewer)
{
    if (!viewer->out_polling) {
        int r = uv_poll_init(viewer->channel.poll.loop, &viewer->out_poll, viewer->out_fd);
        if (r < 0) {
            viewer_fail(viewer, r);
            return;
        }
        viewer->out_polling = true;
        viewer->out_poll.data = viewer;
        viewer->handles++;
    }
    uv_poll_start(&viewer->out_poll, UV_WRITABLE, on_writable);
}

bool viewer_flush_output(struct viewer *viewer)
{
    while (viewer->pending_at < viewer->pending.len) {
        ssize_t n = viewer_write(viewer, viewer->pending.data + viewer->pending_at,
                                 viewer->pending.len - viewer->pending_at);
        if (n == -EAGAIN) {
            viewer_wait_writable(viewer);
            return false;
        }
        if (n < 0) {
            viewer_fail(viewer, (int)n);
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

/* Neither output waits for the other. */
bool viewer_flush(struct viewer *viewer)
{
    bool errors = !viewer->streams || viewer_flush_errors(viewer);
    return !viewer->left && viewer_flush_output(viewer) && errors;
}

bool viewer_returns(const struct viewer *viewer, uint64_t offset)
{
    return viewer->tty && offset < tracker_no_cr_until(viewer->source->tracker);
}

ssize_t viewer_pass(struct viewer *viewer, uint64_t offset, const void *data, size_t len)
{
    const struct asked *asked = viewer->source->asked;
    size_t before = viewer->pending.len;
    int64_t end = (int64_t)(offset + len);
    if (viewer->streams) {
        int r = viewer_pass_streams(viewer, offset, data, len);
        end = r < 0 ? r : end;
    } else if (viewer->tty && asked_since(asked, offset)) {
        end = asked_pass(asked, viewer->number, offset, data, len, &viewer->pending);
    } else {
        int r = bytes_append(&viewer->pending, data, len);
        end = r < 0 ? r : end;
    }
    if (end >= 0 && viewer_returns(viewer, offset)) {
        int r = newlines_return(&viewer->pending, before);
        end = r < 0 ? r : end;
    }
    if (!viewer->titled)
        viewer->titled = title_guard(&viewer->pending, before);
    return end < 0 ? (ssize_t)end : (ssize_t)((uint64_t)end - offset);
}

/* The same through the filter. 0 or -ENOMEM. */
static int replay(struct viewer *viewer, uint64_t offset, const void *data, size_t len)
{
    struct bytes returned = {0};
    if (!viewer_returns(viewer, offset))
        return replay_feed(viewer->replay, data, len, &viewer->pending);
    int r = bytes_append(&returned, data, len);
    if (r == 0)
        r = newlines_return(&returned, 0);
    if (r == 0)
        r = replay_feed(viewer->replay, returned.data, returned.len, &viewer->pending);
    bytes_finish(&returned);
    return r;
}

/* Reads at most len bytes of the log at offset into pending, through the filter if wanted. Returns
 * how many bytes of the log that were. */
ssize_t viewer_read_back(struct viewer *viewer, uint64_t offset, size_t len, bool filter)
{
    static uint8_t buf[VIEWER_CHUNK];
    const struct tracker *tracker = viewer->source->tracker;
    uint64_t skipped, no_cr = tracker ? tracker_no_cr_until(tracker) : 0;
    if (len > sizeof(buf))
        len = sizeof(buf);
    if (offset < no_cr && len > no_cr - offset)
        len = (size_t)(no_cr - offset);
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
    ssize_t r = filter ? replay(viewer, offset + skipped, buf, (size_t)n)
                       : viewer_pass(viewer, offset + skipped, buf, (size_t)n);
    return r < 0 ? r : (filter ? n : r) + (ssize_t)skipped;
}
