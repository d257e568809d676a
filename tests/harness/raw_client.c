#include "tests/harness/raw_client.h"

#include "common/channel.h"
#include "common/fd.h"
#include "tests/harness/await.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536

static void open_path(struct raw_client *client, const char *path)
{
    *client = (struct raw_client){.fd = channel_connect(path, true)};
    ck_assert_msg(client->fd >= 0, "cannot connect to %s: %s", path, strerror(-client->fd));
}

void raw_client_open(struct raw_client *client, struct fixture *fixture)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/sock", fixture->run_dir);
    open_path(client, path);
}

void raw_client_open_holder(struct raw_client *client, struct fixture *fixture, unsigned job)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/jobs/%u/sock", fixture->run_dir, job);
    open_path(client, path);
}

void raw_client_say_hello(struct raw_client *client)
{
    struct msg_hello hello = {
        .protocol = PROTOCOL_VERSION, .lowest = PROTOCOL_LOWEST, .version = (char *)"raw"};
    ck_assert(raw_client_send(client, MSG_HELLO, 0, &hello, NULL, 0));
    raw_client_expect(client, MSG_HELLO, 0);
}

void raw_client_greet(struct raw_client *client, struct fixture *fixture)
{
    raw_client_open(client, fixture);
    raw_client_say_hello(client);
}

void raw_client_close(struct raw_client *client)
{
    client->fd = fd_close(client->fd);
    bytes_finish(&client->in);
}

bool raw_client_send_bytes(struct raw_client *client, const void *data, size_t len, const int *fds,
                           size_t count)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = channel_io_send(client->fd, at, len, fds, count);
        if (n == -EPIPE || n == -ECONNRESET)
            return false;
        ck_assert_int_gt(n, 0);
        at += n;
        len -= (size_t)n;
        count = 0;
    }
    return true;
}

bool raw_client_send(struct raw_client *client, enum message_type type, uint32_t request_id,
                     const void *body, const int *fds, size_t count)
{
    struct bytes out = {0};
    ck_assert_int_eq(wire_encode(&out, protocol_message(type), request_id, body), 0);
    bool sent = raw_client_send_bytes(client, out.data, out.len, fds, count);
    bytes_finish(&out);
    return sent;
}

/* Reads some more. False at the end. */
static bool read_more(struct raw_client *client, struct deadline deadline)
{
    struct channel_fds fds;
    ck_assert_msg(await_readable(client->fd, deadline) == 0, "no answer in time");
    ck_assert_int_eq(bytes_reserve(&client->in, READ_SIZE), 0);
    channel_fds_init(&fds);
    ssize_t n = channel_io_recv(client->fd, client->in.data + client->in.len, READ_SIZE, &fds);
    channel_fds_finish(&fds);
    if (n <= 0)
        return false;
    client->in.len += (size_t)n;
    return true;
}

bool raw_client_receive(struct raw_client *client, struct wire_frame *ret)
{
    while (raw_client_receive_any(client, ret)) {
        if (ret->type != MSG_NOTICE)
            return true;
        wire_frame_finish(ret);
    }
    return false;
}

bool raw_client_receive_any(struct raw_client *client, struct wire_frame *ret)
{
    struct deadline deadline = deadline_default();
    struct wire_problem why;
    long size;
    while ((size = wire_frame_size(client->in.data, client->in.len)) == 0 ||
           (size > 0 && (size_t)size > client->in.len))
        if (!read_more(client, deadline))
            return false;
    ck_assert_int_gt(size, 0);
    int r = wire_decode(&protocol, client->in.data + WIRE_HEADER_SIZE,
                        (size_t)size - WIRE_HEADER_SIZE, ret, &why);
    ck_assert_msg(r == 0, "the answer cannot be understood: %s", why.text);
    bytes_consume(&client->in, (size_t)size);
    return true;
}

void raw_client_expect(struct raw_client *client, enum message_type type, uint32_t request_id)
{
    struct wire_frame frame;
    ck_assert_msg(raw_client_receive(client, &frame), "the connection was closed");
    if (frame.type == MSG_ERROR && type != MSG_ERROR)
        ck_abort_msg("an error came: %s", ((struct msg_error *)frame.body)->text);
    ck_assert_uint_eq(frame.type, type);
    ck_assert_uint_eq(frame.request_id, request_id);
    wire_frame_finish(&frame);
}

const char *raw_client_expect_error(struct raw_client *client, enum error_code code,
                                    uint32_t request_id)
{
    static char text[512];
    struct wire_frame frame;
    ck_assert_msg(raw_client_receive(client, &frame), "the connection was closed");
    ck_assert_uint_eq(frame.type, MSG_ERROR);
    const struct msg_error *error = frame.body;
    snprintf(text, sizeof(text), "%s", error->text);
    ck_assert_msg(error->code == code, "error %u: %s", error->code, text);
    ck_assert_uint_eq(frame.request_id, request_id);
    wire_frame_finish(&frame);
    return text;
}

void raw_client_expect_end(struct raw_client *client)
{
    struct wire_frame frame;
    if (!raw_client_receive(client, &frame))
        return;
    ck_abort_msg("a message came: %s", frame.message ? frame.message->name : "of unknown type");
}
