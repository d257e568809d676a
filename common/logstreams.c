#include "common/logstreams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/joblog.h"

#define BATCH 4096u /* bytes read at once */

size_t logstreams_encode(uint64_t length, uint8_t to[LOGSTREAMS_LENGTH_MAX])
{
    size_t count = 0;
    for (; length >= 0x80; length >>= 7)
        to[count++] = (uint8_t)(length | 0x80);
    to[count++] = (uint8_t)length;
    return count;
}

/* The length at *at, which moves behind it. False: there is none, or the rest of it is missing. */
static bool decode(const struct bytes *index, size_t *at, uint64_t *ret)
{
    uint64_t length = 0;
    unsigned shift = 0;
    for (size_t i = *at; i < index->len && shift < 64; i++, shift += 7) {
        length |= (uint64_t)(index->data[i] & 0x7f) << shift;
        if (index->data[i] & 0x80)
            continue;
        *at = i + 1;
        *ret = length;
        return true;
    }
    return false;
}

const char *logstreams_name(enum logstreams_stream stream)
{
    return stream == LOGSTREAMS_OUT ? "stdout" : stream == LOGSTREAMS_ERR ? "stderr" : NULL;
}

void logstreams_init(struct logstreams *streams, int dir_fd)
{
    *streams = (struct logstreams){.dir_fd = dir_fd};
}

void logstreams_finish(struct logstreams *streams)
{
    bytes_finish(&streams->index);
    *streams = (struct logstreams){.dir_fd = -1};
}

/* The stretch that the stream's next length ends, or that has no end yet. */
static void next_stretch(struct logstreams *streams)
{
    uint64_t length;
    streams->to = UINT64_MAX;
    if (decode(&streams->index, &streams->at, &length) && length < UINT64_MAX - streams->from)
        streams->to = streams->from + length;
}

static void rewind_index(struct logstreams *streams)
{
    uint8_t first = streams->index.len > 0 ? streams->index.data[0] : 0;
    bool known = first == LOGSTREAMS_OUT || first == LOGSTREAMS_ERR;
    streams->stream = known ? (enum logstreams_stream)first : LOGSTREAMS_UNKNOWN;
    streams->at = known ? 1 : streams->index.len;
    streams->from = streams->segment;
    next_stretch(streams);
}

/* What the index has grown by. Without one, or with one that cannot be read, it stays empty. */
static int read_index(struct logstreams *streams)
{
    char name[JOBLOG_NAME_SIZE];
    uint8_t buf[BATCH];
    ssize_t n;
    bool was_empty = streams->index.len == 0;
    joblog_streams_name(name, streams->segment);
    _cleanup_fd_ int fd =
        openat(streams->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE ? -errno : 0;
    while ((n = pread(fd, buf, sizeof(buf), (off_t)streams->index.len)) > 0)
        if (bytes_append(&streams->index, buf, (size_t)n) < 0)
            return -ENOMEM;
    if (was_empty)
        rewind_index(streams);
    else if (streams->to == UINT64_MAX)
        next_stretch(streams);
    return 0;
}

/* Finds the segment of that offset. 0, -ENOENT or another -errno. */
static int find_segment(struct logstreams *streams, uint64_t offset)
{
    uint64_t *starts = NULL;
    ssize_t count = joblog_segments(streams->dir_fd, &starts);
    if (count < 0)
        return (int)count;
    ssize_t pick = -1;
    while (pick + 1 < count && starts[pick + 1] <= offset)
        pick++;
    uint64_t next = pick + 1 < count ? starts[pick + 1] : UINT64_MAX;
    if (pick >= 0 && (!streams->loaded || streams->segment != starts[pick])) {
        streams->segment = starts[pick];
        streams->index.len = 0;
        rewind_index(streams);
    }
    streams->loaded = pick >= 0;
    streams->segment_end = next;
    free(starts);
    return pick >= 0 ? 0 : -ENOENT;
}

int logstreams_read(struct logstreams *streams, uint64_t offset)
{
    bool known = streams->loaded && offset >= streams->segment && offset < streams->segment_end;
    /* A segment that had none behind it may have one by now. */
    int r = known && streams->segment_end != UINT64_MAX ? 0 : find_segment(streams, offset);
    if (r == -ENOENT)
        return 0;
    return r == 0 ? read_index(streams) : r;
}

enum logstreams_stream logstreams_at(struct logstreams *streams, uint64_t offset, uint64_t *ret_end)
{
    *ret_end = UINT64_MAX;
    if (!streams->loaded || offset < streams->segment || offset >= streams->segment_end)
        logstreams_read(streams, offset);
    if (!streams->loaded || offset < streams->segment)
        return LOGSTREAMS_UNKNOWN;
    if (offset < streams->from)
        rewind_index(streams);
    while (offset >= streams->to) {
        streams->from = streams->to;
        if (streams->stream != LOGSTREAMS_UNKNOWN)
            streams->stream = streams->stream == LOGSTREAMS_OUT ? LOGSTREAMS_ERR : LOGSTREAMS_OUT;
        next_stretch(streams);
    }
    *ret_end = streams->to < streams->segment_end ? streams->to : streams->segment_end;
    return streams->stream;
}
