/* js watch: attempts that a change of a file starts. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <string.h>

static void await_log(const char *text)
{
    fixture_js_until(&fixture, &result, text, "logs", "1", NULL);
}

#define READY "echo READY $JS_ATTEMPT; exec sleep 600"

/* Until no watcher is left: it ends by itself, a moment after its holder. */
static void await_no_watcher(void)
{
    struct deadline deadline = deadline_default();
    while (fixture_count_processes(&fixture, "--watcher") > 0)
        ck_assert_msg(!deadline_passed(deadline), "a watcher was left");
}

/* R22, U1: the same job all the time, and what it had started is gone before it starts again. */
START_TEST(a_change_starts_it_again)
{
    must("js watch -d -n x -p '*.c' -- sh -c '" READY "'");
    await_log("READY 1");
    must("touch a.c");
    await_log("READY 2");
    must("touch b.c");
    await_log("READY 3");
    must_print("js logs 1 | tr -d '\\r'", "READY 1\n[js: a.c changed; attempt 2]\nREADY 2\n"
                                          "[js: b.c changed; attempt 3]\nREADY 3\n");
    must_print("js show --json 1 | jq -c '.jobs[0] | [.id, .name, .state, .attempt, "
               "[.attempts[] | [.number, .end.reason, .end.signal]]]'",
               "[1,\"x\",\"running\",3,[[1,\"killed\",15],[2,\"killed\",15],[3,null,null]]]\n");
    must_print("js show --json 1 | jq -c '.jobs[0].plan | [.watch, .ignore, .before]'",
               "[[\"*.c\"],null,null]\n");
    must("js kill 1");
    line("js wait 1");
    fixture_expect_code(&result, 143);
    await_no_watcher();
}
END_TEST

/*
 * Each instance has a directory while it lives, and takes its time to die: a second one would not
 * get it. Job 2 watches, too, so that it is known when a change has been told to job 1.
 */
START_TEST(there_are_never_two)
{
    must("mkdir d && js watch -d -C d -- sh -c 'mkdir ../mine || echo TWO; "
         "trap \"echo DYING; until test -e ../go; do sleep 0.05; done; rmdir ../mine; exit\" TERM; "
         "echo READY $JS_ATTEMPT; while :; do sleep 0.05; done'");
    must("js watch -d -C d -- sh -c '" READY "'");
    await_log("READY 1");
    fixture_js_until(&fixture, &result, "READY 1", "logs", "2", NULL);
    must("touch d/a; touch d/a");
    await_log("DYING");
    fixture_js_until(&fixture, &result, "READY 2", "logs", "2", NULL);
    must("touch d/b");
    fixture_js_until(&fixture, &result, "READY 3", "logs", "2", NULL);
    must_print("js show --json 1 | jq .jobs[0].attempt", "1\n");
    must("touch go");
    await_log("READY 2");
    must("touch d/c");
    await_log("READY 3");
    ck_assert_ptr_null(strstr(result.out, "TWO"));
    must_print(
        "js logs 1 | grep -c '\\[js: a changed; attempt 2\\]\\|\\[js: c changed; attempt 3\\]'",
        "2\n");
}
END_TEST

/* The tree is gone, not only the leader; what ignores TERM gets KILL after the grace. */
START_TEST(all_that_it_started_is_gone_first)
{
    must("mkdir d && js watch -d -C d --grace 200ms -- "
         "pty_child setsid-hold ignore-term ready hold");
    await_log("READY");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "pty_child"), 2);
    must("touch d/a");
    jobs_await(&fixture, "1", "\"attempt\":2");
    jobs_await_state(&fixture, "1", "running");
    must("until [ \"$(js logs 1 | grep -c READY)\" = 2 ]; do sleep 0.05; done");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "pty_child"), 2);
}
END_TEST

START_TEST(an_end_waits_for_the_next_change)
{
    must("js watch -d -p '*.c' -- sh -c 'echo DONE $JS_ATTEMPT; exit $JS_ATTEMPT'");
    jobs_await_state(&fixture, "1", "backoff");
    must("js logs 1");
    ck_assert_ptr_nonnull(strstr(result.out, "DONE 1\r\n[js: attempt 1 exited (1); the next one "
                                             "after a change (^C ends the job)]\r\n"));
    must_print("js show 1 | grep '^waits'", "waits for  a change of a file\n");
    must_print("js show --json 1 | jq -c '.jobs[0] | [.due, .pid]'", "[null,null]\n");
    must("touch a.c");
    await_log("DONE 2");
    jobs_await_state(&fixture, "1", "backoff");
    must("js retry 1");
    await_log("DONE 3");
    jobs_await_state(&fixture, "1", "backoff");
    must("js kill 1");
    must_print("js show --json 1 | jq -c '.jobs[0] | [.state, .end.reason, .attempt, .waits_for]'",
               "[\"ended\",\"killed\",3,null]\n");
    await_no_watcher();
}
END_TEST

