/* js events: what has happened, what happens, and what is not known any more. */
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/program.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct program follower;

static void begin(void)
{
    fixture_init(&fixture);
    follower =
        (struct program){.pid = -1, .pid_fd = -1, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
}

static void end(void)
{
    program_finish(&follower);
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

/* The kinds of all events, and of which job: "server started:1 ended:1 ". */
#define KINDS "jq -j '.kind + (if .job then \":\\(.job)\" else \"\" end) + \" \"'"

static void expect_kinds(const char *command, const char *kinds)
{
    char line[256];
    snprintf(line, sizeof(line), "%s | " KINDS, command);
    must(line);
    ck_assert_str_eq(result.out, kinds);
}

START_TEST(a_job_is_told_from_its_start_to_its_end)
{
    must("js run -d -n build -- sh -c 'exit 3'; js wait 1; test $? = 3; js run -d -- sleep 600; "
         "js stop 2; js cont 2; js rename 2 x; js kill 2; js rm 1");
    expect_kinds("js events --json", "server started:1 ended:1 started:2 stopped:2 continued:2 "
                                     "renamed:2 ended:2 removed:1 ");
    expect_kinds("js events --json 2", "started:2 stopped:2 continued:2 renamed:2 ended:2 ");
    must("js events --json | jq -c 'select(.kind == \"ended\" and .job == 1) | "
         "[.version, .name, .state, .attempt, .end.reason, .end.code]'");
    ck_assert_str_eq(result.out, "[1,\"build\",\"ended\",1,\"exited\",3]\n");
    must("js events --json | jq -c 'select(.kind == \"ended\" and .job == 2) | [.end.reason, "
         ".end.signal]'");
    ck_assert_str_eq(result.out, "[\"killed\",15]\n");
    must("js events | cut -d' ' -f2- | sed 's/(pid.*)/(...)/'");
    ck_assert_str_eq(result.out, "the server began (...)\njob 1 (build) started\n"
                                 "job 1 (build) ended: exited, code 3\njob 2 started\n"
                                 "job 2 stopped\njob 2 continued\njob 2 named x\n"
                                 "job 2 (x) ended: killed, signal TERM\njob 1 (build) removed\n");
}
END_TEST

START_TEST(a_start_that_failed_is_told_with_its_reason)
{
    must("js run -d -- /nope; test $? = 127");
    must("js events --json | jq -c 'select(.kind != \"server\") | [.kind, .state, .text]'");
    ck_assert_str_eq(result.out, "[\"failed\",\"failed\",\"/nope: No such file or directory\"]\n");
}
END_TEST

/* Each attempt, what comes between them, and the job's end. */
START_TEST(attempts_are_told_one_by_one)
{
    must("js run -d --restart on-failure:2 --backoff 10ms..10ms -- sh -c 'exit 4'; js wait 1; test "
         "$? = "
         "4; js run -d --delay 50ms -- true; js wait 2");
    expect_kinds("js events --json 1",
                 "started:1 attempt-ended:1 backoff:1 started:1 attempt-ended:1 backoff:1 "
                 "started:1 ended:1 ");
    must("js events --json 1 | jq -c 'select(.kind == \"attempt-ended\") | [.attempt, .end.code]'");
    ck_assert_str_eq(result.out, "[1,4]\n[2,4]\n");
    expect_kinds("js events --json 2", "queued:2 started:2 ended:2 ");
    must("js events --json 2 | jq -r 'select(.kind == \"queued\").due' | cut -c1-2; js events 1 | "
         "grep -c 'is started again at 20'");
    ck_assert_str_eq(result.out, "20\n2\n");
    must("js retry 1 >/dev/null; js wait 1 || true; js events --json -n 1 1 | jq -c '[.kind, "
         ".attempt]'");
    ck_assert_str_eq(result.out, "[\"ended\",6]\n");
}
END_TEST

/* What takes no notice of TERM is killed, and that is told. */
START_TEST(a_grace_that_is_over_is_told)
{
    must("js run -d -- pty_child ignore-term ready hold");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js kill --grace 50ms 1");
    expect_kinds("js events --json 1", "started:1 grace-over:1 ended:1 ");
    must("js events 1 | grep -c 'does not end by itself: it is killed$'");
}
END_TEST

START_TEST(who_attaches_and_leaves_is_told)
{
    must("js run -d -- sleep 600");
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js fg");
    jobs_await_viewers(&fixture, "1", 1);
    ck_assert_int_eq(pty_driver_send(shell, "\034d"), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
    expect_kinds("js events --json 1", "started:1 attached:1 detached:1 ");
    must("js events --json 1 | jq -r 'select(.viewer) | [.viewer.mode, (.viewer.tty | "
         "startswith(\"/dev/pts/\"))] | join(\" \")'");
    ck_assert_str_eq(result.out, "own true\nown true\n");
    must("js kill 1");
}
END_TEST

/* Live, and without a stop when the history is through; with jobs named, until they have ended. */
START_TEST(following_tells_what_comes_until_the_jobs_have_ended)
{
    must("mkfifo go; js run -d -- sh -c 'read x <go; exit 5'; js run -d -- sleep 600");
    fixture_start(&fixture, &follower, fixture.js, "events", "-f", "1", NULL);
    program_expect(&follower, "job 1 started\n", deadline_default());
    must("js stop 1");
    program_expect(&follower, "job 1 stopped\n", deadline_default());
    must("js stop 2; js cont 1; echo >go");
    program_must_end(&follower, deadline_default());
    ck_assert_int_eq(program_exit_code(&follower), 0);
    ck_assert(transcript_find(&follower.out, "job 1 continued\n"));
    ck_assert(transcript_find(&follower.out, "job 1 ended: exited, code 5\n"));
    ck_assert(!transcript_has_since(&follower.out, 0, "job 2"));
    /* And at once when they have. */
    must("js events -f 1 | tail -n 1 | cut -d' ' -f2-; js kill 2");
    ck_assert_str_eq(result.out, "job 1 ended: exited, code 5\n");
}
END_TEST

START_TEST(a_limit_and_a_cursor_cut_the_history)
{
    must("js run -d true; js wait 1; js run -d true; js wait 2; js run -d true; js wait 3");
    expect_kinds("js events --json -n 3", "ended:2 started:3 ended:3 ");
    expect_kinds("js events --json -n 2 1 2", "started:2 ended:2 ");
    expect_kinds("js events --json -n 0", "");
    expect_kinds("js events --json -n 99 3", "started:3 ended:3 ");
    must("js events --json -n 5 | head -n 1 | jq -r .cursor >cursor");
    expect_kinds("js events --json --since $(cat cursor)", "started:2 ended:2 started:3 ended:3 ");
    expect_kinds("js events --json --since $(cat cursor) -n 2", "started:2 ended:2 ");
    expect_kinds("js events --json --since $(cat cursor) -n 2 -f", "started:2 ended:2 ");
    expect_kinds("js events --json --since 1:5", "started:3 ended:3 ");
    expect_kinds("js events --json --since $(js events --json -n 1 | jq -r .cursor)", "");
}
END_TEST

/* Of jobs that have the label, those that come later, and of no others. */
START_TEST(labels_choose_whose_events_are_told)
{
    must("js run -d -l app=web -- true; js wait 1; js run -d -- true; js wait 2; js run -d -l "
         "app=db -l x=1 -- true; js wait 3");
    expect_kinds("js events --json -l app=web", "started:1 ended:1 ");
    expect_kinds("js events --json -l app -n 3", "ended:1 started:3 ended:3 ");
    expect_kinds("js events --json -l app -l x=1", "started:3 ended:3 ");
    expect_kinds("js events --json -l app --since 1:3 -n 1", "started:3 ");
    must("js events --json -n 1 | jq -c .labels");
    ck_assert_str_eq(result.out, "{\"app\":\"db\",\"x\":\"1\"}\n");
    fixture_start(&fixture, &follower, fixture.js, "events", "-f", "-n", "0", "-l", "app", NULL);
    must("js run -d -- true; js wait 4; js run -d -l app=late -- true; js wait 5");
    program_expect(&follower, "job 5 started\n", deadline_default());
    ck_assert(!transcript_has_since(&follower.out, 0, "job 4"));
    fixture_js(&fixture, &result, "events", "-l", "=x", NULL);
    fixture_expect_code(&result, 2);
}
END_TEST

START_TEST(a_cursor_of_nobody_is_refused)
{
    fixture_js(&fixture, &result, "events", "--since", "yesterday", NULL);
    fixture_expect_code(&result, 2);
    ck_assert_ptr_nonnull(strstr(result.err, "'yesterday' is no cursor: write GENERATION:NUMBER"));
    must("js run true");
    fixture_js(&fixture, &result, "events", "7", NULL);
    fixture_expect_code(&result, 125);
    ck_assert_ptr_nonnull(strstr(result.err, "no job 7"));
}
END_TEST

/* No silence and no repetition: another server says that it knows nothing of before. */
START_TEST(another_server_is_a_gap)
{
    must("js run -d -- sleep 600; js events --json | tail -n 1 | jq -r .cursor >cursor");
    fixture_start(&fixture, &follower, fixture.js, "events", "-f", NULL);
    program_expect(&follower, "job 1 started\n", deadline_default());
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    program_expect(&follower, "-- gap: another server tells from here on (generation 2, it was 1)",
                   deadline_default());
    program_expect(&follower, "the server began", deadline_default());
    program_expect(&follower, "job 1 found, running\n", deadline_default());
    must("js kill 1");
    program_expect(&follower, "job 1 ended: killed, signal TERM\n", deadline_default());
    expect_kinds("js events --json --since $(cat cursor)", "gap server found:1 ended:1 ");
    must("js events --json --since $(cat cursor) | jq -c 'select(.kind == \"gap\") | [.missing, "
         ".job, (.cursor | endswith(\":0\"))]'");
    ck_assert_str_eq(result.out, "[null,null,true]\n");
    /* The same generation's number may be another server's, where all was removed in between. */
    expect_kinds("js events --json --since 2-1:2", "gap server found:1 ended:1 ");
    expect_kinds("js events --json --since 2:900", "gap server found:1 ended:1 ");
}
END_TEST

static void ask_for_events(struct raw_client *client, uint32_t id, const char *since, bool wait,
                           struct msg_events *ret)
{
    struct wire_frame frame = {0};
    struct msg_get_events body = {.since = (char *)since, .wait = wait};
    ck_assert(raw_client_send(client, MSG_GET_EVENTS, id, &body, NULL, 0));
    ck_assert(raw_client_receive(client, &frame));
    ck_assert_uint_eq(frame.type, MSG_EVENTS);
    ck_assert_uint_eq(frame.request_id, id);
    *ret = *(struct msg_events *)frame.body;
    *(struct msg_events *)frame.body = (struct msg_events){0};
    wire_frame_finish(&frame);
}

/*
 * Of more events than are kept, the oldest are counted and not told; parts make a whole. And one
 * that does not read what it has asked for costs the server nothing more.
 */
START_TEST(too_many_events_are_a_gap_with_their_number)
{
    struct raw_client client;
    struct msg_events events;
    must("js run -d -- sleep 600");
    fixture_start(&fixture, &follower, fixture.js, "events", "-f", NULL);
    program_expect(&follower, "job 1 started\n", deadline_default());
    ck_assert_int_eq(proc_signal(follower.pid, SIGSTOP), 0);
    raw_client_greet(&client, &fixture);
    for (int i = 0; i < 1100; i++) {
        char name[32];
        struct msg_rename rename = {.job = (char *)"1", .name = name};
        snprintf(name, sizeof(name), "name-%d", i);
        ck_assert(raw_client_send(&client, MSG_RENAME, (uint32_t)i + 1, &rename, NULL, 0));
        raw_client_expect(&client, MSG_DONE, (uint32_t)i + 1);
    }
    /* 1102 by now: the server's, the start, the names. */
    expect_kinds("js events --json --since 1:0 -n 1", "gap renamed:1 ");
    must("js events --json --since 1:0 | head -n 1 | jq -c '[.missing, .cursor[-3:]]'");
    ck_assert_str_eq(result.out, "[78,\":78\"]\n");
    must("js events --json | wc -l; js events --json | jq -r .cursor | sort -u | wc -l");
    ck_assert_str_eq(result.out, "1024\n1024\n");
    ask_for_events(&client, 2000, "1:1000", false, &events);
    ck_assert_uint_eq(events.events.len, 102);
    ck_assert(!events.more);
    wire_clear(&msg_events_fields, &events);
    ask_for_events(&client, 2001, NULL, false, &events);
    ck_assert_uint_lt(events.events.len, 1024);
    ck_assert(events.more);
    wire_clear(&msg_events_fields, &events);
    raw_client_close(&client);
    ck_assert_int_eq(proc_signal(follower.pid, SIGCONT), 0);
    program_expect(&follower, "events are not known any more: the newest 1024 are kept",
                   deadline_default());
    program_expect(&follower, "job 1 named name-1099", deadline_default());
    must("js kill 1");
}
END_TEST

/* A question that waits is answered once, by number, with what is new; one at a time. */
START_TEST(one_question_waits_at_a_time)
{
    struct raw_client client;
    struct msg_events events;
    struct wire_frame frame = {0};
    must("js run -d -- sleep 600");
    raw_client_greet(&client, &fixture);
    ask_for_events(&client, 1, NULL, true, &events);
    ck_assert_uint_eq(events.events.len, 2);
    struct msg_get_events body = {.since = events.cursor, .wait = true};
    ck_assert(raw_client_send(&client, MSG_GET_EVENTS, 2, &body, NULL, 0));
    ck_assert(raw_client_send(&client, MSG_GET_EVENTS, 3, &body, NULL, 0));
    raw_client_expect_error(&client, ERROR_BUSY, 3);
    body.since = (char *)"x:y";
    ck_assert(raw_client_send(&client, MSG_GET_EVENTS, 4, &body, NULL, 0));
    raw_client_expect_error(&client, ERROR_MALFORMED, 4);
    must("js stop 1");
    ck_assert(raw_client_receive(&client, &frame));
    ck_assert_uint_eq(frame.type, MSG_EVENTS);
    ck_assert_uint_eq(frame.request_id, 2);
    const struct msg_events *answer = frame.body;
    ck_assert_uint_eq(answer->events.len, 1);
    ck_assert_uint_eq(((struct job_event *)answer->events.items)->kind, EVENT_STOPPED);
    wire_frame_finish(&frame);
    wire_clear(&msg_events_fields, &events);
    raw_client_close(&client);
    must("js kill 1");
}
END_TEST

/* js ends with its reader, not with the next event after that. */
START_TEST(a_reader_may_go_away)
{
    must("js run -d -- sleep 600; js events -f | head -n 1 | cut -d' ' -f2-3; js kill 1");
    ck_assert_str_eq(result.out, "1\nthe server\n");
    fixture_shell_line(&fixture, &result, "js events >/dev/full");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: cannot write to standard output: No space left on device\n");
}
END_TEST

START_TEST(without_a_server_there_are_no_events)
{
    fixture_js(&fixture, &result, "events", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.out, "");
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
    /* A follower waits for what comes, so it starts one. */
    fixture_start(&fixture, &follower, fixture.js, "events", "-f", NULL);
    program_expect(&follower, "the server began", deadline_default());
}
END_TEST

static Suite *js_events_suite(void)
{
    Suite *suite = suite_create("js_events");
    TCase *tc = tcase_create("events");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_job_is_told_from_its_start_to_its_end);
    tcase_add_test(tc, a_start_that_failed_is_told_with_its_reason);
    tcase_add_test(tc, attempts_are_told_one_by_one);
    tcase_add_test(tc, a_grace_that_is_over_is_told);
    tcase_add_test(tc, who_attaches_and_leaves_is_told);
    tcase_add_test(tc, following_tells_what_comes_until_the_jobs_have_ended);
    tcase_add_test(tc, a_limit_and_a_cursor_cut_the_history);
    tcase_add_test(tc, labels_choose_whose_events_are_told);
    tcase_add_test(tc, a_cursor_of_nobody_is_refused);
    tcase_add_test(tc, another_server_is_a_gap);
    tcase_add_test(tc, too_many_events_are_a_gap_with_their_number);
    tcase_add_test(tc, one_question_waits_at_a_time);
    tcase_add_test(tc, a_reader_may_go_away);
    tcase_add_test(tc, without_a_server_there_are_no_events);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(js_events_suite());
}
