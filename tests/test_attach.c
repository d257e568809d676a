/*
 * Leaving a job and coming back to it: by the detach chord, from outside, by closing the terminal;
 * in another terminal, of another size; inside another job.
 */
#include "tests/harness/jobs.h"
#include "tests/harness/received.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Ctrl-\ and d, the chord that detaches unless told otherwise. */
#define CHORD "\034d"

static void expect_termios(struct pty_driver *shell, const struct termios *before)
{
    struct termios now;
    ck_assert_int_eq(pty_driver_termios(shell, &now), 0);
    ck_assert(pty_driver_same_termios(before, &now));
}

/* Types the chord: the shell is back and shows that the job, a `command`, was left. */
static void detach_by_keys(struct pty_driver *shell, const char *command)
{
    char text[256];
    snprintf(text, sizeof(text), "+ Detached  %s", command);
    ck_assert_int_eq(pty_driver_send(shell, CHORD), 0);
    ck_assert(pty_driver_await(shell, text, deadline_default()));
    pty_driver_expect(shell, "<0>", deadline_default());
}

/* The job is alive, attached nowhere, and takes and gives lines in a fresh terminal. */
static void expect_alive_elsewhere(void)
{
    jobs_await_viewers(&fixture, "1", 0);
    struct pty_driver *shell = fixture_shell(&fixture, 30, 100);
    jobs_type(shell, "js fg 1");
    ck_assert_int_eq(pty_driver_send(shell, "alive\n"), 0);
    pty_driver_expect(shell, "GOT alive\r\n", deadline_default());
    detach_by_keys(shell, "pty_child");
    jobs_close(shell);
}

/* Detaching */

START_TEST(top_goes_on_in_another_terminal)
{
    struct termios before;
    fixture.may_change_home = true; /* top makes ~/.config */
    struct pty_driver *first = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(first, &before), 0);
    jobs_type(first, "js run top");
    pty_driver_expect(first, "COMMAND", deadline_default());
    detach_by_keys(first, "top");
    expect_termios(first, &before);
    received_expect_clean(first);
    jobs_close(first);

    struct pty_driver *second = fixture_shell(&fixture, 40, 120);
    ck_assert_int_eq(pty_driver_termios(second, &before), 0);
    jobs_type(second, "js fg");
    pty_driver_expect(second, "COMMAND", deadline_default());
    jobs_await(&fixture, "1", "\"size\":{\"rows\":40,\"cols\":120}");
    ck_assert_int_eq(pty_driver_send(second, "q"), 0);
    pty_driver_expect(second, "<0>", deadline_default());
    expect_termios(second, &before);
    received_expect_clean(second);
    jobs_close(second);
}
END_TEST

/* Waits until the terminal has received all modes that `pty_child modes` sets. */
static void await_modes(struct pty_driver *shell)
{
    static const unsigned set[] = {1, 1000, 1002, 1004, 1006, 1049, 2004};
    for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
        ck_assert(received_await_mode(shell, set[i], true, deadline_default()));
    ck_assert(received_await_mode(shell, 25, false, deadline_default()));
}

START_TEST(modes_are_undone_at_detach_and_set_again_at_fg)
{
    struct termios before;
    struct pty_driver *shells[2];
    shells[0] = fixture_shell(&fixture, 24, 80);
    shells[1] = fixture_shell(&fixture, 43, 132);
    ck_assert_int_eq(pty_driver_termios(shells[0], &before), 0);
    jobs_type(shells[0], "js run pty_child modes print OVER");
    for (int i = 0; i < 4; i++) {
        struct pty_driver *shell = shells[i % 2];
        if (i > 0)
            jobs_type(shell, "js fg");
        await_modes(shell);
        detach_by_keys(shell, "pty_child modes print OVER");
        expect_termios(shell, &before);
        received_expect_clean(shell);
    }
    jobs_type(shells[0], "js fg");
    await_modes(shells[0]);
    ck_assert_int_eq(pty_driver_send(shells[0], "x"), 0);
    pty_driver_expect(shells[0], "OVER", deadline_default());
    pty_driver_expect(shells[0], "<0>", deadline_default());
    received_expect_clean(shells[0]);
    jobs_close(shells[0]);
    jobs_close(shells[1]);
}
END_TEST

