/* What js tells of what jobs use and have used, and -o of ls and show. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `js show -o COLUMN JOB` as a number. */
static double value(const char *column, const char *job)
{
    char text[64];
    snprintf(text, sizeof(text), "js show -o %s %s", column, job);
    must(text);
    ck_assert_int_ne(result.out[0], '\n');
    return atof(result.out);
}

START_TEST(a_live_job_tells_what_it_uses)
{
    must(
        "js run -d -- sh -c 'pty_child spin 150; pty_child hog 20 hold & pty_child spin 150 ready; "
        "wait'");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    fixture_js_until(&fixture, &result, "HOG", "logs", "1", NULL);
    ck_assert_double_ge(value("cpu", "1"), 0.25);
    ck_assert_double_ge(value("mem", "1"), 20.0 * 1048576);
    ck_assert_double_ge(value("peak", "1"), 20.0 * 1048576);
    ck_assert_double_eq(value("procs", "1"), 2);
    must("js show 1 | grep -c '^usage  *processor [0-9.ms]*, memory 2[0-9].*, 2 processes$'");
    must("js show --json 1 | jq -e '.jobs[0].usage | .cpu_ms >= 250 and .memory >= 20971520 and "
         ".peak >= .memory and .processes == 2'");
    /* Only who asks for it wakes the holders. */
    must("js ls --json | jq -c .jobs[0].usage; js ls --json -o cpu | jq .jobs[0].usage.processes");
    ck_assert_str_eq(result.out, "null\n2\n");
}
END_TEST

START_TEST(an_ended_job_keeps_what_it_has_used)
{
    must("js run -- sh -c 'pty_child spin 100 hog 20; pty_child spin 100'");
    ck_assert_double_ge(value("cpu", "1"), 0.19);
    ck_assert_double_lt(value("cpu", "1"), 5);
    ck_assert_double_ge(value("peak", "1"), 20.0 * 1048576);
    must("js show -o mem,procs,state 1");
    ck_assert_str_eq(result.out, "0\t0\tended\n");
    /* Of a record alone as well. */
    must("js server stop; js show --json 1 | jq -e '.jobs[0].usage.cpu_ms >= 190'");
    must("js ls -a --json | jq -e '.jobs[0].usage.cpu_ms >= 190'");
}
END_TEST

START_TEST(all_attempts_count)
{
    line("js run --restart on-failure:2 --backoff 1ms..1ms -- sh -c 'pty_child spin 100; exit 3'");
    fixture_expect_code(&result, 3);
    ck_assert_double_ge(value("cpu", "1"), 0.1 * value("attempt", "1") - 0.01);
    ck_assert_double_ge(value("attempt", "1"), 2);
}
END_TEST

/* R1 */
START_TEST(the_pid_is_that_of_the_program)
{
    must("js run -d -- pty_child ready hold; js show -o pid; js show --json | jq .jobs[0].pid");
    const char *first = strchr(result.out, '\n');
    ck_assert_ptr_nonnull(first);
    const char *second = strchr(++first, '\n');
    ck_assert_ptr_nonnull(second);
    ck_assert_str_eq(first + strspn(first, "0123456789"), second);
    must("ps -o pid=,pgid=,tpgid= -p $(js show -o pid 1) | awk '{print ($1 == $2 && $2 == $3)}'; "
         "ps -o sid= -p $(js show -o pid) | tr -d ' '; js show -o holder");
    char holder[32];
    const char *sid = strchr(result.out, '\n');
    ck_assert_ptr_nonnull(sid);
    snprintf(holder, sizeof(holder), "%.*s", (int)strcspn(sid + 1, "\n"), sid + 1);
    ck_assert_int_eq(strncmp(result.out, "1\n", 2), 0);
    ck_assert_ptr_nonnull(strstr(sid + 1 + strlen(holder), holder));
}
END_TEST

/* R14 */
START_TEST(the_attempt_grows)
{
    must("js run -d --restart always:1ms --backoff 1ms..1ms -- sh -c 'exit 1'");
    fixture_js_until(&fixture, &result, "2\n", "show", "-o", "attempt", "1", NULL);
    must("js kill 1");
}
END_TEST

START_TEST(columns_are_chosen)
{
    must("js run -d -n web -- pty_child ready hold; js run -- true");
    must("js ls -a -o name,id,mark,exit,command");
    ck_assert_str_eq(result.out, "NAME  ID     EXIT  COMMAND\n"
                                 "web    1  +        pty_child ready hold\n"
                                 "       2        0  true\n");
    must("js show -o name,id,exit,command 1 2");
    ck_assert_str_eq(result.out, "web\t1\t\tpty_child ready hold\n\t2\t0\ttrue\n");
    const char *const commands[] = {"ls", "show"};
    for (size_t i = 0; i < 2; i++) {
        char expected[512];
        fixture_js(&fixture, &result, commands[i], "-o", "id,cpus", NULL);
        fixture_expect_code(&result, 2);
        snprintf(expected, sizeof(expected),
                 "js: %s: 'cpus' is no column; there are id, mark, uid, state, name, ",
                 commands[i]);
        ck_assert_int_eq(strncmp(result.err, expected, strlen(expected)), 0);
        ck_assert_str_eq(result.out, "");
    }
}
END_TEST

/* Nobody waits for a holder that does not answer, but what the others tell is told. */
START_TEST(a_stopped_holder_stops_nobody)
{
    must("js run -d -- pty_child ready hold; js run -d -- pty_child ready hold");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    fixture_js_until(&fixture, &result, "READY", "logs", "2", NULL);
    must("h=$(js show -o holder 1); kill -STOP $h; until grep -q 'State:.T' /proc/$h/status; do :; "
         "done");
    must("js ls -o id,procs");
    ck_assert_double_lt(result.ms, 700.0 * deadline_slowness());
    ck_assert_str_eq(result.out, "ID  PROCS\n 1\n 2      1\n");
    must("kill -CONT $(js show -o holder 1); js ls -o id,procs");
    ck_assert_str_eq(result.out, "ID  PROCS\n 1      1\n 2      1\n");
}
END_TEST

/* `js retry` has another holder, but it is the same job. */
START_TEST(what_it_used_before_a_retry_counts)
{
    must("js run -- sh -c 'pty_child spin 200'; js retry 1 >/dev/null; js wait 1");
    ck_assert_double_ge(value("cpu", "1"), 0.38);
    ck_assert_double_eq(value("attempt", "1"), 2);
}
END_TEST

static Suite *used_suite(void)
{
    Suite *suite = suite_create("used");
    TCase *tc = tcase_create("used");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, a_live_job_tells_what_it_uses);
    tcase_add_test(tc, an_ended_job_keeps_what_it_has_used);
    tcase_add_test(tc, all_attempts_count);
    tcase_add_test(tc, the_pid_is_that_of_the_program);
    tcase_add_test(tc, the_attempt_grows);
    tcase_add_test(tc, columns_are_chosen);
    tcase_add_test(tc, a_stopped_holder_stops_nobody);
    tcase_add_test(tc, what_it_used_before_a_retry_counts);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(used_suite());
}
