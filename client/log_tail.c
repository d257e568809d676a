#include "client/log_tail.h"

#include <string.h>

#include "common/joblog.h"

#define CHUNK_SIZE 65536u

struct tail {
    struct joblog log;
    struct logstreams streams;
    enum logstreams_stream only;
};

/* What is of another stream, made zeros. */
static void blank(struct tail *tail, uint64_t from, char *buf, size_t len)
{
    uint64_t end = from + len;
    while (from < end) {
        uint64_t next;
        logstreams_read(&tail->streams, from);
        do {
            enum logstreams_stream stream = logstreams_at(&tail->streams, from, &next);
            size_t n = (size_t)((next < end ? next : end) - from);
            if (stream != tail->only)
                memset(buf, 0, n);
            buf += n;
            from += n;
        } while (from < end && next != tail->streams.segment_end);
    }
}

/* The bytes from offset `from` on; zeros for what is not there. */
static void read_range(struct tail *tail, uint64_t from, char *buf, size_t len)
{
    static char piece[CHUNK_SIZE];
    uint64_t end = from + len, skipped;
    memset(buf, 0, len);
    joblog_seek(&tail->log, from);
    while (tail->log.offset < end) {
        ssize_t n = joblog_read(&tail->log, piece, sizeof(piece), &skipped);
        uint64_t at = tail->log.offset - (n > 0 ? (uint64_t)n : 0);
        if (n <= 0 || at >= end)
            break;
        memcpy(buf + (at - from), piece, (uint64_t)n < end - at ? (size_t)n : (size_t)(end - at));
    }
    if (tail->only != LOGSTREAMS_UNKNOWN)
        blank(tail, from, buf, len);
}

/* How far the stream's own output goes: a line end there ends the last line. */
static uint64_t last_byte(struct tail *tail, uint64_t first, uint64_t next)
{
    static char buf[CHUNK_SIZE];
    for (uint64_t end = next; tail->only != LOGSTREAMS_UNKNOWN && end > first;) {
        size_t len = end - first < sizeof(buf) ? (size_t)(end - first) : sizeof(buf);
        read_range(tail, end - len, buf, len);
        for (size_t i = len; i > 0; i--)
            if (buf[i - 1] != '\0')
                return end - len + i;
        end -= len;
    }
    return next;
}

static uint64_t find_start(struct tail *tail, uint64_t first, uint64_t next, uint64_t lines)
{
    static char buf[CHUNK_SIZE];
    for (uint64_t end = next; end > first;) {
        size_t len = end - first < sizeof(buf) ? (size_t)(end - first) : sizeof(buf);
        uint64_t from = end - len;
        read_range(tail, from, buf, len);
        for (size_t i = len; i > 0; i--)
            if (buf[i - 1] == '\n' && from + i < next && --lines == 0)
                return from + i;
        end = from;
    }
    return 0;
}

uint64_t log_tail_start(int dir_fd, uint64_t from, uint64_t end, uint64_t lines,
                        enum logstreams_stream only)
{
    struct tail tail = {.only = only};
    if (lines == 0)
        return end;
    joblog_init(&tail.log, dir_fd, 0);
    logstreams_init(&tail.streams, dir_fd);
    uint64_t start = find_start(&tail, from, last_byte(&tail, from, end), lines);
    logstreams_finish(&tail.streams);
    joblog_finish(&tail.log);
    return start;
}
