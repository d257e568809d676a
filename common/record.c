#include "common/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fd.h"

#define RECORD_TEMP "record.new"

static int write_temp(int dir_fd, const struct bytes *frame)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    _cleanup_fd_ int fd = openat(dir_fd, RECORD_TEMP, flags, 0600);
    if (fd < 0)
        return -errno;
    return fd_write_all(fd, frame->data, frame->len);
}

int record_write(int dir_fd, const struct job_info *info)
{
    struct bytes frame = {0};
    int r = wire_encode(&frame, protocol_message(MSG_JOB), 0, info);
    if (r >= 0)
        r = write_temp(dir_fd, &frame);
    if (r >= 0 && renameat(dir_fd, RECORD_TEMP, dir_fd, RECORD_NAME) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir_fd, RECORD_TEMP, 0);
    bytes_finish(&frame);
    return r;
}

int record_sync(int dir_fd)
{
    _cleanup_fd_ int fd = openat(dir_fd, RECORD_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fsync(fd) < 0 || fsync(dir_fd) < 0)
        return -errno;
    return 0;
}

static int decode(const uint8_t *data, size_t len, struct job_info *ret)
{
    if (wire_frame_size(data, len) != (long)len || len == 0)
        return -EBADMSG;
    struct wire_frame frame = {0};
    struct wire_problem why;
    int r = wire_decode(&protocol, data + WIRE_HEADER_SIZE, len - WIRE_HEADER_SIZE, &frame, &why);
    if (r < 0)
        return r;
    if (frame.type != MSG_JOB) {
        wire_frame_finish(&frame);
        return -EBADMSG;
    }
    *ret = *(struct job_info *)frame.body; /* its members move to the caller */
    free(frame.body);
    return 0;
}

int record_read(int dir_fd, struct job_info *ret)
{
    void *data = NULL;
    size_t len = 0;
    int r = fd_read_file(dir_fd, RECORD_NAME, WIRE_FRAME_MAX + WIRE_HEADER_SIZE, &data, &len);
    if (r == -EFBIG || r == -EINVAL)
        return -EBADMSG;
    if (r < 0)
        return r;
    r = decode(data, len, ret);
    free(data);
    return r;
}

int record_open_lock(int dir_fd)
{
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(dir_fd, RECORD_LOCK, flags, 0600);
    return fd < 0 ? -errno : fd;
}

int record_wait_lock(int lock_fd)
{
    int r;
    do
        r = flock(lock_fd, LOCK_EX);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : 0;
}

int record_lock(int dir_fd)
{
    _cleanup_fd_ int fd = record_open_lock(dir_fd);
    if (fd < 0)
        return fd;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    return fd_take(&fd);
}

bool record_is_locked(int dir_fd)
{
    _cleanup_fd_ int fd = openat(dir_fd, RECORD_LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}
