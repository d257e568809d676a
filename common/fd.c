#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int fd_close(int fd)
{
    if (fd >= 0) {
        int saved = errno;
        /* Linux releases the number even when close fails (close(2)): never retry. */
        (void)close(fd);
        errno = saved;
    }
    return -1;
}

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

void fd_cleanup(int *fd)
{
    *fd = fd_close(*fd);
}

int fd_set_nonblock(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return -errno;
    int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (wanted != flags && fcntl(fd, F_SETFL, wanted) < 0)
        return -errno;
    return 0;
}

int fd_dup(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? -errno : copy;
}

int fd_reopen(int fd, int flags)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int fresh = open(path, flags | O_CLOEXEC | O_NOCTTY);
    return fresh < 0 ? -errno : fresh;
}

int fd_write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Fills buf from fd until end of file or max bytes. Returns the number read or -errno. */
static ssize_t read_up_to(int fd, char *buf, size_t max)
{
    size_t len = 0;
    while (len < max) {
        ssize_t n = read(fd, buf + len, max - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

int fd_read_file(int dir_fd, const char *name, size_t max, void **ret_data, size_t *ret_len)
{
    /* O_NONBLOCK: a FIFO somebody put there must not hang us. */
    _cleanup_fd_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if ((uint64_t)st.st_size > max)
        return -EFBIG;
    size_t room = (size_t)st.st_size;
    char *data = malloc(room + 1);
    if (!data)
        return -ENOMEM;
    ssize_t len = read_up_to(fd, data, room);
    if (len < 0) {
        free(data);
        return (int)len;
    }
    data[len] = '\0';
    *ret_data = data;
    *ret_len = (size_t)len;
    return 0;
}
