#include "server/holder/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/fd.h"

#define STUCK_MAX 100 /* events in a row without a byte written */

static int open_pair(int *ret_ptmx, int *ret_pts)
{
    _cleanup_fd_ int ptmx = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (ptmx < 0 || unlockpt(ptmx) < 0)
        return -errno;
    /* Not by name: /dev/pts may be another one in this mount namespace (ioctl_tty(2)). */
    int pts = ioctl(ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pts < 0)
        return -errno;
    *ret_ptmx = fd_take(&ptmx);
    *ret_pts = pts;
    return 0;
}

int pty_open(struct pty *pty, uv_loop_t *loop, const struct termios *tio, unsigned rows,
             unsigned cols)
{
    *pty = (struct pty){.ptmx_fd = -1, .quiet_fd = -1, .typed_fd = -1, .loop = loop};
    _cleanup_fd_ int ptmx = -1;
    _cleanup_fd_ int pts = -1;
    int r = open_pair(&ptmx, &pts);
    if (r < 0)
        return r;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    if (tcsetattr(pts, TCSANOW, tio) < 0 || ioctl(pts, TIOCSWINSZ, &size) < 0)
        return -errno;
    if (ioctl(pts, TIOCSCTTY, 0) < 0)
        return -errno;
    pty->ptmx_fd = fd_take(&ptmx);
    return fd_take(&pts);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status; /* POLLERR and POLLHUP: the read tells */
    (void)events;
    struct pty *pty = poll->data;
    pty->on_readable(pty);
}

int pty_watch(struct pty *pty, pty_readable_fn on_readable, void *data)
{
    pty->on_readable = on_readable;
    pty->data = data;
    int r = uv_poll_init(pty->loop, &pty->poll, pty->ptmx_fd);
    if (r < 0)
        return r;
    pty->handles++;
    pty->polling = true;
    pty->poll.data = pty;
    pty_set_reading(pty, true);
    return 0;
}

void pty_set_reading(struct pty *pty, bool on)
{
    if (!pty->polling || pty->quiet)
        return;
    if (on && !uv_is_active((uv_handle_t *)&pty->poll))
        uv_poll_start(&pty->poll, UV_READABLE, on_poll);
    else if (!on)
        uv_poll_stop(&pty->poll);
}

ssize_t pty_read(struct pty *pty, void *buf, size_t len)
{
    ssize_t n;
    do
        n = read(pty->ptmx_fd, buf, len);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return -EIO; /* a master that was hung up reads as end of file on some kernels */
    return n < 0 ? -errno : n;
}

bool pty_has_more(const struct pty *pty)
{
    int len = 0;
    return ioctl(pty->ptmx_fd, TIOCINQ, &len) == 0 && len > 0;
}

static void on_quiet_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct pty *pty = poll->data;
    struct epoll_event event;
    if (epoll_wait(pty->quiet_fd, &event, 1, 0) == 1 && event.events & EPOLLIN)
        pty->on_readable(pty);
}

static int open_quiet(struct pty *pty)
{
    pty->quiet_fd = epoll_create1(EPOLL_CLOEXEC);
    if (pty->quiet_fd < 0)
        return -errno;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (epoll_ctl(pty->quiet_fd, EPOLL_CTL_ADD, pty->ptmx_fd, &event) < 0)
        return -errno;
    int r = uv_poll_init(pty->loop, &pty->quiet_poll, pty->quiet_fd);
    if (r < 0)
        return r;
    pty->handles++;
    pty->quiet_poll.data = pty;
    return uv_poll_start(&pty->quiet_poll, UV_READABLE, on_quiet_poll);
}

void pty_wait_for_reopen(struct pty *pty)
{
    if (pty->quiet || !pty->polling)
        return;
    pty_set_reading(pty, false);
    /* Once quiet, always quiet: edges report later output just as well. */
    pty->quiet = open_quiet(pty) == 0;
}

