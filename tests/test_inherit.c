/* What a job has from its caller: arguments, environment, directory, umask, signals, limits, size.
 */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *line, const char *out)
{
    must(line);
    ck_assert_str_eq(result.out, out);
    ck_assert_str_eq(result.err, "");
}

/* Arguments */

START_TEST(arguments_are_passed_exactly)
{
    expect("js run -- printf '[%s]' 'a  b'", "[a  b]");
    expect("js run -- pty_child args '' ' ' 'a\tb' '$HOME' '*' '\"q\"' \"it's\" '--' '-x' '\\'",
           "[]\n[ ]\n[a\tb]\n[$HOME]\n[*]\n[\"q\"]\n[it's]\n[--]\n[-x]\n[\\]\n");
    expect("js run pty_child args -d --json -- -n x", "[-d]\n[--json]\n[--]\n[-n]\n[x]\n");
    expect("js run -- pty_child args 'two\nlines' \"$(printf 'h\\303\\251 \\377')\"",
           "[two\nlines]\n[h\303\251 \377]\n");
}
END_TEST

START_TEST(long_and_many_arguments_are_passed)
{
    expect("js run -- sh -c 'echo ${#1}' x \"$(head -c 100000 /dev/zero | tr '\\0' x)\"",
           "100000\n");
    expect("js run -- sh -c 'echo $#' x $(seq 20000)", "20000\n");
}
END_TEST

START_TEST(what_does_not_fit_is_said)
{
    fixture_shell_line(&fixture, &result, "js run -- echo $(seq 70000) >/dev/null");
    fixture_expect_code(&result, 125);
    ck_assert_ptr_nonnull(strstr(result.err, "too many"));
    must("js ls -a --json");
    ck_assert_str_eq(result.out, "{\"version\":1,\"jobs\":[]}\n");
}
END_TEST

START_TEST(a_shell_line_goes_to_the_shell)
{
    expect("js run -c 'echo a; echo b | tr b c'", "a\nc\n");
    expect("SHELL=/bin/bash js run -c 'echo ${BASH_VERSION:+bash}'", "bash\n");
    expect("env -u SHELL js run -c 'echo $0'", "/bin/sh\n");
    expect("SHELL= js run -c 'echo $0'", "/bin/sh\n");
    expect("js run -c 'echo $0 $1' name arg", "name arg\n");
}
END_TEST

/* Environment */

START_TEST(the_environment_is_the_callers_and_says_which_job_it_is)
{
    must("A=1 B='x  y' C= env | sort >callers");
    must("A=1 B='x  y' C= js run -- env | sort >jobs; diff callers jobs | grep '^[<>]'");
    char expected[512], *uid = strstr(result.out, "JS_JOB_UID=");
    ck_assert_ptr_nonnull(uid);
    uid += strlen("JS_JOB_UID=");
    ck_assert_uint_eq(strcspn(uid, "\n"), 16);
    snprintf(expected, sizeof(expected),
             "> JS_ATTEMPT=1\n> JS_JOB_ID=1\n> JS_JOB_UID=%.16s\n> JS_SOCKET=%s/sock\n", uid,
             fixture.run_dir);
    ck_assert_str_eq(result.out, expected);
    must("js show --json $(js run -d -- true) | grep -c '\"uid\":\"[0-9a-f]*\"'");
}
END_TEST

START_TEST(the_environment_can_be_changed)
{
    expect("A=1 js run -e B=2 -e C= -- sh -c 'echo $A,$B,${C-unset}'", "1,2,\n");
    expect("A=1 js run -e A=2 -e A=3 -- sh -c 'echo $A; env | grep -c ^A='", "3\n1\n");
    expect("A=1 AB=2 js run -u A -- sh -c 'echo ${A-unset},$AB'", "unset,2\n");
    expect("A=1 js run -u A -e A=2 -- pty_child env A", "A=2\n");
    expect("js run -e 'X=a=b c' -- pty_child env X", "X=a=b c\n");
    expect("js run --env=Y=1 --unset=HOME -- sh -c 'echo $Y ${HOME-unset}'", "1 unset\n");
    fixture_shell_line(&fixture, &result, "js run -e NOVALUE -- true");
    fixture_expect_code(&result, 2);
    fixture_shell_line(&fixture, &result, "js run -e =x -- true");
    fixture_expect_code(&result, 2);
}
END_TEST

