#include "server/holder/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/joblog.h"

#define SEGMENTS 4u /* the log is dropped in quarters */

/*
 * A time stamp at most every 10 ms. An index takes less than a third of its segment's bytes: some
 * stamps are free (with these most jobs stay exact to 10 ms), then it takes STAMP_BYTES of output
 * to earn one, so that a spinner's index does not outgrow its log. But output is never told to be
 * more than a minute older than it is.
 */
#define STAMP_EVERY_NS UINT64_C(10000000)
#define STAMP_LATE_NS  (60 * UINT64_C(1000000000))
#define STAMP_BYTES    64u
#define STAMP_FREE     256u /* one of so many bytes that the segment has room for */

void journal_init(struct journal *journal, int dir_fd, uint64_t limit)
{
    *journal = (struct journal){
        .dir_fd = dir_fd,
        .log_fd = -1,
        .index_fd = -1,
        .streams_fd = -1,
        .limit = limit ? limit : JOURNAL_DEFAULT_LIMIT,
    };
    if (journal->limit < JOURNAL_LEAST_LIMIT)
        journal->limit = JOURNAL_LEAST_LIMIT;
}

int journal_resume(struct journal *journal)
{
    int r = joblog_bounds(journal->dir_fd, &journal->first, &journal->next);
    journal->segment = journal->next;
    journal->whole_from = journal->first;
    return r;
}

static void unlink_segment(struct journal *journal, uint64_t start)
{
    char name[JOBLOG_NAME_SIZE];
    joblog_segment_name(name, start);
    unlinkat(journal->dir_fd, name, 0);
    joblog_index_name(name, start);
    unlinkat(journal->dir_fd, name, 0);
    joblog_streams_name(name, start);
    unlinkat(journal->dir_fd, name, 0);
}

/*
 * Drops the oldest segments until the rest, with `more` bytes to come, is within the limit; at
 * least one when `force`. The current segment is never dropped. Returns whether any was.
 */
static bool drop_old(struct journal *journal, uint64_t more, bool force)
{
    uint64_t *starts = NULL;
    ssize_t count = joblog_segments(journal->dir_fd, &starts);
    bool dropped = false;
    for (ssize_t i = 0; i + 1 < count && starts[i] < journal->segment; i++) {
        bool over = journal->next + more - starts[i] > journal->limit;
        if (!over && (!force || dropped))
            break;
        unlink_segment(journal, starts[i]);
        journal->first = starts[i + 1];
        if (journal->whole_from < journal->first)
            journal->whole_from = journal->first;
        dropped = true;
    }
    free(starts);
    return dropped;
}

static void close_segment(struct journal *journal)
{
    journal->log_fd = fd_close(journal->log_fd);
    journal->index_fd = fd_close(journal->index_fd);
    journal->streams_fd = fd_close(journal->streams_fd);
}

static int open_segment(struct journal *journal)
{
    char name[JOBLOG_NAME_SIZE];
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
    joblog_segment_name(name, journal->next);
    journal->log_fd = openat(journal->dir_fd, name, flags, 0600);
    if (journal->log_fd < 0)
        return -errno;
    joblog_index_name(name, journal->next);
    journal->index_fd = openat(journal->dir_fd, name, flags, 0600);
    journal->segment = journal->next;
    journal->stamps = 0;
    journal->stamped_ns = 0;
    journal->size_noted = false;
    journal->stream_noted = LOGSTREAMS_UNKNOWN;
    return 0;
}

static uint64_t segment_room(const struct journal *journal)
{
    return journal->limit / SEGMENTS;
}

static bool is_size_new(const struct journal *journal)
{
    return journal->rows > 0 && !journal->size_noted;
}

static bool is_stamp_due(const struct journal *journal, uint64_t now)
{
    uint64_t since = now - journal->stamped_ns; /* much, when the clock has been set back */
    if (since < STAMP_EVERY_NS)
        return is_size_new(journal);
    uint64_t earned = (journal->next - journal->segment) / STAMP_BYTES;
    return journal->stamps < segment_room(journal) / STAMP_FREE + earned ||
           since >= STAMP_LATE_NS || is_size_new(journal);
}

