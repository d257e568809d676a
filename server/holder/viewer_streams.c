/* A viewer of a job without a terminal: it may have two outputs, one for each of the job's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "server/holder/viewer_internal.h"

struct viewer_streams {
    struct logstreams index; /* for reading back */
    int errors_fd;           /* for standard error; owned; -1 = it goes where all goes */
    bool is_socket;
    uv_poll_t poll; /* of errors_fd */
    bool polling;   /* poll is initialised */
    struct bytes pending;
    size_t at;
};

/* Nothing of a terminal's is for its output, even if that is one. */
static void forget_terminal(struct viewer *viewer)
{
    free(viewer->tty);
    viewer->tty = NULL;
    viewer->titled = true;
    viewer->keys = viewer->marks = viewer->takes_size = viewer->has_termios = false;
    viewer->rows = viewer->cols = 0;
}

int viewer_set_streams(struct viewer *viewer, int errors_fd)
{
    struct stat st;
    struct viewer_streams *streams = calloc(1, sizeof(*streams));
    forget_terminal(viewer);
    if (!streams) {
        fd_close(errors_fd);
        return -ENOMEM;
    }
    streams->errors_fd = errors_fd;
    logstreams_init(&streams->index, viewer->source->dir_fd);
    viewer->streams = streams;
    if (errors_fd < 0)
        return 0;
    if (fstat(errors_fd, &st) < 0)
        return -errno;
    streams->is_socket = S_ISSOCK(st.st_mode);
    if (!streams->is_socket && !S_ISREG(st.st_mode))
        return fd_set_nonblock(errors_fd, true);
    return 0;
}

static ssize_t write_errors(const struct viewer_streams *streams, const void *data, size_t len)
{
    ssize_t n;
    do
        n = streams->is_socket ? send(streams->errors_fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL)
                               : write(streams->errors_fd, data, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* the write tells what is wrong */
    (void)events;
    uv_poll_stop(poll);
    viewer_pump(poll->data);
}

static void wait_writable(struct viewer *viewer)
{
    struct viewer_streams *streams = viewer->streams;
    if (!streams->polling) {
        int r = uv_poll_init(viewer->channel.poll.loop, &streams->poll, streams->errors_fd);
        if (r < 0) {
            viewer_fail(viewer, r);
            return;
        }
        streams->polling = true;
        streams->poll.data = viewer;
        viewer->handles++;
    }
    uv_poll_start(&streams->poll, UV_WRITABLE, on_writable);
}

bool viewer_flush_errors(struct viewer *viewer)
{
    struct viewer_streams *streams = viewer->streams;
    while (streams->at < streams->pending.len) {
        ssize_t n = write_errors(streams, streams->pending.data + streams->at,
                                 streams->pending.len - streams->at);
        if (n == -EAGAIN) {
            wait_writable(viewer);
            return false;
        }
        if (n < 0) {
            streams->pending.len = streams->at = 0;
            viewer_fail(viewer, (int)n);
            return false;
        }
        streams->at += (size_t)n;
    }
    bytes_finish(&streams->pending);
    streams->at = 0;
    return true;
}

static struct bytes *output_of(struct viewer *viewer, enum logstreams_stream stream)
{
    bool apart = stream == LOGSTREAMS_ERR && viewer->streams->errors_fd >= 0;
    return apart ? &viewer->streams->pending : &viewer->pending;
}

int viewer_pass_streams(struct viewer *viewer, uint64_t offset, const uint8_t *data, size_t len)
{
    struct logstreams *index = &viewer->streams->index;
    int r = logstreams_read(index, offset);
    while (len > 0 && r == 0) {
        uint64_t end;
        enum logstreams_stream stream = logstreams_at(index, offset, &end);
        size_t n = end - offset < len ? (size_t)(end - offset) : len;
        r = bytes_append(output_of(viewer, stream), data, n);
        offset += n;
        data += n;
        len -= n;
    }
    return r;
}

void viewer_output_stream(struct viewer *viewer, enum logstreams_stream stream, const void *data,
                          size_t len)
{
    struct bytes *output = output_of(viewer, stream);
    /* Of a writer no more than a chunk waits, for that stream is not read then, until the job's
     * end; a watcher falls behind. The rest is read back. */
    bool waits = viewer->pending.len > 0 || viewer->streams->pending.len > 0;
    if (output->len >= VIEWER_CHUNK || (waits && !viewer_is_writer(viewer)))
        return;
    if (bytes_append(output, data, len) < 0)
        return;
    viewer->cursor += len;
    if (output == &viewer->pending)
        viewer_flush_output(viewer);
    else
        viewer_flush_errors(viewer);
}

bool viewer_holds_stream(const struct viewer *viewer, enum logstreams_stream stream)
{
    if (!viewer->streams) /* there was no memory for them */
        return viewer_holds_job(viewer);
    if (!viewer_is_writer(viewer) || viewer->left || viewer->leaving)
        return false;
    bool apart = stream == LOGSTREAMS_ERR && viewer->streams->errors_fd >= 0;
    const struct bytes *output = apart ? &viewer->streams->pending : &viewer->pending;
    return output->len > 0 || viewer->suspended || viewer->cursor < viewer->source->journal->next;
}

void viewer_close_errors(struct viewer *viewer)
{
    struct viewer_streams *streams = viewer->streams;
    if (!streams)
        return;
    if (streams->polling)
        uv_close((uv_handle_t *)&streams->poll, viewer_on_handle_closed);
    streams->polling = false;
    streams->errors_fd = fd_close(streams->errors_fd);
}

void viewer_destroy_streams(struct viewer *viewer)
{
    if (!viewer->streams)
        return;
    fd_close(viewer->streams->errors_fd);
    logstreams_finish(&viewer->streams->index);
    bytes_finish(&viewer->streams->pending);
    free(viewer->streams);
    viewer->streams = NULL;
}
