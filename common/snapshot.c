#include "common/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/joblog.h"
#include "common/logtimes.h"
#include "common/newlines.h"
#include "common/terminal/replay.h"
#include "common/terminal/screen_paint.h"

#define PIECE       (64u << 10)
#define BYTES_CHEAP (512u << 10) /* of output: some 5 ms */
#define CELLS_MAX   (2u << 20)   /* in lines that have scrolled off: at 32 bytes a cell */

/* Reads output from the log, calling back for each piece. */
typedef int (*take_fn)(void *user, const uint8_t *data, size_t len);

static int read_range(struct joblog *log, uint64_t from, uint64_t to, take_fn take, void *user)
{
    uint8_t *buf = malloc(PIECE);
    int r = buf ? 0 : -ENOMEM;
    joblog_seek(log, from);
    while (r == 0 && log->offset < to) {
        uint64_t skipped, left = to - log->offset;
        ssize_t n = joblog_read(log, buf, left < PIECE ? (size_t)left : PIECE, &skipped);
        if (n <= 0) {
            /* What was never written (disk full) is missing; the rest shows what it shows. */
            r = (int)n;
            break;
        }
        uint64_t begin = log->offset - (uint64_t)n;
        if (begin >= to)
            break;
        r = take(user, buf, log->offset > to ? (size_t)(to - begin) : (size_t)n);
    }
    free(buf);
    return r;
}

/* Making a screen */

struct making {
    const struct snapshot *snapshot;
    struct joblog log;
    struct screen *screen;
    uint64_t until; /* the terminal's size changes there */
};

static int feed(void *user, const uint8_t *data, size_t len)
{
    screen_feed(user, data, len);
    return 0;
}

/* The screen gets the size that the terminal had at offset. */
static void set_size(struct making *making, uint64_t offset)
{
    unsigned rows, cols;
    tracker_size_at(making->snapshot->tracker, offset, &rows, &cols, &making->until);
    screen_resize(making->screen, rows, cols);
}

/* The next change of the size: it may come back to what it was, without any output in between. */
static void change_size(struct making *making, uint64_t offset)
{
    set_size(making, offset);
    screen_forget_margins(making->screen);
}

static int play_range(struct making *making, const struct tracker_range *range)
{
    uint64_t no_cr_until = tracker_no_cr_until(making->snapshot->tracker);
    screen_feed(making->screen, range->before.data, range->before.len);
    for (uint64_t from = range->from; from < range->to;) {
        if (from >= making->until)
            change_size(making, from);
        uint64_t to = range->to < making->until ? range->to : making->until;
        screen_set_no_cr(making->screen, from < no_cr_until);
        if (from < no_cr_until && no_cr_until < to)
            to = no_cr_until;
        int r = read_range(&making->log, from, to, feed, making->screen);
        if (r < 0)
            return r;
        from = to;
    }
    return 0;
}

static int play(struct making *making, const struct tracker_plan *plan)
{
    uint64_t end = tracker_offset(making->snapshot->tracker);
    int r = 0;
    screen_feed(making->screen, plan->before.data, plan->before.len);
    /* What it pushed out of the way was nothing. */
    screen_clear_history(making->screen);
    for (size_t i = 0; r == 0 && i < plan->count; i++)
        r = play_range(making, &plan->ranges[i]);
    while (making->until <= end)
        change_size(making, making->until);
    screen_feed(making->screen, plan->after.data, plan->after.len);
    return r;
}

/*
 * No place is known from which on the log tells all: then all that it has is shown, on a blank
 * screen with the state as it is now.
 */
static int play_all(struct making *making, const struct tracker_plan *plan)
{
    struct tracker_range all = {.from = making->snapshot->first,
                                .to = tracker_offset(making->snapshot->tracker)};
    screen_feed(making->screen, plan->before.data, plan->before.len);
    screen_clear_history(making->screen);
    return play_range(making, &all);
}

/* The plan covers no more than what is unfinished at the end. */
static bool is_blind(const struct snapshot *snapshot, const struct tracker_plan *plan)
{
    return plan->count == 0 || plan->ranges[0].from >= tracker_unfinished(snapshot->tracker);
}

static int make(struct making *making, const struct tracker_plan *plan, bool whole)
{
    const struct tracker *tracker = making->snapshot->tracker;
    bool blind = !whole && is_blind(making->snapshot, plan);
    uint64_t start = plan->count > 0 ? plan->ranges[0].from : tracker_offset(tracker);
    unsigned rows, cols;
    tracker_size_at(tracker, blind ? making->snapshot->first : start, &rows, &cols, &making->until);
    unsigned most = CELLS_MAX / cols, history = making->snapshot->history;
    making->screen = screen_create(rows, cols, history < most ? history : most);
    if (!making->screen)
        return -ENOMEM;
    joblog_init(&making->log, making->snapshot->dir_fd, 0);
    int r = blind ? play_all(making, plan) : play(making, plan);
    joblog_finish(&making->log);
    return r;
}

/* Where to begin: with the lines wanted if they are had cheaply, or else with the screen. */
static int find_start(const struct snapshot *snapshot, struct tracker_plan *ret)
{
    int r = tracker_plan(snapshot->tracker, snapshot->first, BYTES_CHEAP, snapshot->history, ret);
    if (r != -E2BIG)
        return r;
    tracker_plan_finish(ret);
    return tracker_plan(snapshot->tracker, snapshot->first, 0, 0, ret);
}

