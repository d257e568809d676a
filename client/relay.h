/* Output that the holder cannot write itself: it comes through a pipe, and goes on from here. */
#ifndef JS_CLIENT_RELAY_H
#define JS_CLIENT_RELAY_H

#include <stdbool.h>
#include <uv.h>

struct relay {
    int fd;    /* what it is read from, -1 = there is none; owned */
    int to_fd; /* 1 or 2 */
    uv_poll_t poll;
    bool polling;
};

/* Copies in that loop from now on; nothing without an fd. 0 or -errno. */
int relay_open(struct relay *relay, uv_loop_t *loop);

/* Copies what there is. When nobody reads the output any more, the pipe is closed: the holder sees
 * that when it writes. */
void relay_copy(struct relay *relay);

/* Lets go of it, once its handle has been closed with the loop's other ones. */
void relay_close(struct relay *relay);

#endif
