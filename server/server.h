/*
 * The server: an index of jobs. It names jobs, starts holders and passes connections on; it owns
 * nothing that cannot be found again on the disk or from the holders.
 */
#ifndef JS_SERVER_SERVER_H
#define JS_SERVER_SERVER_H

#include <uv.h>

#include "common/config.h"
#include "common/listener.h"
#include "common/run_fds.h"
#include "server/broker.h"
#include "server/client.h"
#include "server/herald.h"
#include "server/registry.h"
#include "server/repair.h"
#include "server/runtime.h"
#include "server/spawner.h"
#include "server/status.h"

/* A client that waits for jobs to end. */
struct server_waiter {
    struct server_waiter *next; /* server::waiters */
    struct client *client;      /* referenced */
    uint32_t request_id;
    bool any;
    size_t count;
    uint32_t ids[];
};

struct server {
    uv_loop_t loop;
    struct runtime runtime;
    struct listener listener;
    struct spawner spawner;
    struct registry registry;
    struct repair repair;
    struct broker broker;
    struct config config;
    struct status status;
    struct herald herald;
    const char *start_warning; /* of what came before it could log as configured; or NULL */
    struct client *clients;
    struct server_waiter *waiters;
    struct postponed *postponed; /* requests that cannot be answered yet; owned */
    size_t client_count;
    uv_signal_t sigterm, sigint;
    uv_timer_t idle_timer; /* runs while there is neither a live job nor a client */
    uint64_t started_ns;
    bool stopping;
    bool ending_jobs;       /* stops once every job has ended ... */
    struct msg_kill ending; /* ... having been told so */
    struct client *shutter; /* who asked for that; referenced */
    uint32_t shutter_request;
};

/*
 * Runs the server in a runtime directory that was opened; returns when it was told to end (SIGTERM,
 * SIGINT). Jobs live on. 0 or -errno.
 */
int server_run(struct server *server);

/* If all jobs are to end, this one is told, once: it may only be found now. */
void server_tell_to_end(struct server *server, struct job *job);

/* The holder said something new about a job. */
void server_job_changed(struct server *server, struct job *job);

/*
 * The connection to a job's holder has closed, or the job could not be started. May remove the
 * job. Whether there is a new connection
 * already.
 */
bool server_job_unlinked(struct server *server, struct job *job);

/* A live job's holder is dead: the job has ended, or is lost. */
void server_job_gone(struct server *server, struct job *job);

/* The server ends, why (a constant) says so; jobs live on. Safe to call twice. */
void server_end(struct server *server, const char *why);

/* Whether there is neither a live job nor a client. */
bool server_is_idle(const struct server *server);

/* A client has connected, or there may be a live job more or less: is the server idle now? */
void server_check_idle(struct server *server);

/* A connection has closed. */
void server_client_gone(struct server *server, struct client *client);

/*
 * Starts a job. What is in fds is taken over, also on failure. note: what the job will wait for, or
 * "". 0, or the enum error_code with text (of size bytes).
 */
enum error_code server_start_job(struct server *server, struct msg_run *run, struct client *client,
                                 uint32_t request_id, struct run_fds *fds, const char *note,
                                 char *text, size_t size);

/*
 * Starts a job again that has ended; the answer goes to the client. run has the caller's
 * surroundings, the rest is filled in. 0, or the enum error_code with text (of size bytes): the job
 * is what it was.
 */
enum error_code server_retry_job(struct server *server, struct job *job, struct msg_run *run,
                                 struct client *client, uint32_t request_id, char *text,
                                 size_t size);

/*
 * Ends the server: at once, jobs living on, or with kill_jobs when every job has ended (all are
 * told at the same time; grace_ms from TERM to KILL, default_grace: each job's own). The client is
 * answered just before.
 */
void server_shut_down(struct server *server, struct client *client, uint32_t request_id,
                      const struct msg_shutdown *request);

/*
 * Reads the configuration file again. 0, or -errno with text (of size bytes): the old one goes on
 * to hold. What a job was started with it keeps.
 */
int server_reload(struct server *server, char *text, size_t size);

/* Answers all waiters for whom enough jobs have ended. */
void server_check_waiters(struct server *server);

#endif