struct screen *snapshot_make(const struct snapshot *snapshot, bool *ret_whole, int *ret_error)
{
    struct making making = {.snapshot = snapshot};
    struct tracker_plan plan;
    int r = find_start(snapshot, &plan);
    *ret_whole = r == 0;
    if (r == 0 || r == -E2BIG)
        r = make(&making, &plan, *ret_whole);
    tracker_plan_finish(&plan);
    if (r < 0) {
        screen_destroy(making.screen);
        making.screen = NULL;
        *ret_error = r;
    }
    return making.screen;
}

int snapshot_continue(const struct snapshot *snapshot, struct screen *screen, uint64_t from)
{
    struct making making = {.snapshot = snapshot, .screen = screen};
    struct tracker_range rest = {.from = from, .to = tracker_offset(snapshot->tracker)};
    joblog_init(&making.log, snapshot->dir_fd, from);
    /* As of the byte before: a change right there may be later than the screen. */
    set_size(&making, from > 0 ? from - 1 : 0);
    if (making.until == from)
        change_size(&making, from);
    int r = play_range(&making, &rest);
    while (r == 0 && making.until <= rest.to)
        change_size(&making, making.until);
    joblog_finish(&making.log);
    return r;
}

/* Painting */

struct filtering {
    struct replay *replay;
    struct bytes *out;
};

static int filter(void *user, const uint8_t *data, size_t len)
{
    const struct filtering *filtering = user;
    return replay_feed(filtering->replay, data, len, filtering->out);
}

static int append_unfinished(const struct snapshot *snapshot, struct bytes *out)
{
    uint64_t from = tracker_unfinished(snapshot->tracker), to = tracker_offset(snapshot->tracker);
    if (from == to || from < snapshot->first)
        return 0;
    struct filtering filtering = {.replay = replay_create(), .out = out};
    struct joblog log;
    if (!filtering.replay)
        return -ENOMEM;
    joblog_init(&log, snapshot->dir_fd, from);
    size_t len = out->len;
    int r = read_range(&log, from, to, filter, &filtering);
    joblog_finish(&log);
    if (r == 0)
        r = replay_end(filtering.replay, out);
    if (r == 0 && from < tracker_no_cr_until(snapshot->tracker))
        r = newlines_return(out, len);
    replay_destroy(filtering.replay);
    return r;
}

int snapshot_paint(const struct snapshot *snapshot, unsigned rows, unsigned cols, struct bytes *out,
                   bool *ret_whole)
{
    size_t len = out->len;
    int r = 0;
    struct screen *screen = snapshot_make(snapshot, ret_whole, &r);
    if (!screen)
        return r;
    struct screen_paint how = {
        .rows = rows, .cols = cols, .history = snapshot->history, .tracker = snapshot->tracker};
    r = screen_paint(screen, &how, out);
    screen_destroy(screen);
    if (r == 0)
        r = append_unfinished(snapshot, out);
    if (r < 0)
        out->len = len;
    return r;
}

/* Tracking */

static int track(void *user, const uint8_t *data, size_t len)
{
    tracker_feed(user, data, len);
    return 0;
}

/* The size of the terminal at offset, if the indexes tell, and how far it had that. */
static uint64_t size_at(const struct logtimes *times, uint64_t offset, unsigned *rows,
                        unsigned *cols)
{
    uint64_t end;
    const struct logtimes_entry *entry = logtimes_at(times, offset, &end), *next = entry;
    while (entry && end < UINT64_MAX && next->rows == entry->rows && next->cols == entry->cols) {
        offset = end;
        next = logtimes_at(times, offset, &end);
    }
    if (entry && entry->rows > 0 && entry->cols > 0) {
        *rows = entry->rows;
        *cols = entry->cols;
    }
    return next == entry || (next->rows == entry->rows && next->cols == entry->cols) ? end : offset;
}

static int track_all(struct tracker *tracker, struct joblog *log, const struct logtimes *times,
                     uint64_t first, uint64_t next)
{
    for (uint64_t from = first; from < next;) {
        unsigned rows = 0, cols = 0;
        uint64_t until = size_at(times, from, &rows, &cols);
        if (rows > 0)
            tracker_resize(tracker, rows, cols);
        until = until < next ? until : next;
        int r = read_range(log, from, until, track, tracker);
        if (r < 0)
            return r;
        from = until;
    }
    return 0;
}

struct tracker *snapshot_track(int dir_fd, uint64_t first, uint64_t next, unsigned rows,
                               unsigned cols, uint64_t no_cr_until, int *ret_error)
{
    struct logtimes times;
    struct joblog log;
    logtimes_init(&times, dir_fd);
    /* Without them all of it counts as of one size. */
    logtimes_read(&times, first);
    unsigned first_rows = rows, first_cols = cols;
    size_at(&times, first, &first_rows, &first_cols);
    struct tracker *tracker = tracker_create(first_rows, first_cols);
    int r = tracker ? 0 : -ENOMEM;
    joblog_init(&log, dir_fd, first);
    if (r == 0) {
        tracker_set_no_cr(tracker, no_cr_until);
        tracker_gap(tracker, first);
        r = track_all(tracker, &log, &times, first, next);
    }
    joblog_finish(&log);
    logtimes_finish(&times);
    if (r < 0) {
        tracker_destroy(tracker);
        *ret_error = r;
        return NULL;
    }
    return tracker;
}
