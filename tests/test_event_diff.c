/* What has happened, told from two states of a job; and what of it is counted. */
#include "server/counters.h"
#include "server/event_diff.h"

#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 77000000000u

static char told[1024];

/* "started#2@5 ended(7)@9": kind, attempt if not 1, code of the end, text, seconds. */
static void tell(void *user, const struct job_event *event)
{
    (void)user;
    size_t len = strlen(told);
    char *at = told + len;
    size_t room = sizeof(told) - len;
    int n = snprintf(at, room, "%s%s", len ? " " : "", event_kind_name(event->kind));
    if (event->attempt > 1)
        n += snprintf(at + n, room - (size_t)n, "#%u", event->attempt);
    if (event->end)
        n += snprintf(at + n, room - (size_t)n, "(%d)", event->end->code);
    if (event->viewer)
        n += snprintf(at + n, room - (size_t)n, "(%u)", event->viewer->pid);
    if (event->text)
        n += snprintf(at + n, room - (size_t)n, "(%s)", event->text);
    snprintf(at + n, room - (size_t)n, "@%llu", (unsigned long long)(event->time_ns / 1000000000u));
    ck_assert_uint_eq(event->job, 3);
}

#define S(seconds) ((seconds)*UINT64_C(1000000000))
#define LIST(array)                                                                                \
    {                                                                                              \
        .items = (void *)(array), .len = sizeof(array) / sizeof((array)[0])                        \
    }
#define LIVE(the_state) .id = 3, .attempt = 1, .state = the_state, .started_ns = S(5)

static struct job_end exit0 = {.reason = END_EXITED}, exit7 = {.reason = END_EXITED, .code = 7};
static const struct job_attempt first_runs[] = {{.number = 1, .started_ns = S(5)}};
static const struct job_attempt first_ended[] = {
    {.number = 1, .started_ns = S(5), .ended_ns = S(6), .end = &exit7}};
static const struct job_attempt second_runs[] = {
    {.number = 1, .started_ns = S(5), .ended_ns = S(6), .end = &exit7},
    {.number = 2, .started_ns = S(8)}};
static const struct job_attempt second_ended[] = {
    {.number = 1, .started_ns = S(5), .ended_ns = S(6), .end = &exit7},
    {.number = 2, .started_ns = S(8), .ended_ns = S(9), .end = &exit0}};
static const struct job_attempt later_ones[] = {
    {.number = 7, .started_ns = S(5), .ended_ns = S(6), .end = &exit7},
    {.number = 8, .started_ns = S(8)}};
static const struct job_viewer one[] = {{.pid = 1, .mode = ATTACH_OWN, .tty = (char *)"/dev/a"}};
static const struct job_viewer stolen[] = {
    {.pid = 1, .mode = ATTACH_STEAL, .tty = (char *)"/dev/a"}};
static const struct job_viewer other[] = {{.pid = 2, .mode = ATTACH_OWN, .tty = (char *)"/dev/b"}};
static const struct job_viewer both[] = {{.pid = 1, .mode = ATTACH_OWN, .tty = (char *)"/dev/a"},
                                         {.pid = 2, .mode = ATTACH_WATCH}};
static const struct job_viewer twice[] = {{.pid = 2, .mode = ATTACH_WATCH},
                                          {.pid = 2, .mode = ATTACH_WATCH}};
static struct job_plan queue_a = {.queue = (char *)"a"}, queue_b = {.queue = (char *)"b"},
                       urgent = {.queue = (char *)"a", .priority = 5};

