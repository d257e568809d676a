/* More than one attempt: restarts, time limits, and what stays the same over all of them. */
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FAST "--backoff 1ms..2ms "

/* R8, U3: so many times after the first one, in the same terminal, with the same id and log. */
START_TEST(a_failure_is_followed_by_another_attempt)
{
    line("js run -d -n x --restart on-failure:2 " FAST "-- sh -c 'echo try $JS_ATTEMPT; exit 7'; "
         "js wait 1");
    fixture_expect_code(&result, 7);
    must_print("js logs 1 | tr -d '\\r' | grep try", "try 1\ntry 2\ntry 3\n");
    must_print("js show --json 1 | jq -c '.jobs[0] | [.attempt, .name, .state, .end.code, "
               "[.attempts[] | [.number, .end.code]]]'",
               "[3,\"x\",\"ended\",7,[[1,7],[2,7],[3,7]]]\n");
    must_print("js logs 1 | grep -c '\\[js: attempt . exited (7); the next one in '", "2\n");
}
END_TEST

START_TEST(the_delay_grows)
{
    line(
        "js run -d --restart on-failure:3 --backoff 50ms..100ms --jitter none -- false; js wait 1");
    fixture_expect_code(&result, 1);
    /* 50, 100 and 100 ms at least; how much more is the machine's affair. */
    must("js show --json 1 | jq '.jobs[0] | [.started, .ended] | map(.[11:23] | split(\":\") | "
         "(.[0] | tonumber) * 3600 + (.[1] | tonumber) * 60 + (.[2] | tonumber)) | "
         ".[1] - .[0] >= 0.25 or .[1] < .[0]'");
    ck_assert_str_eq(result.out, "true\n");
}
END_TEST

/* S13 */
START_TEST(some_codes_are_no_failure)
{
    line("js run --restart on-failure --ok-codes 2,3 -- sh -c 'exit 3'");
    fixture_expect_code(&result, 3);
    must_print("js show --json 1 | jq '.jobs[0].attempt'", "1\n");
}
END_TEST

/* S14 */
START_TEST(what_cannot_be_executed_is_not_tried_again)
{
    line("js run --restart always -- /nope");
    fixture_expect_code(&result, 127);
    ck_assert_ptr_nonnull(strstr(result.err, "/nope: No such file or directory"));
    must_print("js ls -a --json | jq '.jobs | length'", "0\n");
}
END_TEST

/* The job is known by then: it stays, and says why. */
START_TEST(a_later_attempt_that_cannot_be_executed_ends_the_job)
{
    must("printf '#!/bin/sh\\nrm \"$0\"; exit 1\\n' >once; chmod +x once");
    line("js run -d --restart on-failure " FAST "-- ./once; js wait 1");
    fixture_expect_code(&result, 127);
    must_print("js show --json 1 | jq -c '.jobs[0] | [.state, .end.reason, .attempt]'",
               "[\"failed\",\"spawn-failed\",2]\n");
    must("js logs 1");
    ck_assert_ptr_nonnull(strstr(result.out, "js: ./once: No such file or directory"));
}
END_TEST

START_TEST(what_takes_too_long_is_ended)
{
    line("js run --timeout 200ms -- sleep 60");
    fixture_expect_code(&result, 124);
    ck_assert_double_ge(result.ms, 200);
    must_print("js show --json 1 | jq -c '.jobs[0].end | [.reason, .signal]'",
               "[\"timeout\",15]\n");
}
END_TEST

/* Its whole tree is gone, and what ignores TERM gets KILL after its own grace. */
START_TEST(with_it_ends_all_it_started)
{
    line("js run -d --timeout 300ms --grace 200ms -- pty_child setsid-hold ignore-term ready hold; "
         "js wait 1");
    fixture_expect_code(&result, 124);
    must_print("js show --json 1 | jq -c '.jobs[0].end.signal'", "9\n");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "pty_child"), 0);
}
END_TEST

/* What is killed already has the grace of the kill, and is not killed twice. */
START_TEST(its_time_does_not_cut_a_kill_short)
{
    must("js run -d --timeout 400ms -- sh -c 'trap \"sleep 1; exit 3\" TERM; echo READY; "
         "while :; do sleep 60 & wait; done'");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js kill --grace 60s 1");
    must_print("js show --json 1 | jq -c '.jobs[0].end | [.reason, .code]'", "[\"killed\",3]\n");
}
END_TEST

START_TEST(each_attempt_has_its_own_time)
{
    line("js run -d --timeout 200ms --restart on-failure:2 " FAST
         "-- sh -c 'echo try; exec sleep 60'; js wait 1");
    fixture_expect_code(&result, 124);
    must_print("js logs 1 | tr -d '\\r' | grep -c '^try$'", "3\n");
    must_print("js show --json 1 | jq -c '[.jobs[0].attempts[].end.reason]'",
               "[\"timeout\",\"timeout\",\"timeout\"]\n");
}
END_TEST

