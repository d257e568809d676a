/* js kill: what is to end ends, with everything it started, and how long that takes. */
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Starts `pty_child WORDS` detached as job 1 and waits until it says so. */
static void start(const char *words, const char *until)
{
    char text[256];
    snprintf(text, sizeof(text), "js run -d -- pty_child %s", words);
    must(text);
    ck_assert_str_eq(result.out, "1\n");
    fixture_js_until(&fixture, &result, until, "logs", "1", NULL);
}

/* The number behind this word in the job's output. */
static pid_t pid_in_log(const char *word)
{
    must("js logs 1");
    const char *at = strstr(result.out, word);
    ck_assert_ptr_nonnull(at);
    return (pid_t)atoi(at + strlen(word));
}

static bool is_alive(pid_t pid)
{
    struct proc process;
    return proc_read(pid, &process) == 0 && process.state != 'Z';
}

static void expect_end(const char *end_text)
{
    must("js show --json 1 | jq -c .jobs[0].end");
    ck_assert_str_eq(result.out, end_text);
}

#define KILLED_BY(signal)                                                                          \
    "{\"reason\":\"killed\",\"code\":null,\"signal\":" signal ",\"core\":false}\n"

/* When `js kill` is back, it has ended. */
START_TEST(a_killed_job_has_ended)
{
    start("ready hold", "READY");
    must("js kill 1");
    ck_assert_double_lt(result.ms, 2000.0 * deadline_slowness());
    ck_assert_str_eq(result.out, "");
    ck_assert_str_eq(result.err, "");
    expect_end(KILLED_BY("15"));
    line("js wait 1");
    ck_assert_int_eq(result.code, 143);
}
END_TEST

/* R2: TERM is ignored; after the grace comes KILL, and not before. */
START_TEST(what_ignores_term_is_killed_after_the_grace)
{
    start("ignore-term ready hold", "READY");
    must("js kill --grace 300ms 1");
    ck_assert_double_ge(result.ms, 300.0);
    ck_assert_double_lt(result.ms, 300.0 + 2000.0 * deadline_slowness());
    expect_end(KILLED_BY("9"));
}
END_TEST

/* R3 */
/* As kill(1) takes it. */
START_TEST(a_signal_can_be_an_option_of_its_own)
{
    must("for i in 1 2 3; do js run -d -- sleep 60; done; js kill -9 1; js kill -HUP 2; "
         "js kill -SIGUSR1 3; for i in 1 2 3; do js wait $i; echo $?; done 2>/dev/null");
    ck_assert_str_eq(result.out, "1\n2\n3\n137\n129\n138\n");
    fixture_js(&fixture, &result, "kill", "-NONSENSE", "1", NULL);
    fixture_expect_code(&result, 2);
}
END_TEST

START_TEST(without_grace_it_is_killed_at_once)
{
    start("ignore-term ready hold", "READY");
    must("js kill --grace 0 1");
    ck_assert_double_lt(result.ms, 2000.0 * deadline_slowness());
    expect_end(KILLED_BY("9"));
}
END_TEST

START_TEST(a_very_long_grace_is_accepted)
{
    start("ready hold", "READY");
    must("js kill --grace 1e100s 1");
    expect_end(KILLED_BY("15"));
}
END_TEST

START_TEST(a_program_may_end_in_its_own_way)
{
    must("js run -d -- sh -c 'trap \"echo bye; exit 5\" TERM; echo READY; while :; do sleep 0.05; "
         "done'");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js kill 1; js logs 1 | tr -d '\\r' | tail -n 1");
    ck_assert_str_eq(result.out, "bye\n");
    expect_end("{\"reason\":\"killed\",\"code\":5,\"signal\":null,\"core\":false}\n");
    line("js wait 1");
    ck_assert_int_eq(result.code, 5);
}
END_TEST

/* R4: the leader ends at once, what it started does not. */
START_TEST(the_group_is_killed_when_the_leader_is_gone)
{
    start("fork-hold ready hold", "READY");
    pid_t child = pid_in_log("CHILD ");
    ck_assert(is_alive(child));
    must("js kill 1");
    ck_assert(!is_alive(child));
}
END_TEST

START_TEST(the_group_has_the_grace_too)
{
    must(
        "js run -d -- sh -c 'pty_child ignore-term ready hold & trap \"exit 0\" TERM; wait; wait'");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    ck_assert_uint_eq(fixture_count_processes(&fixture, "ignore-term"), 2);
    must("js kill --grace 200ms 1");
    ck_assert_double_ge(result.ms, 200.0);
    ck_assert_uint_eq(fixture_count_processes(&fixture, "ignore-term"), 0);
    must("js show --json 1 | jq -r .jobs[0].end.reason");
    ck_assert_str_eq(result.out, "killed\n");
}
END_TEST

