/* Clients that are idle, slow, rude or gone: the server goes on serving the others. */
#include "common/channel_io.h"
#include "common/fd.h"
#include "tests/harness/proc.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define GROWTH_KIB (2 << 10) /* what is left over of a moment's work */

/* A server that has settled. */
static struct watch server;

static void look_at_server(void)
{
    pid_t pid = fixture_server_pid(&fixture);
    ck_assert_int_gt(pid, 0);
    watch_begin(&server, pid);
}

static void begin(void)
{
    fixture_init(&fixture);
    must("js run -- true; js rm 1");
    fixture_js_until(&fixture, &result, "[]", "ls", "-a", "--json", NULL);
    look_at_server();
}

/* It answers, at once, is the same as before, and has nothing more open than before. */
static void expect_server_as_before(void)
{
    must("js ls -a --json");
    ck_assert_double_lt(result.ms, 1000.0 * deadline_slowness());
    ck_assert_int_eq(fixture_server_pid(&fixture), server.pid);
    watch_end(&server, GROWTH_KIB);
}

static void raise_fd_limit(rlim_t wanted)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < wanted)
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_ge(limit.rlim_cur, wanted);
}

/* Idle */

START_TEST(half_a_frame_disturbs_nobody)
{
    struct raw_client client;
    struct bytes frame = {0};
    struct msg_list list = {0};
    raw_client_greet(&client, &fixture);
    ck_assert_int_eq(wire_encode(&frame, protocol_message(MSG_LIST), 3, &list), 0);
    for (size_t i = 0; i < frame.len; i++) {
        must("js ls");
        ck_assert_double_lt(result.ms, 1000.0 * deadline_slowness());
        ck_assert(raw_client_send_bytes(&client, frame.data + i, 1, NULL, 0));
    }
    raw_client_expect(&client, MSG_JOBS, 3);
    raw_client_close(&client);
    bytes_finish(&frame);
    expect_server_as_before();
}
END_TEST

START_TEST(a_thousand_idle_connections_disturb_nobody)
{
    enum { IDLE = 1000 };
    static struct raw_client idle[IDLE];
    raise_fd_limit(IDLE + 100);
    for (size_t i = 0; i < IDLE; i++)
        raw_client_open(&idle[i], &fixture);
    must("js ls");
    ck_assert_double_lt(result.ms, 1000.0 * deadline_slowness());
    must("js run -- echo works; js run -d -- true; js wait 3");
    ck_assert_str_eq(result.out, "works\n3\n");
    must("js rm 2 3");
    for (size_t i = 0; i < IDLE; i++) {
        raw_client_expect(&idle[i], MSG_HELLO, 0);
        raw_client_close(&idle[i]);
    }
    expect_server_as_before();
}
END_TEST

START_TEST(ten_thousand_connections_come_and_go)
{
    for (int i = 0; i < 10000; i++) {
        struct raw_client client;
        raw_client_open(&client, &fixture);
        raw_client_close(&client);
    }
    expect_server_as_before();
}
END_TEST

/* A client that asks and does not read is dropped before it costs much. */
START_TEST(a_client_that_does_not_read_is_dropped)
{
    struct raw_client client;
    struct msg_list list = {.all = true};
    must("for i in $(seq 40); do js run -d -- true; done; js wait $(seq 2 41)");
    look_at_server();
    raw_client_greet(&client, &fixture);
    ck_assert_int_eq(fd_set_nonblock(client.fd, true), 0);
    struct bytes request = {0};
    ck_assert_int_eq(wire_encode(&request, protocol_message(MSG_LIST), 1, &list), 0);
    struct deadline deadline = deadline_default();
    ssize_t n = 0;
    while (n != -EPIPE && n != -ECONNRESET && !deadline_passed(deadline))
        n = channel_io_send(client.fd, request.data, request.len, NULL, 0);
    ck_assert_msg(n == -EPIPE || n == -ECONNRESET, "it was not dropped");
    ck_assert_int_le(watch_status(server.pid, "VmHWM:"),
                     server.kib + GROWTH_KIB + (40 << 10) + watch_slack_kib());
    bytes_finish(&request);
    raw_client_close(&client);
    must("js ls");
    ck_assert_int_eq(fixture_server_pid(&fixture), server.pid);
}
END_TEST

/* Clients that vanish */

static void make_run(struct bytes *out, bool detached)
{
    char *argv[] = {(char *)"true"};
    char *env[] = {(char *)"PATH=/usr/bin:/bin"};
    struct msg_terminal terminal = {.rows = 5, .cols = 10};
    struct msg_run run = {.argv = {.items = argv, .len = 1},
                          .env = {.items = env, .len = 1},
                          .cwd = (char *)"/",
                          .detached = detached,
                          .terminal = detached ? NULL : &terminal};
    struct msg_hello hello = {
        .protocol = PROTOCOL_VERSION, .lowest = PROTOCOL_LOWEST, .version = (char *)"raw"};
    ck_assert_int_eq(wire_encode(out, protocol_message(MSG_HELLO), 0, &hello), 0);
    ck_assert_int_eq(wire_encode(out, protocol_message(MSG_RUN), 1, &run), 0);
}

