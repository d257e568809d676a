/* A client's connection to the server. */
#ifndef JS_SERVER_CLIENT_H
#define JS_SERVER_CLIENT_H

#include "common/channel.h"

struct server;

struct client {
    struct client *next; /* server::clients */
    struct server *server;
    struct channel channel;
    struct listing *listings; /* answers that it has yet to read; owned */
    unsigned refs;            /* its connection, and each request that waits for an answer */
    bool greeted;             /* its hello has come */
    bool closed;              /* the connection is closed; only waiting requests keep it */
    uint32_t protocol;
    pid_t pid;
};

/* Serves a connection; takes over fd, also on failure. 0 or -errno. */
int client_create(struct server *server, int fd);

struct client *client_ref(struct client *client);
void client_unref(struct client *client);

/*
 * Sends a reply. A client that does not read, so that CHANNEL_OUT_MAX is reached, is closed.
 * Does nothing when the client is gone.
 */
void client_send(struct client *client, enum message_type type, uint32_t request_id,
                 const void *body);
void client_send_error(struct client *client, uint32_t request_id, enum error_code code,
                       const char *text);

/* Closes every client of the server. */
void client_close_all(struct server *server);

#endif
