#include "common/terminal/replay.h"
#include "common/terminal/tracker_internal.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 10, COLS = 40 };

/* A job's tracker and all of its output. */
struct job {
    struct tracker *tracker;
    struct bytes log;
};

static void job_print(struct job *job, const char *output)
{
    ck_assert_int_eq(bytes_append_text(&job->log, output), 0);
    tracker_feed(job->tracker, output, strlen(output));
}

static void job_init(struct job *job)
{
    *job = (struct job){.tracker = tracker_create(ROWS, COLS)};
    ck_assert_ptr_nonnull(job->tracker);
}

static void job_finish(struct job *job)
{
    tracker_destroy(job->tracker);
    bytes_finish(&job->log);
}

static void print_lines(struct job *job, int first, int count)
{
    char line[64];
    for (int i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "line %d\r\n", first + i);
        job_print(job, line);
    }
}

/* A progress bar that is drawn again and again in one row. */
static void print_progress(struct job *job, int count)
{
    char bar[64];
    for (int i = 0; i < count; i++) {
        snprintf(bar, sizeof(bar), "\r\033[K%.*s %d", i % 20, "####################", i);
        job_print(job, bar);
    }
}

/* What a terminal gets. The caller finishes it. */
static struct bytes play(const struct job *job, const struct tracker_plan *plan)
{
    struct bytes out = {0};
    struct replay *replay = replay_create();
    bytes_append(&out, plan->before.data, plan->before.len);
    for (size_t i = 0; i < plan->count; i++) {
        const struct tracker_range *range = &plan->ranges[i];
        ck_assert_uint_lt(range->from, range->to);
        bytes_append(&out, range->before.data, range->before.len);
        ck_assert_int_eq(
            replay_feed(replay, job->log.data + range->from, range->to - range->from, &out), 0);
    }
    ck_assert_int_eq(replay_end(replay, &out), 0);
    bytes_append(&out, plan->after.data, plan->after.len);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    out.len--;
    replay_destroy(replay);
    return out;
}

static uint64_t total(const struct tracker_plan *plan)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->count; i++)
        bytes += plan->ranges[i].to - plan->ranges[i].from;
    return bytes;
}

/* Makes a plan, which the caller finishes; what a terminal that gets it knows then has to be what
 * the job's does. */
static int make_plan(const struct job *job, uint64_t first, uint64_t limit, unsigned lines,
                     struct tracker_plan *plan)
{
    int r = tracker_plan(job->tracker, first, limit, lines, plan);
    struct bytes out = play(job, plan);
    struct tracker *view = tracker_create(ROWS, COLS);
    tracker_feed(view, out.data, out.len);
    const struct canvas *have = &view->canvas, *want = &job->tracker->canvas;
    ck_assert_int_eq(have->state.alternate, want->state.alternate);
    ck_assert_int_eq(have->state.synchronized, want->state.synchronized);
    ck_assert(pen_equal(&have->state.pen, &want->state.pen));
    if (r == 0 && canvas_is_sure(want)) {
        ck_assert_uint_eq(have->cursor.most, want->cursor.most);
        ck_assert_uint_eq(have->cursor.y, want->cursor.y);
    }
    ck_assert(r < 0 || plan->count == 0 || plan->ranges[0].from >= first);
    ck_assert(plan->count == 0 || plan->ranges[plan->count - 1].to <= job->log.len);
    tracker_destroy(view);
    bytes_finish(&out);
    return r;
}

START_TEST(a_fresh_job_has_nothing_to_replay)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    ck_assert_int_eq(make_plan(&job, 0, 0, 1000, &plan), 0);
    ck_assert_uint_eq(plan.count, 0);
    tracker_plan_finish(&plan);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(little_output_is_replayed_whole_and_in_place)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    job_print(&job, "\033[32mok\033[m\r\n");
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    struct bytes out = play(&job, &plan);
    ck_assert_str_eq((char *)out.data, "\033[?2026h\033[22;0t\r\033[32mok\033[m\r\n\033[?2026l");
    bytes_finish(&out);
    tracker_plan_finish(&plan);
    /* Once a row of the screen counts, the screen is made free first; what it shows goes into the
     * scrollback. */
    job_print(&job, "\033[5;5Hx\r\n");
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    out = play(&job, &plan);
    ck_assert_str_eq((char *)out.data,
                     "\033[?2026h\033[22;0t\r\n\n\n\n\n\n\n\n\n\033[H\033[J\033[1;1H"
                     "\033[32mok\033[m\r\n\033[5;5Hx\r\n\033[?2026l");
    bytes_finish(&out);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(only_the_screen_of_a_long_output_is_replayed)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 20000);
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    ck_assert_uint_lt(total(&plan), 8192);
    ck_assert_uint_ge(total(&plan), ROWS * 10);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

