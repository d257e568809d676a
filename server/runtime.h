/*
 * The server's place: the runtime directory, the lock that makes it the only server there, and its
 * socket. The lock is the proof, not a pid or a connect: whoever holds D/lock is the server.
 *
 * D/lock is the file that is found at that path. A lock on one that was removed proves nothing,
 * since the next server makes another. So whoever has locked it looks whether it is still there,
 * and a server whose file was removed takes the lock on a new one. When another server was faster,
 * that one is the server from then on, and the old one ends: its jobs belong to their holders, and
 * the new one finds them.
 */
#ifndef JS_SERVER_RUNTIME_H
#define JS_SERVER_RUNTIME_H

#include <stdbool.h>

#include "common/paths.h"
#include "common/sockfile.h"

struct runtime {
    struct paths paths;
    char socket_path[PATHS_MAX];
    int lock_fd;     /* owned; close-on-exec, since an inherited one would outlive us */
    int listen_fd;   /* owned until the server takes it */
    int state_error; /* -errno: the state directory cannot be used */
    char state_problem[PATHS_MAX + 256]; /* why; "" = it can */
    struct sockfile socket;
    bool passed; /* the socket was passed to us: its file is not ours to remove */
};

/*
 * Makes the directories, takes the lock, binds the socket. 0 or -errno with text: -EALREADY when
 * another server has the lock, -EADDRINUSE when something that is not ours is in the way.
 */
int runtime_open(struct runtime *runtime, char *text, size_t size);

/*
 * Is the lock still the one at its path? If not, it is taken anew. 0 when it was, 1 when it is
 * again, -EALREADY when another server has it, or another -errno; with text.
 */
int runtime_keep_lock(struct runtime *runtime, char *text, size_t size);

/* Whether the lock is still the one at its path. */
bool runtime_has_lock(const struct runtime *runtime);

/* Whether lock and jobs directory are where they should be. */
bool runtime_is_whole(const struct runtime *runtime);

/* Makes D and D/jobs again if they were removed. 0 or -errno with text. */
int runtime_keep_directories(const struct runtime *runtime, char *text, size_t size);

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