int pty_resize(struct pty *pty, unsigned rows, unsigned cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    return ioctl(pty->ptmx_fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

static void adapt(struct termios *tio, bool had_echo, bool had_opost)
{
    if (!had_echo) {
        tio->c_lflag |= ECHO;
        tio->c_iflag |= IXON;
    }
    if (!had_opost)
        tio->c_oflag |= OPOST | ONLCR;
}

void pty_adapt(struct pty *pty, struct termios *initial, bool had_echo, bool had_opost)
{
    struct termios tio;
    adapt(initial, had_echo, had_opost);
    if (tcgetattr(pty->ptmx_fd, &tio) < 0 || !(tio.c_lflag & ICANON))
        return;
    adapt(&tio, had_echo, had_opost);
    tcsetattr(pty->ptmx_fd, TCSANOW, &tio);
}

/* Writes what waits. false: it takes no more now. */
static bool write_typed(struct pty *pty)
{
    size_t at = 0;
    while (at < pty->typed.len) {
        ssize_t n = write(pty->ptmx_fd, pty->typed.data + at, pty->typed.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    bytes_consume(&pty->typed, at);
    return pty->typed.len == 0;
}

static void on_typed_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct pty *pty = poll->data;
    size_t before = pty->typed.len;
    bool all = write_typed(pty);
    pty->typed_stuck = pty->typed.len < before ? 0 : pty->typed_stuck + 1;
    /*
     * Ready, and yet nothing goes: a client may be writing keys right now, which a write that must
     * not block does not wait for (n_tty). Again and again: the terminal was hung up, and nobody
     * will ever read it.
     */
    if (!all && pty->typed_stuck < STUCK_MAX)
        return;
    uv_poll_stop(poll);
    pty->typed_stuck = 0;
    bytes_finish(&pty->typed);
    if (pty->on_typed)
        pty->on_typed(pty);
}

static int wait_for_reader(struct pty *pty)
{
    if (pty->typed_fd < 0) {
        int fd = fd_dup(pty->ptmx_fd);
        if (fd < 0)
            return fd;
        int r = uv_poll_init(pty->loop, &pty->typed_poll, fd);
        if (r < 0) {
            fd_close(fd);
            return r;
        }
        pty->typed_fd = fd;
        pty->typed_poll.data = pty;
        pty->handles++;
    }
    return uv_poll_start(&pty->typed_poll, UV_WRITABLE, on_typed_poll);
}

int pty_type(struct pty *pty, const void *data, size_t len)
{
    bool waiting = pty->typed.len > 0;
    if (pty->typed.len + len > PTY_TYPED_MAX)
        return -ENOBUFS;
    int r = bytes_append(&pty->typed, data, len);
    if (r < 0 || waiting)
        return r < 0 ? r : 1;
    if (write_typed(pty)) {
        bytes_finish(&pty->typed);
        return 0;
    }
    r = wait_for_reader(pty);
    if (r < 0)
        bytes_finish(&pty->typed);
    return r < 0 ? r : 1;
}

pid_t pty_foreground(const struct pty *pty)
{
    pid_t pgid = tcgetpgrp(pty->ptmx_fd);
    return pgid < 0 ? -errno : pgid;
}

int pty_set_foreground(struct pty *pty, pid_t pgid)
{
    sigset_t ttou, saved;
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    sigprocmask(SIG_BLOCK, &ttou, &saved);
    int r = tcsetpgrp(pty->ptmx_fd, pgid) < 0 ? -errno : 0;
    sigprocmask(SIG_SETMASK, &saved, NULL);
    return r;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct pty *pty = handle->data;
    if (--pty->handles > 0)
        return;
    pty->quiet_fd = fd_close(pty->quiet_fd);
    if (pty->on_closed)
        pty->on_closed(pty);
}

void pty_close(struct pty *pty, void (*on_closed)(struct pty *))
{
    pty->on_closed = on_closed;
    if (pty->polling) {
        pty->polling = false;
        uv_close((uv_handle_t *)&pty->poll, on_handle_closed);
        if (pty->quiet)
            uv_close((uv_handle_t *)&pty->quiet_poll, on_handle_closed);
    }
    if (pty->typed_fd >= 0) {
        uv_close((uv_handle_t *)&pty->typed_poll, on_handle_closed);
        pty->typed_fd = fd_close(pty->typed_fd);
    }
    bytes_finish(&pty->typed);
    pty->ptmx_fd = fd_close(pty->ptmx_fd);
}
