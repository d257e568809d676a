/* js run --no-pty: a job with pipes in place of a terminal, its two outputs apart. */
#include "tests/harness/await.h"
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Output */

static const struct {
    const char *line;
    int code;
    const char *out, *err;
} cases[] = {
    {"js run --no-pty -- sh -c 'echo o; echo e >&2'", 0, "o\n", "e\n"},
    {"js run --no-pty -- sh -c 'echo e >&2; exit 7'", 7, "", "e\n"},
    {"js run --no-pty -- sh -c 'echo o; kill -9 $$'", 137, "o\n", "Killed\n"},
    /* Where both are one, what came at the same time comes in any order. */
    {"js run --no-pty -- sh -c 'echo 1; echo 2 >&2; echo 3' 2>&1 | sort", 0, "1\n2\n3\n", ""},
    {"js run --no-pty -- sh -c 'echo o; echo e >&2' >out 2>err; cat err out", 0, "e\no\n", ""},
    {"js run --no-pty -- sh -c 'echo o; echo e >&2' 2>/dev/null", 0, "o\n", ""},
    {"js run --no-pty -- sh -c 'echo o; echo e >&2' 2>&-", 0, "o\n", ""},
    {"js run --no-pty -- sh -c 'echo o; echo e >&2' >&-", 0, "", "e\n"},
    {"js run --no-pty -- sh -c 'echo o >&2' 2>&1 >/dev/null | cat", 0, "o\n", ""},
    {"js run --no-pty -- /nope", 127, "", "js: /nope: No such file or directory\n"},
    {"js run --no-pty -- tty", 1, "not a tty\n", ""},
    {"js run --no-pty -- sh -c 'echo x 2>&- >/dev/tty' 2>/dev/null || echo none", 0, "none\n", ""},
    {"js run -d --no-pty -- sh -c 'sleep 0.1; echo o; echo e >&2'; js wait 1; js logs 1", 0,
     "1\no\ne\n", ""},
    /* Bytes are nobody's business. */
    {"js run --no-pty -- printf 'a\\n\\033[31m\\r\\000b' | od -An -c | tr -d ' \\n'", 0,
     "a\\n033[31m\\r\\0b", ""},
    /* What is left does not keep the end from being seen, nor the pipes from being closed. */
    {"js run --no-pty -- sh -c 'sleep 99 & echo hi'; js show --json 1 | grep -o '.leftovers.:1'", 0,
     "hi\n\"leftovers\":1\n", ""},
    {"js run --no-pty --leftovers kill -- sh -c 'setsid sleep 98 & echo hi'; pgrep -fx 'sleep 98'",
     1, "hi\n", ""},
    /* It closes them itself, and lives. */
    {"js run --no-pty -- sh -c 'echo a; exec >&- 2>&-; sleep 0.2; exit 5'", 5, "a\n", ""},
    {"js run --no-pty --restart on-failure:2 --backoff 1ms..2ms -- "
     "sh -c 'echo $JS_ATTEMPT; echo e >&2; exit 3'",
     3, "1\n2\n3\n", "e\ne\ne\n"},
    {"js run --no-pty -- sh -c 'echo $JS_ATTEMPT; echo e >&2; exit 3' 2>&1; js retry 1; js wait 1; "
     "js logs 1",
     0, "1\ne\n1\n1\ne\n2\ne\n", ""},
    {"js run --queue q --no-pty -- sh -c 'cat; echo e >&2' </etc/passwd | cmp - "
     "/etc/passwd",
     0, "", "e\n"},
    {"js run --no-pty --timeout 100ms -- sleep 60", 124, "", NULL},
    {"echo 'read -r x; echo \"$x\"; echo e >&2' >s; echo in | js run --no-pty --script s", 0,
     "in\n", "e\n"},
    {"js run --no-pty -s 80x24 -- true", 2, "",
     "js: run: only one of --no-pty and --size: it has no terminal\n"},
    {"js run --no-pty -k none -- true", 2, "",
     "js: run: only one of --no-pty and --detach-keys: no keys go to it\n"},
    /* What is about a terminal. */
    {"js run -d --no-pty -- sleep 60 >/dev/null; js screen; js resize 1 80x24; js send 1 x; js "
     "kill 1",
     0, "",
     "js: job 1 has no terminal (it was run with --no-pty); its output: js logs 1\n"
     "js: job 1 has no terminal (it was run with --no-pty); its output: js logs 1\n"
     "js: job 1 has no terminal (it was run with --no-pty); its output: js logs 1\n"},
    {"js run --no-pty -- true; js screen 1", 125, "",
     "js: job 1 has no terminal (it was run with --no-pty); its output: js logs 1\n"},
    {"js run --no-pty -- true; js show 1 | grep -E '^(terminal|size)'; "
     "js show --json 1 | jq -c '[.jobs[0].plan.no_pty, .jobs[0].size]'",
     0, "terminal   none\n[true,{\"rows\":0,\"cols\":0}]\n", ""},
};

