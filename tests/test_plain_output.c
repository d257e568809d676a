/*
 * A job whose output is a file or a pipe: its bytes are the program's own, without the carriage
 * returns that a terminal's line discipline puts before line feeds; and whoever looks at the job on
 * a terminal sees lines all the same.
 */
#include "tests/harness/jobs.h"
#include "tests/harness/received.h"
#include "tests/harness/runner.h"
#include "tests/harness/seen.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct program program;

static void shell(const char *line)
{
    fixture_shell_line(&fixture, &result, line);
    fixture_expect_code(&result, 0);
}

static void expect(const char *line, const char *out)
{
    shell(line);
    ck_assert_str_eq(result.out, out);
}

/* Job 1, whose output goes to the file `out`: a script in which `await` waits for the next go(). It
 * has printed two lines. */
static void run_with(const char *options, const char *script)
{
    char line[1024];
    snprintf(line, sizeof(line),
             "cat >job <<'END'\n"
             "await() { until [ -e go ]; do sleep 0.02; done; rm go; }\n"
             "printf 'one\\n  two\\n'; %s\nEND",
             script);
    shell(line);
    snprintf(line, sizeof(line), "exec js run %s -- sh job >out", options);
    fixture_start(&fixture, &program, "/bin/sh", "-c", line, NULL);
    fixture_js_until(&fixture, &result, "two", "logs", "1", NULL);
}

static void run(const char *script)
{
    run_with("", script);
}

static void go(void)
{
    shell("touch go");
}

/* The js that runs it has ended, with that in its file. */
static void expect_file(const char *text)
{
    program_must_end(&program, deadline_default());
    ck_assert_int_eq(program_exit_code(&program), 0);
    program_finish(&program);
    expect("cat out", text);
}

static struct pty_driver *terminal(int rows, int cols, const char *command)
{
    char line[512];
    snprintf(line, sizeof(line), "%s; echo \"<$?>\"", command);
    return fixture_terminal(&fixture, rows, cols, "/bin/sh", "-c", line, NULL);
}

static void close_clean(struct pty_driver *driver)
{
    pty_driver_expect(driver, "<0>", deadline_default());
    received_expect_clean(driver);
    pty_driver_destroy(driver);
}

static void expect_rows(struct pty_driver *driver, const char *const *rows)
{
    struct screen *screen = seen_screen(driver);
    for (unsigned y = 0; rows[y]; y++)
        seen_expect_row(screen, y, 0, rows[y]);
    screen_destroy(screen);
}

START_TEST(its_screen_has_lines)
{
    run("await; printf 'three\\n'");
    expect("js screen 1", "one\n  two\n");
    go();
    expect_file("one\n  two\nthree\n");
    expect("js screen 1", "one\n  two\nthree\n");
    expect("js logs 1", "one\n  two\nthree\n");
    expect("js logs --plain 1", "one\n  two\nthree\n");
    shell("js logs --cast 1");
    ck_assert_msg(strstr(result.out, "one\\r\\n  two\\r\\n") != NULL, "%s", result.out);
    ck_assert_msg(strstr(result.out, "three\\r\\n") != NULL, "%s", result.out);
}
END_TEST

static const struct {
    const char *command;
    int rows, cols;
} watchers[] = {
    {"js fg --watch 1", 24, 80},
    {"js fg --watch --restore replay 1", 24, 80},
    {"js fg --watch --restore snapshot 1", 24, 80},
    {"js fg --watch 1", 10, 40}, /* pictures */
};

