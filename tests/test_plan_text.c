#include "client/plan_text.h"

#include <check.h>
#include <errno.h>

#include "common/config.h"
#include "tests/harness/runner.h"

static struct job_plan plan;

static void begin(void)
{
    plan = (struct job_plan){0};
}

static void end(void)
{
    wire_clear(&job_plan_fields, &plan);
}

static const struct {
    const char *text;
    uint32_t restart, most;
    uint64_t interval_ms;
} restarts[] = {
    {"never", RESTART_NEVER, 0, 0},
    {"on-failure", RESTART_ON_FAILURE, 0, 200},
    {"on-failure:1", RESTART_ON_FAILURE, 1, 200},
    {"on-failure:4294967295", RESTART_ON_FAILURE, UINT32_MAX, 200},
    {"always", RESTART_ALWAYS, 0, 200},
    {"always:1m", RESTART_ALWAYS, 0, 60000},
    {"always:0", RESTART_ALWAYS, 0, 0},
};

START_TEST(a_restart_is_read)
{
    ck_assert_int_eq(plan_text_restart(restarts[_i].text, &plan), 0);
    ck_assert_uint_eq(plan.restart, restarts[_i].restart);
    ck_assert_uint_eq(plan.restart_most, restarts[_i].most);
    ck_assert_uint_eq(plan.interval_ms, restarts[_i].interval_ms);
    bool again = plan.restart != RESTART_NEVER;
    ck_assert_uint_eq(plan.backoff_first_ms, again ? 200 : 0);
    ck_assert_uint_eq(plan.backoff_most_ms, again ? 30000 : 0);
    ck_assert_uint_eq(plan.jitter, again ? JITTER_EQUAL : JITTER_NONE);
}
END_TEST

static const char *const bad_restarts[] = {
    "",
    "Never",
    "never:1",
    "on-failure:",
    "on-failure:0",
    "on-failure3",
    "on-failure:-1",
    "on-failure:1x",
    "on-failure:99999999999",
    "always:",
    "always:soon",
    "always:-1",
    "on-failure:+1",
};

START_TEST(a_bad_restart_changes_nothing)
{
    ck_assert_int_eq(plan_text_restart(bad_restarts[_i], &plan), -EINVAL);
    ck_assert_uint_eq(plan.restart, RESTART_NEVER);
    ck_assert_uint_eq(plan.backoff_first_ms, 0);
}
END_TEST

START_TEST(a_backoff_is_read)
{
    ck_assert_int_eq(plan_text_backoff("100ms..1s", &plan), 0);
    ck_assert_uint_eq(plan.backoff_first_ms, 100);
    ck_assert_uint_eq(plan.backoff_most_ms, 1000);
    /* A restart that is read after it leaves it alone. */
    ck_assert_int_eq(plan_text_restart("always", &plan), 0);
    ck_assert_uint_eq(plan.backoff_first_ms, 100);
    ck_assert_int_eq(plan_text_backoff("5..5", &plan), 0);
    ck_assert_uint_eq(plan.backoff_first_ms, 5000);
    ck_assert_uint_eq(plan.backoff_most_ms, 5000);
}
END_TEST

static const char *const bad_backoffs[] = {"",     "1s",      "1s..",       "..1s", "2s..1s",
                                           "0..1", "1s...2s", "1s..2s..3s", "x..y", "1s,2s"};

START_TEST(a_bad_backoff_is_refused)
{
    ck_assert_int_eq(plan_text_backoff(bad_backoffs[_i], &plan), -EINVAL);
    ck_assert_uint_eq(plan.backoff_first_ms, 0);
}
END_TEST

START_TEST(codes_are_read)
{
    ck_assert_int_eq(plan_text_codes("3,0,10-12,11", &plan), 0);
    ck_assert_uint_eq(plan.ok_codes.len, 4);
    for (int code = -1; code < 300; code++) {
        bool ok = code == 0 || code == 3 || (code >= 10 && code <= 12);
        ck_assert_int_eq(plan_code_is_ok(&plan, code), ok);
    }
    ck_assert_int_eq(plan_text_codes("0-255", &plan), 0);
    ck_assert_uint_eq(plan.ok_codes.len, 255);
    ck_assert(plan_code_is_ok(&plan, 255));
    ck_assert(plan_code_is_ok(NULL, 0));
    ck_assert(!plan_code_is_ok(NULL, 1));
}
END_TEST

static const char *const bad_codes[] = {"",   ",",   "1,",  ",1",  "256",  "-1",
                                        "1-", "3-1", "1 2", "0x1", "1,,2", "1-300"};

START_TEST(bad_codes_are_refused)
{
    ck_assert_int_eq(plan_text_codes(bad_codes[_i], &plan), -EINVAL);
    ck_assert_uint_eq(plan.ok_codes.len, 0);
}
END_TEST

START_TEST(words_are_read)
{
    static const char *const leftovers[] = {"hup", "keep", "kill"};
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(plan_text_leftovers(leftovers[i], &plan), 0);
        ck_assert_uint_eq(plan.leftovers, 1 + i);
    }
    for (uint32_t i = 0; i < JITTER_COUNT; i++) {
        ck_assert_int_eq(plan_text_jitter(plan_jitter_name(i), &plan), 0);
        ck_assert_uint_eq(plan.jitter, i);
    }
    ck_assert_int_eq(plan_text_leftovers("hu", &plan), -EINVAL);
    ck_assert_int_eq(plan_text_jitter("", &plan), -EINVAL);
    ck_assert_int_eq(plan_text_jitter("unknown", &plan), -EINVAL);
    ck_assert_uint_eq(plan.leftovers, 1 + LEFTOVERS_KILL);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *plan_text_suite(void)
{
    Suite *suite = suite_create("plan_text");
    TCase *tc = tcase_create("plan_text");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, a_restart_is_read, 0, COUNT(restarts));
    tcase_add_loop_test(tc, a_bad_restart_changes_nothing, 0, COUNT(bad_restarts));
    tcase_add_test(tc, a_backoff_is_read);
    tcase_add_loop_test(tc, a_bad_backoff_is_refused, 0, COUNT(bad_backoffs));
    tcase_add_test(tc, codes_are_read);
    tcase_add_loop_test(tc, bad_codes_are_refused, 0, COUNT(bad_codes));
    tcase_add_test(tc, words_are_read);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(plan_text_suite());
}