START_TEST(the_environment_can_be_clean)
{
    expect(
        "A=1 js run --clean-env -e B=2 -- env | grep -v ^JS_ | cut -d= -f1 | sort | tr '\\n' ' '",
        "B HOME LOGNAME PATH SHELL TERM USER ");
    expect("js run --clean-env -u TERM -- sh -c 'echo ${TERM-unset}'", "unset\n");
}
END_TEST

/* A job may start another: it is told about itself, not about its parent. */
START_TEST(a_job_in_a_job_has_its_own_number)
{
    expect("js run -- sh -c 'echo $JS_JOB_ID; js run -- sh -c \"echo \\$JS_JOB_ID; env | grep -c "
           "^JS_JOB_ID\" | cat'",
           "1\n2\n1\n");
}
END_TEST

/* Nothing secret reaches the disk, or the command line of anything that is ours. */
START_TEST(the_environment_is_not_written_down)
{
    must("js run -d -e TOKEN=very-secret-value -- sleep 60; js stop 1; js cont 1");
    fixture_shell_line(&fixture, &result, "grep -r very-secret-value $JS_DIR $JS_STATE_DIR");
    fixture_expect_code(&result, 1);
    fixture_shell_line(&fixture, &result,
                       "for p in $(pgrep jsd); do tr '\\0' '\\n' </proc/$p/environ; tr '\\0' ' ' "
                       "</proc/$p/cmdline; done | grep very-secret-value");
    fixture_expect_code(&result, 1);
    must("js kill 1");
}
END_TEST

/* Directory, umask, signals, nice, limits */

static const char *const settings[] = {
    "true",
    "umask 027",
    "umask 0",
    "umask 777",
    "cd /",
    "mkdir -p 'a  b/c' && cd 'a  b/c'",
    "trap '' USR1 HUP TERM INT QUIT TSTP TTOU PIPE CHLD",
};

static const char *const wrappers[] = {
    "",
    "nice -n 3 ",
    "nice -n 19 ",
    "env --ignore-signal=USR1 --ignore-signal=HUP ",
    "env --block-signal=USR2 --block-signal=TERM --block-signal=CHLD ",
    "env --block-signal ",
    "env --ignore-signal ",
};

/* The same program, once started by the shell and once by js, says the same. */
START_TEST(a_job_starts_as_the_shell_would_start_it)
{
    char text[512];
    bool wrapped = _i >= (int)(sizeof(settings) / sizeof(settings[0]));
    const char *setting = wrapped ? "true" : settings[_i];
    const char *wrapper =
        wrapped ? wrappers[_i - (int)(sizeof(settings) / sizeof(settings[0]))] : "";
    must("js run -- true"); /* the server has its own settings by now */
    snprintf(text, sizeof(text), "%s; %spty_child sigstate", setting, wrapper);
    must(text);
    char *direct = strdup(result.out);
    ck_assert_ptr_nonnull(direct);
    snprintf(text, sizeof(text), "%s; %sjs run -- pty_child sigstate", setting, wrapper);
    must(text);
    ck_assert_str_eq(result.out, direct);
    free(direct);
}
END_TEST

/* A shell without job control ignores them for itself: what it starts could never be stopped. */
START_TEST(a_job_can_stop_whatever_its_shell_ignores)
{
    must("js run -- pty_child sigstate");
    char *usual = strdup(result.out);
    ck_assert_ptr_nonnull(usual);
    must("trap '' TSTP TTIN TTOU; js run -- pty_child sigstate");
    ck_assert_str_eq(result.out, usual);
    free(usual);
}
END_TEST