/* attempts, attempts_ended: what the counters say of it. */
static const struct {
    struct job_info before, after;
    const char *told;
    unsigned attempts, attempts_ended;
} cases[] = {
    {{LIVE(JOB_RUNNING)}, {LIVE(JOB_RUNNING)}, "", 0, 0},
    {{.id = 3, .state = JOB_STARTING}, {LIVE(JOB_RUNNING)}, "started@5", 1, 0},
    {{LIVE(JOB_RUNNING)}, {LIVE(JOB_STOPPED)}, "stopped@77", 0, 0},
    {{LIVE(JOB_STOPPED)}, {LIVE(JOB_RUNNING)}, "continued@77", 0, 0},
    {{LIVE(JOB_STOPPED)}, {LIVE(JOB_STOPPED)}, "", 0, 0},
    {{LIVE(JOB_RUNNING)}, {LIVE(JOB_EXITING)}, "exiting@77", 0, 0},
    {{LIVE(JOB_EXITING)}, {LIVE(JOB_ENDED), .end = &exit7, .ended_ns = S(9)}, "ended(7)@9", 0, 1},
    /* Too quick to be seen running. */
    {{.id = 3, .state = JOB_STARTING},
     {LIVE(JOB_ENDED), .end = &exit0, .ended_ns = S(6)},
     "started@5 ended(0)@6",
     1,
     1},
    {{LIVE(JOB_ENDED), .end = &exit7}, {LIVE(JOB_ENDED), .end = &exit7}, "", 0, 0},
    {{.id = 3, .state = JOB_STARTING}, {.id = 3, .state = JOB_FAILED}, "failed@77", 0, 0},
    /* Queued. */
    {{.id = 3, .state = JOB_STARTING},
     {.id = 3, .state = JOB_QUEUED, .plan = &queue_a},
     "queued@77",
     0,
     0},
    {{.id = 3, .state = JOB_QUEUED, .plan = &queue_a},
     {.id = 3, .state = JOB_QUEUED, .plan = &queue_a},
     "",
     0,
     0},
    {{.id = 3, .state = JOB_QUEUED, .plan = &queue_a},
     {.id = 3, .state = JOB_QUEUED, .plan = &queue_b},
     "moved@77",
     0,
     0},
    {{.id = 3, .state = JOB_QUEUED, .plan = &queue_a},
     {.id = 3, .state = JOB_QUEUED, .plan = &urgent},
     "moved@77",
     0,
     0},
    {{.id = 3, .state = JOB_QUEUED}, {LIVE(JOB_RUNNING)}, "started@5", 1, 0},
    {{.id = 3, .state = JOB_QUEUED},
     {.id = 3, .state = JOB_ENDED, .end = &exit7, .ended_ns = S(4)},
     "ended(7)@4",
     0,
     0},
    /* Attempts. */
    {{.id = 3, .state = JOB_STARTING},
     {LIVE(JOB_RUNNING), .attempts = LIST(first_runs)},
     "started@5",
     1,
     0},
    {{LIVE(JOB_RUNNING), .attempts = LIST(first_runs)},
     {LIVE(JOB_BACKOFF), .attempts = LIST(first_ended), .due_ns = S(8)},
     "attempt-ended(7)@6 backoff@77",
     0,
     1},
    {{LIVE(JOB_BACKOFF), .attempts = LIST(first_ended)},
     {LIVE(JOB_RUNNING), .attempts = LIST(second_runs)},
     "started#2@8",
     1,
     0},
    {{LIVE(JOB_RUNNING), .attempts = LIST(second_runs)},
     {LIVE(JOB_ENDED), .attempts = LIST(second_ended), .end = &exit0, .ended_ns = S(9)},
     "ended#2(0)@9",
     0,
     1},
    /* The server was behind: all that can be known is told. */
    {{LIVE(JOB_RUNNING), .attempts = LIST(first_runs)},
     {LIVE(JOB_ENDED), .attempts = LIST(second_ended), .end = &exit0, .ended_ns = S(9)},
     "attempt-ended(7)@6 started#2@8 ended#2(0)@9",
     1,
     2},
    {{LIVE(JOB_RUNNING), .attempts = LIST(second_runs)},
     {LIVE(JOB_RUNNING), .attempts = LIST(later_ones)},
     "started#7@5 attempt-ended#7(7)@6 started#8@8",
     6,
     1},
    {{LIVE(JOB_BACKOFF), .due_ns = S(8)}, {LIVE(JOB_BACKOFF), .due_ns = S(9)}, "backoff@77", 0, 0},
    /* Viewers. */
    {{LIVE(JOB_RUNNING)}, {LIVE(JOB_RUNNING), .viewers = LIST(one)}, "attached(1)@77", 0, 0},
    {{LIVE(JOB_RUNNING), .viewers = LIST(one)}, {LIVE(JOB_RUNNING)}, "detached(1)@77", 0, 0},
    {{LIVE(JOB_RUNNING), .viewers = LIST(one)},
     {LIVE(JOB_RUNNING), .viewers = LIST(other)},
     "detached(1)@77 attached(2)@77",
     0,
     0},
    {{LIVE(JOB_RUNNING), .viewers = LIST(one)},
     {LIVE(JOB_RUNNING), .viewers = LIST(stolen)},
     "",
     0,
     0},
    {{LIVE(JOB_RUNNING), .viewers = LIST(one)},
     {LIVE(JOB_STOPPED), .viewers = LIST(both)},
     "attached(2)@77 stopped@77",
     0,
     0},
    {{LIVE(JOB_RUNNING), .viewers = LIST(both)},
     {LIVE(JOB_RUNNING), .viewers = LIST(twice)},
     "detached(1)@77 attached(2)@77",
     0,
     0},
    {{LIVE(JOB_RUNNING), .viewers = LIST(both)},
     {LIVE(JOB_ENDED), .end = &exit0, .ended_ns = S(9)},
     "detached(1)@77 detached(2)@77 ended(0)@9",
     0,
     1},
    /* Words. */
    {{LIVE(JOB_RUNNING)}, {LIVE(JOB_RUNNING), .name = (char *)"x"}, "renamed@77", 0, 0},
    {{LIVE(JOB_RUNNING), .name = (char *)"x"}, {LIVE(JOB_RUNNING)}, "renamed(x)@77", 0, 0},
    {{LIVE(JOB_RUNNING), .title = (char *)"x"},
     {LIVE(JOB_RUNNING), .title = (char *)"x"},
     "",
     0,
     0},
    {{LIVE(JOB_RUNNING), .title = (char *)"x"},
     {LIVE(JOB_RUNNING), .title = (char *)"y"},
     "title(y)@77",
     0,
     0},
    {{LIVE(JOB_RUNNING)}, {LIVE(JOB_RUNNING), .warning = (char *)"w"}, "warning(w)@77", 0, 0},
    {{LIVE(JOB_RUNNING)}, {LIVE(JOB_RUNNING), .asks = true}, "asks@77", 0, 0},
    {{LIVE(JOB_RUNNING), .asks = true}, {LIVE(JOB_RUNNING)}, "asks-no-more@77", 0, 0},
    {{LIVE(JOB_RUNNING), .asks = true},
     {LIVE(JOB_ENDED), .end = &exit0, .ended_ns = S(9)},
     "ended(0)@9",
     0,
     1},
};

