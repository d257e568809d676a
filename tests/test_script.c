/* js run --script: a body of any bytes that an interpreter reads from memory, and nothing on disk.
 */
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/script.h"
#include "common/fd.h"
#include "common/sealed.h"

/* What runs it, and with what */

static const struct {
    const char *line, *out;
} cases[] = {
    {"echo 'echo $1' | js run --script - -- a", "a\n"},
    {"echo 'printf \"[%s]\" \"$@\"' >s; js run --script s 'a  b' '' -- -x '*'",
     "[a  b][][--][-x][*]"},
    {"echo 'printf \"[%s]\" \"$@\"' >s; js run --script=s -- -x --", "[-x][--]"},
    /* Without a #! line the shell, as for any file; whatever the user's own is. */
    {"echo 'echo \"$0\"' >s; SHELL=/bin/false js run --script s", "/proc/self/fd/63\n"},
    {"echo 'echo ${BASH_VERSION:+bash}' | js run --script - --interp bash", "bash\n"},
    {"printf '#!/bin/sh\\necho ${BASH_VERSION:+bash} by $(cat /proc/$$/comm)' >s; js run --script "
     "s; js run --script s --interp bash",
     "by sh\nbash by bash\n"},
    {"printf '#!  /usr/bin/env   sh  \\necho env $1' | js run --script - x", "env x\n"},
    /* All that follows the program is one argument: execve(2). */
    {"printf '#! /bin/sh -eu\\necho $-' | js run --script - | tr -d '\\n' | fold -w1 | sort | "
     "tr -d '\\n'",
     "eu"},
    {"printf 'x\\ny\\n' | js run --script - --interp 'head -n1'", "x\n"},
    {"echo x | js run --script - --interp 'printf [%s,%s] a'", "[/proc/self/fd/63,] a"},
    /* The job starts in another directory than the one that the file is named from. */
    {"mkdir d; echo 'echo in ${PWD##*/}' >s; js run -C d --script s", "in d\n"},
    /* What it was sent stays what it was. */
    {"echo 'echo old; cat \"$0\"' >s; js run -d --script s >/dev/null; echo 'echo new' >s; "
     "js wait 1; js logs --plain 1",
     "old\necho old; cat \"$0\"\n"},
    /* It may be read as often as it likes, from the start. */
    {"echo 'read -r a <$0; read -r b <$0; echo \"$a\" \"$b\"' | js run --script - | wc -l", "1\n"},
    {"echo 'echo x 2>/dev/null >>$0 || echo no' | js run --script -", "no\n"},
    {"bash -c \"js run --script <(echo 'echo substituted')\"", "substituted\n"},
    {"echo 'exit 7' | js run --script -; echo $?", "7\n"},
    {"js run -- sh -c 'echo /proc/self/fd/*'", "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 "
                                               "/proc/self/fd/3\n"},
};

START_TEST(a_script_runs)
{
    must(cases[_i].line);
    ck_assert_msg(strncmp(result.out, cases[_i].out, strlen(cases[_i].out)) == 0, "%s gave %s%s",
                  cases[_i].line, result.out, result.err);
}
END_TEST

/* NUL, bytes that are no UTF-8, no end of line: cat is an interpreter, too. */
START_TEST(its_bytes_are_any)
{
    must("i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %o $i)\"; i=$((i + 1)); done >all;"
         "js run --script all --interp cat | cmp - all;"
         "for i in $(seq 30); do cat all all all all; done >more; js run --script - --interp cat "
         "<more | cmp - more");
}
END_TEST

/* Exactly as large as it may be. */
START_TEST(the_largest_runs)
{
    must("{ echo 'echo ran; exit'; head -c 2097137 /dev/zero | tr '\\0' x; } >s; wc -c <s; "
         "js run --script s; js show --json 1 | jq .jobs[0].plan.script");
    ck_assert_str_eq(result.out, "2097152\nran\n2097152\n");
}
END_TEST

#define LIMIT ", the limit is 2097152\n"

static const struct {
    const char *line;
    int code;
    const char *err;
} refused[] = {
    {"head -c 2097153 /dev/zero | js run --script -", 2,
     "js: run: the script from standard input is 2097153 bytes" LIMIT},
    {"head -c 5000000 /dev/zero >s; js run -d --script s", 2,
     "js: run: the script s is 5000000 bytes" LIMIT},
    {"timeout 60 js run --script /dev/zero", 2,
     "js: run: the script /dev/zero is 67108865 bytes or more" LIMIT},
    {"js run --script - </dev/null", 2,
     "js: run: the script from standard input is empty: there is nothing to run\n"},
    {"js run --script /nope", 125, "js: cannot open the script /nope: No such file or directory\n"},
    {"js run --script /", 125, "js: cannot read the script /: Is a directory\n"},
    {"js run --interp sh -- x", 2, "js: run: --interp is for --script\n"},
    {"echo x | js run --interp ' ' --script -", 2,
     "js: run: --interp is empty: name a program, as in --interp bash\n"},
    {"echo x | js run -c --script -", 2, "js: run: only one of --script and --shell\n"},
    {"echo x | js run --interp /nope --script -", 127, "js: /nope: No such file or directory\n"},
    {"printf '#!/nope\\n' | js run --script -", 127, "js: /nope: No such file or directory\n"},
};

