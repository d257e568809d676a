/*
 * Several writers whose terminals differ in size: the one that was typed at last has the output
 * itself, the others pictures of it, and everybody's keys reach the job. What a terminal shows is
 * judged by a screen of its own that gets all that the terminal got.
 */
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/received.h"
#include "tests/harness/runner.h"
#include "tests/harness/seen.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>

#define CHORD "\034d"

static void shell(const char *line)
{
    fixture_shell_line(&fixture, &result, line);
    fixture_expect_code(&result, 0);
}

/* A terminal of that size in which nothing but that command runs; its status is shown as <N>. */
static struct pty_driver *terminal(int rows, int cols, const char *command)
{
    char line[512];
    snprintf(line, sizeof(line), "%s; echo \"<$?>\"", command);
    return fixture_terminal(&fixture, rows, cols, "/bin/sh", "-c", line, NULL);
}

static void leave(struct pty_driver *driver)
{
    ck_assert_int_eq(pty_driver_send(driver, CHORD), 0);
    pty_driver_expect(driver, "<0>", deadline_default());
    received_expect_clean(driver);
    pty_driver_destroy(driver);
}

static void expect_blank_below(struct pty_driver *driver)
{
    struct screen *screen = seen_screen(driver);
    for (unsigned y = 1; y < screen_rows(screen); y++)
        seen_expect_row(screen, y, 0, "");
    screen_destroy(screen);
}

/* The job's terminal follows who types, and each terminal shows the job whole. */
START_TEST(the_size_goes_back_and_forth)
{
    shell("cat >job <<'END'\n"
          "draw() { printf '\\033[H\\033[2J'; pty_child onesize; }\n"
          "trap draw WINCH; stty -echo; draw; while [ \"$x\" != q ]; do read x; done\n"
          "END");
    struct pty_driver *large = terminal(24, 80, "js run sh job");
    pty_driver_expect(large, "SIZE 24 80\r\n", deadline_default());
    struct pty_driver *small = terminal(10, 40, "js fg --share");
    pty_driver_expect(small, "SIZE 10 40\r\n", deadline_default());
    for (int i = 0; i < 3; i++) {
        seen_await_row(large, 0, "SIZE 10 40");
        expect_blank_below(large);
        ck_assert_int_eq(pty_driver_send(large, "x"), 0);
        pty_driver_expect(large, "\033[?1049l", deadline_default());
        pty_driver_expect(large, "SIZE 24 80\r\n", deadline_default());
        expect_blank_below(large);
        seen_await_row(small, 0, "SIZE 24 80");
        expect_blank_below(small);
        ck_assert_int_eq(pty_driver_send(small, "x"), 0);
        pty_driver_expect(small, "\033[?1049l", deadline_default());
        pty_driver_expect(small, "SIZE 10 40\r\n", deadline_default());
        expect_blank_below(small);
    }
    leave(small);
    pty_driver_expect(large, "\033[?1049l", deadline_default());
    pty_driver_expect(large, "SIZE 24 80\r\n", deadline_default());
    leave(large);
}
END_TEST

/* Also what the job loses with its size; and it does not come back with that. */
START_TEST(margins_are_undone)
{
    struct pty_driver *large = terminal(24, 80, "js run pty_child raw '\\e[2;5rmargins' hold");
    pty_driver_expect(large, "margins", deadline_default());
    struct pty_driver *small = terminal(10, 40, "js fg --share");
    seen_await_row(large, 0, "margins");
    jobs_await(&fixture, "1", "\"rows\":10");
    /* A key that is typed before its client has heard that the size is taken is a key and no more.
     */
    struct deadline deadline = deadline_default();
    while (_i && jobs_number(&fixture, "1", "rows") != 24) {
        ck_assert(!deadline_passed(deadline));
        ck_assert_int_eq(pty_driver_send(large, "x"), 0);
    }
    leave(large);
    leave(small);
}
END_TEST

/* The keys mean what they should before the first one is typed; the mouse would point elsewhere. */
START_TEST(a_picture_takes_keys)
{
    struct received received;
    struct pty_driver *large = terminal(24, 80, "js run pty_child modes");
    pty_driver_expect(large, "READY\r\n", deadline_default());
    ck_assert(received_await_mode(large, 2004, true, deadline_default()));
    struct pty_driver *small = terminal(10, 40, "js fg --share");
    jobs_await(&fixture, "1", "\"rows\":10");
    pty_driver_expect(large, "\033[?1049l", deadline_default());
    seen_await_row(large, 0, "READY");
    pty_driver_expect(large, "\033=", deadline_default());
    received_until_mark(large, &received);
    ck_assert(received_mode(&received, 1) && received_mode(&received, 2004) && received.keypad);
    ck_assert(!received_mode(&received, 1000) && !received_mode(&received, 1004));
    ck_assert_int_eq(pty_driver_send(large, "x"), 0);
    struct pty_driver *const both[] = {large, small};
    for (int i = 0; i < 2; i++) {
        pty_driver_expect(both[i], "<0>", deadline_default());
        received_expect_clean(both[i]);
        pty_driver_destroy(both[i]);
    }
}
END_TEST