START_TEST(the_chord_can_be_chosen)
{
    static const struct {
        const char *option;
        const char *keys; /* must not detach, and reach the job: echoed by it, in hex */
        const char *shown;
        const char *chord; /* must detach */
    } table[] = {
        {"", "\034\034", "KEY 1c\r\nKEY 2e", "\034d"},
        {"", "\034x", "KEY 1c\r\nKEY 78\r\nKEY 2e", "\034d"},
        {"-k ^]", "\034d", "KEY 1c\r\nKEY 64\r\nKEY 2e", "\035"},
        {"--detach-keys='ctrl-a d'", "\001x", "KEY 01\r\nKEY 78\r\nKEY 2e", "\001d"},
        {"", "d", "KEY 64\r\nKEY 2e", "\033[92;5u\033[100u"},
    };
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -d pty_child editor");
    pty_driver_expect(shell, "<0>", deadline_default());
    fixture_js_until(&fixture, &result, "EDIT", "logs", "1", NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char line[80];
        snprintf(line, sizeof(line), "js fg %s 1\n", table[i].option);
        ck_assert_int_eq(pty_driver_send(shell, line), 0);
        pty_driver_expect(shell, "EDIT", deadline_default());
        /* A point ends what is awaited, so that the same keys before are no answer. */
        ck_assert_int_eq(pty_driver_send(shell, table[i].keys), 0);
        ck_assert_int_eq(pty_driver_send(shell, "."), 0);
        ck_assert(pty_driver_await(shell, table[i].shown, deadline_default()));
        ck_assert_int_eq(pty_driver_send(shell, table[i].chord), 0);
        pty_driver_expect(shell, "[1]+ Detached  pty_child editor\r\n<0>", deadline_default());
    }
    jobs_type(shell, "js fg -k none 1");
    pty_driver_expect(shell, "EDIT", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "\034d-q"), 0);
    pty_driver_expect(shell, "KEY 1c\r\nKEY 64\r\nKEY 2d", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_type(shell, "js run -k 'a b c' true");
    pty_driver_expect(shell, "'a b c' is no detach chord", deadline_default());
    pty_driver_expect(shell, "<2>", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(detach_from_outside_and_from_inside)
{
    struct termios before;
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    jobs_type(shell, "js run pty_child ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    fixture_js(&fixture, &result, "detach", "1", NULL);
    fixture_expect_code(&result, 0);
    pty_driver_expect(shell, "[1]+ Detached by js detach  pty_child ready lines\r\n<0>",
                      deadline_default());
    expect_termios(shell, &before);
    expect_alive_elsewhere();
    fixture_js(&fixture, &result, "detach", "1", NULL);
    fixture_expect_code(&result, 0);

    jobs_type(shell, "js run -- sh -c 'js detach; pty_child print ON lines'");
    pty_driver_expect(shell, "[2]+ Detached by js detach", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    fixture_js_until(&fixture, &result, "ON\r\n", "logs", "2", NULL);
    jobs_await_state(&fixture, "2", "running");
    /* It was left last: it is the current job. */
    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "ON\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "two\n"), 0);
    pty_driver_expect(shell, "GOT two\r\n", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(a_closed_terminal_does_not_end_the_job)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run pty_child ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    jobs_close(shell);
    expect_alive_elsewhere();

    /* The same without a shell: js leads the session and gets the hang-up itself. */
    struct pty_driver *alone = fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "1", NULL);
    ck_assert_int_eq(pty_driver_send(alone, "here\n"), 0);
    pty_driver_expect(alone, "GOT here\r\n", deadline_default());
    pty_driver_hang_up(alone);
    ck_assert_int_eq(pty_driver_wait_code(alone, deadline_default()), 128 + SIGHUP);
    pty_driver_destroy(alone);
    expect_alive_elsewhere();
}
END_TEST

START_TEST(what_was_missed_is_shown_and_logged)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run pty_child ready line numbered 2000 lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    detach_by_keys(shell, "pty_child ready line numbered 2000 lines");
    struct pty_driver *starter = fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "1", NULL);
    pty_driver_expect(starter, "READY\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(starter, "go\n" CHORD), 0);
    pty_driver_expect_exit(starter, 0, deadline_default());
    pty_driver_destroy(starter);
    fixture_js_until(&fixture, &result, "line 2000\r\n", "logs", "1", NULL);
    const char *at = result.out;
    for (int i = 1; i <= 2000; i++) {
        char line[32];
        snprintf(line, sizeof(line), "line %d\r\n", i);
        at = strstr(at, line);
        ck_assert_msg(at != NULL, "%s is not in the log", line);
        at += strlen(line);
    }
    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "line 1999\r\nline 2000\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "x\n"), 0);
    pty_driver_expect(shell, "GOT x\r\n", deadline_default());
    jobs_close(shell);
}
END_TEST

START_TEST(an_attached_session_outlives_the_server)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run pty_child ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    ck_assert_int_eq(pty_driver_send(shell, "still\n"), 0);
    pty_driver_expect(shell, "GOT still\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "[1]+ Stopped", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    jobs_type(shell, "js fg");
    ck_assert_int_eq(pty_driver_send(shell, "again\n"), 0);
    pty_driver_expect(shell, "GOT again\r\n", deadline_default());
    jobs_close(shell);
}
END_TEST

/* Sizes */

START_TEST(the_size_follows_the_terminal)
{
    struct pty_driver *first = fixture_shell(&fixture, 33, 99);
    jobs_type(first, "js run pty_child size");
    pty_driver_expect(first, "SIZE 33 99\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_resize(first, 43, 132), 0);
    pty_driver_expect(first, "SIZE 43 132\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_resize(first, 20, 70), 0);
    pty_driver_expect(first, "SIZE 20 70\r\n", deadline_default());
    detach_by_keys(first, "pty_child size");
    /* Nobody is attached: a resize of the old terminal is none of the job's business. */
    ck_assert_int_eq(pty_driver_resize(first, 11, 44), 0);

    struct pty_driver *second = fixture_shell(&fixture, 50, 160);
    jobs_type(second, "js fg");
    pty_driver_expect(second, "SIZE 50 160\r\n", deadline_default());
    detach_by_keys(second, "pty_child size");
    jobs_type(first, "js fg");
    pty_driver_expect(first, "SIZE 11 44\r\n", deadline_default());
    fixture_js(&fixture, &result, "logs", "1", NULL);
    ck_assert_str_eq(result.out, "SIZE 33 99\r\nSIZE 43 132\r\nSIZE 20 70\r\nSIZE 50 160\r\n"
                                 "SIZE 11 44\r\n");
    jobs_close(first);
    jobs_close(second);
}
END_TEST

START_TEST(a_stopped_job_wakes_up_in_the_new_size)
{
    struct pty_driver *first = fixture_shell(&fixture, 33, 99);
    jobs_type(first, "js run pty_child size");
    pty_driver_expect(first, "SIZE 33 99\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(first, "C-z"), 0);
    pty_driver_expect(first, "<148>", deadline_default());
    ck_assert_int_eq(pty_driver_resize(first, 25, 81), 0);
    jobs_type(first, "js fg");
    pty_driver_expect(first, "SIZE 25 81\r\n", deadline_default());
    jobs_close(first);
}
END_TEST

/* js inside js */

START_TEST(a_job_inside_a_job)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -e 'PS1=in<$?>' bash --norc --noprofile --noediting -i");
    pty_driver_expect(shell, "in<0>", deadline_default());
    jobs_type(shell, "js run pty_child ready lines");
    pty_driver_expect(shell, "READY\r\n", deadline_default());
    /* ^Z is for the innermost. */
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "[2]+ Stopped  pty_child ready lines\r\n", deadline_default());
    pty_driver_expect(shell, "in<148>", deadline_default());
    jobs_await_state(&fixture, "1", "running");
    jobs_type(shell, "js fg 2");
    ck_assert_int_eq(pty_driver_send(shell, "one\n"), 0);
    pty_driver_expect(shell, "GOT one\r\n", deadline_default());
    /* The chord is for the outermost, doubled for the next one. */
    ck_assert_int_eq(pty_driver_send(shell, "\034\034d"), 0);
    pty_driver_expect(shell, "[2]+ Detached  pty_child ready lines\r\n", deadline_default());
    pty_driver_expect(shell, "in<0>", deadline_default());
    jobs_type(shell, "js fg 2");
    ck_assert_int_eq(pty_driver_send(shell, "two\n"), 0);
    pty_driver_expect(shell, "GOT two\r\n", deadline_default());
    detach_by_keys(shell, "bash");
    /* Both come back with the outer one, and a resize goes through both. */
    jobs_type(shell, "js fg 1");
    ck_assert_int_eq(pty_driver_send(shell, "three\n"), 0);
    pty_driver_expect(shell, "GOT three\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_resize(shell, 31, 97), 0);
    jobs_await(&fixture, "1", "\"size\":{\"rows\":31,\"cols\":97}");
    jobs_await(&fixture, "2", "\"size\":{\"rows\":31,\"cols\":97}");
    ck_assert_int_eq(pty_driver_send_key(shell, "C-d"), 0);
    pty_driver_expect(shell, "END\r\n", deadline_default());
    pty_driver_expect(shell, "in<0>", deadline_default());
    jobs_type(shell, "exit 3");
    pty_driver_expect(shell, "<3>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* It would show itself what it shows itself, without end. */
START_TEST(a_job_is_not_attached_to_its_own_terminal)
{
    static const char *const modes[] = {"--watch", "--share", "--steal"};
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js run -e 'PS1=in<$?>' bash --norc --noprofile --noediting -i");
    pty_driver_expect(shell, "in<0>", deadline_default());
    for (size_t i = 0; i < 3; i++) {
        char line[64];
        snprintf(line, sizeof(line), "js fg %s 1\n", modes[i]);
        ck_assert_int_eq(pty_driver_send(shell, line), 0);
        pty_driver_expect(shell, "js: job 1 cannot be attached to its own terminal",
                          deadline_default());
        pty_driver_expect(shell, "in<125>", deadline_default());
    }
    jobs_type(shell, "exit 4");
    pty_driver_expect(shell, "<4>", deadline_default());
    jobs_close(shell);
}
END_TEST

/*
 * Earlier lines for the terminal's scrollback, or none; the screen itself in any case. They come
 * from a point that is good to begin at, so up to 64 KiB more than asked for may come.
 */
static const struct {
    const char *command;
    bool earlier, much_earlier;
} histories[] = {
    {"js fg 1\n", true, false},
    {"js fg --history 300 1\n", true, false},
    {"js fg --history 3000 1\n", true, true},
    {"js fg --no-history 1\n", false, false},
    {"js fg --history 0 1\n", false, false},
    {"js fg --no-history --history 0 1\n", false, false},
};

START_TEST(earlier_lines_come_as_far_as_asked_for)
{
    fixture_js(&fixture, &result, "run", "-d", "--", "sh", "-c",
               "seq -f '%.0f of lines that are about as long as a terminal is wide' 10001 14000; "
               "exec sleep 600",
               NULL);
    fixture_expect_code(&result, 0);
    fixture_js_until(&fixture, &result, "14000", "logs", "1", NULL);
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    size_t from = pty_driver_here(shell);
    ck_assert_int_eq(pty_driver_send(shell, histories[_i].command), 0);
    pty_driver_expect(shell, "\n14000 of", deadline_default());
    const struct transcript *seen = pty_driver_transcript(shell);
    ck_assert(transcript_has_since(seen, from, "\n13985 of"));
    ck_assert_int_eq(transcript_has_since(seen, from, "\n13750 of"), histories[_i].earlier);
    ck_assert_int_eq(transcript_has_since(seen, from, "\n11100 of"), histories[_i].much_earlier);
    jobs_close(shell);
    fixture_js(&fixture, &result, "kill", "1", NULL);
}
END_TEST

static Suite *attach_suite(void)
{
    Suite *suite = suite_create("attach");
    TCase *tcase = tcase_create("leaving");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, top_goes_on_in_another_terminal);
    tcase_add_test(tcase, modes_are_undone_at_detach_and_set_again_at_fg);
    tcase_add_test(tcase, the_chord_can_be_chosen);
    tcase_add_test(tcase, detach_from_outside_and_from_inside);
    tcase_add_test(tcase, a_closed_terminal_does_not_end_the_job);
    tcase_add_test(tcase, what_was_missed_is_shown_and_logged);
    tcase_add_test(tcase, an_attached_session_outlives_the_server);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("sizes");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, the_size_follows_the_terminal);
    tcase_add_test(tcase, a_stopped_job_wakes_up_in_the_new_size);
    tcase_add_loop_test(tcase, earlier_lines_come_as_far_as_asked_for, 0,
                        (int)(sizeof(histories) / sizeof(histories[0])));
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("nested");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_job_inside_a_job);
    tcase_add_test(tcase, a_job_is_not_attached_to_its_own_terminal);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(attach_suite());
}