START_TEST(a_job_without_a_terminal)
{
    line(cases[_i].line);
    if (cases[_i].err)
        ck_assert_str_eq(result.err, cases[_i].err);
    ck_assert_str_eq(result.out, cases[_i].out);
    ck_assert_int_eq(result.code, cases[_i].code);
}
END_TEST

/* Its own group in the holder's session, as every job; and nobody's terminal. */
START_TEST(it_is_a_group_of_its_own)
{
    struct proc job;
    must("js run -d --no-pty -- sh -c 'sleep 60; true'");
    pid_t pid = (pid_t)jobs_number(&fixture, "1", "pid");
    ck_assert_int_eq(proc_read(pid, &job), 0);
    ck_assert_int_eq(job.pgrp, pid);
    ck_assert_int_eq(job.session, job.ppid);
    ck_assert_int_eq(job.tty, 0);
    must("js stop 1; js ls");
    ck_assert_ptr_nonnull(strstr(result.out, "stopped"));
    jobs_await_process(-pid, 'T');
    must("js cont 1");
    jobs_await_process(-pid, 'S');
    must("js kill 1");
    jobs_await(&fixture, "1", "\"reason\":\"killed\"");
}
END_TEST

/* Every byte, each on its side, before the end is told. */
START_TEST(no_output_is_lost)
{
    must("for i in $(seq 60); do js run --no-pty -- seq 1 2000 | tail -1; done | uniq -c");
    ck_assert_str_eq(result.out, "     60 2000\n");
    must("for i in $(seq 60); do js run --no-pty -- sh -c 'seq 1 2000 >&2' 2>&1 >/dev/null | tail "
         "-1; done | uniq -c");
    ck_assert_str_eq(result.out, "     60 2000\n");
    must("seq 400000 >a; seq 500000 900000 >b; "
         "js run --no-pty -- sh -c 'cat a & cat b >&2; wait' >out 2>err; cmp a out; cmp b err; "
         "js run --no-pty -- sh -c 'cat a & cat b >&2; wait' 2>err | cmp a -; cmp b err");
}
END_TEST

/* One of the two is not read: the other comes, and the job waits, as it would for a pipe. */
START_TEST(outputs_do_not_wait_for_each_other)
{
    must("mkfifo err; js run --no-pty -- sh -c 'seq 300000 >&2 & echo o; wait; echo end' "
         ">out 2>err & exec 3<err; while ! grep -q o out; do sleep 0.01; done; "
         "cat <&3 | tail -1; wait; cat out");
    ck_assert_str_eq(result.out, "300000\no\nend\n");
}
END_TEST

/* Input */