static const unsigned histories[] = {1, 10, 100, 1000, 5000, 19000};

/* However long it was: a replay begins with about the first line that is still shown. */
START_TEST(of_a_flood_only_the_end_is_replayed)
{
    static const char *const lines[] = {"y\r\n", "a longer line of text\r\n",
                                        "\033[0;32mok\033[0m text\r\n"};
    struct job job;
    struct tracker_plan plan;
    struct bytes flood = {0};
    job_init(&job);
    for (int i = 0; i < 20000; i++)
        bytes_append_text(&flood, lines[_i]);
    bytes_append(&flood, "", 1);
    job_print(&job, (char *)flood.data);
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    ck_assert_uint_le(total(&plan), 2048 + 64 * strlen(lines[_i]));
    tracker_plan_finish(&plan);
    bytes_finish(&flood);
    job_finish(&job);
}
END_TEST

START_TEST(earlier_lines_are_added)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 20000);
    ck_assert_int_eq(make_plan(&job, 0, 0, histories[_i], &plan), 0);
    uint64_t lines = 0;
    for (size_t i = 0; i < plan.count; i++) {
        for (uint64_t at = plan.ranges[i].from; at < plan.ranges[i].to; at++)
            lines += job.log.data[at] == '\n';
    }
    ck_assert_uint_ge(lines, histories[_i]);
    ck_assert_uint_le(lines, 3 * histories[_i] + 2000);
    tracker_plan_finish(&plan);
    /* But never at the price of the limit. */
    ck_assert_int_eq(make_plan(&job, 0, 10000, histories[_i], &plan), 0);
    ck_assert_uint_le(total(&plan), 10000);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(nothing_from_before_a_cleared_scrollback_is_added)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 5000);
    job_print(&job, "\033[H\033[2J\033[3J");
    uint64_t cleared = job.log.len;
    print_lines(&job, 5000, 2000);
    ck_assert_int_eq(make_plan(&job, 0, 0, 100000, &plan), 0);
    ck_assert_uint_ge(plan.ranges[0].from, cleared);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

/* Output that leaves only its end to be replayed, after some lines. */
static const struct {
    const char *output;
    const char *replayed; /* the last part of the output; what comes before is left out */
} safe_points[] = {
    {"\033[H\033[2Jclear", "\033[2Jclear"},
    {"\033[H\033[Jclear", "\033[Jclear"},
    {"\033[2J\033[Hclear", "\033[2J\033[Hclear"},
    {"\033cnew", "new"},
};

START_TEST(begins_at_safe_points)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 40);
    job_print(&job, safe_points[_i].output);
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    ck_assert_uint_eq(plan.ranges[0].from, job.log.len - strlen(safe_points[_i].replayed));
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(a_reset_is_never_replayed)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 100);
    job_print(&job, "\033[?1049h\033[31m\033c");
    uint64_t reset = job.log.len;
    job_print(&job, "after\r\n");
    ck_assert_int_eq(make_plan(&job, 0, 0, 1000, &plan), 0);
    ck_assert_uint_ge(plan.ranges[0].from, reset);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(finished_visits_to_the_alternate_screen_are_left_out)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    job_print(&job, "$ vi\r\n");
    for (int visit = 0; visit < 20; visit++) {
        job_print(&job, "\033[?1049h\033[?1h\033[2J");
        for (int i = 0; i < 500; i++)
            job_print(&job, "\033[3;3H\033[31mtext \033[5;5H\033[m more");
        job_print(&job, "\033[?1l\033[?1049l");
        job_print(&job, visit % 3 ? "" : "$ ");
    }
    ck_assert_uint_gt(job.log.len, 250000);
    ck_assert_int_eq(make_plan(&job, 0, 0, 1000, &plan), 0);
    ck_assert_uint_lt(total(&plan), 1000);
    struct bytes out = play(&job, &plan);
    ck_assert_ptr_null(strstr((char *)out.data, "1049"));
    bytes_finish(&out);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

