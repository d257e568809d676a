/*
 * Clients and servers that are killed at any byte and at every system call: the terminal is given
 * back, the job's log is complete, the next command works. See test_chaos.c for the rounds.
 */
#include "tests/harness/await.h"
#include "tests/harness/chaos.h"
#include "tests/harness/jobs.h"
#include "tests/harness/received.h"
#include "tests/harness/runner.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"
#include "tests/helpers/restless.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct chaos chaos;

static void begin(void)
{
    char helper[PATH_MAX];
    fixture_init(&fixture);
    snprintf(helper, sizeof(helper), "%s/killed_at", getenv("JS_TEST_HELPERS"));
    fixture_setenv(&fixture, "KILLED_AT", helper);
}

/* A window in which a shell that repairs nothing runs the line once. */
struct window {
    struct pty_driver *driver;
    struct termios before;
};

static void window_open(struct window *window, const char *line)
{
    char script[512];
    snprintf(script, sizeof(script), "read begin; %s; echo \"<$?>\"; read end", line);
    window->driver = fixture_terminal(&fixture, 24, 80, "/bin/sh", "-c", script, NULL);
    ck_assert_int_eq(pty_driver_termios(window->driver, &window->before), 0);
    ck_assert_int_eq(pty_driver_send(window->driver, "\n"), 0);
}

