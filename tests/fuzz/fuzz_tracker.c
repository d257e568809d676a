/*
 * Output of a job through the parser, the tracker and the replay filter. The first bytes choose the
 * screen's size and how the rest is cut into feeds; the rest is the output. Whatever it is:
 * - the cuts make no difference to the state, nor to what the filter lets through, nor to which
 *   questions there are;
 * - questions are in order, and their answers have an end;
 * - a plan's ranges are in order and inside of the log, and an exact one is within its limit;
 * - a terminal that gets a plan is in the tracked state afterwards, and after the undo in none.
 */
#include "common/terminal/answers.h"
#include "common/terminal/replay.h"
#include "common/terminal/tracker_internal.h"
#include "common/terminal/transition.h"
#include "tests/fuzz/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The questions that were there. */
struct asked {
    struct tracker *tracker;
    struct profile profile;
    uint64_t end;  /* of the last one */
    uint64_t hash; /* of all */
};

static void on_question(void *user, const struct question *question)
{
    struct asked *asked = user;
    struct bytes answer = {0};
    /* One may be inside of another, as ENQ in an escape sequence; the inner one ends first. */
    must(question->end > asked->end && question->end > question->begin);
    asked->end = question->end;
    asked->hash = (asked->hash ^ (question->begin << 8 | question->kind)) * UINT64_C(1099511628211);
    must(tracker_answer(asked->tracker, question, &asked->profile, &answer) == 0);
    must(answer.len <= ANSWER_MAX);
    /* No answer types a line: the program's output may be somebody else's. */
    must(answer.len == 0 ||
         (!memchr(answer.data, '\n', answer.len) && !memchr(answer.data, '\r', answer.len)));
    bytes_finish(&answer);
}

static struct tracker *track(const struct output *input, bool cut, uint64_t *ret_questions)
{
    struct tracker *tracker = tracker_create(input->rows, input->cols);
    must(tracker);
    struct asked asked = {.tracker = tracker};
    profile_init(&asked.profile);
    tracker_set_questions(tracker, on_question, &asked);
    tracker_set_no_cr(tracker, input->no_cr_until);
    uint32_t seed = input->cuts;
    for (size_t at = 0; at < input->len;) {
        size_t len = cut ? output_cut(&seed, input->len - at) : input->len - at;
        tracker_feed(tracker, input->data + at, len);
        at += len;
    }
    must(tracker_offset(tracker) == input->len);
    tracker_set_questions(tracker, NULL, NULL);
    *ret_questions = asked.hash;
    return tracker;
}

/* What is known of a cursor may be more or less, but no contradiction. */
static void must_overlap(const struct cursor *a, const struct cursor *b)
{
    must(a->least <= a->most && b->least <= b->most);
    must(a->least <= b->most && b->least <= a->most);
    must(!a->y_known || !b->y_known || a->y == b->y);
}

static void must_agree(const struct tracker *a, const struct tracker *b)
{
    const struct canvas *one = &a->canvas, *other = &b->canvas;
    must(one->cursor.most <= one->cols && one->cursor.y < one->rows);
    must_overlap(&one->cursor, &other->cursor);
    struct state state;
    state_init(&state);
    must(state_copy(&state, &one->state) == 0);
    for (int i = 0; i < 2; i++) {
        must_overlap(&one->state.screen[i].saved.cursor, &other->state.screen[i].saved.cursor);
        state.screen[i].saved.cursor = other->state.screen[i].saved.cursor;
        /* One may know where a stop was set, and the other not. */
        if ((one->unsure_screen[i] | other->unsure_screen[i]) & UNSURE_TABS)
            shared_replace(&state.screen[i].tabs, shared_ref(other->state.screen[i].tabs));
    }
    must(state_equal(&state, &other->state));
    state_finish(&state);
    must(parser_begin(&a->parser) == parser_begin(&b->parser));
}

/* Appends what a terminal gets from a plan. */
static void play(const struct tracker_plan *plan, const struct output *input, struct bytes *out)
{
    struct replay *replay = replay_create();
    struct bytes raw = {0};
    must(replay && bytes_append(out, plan->before.data, plan->before.len) == 0);
    for (size_t i = 0; i < plan->count; i++) {
        const struct tracker_range *range = &plan->ranges[i];
        must(bytes_append(out, range->before.data, range->before.len) == 0);
        replay_set_titles(replay, range->icons, range->titles);
        raw.len = 0;
        output_append(input, range->from, range->to, &raw);
        must(replay_feed(replay, raw.data, raw.len, out) == 0);
    }
    must(replay_end(replay, out) == 0);
    must(bytes_append(out, plan->after.data, plan->after.len) == 0);
    bytes_finish(&raw);
    replay_destroy(replay);
}

static void check_ranges(const struct tracker_plan *plan, const struct output *input,
                         uint64_t first, uint64_t limit)
{
    uint64_t at = first, sum = 0;
    for (size_t i = 0; i < plan->count; i++) {
        must(plan->ranges[i].from >= at && plan->ranges[i].to > plan->ranges[i].from);
        at = plan->ranges[i].to;
        sum += at - plan->ranges[i].from;
    }
    must(at <= input->len);
    must(limit == 0 || sum <= limit);
}

