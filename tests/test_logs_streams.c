/* js logs of jobs whose outputs are apart: --stdout, --stderr, --json. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/logs_json.h"

/* What each job prints goes one after the other: `turn` waits until the log has got so far. */
#define TURNS                                                                                      \
    "turn() { while [ $(cat $JS_STATE_DIR/jobs/$JS_JOB_ID/log.* 2>/dev/null | wc -c) -lt $1 ]; "   \
    "do "                                                                                          \
    "sleep 0.01; done; }; "
#define RUN(script) "js run -d --no-pty -- sh -c '" TURNS script "' >/dev/null; js wait 1; "

static const struct {
    const char *line;
    int code;
    const char *out, *err;
} cases[] = {
    {RUN("echo o; turn 2; echo e >&2; turn 4; echo p") "js logs; js logs --stdout; js logs "
                                                       "--stderr",
     0, "o\ne\np\no\np\ne\n", ""},
    {RUN("echo o; turn 2; echo e >&2") "js logs --json 1 | jq -c '[.version, .stream, .text]'", 0,
     "[1,\"stdout\",\"o\\n\"]\n[1,\"stderr\",\"e\\n\"]\n", ""},
    /* A line is one, whatever came in between; the texts are the output. */
    {RUN("printf a; turn 1; echo e >&2; turn 3; printf \"b\\nc\"") "js logs --json 1 | jq -c "
                                                                   "'[.stream, .text]'; "
                                                                   "js logs --json 1 | jq -j "
                                                                   "'select(.stream == "
                                                                   "\"stdout\").text'",
     0, "[\"stderr\",\"e\\n\"]\n[\"stdout\",\"ab\\n\"]\n[\"stdout\",\"c\"]\nab\nc", ""},
    {RUN("printf \"\\377x\\033\\000\\n\"; turn 5; printf \"\\303\\251\\n\"") "js logs --json 1 | "
                                                                             "jq -c .text; js logs "
                                                                             "--stdout 1 | od -An "
                                                                             "-tx1",
     0, "\"\\\\xffx\\\\x1b\\\\x00\\n\"\n\"\303\251\\n\"\n ff 78 1b 00 0a c3 a9 0a\n", ""},
    {RUN("seq 5; turn 10; seq 6 10 >&2; turn 20; seq 11 12") "js logs -n 3; echo; js logs -n 3 "
                                                             "--stdout; echo; js logs -n 2 "
                                                             "--stderr; "
                                                             "js logs -n 0 --stderr; js logs -n 1 "
                                                             "--json --stderr | jq -j .text",
     0, "10\n11\n12\n\n5\n11\n12\n\n9\n10\n10\n", ""},
    {RUN("echo o; turn 2; printf \"a\\rb\\n\" >&2; turn 6; echo p") "js logs --plain --stderr; js "
                                                                    "logs -t --stderr | cut -c 25-",
     0, "b\n a\rb\n", ""},
    {"js run --no-pty --restart on-failure:1 --backoff 1ms..2ms -- sh -c 'echo o$JS_ATTEMPT; "
     "echo e$JS_ATTEMPT >&2; exit 1' >/dev/null 2>&1; js logs --attempt 2 --stderr; "
     "js logs --attempt 1 --stdout",
     0, "e2\no1\n", ""},
    {"js run -- echo x >/dev/null; js logs --stdout", 125, "",
     "js: the output of job 1 cannot be told apart: it has a terminal; run it with --no-pty for "
     "that\n"},
    {"js run -- echo x >/dev/null; js logs --json | jq -c '[.stream, .text]'", 0,
     "[\"terminal\",\"x\\n\"]\n", ""},
    {"js run --no-pty -- echo x >/dev/null; js logs --cast", 125, "",
     "js: job 1 has no terminal (it was run with --no-pty): there is nothing to record; with their "
     "times: js logs --json 1\n"},
    /* Of several jobs there are no headings: each line has its job. */
    {"js run -- echo x >/dev/null; js run --no-pty -- echo y >/dev/null; "
     "js logs --json 1 2 | jq -c '[.job, .stream]'",
     0, "[1,\"terminal\"]\n[2,\"stdout\"]\n", ""},
    {"js logs --stdout --stderr 1", 2, "",
     "js: logs: only one of --stdout and --stderr; both are told apart by --json\n"},
    {"js logs --json --plain 1", 2, "",
     "js: logs: only one of --timestamps, --cast, --plain, --raw and --json\n"},
    /* What is not known is not made up. */
    {RUN("echo o; turn 2; echo e >&2") "rm $JS_STATE_DIR/jobs/1/streams.*; js logs --stderr; "
                                       "js logs --json | jq -c '[.stream, .text]'; js logs",
     0, "[null,\"o\\n\"]\n[null,\"e\\n\"]\no\ne\n",
     "[js: 4 bytes left out: it is not known which stream they are of]\n"},
};