START_TEST(limits_are_the_callers)
{
    must("js run -- true");
    expect("ulimit -n 77; js run -- sh -c 'ulimit -n'", "77\n");
    expect("ulimit -Sn 80; ulimit -Hn 99; js run -- sh -c 'ulimit -Sn; ulimit -Hn'", "80\n99\n");
    expect("ulimit -c 0; ulimit -s 4096; js run -- sh -c 'ulimit -c; ulimit -s'", "0\n4096\n");
    expect("ulimit -t 1234; ulimit -f 4321; js run -- sh -c 'ulimit -t; ulimit -f'",
           "1234\n4321\n");
}
END_TEST

START_TEST(the_directory_can_be_chosen)
{
    must("mkdir -p x/y");
    char expected[256];
    snprintf(expected, sizeof(expected), "%s/x/y\n", fixture.work);
    expect("js run -C x/y -- pwd -P", expected);
    expect("cd x; js run -C y -- pwd -P", expected);
    expect("js run -C / -- pwd", "/\n");
    must("mkdir gone; cd gone; rmdir ../gone; js run -C / -- true");
    fixture_shell_line(&fixture, &result, "mkdir gone; cd gone; rmdir ../gone; js run -- true");
    fixture_expect_code(&result, 125);
}
END_TEST

/* Processes and descriptors */

START_TEST(a_job_has_its_terminal_and_no_other_descriptor)
{
    must("exec 7</etc/passwd 8>/dev/null; js run -- pty_child fdlist | sed "
         "'s,/dev/pts/[0-9]*,TTY,'");
    ck_assert_str_eq(result.out, "FD 0 TTY\nFD 1 TTY\nFD 2 TTY\nFDS 3\n");
}
END_TEST

/* Its own group in front of its own terminal, in a session that its holder leads. */
START_TEST(a_job_leads_its_group_but_not_its_session)
{
    must("js run -d -- pty_child tty ready hold");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    int pid, ppid, pgrp, sid, foreground;
    char name[64];
    ck_assert_int_eq(sscanf(result.out, "TTY %63s pid=%d ppid=%d pgrp=%d sid=%d foreground=%d",
                            name, &pid, &ppid, &pgrp, &sid, &foreground),
                     6);
    ck_assert_int_eq(strncmp(name, "/dev/pts/", 9), 0);
    ck_assert_int_eq(pgrp, pid);
    ck_assert_int_eq(foreground, pid);
    ck_assert_int_ne(sid, pid);
    ck_assert_int_eq(sid, ppid);
    must("js show --json 1");
    char expected[32];
    snprintf(expected, sizeof(expected), "\"pid\":%d,", pid);
    ck_assert_ptr_nonnull(strstr(result.out, expected));
    must("js kill 1");
}
END_TEST

/* The terminal */

static const struct {
    int rows, cols;
} sizes[] = {{33, 99}, {24, 80}, {2, 4}, {200, 500}};

START_TEST(the_size_is_the_terminals)
{
    char expected[32];
    snprintf(expected, sizeof(expected), "SIZE %d %d\r", sizes[_i].rows, sizes[_i].cols);
    struct pty_driver *driver = fixture_terminal(&fixture, sizes[_i].rows, sizes[_i].cols,
                                                 fixture.js, "run", "pty_child", "onesize", NULL);
    pty_driver_expect(driver, expected, deadline_default());
    pty_driver_expect_exit(driver, 0, deadline_default());
    pty_driver_destroy(driver);
    driver = fixture_terminal(&fixture, sizes[_i].rows, sizes[_i].cols, "/bin/sh", "-c",
                              "js wait $(js run -d pty_child onesize) </dev/null; js logs 2", NULL);
    pty_driver_expect(driver, expected, deadline_default());
    pty_driver_expect_exit(driver, 0, deadline_default());
    pty_driver_destroy(driver);
}
END_TEST

