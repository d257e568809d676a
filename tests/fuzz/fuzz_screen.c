/*
 * Output of a job on a screen. The first bytes choose the screen's size and how the rest is cut
 * into feeds; the rest is the output. Whatever it is:
 * - the cuts make no difference;
 * - lazy = eager: what a plan replays, with and without the filter, gives the screen that all of
 *   the output gives;
 * - what is painted gives the same screen and state again;
 * - so does what was painted somewhere on the way, and then fed what a plan says of the rest.
 */
#include "common/terminal/replay.h"
#include "common/terminal/screen_paint.h"
#include "common/terminal/tracker_internal.h"
#include "common/terminal/transition.h"
#include "tests/fuzz/output.h"
#include "tests/harness/screens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY = 50, HOLDS = 2 };

static void must_equal(struct screen *a, struct screen *b, const char *what)
{
    char text[200] = "";
    if (!screens_equal(a, b, text, sizeof(text))) {
        fprintf(stderr, "%s: %s\n", what, text);
        abort();
    }
}

static struct screen *create(const struct output *input)
{
    struct screen *screen = screen_create(input->rows, input->cols, HISTORY);
    must(screen);
    return screen;
}

static void feed(struct screen *screen, const struct output *input, size_t at, size_t len)
{
    size_t until = (size_t)input->no_cr_until, first = at >= until ? 0 : until - at;
    first = first < len ? first : len;
    screen_set_no_cr(screen, true);
    screen_feed(screen, input->data + at, first);
    screen_set_no_cr(screen, false);
    screen_feed(screen, input->data + at + first, len - first);
}

static struct screen *show(const struct output *input, bool cut)
{
    struct screen *screen = create(input);
    uint32_t seed = input->cuts;
    for (size_t at = 0; at < input->len;) {
        size_t len = cut ? output_cut(&seed, input->len - at) : input->len - at;
        feed(screen, input, at, len);
        at += len;
    }
    must(screen_x(screen) <= input->cols && screen_y(screen) < input->rows);
    return screen;
}

/* Offsets that the tracker has told on the way, for keyframes. */
struct holds {
    uint64_t offset[HOLDS];
    unsigned count;
};

static struct tracker *track(const struct output *input, struct holds *holds)
{
    struct tracker *tracker = tracker_create(input->rows, input->cols);
    must(tracker);
    tracker_set_no_cr(tracker, input->no_cr_until);
    uint32_t seed = input->cuts;
    for (size_t at = 0; at < input->len;) {
        size_t len = output_cut(&seed, input->len - at);
        tracker_feed(tracker, input->data + at, len);
        at += len;
        if (seed >> 20 & 1 && tracker_hold(tracker, &holds->offset[holds->count % HOLDS]) == 0)
            holds->count++;
    }
    return tracker;
}

/* Feeds a screen what a terminal gets from a plan. */
static void play(const struct tracker_plan *plan, const struct output *input, bool filter,
                 struct screen *screen)
{
    struct replay *replay = replay_create();
    struct bytes out = {0}, raw = {0};
    must(replay);
    screen_feed(screen, plan->before.data, plan->before.len);
    for (size_t i = 0; i < plan->count; i++) {
        const struct tracker_range *range = &plan->ranges[i];
        out.len = raw.len = 0;
        output_append(input, range->from, range->to, &raw);
        must(bytes_append(&out, range->before.data, range->before.len) == 0);
        must((filter ? replay_feed(replay, raw.data, raw.len, &out)
                     : bytes_append(&out, raw.data, raw.len)) == 0);
        screen_feed(screen, out.data, out.len);
    }
    out.len = 0;
    must(replay_end(replay, &out) == 0);
    screen_feed(screen, out.data, out.len);
    screen_feed(screen, plan->after.data, plan->after.len);
    replay_destroy(replay);
    bytes_finish(&raw);
    bytes_finish(&out);
}

static void check_lazy(const struct output *input, const struct tracker *tracker,
                       struct screen *eager, unsigned lines, bool filter)
{
    struct tracker_plan plan;
    int r = tracker_plan(tracker, 0, 0, lines, &plan);
    must(r == 0 || r == -E2BIG);
    if (r == 0) {
        struct screen *lazy = create(input);
        play(&plan, input, filter, lazy);
        must_equal(eager, lazy, filter ? "replayed" : "lazy");
        screen_destroy(lazy);
    }
    tracker_plan_finish(&plan);
}

