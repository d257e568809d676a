/* js retry: an ended job is started once more, as itself. */
#include "tests/harness/jobs.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

START_TEST(an_ended_job_is_started_again_as_itself)
{
    must("mkdir there; cd there; js run -d -n x -- sh -c 'echo $JS_ATTEMPT in ${PWD##*/} $A; "
         "exit $JS_ATTEMPT'; js wait x || true; js show --json x | jq -c '.jobs[0] | [.id, .uid]' "
         ">../before");
    must_print("A=new js retry x", "1\n");
    line("js wait 1");
    fixture_expect_code(&result, 2);
    must("js show --json x | jq -c '.jobs[0] | [.id, .uid]' | cmp - before");
    must_print(
        "js show --json x | jq -c '.jobs[0] | [.attempt, [.attempts[] | [.number, .end.code]]]'",
        "[2,[[1,1],[2,2]]]\n");
    must_print("js logs 1 | tr -d '\\r'", "1 in there\n[js: started again]\n2 in there new\n");
    must_print("js logs -a 1 1; js logs -a 2 1", "1 in there\r\n2 in there new\r\n");
}
END_TEST

/* Its holder has told the end, but may not be gone: the next one waits for it. */
START_TEST(it_can_be_started_again_at_once)
{
    line("js run -d -- false; for i in 1 2 3 4 5 6 7 8 9; do js wait 1; js retry 1 || exit 99; "
         "done; "
         "js wait 1");
    fixture_expect_code(&result, 1);
    must_print("js show --json 1 | jq .jobs[0].attempt", "10\n");
}
END_TEST

START_TEST(a_job_that_runs_is_left_alone)
{
    must("js run -d -- sleep 60");
    line("js retry 1");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: job 1 has not ended: there is nothing to start again\n");
    must_print("js show --json 1 | jq .jobs[0].attempt", "1\n");
}
END_TEST

START_TEST(a_job_that_waits_for_its_next_attempt_gets_it_now)
{
    must("js run -d --restart on-failure --backoff 1h..1h -- sh -c 'test -e go && exec sleep 60'");
    jobs_await_state(&fixture, "1", "backoff");
    must_print("touch go; js retry", "1\n");
    jobs_await_state(&fixture, "1", "running");
    must_print("js show --json 1 | jq .jobs[0].attempt", "2\n");
}
END_TEST

static const char *const schedules[] = {"1h", "0 3 1 1 *"};

START_TEST(a_job_that_waits_for_its_time_runs_once_more)
{
    char text[512];
    snprintf(text, sizeof(text), "js run -d --delay 30m --every '%s' -- true", schedules[_i]);
    must(text);
    must("js show --json 1 | jq .jobs[0].due >due; js retry 1");
    jobs_await(&fixture, "1", "\"attempt\":1");
    jobs_await_state(&fixture, "1", "queued");
    must("js show --json 1 | jq .jobs[0].due | cmp - due");
}
END_TEST

START_TEST(all_that_failed_can_be_meant)
{
    must("js run -d -- true; js run -d -- false; js run -d -- sh -c 'kill -9 $$'; "
         "js run -d -- sleep 60; js run -d --timeout 1ms -- sleep 60; "
         "js run -d --ok-codes 1 -- false; js kill 4; js wait 1 2 3 5 6 2>err; true");
    must_print("js retry --failed --dry-run", "2  false\n3  sh -c 'kill -9 $$'\n5  sleep 60\n");
    must_print("js retry -f; true", "2\n3\n5\n");
    must_print("js show --json 1 2 4 5 6 | jq -c '[.jobs[].attempt]'", "[1,2,1,2,1]\n");
}
END_TEST

START_TEST(what_cannot_be_started_again_stays_known)
{
    must("printf '#!/bin/sh\\nexit 3\\n' >x; chmod +x x; js run -d -- ./x; js wait 1; rm x");
    line("js retry 1");
    fixture_expect_code(&result, 127);
    ck_assert_str_eq(result.err, "js: ./x: No such file or directory\n");
    must_print(
        "js show --json 1 | jq -c '.jobs[0] | [.state, .end.reason, [.attempts[].end.reason]]'",
        "[\"failed\",\"spawn-failed\",[\"exited\",\"spawn-failed\"]]\n");
    must("printf '#!/bin/sh\\nexit 0\\n' >x; chmod +x x; js retry 1; js wait 1");
    must_print("js show --json 1 | jq -c '.jobs[0] | [.state, .attempt]'", "[\"ended\",3]\n");
}
END_TEST

