#include "common/channel_io.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"

void channel_fds_init(struct channel_fds *set)
{
    set->count = 0;
    for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
        set->fds[i] = -1;
}

void channel_fds_finish(struct channel_fds *set)
{
    for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
        set->fds[i] = fd_close(set->fds[i]);
    set->count = 0;
}

ssize_t channel_io_send(int fd, const void *data, size_t len, const int *fds, size_t count)
{
    assert(count <= CHANNEL_FDS_MAX && len > 0);
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (count > 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
    }
    ssize_t n;
    do
        n = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static void collect(struct cmsghdr *cmsg, struct channel_fds *set)
{
    size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
        if (set->count < CHANNEL_FDS_MAX)
            set->fds[set->count++] = fd;
        else
            fd_close(fd);
    }
}

ssize_t channel_io_recv(int fd, void *buf, size_t len, struct channel_fds *set)
{
    /* Room for more than we take, so that a generous sender's extras reach us to be closed. */
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = buf, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof(control.space)};
    ssize_t n;
    do
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            collect(c, set);
    return msg.msg_flags & MSG_CTRUNC && set->count == 0 ? -EMFILE : n;
}
