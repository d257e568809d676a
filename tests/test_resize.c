/* The size of a job's terminal: of one without a terminal to take it from, and whose it is. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_size(const char *job, int cols, int rows)
{
    ck_assert_int_eq(jobs_number(&fixture, job, "cols"), cols);
    ck_assert_int_eq(jobs_number(&fixture, job, "rows"), rows);
}

START_TEST(a_detached_job_begins_with_the_size_asked_for)
{
    must("js run -d --size 132x43 -- stty size; js wait 1; js logs 1");
    ck_assert_str_eq(result.out, "1\n43 132\r\n");
    must("js run -d -- stty size; js wait 2; js logs 2");
    ck_assert_str_eq(result.out, "2\n24 80\r\n");
    must("js run --size 99x33 -- stty size");
    ck_assert_str_eq(result.out, "33 99\n");
}
END_TEST

START_TEST(a_job_is_resized_and_told)
{
    must("js run -d -n work -- pty_child ready size");
    fixture_js_until(&fixture, &result, "READY", "logs", "work", NULL);
    must("js resize work 100x30");
    ck_assert_str_eq(result.out, "");
    ck_assert_str_eq(result.err, "");
    fixture_js_until(&fixture, &result, "SIZE 30 100", "logs", "work", NULL);
    expect_size("work", 100, 30);
    must("js resize work 100x30; js show work | grep ^size");
    ck_assert_str_eq(result.out, "size       100x30\n");
    must("js kill work");
}
END_TEST

static const struct {
    const char *command;
    int code;
    const char *error;
} wrong_cases[] = {
    {"js run -d --size 2x1 -- true", 2,
     "js: run: '--size': '2x1' is not a size: write COLSxROWS, from 4x2 to 4096x4096; see js run "
     "--help\n"},
    {"js run -d --size 0x0 -- true", 2,
     "js: run: '--size': '0x0' is not a size: write COLSxROWS, from 4x2 to 4096x4096; see js run "
     "--help\n"},
    {"js resize 1 80", 2, "js: resize: '80' is no size: write COLSxROWS, from 4x2 to 4096x4096\n"},
    {"js resize 1 80x1", 2,
     "js: resize: '80x1' is no size: write COLSxROWS, from 4x2 to 4096x4096\n"},
    {"js resize 1", 2, "js: resize: give the job and its new size; see js resize --help\n"},
    {"js resize 9 80x24", 125, "js: no job 9\n"},
    {"js resize 1 80x24", 125, "js: job 1 exited (0); its output: js logs 1\n"},
};

START_TEST(a_wrong_size_is_refused)
{
    must("js run -d -- true; js wait 1");
    line(wrong_cases[_i].command);
    ck_assert_str_eq(result.err, wrong_cases[_i].error);
    ck_assert_int_eq(result.code, wrong_cases[_i].code);
}
END_TEST

/* From the run to the detach, and not of a watcher. */
START_TEST(the_size_is_the_writers_as_long_as_there_is_one)
{
    char expected[256];
    struct pty_driver *owner = fixture_shell(&fixture, 30, 100);
    struct pty_driver *watcher = fixture_shell(&fixture, 40, 120);
    ck_assert_int_eq(pty_driver_send(owner, "js run --size 80x24 -- true\n"), 0);
    pty_driver_expect(owner, "js: run: --size is for -d, or for output that is not a terminal",
                      deadline_default());
    pty_driver_expect(owner, "<2>", deadline_default());
    jobs_type(owner, "js run pty_child ready lines");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    jobs_type(watcher, "js fg --watch");
    jobs_await_viewers(&fixture, "1", 2);
    must("js show 1 | grep ^size");
    snprintf(expected, sizeof(expected), "size       100x30, that of %s, pid %d\n",
             pty_driver_tty(owner), (int)jobs_client(&fixture, "1", pty_driver_tty(owner)));
    ck_assert_str_eq(result.out, expected);
    must("js show --json 1 | jq -c '.jobs[0].attached | map([.mode, .owns_size]) | sort'");
    ck_assert_str_eq(result.out, "[[\"own\",true],[\"watch\",false]]\n");

    line("js resize 1 80x24");
    snprintf(expected, sizeof(expected), "js: cannot resize job 1: it has the size of %s (pid ",
             pty_driver_tty(owner));
    ck_assert_msg(strncmp(result.err, expected, strlen(expected)) == 0, "%s", result.err);
    ck_assert_int_eq(result.code, 125);
    expect_size("1", 100, 30);

    must("js detach 1; js resize 1 90x20");
    expect_size("1", 90, 20);
    pty_driver_expect(watcher, "<0>", deadline_default());
    jobs_close(owner);
    jobs_close(watcher);
    must("js kill 1");
}
END_TEST

/* A window that is being hidden or put together must not break the program in it. */
START_TEST(a_terminal_too_small_changes_nothing)
{
    struct pty_driver *owner = fixture_shell(&fixture, 30, 100);
    jobs_type(owner, "js run pty_child ready lines");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_resize(owner, 1, 2), 0);
    must("js show 1");
    ck_assert_int_eq(pty_driver_resize(owner, 31, 2), 0);
    ck_assert_int_eq(pty_driver_resize(owner, 31, 101), 0);
    jobs_await(&fixture, "1", "\"size\":{\"rows\":31,\"cols\":101}");
    must("js logs 1");
    ck_assert_ptr_null(strstr(result.out, "1 2\r\n"));
    jobs_close(owner);
    must("js kill 1");
}
END_TEST

/* Of several who type, the last to come or to be resized; when they go, the one who stays. */
START_TEST(sharers_take_the_size_over)
{
    struct pty_driver *first = fixture_shell(&fixture, 30, 100);
    struct pty_driver *second = fixture_shell(&fixture, 40, 120);
    jobs_type(first, "js run pty_child ready lines");
    pty_driver_expect(first, "READY\r\n", deadline_default());
    jobs_type(second, "js fg --share");
    jobs_await(&fixture, "1", "\"size\":{\"rows\":40,\"cols\":120}");
    ck_assert_int_eq(pty_driver_resize(first, 31, 101), 0);
    jobs_await(&fixture, "1", "\"size\":{\"rows\":31,\"cols\":101}");
    ck_assert_int_eq(pty_driver_send(first, "\034d"), 0);
    pty_driver_expect(first, "<0>", deadline_default());
    jobs_await(&fixture, "1", "\"size\":{\"rows\":40,\"cols\":120}");
    jobs_close(first);
    jobs_close(second);
    must("js kill 1");
}
END_TEST

static Suite *resize_suite(void)
{
    Suite *suite = suite_create("resize");
    TCase *tc = tcase_create("resize");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, a_detached_job_begins_with_the_size_asked_for);
    tcase_add_test(tc, a_job_is_resized_and_told);
    tcase_add_loop_test(tc, a_wrong_size_is_refused, 0,
                        (int)(sizeof(wrong_cases) / sizeof(wrong_cases[0])));
    tcase_add_test(tc, the_size_is_the_writers_as_long_as_there_is_one);
    tcase_add_test(tc, a_terminal_too_small_changes_nothing);
    tcase_add_test(tc, sharers_take_the_size_over);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(resize_suite());
}
