#include "common/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/joblog.h"
#include "common/keyframe.h"
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

/* Where to begin */

/* What a screen is made from: a plan alone, or a keyframe and what has come since. */
struct source {
    struct tracker_plan plan;
    struct keyframe keyframe;
    bool has_keyframe;
    bool whole; /* it will be exact */
};

static void finish_source(struct source *source)
{
    tracker_plan_finish(&source->plan);
    keyframe_finish(&source->keyframe);
    *source = (struct source){0};
}

/* A keyframe, and what has come since. 0 or -errno. */
static int begin_with_keyframe(const struct snapshot *snapshot, uint64_t until, bool older,
                               struct source *ret)
{
    *ret = (struct source){0};
    int r = keyframe_read(snapshot->dir_fd, older, &ret->keyframe);
    if (r < 0)
        return r;
    ret->has_keyframe = true;
    ret->whole = ret->keyframe.whole;
    bool usable = ret->keyframe.offset >= snapshot->first && ret->keyframe.offset <= until;
    r = usable ? tracker_plan_rest(snapshot->tracker, ret->keyframe.offset, until, &ret->plan)
               : -ENOENT;
    if (r < 0)
        finish_source(ret);
    return r;
}

/* The newest keyframe; the one before if lines that have scrolled off are wanted, and it is not
 * much more to go through. */
static int begin_with_best_keyframe(const struct snapshot *snapshot, uint64_t until,
                                    struct source *ret)
{
    struct source older;
    int r = begin_with_keyframe(snapshot, until, false, ret);
    if (r < 0 || snapshot->history == 0 || begin_with_keyframe(snapshot, until, true, &older) < 0)
        return r;
    bool better = older.whole == ret->whole && tracker_plan_bytes(&older.plan) <= 2 * BYTES_CHEAP;
    finish_source(better ? ret : &older);
    if (better)
        *ret = older;
    return 0;
}

/* With the lines wanted, if that is cheap. */
static int begin_with_plan(const struct snapshot *snapshot, uint64_t limit, struct source *ret)
{
    *ret = (struct source){0};
    int r = tracker_plan(snapshot->tracker, snapshot->first, limit, snapshot->history, &ret->plan);
    ret->whole = r == 0;
    return r;
}

/* With the screen, whatever it takes: what is exact, and then what is less to go through. 0 or
 * -ENOMEM. */
static int begin_until(const struct snapshot *snapshot, uint64_t until, struct source *ret)
{
    struct source kept;
    *ret = (struct source){0};
    int r = tracker_plan_until(snapshot->tracker, snapshot->first, until, &ret->plan);
    if (r < 0 && r != -E2BIG)
        return r;
    ret->whole = r == 0;
    if (begin_with_best_keyframe(snapshot, until, &kept) < 0)
        return 0;
    bool better = kept.whole != ret->whole
                      ? kept.whole
                      : tracker_plan_bytes(&kept.plan) < tracker_plan_bytes(&ret->plan);
    finish_source(better ? ret : &kept);
    if (better)
        *ret = kept;
    return 0;
}

/* Making a screen */

