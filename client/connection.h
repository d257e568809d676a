/* The client's connection to the server, and after an attach to the job's holder. */
#ifndef JS_CLIENT_CONNECTION_H
#define JS_CLIENT_CONNECTION_H

#include "common/channel.h"
#include "common/paths.h"

enum connection_start {
    CONNECTION_START,         /* start the server if none runs */
    CONNECTION_START_IF_JOBS, /* only when there are jobs on disk that it would know */
    CONNECTION_NEVER_START,   /* just look; nobody is told why that failed, see problem */
};

#define CONNECTION_HELLO_MS 5000u /* within which a server that works has greeted */

struct connection_part; /* see connection_next_reply */

struct connection {
    uv_loop_t loop;
    struct channel channel;
    uv_timer_t hello_timer;
    uint64_t hello_ms;
    struct paths paths;
    char state_dir[PATHS_MAX]; /* the server's, from its hello */
    uint32_t last_request;
    uint32_t awaited;        /* request id of the reply that is waited for; 0 = none */
    struct wire_frame reply; /* it, once it is there */
    struct channel_fds reply_fds;
    struct connection_part *parts; /* of the same answer, come before they were asked for; owned */
    bool replied;
    bool open;
    bool lost;     /* the peer has closed */
    bool given_up; /* the user does not want the reply any more; set by on_event's owner */
    bool greeted;
    uint32_t peer_pid, peer_protocol, peer_lowest; /* from its hello; the pid also without one */
    char peer_version[65];
    bool channel_open; /* its memory is in use by the loop */
    bool patient;      /* requests outlive the server: they are asked again of the next one */
    bool unsent;       /* the server had closed before it got the last request */
    bool end_will_do;  /* the server's end is as good as its answer */
    uint32_t expected; /* an error code that is not told the user: CONNECTION_EXPECTED */
    bool hopeless;     /* it was lost for a reason that another try would not mend */
    bool *again;       /* set before that, in the request's body; NULL: it need not be told */
    char problem[512]; /* why it was lost, when that is known */

    /* For whoever stays attached: that the request is on its way; messages that answer no request;
     * the connection's end; that the user is about to be told of a failed request, or that another
     * server is about to be asked. */
    void (*on_sent)(struct connection *connection);
    void (*on_event)(struct connection *connection, struct wire_frame *frame);
    void (*on_lost)(struct connection *connection);
    void (*on_failure)(struct connection *connection);
    void *data;
};

/*
 * Connects to the server. 0; 1 when none runs and none was to be started, or with
 * CONNECTION_NEVER_START when it cannot be connected to; else the exit status of js, negative, with
 * the user told why.
 */
int connection_open(struct connection *connection, enum connection_start start);

/* The same for an impatient caller: hello_ms instead of CONNECTION_HELLO_MS. */
int connection_open_within(struct connection *connection, enum connection_start start,
                           uint64_t hello_ms);

/*
 * Sends a request and runs the loop until its reply is there: connection->reply, which is valid
 * until the next request. The descriptors are taken over. A server that dies before it has answered
 * does not matter where the request can be asked again of the next one, which is started if need
 * be. 0 when a reply other than `error` came; else the exit status of js, with the user told why
 * (but for given_up: they know).
 */
int connection_request(struct connection *connection, enum message_type type, const void *body,
                       const int *fds, size_t fd_count);

/* The answer was the error that the caller knows what to do about. */
#define CONNECTION_EXPECTED (-2)

/* The server died between the parts of an answer: ask the whole again. */
#define CONNECTION_ASK_AGAIN (-1)

/* Waits for one more frame with the id of the last request (`jobs` may come in parts). As above, or
 * CONNECTION_ASK_AGAIN. */
int connection_next_reply(struct connection *connection);

/* Closes everything and runs the loop dry. */
void connection_finish(struct connection *connection);

#endif