/* What was there, and what comes. */
START_TEST(a_watcher_sees_lines)
{
    static const char *const before[] = {"one", "  two", "", NULL};
    static const char *const after[] = {"one", "  two", "three", "  four", "!", "", NULL};
    run("await; printf 'three\\n  four\\n!\\n'; await");
    struct pty_driver *watcher =
        terminal(watchers[_i].rows, watchers[_i].cols, watchers[_i].command);
    pty_driver_expect(watcher, "two", deadline_default());
    pty_driver_expect(watcher, SEEN_FRAME_END, deadline_default());
    expect_rows(watcher, before);
    go();
    pty_driver_expect(watcher, "!", deadline_default());
    expect_rows(watcher, after);
    go();
    close_clean(watcher);
    expect_file("one\n  two\nthree\n  four\n!\n");
}
END_TEST

/* A sharer's terminal needs the CRs, and the file must not have any. */
START_TEST(a_sharer_sees_lines_and_the_file_stays_as_it_is)
{
    static const char *const rows[] = {"one", "  two", "three", "  four", "!", NULL};
    run("read x; printf 'three\\n  four\\n!\\n'; read x");
    struct pty_driver *sharer = terminal(24, 80, "js fg --share 1");
    pty_driver_expect(sharer, "two", deadline_default());
    shell("stty -F $(js show --json 1 | jq -r .jobs[0].pid | sed 's,.*,/proc/&/fd/0,') -echo");
    ck_assert_int_eq(pty_driver_send(sharer, "\n"), 0);
    pty_driver_expect(sharer, "!", deadline_default());
    expect_rows(sharer, rows);
    ck_assert_int_eq(pty_driver_send(sharer, "\n"), 0);
    close_clean(sharer);
    expect_file("one\n  two\nthree\n  four\n!\n");
}
END_TEST

/* Who takes it over gets a terminal's settings: from then on the job's own bytes have CRs. */
START_TEST(the_settings_become_a_terminals)
{
    static const char *const rows[] = {"one", "  two", "three", "  four", "!", NULL};
    run("await; printf 'three\\n  four\\n!\\n'; await");
    struct pty_driver *thief = terminal(24, 80, "js fg --steal 1");
    pty_driver_expect(thief, "two", deadline_default());
    go();
    pty_driver_expect(thief, "!", deadline_default());
    expect_rows(thief, rows);
    expect("js screen 1", "one\n  two\nthree\n  four\n!\n");
    go();
    close_clean(thief);
    program_must_end(&program, deadline_default());
    program_finish(&program);
    expect("cat out", "one\n  two\n");
    expect("js logs 1", "one\n  two\nthree\r\n  four\r\n!\r\n");
    expect("js screen 1", "one\n  two\nthree\n  four\n!\n");
}
END_TEST

/* Attempts of a job begin with the same settings: here with those that the first one got. */
START_TEST(a_later_attempt_has_them_as_well)
{
    run_with("--restart on-failure:1 --backoff 10ms..10ms",
             "[ -e again ] && echo second; await; touch again; exit 1");
    struct pty_driver *thief = terminal(24, 80, "js fg --steal 1");
    pty_driver_expect(thief, "two", deadline_default());
    program_must_end(&program, deadline_default());
    program_finish(&program);
    go();
    pty_driver_expect(thief, "second\r\n", deadline_default());
    expect("js logs 1 | grep -v '^.js'", "one\n  two\none\r\n  two\r\nsecond\r\n");
    expect("js screen 1 | grep -v '^.js'", "one\n  two\none\n  two\nsecond\n");
    go();
    pty_driver_expect(thief, "<1>", deadline_default());
    received_expect_clean(thief);
    pty_driver_destroy(thief);
}
END_TEST

static Suite *plain_output_suite(void)
{
    Suite *suite = suite_create("plain_output");
    TCase *tcase = tcase_create("plain_output");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, its_screen_has_lines);
    tcase_add_loop_test(tcase, a_watcher_sees_lines, 0, sizeof(watchers) / sizeof(watchers[0]));
    tcase_add_test(tcase, a_sharer_sees_lines_and_the_file_stays_as_it_is);
    tcase_add_test(tcase, the_settings_become_a_terminals);
    tcase_add_test(tcase, a_later_attempt_has_them_as_well);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(plain_output_suite());
}
