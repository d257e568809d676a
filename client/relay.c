#include "client/relay.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/fd.h"

#define READ_SIZE 4096u

/* Of a socket that is somebody else's too: it may not block. 0 or -errno. */
static int write_out(int fd, const char *data, size_t len)
{
    while (len > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EAGAIN)
            n = poll(&wait, 1, -1) < 0 && errno != EINTR ? -1 : 0;
        if (n < 0 && errno != EINTR)
            return -errno;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

void relay_copy(struct relay *relay)
{
    char buf[READ_SIZE];
    ssize_t n;
    while (relay->fd >= 0 && (n = read(relay->fd, buf, sizeof(buf))) > 0) {
        if (write_out(relay->to_fd, buf, (size_t)n) == 0)
            continue;
        if (relay->polling)
            uv_close((uv_handle_t *)&relay->poll, NULL);
        relay->polling = false;
        relay->fd = fd_close(relay->fd);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    relay_copy(poll->data);
}

int relay_open(struct relay *relay, uv_loop_t *loop)
{
    if (relay->fd < 0)
        return 0;
    int r = uv_poll_init(loop, &relay->poll, relay->fd);
    if (r < 0)
        return r;
    relay->poll.data = relay;
    relay->polling = true;
    return uv_poll_start(&relay->poll, UV_READABLE, on_poll);
}

void relay_close(struct relay *relay)
{
    relay->fd = fd_close(relay->fd);
}
