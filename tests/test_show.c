/* What js tells about a job while it runs, and in answer to orders that change nothing. */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server hears of changes of state only; what the job has printed since is told all the same.
 */
START_TEST(the_log_of_a_running_job_is_up_to_date)
{
    fixture_js(&fixture, &result, "run", "-d", "--", "sh", "-c", "printf 12345; sleep 600", NULL);
    fixture_expect_code(&result, 0);
    fixture_js_until(&fixture, &result, "12345", "logs", NULL);
    fixture_js(&fixture, &result, "show", NULL);
    ck_assert_msg(strstr(result.out, "bytes 0 to 5\n") != NULL, "%s", result.out);
    fixture_js(&fixture, &result, "show", "--json", NULL);
    ck_assert_msg(strstr(result.out, "\"log\":{\"first\":0,\"next\":5}") != NULL, "%s", result.out);
    fixture_js(&fixture, &result, "ls", "--json", NULL);
    ck_assert_msg(strstr(result.out, "\"log\":{\"first\":0,\"next\":5}") != NULL, "%s", result.out);
}
END_TEST

/* With several jobs it must be clear which one is meant. */
START_TEST(notes_name_the_job)
{
    for (int i = 0; i < 2; i++) {
        fixture_js(&fixture, &result, "run", "-d", "--", "sleep", "600", NULL);
        fixture_expect_code(&result, 0);
    }
    fixture_js(&fixture, &result, "bg", "1", "2", NULL);
    ck_assert_str_eq(result.err, "js: job 1 is running already\njs: job 2 is running already\n");
    ck_assert_int_eq(result.code, 0);
    fixture_js(&fixture, &result, "detach", "1", "2", NULL);
    ck_assert_str_eq(result.err,
                     "js: job 1 was attached nowhere\njs: job 2 was attached nowhere\n");
    fixture_js(&fixture, &result, "stop", "2", NULL);
    fixture_expect_code(&result, 0);
    fixture_js(&fixture, &result, "stop", "2", NULL);
    ck_assert_str_eq(result.err, "js: job 2 is stopped already\n");
    fixture_js(&fixture, &result, "kill", "1", "2", NULL);
    fixture_js(&fixture, &result, "kill", "1", NULL);
    ck_assert_str_eq(result.err, "js: job 1 already was ended by a signal (Terminated)\n");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

/* The terminal is in raw mode by then: lines must start at its left side all the same. */
START_TEST(errors_in_a_terminal_start_at_the_left)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_send(shell, "js fg 99; js run no-such-program\n"), 0);
    pty_driver_expect(shell, "js: no job 99\r\n", deadline_default());
    pty_driver_expect(shell, "js: no-such-program: command not found\r\n", deadline_default());
    pty_driver_expect(shell, "<127>", deadline_default());
    pty_driver_destroy(shell);
}
END_TEST

static const struct {
    const char *args[4];
    const char *error;
} wrong_cases[] = {
    {{"-n", "12"}, "js: run: a job's name cannot be a number\n"},
    {{"-n", ""}, "js: run: a job's name cannot be empty\n"},
    {{"-n", "%x"}, "js: run: a job's name cannot begin with '%' or '-'\n"},
    {{"-n", "a\tb"}, "js: run: a job's name cannot contain control characters\n"},
    {{"-e", "A"}, "js: run: 'A': write -e NAME=VALUE\n"},
    {{"-e", "=B"}, "js: run: '=B': write -e NAME=VALUE\n"},
    {{"-u", "A=B"}, "js: run: 'A=B': write -u NAME\n"},
    {{"-u", ""}, "js: run: '': write -u NAME\n"},
};

START_TEST(run_refuses_what_makes_no_sense)
{
    const char *const *args = wrong_cases[_i].args;
    fixture_js(&fixture, &result, "run", args[0], args[1], "true", NULL);
    ck_assert_str_eq(result.err, wrong_cases[_i].error);
    ck_assert_int_eq(result.code, 2);
}
END_TEST

static Suite *show_suite(void)
{
    Suite *suite = suite_create("show");
    TCase *tc = tcase_create("show");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, the_log_of_a_running_job_is_up_to_date);
    tcase_add_test(tc, notes_name_the_job);
    tcase_add_test(tc, errors_in_a_terminal_start_at_the_left);
    tcase_add_loop_test(tc, run_refuses_what_makes_no_sense, 0,
                        (int)(sizeof(wrong_cases) / sizeof(wrong_cases[0])));
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(show_suite());
}
