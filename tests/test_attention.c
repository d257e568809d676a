/* What a job wants its user to notice: bells, notifications, and that it waits for input. */
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/program.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "server/holder/reader.h"

#define COUNT(cases) (sizeof(cases) / sizeof((cases)[0]))

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

static void run(const char *script)
{
    fixture_js(&fixture, &result, "run", "-d", "--", "sh", "-c", script, NULL);
    fixture_expect_code(&result, 0);
}

/* Bells and notifications */

/* A fifo for each step: whoever opens one anew may still find the writer of the step before. */
START_TEST(a_bell_and_notifications_are_events)
{
    must("mkfifo a b c");
    fixture_start(&fixture, &follower, fixture.js, "events", "-f", NULL);
    run("read x <a; printf '\\a'; read x <b; printf '\\033]9;all done\\a'; read x <c; printf "
        "'\\033]777;notify;Tests;3 failed\\a\\033]99;i=1:d=0;Kitty\\a\\033]99;i=1:p=body;text\\a'; "
        "sleep 600");
    must("echo >a");
    program_expect(&follower, "job 1 bell\n", deadline_default());
    must("echo >b");
    program_expect(&follower, "job 1 notification: all done\n", deadline_default());
    must("echo >c");
    program_expect(&follower, "job 1 notification: Tests: 3 failed\n", deadline_default());
    program_expect(&follower, "job 1 notification: Kitty: text\n", deadline_default());
    must("js events --json | jq -c 'select(.kind == \"notification\") | [.title, .text]'");
    ck_assert_str_eq(result.out, "[null,\"all done\"]\n[\"Tests\",\"3 failed\"]\n"
                                 "[\"Kitty\",\"text\"]\n");
}
END_TEST

/* What a server is told by the holder of job 1: how many messages, and how often it rang. */
static unsigned count_bells(struct raw_client *server, uint64_t wanted, uint64_t *ret_ms)
{
    struct wire_frame frame = {0};
    unsigned messages = 0;
    uint64_t start_ns = clock_realtime_ns();
    for (uint64_t rang = 0; rang < wanted;) {
        ck_assert(raw_client_receive_any(server, &frame));
        const struct msg_notice *notice = frame.body;
        if (frame.type == MSG_NOTICE && notice->kind == NOTICE_BELL) {
            rang += notice->count;
            messages++;
        }
        wire_frame_finish(&frame);
    }
    *ret_ms = (clock_realtime_ns() - start_ns) / 1000000;
    return messages;
}

/* However many: none is forgotten, and at most one message a second tells of them. */
START_TEST(a_flood_of_bells_is_a_trickle_of_events)
{
    struct raw_client server;
    uint64_t ms;
    run("kill -STOP $$; i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); printf '\\a'; done; sleep "
        "600");
    jobs_await_state(&fixture, "1", "stopped");
    raw_client_open_holder(&server, &fixture, 1);
    raw_client_say_hello(&server);
    raw_client_expect(&server, MSG_CHANGED, 0);
    fixture_js(&fixture, &result, "cont", "1", NULL);
    unsigned messages = count_bells(&server, 3000, &ms);
    ck_assert_uint_ge(messages, 2);
    ck_assert_uint_le(messages, ms / 1000 + 2);
    raw_client_close(&server);
}
END_TEST

START_TEST(a_bell_before_the_end_is_told)
{
    must(
        "js run -- sh -c \"printf '\\a'; sleep 0.1; printf '\\a\\a'\" >/dev/null; js events --json "
        "1 | jq -c 'select(.kind == \"bell\" or .kind == \"ended\") | [.kind, .count]'");
    ck_assert_str_eq(result.out, "[\"bell\",1]\n[\"bell\",2]\n[\"ended\",null]\n");
}
END_TEST

/* Eight in a second; of the others it is said how many there were, with the next that is told. */
START_TEST(a_flood_of_notifications_is_counted)
{
    must("mkfifo go");
    run("for i in 1 2 3 4 5 6 7 8 9 10 11; do printf '\\033]9;note %d.\\a' $i; done; read x <go; "
        "sleep 1.2; printf '\\033]9;last\\a'; sleep 600");
    fixture_js_until(&fixture, &result, "note 8.", "events", NULL);
    must("echo >go");
    fixture_js_until(&fixture, &result, "last (3 before it were left out)", "events", NULL);
    must("js events --json | jq -r 'select(.kind == \"notification\").text' | wc -l");
    ck_assert_str_eq(result.out, "9\n");
}
END_TEST

/* The text is cut, and is no command to whoever reads the events on a terminal. */
START_TEST(a_text_is_bounded_and_shown_escaped)
{
    run("printf '\\033]9;'; head -c 6000 /dev/zero | tr '\\0' x; printf '\\a'; printf "
        "'\\033]99;e=1;YRtjC2LChWQ\\a'; sleep 600");
    fixture_js_until(&fixture, &result, "notification: a", "events", NULL);
    must("js events --json | jq -r 'select(.kind == \"notification\" and .text).text | length'");
    ck_assert_str_eq(result.out, "4096\n");
    must("js events | tail -n 1 | cut -d' ' -f2- | LC_ALL=C grep -c '[[:cntrl:]]'; test $? = 1");
}
END_TEST

