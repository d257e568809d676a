/* The server: one of its kind, and not to be disturbed by anything that a client does. */
#include "tests/harness/messages.h"
#include "tests/harness/proc.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/watch.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void begin_without_server(void)
{
    fixture_init(&fixture);
}

/* It answers, at once, is the same as before, and has nothing more open than before. */
static void expect_server_as_before(void)
{
    must("js ls -a --json");
    ck_assert_double_lt(result.ms, 1000.0 * deadline_slowness());
    ck_assert_int_eq(fixture_server_pid(&fixture), server.pid);
    watch_end(&server, GROWTH_KIB);
}

/* The start */

START_TEST(fifty_first_clients_get_one_server)
{
    must("for i in $(seq 50); do js run -d -- true >id.$i & done; wait; "
         "cat id.* | sort -un | wc -l; cat id.* | sort -n | tail -n 1; js wait $(cat id.*); "
         "js ls -a --json | jq '(.jobs | length), ([.jobs[].uid] | unique | length)'");
    ck_assert_str_eq(result.out, "50\n50\n50\n50\n");
    ck_assert_str_eq(result.err, "");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "jsd --ready-fd"), 1);
}
END_TEST

START_TEST(a_second_server_does_not_start)
{
    fixture_run(&fixture, &result, fixture.jsd, NULL);
    fixture_expect_code(&result, 1);
    ck_assert_ptr_nonnull(strstr(result.err, "another server has the lock"));
    expect_server_as_before();
}
END_TEST

START_TEST(the_server_is_a_daemon)
{
    char path[64], target[PATH_MAX];
    struct proc process;
    must("setsid -w sh -c 'js server stop; js run -d -- sleep 60'");
    pid_t pid = fixture_server_pid(&fixture);
    ck_assert_int_eq(proc_read(pid, &process), 0);
    ck_assert_int_eq(process.tty, 0);
    ck_assert_int_ne(process.session, getsid(0));
    snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
    ssize_t len = readlink(path, target, sizeof(target) - 1);
    ck_assert_int_eq(len, 1);
    ck_assert_int_eq(target[0], '/');
    for (int fd = 0; fd <= 2; fd++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
        len = readlink(path, target, sizeof(target) - 1);
        ck_assert_int_gt(len, 0);
        target[len] = '\0';
        ck_assert_ptr_nonnull(strstr(target, fd == 0 ? "/dev/null" : "/run/server.log"));
    }
    must("js kill; stat -c '%a %F' $JS_DIR $JS_DIR/sock $JS_STATE_DIR");
    ck_assert_str_eq(result.out, "700 directory\n600 socket\n700 directory\n");
}
END_TEST

static const struct {
    const char *setup;
    const char *err;
} start_failures[] = {
    {"mkdir $JS_DIR; chmod 755 $JS_DIR", "is open to other users"},
    {"touch $JS_DIR", "is not a directory"},
    {"ln -s /tmp $JS_DIR", "is not a directory"},
    {"mkdir -m 700 $JS_DIR; touch $JS_DIR/sock", "is not a socket"},
    {"mkdir -m 700 $JS_DIR; mkdir $JS_DIR/lock", "lock"},
    {"export JS_DIR=relative", "must be an absolute path"},
    {"export JS_DIR=/tmp/$(printf '%0100d' 5)", "too long for a Unix socket"},
    {"export JS_DIR=/proc/x", "/proc/x"},
    {"unset JS_DIR; export XDG_RUNTIME_DIR=$HOME/$(printf '%0100d' 5)", "too long"},
};

START_TEST(a_failed_start_says_why)
{
    char text[512];
    snprintf(text, sizeof(text), "%s; js run -d -- true", start_failures[_i].setup);
    line(text);
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.out, "");
    ck_assert_int_eq(strncmp(result.err, "js: ", 4), 0);
    ck_assert_msg(strstr(result.err, start_failures[_i].err) != NULL, "%s", result.err);
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
    /* What is in the way is left alone. */
    line("test -L $JS_DIR || rm -rf $JS_DIR; rm -f $JS_DIR");
}
END_TEST

/* Bytes that are no messages */

START_TEST(garbage_does_no_harm)
{
    struct messages_random random = {.state = 1};
    for (int round = 0; round < 300; round++) {
        struct raw_client client;
        uint8_t data[512];
        size_t len = 1 + messages_below(&random, sizeof(data));
        raw_client_open(&client, &fixture);
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)messages_next(&random);
        /* Lengths that could be, or the end comes with the first bytes. */
        if (round % 2)
            data[0] = data[1] = data[2] = 0;
        raw_client_send_bytes(&client, data, len, NULL, 0);
        raw_client_close(&client);
    }
    expect_server_as_before();
}
END_TEST

