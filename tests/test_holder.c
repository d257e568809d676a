/* A holder, spoken to directly at its socket: by servers that are restarted, broken, or odd. */
#include "common/channel.h"
#include "common/fd.h"
#include "tests/harness/messages.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROWTH_KIB (24 << 10) /* one of the tests makes it queue 16 MiB */

/* The holder of job 1. */
static struct watch holder;

static void begin(void)
{
    fixture_init(&fixture);
    must("js run -d -- pty_child ready lines");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js show 1 | sed -n 's/^holder *//p'");
    ck_assert_int_gt(atoi(result.out), 1);
    watch_begin(&holder, (pid_t)atoi(result.out));
}

static void end(void)
{
    must("js kill 1");
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

/* It is as before: the same job, running, and nothing more open. */
static void expect_holder_as_before(void)
{
    must("js ls --json | jq -r '.jobs[0].state'");
    ck_assert_str_eq(result.out, "running\n");
    watch_end(&holder, GROWTH_KIB);
}

/* Connects as a server does; the holder tells about its job at once. */
static void greet(struct raw_client *client)
{
    raw_client_open_holder(client, &fixture, 1);
    raw_client_say_hello(client);
    raw_client_expect(client, MSG_CHANGED, 0);
}

START_TEST(every_server_is_told_about_the_job)
{
    struct raw_client client;
    struct wire_frame frame;
    raw_client_open_holder(&client, &fixture, 1);
    raw_client_say_hello(&client);
    ck_assert(raw_client_receive(&client, &frame));
    ck_assert_uint_eq(frame.type, MSG_CHANGED);
    const struct job_info *info = frame.body;
    ck_assert_uint_eq(info->id, 1);
    ck_assert_uint_eq(info->state, JOB_RUNNING);
    ck_assert_uint_eq(info->holder_pid, (uint32_t)holder.pid);
    wire_frame_finish(&frame);
    must("js stop 1");
    ck_assert(raw_client_receive(&client, &frame));
    ck_assert_uint_eq(((struct job_info *)frame.body)->state, JOB_STOPPED);
    wire_frame_finish(&frame);
    must("js cont 1");
    raw_client_expect(&client, MSG_CHANGED, 0);
    raw_client_close(&client);
    expect_holder_as_before();
}
END_TEST

START_TEST(garbage_does_no_harm)
{
    struct messages_random random = {.state = 3};
    for (int round = 0; round < 200; round++) {
        struct raw_client client;
        uint8_t data[256];
        size_t len = 1 + messages_below(&random, sizeof(data));
        raw_client_open_holder(&client, &fixture, 1);
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)messages_next(&random);
        if (round % 2)
            data[0] = data[1] = data[2] = 0;
        raw_client_send_bytes(&client, data, len, NULL, 0);
        raw_client_close(&client);
    }
    expect_holder_as_before();
}
END_TEST

START_TEST(a_bad_length_is_answered_and_ends_it)
{
    struct raw_client client;
    raw_client_open_holder(&client, &fixture, 1);
    ck_assert(raw_client_send_bytes(&client, "\xff\xff\xff\xff", 4, NULL, 0));
    raw_client_expect(&client, MSG_HELLO, 0);
    raw_client_expect_error(&client, ERROR_MALFORMED, 0);
    raw_client_expect_end(&client);
    raw_client_close(&client);
    expect_holder_as_before();
}
END_TEST

START_TEST(hello_comes_first)
{
    struct raw_client client;
    struct msg_on_job stop = {.job = (char *)"1"};
    raw_client_open_holder(&client, &fixture, 1);
    ck_assert(raw_client_send(&client, MSG_STOP, 5, &stop, NULL, 0));
    raw_client_expect(&client, MSG_HELLO, 0);
    raw_client_expect_error(&client, ERROR_MALFORMED, 5);
    raw_client_expect_end(&client);
    raw_client_close(&client);
    expect_holder_as_before();
}
END_TEST

START_TEST(a_version_without_overlap_is_refused_in_words)
{
    struct raw_client client;
    struct msg_hello hello = {
        .protocol = PROTOCOL_VERSION + 9, .lowest = PROTOCOL_VERSION + 1, .version = (char *)"7.0"};
    raw_client_open_holder(&client, &fixture, 1);
    ck_assert(raw_client_send(&client, MSG_HELLO, 0, &hello, NULL, 0));
    raw_client_expect(&client, MSG_HELLO, 0);
    const char *text = raw_client_expect_error(&client, ERROR_VERSION, 0);
    ck_assert_ptr_nonnull(strstr(text, "the server (js 7.0) speaks protocol"));
    raw_client_expect_end(&client);
    raw_client_close(&client);
    expect_holder_as_before();
}
END_TEST

