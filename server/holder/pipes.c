#include "server/holder/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

/* Ours does not block; the job's is as every program expects it. */
static int open_pipe(int *ours, int *jobs, bool we_write)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    *ours = fds[we_write ? 1 : 0];
    *jobs = fds[we_write ? 0 : 1];
    return fd_set_nonblock(*ours, true);
}

static int open_input(struct pipes *pipes, bool with_input, int *jobs)
{
    if (with_input)
        return open_pipe(&pipes->input_fd, jobs, true);
    *jobs = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return *jobs < 0 ? -errno : 0;
}

struct pipes *pipes_create(bool with_input, int *ret_error)
{
    struct pipes *pipes = calloc(1, sizeof(*pipes));
    *ret_error = -ENOMEM;
    if (!pipes)
        return NULL;
    *pipes = (struct pipes){.input_fd = -1, .job_fds = {-1, -1, -1}};
    for (int i = 0; i < PIPES_STREAMS; i++)
        pipes->outputs[i] = (struct pipes_output){.pipes = pipes, .fd = -1};
    int r = open_input(pipes, with_input, &pipes->job_fds[0]);
    for (int i = 0; i < PIPES_STREAMS && r == 0; i++)
        r = open_pipe(&pipes->outputs[i].fd, &pipes->job_fds[1 + i], false);
    if (r == 0)
        return pipes;
    *ret_error = r;
    pipes_close(pipes);
    pipes_destroy(pipes);
    return NULL;
}

void pipes_close_job_fds(struct pipes *pipes)
{
    for (int i = 0; i < 3; i++)
        pipes->job_fds[i] = fd_close(pipes->job_fds[i]);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status; /* POLLHUP: the read tells */
    (void)events;
    struct pipes_output *output = poll->data;
    struct pipes *pipes = output->pipes;
    pipes->on_readable(pipes, (enum pipes_stream)(output - pipes->outputs));
}

int pipes_watch(struct pipes *pipes, uv_loop_t *loop, pipes_readable_fn on_readable, void *data)
{
    pipes->on_readable = on_readable;
    pipes->data = data;
    for (int i = 0; i < PIPES_STREAMS; i++) {
        struct pipes_output *output = &pipes->outputs[i];
        int r = uv_poll_init(loop, &output->poll, output->fd);
        if (r < 0)
            return r;
        output->poll.data = output;
        output->polling = true;
        pipes_set_reading(pipes, (enum pipes_stream)i, true);
    }
    return 0;
}

void pipes_set_reading(struct pipes *pipes, enum pipes_stream stream, bool on)
{
    struct pipes_output *output = &pipes->outputs[stream];
    if (!output->polling || output->reading == on)
        return;
    output->reading = on;
    if (on)
        uv_poll_start(&output->poll, UV_READABLE, on_poll);
    else
        uv_poll_stop(&output->poll);
}

static void close_output(struct pipes_output *output)
{
    if (output->polling)
        uv_close((uv_handle_t *)&output->poll, NULL);
    output->polling = false;
    output->fd = fd_close(output->fd);
}

ssize_t pipes_read(struct pipes *pipes, enum pipes_stream stream, void *buf, size_t len)
{
    struct pipes_output *output = &pipes->outputs[stream];
    ssize_t n;
    if (output->fd < 0)
        return -EIO;
    do
        n = read(output->fd, buf, len);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return -EAGAIN;
    if (n > 0)
        return n;
    close_output(output);
    return -EIO;
}

void pipes_end_input(struct pipes *pipes)
{
    pipes->input_fd = fd_close(pipes->input_fd);
}

static bool is_same_file(int fd, const struct stat *other)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == other->st_dev &&
           st.st_ino == other->st_ino;
}

bool pipes_has(const struct pipes *pipes, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    return is_same_file(pipes->outputs[PIPES_OUT].fd, &st) ||
           is_same_file(pipes->outputs[PIPES_ERR].fd, &st) || is_same_file(pipes->input_fd, &st);
}

void pipes_close(struct pipes *pipes)
{
    for (int i = 0; i < PIPES_STREAMS; i++)
        close_output(&pipes->outputs[i]);
    pipes_end_input(pipes);
    pipes_close_job_fds(pipes);
}

void pipes_destroy(struct pipes *pipes)
{
    free(pipes);
}
