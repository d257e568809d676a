/*
 * The server's place: the runtime directory, the lock that makes it the only server there, and its
 * socket. The lock is the proof, not a pid or a connect: whoever holds D/lock is the server.
 */
#ifndef JS_SERVER_RUNTIME_H
#define JS_SERVER_RUNTIME_H

#include <sys/types.h>

#include "common/paths.h"

struct runtime {
    struct paths paths;
    char socket_path[PATHS_MAX];
    int lock_fd;      /* owned; close-on-exec, since an inherited one would outlive us */
    int listen_fd;    /* owned until the server takes it */
    int state_error;  /* -errno: the state directory cannot be used */
    dev_t socket_dev; /* of the socket file we made: only that one is ours to remove */
    ino_t socket_ino;
};

/*
 * Makes the directories, takes the lock, binds the socket. 0 or -errno with text: -EALREADY when
 * another server has the lock, -EADDRINUSE when something that is not ours is in the way.
 */
int runtime_open(struct runtime *runtime, char *text, size_t size);

/* Removes the socket if it is still the one we made, and gives the lock back. */
void runtime_close(struct runtime *runtime);

/* Makes D/server.log the standard output and error, /dev/null the input. 0 or -errno. */
int runtime_redirect_stdio(const struct runtime *runtime);

/*
 * For the template and its holders: when the inherited standard error is the server's log, follow
 * it to the next file whenever the server begins one.
 */
void runtime_follow_log(void);

#endif