struct making {
    const struct snapshot *snapshot;
    struct joblog log;
    struct screen *screen;
    uint64_t until; /* the terminal's size changes there */
    uint64_t end;   /* the screen is wanted as it was there */
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

/* What is wanted is what has been there before all that. */
static void show_start(struct making *making, const struct bytes *paint)
{
    screen_feed(making->screen, paint->data, paint->len);
    /* What it pushed out of the way was nothing. */
    screen_clear_history(making->screen);
}

static int play(struct making *making, const struct source *source)
{
    const struct tracker_plan *plan = &source->plan;
    int r = 0;
    show_start(making, source->has_keyframe ? &source->keyframe.paint : &plan->before);
    if (source->has_keyframe)
        set_size(making, source->keyframe.offset);
    for (size_t i = 0; r == 0 && i < plan->count; i++)
        r = play_range(making, &plan->ranges[i]);
    while (making->until <= making->end)
        change_size(making, making->until);
    screen_feed(making->screen, plan->after.data, plan->after.len);
    return r;
}

/*
 * No place is known from which on the log tells all: then all that it has is shown, on a blank
 * screen with the state as it is now.
 */
static int play_all(struct making *making, const struct source *source)
{
    struct tracker_range all = {.from = making->snapshot->first, .to = making->end};
    show_start(making, &source->plan.before);
    return play_range(making, &all);
}

/* The plan covers no more than what is unfinished at the end. */
static bool is_blind(const struct snapshot *snapshot, const struct source *source)
{
    const struct tracker_plan *plan = &source->plan;
    return !source->whole && !source->has_keyframe &&
           (plan->count == 0 || plan->ranges[0].from >= tracker_unfinished(snapshot->tracker));
}

/* Creates the screen, of the size that the terminal had where it all begins. */
static bool create_screen(struct making *making, const struct source *source, bool blind)
{
    const struct snapshot *snapshot = making->snapshot;
    const struct tracker_plan *plan = &source->plan;
    unsigned rows, cols;
    uint64_t start = blind             ? snapshot->first
                     : plan->count > 0 ? plan->ranges[0].from
                                       : tracker_offset(snapshot->tracker);
    tracker_size_at(snapshot->tracker, start, &rows, &cols, &making->until);
    if (source->has_keyframe) {
        rows = source->keyframe.rows;
        cols = source->keyframe.cols;
    }
    unsigned most = CELLS_MAX / cols, history = snapshot->history;
    making->screen = screen_create(rows, cols, history < most ? history : most);
    return making->screen != NULL;
}

/* The screen at offset end, with all that the source says. NULL with *ret_error. */
static struct screen *make(const struct snapshot *snapshot, uint64_t end,
                           const struct source *source, int *ret_error)
{
    struct making making = {.snapshot = snapshot, .end = end};
    bool blind = is_blind(snapshot, source);
    if (!create_screen(&making, source, blind)) {
        *ret_error = -ENOMEM;
        return NULL;
    }
    joblog_init(&making.log, snapshot->dir_fd, 0);
    int r = blind ? play_all(&making, source) : play(&making, source);
    joblog_finish(&making.log);
    if (r < 0) {
        screen_destroy(making.screen);
        making.screen = NULL;
        *ret_error = r;
    }
    return making.screen;
}

struct screen *snapshot_make(const struct snapshot *snapshot, bool *ret_whole, int *ret_error)
{
    struct source source;
    uint64_t end = tracker_offset(snapshot->tracker);
    int r = begin_with_plan(snapshot, BYTES_CHEAP, &source);
    if (r == -E2BIG) {
        finish_source(&source);
        r = begin_until(snapshot, end, &source);
    }
    *ret_error = r;
    *ret_whole = r == 0 && source.whole;
    struct screen *screen = r == 0 ? make(snapshot, end, &source, ret_error) : NULL;
    finish_source(&source);
    return screen;
}

int snapshot_continue(const struct snapshot *snapshot, struct screen *screen, uint64_t from)
{
    struct making making = {
        .snapshot = snapshot, .screen = screen, .end = tracker_offset(snapshot->tracker)};
    struct tracker_range rest = {.from = from, .to = making.end};
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

/* Keeping a screen */

/* Whether a snapshot without another one would have too much to go through. */
static bool is_keyframe_due(const struct snapshot_keeping *keeping)
{
    struct source source;
    uint64_t now = tracker_offset(keeping->tracker);
    uint64_t oldest = now > keeping->reach ? now - keeping->reach : 0;
    struct snapshot recent = {.tracker = keeping->tracker,
                              .dir_fd = keeping->dir_fd,
                              .first = keeping->first > oldest ? keeping->first : oldest};
    bool far = begin_with_plan(&recent, keeping->most, &source) == -E2BIG;
    finish_source(&source);
    if (!far)
        return false;
    if (begin_with_keyframe(&recent, now, false, &source) < 0)
        return true;
    far = tracker_plan_bytes(&source.plan) > keeping->most;
    finish_source(&source);
    return far;
}

static int write_keyframe(int dir_fd, struct screen *screen, uint64_t offset, bool whole)
{
    struct keyframe keyframe = {
        .offset = offset, .rows = screen_rows(screen), .cols = screen_cols(screen), .whole = whole};
    struct screen_paint how = {0};
    int r = screen_is_paintable(screen) ? screen_paint(screen, &how, &keyframe.paint) : -EBUSY;
    if (r == 0)
        r = keyframe_write(dir_fd, &keyframe);
    keyframe_finish(&keyframe);
    return r;
}

int snapshot_keep(const struct snapshot_keeping *keeping)
{
    struct snapshot snapshot = {
        .tracker = keeping->tracker, .dir_fd = keeping->dir_fd, .first = keeping->first};
    struct source source;
    uint64_t offset;
    if (!is_keyframe_due(keeping))
        return 0;
    int r = tracker_hold(keeping->tracker, &offset);
    if (r == 0)
        r = begin_until(&snapshot, offset, &source);
    if (r < 0)
        return r;
    struct screen *screen = make(&snapshot, offset, &source, &r);
    if (screen)
        r = write_keyframe(keeping->dir_fd, screen, offset, source.whole);
    finish_source(&source);
    screen_destroy(screen);
    return r < 0 ? r : 1;
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

/* A tracker that is at the first byte of the log: or, if there has been more and a keyframe tells
 * what it had come to, at that. NULL = no memory. */
static struct tracker *begin_tracking(int dir_fd, uint64_t first, uint64_t next, unsigned rows,
                                      unsigned cols)
{
    struct keyframe keyframe;
    for (int older = 1; first > 0 && older >= 0; older--) {
        if (keyframe_read(dir_fd, older, &keyframe) < 0)
            continue;
        bool usable = keyframe.offset >= first && keyframe.offset <= next;
        struct tracker *tracker = usable ? tracker_create(keyframe.rows, keyframe.cols) : NULL;
        if (tracker) {
            tracker_feed(tracker, keyframe.paint.data, keyframe.paint.len);
            tracker_begin_at(tracker, keyframe.offset);
        }
        keyframe_finish(&keyframe);
        if (usable)
            return tracker;
    }
    struct tracker *tracker = tracker_create(rows, cols);
    if (tracker)
        tracker_gap(tracker, first);
    return tracker;
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
    struct tracker *tracker = begin_tracking(dir_fd, first, next, first_rows, first_cols);
    int r = tracker ? 0 : -ENOMEM;
    joblog_init(&log, dir_fd, first);
    if (r == 0) {
        tracker_set_no_cr(tracker, no_cr_until);
        r = track_all(tracker, &log, &times, tracker_offset(tracker), next);
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