START_TEST(logs_of_streams)
{
    line(cases[_i].line);
    ck_assert_str_eq(result.err, cases[_i].err);
    ck_assert_str_eq(result.out, cases[_i].out);
    ck_assert_int_eq(result.code, cases[_i].code);
}
END_TEST

/* Whatever came in which order, nothing of it is lost, and nothing is on the wrong side. */
START_TEST(much_of_both)
{
    must("js run --no-pty -- sh -c 'seq 40000 & seq 60000 90000 >&2; wait' >out 2>err; "
         "js logs --stdout | cmp - out; js logs --stderr | cmp - err; "
         "js logs --json | jq -j 'select(.stream == \"stderr\").text' | cmp - err; "
         "js logs | sort | cmp - <<E\n$(cat out err | sort)\nE\n"
         "js logs --stderr -n 1000 | cmp - <<E\n$(tail -n 1000 err)\nE\n"
         "js logs --stdout -n 20000 | cmp - <<E\n$(tail -n 20000 out)\nE\n");
    ck_assert_str_eq(result.out, "");
}
END_TEST

/* A log that was dropped in part has its streams for the rest. */
START_TEST(segments_that_are_dropped)
{
    must("printf 'log-size = 64k\\n' >c; js -c c server start; "
         "js run --no-pty -- sh -c 'for i in 1 2 3 4 5 6; do seq $((i * 10000)) $((i * 10000 + "
         "4000)); seq $((i * 10000 + 5000)) $((i * 10000 + 9000)) >&2; done' >out 2>err; "
         "ls $JS_STATE_DIR/jobs/1 | grep -c streams; js logs --stderr 2>/dev/null | tail -n 500 | "
         "cmp - <<E\n$(tail -n 500 err)\nE\n");
    ck_assert_int_ge(atoi(result.out), 2);
    ck_assert_int_le(atoi(result.out), 6);
}
END_TEST

/* As it comes. */
START_TEST(streams_are_followed)
{
    struct program client;
    must("js run -d --no-pty -- sh -c 'echo o; echo e >&2; while ! [ -e go ]; do sleep 0.02; done; "
         "echo o2; echo e2 >&2'");
    fixture_start(&fixture, &client, "/bin/sh", "-c",
                  "js logs -f --json 1 | jq -c --unbuffered "
                  "'[.stream, .text]'",
                  NULL);
    program_expect(&client, "[\"stderr\",\"e\\n\"]\n", deadline_default());
    must("touch go");
    program_expect(&client, "[\"stderr\",\"e2\\n\"]\n", deadline_default());
    program_must_end(&client, deadline_default());
    ck_assert(transcript_has_since(&client.out, 0, "[\"stdout\",\"o2\\n\"]\n"));
    program_finish(&client);
}
END_TEST

/* Lines */

static char *feed(struct logs_json *json, const char *data, size_t len, struct bytes *out)
{
    out->len = 0;
    ck_assert_int_eq(logs_json_feed(json, LOGSTREAMS_OUT, 0, data, len, out), 0);
    ck_assert_int_eq(bytes_append(out, "", 1), 0);
    return (char *)out->data;
}

START_TEST(a_line_without_end_is_cut)
{
    static char many[LOGS_JSON_LINE_MAX];
    struct logs_json json = {0};
    struct bytes out = {0};
    memset(many, 'x', sizeof(many));
    ck_assert_str_eq(feed(&json, many, sizeof(many) - 1, &out), "");
    const char *text = feed(&json, "xyz\n", 4, &out);
    const char *second =
        strstr(text, "xx\"}\n{\"version\":1,\"job\":0,\"time\":null,\"stream\":\"stdout\","
                     "\"text\":\"yz\\n\"}\n");
    ck_assert_ptr_nonnull(second);
    out.len = 0;
    ck_assert_int_eq(logs_json_end(&json, &out), 0);
    ck_assert_uint_eq(out.len, 0);
    logs_json_finish(&json);
    bytes_finish(&out);
}
END_TEST

static Suite *logs_streams_suite(void)
{
    Suite *suite = suite_create("logs_streams");
    TCase *tcase = tcase_create("logs");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_loop_test(tcase, logs_of_streams, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tcase, much_of_both);
    tcase_add_test(tcase, segments_that_are_dropped);
    tcase_add_test(tcase, streams_are_followed);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("lines");
    tcase_add_test(tcase, a_line_without_end_is_cut);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(logs_streams_suite());
}