/* A job is started once. */
START_TEST(a_second_start_is_refused)
{
    struct raw_client client;
    char *argv[] = {(char *)"true"};
    struct msg_run run = {.argv = {.items = argv, .len = 1}, .cwd = (char *)"/"};
    struct msg_start start = {.id = 1,
                              .uid = (char *)"u",
                              .state_dir = fixture.home,
                              .runtime_dir = fixture.home,
                              .run = &run};
    greet(&client);
    ck_assert(raw_client_send(&client, MSG_START, 7, &start, NULL, 0));
    raw_client_expect_error(&client, ERROR_MALFORMED, 7);
    raw_client_close(&client);
    expect_holder_as_before();
}
END_TEST

/* Whatever is asked gets one answer; the connection and the job go on. */
START_TEST(every_request_gets_an_answer)
{
    static const enum message_type harmless[] = {
        MSG_DETACH, MSG_RENAME, MSG_FOLLOW, MSG_LIST,     MSG_RUN,      MSG_GET_STATUS, MSG_JOB,
        MSG_JOBS,   MSG_LEAVE,  MSG_RESIZE, MSG_ATTACHED, MSG_LEFT,     MSG_RESUMED,    MSG_REMOVE,
        MSG_LOG,    MSG_WAIT,   MSG_STATUS, MSG_RELOAD,   MSG_SHUTDOWN,
    };
    struct raw_client client;
    uint32_t id = 0;
    greet(&client);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
            const struct wire_message *message = protocol_message(harmless[i]);
            struct messages_random random = {.state = seed + i};
            struct wire_frame frame;
            void *body = calloc(1, message->body->size);
            ck_assert_ptr_nonnull(body);
            messages_fill(message->body, body, &random);
            if (message->type == MSG_FOLLOW)
                ((struct msg_follow *)body)->offset = 0;
            ck_assert(raw_client_send(&client, harmless[i], ++id, body, NULL, 0));
            do {
                ck_assert(raw_client_receive(&client, &frame));
                uint32_t got = frame.request_id;
                wire_frame_finish(&frame);
                if (got == 0)
                    continue; /* what a request has changed is told as well */
                ck_assert_uint_eq(got, id);
                break;
            } while (true);
            wire_clear(message->body, body);
            free(body);
        }
    }
    raw_client_close(&client);
    must("js rename 1");
    expect_holder_as_before();
}
END_TEST

START_TEST(signals_that_are_none_are_refused)
{
    struct raw_client client;
    struct msg_signal body = {.job = (char *)"1", .signal = 0};
    greet(&client);
    /* 0 is a question (kill(2)), and the answer is that it lives. */
    ck_assert(raw_client_send(&client, MSG_SIGNAL, 1, &body, NULL, 0));
    raw_client_expect(&client, MSG_DONE, 1);
    /* 65 and more do not pass the table. */
    body.signal = 65;
    ck_assert(raw_client_send(&client, MSG_SIGNAL, 2, &body, NULL, 0));
    raw_client_expect_error(&client, ERROR_MALFORMED, 2);
    raw_client_close(&client);
    expect_holder_as_before();
}
END_TEST