static const char *const bad_lengths[] = {"\xff\xff\xff\xff", "\0\0\0\0", "\x00\x40\x00\x01",
                                          "GET / HTTP/1.1\r\n\r\n"};

START_TEST(a_bad_length_is_answered_and_ends_it)
{
    for (int i = 0; i < 100; i++) {
        struct raw_client client;
        raw_client_open(&client, &fixture);
        ck_assert(raw_client_send_bytes(&client, bad_lengths[_i], _i == 3 ? 18 : 4, NULL, 0));
        raw_client_expect(&client, MSG_HELLO, 0);
        raw_client_expect_error(&client, ERROR_MALFORMED, 0);
        raw_client_expect_end(&client);
        raw_client_close(&client);
    }
    expect_server_as_before();
}
END_TEST

START_TEST(a_long_frame_costs_nothing_before_it_comes)
{
    struct raw_client clients[200];
    for (size_t i = 0; i < 200; i++) {
        raw_client_open(&clients[i], &fixture);
        ck_assert(raw_client_send_bytes(&clients[i], "\x00\x3f\xff\xff half", 9, NULL, 0));
    }
    must("js ls");
    /* 200 times 4 MiB would be 800. */
    ck_assert_int_le(watch_status(server.pid, "VmRSS:"),
                     server.kib + GROWTH_KIB + (8 << 10) + watch_slack_kib());
    for (size_t i = 0; i < 200; i++)
        raw_client_close(&clients[i]);
    expect_server_as_before();
}
END_TEST

/* Messages that are out of place */

START_TEST(hello_comes_first)
{
    struct raw_client client;
    struct msg_list list = {0};
    raw_client_open(&client, &fixture);
    ck_assert(raw_client_send(&client, MSG_LIST, 5, &list, NULL, 0));
    raw_client_expect(&client, MSG_HELLO, 0);
    raw_client_expect_error(&client, ERROR_MALFORMED, 5);
    raw_client_expect_end(&client);
    raw_client_close(&client);
    expect_server_as_before();
}
END_TEST

static const struct {
    uint32_t protocol, lowest;
} foreign_versions[] = {{0, 0}, {PROTOCOL_VERSION + 9, PROTOCOL_VERSION + 1}};

START_TEST(a_version_without_overlap_is_refused_in_words)
{
    struct raw_client client;
    struct msg_hello hello = {.protocol = foreign_versions[_i].protocol,
                              .lowest = foreign_versions[_i].lowest,
                              .version = (char *)"7.0"};
    raw_client_open(&client, &fixture);
    ck_assert(raw_client_send(&client, MSG_HELLO, 0, &hello, NULL, 0));
    raw_client_expect(&client, MSG_HELLO, 0);
    const char *text = raw_client_expect_error(&client, ERROR_VERSION, 0);
    ck_assert_ptr_nonnull(strstr(text, "the client (js 7.0) speaks protocol"));
    raw_client_expect_end(&client);
    raw_client_close(&client);
}
END_TEST

START_TEST(a_newer_client_that_understands_us_is_served)
{
    struct raw_client client;
    struct msg_list list = {0};
    struct msg_hello hello = {
        .protocol = PROTOCOL_VERSION + 9, .lowest = PROTOCOL_VERSION, .version = (char *)"7.0"};
    raw_client_open(&client, &fixture);
    ck_assert(raw_client_send(&client, MSG_HELLO, 0, &hello, NULL, 0));
    ck_assert(raw_client_send(&client, MSG_LIST, 1, &list, NULL, 0));
    raw_client_expect(&client, MSG_HELLO, 0);
    raw_client_expect(&client, MSG_JOBS, 1);
    raw_client_close(&client);
}
END_TEST

