/*
 * Bytes and file descriptors over a Unix socket: the only place that knows SCM_RIGHTS
 * (unix(7), cmsg(3)).
 */
#ifndef JS_COMMON_CHANNEL_IO_H
#define JS_COMMON_CHANNEL_IO_H

#include <stddef.h>
#include <sys/types.h>

#define CHANNEL_FDS_MAX 4u

/* Received descriptors. The holder of the struct owns what is not -1. */
struct channel_fds {
    int fds[CHANNEL_FDS_MAX];
    size_t count;
};

void channel_fds_init(struct channel_fds *set);

/* Closes what is left. */
void channel_fds_finish(struct channel_fds *set);

/*
 * sendmsg(2) of data with count descriptors on its first byte; the caller keeps them. Never
 * raises SIGPIPE. Returns bytes sent (perhaps fewer than len; the descriptors are gone with the
 * first byte then) or -errno.
 */
ssize_t channel_io_send(int fd, const void *data, size_t len, const int *fds, size_t count);

/*
 * recvmsg(2). Descriptors that came with the bytes are added to set, close-on-exec; those that
 * do not fit are closed. Returns bytes received, 0 at the end, or -errno; -EMFILE when the kernel
 * dropped descriptors because this process has no more (MSG_CTRUNC).
 */
ssize_t channel_io_recv(int fd, void *buf, size_t len, struct channel_fds *set);

#endif
