/* js logs: all of it, the end of it, and what comes. */
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(the_log_is_what_the_job_printed)
{
    must_print_only("js run -- printf 'a\\nb\\n' >/dev/null; js logs 1", "a\nb\n");
    must_print_only("js logs", "a\nb\n"); /* the one that ended last */
    /* A terminal job prints as to a terminal. */
    must_print_only(
        "js run -d -- sh -c 'printf \"x\\ny\\033[1m\"' >/dev/null; js wait 2; js logs 2",
        "x\r\ny\033[1m");
    must_print_only("js run -- true; js logs 3", "");
}
END_TEST

/* A terminal is not asked again what the job has asked; files and pipes get every byte. */
START_TEST(a_terminal_is_spared_what_must_not_happen_twice)
{
    must("js run -d -- sh -c \"stty -echo; printf 'one\\033[c\\a\\033[6ntwo\\033[1mthree'\"; js "
         "wait 1");
    must_print_only("js logs 1", "one\033[c\a\033[6ntwo\033[1mthree");
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    static const struct {
        const char *command, *seen;
    } cases[] = {
        {"js logs 1\n", "onetwo\033[1mthree<0>"},
        {"js logs --raw 1\n", "one\033[c\a\033[6ntwo\033[1mthree<0>"},
        {"js logs --timestamps 1 | cat\n", "Z one\033[c\a\033[6ntwo\033[1mthree<0>"},
        {"js logs --timestamps 1\n", "Z onetwo\033[1mthree<0>"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(pty_driver_send(shell, cases[i].command), 0);
        pty_driver_expect(shell, cases[i].seen, deadline_default());
    }
    ck_assert_int_eq(pty_driver_send(shell, "exit\n"), 0);
    pty_driver_expect_exit(shell, 0, deadline_default());
    pty_driver_destroy(shell);
}
END_TEST

static const struct {
    const char *output; /* of printf */
    const char *lines;
    const char *expected;
} tail_cases[] = {
    {"a\\nb\\nc\\n", "2", "b\nc\n"},
    {"a\\nb\\nc\\n", "1", "c\n"},
    {"a\\nb\\nc\\n", "3", "a\nb\nc\n"},
    {"a\\nb\\nc\\n", "99", "a\nb\nc\n"},
    {"a\\nb\\nc\\n", "0", ""},
    {"a\\nb\\nc", "1", "c"},
    {"a\\nb\\nc", "2", "b\nc"},
    {"\\n\\n\\n", "2", "\n\n"},
    {"abc", "1", "abc"},
    {"", "5", ""},
    {"a\\nb\\nc\\n", "99999999999", "a\nb\nc\n"},
};

START_TEST(the_last_lines_can_be_had)
{
    char text[256];
    snprintf(text, sizeof(text), "js run -- printf '%s' >/dev/null; js logs -n %s 1",
             tail_cases[_i].output, tail_cases[_i].lines);
    must_print_only(text, tail_cases[_i].expected);
}
END_TEST

START_TEST(the_last_lines_of_much_output)
{
    must("js run -- seq 200000 >/dev/null");
    must_print_only("js logs -n 3 1", "199998\n199999\n200000\n");
    must_print_only("js logs -n 150000 1 | head -n 1", "50001\n");
    must_print_only("js logs 1 | wc -l", "200000\n");
}
END_TEST

/* A job that prints more than is kept: the oldest goes, and that is said on stderr alone. */
START_TEST(what_is_no_longer_kept_is_counted)
{
    must("js run -- pty_child flood 40000000 long >/dev/null; js logs 1 >out 2>err; wc -c <out; "
         "cat err; js show --json 1 | jq -r '.jobs[0].log | .first, .next'");
    unsigned long kept, skipped, first, next;
    ck_assert_int_eq(
        sscanf(result.out, "%lu [js: %lu bytes skipped] %lu %lu", &kept, &skipped, &first, &next),
        4);
    ck_assert_uint_eq(next, 40000000);
    ck_assert_uint_eq(first, skipped);
    ck_assert_uint_eq(kept, next - first);
    ck_assert_uint_ge(kept, 8u << 20);
    ck_assert_uint_le(kept, 16u << 20);
    /* What is kept is the end, and whole: lines of the same 200 bytes. */
    must("js logs 1 2>/dev/null | tail -n +2 | sort | uniq -c | wc -l");
    ck_assert_str_eq(result.out, "1\n");
    must("du -sb $JS_STATE_DIR/jobs/1 | cut -f1");
    ck_assert_int_le(atol(result.out), 18 << 20);
}
END_TEST

START_TEST(following_ends_with_the_job)
{
    must("js run -d -- pty_child numbered 200 2000 exit 0; js logs -f 1 | tr -d '\\r' >out; "
         "seq -f 'line %g' 200 | cmp - out");
    must("js logs -f 1 | wc -l"); /* after the end, too */
    ck_assert_str_eq(result.out, "200\n");
    must("js logs -f -n 2 1 | tr -d '\\r'");
    ck_assert_str_eq(result.out, "line 199\nline 200\n");
}
END_TEST

START_TEST(following_shows_output_as_it_comes)
{
    struct program follower;
    must("mkfifo a b; js run -d -- sh -c 'echo one; read x <a; echo two; read x <b; echo three'");
    fixture_start(&fixture, &follower, fixture.js, "logs", "-f", "1", NULL);
    program_expect(&follower, "one\r\n", deadline_default());
    must("echo >a");
    program_expect(&follower, "two\r\n", deadline_default());
    must("echo >b");
    program_expect(&follower, "three\r\n", deadline_default());
    program_must_end(&follower, deadline_default());
    ck_assert_int_eq(program_exit_code(&follower), 0);
    program_finish(&follower);
}
END_TEST

START_TEST(many_may_follow)
{
    must("js run -d -- pty_child numbered 20000 >/dev/null; for i in 1 2 3 4 5; do js logs -f 1 "
         ">out$i & done; wait; js wait 1; js logs 1 >all; for i in 1 2 3 4 5; do cmp all out$i; "
         "done; wc -l <all");
    ck_assert_str_eq(result.out, "20000\n");
}
END_TEST

START_TEST(following_a_job_that_ends_just_then)
{
    must("for i in $(seq 60); do id=$(js run -d -- echo $i); js logs -f $id || echo failed; done | "
         "tr -d '\\r' >out; seq 60 | cmp - out");
}
END_TEST

/* A reader that is stopped never holds the job, and is told afterwards what it has missed. */
START_TEST(a_stopped_reader_does_not_hold_the_job)
{
    struct program follower;
    must("mkfifo go; js run -d -- sh -c 'echo ready; read x <go; pty_child flood 60000000 long; "
         "echo end'");
    fixture_start(&fixture, &follower, fixture.js, "logs", "-f", "1", NULL);
    program_expect(&follower, "ready\r\n", deadline_default());
    ck_assert_int_eq(proc_signal(follower.pid, SIGSTOP), 0);
    must("echo >go; js wait 1; js show --json 1 | jq .jobs[0].log.next");
    ck_assert_int_ge(atol(result.out), 60000000);
    ck_assert_int_eq(proc_signal(follower.pid, SIGCONT), 0);
    program_must_end(&follower, deadline_default());
    ck_assert_int_eq(program_exit_code(&follower), 0);
    ck_assert(transcript_find(&follower.out, "end\r\n"));
    unsigned long skipped;
    ck_assert_int_eq(bytes_append(&follower.err.all, "", 1), 0);
    ck_assert_int_eq(sscanf((char *)follower.err.all.data, "[js: %lu bytes skipped]", &skipped), 1);
    ck_assert_uint_eq(follower.out.all.len + skipped,
                      60000000 + strlen("ready\r\nend\r\n") + 60000000 / 200);
    program_finish(&follower);
}
END_TEST

START_TEST(a_reader_may_go_away)
{
    must("js run -d -- pty_child numbered 100000 0 hold; js logs -f 1 | head -n 2 | tr -d '\\r'; "
         "js logs 1 | head -n 1 | tr -d '\\r'; js kill 1");
    ck_assert_str_eq(result.out, "1\nline 1\nline 2\nline 1\n");
    fixture_shell_line(&fixture, &result, "js logs 1 >/dev/full");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: cannot write to standard output: No space left on device\n");
}
END_TEST

/* Output of before a server's death and after it are one log. */
START_TEST(the_log_survives_the_server)
{
    must("mkfifo go; js run -d -- sh -c 'echo one; read x <go; echo two'");
    fixture_js_until(&fixture, &result, "one", "logs", "1", NULL);
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("echo >go; js wait 1; js logs 1 | tr -d '\\r'");
    ck_assert_str_eq(result.out, "one\ntwo\n");
}
END_TEST

static Suite *logs_suite(void)
{
    Suite *suite = suite_create("logs");
    TCase *logs = tcase_create("logs");
    tcase_add_checked_fixture(logs, world_begin, world_end);
    tcase_add_test(logs, the_log_is_what_the_job_printed);
    tcase_add_test(logs, a_terminal_is_spared_what_must_not_happen_twice);
    tcase_add_loop_test(logs, the_last_lines_can_be_had, 0,
                        sizeof(tail_cases) / sizeof(tail_cases[0]));
    tcase_add_test(logs, the_last_lines_of_much_output);
    tcase_add_test(logs, what_is_no_longer_kept_is_counted);
    tcase_add_test(logs, following_ends_with_the_job);
    tcase_add_test(logs, following_shows_output_as_it_comes);
    tcase_add_test(logs, many_may_follow);
    tcase_add_test(logs, following_a_job_that_ends_just_then);
    tcase_add_test(logs, a_stopped_reader_does_not_hold_the_job);
    tcase_add_test(logs, a_reader_may_go_away);
    tcase_add_test(logs, the_log_survives_the_server);
    suite_add_tcase(suite, logs);
    return suite;
}

int main(void)
{
    return runner_run(logs_suite());
}
