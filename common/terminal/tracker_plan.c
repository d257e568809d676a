/*
 * Which bytes of the log bring a screen back. All rows stem from bytes after some offset: the
 * newest checkpoint before it on the normal screen is where a replay has to begin (the safe point).
 * From there on stretches may be left out: finished visits to the alternate screen, what has been
 * overwritten without moving a row, and of the visit that goes on what was there before its own
 * safe point. Where one is left out, the states at its two ends tell the difference.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/terminal/tracker_internal.h"
#include "common/terminal/transition.h"
#include "common/terminal/writer.h"

enum { NOWHERE = CHECKPOINTS_MAX + 1, CLUSTER_MAX = 1024, HOLD_REACH = 16384 };

struct planning {
    const struct tracker *tracker;
    const struct checkpoint *item; /* count of them */
    unsigned count;
    uint64_t until;            /* where all of it ends */
    uint64_t end;              /* of what comes before everything is told: see end_of() */
    const struct state *state; /* at until */
    unsigned start;            /* where the replay begins */
    unsigned safe;             /* the safe point on the normal screen, NOWHERE if there is none */
    bool skip[CHECKPOINTS_MAX + 1]; /* leave out the stretch after that checkpoint */
};

static uint64_t stretch_end(const struct planning *p, unsigned i)
{
    return i + 1 < p->count ? p->item[i + 1].offset : p->end;
}

/* The newest exact checkpoint of those from first on that is not after offset, on one screen. */
static unsigned newest_before(const struct planning *p, unsigned first, unsigned end,
                              uint64_t offset)
{
    unsigned found = NOWHERE;
    for (unsigned i = first; i < end && p->item[i].offset <= offset; i++) {
        if (!p->item[i].coarse)
            found = i;
    }
    return found;
}

static void find_safe_points(struct planning *p)
{
    const struct canvas *canvas = &p->tracker->canvas;
    unsigned entrance = p->count;
    for (unsigned i = 0; i < p->count; i++) {
        if (p->item[i].enters)
            entrance = i;
    }
    unsigned end = entrance < p->count ? entrance + 1 : p->count;
    while (end > 0 && p->item[end - 1].alternate)
        end--;
    p->safe = newest_before(p, 0, end, rows_oldest(&canvas->screen[SCREEN_NORMAL]));
    checkpoints_find_dead(&p->tracker->checkpoints, canvas, p->skip);
    for (unsigned i = 0; i < p->count; i++)
        p->skip[i] &= i + 1 < p->count && !p->item[i].coarse && !p->item[i + 1].coarse;
    if (!canvas->state.alternate || entrance == p->count)
        return;
    unsigned visit =
        newest_before(p, entrance, p->count, rows_oldest(&canvas->screen[SCREEN_ALTERNATE]));
    for (unsigned i = entrance; visit != NOWHERE && i < visit; i++)
        p->skip[i] = true;
}

static uint64_t bytes_from(const struct planning *p, unsigned start)
{
    uint64_t bytes = p->until - p->end;
    for (unsigned i = start; i < p->count; i++)
        bytes += p->skip[i] ? 0 : stretch_end(p, i) - p->item[i].offset;
    return bytes;
}

static bool fits(const struct planning *p, unsigned start, uint64_t first, uint64_t limit)
{
    return p->item[start].offset >= first && (limit == 0 || bytes_from(p, start) <= limit);
}

/* Goes back from the safe point as far as the lines before it are wanted, and there. */
static void add_history(struct planning *p, uint64_t first, uint64_t limit, unsigned lines)
{
    p->start = p->safe;
    while (p->start > 0 && p->item[p->safe].lines - p->item[p->start].lines < lines &&
           p->item[p->start - 1].offset >= p->tracker->history && !p->item[p->start - 1].coarse &&
           fits(p, p->start - 1, first, limit))
        p->start--;
}

/* Chooses where to begin. 0, or -E2BIG for a point from which not everything comes back. */
static int choose_start(struct planning *p, uint64_t first, uint64_t limit, unsigned lines)
{
    if (p->safe != NOWHERE && fits(p, p->safe, first, limit)) {
        add_history(p, first, limit, lines);
        return 0;
    }
    p->safe = NOWHERE;
    p->start = 0;
    while (p->start < p->count && !fits(p, p->start, first, limit))
        p->start++;
    return -E2BIG;
}

static struct station station_at(const struct checkpoint *checkpoint)
{
    return (struct station){checkpoint_state(checkpoint), checkpoint->cursor};
}

/* The transition to what is at offset, for a terminal of the size that it had then: one that is
 * smaller now stops the cursor at its edge by itself. */
static void bring(const struct planning *p, const struct station *from, const struct station *to,
                  uint64_t offset, bool place, struct writer *writer)
{
    unsigned rows, cols;
    uint64_t until;
    tracker_size_at(p->tracker, offset, &rows, &cols, &until);
    transition_write(from, to, rows, cols, place, writer);
}

