#include "common/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"

#define ACCEPTS_PER_TURN 64 /* so that a storm of connections does not starve the others */

int listener_bind(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    strcpy(addr.sun_path, path);
    _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* The mode of the socket file comes from the umask at bind, fchmod would come too late. */
    mode_t saved = umask(0177);
    int r = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
    umask(saved);
    if (r < 0)
        return r;
    if (listen(fd, SOMAXCONN) < 0) {
        r = -errno;
        unlink(path);
        return r;
    }
    return fd_take(&fd);
}

static void open_reserve(struct listener *listener)
{
    if (listener->reserve_fd < 0)
        listener->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/*
 * No descriptor for another connection: were it left in the backlog, the loop would spin on it
 * and the client would wait without end. So it is accepted with the reserve and closed at once.
 */
static void refuse_one(struct listener *listener)
{
    listener->reserve_fd = fd_close(listener->reserve_fd);
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        log_warn("refused a connection: no file descriptors left (see ulimit -n)");
    fd_close(fd);
    open_reserve(listener);
}

static bool is_same_user(int fd)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return false;
    if (cred.uid == geteuid())
        return true;
    log_warn("refused a connection of user %u, pid %d", (unsigned)cred.uid, (int)cred.pid);
    return false;
}

/* Whether there may be more. */
static bool accept_some(struct listener *listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN && !listener->closing; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            refuse_one(listener);
            continue;
        }
        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return false;
        if (fd < 0)
            continue; /* the peer was gone before we came: accept(2), ECONNABORTED and the like */
        if (is_same_user(fd))
            listener->on_accept(listener, fd);
        else
            fd_close(fd);
    }
    return !listener->closing;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    accept_some(poll->data);
}

int listener_open(struct listener *listener, uv_loop_t *loop, int fd, listener_accept_fn on_accept,
                  void (*on_closed)(struct listener *), void *data)
{
    *listener = (struct listener){
        .fd = fd, .reserve_fd = -1, .on_accept = on_accept, .on_closed = on_closed, .data = data};
    int r = uv_poll_init(loop, &listener->poll, fd);
    if (r < 0) {
        listener->fd = fd_close(listener->fd);
        return r;
    }
    listener->poll.data = listener;
    open_reserve(listener);
    uv_poll_start(&listener->poll, UV_READABLE, on_poll);
    return 0;
}

int listener_replace(struct listener *listener, int fd)
{
    while (accept_some(listener))
        ;
    uv_poll_stop(&listener->poll);
    /* The same number, so that the handle need not be another: it is out of epoll meanwhile. */
    int r = listener->closing ? -ECANCELED : dup3(fd, listener->fd, O_CLOEXEC) < 0 ? -errno : 0;
    fd_close(fd);
    if (!listener->closing)
        uv_poll_start(&listener->poll, UV_READABLE, on_poll);
    return r;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    listener->reserve_fd = fd_close(listener->reserve_fd);
    listener->on_closed(listener);
}

void listener_close(struct listener *listener)
{
    if (listener->closing)
        return;
    listener->closing = true;
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
    listener->fd = fd_close(listener->fd);
}