START_TEST(a_kill_ends_the_loop)
{
    must("js run -d --restart always:1ms -- sh -c 'echo READY; exec sleep 60'");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js kill 1");
    must_print("js show --json 1 | jq -c '.jobs[0] | [.state, .end.reason, .attempt]'",
               "[\"ended\",\"killed\",1]\n");
}
END_TEST

START_TEST(a_kill_ends_a_job_between_two_attempts)
{
    must("js run -d --restart on-failure --backoff 1h..1h -- sh -c 'exit 9'");
    jobs_await_state(&fixture, "1", "backoff");
    must("js kill 1");
    ck_assert_double_lt(result.ms, 2000.0 * deadline_slowness());
    line("js wait 1");
    fixture_expect_code(&result, 143);
    must_print("js show --json 1 | jq -c '.jobs[0] | [.state, .end.reason, .attempts[0].end.code]'",
               "[\"ended\",\"killed\",9]\n");
}
END_TEST

START_TEST(between_two_attempts_there_is_nothing_to_stop)
{
    must("js run -d --restart on-failure --backoff 1h..1h -- false");
    jobs_await_state(&fixture, "1", "backoff");
    line("js stop 1");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: job 1 is not running: it waits for its next attempt\n");
    must_print(
        "js ls --json | jq -r '.jobs[0] | [.state, .pid == null, .due != null] | join(\" \")'",
        "backoff true true\n");
}
END_TEST

/* The holder does all of it: no server is needed. */
START_TEST(attempts_go_on_without_a_server)
{
    must("js run -d --restart always:10ms -- sh -c 'echo $JS_ATTEMPT >>seen'");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("until [ \"$(tail -n 1 seen)\" -ge 5 ] 2>/dev/null; do sleep 0.05; done");
    must("js kill 1");
    /* The last one may have been killed before it could write. */
    must("n=$(js show --json 1 | jq .jobs[0].attempt); seq $n >all; seq $((n - 1)) >but_one; "
         "cmp seen all || cmp seen but_one");
}
END_TEST

/* S15: somebody attached stays so, and sees a line; what the last attempt set is undone. */
START_TEST(who_is_attached_stays_so)
{
    struct pty_driver *terminal = fixture_terminal(
        &fixture, 24, 80, fixture.js, "run", "--restart", "on-failure:1", "--backoff", "1ms..1ms",
        "--", "sh", "-c",
        "stty -echo raw; printf '\\033[?1049h\\033[?25lattempt '$JS_ATTEMPT' %s\\n'"
        " \"$(stty -a | grep -o -- '-*icanon')\"; exit 4",
        NULL);
    struct deadline deadline = deadline_in_ms(10000);
    ck_assert(pty_driver_await(terminal, "attempt 1", deadline));
    ck_assert(pty_driver_await(terminal, "\033[?1049l", deadline));
    ck_assert(
        pty_driver_await(terminal, "[js: attempt 1 exited (4); the next one in 0.0 s]", deadline));
    ck_assert(pty_driver_await(terminal, "attempt 2", deadline));
    ck_assert_int_eq(pty_driver_wait_code(terminal, deadline), 4);
    pty_driver_destroy(terminal);
    must("js logs 1 | grep -ac 'attempt 2 -icanon'");
}
END_TEST

START_TEST(a_job_between_two_attempts_can_be_attached_to)
{
    must("js run -d --restart on-failure --backoff 300ms..300ms --jitter none -- "
         "sh -c 'test -e go && echo now $(cat); test -e go'");
    jobs_await_state(&fixture, "1", "backoff");
    struct pty_driver *terminal = fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "1", NULL);
    struct deadline deadline = deadline_in_ms(20000);
    jobs_await_viewers(&fixture, "1", 1);
    must("touch go");
    ck_assert(pty_driver_await(terminal, "the next one in", deadline));
    ck_assert_int_eq(pty_driver_send(terminal, "typed\r\004"), 0);
    ck_assert(pty_driver_await(terminal, "now typed", deadline));
    ck_assert_int_eq(pty_driver_wait_code(terminal, deadline), 0);
    pty_driver_destroy(terminal);
}
END_TEST

/* What is somebody's data stays free of our lines. */
START_TEST(no_line_gets_into_a_file)
{
    line("js run --restart on-failure:2 " FAST "-- sh -c 'echo data; exit 1' >out");
    fixture_expect_code(&result, 1);
    must_print("cat out", "data\ndata\ndata\n");
}
END_TEST

START_TEST(the_log_of_one_attempt_can_be_told)
{
    line("js run -d --restart on-failure:2 " FAST "-- sh -c 'echo try $JS_ATTEMPT; exit 1'; "
         "js wait 1");
    must_print("js logs --attempt 2 1", "try 2\r\n");
    must_print("js logs -a 3 -n 1 1", "try 3\r\n");
    line("js logs --attempt 4 1");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: job 1 has no attempt 4: it was started 3 times\n");
    must_print("js run -d -- echo once; js wait 2; js logs --attempt 1 2", "2\nonce\r\n");
}
END_TEST