/* Only a terminal that gets the output can be asked, and the right one is when that changes. */
START_TEST(who_has_the_size_is_asked)
{
    shell("cat >job <<'END'\n"
          "pty_child ready; pty_child ask '\\e[5n' '!'; pty_child ask '\\e[=c' '!'; read x\n"
          "END");
    struct pty_driver *large = terminal(24, 80, "js run sh job");
    pty_driver_expect(large, "READY\r\n", deadline_default());
    pty_driver_expect(large, "\033[5n", deadline_default());
    struct pty_driver *small = terminal(10, 40, "js fg --share");
    seen_await_row(large, 0, "READY");
    size_t here = pty_driver_here(large);
    ck_assert_int_eq(pty_driver_send(small, "a!"), 0);
    pty_driver_expect(small, "ANSWER a!", deadline_default());
    pty_driver_expect(small, "\033[=c", deadline_default());
    seen_await_row(large, 1, "ANSWER a!");
    ck_assert(!transcript_has_since(pty_driver_transcript(large), here, "\033[=c"));
    ck_assert_int_eq(pty_driver_send(large, "b!"), 0);
    pty_driver_expect(large, "ANSWER b!", deadline_default());
    jobs_await(&fixture, "1", "\"rows\":24");
    leave(small);
    ck_assert_int_eq(pty_driver_send(large, "\n"), 0);
    pty_driver_expect(large, "<0>", deadline_default());
    received_expect_clean(large);
    pty_driver_destroy(large);
}
END_TEST

/* A writer that is not read holds the job back, but not one that gets pictures. */
START_TEST(a_picture_holds_nobody_back)
{
    shell("cat >job <<'END'\n"
          "pty_child ready; yes | head -c 3000000; pty_child print END; read x\n"
          "END");
    struct pty_driver *unread = terminal(24, 80, "js run sh job");
    pty_driver_expect(unread, "READY\r\n", deadline_default());
    jobs_await_held_back(&fixture, "1", NULL);
    struct pty_driver *small = terminal(10, 40, "js fg --share");
    pty_driver_expect(small, "END\r\n", deadline_default());
    seen_await_row(unread, 8, "END");
    ck_assert_int_eq(pty_driver_send(small, "\n"), 0);
    struct pty_driver *const both[] = {unread, small};
    for (int i = 0; i < 2; i++) {
        pty_driver_expect(both[i], "<0>", deadline_default());
        received_expect_clean(both[i]);
        pty_driver_destroy(both[i]);
    }
}
END_TEST

/* Its client is killed: its terminal is given back as it was. */
START_TEST(a_picture_is_undone_for_the_dead)
{
    struct pty_driver *large = terminal(24, 80, "js run pty_child modes");
    ck_assert(received_await_mode(large, 2004, true, deadline_default()));
    struct pty_driver *small = terminal(10, 40, "js fg --share");
    jobs_await(&fixture, "1", "\"rows\":10");
    seen_await_row(large, 0, "READY");
    ck_assert(received_await_mode(large, 1, true, deadline_default()));
    ck_assert_int_eq(proc_signal(jobs_client(&fixture, "1", pty_driver_tty(large)), SIGKILL), 0);
    pty_driver_expect(large, "<137>", deadline_default());
    ck_assert(received_await_clean(large, deadline_default()));
    pty_driver_destroy(large);
    ck_assert_int_eq(pty_driver_send(small, "x"), 0);
    pty_driver_expect(small, "<0>", deadline_default());
    received_expect_clean(small);
    pty_driver_destroy(small);
}
END_TEST

static Suite *share_suite(void)
{
    Suite *suite = suite_create("share");
    TCase *tcase = tcase_create("share");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, the_size_goes_back_and_forth);
    tcase_add_loop_test(tcase, margins_are_undone, 0, 2);
    tcase_add_test(tcase, a_picture_takes_keys);
    tcase_add_test(tcase, who_has_the_size_is_asked);
    tcase_add_test(tcase, a_picture_holds_nobody_back);
    tcase_add_test(tcase, a_picture_is_undone_for_the_dead);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(share_suite());
}
