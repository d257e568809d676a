/* js logs with times: --timestamps, --since, --until, and recordings by --cast. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jq: the output in a recording, one string per event, and all of it. */
#define EVENTS "jq -c 'select(type == \"array\")'"
#define OUTPUT "jq -j 'select(type == \"array\" and .[1] == \"o\") | .[2]'"

/*
 * Job 1 prints "one", "two", "three", "four": `marks` has the times between them. The pauses are
 * what is tested: an index knows 10 ms.
 */
static void print_slowly(void)
{
    must(
        "js run -- sh -c 'mark() { sleep 0.03; date +%s.%N >>marks; sleep 0.03; }; echo one; mark; "
        "echo two; mark; printf \"thr\"; mark; printf \"ee\\nfour\"' >/dev/null");
}

/* What `js logs` with an option prints, $A $B $C being the marks. */
static void expect_logs(const char *options, const char *out)
{
    char text[256];
    snprintf(text, sizeof(text), "set -- $(cat marks); A=@$1 B=@$2 C=@$3; js logs 1 %s", options);
    must_print_only(text, out);
}

START_TEST(a_part_of_the_log_can_be_had_by_its_time)
{
    print_slowly();
    expect_logs("", "one\ntwo\nthree\nfour");
    expect_logs("--since $A", "two\nthree\nfour");
    expect_logs("-S $B", "three\nfour");
    expect_logs("-S $C", "ee\nfour");
    expect_logs("--until $A", "one\n");
    expect_logs("-U $C", "one\ntwo\nthr");
    expect_logs("-S $A -U $B", "two\n");
    expect_logs("-S $A -U $A", "");
    expect_logs("-S 1h", "one\ntwo\nthree\nfour");
    expect_logs("-U 1h", "");
    expect_logs("-U 2099-01-01", "one\ntwo\nthree\nfour");
    expect_logs("-n 1 -U $B", "two\n");
    expect_logs("-n 2 -S $A", "three\nfour");
    expect_logs("-n 9 -S $A", "two\nthree\nfour");
    expect_logs("-n 0 -S $A", "");
    expect_logs("-f -S $B", "three\nfour");
}
END_TEST

/* A line's time is that of its beginning. */
START_TEST(lines_have_the_time_at_which_they_began)
{
    print_slowly();
    must("js logs -t 1 | sed -E 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z /T /'");
    ck_assert_str_eq(result.out, "T one\nT two\nT three\nT four");
    /* one < A < two < B < three < C < four, to the millisecond. */
    must("js logs --timestamps 1 | while read time line || [ \"$line\" ]; do "
         "echo \"$(date -d $time +%s%3N) $line\"; done >lines; "
         "sed -E 's/\\.([0-9]{3}).*/\\1 mark/' marks >>lines; sort -n lines | cut -d' ' -f2 | "
         "xargs");
    ck_assert_str_eq(result.out, "one mark two mark three mark four\n");
    expect_logs("-t -n 1 -S $B | cut -c 26-", "four\n");
    expect_logs("-t -S $C | cut -c 26-", "ee\nfour\n");
}
END_TEST

START_TEST(following_tells_times_too)
{
    struct program follower;
    must("mkfifo a b; js run -d -- sh -c 'echo one; read x <a; printf two; read x <b; echo; "
         "echo three'");
    fixture_start(&fixture, &follower, fixture.js, "logs", "-ft", "1", NULL);
    program_expect(&follower, "Z one\r\n", deadline_default());
    must("echo >a");
    program_expect(&follower, "Z two", deadline_default());
    must("echo >b");
    program_must_end(&follower, deadline_default());
    ck_assert_int_eq(bytes_append(&follower.out.all, "", 1), 0);
    ck_assert_ptr_nonnull(strstr((char *)follower.out.all.data, "Z two\r\n20"));
    ck_assert_ptr_nonnull(strstr((char *)follower.out.all.data, "Z three\r\n"));
    program_finish(&follower);
}
END_TEST

START_TEST(wrong_times_are_refused)
{
    static const char *const lines[] = {
        "js logs --since yesterday", "js logs --until -5m",   "js logs --since 2099-01-01",
        "js logs -S 5m -U 10m",      "js logs -f --until 5m", "js logs --cast --timestamps",
        "js logs --since",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        fixture_shell_line(&fixture, &result, lines[i]);
        fixture_expect_code(&result, 2);
        ck_assert_str_eq(result.out, "");
    }
    fixture_shell_line(&fixture, &result, "js logs --since yesterday");
    ck_assert_str_eq(result.err, "js: logs: --since 'yesterday' is no time: write 5m (ago), 15:04, "
                                 "2026-11-20, '2026-11-20 15:04:05', 2026-11-20T15:04:05Z or "
                                 "@SECONDS\n");
}
END_TEST