/* Started once more by hand, an ended job watches again. */
START_TEST(an_ended_job_can_be_started_again)
{
    must("js watch -d -p '*.c' --pre 'echo before' -- sh -c '" READY "'");
    await_log("READY 1");
    must("js kill 1 && js retry 1");
    await_log("READY 2");
    must("touch a.c");
    await_log("READY 3");
    must_print("js logs 1 | grep -c before", "3\n");
}
END_TEST

START_TEST(what_comes_before_must_succeed)
{
    must(
        "touch fail.c && js watch -d -p '*.c' --pre 'echo PRE $JS_ATTEMPT; test ! -e fail.c' -- sh "
        "-c '" READY "'");
    jobs_await_state(&fixture, "1", "backoff");
    must("js logs 1");
    ck_assert_ptr_nonnull(strstr(
        result.out, "PRE 1\r\n[js: echo PRE $JS_ATTEMPT; test ! -e fail.c exited (1): attempt 1 is "
                    "not started; the next one after a change (^C ends the job)]\r\n"));
    must("rm fail.c");
    await_log("READY 2");
    ck_assert_ptr_nonnull(
        strstr(result.out, "[js: fail.c changed; attempt 2]\r\nPRE 2\r\nREADY 2"));
    must_print("js show --json 1 | jq -c '[.jobs[0].attempts[] | [.number, .started == null, "
               ".end.code]]'",
               "[[1,true,1],[2,false,null]]\n");
}
END_TEST

/* It has the attempt's time limit, and is ended by a change as the program is. */
START_TEST(what_comes_before_can_be_ended)
{
    must("js watch -d -p '*.c' --timeout 300ms --pre 'echo PRE $JS_ATTEMPT; test -e a.c || sleep "
         "600' -- sh -c 'echo READY $JS_ATTEMPT'");
    await_log("took too long and was ended: attempt 1 is not started");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 600"), 0);
    must("touch a.c");
    await_log("READY 2");
}
END_TEST

START_TEST(a_change_while_it_is_prepared_begins_anew)
{
    must("js watch -d -p '*.c' --pre 'echo PRE $JS_ATTEMPT; test -e a.c || sleep 600' -- sh -c "
         "'" READY "'");
    await_log("PRE 1");
    must("touch a.c");
    await_log("READY 2");
    ck_assert_ptr_null(strstr(result.out, "READY 1"));
}
END_TEST

/* The program of one attempt fails to start: as for every job with attempts, that is the end. */
START_TEST(what_cannot_be_executed_is_an_error)
{
    line("js watch -- /nope");
    fixture_expect_code(&result, 127);
    ck_assert_ptr_nonnull(strstr(result.err, "/nope: No such file or directory"));
    await_no_watcher();
    line("id=$(js watch -d --pre 'true' -- /nope); js wait $id");
    fixture_expect_code(&result, 127);
    await_no_watcher();
}
END_TEST

/* To what somebody has stopped nothing is done. */
START_TEST(a_stopped_job_stays_stopped)
{
    must("js watch -d -p '*.c' -- sh -c '" READY "'");
    await_log("READY 1");
    must("js stop 1");
    must("js watch -d -p '*.c' -- sh -c '" READY "'");
    fixture_js_until(&fixture, &result, "READY 1", "logs", "2", NULL);
    must("touch a.c");
    fixture_js_until(&fixture, &result, "READY 2", "logs", "2", NULL);
    must_print("js show --json 1 | jq -r '.jobs[0] | \"\\(.state) \\(.attempt)\"'", "stopped 1\n");
    must("js cont 1");
    await_log("[js: a.c changed; attempt 2]");
}
END_TEST

/* Somebody attached stays so, and sees it all; ^C ends what runs, and then what waits. */
START_TEST(who_is_attached_stays_so)
{
    struct deadline deadline = deadline_default();
    struct pty_driver *terminal =
        fixture_terminal(&fixture, 24, 80, fixture.js, "watch", "-p", "*.c", "--", "sh", "-c",
                         "stty -isig; echo READY $JS_ATTEMPT; stty isig; exec sleep 600", NULL);
    ck_assert(pty_driver_await(terminal, "READY 1", deadline));
    must("touch a.c");
    ck_assert(pty_driver_await(terminal, "[js: a.c changed; attempt 2]", deadline));
    ck_assert(pty_driver_await(terminal, "READY 2", deadline));
    must("until [ \"$(js show --json 1 | jq -r .jobs[0].state)\" = running ]; do :; done; "
         "until ps -eo args | grep -q '^sleep 60[0]'; do sleep 0.05; done");
    ck_assert_int_eq(pty_driver_send(terminal, "\003"), 0);
    ck_assert(pty_driver_await(
        terminal, "attempt 2 was ended by a signal (Interrupt); the next one", deadline));
    jobs_await_state(&fixture, "1", "backoff");
    ck_assert_int_eq(pty_driver_send(terminal, "\003"), 0);
    ck_assert_int_eq(pty_driver_wait_code(terminal, deadline), 130);
    pty_driver_destroy(terminal);
    must_print("js show --json 1 | jq -c '.jobs[0].end | [.reason, .signal]'",
               "[\"signaled\",2]\n");
}
END_TEST

