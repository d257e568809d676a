#include "common/joblog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

void joblog_segment_name(char name[JOBLOG_NAME_SIZE], uint64_t offset)
{
    snprintf(name, JOBLOG_NAME_SIZE, "log.%016" PRIx64, offset);
}

void joblog_index_name(char name[JOBLOG_NAME_SIZE], uint64_t offset)
{
    snprintf(name, JOBLOG_NAME_SIZE, "index.%016" PRIx64, offset);
}

void joblog_streams_name(char name[JOBLOG_NAME_SIZE], uint64_t offset)
{
    snprintf(name, JOBLOG_NAME_SIZE, "streams.%016" PRIx64, offset);
}

static int compare_offsets(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The name that joblog_segment_name gives, and no other that reads the same: it is opened by it. */
static int parse_name(const char *name, uint64_t *ret)
{
    char canonical[JOBLOG_NAME_SIZE];
    if (sscanf(name, "log.%16" SCNx64, ret) != 1)
        return -EINVAL;
    joblog_segment_name(canonical, *ret);
    return strcmp(name, canonical) == 0 ? 0 : -EINVAL;
}

static ssize_t collect(DIR *stream, uint64_t **ret)
{
    size_t count = 0, room = 0;
    uint64_t *offsets = NULL;
    for (struct dirent *entry; (entry = readdir(stream));) {
        uint64_t offset;
        if (parse_name(entry->d_name, &offset) < 0)
            continue;
        if (count == room) {
            room = room ? room * 2 : 16;
            uint64_t *more = realloc(offsets, room * sizeof(*offsets));
            if (!more) {
                free(offsets);
                return -ENOMEM;
            }
            offsets = more;
        }
        offsets[count++] = offset;
    }
    if (count > 0)
        qsort(offsets, count, sizeof(*offsets), compare_offsets);
    *ret = offsets;
    return (ssize_t)count;
}

ssize_t joblog_segments(int dir_fd, uint64_t **ret_offsets)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *stream = fdopendir(fd);
    if (!stream) {
        int r = -errno;
        fd_close(fd);
        return r;
    }
    ssize_t count = collect(stream, ret_offsets);
    closedir(stream);
    return count;
}

void joblog_init(struct joblog *log, int dir_fd, uint64_t offset)
{
    *log = (struct joblog){.dir_fd = dir_fd, .fd = -1, .offset = offset};
}

void joblog_finish(struct joblog *log)
{
    log->fd = fd_close(log->fd);
}

void joblog_seek(struct joblog *log, uint64_t offset)
{
    log->offset = offset;
    log->fd = fd_close(log->fd);
}

static int open_segment(struct joblog *log, uint64_t start)
{
    char name[JOBLOG_NAME_SIZE];
    joblog_segment_name(name, start);
    int fd = openat(log->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    fd_close(log->fd);
    log->fd = fd;
    log->start = start;
    return 0;
}

/* Whether the segment being read has grown since its end was seen. */
static bool has_grown(const struct joblog *log)
{
    struct stat st;
    uint64_t at = log->offset > log->start ? log->offset : log->start;
    return log->fd >= 0 && fstat(log->fd, &st) == 0 && (uint64_t)st.st_size > at - log->start;
}

/*
 * Opens the segment that holds log->offset, or else the next one that starts behind it. Returns
 * 1 when one was opened that is not the one already read, 0 when there is none, or -errno.
 * -EAGAIN: it was dropped while we looked, look again.
 */
static int next_segment(struct joblog *log)
{
    uint64_t *starts = NULL;
    ssize_t count = joblog_segments(log->dir_fd, &starts);
    if (count < 0)
        return (int)count;
    ssize_t pick = -1;
    for (ssize_t i = 0; i < count; i++) {
        bool seen = log->fd >= 0 && starts[i] <= log->start;
        if (seen)
            continue;
        /* The last one that starts at or before the offset, or the first behind it. */
        if (pick < 0 || starts[i] <= log->offset)
            pick = i;
    }
    int r = 0;
    if (pick >= 0 && has_grown(log)) {
        r = -EAGAIN; /* between our read and the beginning of the next segment */
    } else if (pick >= 0) {
        r = open_segment(log, starts[pick]);
        r = r == -ENOENT ? -EAGAIN : r < 0 ? r : 1;
    }
    free(starts);
    return r;
}

ssize_t joblog_read(struct joblog *log, void *buf, size_t len, uint64_t *ret_skipped)
{
    *ret_skipped = 0;
    for (;;) {
        if (log->fd >= 0) {
            uint64_t at = log->offset > log->start ? log->offset : log->start;
            ssize_t n = pread(log->fd, buf, len, (off_t)(at - log->start));
            if (n < 0)
                return -errno;
            if (n > 0) {
                *ret_skipped = at - log->offset;
                log->offset = at + (uint64_t)n;
                return n;
            }
        }
        int r = next_segment(log);
        if (r == -EAGAIN)
            continue;
        if (r <= 0)
            return r;
    }
}

int joblog_bounds(int dir_fd, uint64_t *ret_first, uint64_t *ret_next)
{
    uint64_t *starts = NULL;
    ssize_t count = joblog_segments(dir_fd, &starts);
    if (count < 0)
        return (int)count;
    *ret_first = *ret_next = 0;
    int r = 0;
    if (count > 0) {
        char name[JOBLOG_NAME_SIZE];
        struct stat st;
        joblog_segment_name(name, starts[count - 1]);
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            r = -errno;
        else
            *ret_next = starts[count - 1] + (uint64_t)st.st_size;
        *ret_first = starts[0];
    }
    free(starts);
    return r;
}
