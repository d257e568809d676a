/*
 * Answers that may be long: jobs are sent in parts, each a `jobs` message, and the next one only
 * when the client has read enough of those before it. However many jobs there are, little is
 * queued.
 */
#ifndef JS_SERVER_LISTING_H
#define JS_SERVER_LISTING_H

#include "common/protocol.h"

struct client;
struct job;

/* What is left of an answer. */
struct listing {
    struct listing *next; /* client::listings */
    uint32_t request_id;
    size_t count, at;
    bool usage;
    uint32_t ids[]; /* a job that is removed meanwhile is left out */
};

/*
 * Sends the jobs, or as much of them as the client reads; the rest follows by itself. usage: with
 * what the live ones have told that they use (job::usage).
 */
void listing_send(struct client *client, uint32_t request_id, struct job *const *jobs, size_t count,
                  bool usage);

/* The client has read all that it was sent. */
void listing_go_on(struct client *client);

/* The client is gone. */
void listing_drop_all(struct client *client);

#endif
