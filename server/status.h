/*
 * What the server knows about itself: for `js server status`, and in D/server.state for the time
 * when it can no longer be asked (common/life.h).
 */
#ifndef JS_SERVER_STATUS_H
#define JS_SERVER_STATUS_H

#include "common/protocol.h"

struct client;
struct server;

struct status {
    uint32_t generation;
    struct server_failure *failure; /* the last one here; owned, NULL = none is known */
    const char *ended;              /* why it ends, in words; NULL while it does not */
    bool swept;                /* ends since its directory is being removed, and it is not needed */
    char config_problem[5120]; /* why the file is not what holds; "" = it is */
};

/*
 * The server begins: finds out how the one before it ended, and leaves word of itself. Whoever
 * calls it has D/lock. Best effort: what fails is logged.
 */
void status_begin(struct server *server);

/* Leaves word of the server again, where it has been removed. */
void status_save(const struct server *server);

/*
 * The server ends in order, status->ended says why; or, with an error (-errno), it could not be
 * set up, perhaps not even as far as status_begin, which is a failure.
 */
void status_end(struct server *server, int error);

/* Answers `get-status`. */
void status_send(struct server *server, struct client *client, uint32_t request_id);

#endif
