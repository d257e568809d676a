/* js run without a terminal, as scripts, pipes and cron use it. */
#include "tests/harness/await.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit status */

/* One that has no directory that may not be searched: that would be "Permission denied". */
#define CHORD     "write one key or two (^], ctrl-a, d), like '^\\ d', or none"
#define SANE_PATH "PATH=${PATH%%:*}:/usr/bin:/bin; "

static const struct {
    const char *line;
    int code;
    const char *err; /* all of stderr */
} exit_cases[] = {
    {"js run -- true", 0, ""},
    {"js run -- sh -c 'exit 7'", 7, ""},
    {"js run -- sh -c 'exit 255'", 255, ""},
    {"js run sh -c 'exit 3'", 3, ""},
    {"js run -- sh -c 'kill -9 $$'", 137, "Killed\n"},
    {"js run -- sh -c 'kill -TERM $$'", 143, "Terminated\n"},
    {"js run -- sh -c 'kill -SEGV $$'", 139, "Segmentation fault\n"},
    {"js run -- sh -c 'kill -INT $$'", 130, ""},
    {"js run -- /nope", 127, "js: /nope: No such file or directory\n"},
    {"js run -- ./nope", 127, "js: ./nope: No such file or directory\n"},
    {SANE_PATH "js run -- nope-not-here", 127, "js: nope-not-here: command not found\n"},
    {SANE_PATH "PATH=/nope:$PATH js run -- nope-not-here", 127,
     "js: nope-not-here: command not found\n"},
    {"js run -- /", 126, "js: /: Is a directory\n"},
    {"mkdir d; js run -- ./d", 126, "js: ./d: Is a directory\n"},
    {"echo x >f; js run -- ./f", 126, "js: ./f: Permission denied\n"},
    {"echo '#!/nope' >f; chmod +x f; js run -- ./f", 127,
     "js: ./f: the interpreter it names was not found\n"},
    {"mkdir d; echo '#!/nope' >d/f; chmod +x d/f; js run -C d -- ./f", 127,
     "js: ./f: the interpreter it names was not found\n"},
    {"js run -C /nope -- true", 125, "js: cannot enter /nope: No such file or directory\n"},
    {"js run -C /dev/null -- true", 125, "js: cannot enter /dev/null: Not a directory\n"},
    {"js run -- ''", 2, "js: run: there is no command to run; see js run --help\n"},
    {"js run -k nonsense -- true; code=$?; ls $JS_DIR 2>/dev/null; exit $code", 2,
     "js: run: 'nonsense' is no detach chord: " CHORD "\n"},
    {"js fg -k nonsense; code=$?; ls $JS_DIR 2>/dev/null; exit $code", 2,
     "js: fg: 'nonsense' is no detach chord: " CHORD "\n"},
    {"js run", 2, "js: run: there is no command to run; see js run --help\n"},
    {"js run --", 2, "js: run: there is no command to run; see js run --help\n"},
    {"js run -d -- /nope", 127, "js: /nope: No such file or directory\n"},
    {SANE_PATH "js run -d -- nope-not-here", 127, "js: nope-not-here: command not found\n"},
    {"js run -d --json -- /", 126, "js: /: Is a directory\n"},
    {"js run -d -C /nope -- true", 125, "js: cannot enter /nope: No such file or directory\n"},
};

START_TEST(the_exit_status_tells_what_came_of_it)
{
    line(exit_cases[_i].line);
    ck_assert_str_eq(result.err, exit_cases[_i].err);
    ck_assert_int_eq(result.code, exit_cases[_i].code);
    ck_assert_str_eq(result.out, "");
}
END_TEST

START_TEST(a_program_is_looked_for_as_execvp_does)
{
    must("mkdir a b; printf '#!/bin/sh\\necho b $1' >b/prog; chmod +x b/prog; echo >a/prog;"
         "PATH=$PWD/a:$PWD/b:$PATH js run -- prog x");
    ck_assert_str_eq(result.out, "b x\n");
    /* An empty element is the current directory; without a magic number /bin/sh runs it. */
    must("echo 'echo here $0 \"$1\"' >here; chmod +x here; PATH=:$PATH js run -- here 'a  b'");
    ck_assert_str_eq(result.out, "here here a  b\n");
    line("PATH=$PWD/a:$PATH js run -- prog");
    fixture_expect_code(&result, 126);
    ck_assert_str_eq(result.err, "js: prog: Permission denied\n");
}
END_TEST

