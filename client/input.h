/*
 * Standard input in a loop, whatever it is. The open file is shared with the user's shell, so its
 * flags must not be changed; it is watched through an epoll of our own, and read only when
 * something is there. Regular files are always readable and cannot be watched (epoll_ctl(2),
 * EPERM).
 */
#ifndef JS_CLIENT_INPUT_H
#define JS_CLIENT_INPUT_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

struct input;

typedef void (*input_readable_fn)(struct input *input);

struct input {
    uv_poll_t poll; /* of epoll_fd */
    uv_idle_t idle; /* instead, for a file that cannot be watched */
    int epoll_fd;   /* owned */
    bool polling;
    bool reading;
    input_readable_fn on_readable;
    void *data; /* the owner's */
};

/* Watches fd 0, not reading yet. 0 or -errno. */
int input_open(struct input *input, uv_loop_t *loop, input_readable_fn on_readable, void *data);

/* Whether on_readable is to be called. */
void input_set_reading(struct input *input, bool on);

/* read(2) of fd 0. Returns the length, 0 at the end, or -errno. Call it from on_readable. */
ssize_t input_read(struct input *input, void *buf, size_t len);

/* Lets go of it, once its handles have been closed with the loop's other ones. */
void input_close(struct input *input);

#endif
