/*
 * The server's part in when jobs start: judges those that wait (server/queue.h) whenever something
 * has changed, and tells holders to begin, or to end what is not to come any more.
 *
 * It keeps nothing that cannot be found out again: what waits and what runs the holders say, the
 * settings of queues are in a file. There is no clock in it: something that has changed is a
 * `changed` (a job whose time has come says so), a request, or a setting.
 */
#ifndef JS_SERVER_BROKER_H
#define JS_SERVER_BROKER_H

#include <uv.h>

#include "server/job.h"
#include "server/queue.h"
#include "server/queue_settings.h"

struct broker {
    struct server *server;
    struct queue_settings settings;
    uv_prepare_t prepare; /* runs when the events that are there have been handled */
    uint64_t stamp_ns;    /* the last one given out by broker_stamp */
    bool open, closing;
};

/* Reads the settings of queues; problems are logged. */
void broker_load(struct broker *broker, struct server *server);

/* Begins to judge, now that jobs are known. 0 or -errno. */
int broker_open(struct broker *broker);

/* Asynchronous; safe to call twice. */
void broker_close(struct broker *broker);

/* Something has changed: all that wait are judged before the server sleeps. */
void broker_wake(struct broker *broker);

/* The time at which a new job begins to wait: later than that of any other here. */
uint64_t broker_stamp(struct broker *broker);

/*
 * Whether a job may be submitted. The specs of run->plan->after are replaced by unique ids. 0 with
 * text (of size bytes): what it will wait for, "" = nothing; with *ret_instead there is a live job
 * with the same key (once) already, and none is to be started. Or the enum error_code with text.
 */
enum error_code broker_admit(struct broker *broker, struct msg_run *run, struct job **ret_instead,
                             char *text, size_t size);

/* The live job that has the key (once) of this plan; NULL = none, or the plan (may be NULL) has no
 * key. */
struct job *broker_find_once(const struct broker *broker, const struct job_plan *plan);

/* What a job that is to be attached waits for; NULL = nothing, or nothing that has words. */
char *broker_note(struct broker *broker, struct job *job);

/* Sets info.waits_for of every job that waits, for the answer to a question. */
void broker_explain(struct broker *broker);

/* Answers `list-queues`, and `set-queue` (whose name is checked). */
void broker_send_queues(struct broker *broker, struct client *client, uint32_t request_id);
void broker_set_queue(struct broker *broker, struct client *client, uint32_t request_id,
                      const struct msg_set_queue *request);

#endif