/* Asking */

static void await_asks(const char *job, bool asks)
{
    jobs_await(&fixture, job, asks ? "\"asks\":true" : "\"asks\":false");
}

/* A prompt, an answer, the next prompt, a password, the end. */
START_TEST(a_job_that_asks_is_shown_so_until_it_is_answered)
{
    must("mkfifo go");
    run("printf 'name? '; read x; echo hello $x; read y <go; stty -echo; printf 'password: '; read "
        "z; echo; read y <go");
    fixture_js_until(&fixture, &result, "running (asks)", "ls", NULL);
    must("js show | grep '^state'; js ls --json | jq -c '[.jobs[] | [.state, .asks]]'");
    ck_assert_str_eq(result.out, "state      running, waits for input\n[[\"running\",true]]\n");
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    jobs_type(shell, "js fg");
    pty_driver_expect(shell, "name? ", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "Ada\r"), 0);
    pty_driver_expect(shell, "hello Ada", deadline_default());
    await_asks("1", false);
    must("echo >go");
    pty_driver_expect(shell, "password: ", deadline_default());
    await_asks("1", true);
    ck_assert_int_eq(pty_driver_send(shell, "secret\r"), 0);
    await_asks("1", false);
    must("echo >go");
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
    must("js show --json 1 | jq .jobs[0].asks; js events --json 1 | jq -r .kind | grep asks");
    ck_assert_str_eq(result.out, "false\nasks\nasks-no-more\nasks\nasks-no-more\n");
}
END_TEST

/* Also one that takes a while from its prompt to its read. */
START_TEST(a_slow_prompt_is_noticed)
{
    run("printf 'name? '; sleep 0.6; read x");
    await_asks("1", true);
}
END_TEST

/* A stopped job waits for its user, but not for input; it does when it goes on. */
START_TEST(a_stopped_job_does_not_ask)
{
    run("printf 'name? '; read x");
    await_asks("1", true);
    must("js stop 1; js show --json 1 | jq .jobs[0].asks; js cont 1");
    ck_assert_str_eq(result.out, "false\n");
    await_asks("1", true);
    must("js kill 1; js show --json 1 | jq .jobs[0].asks");
    ck_assert_str_eq(result.out, "false\n");
}
END_TEST

/* Each looked at when it was quiet for longer than the holder waits with its looks. */
static const struct {
    const char *script;
    bool asks;
} quiet_jobs[] = {
    {"sleep 600", false},
    {"echo text; sleep 600", false},
    {"echo text; while :; do :; done", false},
    {"read x", true},
    {"exec cat", true},
    {"echo text; exec cat </dev/tty", true},
    {"cat go; echo", false},            /* waits, but not for the terminal */
    {"stty -echo; sleep 600", false},   /* hides what is typed, but does not read */
    {"sleep 600 & read x", true},       /* the one of several that reads */
    {"set -m; cat & sleep 600", false}, /* a reader in the background would be stopped */
};

START_TEST(only_who_reads_the_terminal_asks)
{
    char job[16];
    must("mkfifo go");
    for (size_t i = 0; i < COUNT(quiet_jobs); i++)
        run(quiet_jobs[i].script);
    /* Absence shows by time alone: the looks are 300 ms and 1.5 s after the last output. */
    (void)poll(NULL, 0, 1900);
    for (size_t i = 0; i < COUNT(quiet_jobs); i++) {
        snprintf(job, sizeof(job), "%zu", i + 1);
        await_asks(job, quiet_jobs[i].asks);
    }
}
END_TEST

/* The server hears of it anew from the holder. */
START_TEST(another_server_knows_who_asks)
{
    run("printf 'name? '; read x");
    await_asks("1", true);
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    await_asks("1", true);
}
END_TEST

static unsigned long long switches(pid_t pid)
{
    return (unsigned long long)(watch_status(pid, "voluntary_ctxt_switches:") +
                                watch_status(pid, "nonvoluntary_ctxt_switches:"));
}

