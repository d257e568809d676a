/*
 * Requests that cannot be answered yet, because what they are about is just being found out: they
 * are looked at again whenever a job has changed.
 */
#ifndef JS_SERVER_POSTPONED_H
#define JS_SERVER_POSTPONED_H

#include "server/client.h"

/*
 * Keeps a request for later. Frame and descriptors are taken over: both are empty afterwards, also
 * on failure. 0 or -ENOMEM.
 */
int postponed_add(struct client *client, struct wire_frame *frame, struct channel_fds *fds);

/* Handles each of them anew; those that still have to wait come back to the list. */
void postponed_retry(struct server *server);

/* The client has gone: drops what it asked for. */
void postponed_forget(struct client *client);

/* Drops them all, unanswered: their clients' connections are closed. */
void postponed_drop(struct server *server);

#endif
