#include "common/logtimes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/joblog.h"

#define BATCH 256u /* entries read at once */

void logtimes_init(struct logtimes *times, int dir_fd)
{
    *times = (struct logtimes){.dir_fd = dir_fd};
}

void logtimes_finish(struct logtimes *times)
{
    free(times->entries);
    *times = (struct logtimes){.dir_fd = -1};
}

static int add(struct logtimes *times, uint64_t offset, uint64_t time_ns)
{
    if (times->count == times->room) {
        size_t room = times->room ? times->room * 2 : BATCH;
        void *more = realloc(times->entries, room * sizeof(*times->entries));
        if (!more)
            return -ENOMEM;
        times->entries = more;
        times->room = room;
    }
    times->entries[times->count++] = (struct logtimes_entry){
        .offset = offset, .time_ns = time_ns, .rows = times->rows, .cols = times->cols};
    return 0;
}

static int take_stamp(struct logtimes *times, const struct joblog_stamp *stamp)
{
    const uint32_t most = (1u << JOBLOG_SIZE_BITS) - 1;
    if (stamp->time_ns == 0) {
        times->rows = (uint32_t)(stamp->offset >> JOBLOG_SIZE_BITS) & most;
        times->cols = (uint32_t)stamp->offset & most;
        return 0;
    }
    /* Offsets rise; what does not is damage. */
    if (stamp->offset < times->segment ||
        (times->count > 0 && stamp->offset < times->entries[times->count - 1].offset))
        return 0;
    return add(times, stamp->offset, stamp->time_ns);
}

/* The rest of the index of times->segment. An entry that is being written waits. */
static int read_index(struct logtimes *times)
{
    char name[JOBLOG_NAME_SIZE];
    struct joblog_stamp stamps[BATCH];
    joblog_index_name(name, times->segment);
    _cleanup_fd_ int fd =
        openat(times->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE ? -errno : 0;
    for (;;) {
        ssize_t n = pread(fd, stamps, sizeof(stamps), (off_t)times->read);
        if (n < (ssize_t)sizeof(stamps[0]))
            return 0;
        size_t count = (size_t)n / sizeof(stamps[0]);
        for (size_t i = 0; i < count; i++) {
            int r = take_stamp(times, &stamps[i]);
            if (r < 0)
                return r;
        }
        times->read += count * sizeof(stamps[0]);
    }
}

/* All before the one for that offset, if they are many: else it is not worth the move. */
static void forget(struct logtimes *times, uint64_t from)
{
    size_t gone = 0;
    while (gone + 1 < times->count && times->entries[gone + 1].offset <= from)
        gone++;
    if (gone < BATCH || gone < times->count / 2)
        return;
    times->count -= gone;
    memmove(times->entries, times->entries + gone, times->count * sizeof(*times->entries));
}

int logtimes_read(struct logtimes *times, uint64_t from)
{
    uint64_t *starts = NULL;
    forget(times, from);
    ssize_t count = joblog_segments(times->dir_fd, &starts);
    if (count < 0)
        return (int)count;
    int r = 0;
    for (ssize_t i = 0; r == 0 && i < count; i++) {
        if (starts[i] < times->segment)
            continue;
        if (starts[i] > times->segment)
            times->read = 0;
        times->segment = starts[i];
        r = read_index(times);
    }
    free(starts);
    return r;
}

const struct logtimes_entry *logtimes_at(const struct logtimes *times, uint64_t offset,
                                         uint64_t *ret_end)
{
    size_t low = 0, high = times->count; /* entries before low begin at or before the offset */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (times->entries[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_end = low < times->count ? times->entries[low].offset : UINT64_MAX;
    return low > 0 ? &times->entries[low - 1] : NULL;
}

uint64_t logtimes_find(const struct logtimes *times, uint64_t time_ns)
{
    /* One after the other: a clock that was set back makes them no sorted list. */
    for (size_t i = 0; i < times->count; i++)
        if (times->entries[i].time_ns >= time_ns)
            return times->entries[i].offset;
    return UINT64_MAX;
}