/* A type that the server does not take, or nobody knows: an answer, and the connection goes on. */
START_TEST(a_message_of_the_wrong_type_is_answered)
{
    static const enum message_type wrong[] = {MSG_HELLO,   MSG_ERROR, MSG_DONE,  MSG_JOB,
                                              MSG_JOBS,    MSG_LOG,   MSG_START, MSG_ADOPT,
                                              MSG_CHANGED, MSG_LEFT,  MSG_LEAVE, MSG_RESIZE};
    struct raw_client client;
    struct msg_list list = {0};
    int fds[] = {0, 0};
    raw_client_greet(&client, &fixture);
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct wire_message *message = protocol_message(wrong[i]);
        struct messages_random random = {.state = i + 1};
        void *body = calloc(1, message->body->size);
        ck_assert_ptr_nonnull(body);
        messages_fill(message->body, body, &random);
        ck_assert(raw_client_send(&client, wrong[i], 100 + i, body, fds, message->min_fds));
        raw_client_expect_error(&client, ERROR_UNSUPPORTED, 100 + i);
        wire_clear(message->body, body);
        free(body);
    }
    /* [9999, 7, {}] */
    ck_assert(raw_client_send_bytes(&client, "\0\0\0\x06\x93\xcd\x27\x0f\x07\x80", 10, NULL, 0));
    raw_client_expect_error(&client, ERROR_UNSUPPORTED, 7);
    /* [22, 8, {"all": 5}]: a field of the wrong type is named */
    ck_assert(raw_client_send_bytes(&client,
                                    "\0\0\0\x09\x93\x16\x08\x81\xa3"
                                    "all\x05",
                                    13, NULL, 0));
    const char *text = raw_client_expect_error(&client, ERROR_MALFORMED, 8);
    ck_assert_str_eq(text, "msg_list.all: not a boolean");
    /* No request has the id 0. */
    ck_assert(raw_client_send(&client, MSG_LIST, 0, &list, NULL, 0));
    raw_client_expect_error(&client, ERROR_MALFORMED, 0);
    ck_assert(raw_client_send(&client, MSG_LIST, 9, &list, NULL, 0));
    raw_client_expect(&client, MSG_JOBS, 9);
    raw_client_close(&client);
    expect_server_as_before();
}
END_TEST

/* Whatever is asked gets one answer, however odd its contents. */
static void ask_oddly(struct raw_client *client, const struct wire_message *message, uint32_t id,
                      uint64_t seed)
{
    struct messages_random random = {.state = seed};
    struct wire_frame frame;
    void *body = calloc(1, message->body->size);
    ck_assert_ptr_nonnull(body);
    messages_fill(message->body, body, &random);
    if (message->type == MSG_RUN)
        ((struct msg_run *)body)->detached = true;
    ck_assert(raw_client_send(client, (enum message_type)message->type, id, body, NULL, 0));
    wire_clear(message->body, body);
    free(body);
    ck_assert(raw_client_receive(client, &frame));
    ck_assert_uint_eq(frame.request_id, id);
    wire_frame_finish(&frame);
}

START_TEST(every_request_gets_an_answer)
{
    struct raw_client client;
    uint32_t id = 0;
    raw_client_greet(&client, &fixture);
    for (uint64_t seed = 1; seed <= 12; seed++)
        for (size_t i = 0; i < protocol.count; i++)
            /* Two may take for ever, the third ends the server, as it should. */
            if (protocol.rows[i].type != MSG_WAIT && protocol.rows[i].type != MSG_GET_EVENTS &&
                protocol.rows[i].type != MSG_SHUTDOWN)
                ask_oddly(&client, &protocol.rows[i], ++id, seed);
    raw_client_close(&client);
    expect_server_as_before();
}
END_TEST

START_TEST(many_requests_may_be_under_way)
{
    struct raw_client client;
    struct msg_list list = {.all = true};
    raw_client_greet(&client, &fixture);
    for (uint32_t id = 1; id <= 500; id++)
        ck_assert(raw_client_send(&client, MSG_LIST, id, &list, NULL, 0));
    for (uint32_t id = 1; id <= 500; id++)
        raw_client_expect(&client, MSG_JOBS, id);
    raw_client_close(&client);
    expect_server_as_before();
}
END_TEST

static Suite *server_suite(void)
{
    Suite *suite = suite_create("server");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    TCase *start = tcase_create("start");
    tcase_add_checked_fixture(start, begin_without_server, world_end);
    tcase_add_test(start, fifty_first_clients_get_one_server);
    tcase_add_loop_test(start, a_failed_start_says_why, 0, COUNT(start_failures));
    tcase_add_test(start, the_server_is_a_daemon);
    suite_add_tcase(suite, start);

    TCase *messages = tcase_create("messages");
    tcase_add_checked_fixture(messages, begin, world_end);
    tcase_add_test(messages, a_second_server_does_not_start);
    tcase_add_test(messages, garbage_does_no_harm);
    tcase_add_loop_test(messages, a_bad_length_is_answered_and_ends_it, 0, COUNT(bad_lengths));
    tcase_add_test(messages, a_long_frame_costs_nothing_before_it_comes);
    tcase_add_test(messages, hello_comes_first);
    tcase_add_loop_test(messages, a_version_without_overlap_is_refused_in_words, 0,
                        COUNT(foreign_versions));
    tcase_add_test(messages, a_newer_client_that_understands_us_is_served);
    tcase_add_test(messages, a_message_of_the_wrong_type_is_answered);
    tcase_add_test(messages, every_request_gets_an_answer);
    tcase_add_test(messages, many_requests_may_be_under_way);
    suite_add_tcase(suite, messages);

    return suite;
}

int main(void)
{
    return runner_run(server_suite());
}