static void stamp(struct journal *journal)
{
    uint64_t now = clock_realtime_ns();
    if (journal->index_fd < 0 || !is_stamp_due(journal, now))
        return;
    struct joblog_stamp entries[2];
    size_t count = 0;
    if (is_size_new(journal))
        entries[count++] = (struct joblog_stamp){
            .offset = (uint64_t)journal->rows << JOBLOG_SIZE_BITS | journal->cols};
    entries[count++] = (struct joblog_stamp){.time_ns = now, .offset = journal->next};
    ssize_t size = (ssize_t)(count * sizeof(entries[0]));
    journal->stamped_ns = now;
    ssize_t n = write(journal->index_fd, entries, (size_t)size);
    /* The index is an aid: without room for an entry times are coarser, nothing is lost. */
    if (n > 0 && n < size) /* half an entry: what came behind it could not be read */
        journal->index_fd = fd_close(journal->index_fd);
    if (n != size)
        return;
    journal->stamps += count;
    journal->size_noted = true;
}

/* The first entry of a segment's index of streams. An empty one, or none, says that nothing is
 * known. */
static void begin_streams(struct journal *journal)
{
    char name[JOBLOG_NAME_SIZE];
    uint8_t first = (uint8_t)journal->stream;
    joblog_streams_name(name, journal->segment);
    journal->streams_fd =
        openat(journal->dir_fd, name,
               O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    journal->stream_noted = journal->stream;
    journal->stream_from = journal->segment;
    if (journal->streams_fd >= 0 && write(journal->streams_fd, &first, 1) != 1)
        journal->streams_fd = fd_close(journal->streams_fd);
}

/*
 * Says where the stream changes, before the output that follows. False when that could not be
 * written: what is there would be wrong from here on, and another segment has to begin.
 */
static bool note_stream(struct journal *journal)
{
    uint8_t entry[LOGSTREAMS_LENGTH_MAX];
    if (journal->stream == journal->stream_noted)
        return true;
    if (journal->stream_noted == LOGSTREAMS_UNKNOWN && journal->next == journal->segment) {
        begin_streams(journal);
        return true;
    }
    size_t size = logstreams_encode(journal->next - journal->stream_from, entry);
    bool noted =
        journal->streams_fd < 0 || write(journal->streams_fd, entry, size) == (ssize_t)size;
    journal->stream_noted = journal->stream;
    journal->stream_from = journal->next;
    return noted;
}

static int next_segment(struct journal *journal)
{
    uint64_t room = segment_room(journal);
    if (journal->log_fd >= 0 && journal->next - journal->segment < room)
        return 0;
    close_segment(journal);
    int r = open_segment(journal);
    if (r == 0)
        drop_old(journal, room, false);
    return r;
}

/* Writes what it can. Returns the bytes written, or -errno when none were. */
static ssize_t write_some(struct journal *journal, const char *data, size_t len)
{
    int r = next_segment(journal);
    if (r == 0 && !note_stream(journal)) {
        close_segment(journal);
        r = next_segment(journal);
        if (r == 0)
            note_stream(journal);
    }
    if (r < 0)
        return r;
    stamp(journal);
    uint64_t room = segment_room(journal) - (journal->next - journal->segment);
    ssize_t n;
    do
        n = write(journal->log_fd, data, len < room ? len : room);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* The bytes from here on are lost; the next ones that can be written start a segment. */
static void give_up(struct journal *journal, size_t len, int error)
{
    /* The file that this was to go to: one of them for each attempt would fill the directory. */
    if (journal->log_fd >= 0 && journal->segment == journal->next)
        unlink_segment(journal, journal->segment);
    close_segment(journal);
    journal->error = error;
    journal->lost += len;
    journal->next += len;
    journal->whole_from = journal->next;
}

int journal_append(struct journal *journal, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write_some(journal, at, len);
        if ((n == -ENOSPC || n == -EDQUOT) && drop_old(journal, 0, true))
            continue;
        if (n < 0) {
            give_up(journal, len, (int)n);
            return (int)n;
        }
        journal->error = 0;
        journal->next += (uint64_t)n;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

void journal_set_size(struct journal *journal, unsigned rows, unsigned cols)
{
    if (rows == journal->rows && cols == journal->cols)
        return;
    journal->rows = rows;
    journal->cols = cols;
    journal->size_noted = false;
}

void journal_set_stream(struct journal *journal, enum logstreams_stream stream)
{
    journal->stream = stream;
}

void journal_finish(struct journal *journal)
{
    close_segment(journal);
}

void journal_remove(struct journal *journal)
{
    close_segment(journal);
    uint64_t *starts = NULL;
    ssize_t count = joblog_segments(journal->dir_fd, &starts);
    for (ssize_t i = 0; i < count; i++)
        unlink_segment(journal, starts[i]);
    free(starts);
}