START_TEST(a_pipe_is_its_input)
{
    must("echo hi | js run --no-pty -- cat");
    ck_assert_str_eq(result.out, "hi\n");
    must("printf '' | js run --no-pty -- cat");
    ck_assert_str_eq(result.out, "");
    must("(echo 1; sleep 0.2; echo 2) | js run --no-pty -- cat");
    ck_assert_str_eq(result.out, "1\n2\n");
    must("seq 300000 >in; js run --no-pty -- cat <in | cmp - in; "
         "cat in | js run --no-pty -- sh -c 'sleep 0.2; cat' | cmp - in");
    must("i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %o $i)\"; i=$((i + 1)); done >all;"
         "js run --no-pty -- cat <all | cmp - all");
    /* Detached, it gets none. */
    must("echo hi | js run -d --no-pty -- cat >/dev/null; js wait; js logs");
    ck_assert_str_eq(result.out, "");
}
END_TEST

/* Who reads no input does not get it; whoever writes it waits, and is not the worse for it. */
START_TEST(input_that_is_not_read)
{
    must("yes | js run --no-pty -- sh -c 'head -c 4; exit 3'; echo $?");
    ck_assert_str_eq(result.out, "y\ny\n3\n");
    must("yes | js run --no-pty -- sh -c 'exec <&-; sleep 0.2; echo end'");
    ck_assert_str_eq(result.out, "end\n");
}
END_TEST

/* Its input is not at its end because the client has gone: another may bring the rest. */
START_TEST(input_outlives_its_client)
{
    struct program client;
    fixture_start(&fixture, &client, "/bin/sh", "-c",
                  "(echo one; exec sleep 60) | js run --no-pty -- cat", NULL);
    program_expect(&client, "one\n", deadline_default());
    must("js detach 1");
    fixture_js_until(&fixture, &result, "\"attached\":[]", "show", "--json", "1", NULL);
    must("echo two | js fg 1");
    ck_assert_str_eq(result.out, "two\n");
    must("js logs 1");
    ck_assert_str_eq(result.out, "one\ntwo\n");
    program_finish(&client);
}
END_TEST

/* At a shell */