START_TEST(a_log_without_times_is_said_to_have_none)
{
    must("js run -- echo one >/dev/null; rm $JS_STATE_DIR/jobs/1/index.*");
    must_print_only("js logs 1", "one\n");
    must_print_only("js logs -t 1", "-                        one\n");
    fixture_shell_line(&fixture, &result, "js logs -S 5m 1");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: it is not known when job 1 printed what is in its log\n");
    must_print_only("js logs --cast 1 | " EVENTS " | jq -c '.[0] == 0, .[2]'",
                    "true\n\"one\\r\\n\"\n");
}
END_TEST

/* Recordings */

START_TEST(a_recording_has_what_was_printed_and_when)
{
    print_slowly();
    must_print_only(
        "js logs --cast 1 | head -n 1 | jq -c '.version, .width, .height, .command[0:4], "
        "(.timestamp | type), has(\"env\")'",
        "2\n80\n24\n\"sh -\"\n\"number\"\nfalse\n");
    must_print_only("js logs --cast 1 | " EVENTS " | jq -c '.[1:]'",
                    "[\"o\",\"one\\r\\n\"]\n[\"o\",\"two\\r\\n\"]\n[\"o\",\"thr\"]\n"
                    "[\"o\",\"ee\\r\\nfour\"]\n");
    /* Seconds that rise, from the beginning on. */
    must_print_only("js logs --cast 1 | " EVENTS " | jq -s 'map(.[0]) | . == sort and .[0] < 1 and "
                    ".[3] > 0.17 and .[3] < 20'",
                    "true\n");
    must_print_only("js logs --cast --since @$(sed -n 2p marks) 1 | " EVENTS
                    " | jq -c '.[0] < 0.001, .[2]'",
                    "true\n\"thr\"\nfalse\n\"ee\\r\\nfour\"\n");
}
END_TEST

START_TEST(a_recording_of_anything_is_valid)
{
    must("js run -d -- pty_child flood 3000000 y; js wait 1; js logs 1 >raw; js logs --cast 1 "
         "| " OUTPUT " | cmp - raw");
    must("js run -d -- sh -c 'seq -f \"%g \303\251 \360\237\230\200\" 20000; printf "
         "\"\\0\\1\\33\\\\\"'; "
         "js wait 2; js logs 2 >raw; js logs --cast 2 | " OUTPUT " | cmp - raw");
    must("js run -- head -c 300000 /dev/urandom >/dev/null; js logs --cast 3 | jq -c type | sort | "
         "uniq -c | wc -l");
    ck_assert_str_eq(result.out, "2\n");
    must("js run -- true; js logs --cast 4 | jq -c .version");
    ck_assert_str_eq(result.out, "2\n");
}
END_TEST

START_TEST(a_recording_knows_the_sizes)
{
    struct pty_driver *shell = fixture_shell(&fixture, 30, 100);
    jobs_type(shell, "js run pty_child size");
    pty_driver_expect(shell, "100", deadline_default());
    ck_assert_int_eq(pty_driver_resize(shell, 40, 120), 0);
    pty_driver_expect(shell, "120", deadline_default());
    must("js logs --cast 1 | head -n 1 | jq -c '.width, .height, .env.TERM'");
    ck_assert_str_eq(result.out, "100\n30\n\"xterm-256color\"\n");
    must("js logs --cast 1 | " EVENTS " | jq -c 'select(.[1] == \"r\") | .[2]'");
    ck_assert_str_eq(result.out, "\"120x40\"\n");
    must("js logs --cast -f 1 >followed & js kill 1; wait; " OUTPUT " <followed >out; js logs 1 | "
         "cmp - out");
    pty_driver_expect(shell, "<1", deadline_default());
    jobs_close(shell);
}
END_TEST

static Suite *logs_times_suite(void)
{
    Suite *suite = suite_create("logs_times");
    TCase *shown = tcase_create("times");
    TCase *casts = tcase_create("casts");
    tcase_add_checked_fixture(shown, world_begin, world_end);
    tcase_add_test(shown, a_part_of_the_log_can_be_had_by_its_time);
    tcase_add_test(shown, lines_have_the_time_at_which_they_began);
    tcase_add_test(shown, following_tells_times_too);
    tcase_add_test(shown, wrong_times_are_refused);
    tcase_add_test(shown, a_log_without_times_is_said_to_have_none);
    suite_add_tcase(suite, shown);
    tcase_add_checked_fixture(casts, world_begin, world_end);
    tcase_add_test(casts, a_recording_has_what_was_printed_and_when);
    tcase_add_test(casts, a_recording_of_anything_is_valid);
    tcase_add_test(casts, a_recording_knows_the_sizes);
    suite_add_tcase(suite, casts);
    return suite;
}

int main(void)
{
    return runner_run(logs_times_suite());
}