static bool scrolls_off(const struct planning *p, uint64_t lines_then, uint64_t lines_now)
{
    return lines_now - lines_then >= p->tracker->canvas.rows;
}

/*
 * Whether the replay may begin in whatever row the cursor is: what it writes first will be scrolled
 * off before the safe point, or nothing of the job's output ever depended on a row.
 */
static bool begins_anywhere(const struct planning *p)
{
    const struct checkpoint *start = &p->item[p->start];
    if (p->safe == NOWHERE || start->alternate)
        return false;
    if (start->offset == 0 && !p->tracker->canvas.absolute)
        return true;
    return p->start < p->safe && scrolls_off(p, start->lines, p->item[p->safe].lines);
}

/* Moves what the terminal shows into its scrollback, from the cursor's row up, and clears the rest.
 */
static void push_screen(const struct planning *p, struct writer *writer)
{
    writer_text(writer, "\r");
    for (unsigned i = 1; i < p->tracker->canvas.rows; i++)
        writer_text(writer, "\n");
    writer_text(writer, "\033[H\033[J");
}

/* All before the first range. The title is pushed so that the undo can bring it back. */
static void write_before(const struct planning *p, struct writer *writer)
{
    const struct canvas *canvas = &p->tracker->canvas;
    struct state fresh;
    state_init(&fresh);
    struct station from = {.state = &fresh},
                   to = {.state = &canvas->state, .cursor = canvas->cursor};
    bool place = true;
    writer_text(writer, "\033[?2026h\033[22;0t");
    if (p->start == p->count) {
        push_screen(p, writer);
        if (!cursor_is_exact(&to.cursor, canvas->cols))
            to.cursor = (struct cursor){.y_known = true};
    } else {
        to = station_at(&p->item[p->start]);
        place = !begins_anywhere(p);
        if (!place) {
            writer_text(writer, "\r");
            if (to.cursor.most > 0)
                writer_printf(writer, "\033[%uG", to.cursor.most + 1u);
            from.cursor = to.cursor;
        } else if (p->safe == NOWHERE || !scrolls_off(p, p->item[p->start].lines, canvas->lines)) {
            push_screen(p, writer);
        }
    }
    uint64_t offset = p->start < p->count ? p->item[p->start].offset : tracker_offset(p->tracker);
    bring(p, &from, &to, offset, place, writer);
}

static void write_after(const struct planning *p, struct writer *writer)
{
    const struct state *state = p->state;
    if (state->progress) {
        writer_text(writer, "\033]9;4;");
        writer_append(writer, state->progress->data, state->progress->len);
        writer_text(writer, "\033\\");
    }
    /* A reset within the replay may have ended it before. */
    writer_text(writer, state->synchronized ? "\033[?2026h" : "\033[?2026l");
}

static struct tracker_range *add_range(struct tracker_plan *plan, const struct titles *titles,
                                       uint64_t from, uint64_t to)
{
    struct tracker_range *range = &plan->ranges[plan->count++];
    *range = (struct tracker_range){.from = from,
                                    .to = to,
                                    .fresh = true,
                                    .icons = (uint8_t)titles_count(titles, TITLES_ICON),
                                    .titles = (uint8_t)titles_count(titles, TITLES_WINDOW)};
    return range;
}

/* The ranges, and in writer->out, which is the plan's after, what is left to tell when they have
 * been replayed. replaying: the last range that there is ends where the first one begins. */
static void add_ranges(const struct planning *p, struct tracker_plan *plan, bool replaying,
                       struct writer *writer)
{
    unsigned reached = p->start; /* the checkpoint that the terminal is at */
    for (unsigned i = p->start; i < p->count; i++) {
        if (p->skip[i] || p->item[i].offset == stretch_end(p, i)) {
            replaying = false;
            continue;
        }
        bool place = i == p->safe && p->start < p->safe;
        if (replaying && !place) {
            plan->ranges[plan->count - 1].to = stretch_end(p, i);
        } else {
            struct station from = station_at(&p->item[reached]), to = station_at(&p->item[i]);
            struct tracker_range *range =
                add_range(plan, &to.state->titles, p->item[i].offset, stretch_end(p, i));
            struct writer before = {.out = &range->before};
            if (i != p->start)
                bring(p, &from, &to, p->item[i].offset, place, &before);
            writer->error = writer->error ? writer->error : before.error;
        }
        replaying = true;
        reached = i + 1;
    }
    if (reached + 1 < p->count) {
        struct station from = station_at(&p->item[reached]),
                       to = station_at(&p->item[p->count - 1]);
        bring(p, &from, &to, p->item[p->count - 1].offset, false, writer);
    }
}

/* What comes last: the text or the unfinished sequence at the end, after all else has been told. */
static void add_end(const struct planning *p, struct tracker_plan *plan)
{
    if (p->end == p->until)
        return;
    add_range(plan, &p->state->titles, p->end, p->until)->before = plan->after;
    plan->after = (struct bytes){0};
}

