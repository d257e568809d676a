/*
 * A channel under test. One end of a socket pair is the channel, the other is the test's own: it
 * sends bytes and descriptors as it likes. What the channel tells is written down as words in
 * `told`:
 *
 *     attach#3[11] ......... a message, its request id, and the descriptors that came with it
 *     malformed#3, unsupported#3, internal#3
 *     end(0), end(ECONNRESET), closed
 *
 * A descriptor is known by its size: see tagged.
 */
#ifndef JS_TESTS_HARNESS_CHANNEL_SIDE_H
#define JS_TESTS_HARNESS_CHANNEL_SIDE_H

#include "common/channel.h"

struct side {
    uv_loop_t loop;
    struct channel channel;
    int peer_fd;
    struct bytes told;
    char problem[160];  /* the last */
    bool close_at_once; /* call channel_close from the next callback */
    bool take;          /* call channel_take_fd from the next on_frame */
    int taken;          /* its result */
    bool closed;
    int fds_before;
};

extern struct side side;

/* Opens and closes it, as a checked fixture. Closing fails the test when a descriptor is left. */
void side_open(void);
void side_close(void);

/* Lets the channel handle what is there. */
void side_turn(void);

/* What has been told since the last call; valid until the next one. */
const char *side_told(void);

/* Each appends a frame to out; that of `run` takes more than size bytes. */
void side_add_resize(struct bytes *out, uint32_t id);
void side_add_attach(struct bytes *out, uint32_t id);
void side_add_adopt(struct bytes *out, uint32_t id);
void side_add_run(struct bytes *out, uint32_t id, size_t size);

/* A descriptor, the caller's, that is told as this number. */
int side_tagged(int tag);

/* Sends bytes with count descriptors tagged first_tag, first_tag + 1, ... on the first byte. */
void side_send(const void *data, size_t len, int first_tag, size_t count);

/* The same for all that is in out, which is empty afterwards. */
void side_send_all(struct bytes *out, int first_tag, size_t count);

#endif