/* Modes that a visit has left set are told all the same. */
START_TEST(what_a_visit_has_set_is_told)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    job_print(&job, "$ vi\r\n\033[?1049h\033[?2004h\033]2;title\a");
    for (int i = 0; i < 500; i++)
        job_print(&job, "\033[3;3Htext");
    job_print(&job, "\033[?1049l$ ");
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    ck_assert_uint_lt(total(&plan), 100);
    struct bytes out = play(&job, &plan);
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\033[?2004h"));
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\033]2;title\033\\"));
    bytes_finish(&out);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(the_visit_that_goes_on_has_a_safe_point_of_its_own)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 5);
    job_print(&job, "$ top\r\n\033[?1049h");
    for (int i = 0; i < 1000; i++)
        job_print(
            &job,
            "\033[H\033[2J\033[3;3Hsome text\033[5;5H\033[1mmore text\033[m and so on, for a line");
    ck_assert_int_eq(make_plan(&job, 0, 0, 1000, &plan), 0);
    ck_assert_uint_lt(total(&plan), 600);
    ck_assert_uint_eq(plan.ranges[0].from, 0);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(what_was_overwritten_is_left_out)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 5);
    for (int round = 0; round < 3; round++) {
        print_progress(&job, 5000);
        job_print(&job, "\r\ndone\r\n");
    }
    ck_assert_uint_gt(job.log.len, 200000);
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    ck_assert_uint_lt(total(&plan), 40000);
    ck_assert_uint_eq(plan.ranges[0].from, 0);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(too_much_since_the_safe_point_is_said)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    job_print(&job, "\033[?2004h\033[Htop line\r\n");
    for (int i = 0; i < 5000; i++)
        job_print(&job, "\033[5;5H\033[@*\033[6;6H\033[@*");
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    tracker_plan_finish(&plan);
    ck_assert_int_eq(make_plan(&job, 0, 20000, 0, &plan), -E2BIG);
    ck_assert_uint_le(total(&plan), 20000);
    ck_assert_uint_gt(plan.count, 0);
    struct bytes out = play(&job, &plan);
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\033[?2004h"));
    bytes_finish(&out);
    tracker_plan_finish(&plan);
    /* The log has lost its start. */
    ck_assert_int_eq(make_plan(&job, job.log.len / 2, 0, 0, &plan), -E2BIG);
    ck_assert_uint_ge(plan.ranges[0].from, job.log.len / 2);
    tracker_plan_finish(&plan);
    ck_assert_int_eq(make_plan(&job, job.log.len, 0, 0, &plan), -E2BIG);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(nothing_is_replayed_from_before_a_gap)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 50);
    uint64_t gap = job.log.len + 1000;
    ck_assert_int_eq(bytes_reserve(&job.log, 1000), 0);
    memset(job.log.data + job.log.len, 'x', 1000);
    job.log.len = gap;
    tracker_gap(job.tracker, gap);
    ck_assert_int_eq(make_plan(&job, 0, 0, 1000, &plan), -E2BIG);
    tracker_plan_finish(&plan);
    print_lines(&job, 0, 5);
    ck_assert_int_eq(make_plan(&job, 0, 0, 1000, &plan), -E2BIG);
    ck_assert(plan.count == 0 || plan.ranges[0].from >= gap);
    tracker_plan_finish(&plan);
    print_lines(&job, 0, 500);
    ck_assert_int_eq(make_plan(&job, 0, 0, 1000, &plan), 0);
    ck_assert_uint_ge(plan.ranges[0].from, gap);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

START_TEST(output_of_another_size_is_said)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    print_lines(&job, 0, 3);
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    ck_assert(!plan.resized);
    tracker_plan_finish(&plan);
    tracker_resize(job.tracker, ROWS, COLS);
    ck_assert_int_eq(tracker_plan(job.tracker, 0, 0, 0, &plan), 0);
    ck_assert(!plan.resized);
    tracker_plan_finish(&plan);
    tracker_resize(job.tracker, ROWS + 5, COLS);
    ck_assert_int_eq(tracker_plan(job.tracker, 0, 0, 0, &plan), 0);
    ck_assert(plan.resized);
    tracker_plan_finish(&plan);
    job_print(&job, "\033[H\033[2Jredrawn");
    ck_assert_int_eq(tracker_plan(job.tracker, 0, 0, 0, &plan), 0);
    ck_assert(!plan.resized);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

