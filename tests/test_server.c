/* The server: one of its kind, and not to be disturbed by anything that a client does. */
#include "common/channel_io.h"
#include "common/fd.h"
#include "tests/harness/await.h"
#include "tests/harness/fixture.h"
#include "tests/harness/messages.h"
#include "tests/harness/proc.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define GROWTH_KIB (600 << 10) /* it keeps what was freed for a while */
#else
#define GROWTH_KIB (2 << 10)
#endif

static struct fixture fixture;
static struct fixture_result result;

/* A server that has settled, and what it has open and takes. */
static pid_t server;
static size_t server_fds;
static long server_kib;

static void line(const char *text)
{
    fixture_shell_line(&fixture, &result, text);
}

static void must(const char *text)
{
    line(text);
    fixture_expect_code(&result, 0);
}

static size_t count_fds(pid_t pid)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    ck_assert_ptr_nonnull(fds);
    while (readdir(fds))
        count++;
    closedir(fds);
    return count;
}

/* A number of /proc/PID/status, such as "VmRSS:". */
static long status_number(pid_t pid, const char *key)
{
    char path[64], text[256];
    long value = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    ck_assert_ptr_nonnull(status);
    while (fgets(text, sizeof(text), status))
        if (strncmp(text, key, strlen(key)) == 0)
            value = atol(text + strlen(key));
    fclose(status);
    ck_assert_int_ge(value, 0);
    return value;
}

static void look_at_server(void)
{
    server = fixture_server_pid(&fixture);
    ck_assert_int_gt(server, 0);
    server_fds = count_fds(server);
    server_kib = status_number(server, "VmRSS:");
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

static void end(void)
{
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

/* It answers, at once, is the same as before, and has nothing more open than before. */
static void expect_server_as_before(void)
{
    must("js ls -a --json");
    ck_assert_double_lt(result.ms, 1000.0 * deadline_slowness());
    ck_assert_int_eq(fixture_server_pid(&fixture), server);
    struct deadline deadline = deadline_default();
    while (count_fds(server) > server_fds && !deadline_passed(deadline))
        must("js ls");
    ck_assert_uint_le(count_fds(server), server_fds);
    ck_assert_int_le(status_number(server, "VmRSS:"), server_kib + GROWTH_KIB);
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

/* The start */

START_TEST(fifty_first_clients_get_one_server)
{
    must(
        "for i in $(seq 50); do js run -d -- true >id.$i & done; wait; cat id.* | sort -un | wc -l;"
        "cat id.* | sort -n | tail -n 1; js wait $(cat id.*); js ls -a --json | jq '(.jobs | "
        "length), "
        "([.jobs[].uid] | unique | length)'");
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
    server = fixture_server_pid(&fixture);
    ck_assert_int_eq(proc_read(server, &process), 0);
    ck_assert_int_eq(process.tty, 0);
    ck_assert_int_ne(process.session, getsid(0));
    snprintf(path, sizeof(path), "/proc/%d/cwd", (int)server);
    ssize_t len = readlink(path, target, sizeof(target) - 1);
    ck_assert_int_eq(len, 1);
    ck_assert_int_eq(target[0], '/');
    for (int fd = 0; fd <= 2; fd++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)server, fd);
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
    ck_assert_int_le(status_number(server, "VmRSS:"), server_kib + GROWTH_KIB + (8 << 10));
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
            /* The one may take for ever, the other ends the server, as it should. */
            if (protocol.rows[i].type != MSG_WAIT && protocol.rows[i].type != MSG_SHUTDOWN)
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

/* Clients that do nothing, or too little */

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
    ck_assert_int_le(status_number(server, "VmHWM:"), server_kib + GROWTH_KIB + (40 << 10));
    bytes_finish(&request);
    raw_client_close(&client);
    must("js ls");
    ck_assert_int_eq(fixture_server_pid(&fixture), server);
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
        kill(program.pid, SIGKILL);
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

static Suite *server_suite(void)
{
    Suite *suite = suite_create("server");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    TCase *start = tcase_create("start");
    tcase_add_checked_fixture(start, begin_without_server, end);
    tcase_add_test(start, fifty_first_clients_get_one_server);
    tcase_add_loop_test(start, a_failed_start_says_why, 0, COUNT(start_failures));
    tcase_add_test(start, the_server_is_a_daemon);
    suite_add_tcase(suite, start);

    TCase *messages = tcase_create("messages");
    tcase_add_checked_fixture(messages, begin, end);
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

    TCase *clients = tcase_create("clients");
    tcase_add_checked_fixture(clients, begin, end);
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
    return runner_run(server_suite());
}
