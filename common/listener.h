/*
 * A listening Unix socket in a loop: accepts, checks that the peer is the same user
 * (SO_PEERCRED), survives EMFILE.
 */
#ifndef JS_COMMON_LISTENER_H
#define JS_COMMON_LISTENER_H

#include <stdbool.h>
#include <uv.h>

struct listener;

/* fd: a connection from a process of the same user; the callee owns it. */
typedef void (*listener_accept_fn)(struct listener *listener, int fd);

struct listener {
    uv_poll_t poll;
    int fd;         /* owned */
    int reserve_fd; /* given up to accept and refuse a connection when descriptors run out */
    listener_accept_fn on_accept;
    void (*on_closed)(struct listener *listener);
    void *data; /* the owner's */
    bool closing;
};

/*
 * Creates a close-on-exec, non-blocking listening socket at path (mode 0600 by umask). Nothing
 * may exist there yet. Returns the fd or -errno (-EADDRINUSE, -ENAMETOOLONG, ...).
 */
int listener_bind(const char *path);

/* Takes over the listening fd (also on failure) and accepts from now on. 0 or -errno. */
int listener_open(struct listener *listener, uv_loop_t *loop, int fd, listener_accept_fn on_accept,
                  void (*on_closed)(struct listener *), void *data);

/*
 * Goes on with another listening fd (taken over, also on failure); what waits at the old one is
 * accepted first. Calls on_accept. 0 or -errno: then it goes on with the old one.
 */
int listener_replace(struct listener *listener, int fd);

/* Stops accepting; on_closed is called from the loop. Safe to call twice. */
void listener_close(struct listener *listener);

#endif