/* What comes last has to be the last that the terminal gets. */
static const struct {
    const char *output;
    const char *last;
} endings[] = {
    {"text\033[3", "\033[3"},
    {"text\033]0;title", "\033]0;title"},
    {"\r\ntext\342\202", "text\342\202"},
    {"\r\nwoman \360\237\221\251\342\200\215", "woman \360\237\221\251\342\200\215"},
    {"\033[1mabc", "abc"},
    {"abc\r\n", "\033[?2026l"},
    {"abc\033[m", "\033[?2026l"},
    {"\033[?2026habc\r\n", "\033[?2026h"},
    {"abc\033]9;4;1;50\a", "\033]9;4;1;50\033\\\033[?2026l"},
};

START_TEST(ends_with_what_may_go_on)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    job_print(&job, endings[_i].output);
    ck_assert_int_eq(make_plan(&job, 0, 0, 0, &plan), 0);
    struct bytes out = play(&job, &plan);
    size_t len = strlen(endings[_i].last);
    ck_assert_uint_ge(out.len, len);
    ck_assert_str_eq((char *)out.data + out.len - len, endings[_i].last);
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\033[?2026h"));
    bytes_finish(&out);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

/* Whatever was there before, a plan for a shell's prompt is short. */
START_TEST(long_lives_have_short_plans)
{
    struct job job;
    struct tracker_plan plan;
    job_init(&job);
    for (int round = 0; round < 40; round++) {
        print_lines(&job, 0, 300);
        print_progress(&job, 300);
        job_print(&job,
                  "\r\n\033[?1049h\033[2J\033[5;5Hvisit\033[?1049l\033[?1049h\033[?1049l$ ls\r\n");
        job_print(&job, "\033[2;5r\033[5;1H\n\n\n\n\033[r\033[H\033[2J\033[1mwide \346\274\242 "
                        "\360\237\230\200\033[m\r\n");
    }
    print_lines(&job, 0, 100);
    ck_assert_int_eq(make_plan(&job, 0, 1 << 20, 0, &plan), 0);
    ck_assert_uint_lt(total(&plan), 10000);
    tracker_plan_finish(&plan);
    ck_assert_int_eq(make_plan(&job, 0, 1 << 20, 1000, &plan), 0);
    tracker_plan_finish(&plan);
    job_finish(&job);
}
END_TEST

static Suite *tracker_plan_suite(void)
{
    Suite *suite = suite_create("tracker_plan");
    TCase *plans = tcase_create("tracker_plan");
    tcase_add_test(plans, a_fresh_job_has_nothing_to_replay);
    tcase_add_test(plans, little_output_is_replayed_whole_and_in_place);
    tcase_add_test(plans, only_the_screen_of_a_long_output_is_replayed);
    tcase_add_loop_test(plans, of_a_flood_only_the_end_is_replayed, 0, 3);
    tcase_add_loop_test(plans, earlier_lines_are_added, 0,
                        sizeof(histories) / sizeof(histories[0]));
    tcase_add_test(plans, nothing_from_before_a_cleared_scrollback_is_added);
    tcase_add_loop_test(plans, begins_at_safe_points, 0,
                        sizeof(safe_points) / sizeof(safe_points[0]));
    tcase_add_test(plans, a_reset_is_never_replayed);
    tcase_add_test(plans, finished_visits_to_the_alternate_screen_are_left_out);
    tcase_add_test(plans, what_a_visit_has_set_is_told);
    tcase_add_test(plans, the_visit_that_goes_on_has_a_safe_point_of_its_own);
    tcase_add_test(plans, what_was_overwritten_is_left_out);
    tcase_add_test(plans, too_much_since_the_safe_point_is_said);
    tcase_add_test(plans, nothing_is_replayed_from_before_a_gap);
    tcase_add_test(plans, output_of_another_size_is_said);
    tcase_add_loop_test(plans, ends_with_what_may_go_on, 0, sizeof(endings) / sizeof(endings[0]));
    tcase_add_test(plans, long_lives_have_short_plans);
    suite_add_tcase(suite, plans);
    return suite;
}

int main(void)
{
    return runner_run(tracker_plan_suite());
}
