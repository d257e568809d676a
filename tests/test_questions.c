/*
 * Questions of a job to its terminal: who answers them, that exactly one answer comes, and that it
 * comes to nobody else.
 */
#include "tests/harness/await.h"
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHORD "\034d"

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

/* What comes through a pipe is data: nothing may get into it, not even an answer. */
START_TEST(nobody_answers_into_a_pipe)
{
    fixture_shell_line(&fixture, &result,
                       "printf 'go\\nsecond' | js run -- sh -c "
                       "'read x; printf \"\\033[6n\\033[c\"; cat' | cat");
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.out, "\033[6n\033[csecond");
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

/* What the terminal is like */

/* The answers of a terminal, in two pieces. */
#define MARKED     "\033[0n"
#define ANSWERS1   "\033P>|Test(1)\033\\\033[>7;8;9c\033[?0u\033]10;rgb:1010/2020/3030\033\\"
#define ANSWERS2   "\033]11;rgb:ffff/ffff/f0f0\007\033[?61;6c"
#define ASKED_LAST ";15;?\033\\\033[c"

/* Starts a job that answers a line, and waits until its terminal has been asked. */
static struct pty_driver *open_asked(const char *job)
{
    char line[512];
    struct pty_driver *terminal = fixture_shell(&fixture, 24, 80);
    snprintf(line, sizeof(line), "js run %s\n", job);
    ck_assert_int_eq(pty_driver_send(terminal, line), 0);
    pty_driver_expect(terminal, "READY\r\n", deadline_default());
    pty_driver_expect(terminal, "\033[5n\033[>0q", deadline_default());
    pty_driver_expect(terminal, ASKED_LAST, deadline_default());
    return terminal;
}

static void leave(struct pty_driver *terminal)
{
    ck_assert_int_eq(pty_driver_send(terminal, CHORD), 0);
    pty_driver_expect(terminal, "Detached", deadline_default());
}

/* Nothing has come to the shell but what is typed there now. */
static void expect_quiet_shell(struct pty_driver *shell)
{
    size_t here = pty_driver_here(shell);
    pty_driver_expect(shell, "<0>", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "echo al''one\n"), 0);
    pty_driver_expect(shell, "alone\r\n<0>", deadline_default());
    ck_assert(transcript_has_since(pty_driver_transcript(shell), here > 512 ? here - 512 : 0,
                                   "<0>echo al''one\r\nalone\r\n<0>"));
}

START_TEST(a_terminal_is_asked_once_and_imitated_afterwards)
{
    struct pty_driver *terminal =
        open_asked("sh -c \"pty_child ready line; until [ -e go ]; do sleep 0.02; done; rm go; "
                   "pty_child ask '\\e[>q\\e[>c\\e]10;?\\a\\e]11;?\\a\\e[?u\\e[c' 61\\;6c\"");
    /* Keys before, between and behind the answers are the job's, and only they. */
    ck_assert_int_eq(pty_driver_send(terminal, "ab" MARKED "c" ANSWERS1 "d" ANSWERS2 "ef\n"), 0);
    pty_driver_expect(terminal, "GOT abcdef\r\n", deadline_default());
    leave(terminal);
    run_now();
    fixture_js(&fixture, &result, "wait", "1", NULL);
    expect_log("ANSWER \\eP>|Test(1)\\e\\\\e[>7;8;9c\\e]10;rgb:1010/2020/3030\\x07"
               "\\e]11;rgb:ffff/ffff/f0f0\\x07\\e[?0u\\e[?61;6c\r\n");
    expect_quiet_shell(terminal);
    jobs_close(terminal);
}
END_TEST

/* The answers come in any pieces. */
START_TEST(answers_that_are_cut_do_not_reach_the_job)
{
    static const char answers[] = MARKED ANSWERS1 ANSWERS2 "end\n";
    struct pty_driver *terminal = open_asked("pty_child ready line line");
    for (const char *at = answers; *at; at++)
        ck_assert_int_eq(pty_driver_send_bytes(terminal, at, 1), 0);
    pty_driver_expect(terminal, "GOT end\r\n", deadline_default());
    leave(terminal);
    expect_quiet_shell(terminal);
    jobs_close(terminal);
}
END_TEST