static int write_plan(const struct planning *p, struct tracker_plan *plan)
{
    struct writer before = {.out = &plan->before}, after = {.out = &plan->after};
    write_before(p, &before);
    if (before.error < 0)
        return before.error;
    plan->ranges = calloc(p->count + 1, sizeof(plan->ranges[0]));
    if (!plan->ranges)
        return -ENOMEM;
    if (p->start < p->count) {
        add_ranges(p, plan, false, &after);
        plan->resized = p->item[p->start].offset < p->tracker->resized;
    }
    write_after(p, &after);
    add_end(p, plan);
    return after.error;
}

/*
 * The offset from which on the output has to be the last that the terminal gets: that of an
 * unfinished sequence, or of the text at the end, since what follows may be a mark that belongs to
 * its last character, or REP.
 */
static uint64_t end_of(const struct tracker *tracker)
{
    uint64_t end = parser_begin(&tracker->parser);
    const struct canvas *canvas = &tracker->canvas;
    return canvas->printed && end - canvas->cluster < CLUSTER_MAX ? canvas->cluster : end;
}

static struct planning begin_plan(const struct tracker *tracker, uint64_t until)
{
    struct planning p = {.tracker = tracker,
                         .item = tracker->checkpoints.item,
                         .count = tracker->checkpoints.count,
                         .until = until,
                         .end = end_of(tracker),
                         .state = &tracker->canvas.state};
    if (until < p.end)
        p.end = until;
    while (p.count > 0 && p.item[p.count - 1].offset > p.end)
        p.count--;
    if (until < tracker_offset(tracker) && p.count > 0 && p.item[p.count - 1].offset == until)
        p.state = checkpoint_state(&p.item[p.count - 1]);
    find_safe_points(&p);
    return p;
}

static int write_plan_from(struct planning *p, uint64_t first, uint64_t limit,
                           unsigned history_lines, struct tracker_plan *ret)
{
    *ret = (struct tracker_plan){0};
    int exact = choose_start(p, first, limit, history_lines);
    int r = write_plan(p, ret);
    if (r < 0) {
        tracker_plan_finish(ret);
        return r;
    }
    return exact;
}

int tracker_plan(const struct tracker *tracker, uint64_t first, uint64_t limit,
                 unsigned history_lines, struct tracker_plan *ret)
{
    tracker_catch_up(tracker);
    struct planning p = begin_plan(tracker, tracker_offset(tracker));
    return write_plan_from(&p, first, limit, history_lines, ret);
}

int tracker_plan_until(const struct tracker *tracker, uint64_t first, uint64_t until,
                       struct tracker_plan *ret)
{
    tracker_catch_up(tracker);
    struct planning p = begin_plan(tracker, until);
    return write_plan_from(&p, first, 0, 0, ret);
}

int tracker_hold(struct tracker *tracker, uint64_t *ret_offset)
{
    tracker_settle(tracker);
    uint64_t end = end_of(tracker), since = end > HOLD_REACH ? end - HOLD_REACH : 0;
    const struct checkpoint *checkpoint = checkpoints_hold(&tracker->checkpoints, since);
    *ret_offset = checkpoint ? checkpoint->offset : end;
    bool complete = !tracker->canvas.printed || end == tracker->canvas.cluster;
    return checkpoint || complete ? 0 : -EAGAIN;
}

/* From there to the first checkpoint, and then what is not left out. */
static int write_rest(struct planning *p, uint64_t from, struct tracker_plan *plan)
{
    struct writer after = {.out = &plan->after};
    while (p->start < p->count && p->item[p->start].offset < from)
        p->start++;
    p->safe = NOWHERE;
    plan->ranges = calloc(p->count + 2, sizeof(plan->ranges[0]));
    if (!plan->ranges)
        return -ENOMEM;
    uint64_t to = p->start < p->count ? p->item[p->start].offset : p->end;
    if (from < to)
        add_range(plan, &p->state->titles, from, to);
    if (p->start < p->count)
        add_ranges(p, plan, from < to, &after);
    write_after(p, &after);
    add_end(p, plan);
    return after.error;
}

int tracker_plan_rest(const struct tracker *tracker, uint64_t from, uint64_t until,
                      struct tracker_plan *ret)
{
    tracker_catch_up(tracker);
    struct planning p = begin_plan(tracker, until);
    *ret = (struct tracker_plan){0};
    int r = write_rest(&p, from, ret);
    if (r < 0)
        tracker_plan_finish(ret);
    return r;
}

uint64_t tracker_plan_bytes(const struct tracker_plan *plan)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < plan->count; i++)
        sum += plan->ranges[i].to - plan->ranges[i].from;
    return sum;
}

void tracker_plan_finish(struct tracker_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        bytes_finish(&plan->ranges[i].before);
    free(plan->ranges);
    bytes_finish(&plan->before);
    bytes_finish(&plan->after);
    *plan = (struct tracker_plan){0};
}
