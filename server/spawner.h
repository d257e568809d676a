/*
 * The server's side of the template: starts it, asks it for holders, starts it anew when it dies.
 * Never waits for it.
 */
#ifndef JS_SERVER_SPAWNER_H
#define JS_SERVER_SPAWNER_H

#include <stdbool.h>
#include <uv.h>

struct spawner;

typedef void (*spawner_failed_fn)(struct spawner *spawner, uint32_t id, int error);

struct spawner {
    uv_loop_t *loop;
    uv_poll_t poll;
    int socket_fd; /* owned; -1 = no template */
    int needed_fd; /* see server/template.h; owned; -1 = there is none */
    pid_t pid;
    bool polling, closing;
    bool needed;
    bool idle;                   /* no template, and none until a holder is asked for */
    uint64_t started_ms;         /* uv_now */
    spawner_failed_fn on_failed; /* a fork failed: errno */
    void *data;                  /* the owner's */
};

/* Starts the template. 0 or -errno. */
int spawner_open(struct spawner *spawner, uv_loop_t *loop, spawner_failed_fn on_failed, void *data);

/*
 * Asks for a holder; listen_fd and lock_fd stay the caller's (the template gets its own). 0 or
 * -errno (-EAGAIN: the template is too far behind).
 */
int spawner_fork(struct spawner *spawner, uint32_t id, int listen_fd, int lock_fd);

/* Whether the template is to become the next server, should this one die without a word. */
void spawner_set_needed(struct spawner *spawner, bool needed);

/* Hears what the template has said, or that it died, now and not when the loop comes to it. */
void spawner_check(struct spawner *spawner);

/* Lets the template end. Asynchronous; safe to call twice. */
void spawner_close(struct spawner *spawner);

#endif