/* As for shells: what cannot be looked at is not there. Root can look everywhere. */
START_TEST(a_directory_that_may_not_be_searched_is_passed_over)
{
    char as[128] = "";
    if (geteuid() == 0)
        snprintf(as, sizeof(as), "setpriv --reuid 65534 --regid 65534 --clear-groups");
    char text[1024];
    snprintf(
        text, sizeof(text),
        "d=$(mktemp -d /tmp/js-XXXXXX); cp $JS_TEST_BINDIR/js $JS_TEST_BINDIR/jsd $d; "
        "mkdir $d/locked $d/work; chmod 777 $d/work; chmod 755 $d; cp /bin/true $d/locked/prog; "
        "chmod 0 $d/locked; cd $d/work; "
        "export JS_DIR=$d/work/run JS_STATE_DIR=$d/work/state HOME=$d/work; "
        "PATH=$d/locked:/usr/bin:/bin %s $d/js run -- prog; echo $?; "
        "PATH=$d/locked:/usr/bin:/bin %s $d/js run -- true; echo $?; "
        "%s $d/js server stop; chmod 700 $d/locked; rm -rf $d",
        as, as, as);
    line(text);
    ck_assert_str_eq(result.err, "js: prog: command not found\n");
    ck_assert_str_eq(result.out, "127\n0\n");
}
END_TEST

/* Nothing of it: no job, no directory, no process; the server's descriptors are as before. */
START_TEST(a_failed_start_leaves_nothing)
{
    static const char *const failing[] = {
        "js run -- /nope",     "js run -d -- /nope",      "js run -- /",
        "js run -d -n x -- /", "js run -C /nope -- true", "js run -d -- nope-not-here",
    };
    must("js run -- true; js rm 1");
    size_t processes = fixture_count_processes(&fixture, "");
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
            line(failing[i]);
            ck_assert_int_ge(result.code, 125);
            must("js ls -a --json");
            ck_assert_str_eq(result.out, "{\"version\":1,\"jobs\":[]}\n");
            ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
            ck_assert_uint_eq(fixture_count_entries(&fixture, "run/jobs"), 0);
        }
    }
    struct deadline deadline = deadline_default();
    while (fixture_count_processes(&fixture, "") > processes && !deadline_passed(deadline))
        continue;
    ck_assert_uint_le(fixture_count_processes(&fixture, ""), processes);
}
END_TEST

/* After `js run -d` the end can be asked for as often as one likes. */
START_TEST(wait_gives_the_same_status_again_and_again)
{
    static const struct {
        const char *command;
        int code;
    } cases[] = {{"exit 7", 7}, {"kill -9 $$", 137}, {"sleep 0.2; exit 3", 3}, {"exit 0", 0}};
    for (size_t i = 0; i < 4; i++) {
        char text[128];
        snprintf(text, sizeof(text), "js run -d -- sh -c '%s'", cases[i].command);
        must(text);
        snprintf(text, sizeof(text), "js wait %zu", i + 1);
        for (int n = 0; n < 4; n++) {
            line(text);
            ck_assert_int_eq(result.code, cases[i].code);
            ck_assert_str_eq(result.out, "");
        }
    }
}
END_TEST

/* Output */

START_TEST(no_output_is_lost_at_the_end)
{
    must("for i in $(seq 100); do js run -- seq 1 2000 | tail -1; done | sort | uniq -c");
    ck_assert_str_eq(result.out, "    100 2000\n");
}
END_TEST

START_TEST(the_shell_is_back_although_something_holds_the_terminal)
{
    must("js run -- sh -c 'sleep 99 & echo hi'");
    ck_assert_str_eq(result.out, "hi\n");
    ck_assert_double_lt(result.ms, 2000.0 * deadline_slowness());
    must("js show --json 1");
    ck_assert_ptr_nonnull(strstr(result.out, "\"leftovers\":1"));
}
END_TEST

/* As a closing terminal would: what is left gets SIGHUP, and what ignores it stays. */
START_TEST(what_is_left_is_hung_up)
{
    char marker[128];
    snprintf(marker, sizeof(marker), "%s/got", fixture.work);
    must("js run -- sh -c '(trap \"echo HUP >got; exit\" HUP; echo on >ready; while :; do sleep"
         " 0.1; done) & while ! [ -s ready ]; do sleep 0.01; done; echo hi'");
    ck_assert_str_eq(result.out, "hi\n");
    ck_assert_int_eq(await_file_text(marker, "HUP", deadline_default()), 0);
}
END_TEST

static const char *const plain_output[] = {
    "js run -- printf 'a\\nb\\n' >out",
    "js run -- printf 'a\\nb\\n' | cat >out",
    "js run -- sh -c 'echo a; echo b >&2' >out",
    "js run -- printf 'a\\nb\\n' >>out",
    "printf 'a\\n' >out; js run -- printf 'b\\n' >>out",
    "(echo a; js run -- echo b) >out",
};

START_TEST(output_is_what_the_job_printed)
{
    must(plain_output[_i]);
    ck_assert_str_eq(result.err, "");
    must("od -An -c out");
    ck_assert_str_eq(result.out, "   a  \\n   b  \\n\n");
}
END_TEST

START_TEST(much_output_arrives_in_order)
{
    must("seq 300000 >expected; js run -- seq 300000 >out; cmp expected out; "
         "js run -- seq 300000 | cmp expected -; js logs 1 | cmp expected -");
}
END_TEST

/* All bytes there are: a file is no terminal, and nothing is made of them. */
START_TEST(output_is_not_processed)
{
    must("i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %o $i)\"; i=$((i + 1)); done "
         ">expected;"
         "js run -- cat expected | cmp - expected; js run -- cat expected >out; cmp out expected");
}
END_TEST

