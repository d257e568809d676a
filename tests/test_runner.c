/*
 * The fixture and the runner: a test that cannot fail because its harness cannot is worth nothing.
 *
 * Called with an argument, this program is one of the small suites that its own tests run: it must
 * fail in the way the argument tells.
 */
#include "tests/harness/runner.h"

#include "tests/harness/fixture.h"
#include "tests/harness/proc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char own_path[PATH_MAX];
static char child[PATH_MAX];

static struct fixture world;

static void make_world(void)
{
    setenv("JS_TEST_BINDIR", "/bin", 1);
    fixture_init(&world);
}

START_TEST(fixture_runs_programs)
{
    make_world();
    struct fixture_result result = {0};
    fixture_run(&world, &result, "pty_child", "sigstate", "env", "JS_DIR", "env", "HOME", NULL);
    fixture_expect_code(&result, 0);
    char expected[400];
    snprintf(expected, sizeof(expected), "CWD %s\nJS_DIR=%s\nHOME=%s\n", world.work, world.run_dir,
             world.home);
    ck_assert_ptr_nonnull(strstr(result.out, expected));
    ck_assert_uint_lt(strlen(world.run_dir), 40);

    fixture_setenv(&world, "COLOUR", "red");
    fixture_setenv(&world, "HOME", NULL);
    fixture_shell_line(&world, &result, "echo $COLOUR; pty_child env HOME >&2; exit 3");
    fixture_expect_code(&result, 3);
    ck_assert_str_eq(result.out, "red\n");
    ck_assert_str_eq(result.err, "HOME is unset\n");
    ck_assert_double_gt(result.ms, 0.1);
    fixture_result_finish(&result);
    fixture_finish(&world);
}
END_TEST

START_TEST(fixture_shell_tells_statuses)
{
    make_world();
    struct pty_driver *driver = fixture_shell(&world, 24, 80);
    ck_assert_int_eq(pty_driver_send(driver, "sh -c 'exit 9'\r"), 0);
    pty_driver_expect(driver, "<9>", deadline_default());
    ck_assert_int_eq(pty_driver_send(driver, "pty_child editor\r"), 0);
    pty_driver_expect(driver, "EDIT", deadline_default());
    ck_assert_int_eq(pty_driver_send_key(driver, "C-z"), 0);
    pty_driver_expect(driver, "Stopped", deadline_default());
    pty_driver_expect(driver, "<148>", deadline_default());
    ck_assert_int_eq(pty_driver_send(driver, "fg\r"), 0);
    pty_driver_expect(driver, "EDIT", deadline_default());
    ck_assert_int_eq(pty_driver_send(driver, "q"), 0);
    pty_driver_expect(driver, "<0>", deadline_default());
    ck_assert_int_eq(pty_driver_send(driver, "exit 4\r"), 0);
    pty_driver_expect_exit(driver, 4, deadline_default());
    pty_driver_destroy(driver);
    fixture_finish(&world);
}
END_TEST

/* Suites that must fail, run as programs of their own */

START_TEST(bad_leaves_a_process)
{
    struct program program;
    const char *const argv[] = {child, "setsid-hold", NULL};
    ck_assert_int_eq(program_start(&program, &(struct program_options){.argv = argv}), 0);
    program_expect(&program, "CHILD ", deadline_default());
}
END_TEST

START_TEST(bad_hangs)
{
    for (;;)
        pause();
}
END_TEST

START_TEST(bad_fixture_stray)
{
    make_world();
    struct program program;
    fixture_start(&world, &program, "pty_child", "ready", "hold", NULL);
    program_expect(&program, "READY\n", deadline_default());
    world.fds_before = runner_fd_count();
    fixture_finish(&world);
}
END_TEST

START_TEST(bad_fixture_home)
{
    make_world();
    struct fixture_result result = {0};
    fixture_shell_line(&world, &result, "touch $HOME/litter");
    fixture_result_finish(&result);
    fixture_finish(&world);
}
END_TEST

START_TEST(bad_fixture_fd)
{
    make_world();
    ck_assert_int_ge(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    fixture_finish(&world);
}
END_TEST

START_TEST(bad_expectation)
{
    const char *const argv[] = {child, "print", "something", "hold", NULL};
    struct pty_driver *driver = pty_driver_start(&(struct pty_driver_options){.argv = argv});
    ck_assert_ptr_nonnull(driver);
    pty_driver_expect(driver, "else", deadline_in_ms(50));
}
END_TEST

static const struct bad {
    const char *name;
    const TTest **test;
    const char *said; /* on stdout or stderr */
} bad_suites[] = {
    {"process", &bad_leaves_a_process, "left over: pid"},
    {"hang", &bad_hangs, "Test timeout expired"},
    {"stray", &bad_fixture_stray, "stray process: pid"},
    {"home", &bad_fixture_home, "in_home == 1"},
    {"fd", &bad_fixture_fd, "-> /dev/null"},
    {"expect", &bad_expectation, "something\\r\\n"},
    {"nothing", NULL, "no test ran"},
};

#define BAD_COUNT ((int)(sizeof(bad_suites) / sizeof(bad_suites[0])))

static Suite *bad_suite(const char *name)
{
    Suite *suite = suite_create("bad");
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 1);
    for (int i = 0; i < BAD_COUNT; i++) {
        if (strcmp(bad_suites[i].name, name) == 0 && bad_suites[i].test)
            tcase_add_test(tcase, *bad_suites[i].test);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}

START_TEST(runner_fails_bad_suites)
{
    const struct bad *bad = &bad_suites[_i];
    struct program program;
    const char *const argv[] = {own_path, bad->name, NULL};
    ck_assert_int_eq(program_start(&program, &(struct program_options){.argv = argv}), 0);
    program_must_end(&program, deadline_default());
    bool said = transcript_has_since(&program.out, 0, bad->said) ||
                transcript_has_since(&program.err, 0, bad->said);
    if (!said)
        program_print(&program, stderr);
    ck_assert_msg(said, "no \"%s\"", bad->said);
    ck_assert_int_eq(program_exit_code(&program), 1);
    program_finish(&program);
}
END_TEST

static Suite *runner_suite(void)
{
    Suite *suite = suite_create("runner");
    TCase *tcase = tcase_create("fixture");
    tcase_add_test(tcase, fixture_runs_programs);
    tcase_add_test(tcase, fixture_shell_tells_statuses);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("failing");
    tcase_add_loop_test(tcase, runner_fails_bad_suites, 0, BAD_COUNT);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(int argc, char **argv)
{
    const char *helpers = getenv("JS_TEST_HELPERS");
    if (!helpers) {
        fprintf(stderr, "JS_TEST_HELPERS is not set\n");
        return 1;
    }
    snprintf(child, sizeof(child), "%s/pty_child", helpers);
    proc_executable(getpid(), own_path, sizeof(own_path));
    /* A hanging test can only be ended from another process. */
    if (argc > 1)
        setenv("CK_FORK", "yes", 1);
    return runner_run(argc > 1 ? bad_suite(argv[1]) : runner_suite());
}