/* Terminals that are being opened say so for a moment. */
START_TEST(it_is_never_less_than_4_by_2)
{
    struct pty_driver *driver =
        fixture_terminal(&fixture, 1, 2, fixture.js, "run", "pty_child", "onesize", NULL);
    pty_driver_expect(driver, "SIZE 24 80\r", deadline_default());
    pty_driver_expect_exit(driver, 0, deadline_default());
    pty_driver_destroy(driver);
}
END_TEST

START_TEST(without_a_terminal_the_size_is_80_by_24)
{
    expect("js run -- stty size", "24 80\n");
    must("js wait $(js run -d -- pty_child onesize); js logs 2");
    ck_assert_str_eq(result.out, "SIZE 24 80\r\n");
}
END_TEST

/* The job's terminal has the settings of the caller's; with the output in a file, too. */
START_TEST(terminal_settings_are_the_callers)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    ck_assert_int_eq(pty_driver_send(shell, "stty erase '^H' intr '^G' -ixon; stty -g >a; "
                                            "js run stty -g >b; js run -- cat b\n"),
                     0);
    pty_driver_expect(shell, "<0>", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "js run -- stty -g; cat a\n"), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    pty_driver_destroy(shell);
    must("js wait $(js run -d -- true)");
    char *a = NULL;
    must("cat a");
    a = strdup(result.out);
    must("js logs 3 | tr -d '\\r'");
    ck_assert_str_eq(result.out, a);
    free(a);
}
END_TEST

static Suite *inherit_suite(void)
{
    Suite *suite = suite_create("inherit");
    TCase *arguments = tcase_create("arguments");
    tcase_add_checked_fixture(arguments, world_begin, world_end);
    tcase_add_test(arguments, arguments_are_passed_exactly);
    tcase_add_test(arguments, long_and_many_arguments_are_passed);
    tcase_add_test(arguments, what_does_not_fit_is_said);
    tcase_add_test(arguments, a_shell_line_goes_to_the_shell);
    suite_add_tcase(suite, arguments);

    TCase *environment = tcase_create("environment");
    tcase_add_checked_fixture(environment, world_begin, world_end);
    tcase_add_test(environment, the_environment_is_the_callers_and_says_which_job_it_is);
    tcase_add_test(environment, the_environment_can_be_changed);
    tcase_add_test(environment, the_environment_can_be_clean);
    tcase_add_test(environment, a_job_in_a_job_has_its_own_number);
    tcase_add_test(environment, the_environment_is_not_written_down);
    suite_add_tcase(suite, environment);

    TCase *process = tcase_create("process");
    tcase_add_checked_fixture(process, world_begin, world_end);
    tcase_add_loop_test(process, a_job_starts_as_the_shell_would_start_it, 0,
                        sizeof(settings) / sizeof(settings[0]) +
                            sizeof(wrappers) / sizeof(wrappers[0]));
    tcase_add_test(process, a_job_can_stop_whatever_its_shell_ignores);
    tcase_add_test(process, limits_are_the_callers);
    tcase_add_test(process, the_directory_can_be_chosen);
    tcase_add_test(process, a_job_has_its_terminal_and_no_other_descriptor);
    tcase_add_test(process, a_job_leads_its_group_but_not_its_session);
    suite_add_tcase(suite, process);

    TCase *terminal = tcase_create("terminal");
    tcase_add_checked_fixture(terminal, world_begin, world_end);
    tcase_add_loop_test(terminal, the_size_is_the_terminals, 0, sizeof(sizes) / sizeof(sizes[0]));
    tcase_add_test(terminal, it_is_never_less_than_4_by_2);
    tcase_add_test(terminal, without_a_terminal_the_size_is_80_by_24);
    tcase_add_test(terminal, terminal_settings_are_the_callers);
    suite_add_tcase(suite, terminal);
    return suite;
}

int main(void)
{
    return runner_run(inherit_suite());
}
