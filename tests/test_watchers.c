/*
 * Who watches, whatever its terminal is like: of another size, stopped, or never read. What it
 * shows is judged by a screen of its own that gets all that its terminal got.
 */
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/received.h"
#include "tests/harness/runner.h"
#include "tests/harness/seen.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void shell(const char *line)
{
    fixture_shell_line(&fixture, &result, line);
    fixture_expect_code(&result, 0);
}

/* Starts a detached job: a shell script in which `await` waits for the next go(). */
static void run(const char *script)
{
    char line[1024];
    snprintf(line, sizeof(line),
             "cat >job <<'END'\nawait() { until [ -e go ]; do sleep 0.02; done; rm go; }\n%s\nEND\n"
             "js run -d -- sh job",
             script);
    shell(line);
}

static void go(void)
{
    shell("touch go");
}

/* A terminal of that size in which nothing but the client runs. */
static struct pty_driver *watch(int rows, int cols)
{
    return fixture_terminal(&fixture, rows, cols, "/bin/sh", "-c", "js fg --watch 1; echo \"<$?>\"",
                            NULL);
}

/* Other sizes. The job's is 24x80. */

static const struct view {
    int rows, cols;
    unsigned top, left;   /* what of the job's screen is at its top left, first ... */
    unsigned top2, left2; /* ... and when the cursor has moved to the lower right */
} views[] = {
    {30, 100, 0, 0, 0, 0}, {24, 100, 0, 0, 0, 0},  {30, 80, 0, 0, 0, 0},   {10, 40, 2, 3, 14, 37},
    {24, 40, 0, 3, 0, 37}, {10, 100, 2, 0, 14, 0}, {1, 1, 11, 42, 23, 76},
};

static void expect_view(struct screen *screen, const struct view *view, unsigned top, unsigned left,
                        const char *at_cursor)
{
    const struct {
        unsigned y, x;
        const char *text;
    } parts[] = {{0, 0, "top"}, {11, 39, at_cursor}, {23, 70, "corner"}};
    for (unsigned y = 0; y < (unsigned)view->rows; y++) {
        char want[512] = "";
        for (size_t i = 0; i < 3; i++) {
            size_t len = strlen(parts[i].text);
            if (parts[i].y != top + y || parts[i].x + len <= left ||
                parts[i].x >= left + (unsigned)view->cols)
                continue;
            unsigned x = parts[i].x > left ? parts[i].x - left : 0;
            snprintf(want, sizeof(want), "%*s%s", (int)x, "",
                     parts[i].text + (parts[i].x < left ? left - parts[i].x : 0));
            want[view->cols] = '\0';
        }
        seen_expect_row(screen, y, 0, want);
    }
}

START_TEST(another_size_shows_the_jobs_screen_and_leaves_it_alone)
{
    const struct view *view = &views[_i];
    run("printf '\\033[2J\\033[Htop\\033[24;71Hcorner\\033[12;40Hmid'; await\n"
        "printf '\\033[12;40Hnew\\033[24;77H'; await");
    fixture_js_until(&fixture, &result, "mid", "logs", "1", NULL);
    struct pty_driver *watcher = watch(view->rows, view->cols);
    pty_driver_expect(watcher, SEEN_FRAME_END, deadline_default());
    struct screen *screen = seen_screen(watcher);
    expect_view(screen, view, view->top, view->left, "mid");
    ck_assert_uint_eq(screen_y(screen), 11 - view->top);
    ck_assert_uint_eq(screen_x(screen), 42 - view->left);
    screen_destroy(screen);

    go();
    pty_driver_expect(watcher, SEEN_FRAME_END, deadline_default());
    screen = seen_screen(watcher);
    expect_view(screen, view, view->top2, view->left2, "new");
    ck_assert_uint_eq(screen_y(screen), 23 - view->top2);
    ck_assert_uint_eq(screen_x(screen), 76 - view->left2);
    screen_destroy(screen);
    ck_assert_int_eq(jobs_number(&fixture, "1", "rows"), 24);
    ck_assert_int_eq(jobs_number(&fixture, "1", "cols"), 80);

    go();
    pty_driver_expect(watcher, "<0>", deadline_default());
    received_expect_clean(watcher);
    pty_driver_destroy(watcher);
}
END_TEST