START_TEST(a_client_may_vanish_at_every_byte_of_a_request)
{
    struct bytes run = {0};
    _cleanup_fd_ int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool detached = _i == 0;
    make_run(&run, detached);
    for (size_t len = 0; len <= run.len; len++) {
        struct raw_client client;
        raw_client_open(&client, &fixture);
        if (len > 0)
            raw_client_send_bytes(&client, run.data, len, &null_fd, !detached);
        raw_client_close(&client);
    }
    /* Nothing came of it but the last, whole one. */
    fixture_js_until(&fixture, &result, "\"ended\"", "ls", "-a", "--json", NULL);
    must("js wait 2; js ls -a --json | jq '.jobs | length'; js rm 2");
    ck_assert_str_eq(result.out, "1\n");
    bytes_finish(&run);
    expect_server_as_before();
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
}
END_TEST

/* The request is there, the client is not: nobody is answered, and every job ends as it should. */
START_TEST(a_client_may_vanish_without_waiting_for_the_answer)
{
    struct bytes run = {0};
    _cleanup_fd_ int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    make_run(&run, false);
    for (int i = 0; i < 100; i++) {
        struct raw_client client;
        raw_client_open(&client, &fixture);
        ck_assert(raw_client_send_bytes(&client, run.data, run.len, &null_fd, 1));
        if (i % 2)
            raw_client_expect(&client, MSG_HELLO, 0);
        raw_client_close(&client);
    }
    must("js ls"); /* all of them have been heard by now */
    must("js wait $(seq 2 101); js ls -a --json | jq -c '[.jobs[].end.code] | unique'");
    ck_assert_str_eq(result.out, "[0]\n");
    must("js rm $(seq 2 101)");
    bytes_finish(&run);
    expect_server_as_before();
}
END_TEST

START_TEST(killed_clients_leave_nothing)
{
    for (int i = 0; i < 30; i++) {
        struct program program;
        fixture_start(&fixture, &program, fixture.js, "wait", "99", NULL);
        proc_signal(program.pid, SIGKILL);
        program_must_end(&program, deadline_default());
        program_finish(&program);
    }
    expect_server_as_before();
}
END_TEST

/* Bursts */

START_TEST(many_starts_at_once_succeed)
{
    enum { MANY = 300 };
    struct raw_client client;
    char *argv[] = {(char *)"true"};
    char *env[] = {(char *)"PATH=/usr/bin:/bin"};
    struct msg_run run = {.argv = {.items = argv, .len = 1},
                          .env = {.items = env, .len = 1},
                          .cwd = (char *)"/",
                          .detached = true};
    bool seen[MANY + 1] = {false};
    raw_client_greet(&client, &fixture);
    for (uint32_t id = 1; id <= MANY; id++)
        ck_assert(raw_client_send(&client, MSG_RUN, id, &run, NULL, 0));
    for (uint32_t i = 1; i <= MANY; i++) {
        struct wire_frame frame;
        ck_assert(raw_client_receive(&client, &frame));
        if (frame.type == MSG_ERROR)
            ck_abort_msg("job %u: %s", frame.request_id, ((struct msg_error *)frame.body)->text);
        ck_assert_uint_eq(frame.type, MSG_JOB);
        ck_assert_uint_ge(frame.request_id, 1);
        ck_assert_uint_le(frame.request_id, MANY);
        ck_assert(!seen[frame.request_id]);
        seen[frame.request_id] = true;
        wire_frame_finish(&frame);
    }
    raw_client_close(&client);
    must("js wait $(seq 2 301); js ls -a --json | jq '.jobs | length'; js rm $(seq 2 301)");
    ck_assert_str_eq(result.out, "300\n");
    expect_server_as_before();
}
END_TEST

static Suite *server_clients_suite(void)
{
    Suite *suite = suite_create("server clients");
    TCase *clients = tcase_create("clients");
    tcase_add_checked_fixture(clients, begin, world_end);
    tcase_add_test(clients, half_a_frame_disturbs_nobody);
    tcase_add_test(clients, a_thousand_idle_connections_disturb_nobody);
    tcase_add_test(clients, ten_thousand_connections_come_and_go);
    tcase_add_test(clients, a_client_that_does_not_read_is_dropped);
    tcase_add_loop_test(clients, a_client_may_vanish_at_every_byte_of_a_request, 0, 2);
    tcase_add_test(clients, a_client_may_vanish_without_waiting_for_the_answer);
    tcase_add_test(clients, killed_clients_leave_nothing);
    tcase_add_test(clients, many_starts_at_once_succeed);
    suite_add_tcase(suite, clients);
    return suite;
}

int main(void)
{
    return runner_run(server_clients_suite());
}
