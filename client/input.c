#include "client/input.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/fd.h"

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct input *input = poll->data;
    input->on_readable(input);
}

static void on_idle(uv_idle_t *idle)
{
    struct input *input = idle->data;
    input->on_readable(input);
}

int input_open(struct input *input, uv_loop_t *loop, input_readable_fn on_readable, void *data)
{
    *input = (struct input){.epoll_fd = -1, .on_readable = on_readable, .data = data};
    _cleanup_fd_ int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        return -errno;
    struct epoll_event event = {.events = EPOLLIN};
    uv_idle_init(loop, &input->idle);
    input->idle.data = input;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event) < 0)
        return 0; /* a file, or nothing at all: reading it tells */
    int r = uv_poll_init(loop, &input->poll, epoll_fd);
    if (r < 0)
        return r;
    input->poll.data = input;
    input->polling = true;
    input->epoll_fd = fd_take(&epoll_fd);
    return 0;
}

void input_set_reading(struct input *input, bool on)
{
    if (on == input->reading)
        return;
    input->reading = on;
    if (input->polling && on)
        uv_poll_start(&input->poll, UV_READABLE, on_poll);
    else if (input->polling)
        uv_poll_stop(&input->poll);
    else if (on)
        uv_idle_start(&input->idle, on_idle);
    else
        uv_idle_stop(&input->idle);
}

ssize_t input_read(struct input *input, void *buf, size_t len)
{
    (void)input;
    ssize_t n = read(0, buf, len);
    return n < 0 ? -errno : n;
}

void input_close(struct input *input)
{
    input->epoll_fd = fd_close(input->epoll_fd);
}