static bool same(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
           a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/* Everything about the terminal is as it was; then the shell and the window end. */
static void window_close_clean(struct window *window)
{
    struct deadline deadline = deadline_default();
    struct termios now;
    ck_assert(received_await_clean(window->driver, deadline));
    do
        ck_assert_int_eq(pty_driver_termios(window->driver, &now), 0);
    while (!same(&window->before, &now) && !deadline_passed(deadline));
    ck_assert(pty_driver_same_termios(&window->before, &now));
    ck_assert_int_eq(pty_driver_send(window->driver, "\n"), 0);
    pty_driver_expect_exit(window->driver, 0, deadline_default());
    pty_driver_destroy(window->driver);
}

/* At any byte */

#define BYTES_FEW   8
#define BYTES_ASKED 1000
#define BYTES_MOST  6000  /* of output before the client dies */
#define BEGIN_US    20000 /* or so soon after its start */

/* What the test itself must not type: what ends the line that the shell waits for. */
static void type_something(struct pty_driver *driver)
{
    char keys[64];
    size_t len = 1 + chaos_below(&chaos, sizeof(keys) - 1);
    for (size_t i = 0; i < len; i++)
        keys[i] = (char)('a' + chaos_below(&chaos, 26));
    ck_assert_int_eq(pty_driver_send_bytes(driver, keys, len), 0);
}

static void read_bytes(struct pty_driver *driver, size_t more)
{
    struct deadline deadline = deadline_default();
    size_t until = pty_driver_here(driver) + more;
    while (pty_driver_here(driver) < until) {
        ck_assert_int_eq(await_readable(pty_driver_fd(driver), deadline), 0);
        pty_driver_read_now(driver);
        if (chaos_below(&chaos, 4) == 0)
            type_something(driver);
    }
}

/* The client, of whose shell we are told the pid before it becomes the client. */
static pid_t window_client(struct window *window)
{
    struct transcript *shown = pty_driver_transcript(window->driver);
    ck_assert(pty_driver_await(window->driver, "pid ", deadline_default()));
    size_t at = shown->mark;
    ck_assert(pty_driver_await(window->driver, ".\r\n", deadline_default()));
    return (pid_t)atoi((const char *)shown->all.data + at);
}

static void kill_one_client(unsigned *early)
{
    struct window window;
    window_open(&window, "sh -c 'echo \"pid $$.\"; exec js fg 1'");
    pid_t client = window_client(&window);
    if (chaos_below(&chaos, 4) == 0) {
        chaos_delay(&chaos, BEGIN_US);
        ++*early;
    } else {
        read_bytes(window.driver, chaos_below(&chaos, BYTES_MOST));
    }
    chaos_kill(client, SIGKILL);
    ck_assert(pty_driver_await(window.driver, "<137>", deadline_default()));
    window_close_clean(&window);
}

/* The log has every line that was ever printed, in order, and the last may be under way. */
static void expect_whole_log(void)
{
    size_t at = 0;
    unsigned number = 0;
    must("js kill 1");
    fixture_js(&fixture, &result, "logs", "1", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    while (at < result.out_len) {
        char line[RESTLESS_LINE_MAX];
        size_t len = restless_line(++number, line);
        size_t left = result.out_len - at;
        len = len < left ? len : left;
        ck_assert_msg(memcmp(result.out + at, line, len) == 0, "line %u is not in its place",
                      number);
        at += len;
    }
    ck_assert_uint_gt(number, chaos.rounds);
}

START_TEST(a_client_is_killed_at_any_byte)
{
    unsigned early = 0;
    chaos_begin(&chaos, BYTES_FEW, BYTES_ASKED);
    must("js run -d -- pty_child restless 100000000 700");
    for (unsigned round = 0; round < chaos.rounds; round++)
        kill_one_client(&early);
    jobs_await_viewers(&fixture, "1", 0);
    jobs_await_state(&fixture, "1", "running");
    expect_whole_log();
    fprintf(stderr, "# clients: %u killed, %u of them at their start\n", chaos.rounds, early);
}
END_TEST

/* At every system call of a client */

#define CALLS_STEP 37 /* every so many of them in the suite */

static const char *const commands[] = {
    "js run -- pty_child raw '\\e[?1049h\\e[?1000h\\e[?25l\\e[1;31m' ready",
    "js run -d -- pty_child ready",
    "js fg -k x 1",
    "js ls",
    "js show 1",
    "js logs -n 5 2",
    "js stop 1",
    "js wait 2",
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static unsigned step(void)
{
    chaos_begin(&chaos, 0, 1);
    return chaos.rounds > 0 ? 1 : CALLS_STEP;
}

static void expect_all_well(void)
{
    fixture_js(&fixture, &result, "ls", "-a", "--json", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    ck_assert(!strstr(result.out, "\"lost\""));
}

/* Job 1 lives, and is detached if it was not; job 2 has ended. */
static void begin_jobs(void)
{
    must("js run -d -- pty_child restless 100000000 700; js run -- true");
}

START_TEST(a_client_is_killed_at_every_system_call)
{
    unsigned stride = step(), at = 1 + chaos_below(&chaos, stride), tried = 0;
    int ended;
    begin_jobs();
    pid_t server = chaos_server(&fixture);
    size_t fds = watch_fds(server);
    do {
        char line[256];
        static const char *const ends[] = {"<137>", "<0>", "<125>", "Detached", NULL};
        struct window window;
        snprintf(line, sizeof(line), "$KILLED_AT %u %s", at, commands[_i]);
        window_open(&window, line);
        /* What detaches a client that lives long enough; nothing to the shell and to the others. */
        ck_assert_int_eq(pty_driver_send(window.driver, "x"), 0);
        ended = pty_driver_await_any(window.driver, ends, deadline_default());
        ck_assert_int_ge(ended, 0);
        window_close_clean(&window);
        expect_all_well();
        at += stride;
        tried++;
    } while (ended == 0);
    ck_assert_uint_gt(tried, 3);
    jobs_await_viewers(&fixture, "1", 0);
    must("js cont 1; js kill 1");
    ck_assert_int_eq(chaos_server(&fixture), server);
    struct watch now = {.pid = server, .fds = fds - 1, .kib = watch_status(server, "VmRSS:")};
    watch_end(&now, 4096);
    fprintf(stderr, "# %s: killed at %u system calls\n", commands[_i], tried - 1);
}
END_TEST

/* At every system call of a server */

#define SERVER_STEP 41

/* A jsd beside js that is killed at its Nth system call if $AT says so, once. */
static const char wrapper[] = "#!/bin/sh\n"
                              "read n <$AT; echo 0 >$AT\n"
                              "$KILLED_AT $n $REAL \"$@\" &\n"
                              "exec 3>&-\n"
                              "wait $!\n"
                              "echo $? >>$DONE\n";

static void put_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static void use_wrapper(void)
{
    char path[128], at[128], done[128];
    snprintf(path, sizeof(path), "%s/bin/", fixture.root);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    fixture_run(&fixture, &result, "/bin/cp", fixture.js, path, NULL);
    fixture_expect_code(&result, 0);
    fixture_setenv(&fixture, "REAL", fixture.jsd);
    snprintf(fixture.js, sizeof(fixture.js), "%s/bin/js", fixture.root);
    snprintf(path, sizeof(path), "%s/bin/jsd", fixture.root);
    put_file(path, wrapper, 0700);
    snprintf(at, sizeof(at), "%s/at", fixture.root);
    fixture_setenv(&fixture, "AT", at);
    snprintf(done, sizeof(done), "%s/done", fixture.root);
    fixture_setenv(&fixture, "DONE", done);
}

static void arm(unsigned at)
{
    char path[128], number[16];
    snprintf(path, sizeof(path), "%s/at", fixture.root);
    snprintf(number, sizeof(number), "%u\n", at);
    put_file(path, number, 0600);
    snprintf(path, sizeof(path), "%s/done", fixture.root);
    put_file(path, "", 0600);
}

/* Whether the server that was to be killed has been. */
static bool was_killed(void)
{
    struct stat st;
    char path[128];
    snprintf(path, sizeof(path), "%s/done", fixture.root);
    return stat(path, &st) == 0 && st.st_size > 0;
}

START_TEST(a_server_is_killed_at_every_system_call)
{
    unsigned stride = step(), at = 1 + chaos_below(&chaos, stride), tried = 0;
    char id[32];
    bool killed;
    stride = stride > 1 ? SERVER_STEP : 1;
    use_wrapper();
    arm(0);
    begin_jobs();
    do {
        ck_assert(fixture_kill_server(&fixture, SIGTERM));
        arm(at);
        fixture_js(&fixture, &result, "run", "-d", "--", fixture.pty_child, "numbered", "3", NULL);
        if (result.code != 0)
            fprintf(stderr, "# killed at system call %u: %s\n", at, was_killed() ? "yes" : "no");
        fixture_expect_code(&result, 0);
        snprintf(id, sizeof(id), "%.*s", (int)strcspn(result.out, "\n"), result.out);
        ck_assert_str_eq(result.err, "");
        killed = was_killed();
        fixture_js(&fixture, &result, "wait", id, NULL);
        fixture_expect_code(&result, 0);
        fixture_js(&fixture, &result, "logs", id, NULL);
        ck_assert_str_eq(result.out, "line 1\r\nline 2\r\nline 3\r\n");
        expect_all_well();
        must("js ls -a --json | jq '.jobs | length'");
        ck_assert_str_eq(result.out, "3\n");
        /* With each job that a server finds it has more to do: so they would never be through. */
        fixture_js(&fixture, &result, "rm", id, NULL);
        if (result.code != 0)
            fixture_js(&fixture, &result, "rm", id, NULL); /* the only one of them not repeated */
        must("js ls -a --json | jq '.jobs | length'");
        ck_assert_str_eq(result.out, "2\n");
        at += stride;
        tried++;
    } while (killed);
    ck_assert_uint_gt(tried, 3);
    must("js kill 1 || js kill 1"); /* the last kill point may come only now */
    ck_assert(fixture_kill_server(&fixture, SIGTERM));
    fprintf(stderr, "# server: killed at %u system calls\n", tried - 1);
}
END_TEST

static Suite *chaos_client_suite(void)
{
    Suite *suite = suite_create("chaos_client");

    TCase *bytes = tcase_create("bytes");
    chaos_set_timeout(bytes, BYTES_FEW, BYTES_ASKED, 2000);
    tcase_add_checked_fixture(bytes, begin, world_end);
    tcase_add_test(bytes, a_client_is_killed_at_any_byte);
    suite_add_tcase(suite, bytes);

    TCase *calls = tcase_create("calls");
    chaos_set_timeout(calls, 0, 1, 900000);
    tcase_add_checked_fixture(calls, begin, world_end);
    tcase_add_loop_test(calls, a_client_is_killed_at_every_system_call, 0, COMMANDS);
    suite_add_tcase(suite, calls);

    TCase *server = tcase_create("server");
    chaos_set_timeout(server, 0, 1, 900000);
    tcase_add_checked_fixture(server, begin, world_end);
    tcase_add_test(server, a_server_is_killed_at_every_system_call);
    suite_add_tcase(suite, server);

    return suite;
}

int main(void)
{
    return runner_run(chaos_client_suite());
}
