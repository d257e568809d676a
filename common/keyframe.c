#include "common/keyframe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

#define NEWEST "screen"
#define OLDER  "screen.old"
#define TEMP   "screen.new"

#define MAGIC     UINT64_C(0x31656d61726673a6) /* changes with the format */
#define PAINT_MAX (64u << 20)

struct keyframe_header {
    uint64_t magic;
    uint64_t offset;
    uint32_t rows, cols;
    uint64_t whole; /* 0 or 1 */
    uint64_t len;   /* of what follows: a file that was cut is not taken for a screen */
};

static int parse(const uint8_t *data, size_t size, struct keyframe *ret)
{
    struct keyframe_header header;
    if (size < sizeof(header))
        return -EBADMSG;
    memcpy(&header, data, sizeof(header));
    if (header.magic != MAGIC || header.len != size - sizeof(header) || header.rows == 0 ||
        header.cols == 0)
        return -EBADMSG;
    *ret = (struct keyframe){.offset = header.offset,
                             .rows = header.rows,
                             .cols = header.cols,
                             .whole = header.whole == 1};
    return bytes_append(&ret->paint, data + sizeof(header), header.len);
}

int keyframe_read(int dir_fd, bool older, struct keyframe *ret)
{
    void *data;
    size_t size;
    int r = fd_read_file(dir_fd, older ? OLDER : NEWEST, PAINT_MAX, &data, &size);
    if (r < 0)
        return r;
    r = parse(data, size, ret);
    free(data);
    return r;
}

static int write_temp(int dir_fd, const struct keyframe *keyframe)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    _cleanup_fd_ int fd = openat(dir_fd, TEMP, flags, 0600);
    if (fd < 0)
        return -errno;
    struct keyframe_header header = {.magic = MAGIC,
                                     .offset = keyframe->offset,
                                     .rows = keyframe->rows,
                                     .cols = keyframe->cols,
                                     .whole = keyframe->whole,
                                     .len = keyframe->paint.len};
    int r = fd_write_all(fd, &header, sizeof(header));
    return r < 0 ? r : fd_write_all(fd, keyframe->paint.data, keyframe->paint.len);
}

int keyframe_write(int dir_fd, const struct keyframe *keyframe)
{
    int r = write_temp(dir_fd, keyframe);
    if (r == 0 && renameat(dir_fd, NEWEST, dir_fd, OLDER) < 0 && errno != ENOENT)
        r = -errno;
    if (r == 0 && renameat(dir_fd, TEMP, dir_fd, NEWEST) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir_fd, TEMP, 0);
    return r;
}

void keyframe_remove(int dir_fd)
{
    unlinkat(dir_fd, NEWEST, 0);
    unlinkat(dir_fd, OLDER, 0);
}

void keyframe_finish(struct keyframe *keyframe)
{
    bytes_finish(&keyframe->paint);
}
