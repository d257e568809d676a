/* js and a server that answers as servers may, but ours seldom does. */
#include "common/fd.h"
#include "common/listener.h"
#include "common/protocol.h"
#include "tests/harness/await.h"
#include "tests/harness/fixture.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture fixture;
static int listen_fd;

static void begin(void)
{
    char path[128];
    fixture_init(&fixture);
    ck_assert_int_eq(mkdir(fixture.run_dir, 0700), 0);
    snprintf(path, sizeof(path), "%s/sock", fixture.run_dir);
    listen_fd = listener_bind(path);
    ck_assert_int_ge(listen_fd, 0);
}

static void end(void)
{
    listen_fd = fd_close(listen_fd);
    fixture_finish(&fixture);
}

/* The next client, in whose eyes we are the server. */
static struct raw_client accept_client(void)
{
    ck_assert_int_eq(await_readable(listen_fd, deadline_default()), 0);
    struct raw_client client = {.fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)};
    ck_assert_int_ge(client.fd, 0);
    return client;
}

static void add_hello(struct bytes *out)
{
    struct msg_hello hello = {.protocol = PROTOCOL_VERSION,
                              .lowest = PROTOCOL_LOWEST,
                              .version = (char *)"1",
                              .state_dir = fixture.state_dir};
    ck_assert_int_eq(wire_encode(out, protocol_message(MSG_HELLO), 0, &hello), 0);
}

static void greet(struct raw_client *client)
{
    struct bytes out = {0};
    add_hello(&out);
    ck_assert(raw_client_send_bytes(client, out.data, out.len, NULL, 0));
    bytes_finish(&out);
}

/* Waits for the client's request of this type: its id. */
static uint32_t await_request(struct raw_client *client, enum message_type type)
{
    struct wire_frame frame;
    raw_client_expect(client, MSG_HELLO, 0);
    ck_assert(raw_client_receive(client, &frame));
    ck_assert_uint_eq(frame.type, type);
    uint32_t id = frame.request_id;
    wire_frame_finish(&frame);
    return id;
}

/* One part of the answer to that request, with one job. */
static void add_part(struct bytes *out, uint32_t request_id, uint32_t id, bool more)
{
    char *argv[] = {(char *)"true"};
    struct job_info job = {.id = id,
                           .uid = (char *)"a123456789abcdef",
                           .state = JOB_RUNNING,
                           .argv = {.items = argv, .len = 1},
                           .cwd = (char *)"/"};
    struct msg_jobs body = {.jobs = {.items = &job, .len = 1}, .more = more};
    ck_assert_int_eq(wire_encode(out, protocol_message(MSG_JOBS), request_id, &body), 0);
}

/* All in one write. */
static void send_parts(struct raw_client *client, uint32_t request_id, uint32_t first,
                       uint32_t last, bool more)
{
    struct bytes out = {0};
    for (uint32_t id = first; id <= last; id++)
        add_part(&out, request_id, id, id < last || more);
    ck_assert(raw_client_send_bytes(client, out.data, out.len, NULL, 0));
    bytes_finish(&out);
}

static void expect_ids(struct program *program, const char *expected)
{
    char text[64] = "";
    program_must_end(program, deadline_default());
    ck_assert_int_eq(program_exit_code(program), 0);
    const char *at = (const char *)program->out.all.data;
    const char *stop = at + program->out.all.len;
    while ((at = memmem(at, (size_t)(stop - at), "{\"id\":", 6))) {
        at += 6;
        strncat(text, at, 1);
    }
    ck_assert_str_eq(text, expected);
    program_finish(program);
}

/* All parts may be there before js looks at the first. */
START_TEST(a_list_may_come_in_parts_at_once)
{
    struct program program;
    fixture_start(&fixture, &program, fixture.js, "ls", "--json", NULL);
    struct raw_client client = accept_client();
    greet(&client);
    send_parts(&client, await_request(&client, MSG_LIST), 1, 4, false);
    expect_ids(&program, "1234");
    raw_client_close(&client);
}
END_TEST

