#include "server/holder/restart.h"

#include <check.h>

#include "tests/harness/runner.h"

#define ANY 7 /* a code that no plan of these tests allows */

static const struct job_end ok = {.reason = END_EXITED, .code = 0},
                            allowed = {.reason = END_EXITED, .code = 3},
                            failed = {.reason = END_EXITED, .code = ANY},
                            signaled = {.reason = END_SIGNALED, .code = -1, .signal = 11},
                            timed_out = {.reason = END_TIMEOUT, .code = -1, .signal = 15},
                            out_of_memory = {.reason = END_OUT_OF_MEMORY, .code = -1, .signal = 9},
                            killed = {.reason = END_KILLED, .code = -1, .signal = 15},
                            replaced = {.reason = END_REPLACED, .code = -1, .signal = 15},
                            stopped = {.reason = END_SERVER_STOP, .code = 0},
                            not_executed = {.reason = END_SPAWN_FAILED, .code = -1};

static const struct {
    const struct job_end *end;
    bool failure;
    bool again[RESTART_COUNT];
} ends[] = {
    {&ok, false, {false, false, true}},      {&allowed, false, {false, false, true}},
    {&failed, true, {false, true, true}},    {&signaled, true, {false, true, true}},
    {&timed_out, true, {false, true, true}}, {&out_of_memory, true, {false, true, true}},
    {&killed, true, {false, false, false}},  {&replaced, true, {false, false, false}},
    {&stopped, true, {false, false, false}}, {&not_executed, true, {false, false, false}},
};

static struct job_plan a_plan(enum plan_restart restart)
{
    static uint8_t codes[] = {3};
    return (struct job_plan){.restart = restart,
                             .interval_ms = 5000,
                             .backoff_first_ms = 100,
                             .backoff_most_ms = 1000,
                             .ok_codes = {.data = codes, .len = 1}};
}

START_TEST(each_end_is_followed_as_the_plan_says)
{
    for (uint32_t restart = 0; restart < RESTART_COUNT; restart++) {
        struct job_plan plan = a_plan((enum plan_restart)restart);
        struct restart next = restart_after(&plan, ends[_i].end, 0, 0);
        ck_assert_int_eq(next.again, ends[_i].again[restart]);
        ck_assert_uint_eq(next.failures, ends[_i].failure ? 1 : 0);
        ck_assert_int_eq(restart_is_failure(&plan, ends[_i].end), ends[_i].failure);
        if (next.again)
            ck_assert_uint_eq(next.delay_ms, ends[_i].failure ? 100 : 5000);
    }
}
END_TEST

START_TEST(without_a_plan_there_is_one_attempt)
{
    ck_assert(!restart_after(NULL, &failed, 0, 0).again);
    ck_assert(!restart_after(NULL, &ok, 0, 0).again);
}
END_TEST

START_TEST(the_delay_is_doubled_up_to_the_most)
{
    static const uint64_t delays[] = {100, 200, 400, 800, 1000, 1000, 1000};
    struct job_plan plan = a_plan(RESTART_ON_FAILURE);
    uint32_t failures = 0;
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct restart next = restart_after(&plan, &failed, failures, 0);
        ck_assert(next.again);
        ck_assert_uint_eq(next.delay_ms, delays[i]);
        failures = next.failures;
    }
    ck_assert_uint_eq(failures, 7);
    /* A success, and it begins anew. */
    ck_assert_uint_eq(restart_after(&plan, &ok, failures, 0).failures, 0);
}
END_TEST

START_TEST(nothing_overflows)
{
    struct job_plan plan = a_plan(RESTART_ON_FAILURE);
    plan.backoff_first_ms = 1;
    plan.backoff_most_ms = UINT64_MAX / 2 + 1;
    struct restart next = restart_after(&plan, &failed, UINT32_MAX, 0);
    ck_assert(next.again);
    ck_assert_uint_eq(next.failures, UINT32_MAX);
    ck_assert_uint_eq(next.delay_ms, plan.backoff_most_ms);
}
END_TEST

START_TEST(it_is_given_up_after_so_many_failures_in_a_row)
{
    struct job_plan plan = a_plan(RESTART_ALWAYS);
    plan.restart_most = 2;
    ck_assert(restart_after(&plan, &failed, 0, 0).again);
    ck_assert(restart_after(&plan, &failed, 1, 0).again);
    ck_assert(!restart_after(&plan, &failed, 2, 0).again);
    ck_assert(restart_after(&plan, &ok, 2, 0).again);
}
END_TEST

static const struct {
    enum plan_jitter jitter;
    uint64_t least, most;
} jitters[] = {{JITTER_NONE, 100, 100}, {JITTER_FULL, 1, 100}, {JITTER_EQUAL, 50, 100}};

START_TEST(the_jitter_stays_in_its_bounds_and_reaches_them)
{
    struct job_plan plan = a_plan(RESTART_ON_FAILURE);
    plan.jitter = jitters[_i].jitter;
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t chance = 0; chance < 1000; chance++) {
        uint64_t delay = restart_after(&plan, &failed, 0, chance).delay_ms;
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    ck_assert_uint_eq(least, jitters[_i].least);
    ck_assert_uint_eq(most, jitters[_i].most);
}
END_TEST

START_TEST(there_is_no_hot_loop)
{
    struct job_plan plan = a_plan(RESTART_ALWAYS);
    plan.interval_ms = 0;
    ck_assert_uint_eq(restart_after(&plan, &ok, 0, 0).delay_ms, RESTART_LEAST_MS);
    plan.jitter = JITTER_FULL;
    ck_assert_uint_eq(restart_after(&plan, &failed, 0, 0).delay_ms, RESTART_LEAST_MS);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *restart_suite(void)
{
    Suite *suite = suite_create("restart");
    TCase *tc = tcase_create("restart");
    tcase_add_loop_test(tc, each_end_is_followed_as_the_plan_says, 0, COUNT(ends));
    tcase_add_test(tc, without_a_plan_there_is_one_attempt);
    tcase_add_test(tc, the_delay_is_doubled_up_to_the_most);
    tcase_add_test(tc, nothing_overflows);
    tcase_add_test(tc, it_is_given_up_after_so_many_failures_in_a_row);
    tcase_add_loop_test(tc, the_jitter_stays_in_its_bounds_and_reaches_them, 0, COUNT(jitters));
    tcase_add_test(tc, there_is_no_hot_loop);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(restart_suite());
}