/* It grows to the job's size, and gets the output itself; and shrinks again. */
START_TEST(a_terminal_that_fits_gets_the_output_itself)
{
    run("printf '\\033[2J\\033[Htop'; await\nprintf 'raw\\033[3;3H'; await\n"
        "printf '\\033[24;1Hlast'; await");
    fixture_js_until(&fixture, &result, "top", "logs", "1", NULL);
    struct pty_driver *watcher = watch(20, 80);
    pty_driver_expect(watcher, SEEN_FRAME_END, deadline_default());
    ck_assert_int_eq(pty_driver_resize(watcher, 24, 80), 0);
    pty_driver_expect(watcher, "\033[?1049l", deadline_default());
    pty_driver_expect(watcher, "top", deadline_default());
    go();
    pty_driver_expect(watcher, "raw\033[3;3H", deadline_default());
    ck_assert_int_eq(pty_driver_resize(watcher, 20, 80), 0);
    pty_driver_expect(watcher, "\033[?1049h", deadline_default());
    pty_driver_expect(watcher, SEEN_FRAME_END, deadline_default());
    go();
    pty_driver_expect(watcher, "last", deadline_default());
    pty_driver_expect(watcher, SEEN_FRAME_END, deadline_default());
    struct screen *screen = seen_screen(watcher);
    seen_expect_row(screen, 19, 0, "last");
    screen_destroy(screen);
    go();
    pty_driver_expect(watcher, "<0>", deadline_default());
    received_expect_clean(watcher);
    pty_driver_destroy(watcher);
}
END_TEST

/* The writer's terminal changes its size, and with it the job. */
START_TEST(the_job_changes_its_size_under_a_watcher)
{
    run("pty_child size");
    struct pty_driver *owner = fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "1", NULL);
    pty_driver_expect(owner, "SIZE 24 80\r\n", deadline_default());
    struct pty_driver *watcher = watch(24, 80);
    pty_driver_expect(watcher, "SIZE 24 80", deadline_default());
    size_t here = pty_driver_here(watcher);
    ck_assert_int_eq(pty_driver_resize(owner, 30, 100), 0);
    pty_driver_expect(watcher, "SIZE 30 100", deadline_default());
    ck_assert(transcript_has_since(pty_driver_transcript(watcher), here, "\033[?1049h"));
    ck_assert_int_eq(pty_driver_resize(owner, 24, 80), 0);
    pty_driver_expect(watcher, "\033[?1049l", deadline_default());
    pty_driver_expect(watcher, "SIZE 24 80\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(watcher, "C-c"), 0);
    pty_driver_expect(watcher, "<0>", deadline_default());
    received_expect_clean(watcher);
    pty_driver_destroy(watcher);
    jobs_close(owner);
}
END_TEST

/* Those that do not keep up */

/* A flood: the holder's memory does not grow with it, and everybody sees its end. */
START_TEST(a_flood_takes_no_memory_whoever_watches_it)
{
    run("pty_child ready; await\nyes | head -c 3000000; pty_child print END; await");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    struct pty_driver *stopped = watch(24, 80), *unread = watch(24, 80), *small = watch(10, 40);
    pty_driver_expect(stopped, "READY", deadline_default());
    pty_driver_expect(unread, "READY", deadline_default());
    pty_driver_expect(small, SEEN_FRAME_END, deadline_default());
    pid_t client = jobs_client(&fixture, "1", pty_driver_tty(stopped));
    ck_assert_int_eq(proc_signal(client, SIGSTOP), 0);
    jobs_await_process(client, 'T');
    shell("js show 1 | sed -n 's/^holder *//p'");
    pid_t holder = (pid_t)atoi(result.out);
    long before = watch_status(holder, "VmHWM:");
    go();
    fixture_js_until(&fixture, &result, "END", "logs", "-n", "1", "1", NULL);
    ck_assert_int_le(watch_status(holder, "VmHWM:"), before + 4096 + watch_slack_kib());

    ck_assert_int_eq(proc_signal(client, SIGCONT), 0);
    struct pty_driver *const all[] = {stopped, unread, small};
    for (size_t i = 0; i < 3; i++) {
        unsigned rows = i == 2 ? 10 : 24;
        pty_driver_expect(all[i], "END", deadline_default());
        pty_driver_read_now(all[i]);
        struct transcript *got = pty_driver_transcript(all[i]);
        got->mark = got->all.len;
        struct screen *screen = seen_screen(all[i]);
        seen_expect_row(screen, rows - 1, 0, "");
        seen_expect_row(screen, rows - 2, 0, "END");
        for (unsigned y = 0; y + 2 < rows; y++)
            seen_expect_row(screen, y, 0, "y");
        screen_destroy(screen);
    }
    go();
    for (size_t i = 0; i < 3; i++) {
        pty_driver_expect(all[i], "<0>", deadline_default());
        received_expect_clean(all[i]);
        pty_driver_destroy(all[i]);
    }
}
END_TEST

static Suite *watchers_suite(void)
{
    Suite *suite = suite_create("watchers");
    TCase *tcase = tcase_create("size");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_loop_test(tcase, another_size_shows_the_jobs_screen_and_leaves_it_alone, 0,
                        sizeof(views) / sizeof(views[0]));
    tcase_add_test(tcase, a_terminal_that_fits_gets_the_output_itself);
    tcase_add_test(tcase, the_job_changes_its_size_under_a_watcher);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("pace");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_flood_takes_no_memory_whoever_watches_it);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(watchers_suite());
}