/* It is left before they come: the shell gets none of them. */
START_TEST(answers_that_come_late_do_not_reach_the_shell)
{
    struct pty_driver *terminal = open_asked("pty_child ready line line");
    static const char *const next[] = {"\033[5n", "Detached", NULL};
    size_t here = pty_driver_here(terminal);
    /* At once with the keys that leave it, or right behind them. */
    ck_assert_int_eq(pty_driver_send(terminal, _i ? CHORD : CHORD MARKED ANSWERS1), 0);
    ck_assert_int_eq(pty_driver_send(terminal, _i ? MARKED ANSWERS1 ANSWERS2 : ANSWERS2), 0);
    /* It is asked for a last mark unless all of them have come by then. */
    if (pty_driver_await_any(terminal, next, deadline_default()) == 0) {
        ck_assert_int_eq(pty_driver_send(terminal, MARKED), 0);
        pty_driver_expect(terminal, "Detached", deadline_default());
    }
    expect_quiet_shell(terminal);
    ck_assert(!transcript_has_since(pty_driver_transcript(terminal), here, "Test(1)"));
    jobs_close(terminal);
}
END_TEST

/* Keys are held up by no terminal that says nothing. */
START_TEST(a_terminal_that_does_not_answer_can_be_typed_at)
{
    struct pty_driver *terminal = open_asked("pty_child ready ask '' '!' line");
    ck_assert_int_eq(pty_driver_send(terminal, "a\033[Ab\033"), 0);
    ck_assert_int_eq(pty_driver_send(terminal, "[5;2Hx\033]y\033"), 0);
    ck_assert_int_eq(pty_driver_send(terminal, "!"), 0);
    pty_driver_expect(terminal, "ANSWER a\\e[Ab\\e[5;2Hx\\e]y\\e!\r\n", deadline_default());
    leave(terminal);
    expect_quiet_shell(terminal);
    jobs_close(terminal);
}
END_TEST

START_TEST(what_the_job_asked_just_before_it_was_left_is_answered)
{
    struct pty_driver *terminal = fixture_shell(&fixture, 24, 80);
    jobs_type(terminal, "js run pty_child ask '\\e[6n' R");
    pty_driver_expect(terminal, "\033[6n", deadline_default());
    size_t here = pty_driver_here(terminal);
    ck_assert_int_eq(pty_driver_send(terminal, CHORD "\033[7;9R" MARKED MARKED), 0);
    pty_driver_expect(terminal, "\033[5n", deadline_default());
    pty_driver_expect(terminal, "Detached", deadline_default());
    fixture_js(&fixture, &result, "wait", "1", NULL);
    expect_log("ANSWER \\e[7;9R\r\n");
    expect_quiet_shell(terminal);
    ck_assert(!transcript_has_since(pty_driver_transcript(terminal), here, "7;9R"));
    jobs_close(terminal);
}
END_TEST

/* What is over at once, and what is no emulator, is asked nothing. */
START_TEST(not_everybody_is_asked)
{
    static const char *const lines[] = {"js run true\n", "TERM=linux js run sleep 0.5\n",
                                        "TERM=dumb js run sleep 0.5\n", "TERM= js run sleep 0.5\n"};
    struct pty_driver *terminal = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_send(terminal, lines[_i]), 0);
    pty_driver_expect(terminal, "<0>", deadline_default());
    ck_assert(!transcript_has_since(pty_driver_transcript(terminal), 0, "\033[>0q"));
    ck_assert(!transcript_has_since(pty_driver_transcript(terminal), 0, "\033[5n"));
    jobs_close(terminal);
}
END_TEST

static Suite *questions_suite(void)
{
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    Suite *suite = suite_create("questions");
    TCase *tcase = tcase_create("alone");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_loop_test(tcase, with_nobody_there_the_holder_answers, 0, COUNT(standing_in));
    tcase_add_test(tcase, a_job_that_asks_and_never_reads_goes_on);
    tcase_add_test(tcase, nobody_answers_into_a_pipe);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("attached");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, the_writers_terminal_answers_and_nobody_else);
    tcase_add_test(tcase, with_only_a_watcher_the_holder_answers);
    tcase_add_test(tcase, the_next_sharer_answers_when_the_owner_has_left);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("profile");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_terminal_is_asked_once_and_imitated_afterwards);
    tcase_add_test(tcase, answers_that_are_cut_do_not_reach_the_job);
    tcase_add_loop_test(tcase, answers_that_come_late_do_not_reach_the_shell, 0, 2);
    tcase_add_test(tcase, a_terminal_that_does_not_answer_can_be_typed_at);
    tcase_add_test(tcase, what_the_job_asked_just_before_it_was_left_is_answered);
    tcase_add_loop_test(tcase, not_everybody_is_asked, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(questions_suite());
}