/* A wrap that was pending when a cursor was saved cannot be told. */
static void end_saved_wraps(struct state *state, unsigned cols)
{
    for (int i = 0; i < 2; i++) {
        struct cursor *cursor = &state->screen[i].saved.cursor;
        if (cursor->most >= cols)
            cursor->most = (uint16_t)(cols - 1);
        if (cursor->least >= cols)
            cursor->least = (uint16_t)(cols - 1);
    }
}

/* What no undo can or need bring back: where cursors were saved, the working directory, what XTSAVE
 * keeps. */
static void forget_the_harmless(struct state *state)
{
    for (int i = 0; i < 2; i++)
        saved_cursor_finish(&state->screen[i].saved);
    shared_replace(&state->directory, NULL);
    memset(state->modes.saved, 0, sizeof(state->modes.saved));
    state->modes.saved_count = 0;
    for (int i = 0; i < 2; i++)
        if (!state->screen[i].margins.sides_set)
            state->screen[i].margins = (struct margins){0};
    shared_replace(&state->screen[SCREEN_NORMAL].tabs, NULL);
    if (state->style == 1)
        state->style = 0;
}

static void check_undo(struct tracker *tracker)
{
    struct bytes out = {0};
    struct state fresh;
    /* A string whose ESC of ST is there already can only be ended, not cancelled. */
    bool in_string = parser_in_string(&tracker->parser);
    must(tracker_undo(tracker, &out) == 0);
    tracker_feed(tracker, out.data, out.len);
    const struct canvas *canvas = &tracker->canvas;
    must(!canvas->state.alternate && !parser_in_sequence(&tracker->parser));
    must(canvas->cursor.most == 0 || canvas->unsure);
    if (!in_string && canvas->unsure == 0 && canvas->unsure_screen[0] == 0 &&
        !modes_unsure(&canvas->state.modes)) {
        state_init(&fresh);
        forget_the_harmless(&tracker->canvas.state);
        output_must_be_same(&canvas->state, &fresh, canvas->cols, end_saved_wraps);
        state_finish(&fresh);
    }
    bytes_finish(&out);
}

static bool is_sure(const struct tracker *tracker)
{
    const struct canvas *canvas = &tracker->canvas;
    return canvas->unsure == 0 && canvas->unsure_screen[0] == 0 && canvas->unsure_screen[1] == 0 &&
           !canvas->single_shift && !modes_unsure(&canvas->state.modes);
}

/* A terminal gets the plan; another tracker sees what it then is. */
static void check_restore(const struct tracker *tracker, const struct tracker_plan *plan,
                          const struct output *input, bool exact)
{
    struct bytes out = {0};
    play(plan, input, &out);
    struct tracker *view = tracker_create(input->rows, input->cols);
    must(view);
    tracker_feed(view, out.data, out.len);
    const struct cursor *have = &view->canvas.cursor, *want = &tracker->canvas.cursor;
    if (exact && is_sure(tracker) && is_sure(view)) {
        output_must_be_same(&view->canvas.state, &tracker->canvas.state, input->cols,
                            end_saved_wraps);
        must_overlap(have, want);
    }
    check_undo(view);
    tracker_destroy(view);
    bytes_finish(&out);
}

static void check_plans(const struct tracker *tracker, const struct output *input)
{
    const struct {
        uint64_t first, limit;
        unsigned lines;
    } wanted[] = {{0, 0, 0}, {0, 0, 1000}, {0, 512, 5}, {input->len / 2, 0, 0}, {input->len, 1, 0}};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        struct tracker_plan plan;
        int r = tracker_plan(tracker, wanted[i].first, wanted[i].limit, wanted[i].lines, &plan);
        must(r == 0 || r == -E2BIG);
        /* What is unfinished has to go out whatever its length. */
        check_ranges(&plan, input, r == 0 ? wanted[i].first : 0, r == 0 ? wanted[i].limit : 0);
        check_restore(tracker, &plan, input, r == 0);
        tracker_plan_finish(&plan);
    }
}

static void filter(const struct output *input, bool cut, struct bytes *out)
{
    struct replay *replay = replay_create();
    must(replay);
    uint32_t seed = input->cuts;
    for (size_t at = 0; at < input->len;) {
        size_t len = cut ? output_cut(&seed, input->len - at) : input->len - at;
        must(replay_feed(replay, input->data + at, len, out) == 0);
        at += len;
    }
    replay_destroy(replay);
}

/* What is held back at the end depends on the cuts only in a string that passes already. */
static void check_filter(const struct output *input)
{
    struct bytes whole = {0}, cut = {0};
    filter(input, false, &whole);
    filter(input, true, &cut);
    must(whole.len == cut.len && (whole.len == 0 || memcmp(whole.data, cut.data, whole.len) == 0));
    bytes_finish(&whole);
    bytes_finish(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct output input;
    if (!output_make(&input, data, size))
        return 0;
    uint64_t questions[2];
    struct tracker *whole = track(&input, false, &questions[0]);
    struct tracker *cut = track(&input, true, &questions[1]);
    must_agree(whole, cut);
    must(questions[0] == questions[1]);
    check_plans(whole, &input);
    check_plans(cut, &input);
    check_undo(cut);
    check_filter(&input);
    tracker_destroy(whole);
    tracker_destroy(cut);
    return 0;
}