/* A server that dies between two parts: the next one is asked for all of them. */
START_TEST(a_list_that_breaks_off_is_asked_for_again)
{
    struct program program;
    fixture_start(&fixture, &program, fixture.js, "ls", "--json", NULL);
    struct raw_client client = accept_client();
    greet(&client);
    send_parts(&client, await_request(&client, MSG_LIST), 1, 2, true);
    raw_client_close(&client);
    client = accept_client();
    greet(&client);
    send_parts(&client, await_request(&client, MSG_LIST), 3, 5, false);
    expect_ids(&program, "345");
    raw_client_close(&client);
}
END_TEST

/* A server greets before it reads: nobody has looked at the request, whatever it is. */
START_TEST(a_server_that_never_greeted_is_not_missed)
{
    struct program program;
    struct raw_client client;
    struct msg_done done = {0};
    fixture_start(&fixture, &program, fixture.js, "kill", "3", NULL);
    for (int i = 0; i < 3; i++) {
        client = accept_client();
        raw_client_close(&client);
    }
    client = accept_client();
    greet(&client);
    uint32_t id = await_request(&client, MSG_KILL);
    ck_assert(raw_client_send(&client, MSG_DONE, id, &done, NULL, 0));
    program_must_end(&program, deadline_default());
    ck_assert_int_eq(program_exit_code(&program), 0);
    ck_assert_uint_eq(program.err.all.len, 0);
    program_finish(&program);
    raw_client_close(&client);
}
END_TEST

/* It may have been looked at, and done: an order is not given twice. */
START_TEST(an_order_is_not_repeated)
{
    struct program program;
    fixture_start(&fixture, &program, fixture.js, "kill", "3", NULL);
    struct raw_client client = accept_client();
    greet(&client);
    (void)await_request(&client, MSG_KILL);
    raw_client_close(&client);
    program_must_end(&program, deadline_default());
    ck_assert_int_eq(program_exit_code(&program), 125);
    ck_assert(transcript_has_since(&program.err, 0, "the server went away before it answered"));
    program_finish(&program);
}
END_TEST

/* It does not want to speak with us: another one would not either. */
START_TEST(a_server_that_refuses_us_is_not_asked_again)
{
    struct program program;
    struct msg_error error = {.code = ERROR_VERSION, .text = (char *)"use another js"};
    fixture_start(&fixture, &program, fixture.js, "ls", NULL);
    struct raw_client client = accept_client();
    ck_assert(raw_client_send(&client, MSG_ERROR, 0, &error, NULL, 0));
    raw_client_expect(&client, MSG_HELLO, 0);
    raw_client_close(&client);
    program_must_end(&program, deadline_default());
    ck_assert_int_eq(program_exit_code(&program), 125);
    ck_assert(transcript_has_since(&program.err, 0, "use another js"));
    program_finish(&program);
}
END_TEST

/* What is asked of a job must be understood: an older server does not run it without. */
START_TEST(a_server_that_knows_no_plans_is_told_of)
{
    struct program program;
    struct msg_error error = {.code = ERROR_UNSUPPORTED, .text = (char *)"what is that?"};
    fixture_start(&fixture, &program, fixture.js, "run", "-d", "--timeout=9s", "--", "true", NULL);
    struct raw_client client = accept_client();
    greet(&client);
    uint32_t id = await_request(&client, MSG_RUN_PLANNED);
    ck_assert(raw_client_send(&client, MSG_ERROR, id, &error, NULL, 0));
    program_must_end(&program, deadline_default());
    ck_assert_int_eq(program_exit_code(&program), 125);
    ck_assert(transcript_has_since(&program.err, 0, "what is that?"));
    ck_assert(transcript_has_since(&program.err, 0, "js: the server is js 1, this is js "));
    ck_assert(transcript_has_since(&program.err, 0, "js server restart"));
    program_finish(&program);
    raw_client_close(&client);
}
END_TEST

static Suite *connection_suite(void)
{
    Suite *suite = suite_create("connection");
    TCase *tcase = tcase_create("answers");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_list_may_come_in_parts_at_once);
    tcase_add_test(tcase, a_list_that_breaks_off_is_asked_for_again);
    tcase_add_test(tcase, a_server_that_never_greeted_is_not_missed);
    tcase_add_test(tcase, an_order_is_not_repeated);
    tcase_add_test(tcase, a_server_that_refuses_us_is_not_asked_again);
    tcase_add_test(tcase, a_server_that_knows_no_plans_is_told_of);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(connection_suite());
}