START_TEST(a_difference_is_told_as_events_and_counted)
{
    struct counters counters = {0};
    uint64_t ended = 0;
    told[0] = '\0';
    event_diff(&cases[_i].before, &cases[_i].after, NOW, tell, NULL);
    ck_assert_str_eq(told, cases[_i].told);
    counters_attempts(&counters, &cases[_i].before, &cases[_i].after);
    for (size_t i = 0; i < END_REASON_COUNT; i++)
        ended += counters.attempts_ended[i];
    ck_assert_uint_eq(counters.attempts, cases[_i].attempts);
    ck_assert_uint_eq(ended, cases[_i].attempts_ended);
}
END_TEST

static const struct {
    struct job_info info;
    enum end_reason reason;
    int group; /* of the durations, -1 = none */
} ends[] = {
    {{.state = JOB_ENDED, .started_ns = S(1), .ended_ns = S(1), .end = &exit0}, END_EXITED, 0},
    {{.state = JOB_ENDED, .started_ns = S(1), .ended_ns = S(1) + 10000000, .end = &exit0},
     END_EXITED,
     0},
    {{.state = JOB_ENDED, .started_ns = S(1), .ended_ns = S(1) + 11000000, .end = &exit0},
     END_EXITED,
     1},
    {{.state = JOB_ENDED, .started_ns = S(1), .ended_ns = S(86401), .end = &exit7}, END_EXITED, 13},
    {{.state = JOB_ENDED, .started_ns = S(1), .ended_ns = S(186401), .end = &exit7},
     END_EXITED,
     14},
    /* The clock was set back. */
    {{.state = JOB_ENDED, .started_ns = S(9), .ended_ns = S(8), .end = &exit7}, END_EXITED, -1},
    {{.state = JOB_FAILED}, END_SPAWN_FAILED, -1},
    {{.state = JOB_STARTING}, END_LOST, -1},
    {{.state = JOB_ENDED, .ended_ns = S(8), .end = &(struct job_end){.reason = END_CANCELED}},
     END_CANCELED,
     -1},
    {{.state = JOB_ENDED,
      .started_ns = S(1),
      .ended_ns = S(8),
      .end = &(struct job_end){.reason = END_LOST}},
     END_LOST,
     -1},
    /* Of a newer holder. */
    {{.state = JOB_ENDED, .end = &(struct job_end){.reason = END_REASON_COUNT + 3}}, END_LOST, -1},
};

START_TEST(an_end_is_counted_once_by_its_reason)
{
    struct counters counters = {0};
    struct counters_lists lists;
    counters_job_started(&counters);
    counters_job_ended(&counters, &ends[_i].info);
    struct server_counters body = counters_describe(&counters, &lists);
    ck_assert_uint_eq(body.started, 1);
    ck_assert_uint_eq(counts_of(&body.ended, ends[_i].reason), 1);
    ck_assert_uint_eq(counts_sum(&body.ended), 1);
    ck_assert_uint_eq(counts_sum(&body.durations), ends[_i].group >= 0);
    if (ends[_i].group < 0)
        return;
    uint32_t bound = ends[_i].group < COUNTS_BOUND_COUNT ? counts_bounds[ends[_i].group] : 0;
    ck_assert_uint_eq(counts_of(&body.durations, bound), 1);
    ck_assert_uint_eq(body.duration_ms,
                      (ends[_i].info.ended_ns - ends[_i].info.started_ns) / 1000000);
}
END_TEST

START_TEST(bounds_rise)
{
    for (size_t i = 1; i < COUNTS_BOUND_COUNT; i++)
        ck_assert_uint_gt(counts_bounds[i], counts_bounds[i - 1]);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *diff_suite(void)
{
    Suite *suite = suite_create("event_diff");
    TCase *tc = tcase_create("diff");
    tcase_add_loop_test(tc, a_difference_is_told_as_events_and_counted, 0, COUNT(cases));
    tcase_add_loop_test(tc, an_end_is_counted_once_by_its_reason, 0, COUNT(ends));
    tcase_add_test(tc, bounds_rise);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(diff_suite());
}
