/*
 * Who wants to know what happens: turns what the server hears of its jobs into events
 * (server/events.h) and numbers (server/counters.h), and answers those who ask for them.
 *
 * A client that follows asks for what comes after the last event it has got, and is answered when
 * there is some: nothing is queued for it, and one that asks too late is told what it has missed.
 * Nothing here runs by the clock.
 *
 * The order of calls for a job: herald_job_added or herald_job_found, any number of
 * herald_job_changed, herald_job_removed. It counts as live until its state is final or it is
 * removed.
 */
#ifndef JS_SERVER_HERALD_H
#define JS_SERVER_HERALD_H

#include "common/protocol.h"
#include "server/counters.h"
#include "server/events.h"

struct client;
struct job;
struct server;
struct follower;

struct herald {
    struct events events;
    struct counters counters;
    struct follower *followers; /* owned */
    struct event_cursor own;    /* generation and mark of this server */
};

/* Nothing has happened yet. It takes no memory. */
void herald_init(struct herald *herald);

/* The server knows its generation (status_begin): its first event. */
void herald_begin(struct server *server);

/* Frees everything; whoever waits is not answered any more. */
void herald_finish(struct herald *herald);

/* A holder has been asked for it. */
void herald_job_added(struct server *server, struct job *job);

/* A job that is live, or whose record says so, was found on the disk. */
void herald_job_found(struct server *server, struct job *job);

/* job->info has changed from *before. */
void herald_job_changed(struct server *server, struct job *job, const struct job_info *before);

/* It could not be started, and is about to be removed. */
void herald_job_failed(struct server *server, struct job *job, const char *text,
                       enum fault_kind kind);

/* It goes out of the registry. */
void herald_job_removed(struct server *server, struct job *job);

/* Its record and log have been removed. */
void herald_job_forgotten(struct server *server, const struct job *job);

/* The holder has seen something on the job's terminal. */
void herald_notice(struct server *server, struct job *job, const struct msg_notice *notice);

/* The server ends, or will; followers hear of it at once. */
void herald_say(struct server *server, const char *text);

void herald_fault(struct server *server, enum fault_kind kind);

/* `get-events`: answers now or when there is something to tell. Takes over what is in body. */
void herald_get_events(struct client *client, uint32_t request_id, struct msg_get_events *body);

/* The client has gone: it is not answered. */
void herald_client_gone(struct herald *herald, const struct client *client);

#endif