/* The looks end by themselves, with a follower there, and the server has no clock at all. */
START_TEST(who_waits_costs_nothing)
{
    run("printf 'name? '; read x");
    run("echo text; exec sleep 600");
    fixture_start(&fixture, &follower, fixture.js, "events", "-f", NULL);
    program_expect(&follower, "job 1 waits for input\n", deadline_default());
    (void)poll(NULL, 0, 1900);
    pid_t pids[] = {(pid_t)fixture_server_pid(&fixture), 0, 0, follower.pid};
    for (int i = 1; i <= 2; i++) {
        char line[64];
        snprintf(line, sizeof(line), "js show %d | sed -n 's/^holder *//p'", i);
        must(line);
        pids[i] = (pid_t)atoi(result.out);
        ck_assert_int_gt(pids[i], 0);
    }
    unsigned long long before = 0, after = 0;
    (void)poll(NULL, 0, 100); /* until the last connection is closed */
    for (int i = 0; i < 4; i++)
        before += switches(pids[i]);
    (void)poll(NULL, 0, 1500);
    for (int i = 0; i < 4; i++)
        after += switches(pids[i]);
    ck_assert_uint_eq(after - before, 0);
}
END_TEST

/* What /proc tells */

static const struct {
    const char *text; /* of /proc/PID/syscall; %d is the number of read(2), or of another call */
    int call;
    bool reads;
    uint64_t fd;
} calls[] = {
    {"%d 0x0 0x7ffd 0x400 0x0 0x0 0x0 0x7ff 0x7f\n", SYS_read, true, 0},
    {"%d 0x3 0x7ffd 0x1 0x0 0x0 0x0 0x7ff 0x7f\n", SYS_readv, true, 3},
    {"%d 0x1a 0x7ffd 0x1 0x0 0x0 0x0 0x7ff 0x7f\n", SYS_read, true, 26},
    {"%d 0x0 0x7ffd 0x1 0x0 0x0 0x0 0x7ff 0x7f\n", SYS_write, false, 0},
    {"%d 0x1 0x7ffd 0x1 0x0 0x0 0x0 0x7ff 0x7f\n", SYS_ppoll, false, 0},
    {"running\n", 0, false, 0},
    {"-1 0x7ffd 0x7f\n", 0, false, 0},
    {"", 0, false, 0},
};

START_TEST(the_call_that_a_thread_sleeps_in_is_understood)
{
    char text[128];
    uint64_t fd = 99;
    snprintf(text, sizeof(text), "%s", calls[_i].text);
    if (strncmp(calls[_i].text, "%d", 2) == 0)
        snprintf(text, sizeof(text), "%d%s", calls[_i].call, calls[_i].text + 2);
    ck_assert_int_eq(reader_parse_syscall(text, &fd), calls[_i].reads);
    if (calls[_i].reads)
        ck_assert_uint_eq(fd, calls[_i].fd);
}
END_TEST

/* Who may not be looked at asks when the terminal takes a line that it does not show. */
START_TEST(a_hidden_reader_is_told_by_the_echo)
{
    static const struct {
        struct reader_view view;
        tcflag_t lflag;
        bool asks;
    } cases[] = {
        {{false, false}, ICANON | ECHO, false}, {{false, false}, ICANON, false},
        {{false, true}, ICANON | ECHO, false},  {{false, true}, ICANON, true},
        {{false, true}, ECHO, false},           {{false, true}, 0, false},
        {{true, false}, ICANON | ECHO, true},   {{true, true}, 0, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct termios settings = {.c_lflag = cases[i].lflag};
        ck_assert_int_eq(reader_asks(cases[i].view, &settings), cases[i].asks);
    }
}
END_TEST

START_TEST(nobody_in_front_is_nobody_who_reads)
{
    int ptmx_fd, pts_fd;
    ck_assert_int_eq(openpty(&ptmx_fd, &pts_fd, NULL, NULL, NULL), 0);
    struct reader_view view = reader_look(ptmx_fd);
    ck_assert(!view.reads && !view.hidden);
    fd_close(pts_fd);
    fd_close(ptmx_fd);
}
END_TEST

static Suite *attention_suite(void)
{
    Suite *suite = suite_create("attention");
    TCase *tc = tcase_create("attention"), *pure = tcase_create("reader");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_bell_and_notifications_are_events);
    tcase_add_test(tc, a_flood_of_bells_is_a_trickle_of_events);
    tcase_add_test(tc, a_bell_before_the_end_is_told);
    tcase_add_test(tc, a_flood_of_notifications_is_counted);
    tcase_add_test(tc, a_text_is_bounded_and_shown_escaped);
    tcase_add_test(tc, a_job_that_asks_is_shown_so_until_it_is_answered);
    tcase_add_test(tc, a_slow_prompt_is_noticed);
    tcase_add_test(tc, a_stopped_job_does_not_ask);
    tcase_add_test(tc, only_who_reads_the_terminal_asks);
    tcase_add_test(tc, another_server_knows_who_asks);
    tcase_add_test(tc, who_waits_costs_nothing);
    tcase_add_loop_test(pure, the_call_that_a_thread_sleeps_in_is_understood, 0, (int)COUNT(calls));
    tcase_add_test(pure, a_hidden_reader_is_told_by_the_echo);
    tcase_add_test(pure, nobody_in_front_is_nobody_who_reads);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, pure);
    return suite;
}

int main(void)
{
    return runner_run(attention_suite());
}