START_TEST(only_the_newest_attempts_are_kept)
{
    line("js run -d --restart on-failure:79 --backoff 1ms..1ms -- false; js wait 1");
    fixture_expect_code(&result, 1);
    must_print("js show --json 1 | jq -c '.jobs[0] | [.attempt, (.attempts | length), "
               ".attempts[0].number, .attempts[-1].number]'",
               "[80,64,17,80]\n");
}
END_TEST

/* The least of several looks: at each of them some may be open for a moment. */
START_TEST(attempts_leave_no_descriptor_behind)
{
    must("js run -d --restart always:1ms -- true");
    jobs_await(&fixture, "1", "\"attempt\":2");
    must("h=$(js show 1 | awk '$1 == \"holder\" {print $2}'); ls /proc/$h/fd | wc -l >before");
    jobs_await(&fixture, "1", "\"attempt\":3");
    must(
        "h=$(js show 1 | awk '$1 == \"holder\" {print $2}'); "
        "until [ \"$(js show --json 1 | jq .jobs[0].attempt)\" -ge 20 ]; do :; done; "
        "for i in 1 2 3 4 5 6 7 8 9; do ls /proc/$h/fd | wc -l; done | sort -n | head -n 1 >after; "
        "js kill 1; test $(cat after) -le $(($(cat before) + 1))");
}
END_TEST

static const struct {
    const char *policy;
    unsigned left;
} leftovers[] = {{"keep", 1}, {"kill", 0}};

START_TEST(each_job_has_its_own_leftovers_policy)
{
    char text[256];
    snprintf(text, sizeof(text),
             "js run -d --leftovers %s -- sh -c 'trap \"\" HUP; sleep 77 & exit 0'; js wait 1",
             leftovers[_i].policy);
    must(text);
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 77"), leftovers[_i].left);
    fixture.may_leave_orphans = leftovers[_i].left > 0;
}
END_TEST

static const struct {
    const char *options, *error;
} wrong[] = {
    {"--restart sometimes", "js: run: --restart 'sometimes': write never, on-failure, "
                            "on-failure:TIMES, always or always:INTERVAL\n"},
    {"--restart always --backoff 1", "js: run: --backoff '1': write two durations, the first above "
                                     "zero and not longer than the second: 200ms..30s\n"},
    {"--restart always --jitter some", "js: run: --jitter 'some': write none, full or equal\n"},
    {"--ok-codes 256", "js: run: --ok-codes '256': write exit codes from 0 to 255 and ranges of "
                       "them: 0,3,10-12\n"},
    {"--leftovers eat", "js: run: --leftovers 'eat': write hup, keep or kill\n"},
    {"--backoff 1s..2s", "js: run: --backoff and --jitter are for --restart\n"},
};

START_TEST(what_is_wrong_is_named)
{
    char text[256];
    snprintf(text, sizeof(text), "js run %s -- true", wrong[_i].options);
    line(text);
    fixture_expect_code(&result, 2);
    ck_assert_str_eq(result.err, wrong[_i].error);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *attempts_suite(void)
{
    Suite *suite = suite_create("attempts");
    TCase *tc = tcase_create("attempts");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, a_failure_is_followed_by_another_attempt);
    tcase_add_test(tc, the_delay_grows);
    tcase_add_test(tc, some_codes_are_no_failure);
    tcase_add_test(tc, what_cannot_be_executed_is_not_tried_again);
    tcase_add_test(tc, a_later_attempt_that_cannot_be_executed_ends_the_job);
    tcase_add_test(tc, what_takes_too_long_is_ended);
    tcase_add_test(tc, with_it_ends_all_it_started);
    tcase_add_test(tc, its_time_does_not_cut_a_kill_short);
    tcase_add_test(tc, each_attempt_has_its_own_time);
    tcase_add_test(tc, a_kill_ends_the_loop);
    tcase_add_test(tc, a_kill_ends_a_job_between_two_attempts);
    tcase_add_test(tc, between_two_attempts_there_is_nothing_to_stop);
    tcase_add_test(tc, attempts_go_on_without_a_server);
    tcase_add_test(tc, who_is_attached_stays_so);
    tcase_add_test(tc, a_job_between_two_attempts_can_be_attached_to);
    tcase_add_test(tc, no_line_gets_into_a_file);
    tcase_add_test(tc, the_log_of_one_attempt_can_be_told);
    tcase_add_test(tc, only_the_newest_attempts_are_kept);
    tcase_add_test(tc, attempts_leave_no_descriptor_behind);
    tcase_add_loop_test(tc, each_job_has_its_own_leftovers_policy, 0, COUNT(leftovers));
    tcase_add_loop_test(tc, what_is_wrong_is_named, 0, COUNT(wrong));
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(attempts_suite());
}