/* W7: a session of its own is no way out. */
START_TEST(a_session_of_its_own_does_not_save)
{
    start("setsid-hold setsid-quiet ready hold", "READY");
    pid_t child = pid_in_log("CHILD ");
    ck_assert(is_alive(child));
    must("js kill 1");
    ck_assert(!is_alive(child));
    ck_assert_uint_eq(fixture_count_processes(&fixture, "setsid-quiet"), 0);
}
END_TEST

START_TEST(a_double_fork_does_not_save)
{
    must("js run -d -- sh -c '(setsid sh -c \"trap \\\"\\\" TERM HUP; sleep 98 & echo READY; "
         "wait\" &"
         " ) ; exec sleep 97'");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js kill --grace 200ms 1");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 97"), 0);
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 98"), 0);
}
END_TEST

START_TEST(many_descendants_are_killed)
{
    start("ignore-term children 50 ready hold", "READY");
    must("js kill --grace 50ms 1");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "children 50"), 0);
}
END_TEST

/* W6: a stopped process does not act on TERM until it is continued. */
START_TEST(a_stopped_job_does_not_need_the_grace)
{
    start("ready hold", "READY");
    must("js stop 1; js kill 1");
    ck_assert_double_lt(result.ms, 3000.0 * deadline_slowness());
    expect_end(KILLED_BY("15"));
}
END_TEST

/* Whoever asks again does not want to wait. */
START_TEST(a_second_kill_forces)
{
    struct program first;
    start("ignore-term ready hold", "READY");
    fixture_start(&fixture, &first, fixture.js, "kill", "--grace", "600s", "1", NULL);
    /* The first has arrived when the job has got its TERM: it is shown nowhere, so try until. */
    must("js kill --grace 600s 1");
    program_must_end(&first, deadline_default());
    ck_assert_int_eq(program_exit_code(&first), 0);
    program_finish(&first);
    expect_end(KILLED_BY("9"));
}
END_TEST

/* R5 */
START_TEST(killing_what_has_ended_is_no_error)
{
    line("js run -- sh -c 'exit 3'; js kill 1");
    fixture_expect_code(&result, 0);
    ck_assert_ptr_nonnull(strstr(result.err, "exited (3)"));
    expect_end("{\"reason\":\"exited\",\"code\":3,\"signal\":null,\"core\":false}\n");
}
END_TEST

/* S11: whichever came first, everybody tells the same. */
START_TEST(an_end_and_a_kill_at_the_same_time)
{
    for (int i = 0; i < 40; i++) {
        must("id=$(js run -d -- true); js kill $id 2>/dev/null || echo failed; "
             "js wait --json $id >json; js show --json $id | cmp - json; jq -r '.jobs[0].end | "
             ".reason, .code' json");
        ck_assert_msg(strcmp(result.out, "exited\n0\n") == 0 ||
                          strcmp(result.out, "killed\nnull\n") == 0 ||
                          strcmp(result.out, "killed\n0\n") == 0,
                      "%s", result.out);
    }
}
END_TEST

START_TEST(a_kill_during_the_start_is_not_lost)
{
    for (int i = 0; i < 20; i++) {
        must("id=$(js run -d -- sleep 99); js kill $id; js show --json $id | jq -r .jobs[0].state");
        ck_assert_str_eq(result.out, "ended\n");
    }
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 99"), 0);
}
END_TEST

/*
 * R20: a job that belongs to another user by now cannot be signalled; it goes on, and js says so.
 * Only root can make such a job: a program that is started by nobody and becomes root.
 */
#define AS_NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups "

START_TEST(what_may_not_be_killed_goes_on)
{
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(runner_directory(), 0755), 0);
    must("cp $(command -v setpriv) become; chown -R 65534:65534 ..; chown 0:0 become; "
         "chmod 4755 become");
    line(AS_NOBODY "test -x \"$(command -v js)\" -a -x \"$(command -v pty_child)\"");
    if (result.code != 0)
        return; /* the build directory is not for others */
    must(AS_NOBODY "js run -d -- ./become --reuid=0 --regid=0 --clear-groups pty_child ready hold");
    struct deadline deadline = deadline_default();
    do /* until it has become root */
        must(AS_NOBODY "js logs 1");
    while (!strstr(result.out, "READY") && !deadline_passed(deadline));
    line(AS_NOBODY "js kill 1");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: cannot kill job 1: Operation not permitted\n");
    must(AS_NOBODY "js ls --json | jq -r '.jobs[0].state'");
    ck_assert_str_eq(result.out, "running\n");
}
END_TEST

