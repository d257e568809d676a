/*
 * A client that speaks to the server as it likes: whole messages, single bytes, nothing at all.
 * Everything blocks, up to the default deadline.
 */
#ifndef JS_TESTS_HARNESS_RAW_CLIENT_H
#define JS_TESTS_HARNESS_RAW_CLIENT_H

#include "common/protocol.h"
#include "tests/harness/fixture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raw_client {
    int fd; /* -1 = closed */
    struct bytes in;
};

/* Connects to the fixture's server, which must run. Fails the test when it cannot. */
void raw_client_open(struct raw_client *client, struct fixture *fixture);

/* The same with the socket of a job's holder, as a server would. */
void raw_client_open_holder(struct raw_client *client, struct fixture *fixture, unsigned job);

/* Says hello, and expects the other side's. */
void raw_client_say_hello(struct raw_client *client);

/* Connects to the server, and both sides have said hello. */
void raw_client_greet(struct raw_client *client, struct fixture *fixture);

void raw_client_close(struct raw_client *client);

/* Sends bytes, with count descriptors on the first. False when the other side has closed. */
bool raw_client_send_bytes(struct raw_client *client, const void *data, size_t len, const int *fds,
                           size_t count);

/* Sends a message. False when the other side has closed. */
bool raw_client_send(struct raw_client *client, enum message_type type, uint32_t request_id,
                     const void *body, const int *fds, size_t count);

/*
 * The next message that is no notice (a job's terminal may beep, or wait for input, at any moment);
 * the caller finishes it. Descriptors that come with it are closed. False at the
 * end of the connection. Fails the test when neither comes in time, or no message can be decoded.
 */
bool raw_client_receive(struct raw_client *client, struct wire_frame *ret);

/* The same with notices. */
bool raw_client_receive_any(struct raw_client *client, struct wire_frame *ret);

/* Expects the next message to be of this type with this id, and drops it. */
void raw_client_expect(struct raw_client *client, enum message_type type, uint32_t request_id);

/* Expects `error` with this code and id; its text is valid until the next call. */
const char *raw_client_expect_error(struct raw_client *client, enum error_code code,
                                    uint32_t request_id);

/* Expects the end of the connection, without another message. */
void raw_client_expect_end(struct raw_client *client);

#endif
