/* Where everything of the user's server is, and whether one lives there. */
#ifndef JS_CLIENT_PLACE_H
#define JS_CLIENT_PLACE_H

#include <stdbool.h>

#include "common/paths.h"

struct place {
    struct paths paths;
    char lock[PATHS_MAX + 16], socket[PATHS_MAX + 16], log[PATHS_MAX + 16];
};

/* From the environment. 0, or the exit status with the user told why. */
int place_find(struct place *place);

/*
 * Whether a server lives: it holds the lock, and nothing else proves it. wait_ms: how long to wait
 * for it to be given back.
 */
bool place_is_locked(const struct place *place, unsigned wait_ms);

/* Whether anybody listens on the server's socket (proc(5), /proc/net/unix): it is not disturbed. */
bool place_has_listener(const struct place *place);

#endif