/* Single signals */

START_TEST(a_signal_is_sent_to_the_group_and_no_more)
{
    start("catch HUP catch USR1 fork-hold ready hold", "READY");
    must("js kill -s HUP 1");
    fixture_js_until(&fixture, &result, "CAUGHT HUP", "logs", "1", NULL);
    must("js kill --signal SIGUSR1 1");
    fixture_js_until(&fixture, &result, "CAUGHT USR1", "logs", "1", NULL);
    must("js ls --json | jq -r .jobs[0].state");
    ck_assert_str_eq(result.out, "running\n");
    must("js kill -s 9 1; js wait 1 || echo $?");
    ck_assert_str_eq(result.out, "137\n");
    expect_end("{\"reason\":\"signaled\",\"code\":null,\"signal\":9,\"core\":false}\n");
}
END_TEST

START_TEST(stop_and_cont_signals_are_like_js_stop_and_cont)
{
    start("ready hold", "READY");
    must("js kill -s STOP 1");
    fixture_js_until(&fixture, &result, "\"stopped\"", "ls", "--json", NULL);
    must("js kill -s CONT 1");
    fixture_js_until(&fixture, &result, "\"running\"", "ls", "--json", NULL);
    must("js stop 1; js kill -s TERM 1; js wait 1 || echo $?");
    ck_assert_str_eq(result.out, "143\n");
}
END_TEST

/* W30: zombies that nobody reaps must not look alive. */
START_TEST(zombies_do_not_take_the_grace)
{
    must("js run -d -- sh -c 'sh -c \"exit 0\" & echo READY; exec sleep 60'");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js kill 1");
    ck_assert_double_lt(result.ms, 3000.0 * deadline_slowness());
    expect_end(KILLED_BY("15"));
}
END_TEST

/* W3, J12: what a normal end leaves behind is dealt with on that path, too. */
START_TEST(leftovers_of_a_normal_end_are_counted)
{
    start("fork-hold setsid-quiet exit 4", "CHILD");
    line("js wait 1");
    ck_assert_int_eq(result.code, 4);
    must("js show --json 1 | jq .jobs[0].leftovers");
    ck_assert_str_eq(result.out, "1\n"); /* the other one made itself a daemon */
    /* They ignore the hang-up: that is theirs to decide. */
    ck_assert_uint_eq(fixture_count_processes(&fixture, "setsid-quiet"), 2);
    fixture.may_leave_orphans = true;
}
END_TEST

static Suite *kill_suite(void)
{
    Suite *suite = suite_create("kill");
    TCase *ending = tcase_create("end");
    tcase_add_checked_fixture(ending, world_begin, world_end);
    tcase_add_test(ending, a_killed_job_has_ended);
    tcase_add_test(ending, what_ignores_term_is_killed_after_the_grace);
    tcase_add_test(ending, a_signal_can_be_an_option_of_its_own);
    tcase_add_test(ending, without_grace_it_is_killed_at_once);
    tcase_add_test(ending, a_very_long_grace_is_accepted);
    tcase_add_test(ending, a_program_may_end_in_its_own_way);
    tcase_add_test(ending, the_group_is_killed_when_the_leader_is_gone);
    tcase_add_test(ending, the_group_has_the_grace_too);
    tcase_add_test(ending, a_session_of_its_own_does_not_save);
    tcase_add_test(ending, a_double_fork_does_not_save);
    tcase_add_test(ending, many_descendants_are_killed);
    tcase_add_test(ending, a_stopped_job_does_not_need_the_grace);
    tcase_add_test(ending, a_second_kill_forces);
    tcase_add_test(ending, killing_what_has_ended_is_no_error);
    tcase_add_test(ending, an_end_and_a_kill_at_the_same_time);
    tcase_add_test(ending, a_kill_during_the_start_is_not_lost);
    tcase_add_test(ending, zombies_do_not_take_the_grace);
    tcase_add_test(ending, what_may_not_be_killed_goes_on);
    tcase_add_test(ending, leftovers_of_a_normal_end_are_counted);
    suite_add_tcase(suite, ending);

    TCase *signals = tcase_create("signals");
    tcase_add_checked_fixture(signals, world_begin, world_end);
    tcase_add_test(signals, a_signal_is_sent_to_the_group_and_no_more);
    tcase_add_test(signals, stop_and_cont_signals_are_like_js_stop_and_cont);
    suite_add_tcase(suite, signals);
    return suite;
}

int main(void)
{
    return runner_run(kill_suite());
}
