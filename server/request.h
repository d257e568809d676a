/* A client's request while it is handled, and what its handlers (requests.c) have in common. */
#ifndef JS_SERVER_REQUEST_H
#define JS_SERVER_REQUEST_H

#include "server/server.h"

#define REQUEST_TEXT_SIZE 1024 /* bytes of an error's text */

struct request {
    struct client *client;
    struct server *server;
    uint32_t id;
    enum message_type type;
    void *body;
    struct wire_frame *frame; /* that body belongs to */
    struct channel_fds *fds;
};

/* A client that asks to be attached is in raw mode by then, and may have been killed since. */
void request_give_terminal_back(const struct request *request);

/* Answers with an error; the terminal of a client that asked to be attached is given back. */
void request_refuse(const struct request *request, enum error_code code, const char *text);

/* Answers that it is done; note (NULL = none) is for the user. */
void request_done(const struct request *request, const char *note);

/* The job that a spec names, or NULL when the client has been told that there is none. */
struct job *request_resolve(const struct request *request, const char *spec, bool live_only);

/* The job has ended, and the request is for one that has not. */
void request_refuse_ended(const struct request *request, const struct job *job);

/* Handles it again when something has changed. */
void request_postpone(const struct request *request);

/* Whether a job may be named so; if not, the request is refused here. */
bool request_name_is_free(const struct request *request, const char *name);

/* Whether the job's holder can be asked now; if not, the request waits or is refused here. */
bool request_is_reachable(const struct request *request, const struct job *job);

/* Passes a request whose body begins with a spec on to the job's holder. */
void request_pass_on(const struct request *request, struct job *job);

/* The handlers of `run`, `attach` and `retry`. */
void request_run(const struct request *request);
void request_attach(const struct request *request);
void request_retry(const struct request *request);

#endif