START_TEST(what_cannot_run_is_refused_and_leaves_no_job)
{
    line(refused[_i].line);
    if (strstr(refused[_i].err, "or more"))
        ck_assert_ptr_nonnull(strstr(result.err, "bytes or more, the limit is 2097152\n"));
    else
        ck_assert_str_eq(result.err, refused[_i].err);
    ck_assert_int_eq(result.code, refused[_i].code);
    must("js ls -a --json");
    ck_assert_str_eq(result.out, "{\"version\":1,\"jobs\":[]}\n");
}
END_TEST

/* Nothing of it is ever in a file, but for what the user made. */
START_TEST(nothing_of_it_is_on_disk)
{
    fixture.may_leave_orphans = true;
    must("printf 'echo up; exec sleep 60; # sec%s\\n' ret-body | js run -d --script - -- first");
    fixture_js_until(&fixture, &result, "up", "logs", "1", NULL);
    must("grep -rlF secret-body $JS_DIR $JS_STATE_DIR $HOME $PWD | wc -l; "
         "js show 1 | grep -E '^(command|script)'");
    ck_assert_str_eq(result.out, "0\ncommand    /bin/sh - first\n"
                                 "script     38 bytes, kept in memory only\n");
    proc_signal((pid_t)jobs_number(&fixture, "1", "pid"), SIGKILL);
    must("printf 'echo up; exec sleep 61; # sec%s\\n' ret-body | js run -d --script -");
    fixture_js_until(&fixture, &result, "up", "logs", "2", NULL);
    must("kill -9 $(js show 2 | sed -n 's/^holder *//p'); js wait 2; "
         "grep -rlF secret-body $JS_DIR $JS_STATE_DIR $HOME $PWD | wc -l");
    ck_assert_str_eq(result.out, "0\n");
    fixture_js_until(&fixture, &result, "\"reason\":\"lost\"", "show", "--json", "2", NULL);
}
END_TEST

