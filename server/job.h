/*
 * A job as the server knows it: what its holder last said of it, and the connection to the holder.
 */
#ifndef JS_SERVER_JOB_H
#define JS_SERVER_JOB_H

#include "common/channel.h"
#include "server/client.h"

struct gather;
struct server;

/* A client's request that was passed on to the holder. */
struct job_pending {
    struct job_pending *next; /* job::pending */
    uint32_t id;              /* on the holder's connection */
    enum message_type type;
    struct client *client; /* referenced; NULL: nobody is told */
    uint32_t client_request;
    struct gather *gather; /* who is to be told; NULL: nobody */
    int conn_fd; /* a copy of the connection that was passed on, until the holder says that it has
                    taken it; owned; -1 = none was */
};

struct job {
    struct server *server;
    struct job_info info;
    struct channel link;
    bool linked;       /* link is open */
    bool started;      /* the holder has said that the program runs */
    bool greeted;      /* the holder has said hello: it may have been told what to run */
    bool called;       /* not linked, but its holder lives and was asked to be found again */
    bool repairing;    /* `repair` has not been answered */
    bool repair_again; /* something has gone since that was sent */
    bool incompatible; /* the holder speaks no protocol of ours: shown, and left alone */
    int fork_error;    /* errno: there is no holder, and this is why */
    bool told_to_end;  /* by js server stop --kill-jobs */
    bool heard;        /* over this connection, of its state */
    bool dismissed;    /* told to end by the broker */
    uint32_t begun;    /* the attempt that it was told to start last (server/broker.h) */
    int watch;         /* of its runtime directory (inotify), 0 = none */
    bool counted;      /* as live: see server/herald.h */
    bool kept; /* in the registry; when it is not and the link is closed, the job is freed */
    struct job_pending *pending;
    uint32_t last_request;
    struct job_usage usage; /* what the holder has told last, when it has been asked ... */
    bool told_usage;        /* ... and has answered */
};

/* A job with that number and uid, in state starting, without a holder. NULL = no memory. */
struct job *job_create(struct server *server, uint32_t id, const char *uid);

/* Frees it now, or when its connection has closed. It must be out of the registry. */
void job_destroy(struct job *job);

/*
 * Connects to the holder's socket at path and greets it. 0 or -errno (nothing has changed then).
 * The holder need not run yet: its socket listens already.
 */
int job_connect(struct job *job, const char *path);

/*
 * Sends the holder a message whose reply goes to the client (NULL: nobody) with client_request as
 * its id. Takes over the descriptors, also on failure; where there are several, the first two are
 * the output and the connection of a client that is passed on, who is told with client_request if
 * the holder does not take it. 0 or -errno. A holder that is just going is no failure: the answer
 * says then that it is gone.
 */
int job_send(struct job *job, enum message_type type, const void *body, const int *fds,
             size_t fd_count, struct client *client, uint32_t client_request);

/* Asks the holder what the job uses: gather_answered is called once, not from here. 0 or -errno. */
int job_ask_usage(struct job *job, struct gather *gather);

#endif