/* The reader has seen enough. The job is not asked, and goes on. */
START_TEST(a_closed_pipe_ends_the_client)
{
    must("{ js run -- pty_child numbered 100000 hold; echo $? >status; } | head -n 3; cat status");
    ck_assert_str_eq(result.out, "line 1\nline 2\nline 3\n141\n");
    ck_assert_str_eq(result.err, "js: the output was closed; job 1 goes on, detached\n");
    fixture_js_until(&fixture, &result, "100000", "logs", "-n", "1", "1", NULL);
    must("js kill 1");
}
END_TEST

START_TEST(a_full_disk_ends_the_client)
{
    line("js run -- pty_child numbered 1000 hold >/dev/full");
    ck_assert_int_eq(result.code, 141);
    must("js kill 1");
}
END_TEST

/* Input */

START_TEST(a_pipe_is_the_input)
{
    must("echo hi | js run -- cat");
    ck_assert_str_eq(result.out, "hi\n");
    must("printf 'no end of line' | js run -- cat");
    ck_assert_str_eq(result.out, "no end of line");
    must("printf '' | js run -- cat");
    ck_assert_str_eq(result.out, "");
    must("(echo 1; sleep 0.2; echo 2) | js run -- cat");
    ck_assert_str_eq(result.out, "1\n2\n");
    must("printf 'c\\nb\\na\\n' >list; js run -- sort <list | tr -d '\\n'");
    ck_assert_str_eq(result.out, "abc");
}
END_TEST

START_TEST(nothing_in_the_input_is_taken_for_a_key)
{
    must("i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %o $i)\"; i=$((i + 1)); done >all;"
         "for i in $(seq 40); do cat all; done >in; js run -- pty_child drain <in; "
         "js run -- cat <in | cmp - in");
    ck_assert_str_eq(result.out, "READ 10240 1305600\n");
}
END_TEST

START_TEST(much_input_arrives)
{
    must("seq 200000 >in; js run -- cat <in | cmp - in; cat in | js run -- wc -l");
    ck_assert_str_eq(result.out, "200000\n");
}
END_TEST

/* A job that does not read its input ends all the same. */
START_TEST(input_that_nobody_reads_does_not_hold_the_job)
{
    must("seq 200000 | js run -- echo done");
    ck_assert_str_eq(result.out, "done\n");
    must("yes | js run -- sh -c 'read a; echo $a'");
    ck_assert_str_eq(result.out, "y\n");
}
END_TEST

START_TEST(without_any_terminal_or_input_it_works)
{
    must("setsid js run -- sh -c 'cat; tty; echo done' </dev/null >out 2>err; cat err");
    ck_assert_str_eq(result.out, "");
    must("sed 's,/dev/pts/[0-9]*,TTY,' out");
    ck_assert_str_eq(result.out, "TTY\ndone\n");
    must("js run -- echo closed <&-");
    ck_assert_str_eq(result.out, "closed\n");
    must("js run -d -- sh -c 'exit 4' <&- 2>&-; js wait 3 || echo $?");
    ck_assert_str_eq(result.out, "3\n4\n");
}
END_TEST

static Suite *run_suite(void)
{
    Suite *suite = suite_create("run");
    TCase *status = tcase_create("status");
    tcase_add_checked_fixture(status, world_begin, world_end);
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    tcase_add_loop_test(status, the_exit_status_tells_what_came_of_it, 0, COUNT(exit_cases));
    tcase_add_test(status, a_program_is_looked_for_as_execvp_does);
    tcase_add_test(status, a_failed_start_leaves_nothing);
    tcase_add_test(status, a_directory_that_may_not_be_searched_is_passed_over);
    tcase_add_test(status, wait_gives_the_same_status_again_and_again);
    suite_add_tcase(suite, status);

    TCase *output = tcase_create("output");
    tcase_add_checked_fixture(output, world_begin, world_end);
    tcase_add_loop_test(output, no_output_is_lost_at_the_end, 0, 5);
    tcase_add_test(output, the_shell_is_back_although_something_holds_the_terminal);
    tcase_add_test(output, what_is_left_is_hung_up);
    tcase_add_loop_test(output, output_is_what_the_job_printed, 0, COUNT(plain_output));
    tcase_add_test(output, much_output_arrives_in_order);
    tcase_add_test(output, output_is_not_processed);
    tcase_add_test(output, a_closed_pipe_ends_the_client);
    tcase_add_test(output, a_full_disk_ends_the_client);
    suite_add_tcase(suite, output);

    TCase *input = tcase_create("input");
    tcase_add_checked_fixture(input, world_begin, world_end);
    tcase_add_test(input, a_pipe_is_the_input);
    tcase_add_test(input, nothing_in_the_input_is_taken_for_a_key);
    tcase_add_test(input, much_input_arrives);
    tcase_add_test(input, input_that_nobody_reads_does_not_hold_the_job);
    tcase_add_test(input, without_any_terminal_or_input_it_works);
    suite_add_tcase(suite, input);
    return suite;
}

int main(void)
{
    return runner_run(run_suite());
}