/* Clients as they could be passed on: odd terminals, outputs that fail, connections that end. */
START_TEST(odd_clients_do_no_harm)
{
    static const char *const outputs[] = {"/dev/null", "/dev/full", "/dev/zero", "/"};
    struct raw_client client;
    greet(&client);
    for (uint32_t i = 1; i <= 40; i++) {
        int pair[2];
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        int out_fd = open(outputs[i % 4], i % 4 == 3 ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(out_fd, 0);
        struct messages_random random = {.state = i};
        struct msg_terminal terminal = {0};
        messages_fill(&msg_terminal_fields, &terminal, &random);
        struct msg_adopt adopt = {.mode = 1 + i % (ATTACH_MODE_COUNT - 1),
                                  .terminal = &terminal,
                                  .client_request = 9,
                                  .client_pid = i % 3 ? (uint32_t)getpid() : 0};
        int fds[] = {out_fd, pair[1]};
        ck_assert(raw_client_send(&client, MSG_ADOPT, i, &adopt, fds, 2));
        wire_clear(&msg_terminal_fields, &terminal);
        fd_close(out_fd);
        fd_close(pair[1]);
        struct raw_client passed = {.fd = pair[0]};
        struct wire_frame frame;
        /* It is told something with its own request id, and then, having gone, nothing. */
        if (raw_client_receive(&passed, &frame)) {
            ck_assert_uint_eq(frame.request_id, 9);
            ck_assert(frame.type == MSG_ATTACHED || frame.type == MSG_ERROR);
            wire_frame_finish(&frame);
        }
        raw_client_close(&passed);
    }
    raw_client_close(&client);
    expect_holder_as_before();
    must("js show --json 1 | jq -c '.jobs[0].attached'");
    ck_assert_str_eq(result.out, "[]\n");
}
END_TEST

START_TEST(connections_come_and_go)
{
    for (int i = 0; i < 1000; i++) {
        struct raw_client client;
        raw_client_open_holder(&client, &fixture, 1);
        if (i % 3 == 0)
            raw_client_say_hello(&client);
        raw_client_close(&client);
    }
    expect_holder_as_before();
}
END_TEST

/* A server that asks and does not read costs what CHANNEL_OUT_MAX says, and holds nobody up. */
START_TEST(a_server_that_does_not_read_costs_little)
{
    struct raw_client client;
    struct bytes out = {0};
    struct msg_follow follow = {.job = (char *)"1"};
    long before = watch_status(holder.pid, "VmHWM:");
    greet(&client);
    for (uint32_t id = 1; id <= 500000; id++)
        ck_assert_int_eq(wire_encode(&out, protocol_message(MSG_FOLLOW), id, &follow), 0);
    ck_assert(raw_client_send_bytes(&client, out.data, out.len, NULL, 0));
    must("js stop 1; js cont 1; js ls");
    long after = watch_status(holder.pid, "VmHWM:");
    ck_assert_int_le(after, before + 2 * (CHANNEL_OUT_MAX >> 10) + watch_slack_kib());
    bytes_finish(&out);
    raw_client_close(&client);
    expect_holder_as_before();
}
END_TEST

/* Gives the job name after name; each is told to every server. */
static void rename_often(unsigned times)
{
    struct raw_client busy;
    char name[JOB_NAME_MAX + 1];
    greet(&busy);
    for (uint32_t id = 1; id <= times; id++) {
        snprintf(name, sizeof(name), "name-%057u", id);
        struct msg_rename body = {.job = (char *)"1", .name = name};
        ck_assert(raw_client_send(&busy, MSG_RENAME, id, &body, NULL, 0));
        raw_client_expect(&busy, MSG_CHANGED, 0);
        raw_client_expect(&busy, MSG_DONE, id);
    }
    raw_client_close(&busy);
}

/*
 * What happened while a server was stopped is not piled up for it: when it reads again, it is told
 * how the job is now. Also when that is its end.
 */
START_TEST(a_server_that_reads_again_hears_the_newest_state)
{
    enum { TIMES = 2000 };
    struct raw_client slow;
    struct wire_frame frame;
    unsigned told = 0;
    bool newest = false;
    greet(&slow);
    rename_often(TIMES);
    if (_i == 1)
        must("js kill 1");
    for (; !newest; told++) {
        ck_assert(raw_client_receive(&slow, &frame));
        ck_assert_uint_eq(frame.type, MSG_CHANGED);
        const struct job_info *info = frame.body;
        newest = _i == 1 ? info->state == JOB_ENDED : atoi(info->name + 5) == TIMES;
        wire_frame_finish(&frame);
    }
    ck_assert_uint_lt(told, TIMES - TIMES / 4);
    if (_i == 1)
        raw_client_expect_end(&slow);
    raw_client_close(&slow);
    if (_i == 0)
        expect_holder_as_before();
}
END_TEST

static Suite *holder_suite(void)
{
    Suite *suite = suite_create("holder");
    TCase *wire = tcase_create("wire");
    tcase_add_checked_fixture(wire, begin, end);
    tcase_add_test(wire, every_server_is_told_about_the_job);
    tcase_add_test(wire, garbage_does_no_harm);
    tcase_add_test(wire, a_bad_length_is_answered_and_ends_it);
    tcase_add_test(wire, hello_comes_first);
    tcase_add_test(wire, a_version_without_overlap_is_refused_in_words);
    tcase_add_test(wire, a_second_start_is_refused);
    tcase_add_test(wire, every_request_gets_an_answer);
    tcase_add_test(wire, signals_that_are_none_are_refused);
    tcase_add_test(wire, odd_clients_do_no_harm);
    tcase_add_test(wire, connections_come_and_go);
    tcase_add_test(wire, a_server_that_does_not_read_costs_little);
    tcase_add_loop_test(wire, a_server_that_reads_again_hears_the_newest_state, 0, 2);
    suite_add_tcase(suite, wire);
    return suite;
}

int main(void)
{
    return runner_run(holder_suite());
}