/* The terminal is the job's, whether the body came from a file or through a pipe. */
START_TEST(a_script_reads_the_terminal)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "echo 'read -r x; echo got \"$x\"; stty size' >s");
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_type(shell, "js run --script s");
    ck_assert_int_eq(pty_driver_send(shell, "one\n"), 0);
    pty_driver_expect(shell, "got one\r\n24 80\r\n<0>", deadline_default());
    jobs_type(shell, "cat s | js run --script -");
    ck_assert_int_eq(pty_driver_send(shell, "two\n"), 0);
    pty_driver_expect(shell, "got two\r\n24 80\r\n<0>", deadline_default());
    /* The detach chord is seen, and the job can be taken up again. */
    jobs_type(shell, "cat s | js run --script -");
    jobs_await_viewers(&fixture, "3", 1);
    ck_assert_int_eq(pty_driver_send(shell, "\034d"), 0);
    pty_driver_expect(shell, "[3]+ Detached  /bin/sh -\r\n<0>", deadline_default());
    jobs_type(shell, "js fg");
    ck_assert_int_eq(pty_driver_send(shell, "three\n"), 0);
    pty_driver_expect(shell, "got three\r\n24 80\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* Its output may go elsewhere. */
START_TEST(a_piped_script_reads_the_terminal_without_showing_there)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "echo 'read -r x; echo got \"$x\"' | js run --script - >out; cat out");
    jobs_await_viewers(&fixture, "1", 1);
    ck_assert_int_eq(pty_driver_send(shell, "one\n"), 0);
    pty_driver_expect(shell, "got one\r\n<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* From cron there are no keys: that is the end of input. */
START_TEST(without_a_terminal_its_input_is_at_its_end)
{
    must("echo 'read -r x || echo end' | js run --script -");
    ck_assert_str_eq(result.out, "end\n");
}
END_TEST

/* A server that goes while it starts jobs loses none, nor its script. */
START_TEST(a_script_outlives_the_server)
{
    must("echo 'echo \"run $1\"; sed -n 1p \"$0\" | wc -l' >s; js run -d --script s 1; "
         "js server restart; js run --script s 2; js wait 1; js logs --plain 1");
    ck_assert_str_eq(result.out, "1\nrun 2\n1\nrun 1\n1\n");
}
END_TEST

/* Each attempt reads the same from the start, whatever became of the file; then nothing is left. */
START_TEST(every_attempt_has_the_script)
{
    line("echo 'read -r first <\"$0\"; echo $JS_ATTEMPT ${#first}; exit 3' >s; "
         "js run -d --restart on-failure:2 --backoff 1ms..2ms --script s; echo >s; "
         "js wait 1; echo $?; js logs --plain 1 | grep '^[0-9]'");
    ck_assert_str_eq(result.out, "1\n3\n1 55\n2 55\n3 55\n");
    must("grep -rlF JS_ATTEMPT $JS_DIR $JS_STATE_DIR | wc -l");
    ck_assert_str_eq(result.out, "0\n");
}
END_TEST

/* What was never stored cannot be run once more. */
START_TEST(it_cannot_be_retried)
{
    must("echo 'echo x' | js run --script -");
    line("js retry 1");
    ck_assert_str_eq(result.err, "js: job 1 cannot be started again: its script was never stored; "
                                 "js run --script\n");
    ck_assert_int_eq(result.code, 125);
}
END_TEST

/* Requests that js does not send */

static void request(struct raw_client *client, uint32_t id, uint64_t size, uint32_t at,
                    const int *fds, size_t count)
{
    char *argv[] = {(char *)"sh", (char *)"name", NULL};
    struct job_plan plan = {.script = size};
    struct msg_run run = {.argv = {.items = argv, .len = 2},
                          .env = {.items = argv + 2, .len = 0},
                          .cwd = fixture.work,
                          .detached = true,
                          .plan = &plan,
                          .script_at = at};
    ck_assert(raw_client_send(client, MSG_RUN_PLANNED, id, &run, fds, count));
}

START_TEST(a_script_that_is_not_what_it_says_is_refused)
{
    struct raw_client client;
    must("js server start");
    raw_client_greet(&client, &fixture);
    int fds[2] = {sealed_create("test"), -1};
    ck_assert_int_eq(fd_write_all(fds[0], "exit 7\n", 7), 0);
    request(&client, 1, 7, 1, fds, 1); /* not sealed */
    raw_client_expect_error(&client, ERROR_MALFORMED, 1);
    ck_assert_int_eq(sealed_finish(fds[0]), 0);
    request(&client, 2, 7, 1, NULL, 0); /* not there */
    raw_client_expect_error(&client, ERROR_MALFORMED, 2);
    request(&client, 3, 8, 1, fds, 1);
    raw_client_expect_error(&client, ERROR_MALFORMED, 3);
    request(&client, 4, 7, 0, fds, 1);
    raw_client_expect_error(&client, ERROR_MALFORMED, 4);
    request(&client, 5, 7, 2, fds, 1);
    raw_client_expect_error(&client, ERROR_MALFORMED, 5);
    fds[1] = fds[0];
    request(&client, 6, 7, 1, fds, 2); /* one too many is closed */
    raw_client_expect(&client, MSG_JOB, 6);
    line("js wait 1");
    ck_assert_int_eq(result.code, 7);
    fd_close(fds[0]);
    raw_client_close(&client);
}
END_TEST

/* The line */

static const struct {
    const char *line, *program, *argument; /* NULL = none */
} interpreters[] = {
    {"", NULL, NULL},
    {" \t ", NULL, NULL},
    {"/bin/sh", "/bin/sh", NULL},
    {" /bin/sh ", "/bin/sh", NULL},
    {"\t/bin/sh\t-e  -u \t", "/bin/sh", "-e  -u"},
    {"x y z", "x", "y z"},
    {"/bin/sh\r", "/bin/sh\r", NULL},
};

START_TEST(an_interpreter_is_read_as_the_kernel_does)
{
    struct script script;
    script_init(&script);
    const char *text = interpreters[_i].line;
    int r = script_parse_interpreter(text, strlen(text), &script.interpreter);
    ck_assert_int_eq(r == 0, interpreters[_i].program != NULL);
    if (r == 0)
        ck_assert_str_eq(script.interpreter.program, interpreters[_i].program);
    if (interpreters[_i].argument)
        ck_assert_str_eq(script.interpreter.argument, interpreters[_i].argument);
    else
        ck_assert_ptr_null(script.interpreter.argument);
    script_finish(&script);
}
END_TEST

static Suite *script_suite(void)
{
    Suite *suite = suite_create("script");
    TCase *tcase = tcase_create("runs");
#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_loop_test(tcase, a_script_runs, 0, COUNT(cases));
    tcase_add_test(tcase, its_bytes_are_any);
    tcase_add_test(tcase, the_largest_runs);
    tcase_add_loop_test(tcase, what_cannot_run_is_refused_and_leaves_no_job, 0, COUNT(refused));
    tcase_add_test(tcase, nothing_of_it_is_on_disk);
    tcase_add_test(tcase, a_script_reads_the_terminal);
    tcase_add_test(tcase, a_piped_script_reads_the_terminal_without_showing_there);
    tcase_add_test(tcase, without_a_terminal_its_input_is_at_its_end);
    tcase_add_test(tcase, a_script_outlives_the_server);
    tcase_add_test(tcase, every_attempt_has_the_script);
    tcase_add_test(tcase, it_cannot_be_retried);
    tcase_add_test(tcase, a_script_that_is_not_what_it_says_is_refused);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("line");
    tcase_add_loop_test(tcase, an_interpreter_is_read_as_the_kernel_does, 0, COUNT(interpreters));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(script_suite());
}
