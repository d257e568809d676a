/*
 * Questions of a job to its terminal: who answers them, that exactly one answer comes, and that it
 * comes to nobody else.
 */
#include "tests/harness/await.h"
#include "tests/harness/fixture.h"
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/watch.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHORD "\034d"

static struct fixture fixture;
static struct fixture_result result;

static void setup(void)
{
    fixture_init(&fixture);
}

static void teardown(void)
{
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void run_detached(const char *const *behaviours)
{
    const char *argv[16] = {fixture.js, "run", "-d", "--", fixture.pty_child};
    for (size_t i = 0; behaviours[i]; i++)
        argv[5 + i] = behaviours[i];
    struct program_options options = {.argv = argv};
    fixture_run_options(&fixture, &result, &options);
    fixture_expect_code(&result, 0);
}

static void expect_log(const char *text)
{
    fixture_js(&fixture, &result, "logs", "1", NULL);
    ck_assert_msg(strstr(result.out, text) != NULL, "%s is not in %s", text, result.out);
}

/* Nobody is attached */

static const struct standing_in {
    const char *question, *end, *answer;
} standing_in[] = {
    {"\\e[c", "c", "ANSWER \\e[?62;22c\r\n"},
    {"ab\\e[6n", "R", "ANSWER \\e[1;3R\r\n"},
    {"\\e[5;7H\\e[?6n\\e[5n", "n", "ANSWER \\e[?5;7R\\e[0n\r\n"},
    {"\\e[?2004h\\e[?2004$p", "y", "ANSWER \\e[?2004;1$y\r\n"},
    {"\\e]11;?\\e\\\\\\e[c", "c", "ANSWER \\e]11;rgb:0000/0000/0000\\e\\\\e[?62;22c\r\n"},
    {"\\e[18t", "t", "ANSWER \\e[8;24;80t\r\n"},
    {"\\e[?u\\e[c", "c", "ANSWER \\e[?62;22c\r\n"},
    {"\\e[1;31m\\eP$qm\\e\\\\", "\\\\", "ANSWER \\eP1$r0;1;31m\\e\\\r\n"},
};

START_TEST(with_nobody_there_the_holder_answers)
{
    const struct standing_in *one = &standing_in[_i];
    run_detached((const char *[]){"ask", one->question, one->end, NULL});
    fixture_js(&fixture, &result, "wait", "1", NULL);
    fixture_expect_code(&result, 0);
    expect_log(one->answer);
}
END_TEST

/* Starts a detached job that runs pty_child so as soon as there is a file "go". */
static void run_later(const char *behaviours)
{
    char line[512];
    snprintf(line, sizeof(line),
             "js run -d -- sh -c \"pty_child ready; until [ -e go ]; do sleep 0.02; done; rm go; "
             "pty_child %s\"",
             behaviours);
    fixture_shell_line(&fixture, &result, line);
    fixture_expect_code(&result, 0);
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
}

static void run_now(void)
{
    fixture_shell_line(&fixture, &result, "touch go");
    fixture_expect_code(&result, 0);
}

/* The answers that wait are bounded: the job is not held up, the holder does not grow. */
START_TEST(a_job_that_asks_and_never_reads_goes_on)
{
    run_later("ask-many 300000 hold");
    fixture_shell_line(&fixture, &result, "js show 1 | sed -n 's/^holder *//p'");
    pid_t holder = (pid_t)atoi(result.out);
    long before = watch_status(holder, "VmRSS:");
    run_now();
    fixture_js_until(&fixture, &result, "ASKED", "logs", "1", NULL);
    ck_assert_int_le(watch_status(holder, "VmRSS:"), before + 512 + watch_slack_kib());
    fixture_js(&fixture, &result, "kill", "-s", "KILL", "1", NULL);
    fixture_expect_code(&result, 0);
}
END_TEST

/* A job whose output goes to a file has no terminal that could answer. */
START_TEST(a_pipe_is_no_terminal)
{
    fixture_shell_line(&fixture, &result, "echo x | js run -- pty_child ask '\\e[c' c | cat");
    fixture_expect_code(&result, 0);
    ck_assert_msg(strstr(result.out, "\\e[?62;22c") != NULL, "%s", result.out);
}
END_TEST

/* Somebody is */

START_TEST(the_writers_terminal_answers_and_nobody_else)
{
    struct pty_driver *owner = fixture_shell(&fixture, 24, 80);
    struct pty_driver *watcher = fixture_shell(&fixture, 24, 80);
    struct pty_driver *sharer = fixture_shell(&fixture, 24, 80);
    jobs_type(owner, "js run pty_child ready line print ASKING ask '\\e[c' '!' print DONE line");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    jobs_type(watcher, "js fg --watch");
    jobs_type(sharer, "js fg --share");
    pty_driver_expect(watcher, "READY\r\n", deadline_default());
    pty_driver_expect(sharer, "READY\r\n", deadline_default());
    jobs_await_viewers(&fixture, "1", 3);

    size_t seen_by_watcher = pty_driver_here(watcher), seen_by_sharer = pty_driver_here(sharer);
    ck_assert_int_eq(pty_driver_send(owner, "\n"), 0);
    pty_driver_expect(owner, "ASKING\r\n\033[c", deadline_default());
    /* The holder has said nothing: what the terminal says is all that comes before the mark. */
    ck_assert_int_eq(pty_driver_send(owner, "\033[?1;2c!"), 0);
    pty_driver_expect(owner, "ANSWER \\e[?1;2c!\r\nDONE", deadline_default());
    pty_driver_expect(watcher, "DONE", deadline_default());
    pty_driver_expect(sharer, "DONE", deadline_default());
    ck_assert(!transcript_has_since(pty_driver_transcript(watcher), seen_by_watcher, "\033[c"));
    ck_assert(!transcript_has_since(pty_driver_transcript(sharer), seen_by_sharer, "\033[c"));
    jobs_close(watcher);
    jobs_close(sharer);
    jobs_close(owner);
}
END_TEST

START_TEST(with_only_a_watcher_the_holder_answers)
{
    run_later("ask '\\\\e[c' c line");
    struct pty_driver *watcher = fixture_shell(&fixture, 24, 80);
    jobs_type(watcher, "js fg --watch 1");
    pty_driver_expect(watcher, "READY\r\n", deadline_default());
    size_t here = pty_driver_here(watcher);
    run_now();
    pty_driver_expect(watcher, "ANSWER \\e[?62;22c\r\n", deadline_default());
    ck_assert(!transcript_has_since(pty_driver_transcript(watcher), here, "\033[c"));
    jobs_close(watcher);
}
END_TEST

START_TEST(the_next_sharer_answers_when_the_owner_has_left)
{
    struct pty_driver *owner = fixture_shell(&fixture, 24, 80);
    struct pty_driver *sharer = fixture_shell(&fixture, 24, 80);
    jobs_type(owner, "js run pty_child ready line ask '\\e[c' '!' print DONE line");
    pty_driver_expect(owner, "READY\r\n", deadline_default());
    jobs_type(sharer, "js fg --share");
    pty_driver_expect(sharer, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(owner, CHORD), 0);
    pty_driver_expect(owner, "<0>", deadline_default());
    ck_assert_int_eq(pty_driver_send(sharer, "\n"), 0);
    pty_driver_expect(sharer, "\033[c", deadline_default());
    ck_assert_int_eq(pty_driver_send(sharer, "\033[?6c!"), 0);
    pty_driver_expect(sharer, "ANSWER \\e[?6c!\r\nDONE", deadline_default());
    jobs_close(sharer);
    jobs_close(owner);
}
END_TEST

static Suite *questions_suite(void)
{
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    Suite *suite = suite_create("questions");
    TCase *tcase = tcase_create("alone");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, with_nobody_there_the_holder_answers, 0, COUNT(standing_in));
    tcase_add_test(tcase, a_job_that_asks_and_never_reads_goes_on);
    tcase_add_test(tcase, a_pipe_is_no_terminal);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("attached");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_writers_terminal_answers_and_nobody_else);
    tcase_add_test(tcase, with_only_a_watcher_the_holder_answers);
    tcase_add_test(tcase, the_next_sharer_answers_when_the_owner_has_left);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(questions_suite());
}