/* A wrap that was pending when a cursor was saved cannot be told, nor DECOM for a place outside of
 * the margins. */
static void settle_saved(struct state *state, unsigned cols)
{
    for (int i = 0; i < 2; i++) {
        struct saved_cursor *saved = &state->screen[i].saved;
        const struct margins *margins = &state->screen[i].margins;
        struct cursor *cursor = &saved->cursor;
        if (margins->set && (cursor->y < margins->top || cursor->y > margins->bottom))
            saved->origin = false;
        if (cursor->most >= cols)
            cursor->least = cursor->most = (uint16_t)(cols - 1);
    }
}

static void check_paint(const struct output *input, struct screen *screen)
{
    struct screen_paint how = {.history = HISTORY};
    struct bytes out = {0};
    char text[200] = "";
    must(screen_paint(screen, &how, &out) == 0);
    struct screen *view = create(input);
    screen_feed(view, out.data, out.len);
    /* A wrap is only pending where it will come to pass. */
    if (!screen_state(screen)->autowrap) {
        screen_feed(screen, "\030\033\\\033[C", 6);
        screen_feed(view, "\033[C", 3);
    }
    must_equal(screen, view, "painted");
    output_must_be_same(screen_state(view), screen_state(screen), input->cols, settle_saved);
    unsigned lines = screen_history(screen);
    if (!screens_equal_history(screen, view, lines, text, sizeof(text))) {
        fprintf(stderr, "history: %s\n", text);
        abort();
    }
    screen_destroy(view);
    bytes_finish(&out);
}

/* A keyframe at offset: the screen, as a plan gives it, painted. NULL if that cannot be told. */
static struct screen *keep(const struct output *input, const struct tracker *tracker,
                           uint64_t offset)
{
    struct screen_paint how = {0};
    struct tracker_plan plan;
    struct bytes out = {0};
    struct screen *then = create(input), *view = NULL;
    int r = tracker_plan_until(tracker, 0, offset, &plan);
    must(r == 0 || r == -E2BIG);
    play(&plan, input, false, then);
    if (r == 0 && screen_is_paintable(then)) {
        view = create(input);
        must(screen_paint(then, &how, &out) == 0);
        screen_feed(view, out.data, out.len);
    }
    tracker_plan_finish(&plan);
    screen_destroy(then);
    bytes_finish(&out);
    return view;
}

/* From a keyframe on. */
static void check_rest(const struct output *input, const struct tracker *tracker,
                       struct screen *eager, uint64_t offset)
{
    struct tracker_plan plan;
    struct screen *view = keep(input, tracker, offset);
    if (!view)
        return;
    must(tracker_plan_rest(tracker, offset, input->len, &plan) == 0);
    must(tracker_plan_bytes(&plan) <= input->len - offset);
    play(&plan, input, false, view);
    must_equal(eager, view, "from a keyframe");
    output_must_be_same(screen_state(view), screen_state(eager), input->cols, settle_saved);
    tracker_plan_finish(&plan);
    screen_destroy(view);
}

/* Other sizes only must not break anything. */
static void check_sizes(const struct output *input, struct screen *screen)
{
    struct screen_paint how = {
        .rows = 1 + input->cuts % 40, .cols = 1 + input->cuts / 40 % 120, .history = 5};
    struct bytes out = {0};
    must(screen_paint(screen, &how, &out) == 0);
    must(screen_write_lines(screen, HISTORY, &out) == 0);
    screen_resize(screen, how.rows, how.cols);
    screen_feed(screen, input->data, input->len);
    must(screen_x(screen) <= how.cols && screen_y(screen) < how.rows);
    bytes_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct output input;
    if (!output_make(&input, data, size))
        return 0;
    struct screen *whole = show(&input, false), *cut = show(&input, true);
    must_equal(whole, cut, "cut");
    must(state_equal(screen_state(whole), screen_state(cut)));
    struct holds holds = {0};
    struct tracker *tracker = track(&input, &holds);
    check_lazy(&input, tracker, whole, 0, false);
    check_lazy(&input, tracker, whole, HISTORY, false);
    check_lazy(&input, tracker, whole, 0, true);
    for (unsigned i = 0; i < holds.count && i < HOLDS; i++)
        check_rest(&input, tracker, whole, holds.offset[i]);
    tracker_destroy(tracker);
    check_paint(&input, whole);
    check_sizes(&input, cut);
    screen_destroy(whole);
    screen_destroy(cut);
    return 0;
}