/* Where ^C is a key to the last program's liking, it is ours again when that has gone. */
START_TEST(a_terminal_left_raw_is_mended)
{
    struct deadline deadline = deadline_default();
    struct pty_driver *terminal = fixture_terminal(&fixture, 24, 80, fixture.js, "watch", "--",
                                                   "sh", "-c", "stty raw -echo; exit 3", NULL);
    ck_assert(pty_driver_await(terminal, "attempt 1 exited (3); the next one", deadline));
    jobs_await_state(&fixture, "1", "backoff");
    ck_assert_int_eq(pty_driver_send(terminal, "\003"), 0);
    ck_assert_int_eq(pty_driver_wait_code(terminal, deadline), 130);
    pty_driver_destroy(terminal);
}
END_TEST

/* All that js run can do: a policy of restarts comes first, a change does not wait for it. */
START_TEST(restarts_and_changes_go_together)
{
    must("js watch -d -p '*.c' --restart on-failure --backoff 1h..1h -- sh -c "
         "'echo READY $JS_ATTEMPT; exit 1'");
    await_log("READY 1");
    jobs_await_state(&fixture, "1", "backoff");
    must("touch a.c");
    await_log("READY 2");
}
END_TEST

START_TEST(a_queue_has_its_say)
{
    must("js queue set q slots=1 && js watch -d -q q -p '*.c' -- sh -c '" READY "'");
    await_log("READY 1");
    must("touch a.c");
    await_log("READY 2");
    must_print("js show --json 1 | jq -r '.jobs[0] | \"\\(.state) \\(.attempt)\"'", "running 2\n");
}
END_TEST

static const struct {
    const char *command, *error;
} wrong[] = {
    {"js watch", "js: watch: there is no command to run; see js watch --help\n"},
    {"js watch -p '' -- true", "js: watch: -p '': write a pattern as in a .gitignore, such as "
                               "'*.c', 'src/' or 'doc/**/*.md'\n"},
    {"js watch --ignore / -- true", "js: watch: --ignore '/': write a pattern as in a .gitignore, "
                                    "such as '*.c', 'src/' or 'doc/**/*.md'\n"},
    {"js watch --pre '' -- true",
     "js: watch: --pre '': write a line for the shell, such as 'make'\n"},
    {"js watch --pre \"$(printf %2000s x)\" -- true",
     "js: watch: --pre has 2000 bytes, 1024 at most are taken: put it into a script\n"},
    {"js watch $(seq -f '-p%g' 65) -- true",
     "js: watch: 65 times -p: at most 64 are taken; a GLOB may stand for a directory\n"},
};

START_TEST(what_is_wrong_is_named)
{
    line(wrong[_i].command);
    fixture_expect_code(&result, 2);
    ck_assert_str_eq(result.err, wrong[_i].error);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *watch_suite(void)
{
    Suite *suite = suite_create("watch");
    TCase *tc = tcase_create("watch");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, a_change_starts_it_again);
    tcase_add_test(tc, there_are_never_two);
    tcase_add_test(tc, all_that_it_started_is_gone_first);
    tcase_add_test(tc, an_end_waits_for_the_next_change);
    tcase_add_test(tc, an_ended_job_can_be_started_again);
    tcase_add_test(tc, what_comes_before_must_succeed);
    tcase_add_test(tc, what_comes_before_can_be_ended);
    tcase_add_test(tc, a_change_while_it_is_prepared_begins_anew);
    tcase_add_test(tc, what_cannot_be_executed_is_an_error);
    tcase_add_test(tc, a_stopped_job_stays_stopped);
    tcase_add_test(tc, who_is_attached_stays_so);
    tcase_add_test(tc, a_terminal_left_raw_is_mended);
    tcase_add_test(tc, restarts_and_changes_go_together);
    tcase_add_test(tc, a_queue_has_its_say);
    tcase_add_loop_test(tc, what_is_wrong_is_named, 0, COUNT(wrong));
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(watch_suite());
}