START_TEST(its_name_may_be_taken)
{
    must("js run -d -n x -- true; js wait x; js run -d -n x -- sleep 60");
    line("js retry 1");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: job 2 is named 'x' already\n");
}
END_TEST

START_TEST(its_plan_is_the_same)
{
    line("js run -d --restart on-failure:1 --backoff 1ms..1ms -- false; js wait 1; js retry 1; "
         "js wait 1");
    fixture_expect_code(&result, 1);
    must_print("js show --json 1 | jq -c '[.jobs[0].attempts[].number]'", "[1,2,3,4]\n");
}
END_TEST

/* Nothing of it is the server's: a new one finds the job as it is. */
START_TEST(a_new_server_knows_it)
{
    must("js run -d -- sh -c 'test $JS_ATTEMPT = 1 || exec sleep 60'; js wait 1; js retry 1");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must_print("js ls --json | jq -c '.jobs[0] | [.id, .state, .attempt]'", "[1,\"running\",2]\n");
    must("js kill 1");
}
END_TEST

/* What its terminal was left with is undone, and what was shown is there still. */
START_TEST(its_terminal_goes_on)
{
    must(
        "js run -d -- sh -c 'echo first; test $JS_ATTEMPT = 1 && printf \"\\033[?25l\\033[31m\" || "
        "exec sleep 60'; js wait 1; js retry 1");
    fixture_js_until(&fixture, &result, "started again]\r\nfirst", "logs", "1", NULL);
    ck_assert_ptr_nonnull(strstr(result.out, "\033[?25h"));
    must("js screen 1 | head -n 4 | grep -v '^$'");
    ck_assert_str_eq(result.out, "first\n[js: started again]\nfirst\n");
}
END_TEST

/* A client may send one; it would promise descriptors that do not come. */
START_TEST(a_plan_that_comes_along_does_not_count)
{
    struct raw_client client;
    char *argv[] = {(char *)"false"};
    struct job_plan plan = {.script = 5, .no_pty = true};
    struct msg_run run = {.argv = {.items = argv, .len = 1}, .cwd = (char *)"/", .plan = &plan};
    struct msg_retry body = {.job = (char *)"1", .run = &run};
    must("js run -d -- true; js wait 1");
    raw_client_greet(&client, &fixture);
    ck_assert(raw_client_send(&client, MSG_RETRY, 7, &body, NULL, 0));
    raw_client_expect(&client, MSG_JOB, 7);
    raw_client_close(&client);
    must("js wait 1");
    must_print("js show --json 1 | jq -c '.jobs[0] | [.state, .attempt, .argv]'",
               "[\"ended\",2,[\"true\"]]\n");
}
END_TEST

static Suite *retry_suite(void)
{
    Suite *suite = suite_create("retry");
    TCase *tc = tcase_create("retry");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, an_ended_job_is_started_again_as_itself);
    tcase_add_test(tc, it_can_be_started_again_at_once);
    tcase_add_test(tc, a_job_that_runs_is_left_alone);
    tcase_add_test(tc, a_job_that_waits_for_its_next_attempt_gets_it_now);
    tcase_add_loop_test(tc, a_job_that_waits_for_its_time_runs_once_more, 0, 2);
    tcase_add_test(tc, all_that_failed_can_be_meant);
    tcase_add_test(tc, what_cannot_be_started_again_stays_known);
    tcase_add_test(tc, its_name_may_be_taken);
    tcase_add_test(tc, its_plan_is_the_same);
    tcase_add_test(tc, a_new_server_knows_it);
    tcase_add_test(tc, its_terminal_goes_on);
    tcase_add_test(tc, a_plan_that_comes_along_does_not_count);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(retry_suite());
}