START_TEST(keys_of_the_terminal_are_signals)
{
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    struct termios before, now;
    ck_assert_int_eq(pty_driver_termios(shell, &before), 0);
    jobs_type(shell, "js run --no-pty -- sh -c 'echo up; echo err >&2; exec sleep 60'");
    pty_driver_expect(shell, "up\r\n", deadline_default());
    pty_driver_expect(shell, "err\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_termios(shell, &now), 0);
    ck_assert(pty_driver_same_termios(&before, &now));
    ck_assert_int_eq(pty_driver_send_key(shell, "C-z"), 0);
    pty_driver_expect(shell, "[1]+ Stopped  ", deadline_default());
    pty_driver_expect(shell, "<148>", deadline_default());
    jobs_await_state(&fixture, "1", "stopped");
    jobs_type(shell, "js fg");
    jobs_await_state(&fixture, "1", "running");
    jobs_await_viewers(&fixture, "1", 1);
    ck_assert_int_eq(pty_driver_termios(shell, &now), 0);
    ck_assert(pty_driver_same_termios(&before, &now));
    ck_assert_int_eq(pty_driver_send_key(shell, "C-c"), 0);
    pty_driver_expect(shell, "<130>", deadline_default());
    jobs_await(&fixture, "1", "\"signal\":2");
    jobs_close(shell);
}
END_TEST

/* fg, from wherever, shows both outputs, apart where they can be; who watches does not touch it. */
START_TEST(it_can_be_taken_up_again)
{
    struct program client;
    must(
        "js run -d --no-pty -- sh -c 'while ! [ -e go ]; do sleep 0.02; done; echo o; echo e >&2'");
    fixture_start(&fixture, &client, "/bin/sh", "-c", "js fg --watch 1", NULL);
    jobs_await_viewers(&fixture, "1", 1);
    line("(while ! js show --json 1 | grep -q own; do :; done; touch go) & js fg 1 2>err; cat err");
    ck_assert_str_eq(result.out, "o\ne\n");
    program_must_end(&client, deadline_default());
    ck_assert(transcript_has_since(&client.out, 0, "o\n"));
    program_finish(&client);
}
END_TEST

START_TEST(a_client_that_is_killed_is_not_missed)
{
    struct program client;
    fixture_start(&fixture, &client, "/bin/sh", "-c",
                  "exec js run --no-pty -- sh -c 'echo up; while ! [ -e go ]; do sleep 0.02; done; "
                  "echo end; exit 4'",
                  NULL);
    program_expect(&client, "up\n", deadline_default());
    proc_signal(client.pid, SIGKILL);
    program_must_end(&client, deadline_default());
    program_finish(&client);
    line("touch go; js wait 1; echo $?; js logs 1");
    ck_assert_str_eq(result.out, "4\nup\nend\n");
}
END_TEST

/* It tells that it goes on, as one with a terminal does, which would be drawn anew. */
START_TEST(a_client_that_was_stopped_goes_on)
{
    struct program client;
    fixture_start(&fixture, &client, "/bin/sh", "-c",
                  "exec js run --no-pty -- sh -c 'echo up; while ! [ -e go ]; do sleep 0.02; done; "
                  "echo end; exit 4'",
                  NULL);
    program_expect(&client, "up\n", deadline_default());
    proc_signal(client.pid, SIGSTOP);
    jobs_await_process(client.pid, 'T');
    proc_signal(client.pid, SIGCONT);
    jobs_await_process(client.pid, 'S');
    line("touch go; js wait 1; echo $?; js logs 1");
    ck_assert_str_eq(result.out, "4\nup\nend\n");
    program_expect(&client, "end\n", deadline_default());
    program_must_end(&client, deadline_default());
    program_finish(&client);
}
END_TEST

START_TEST(a_reader_that_has_seen_enough)
{
    must("{ js run --no-pty -- sh -c 'seq 100000; sleep 60'; echo $? >status; } 2>err | head -n 1; "
         "cat status err; js kill 1");
    ck_assert_str_eq(result.out, "1\n141\njs: the output was closed; job 1 goes on, detached\n");
    must("{ js run --no-pty -- sh -c 'seq 100000 >&2; sleep 60' 3>&2 2>&1 >/dev/null; "
         "echo $? >status; } | head -n 1; cat status; js kill 2");
    ck_assert_str_eq(result.out, "1\n141\n");
}
END_TEST

/* A server that is replaced meanwhile is no matter of its output. */
START_TEST(it_outlives_the_server)
{
    must("js run -d --no-pty -- sh -c 'while ! [ -e go ]; do sleep 0.02; done; echo o; echo e >&2; "
         "exit 6'; js server restart; touch go; js fg 1 >out 2>err; js wait 1; echo $?; js logs 1");
    ck_assert_ptr_nonnull(strstr(result.out, "6\no\ne\n"));
}
END_TEST

static Suite *no_pty_suite(void)
{
    Suite *suite = suite_create("no_pty");
    TCase *tcase = tcase_create("output");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_loop_test(tcase, a_job_without_a_terminal, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tcase, it_is_a_group_of_its_own);
    tcase_add_test(tcase, no_output_is_lost);
    tcase_add_test(tcase, outputs_do_not_wait_for_each_other);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("input");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, a_pipe_is_its_input);
    tcase_add_test(tcase, input_that_is_not_read);
    tcase_add_test(tcase, input_outlives_its_client);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("clients");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_test(tcase, keys_of_the_terminal_are_signals);
    tcase_add_test(tcase, it_can_be_taken_up_again);
    tcase_add_test(tcase, a_client_that_is_killed_is_not_missed);
    tcase_add_test(tcase, a_client_that_was_stopped_goes_on);
    tcase_add_test(tcase, a_reader_that_has_seen_enough);
    tcase_add_test(tcase, it_outlives_the_server);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(no_pty_suite());
}
