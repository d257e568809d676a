#include "server/job.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "server/gather.h"
#include "server/postponed.h"
#include "server/registry.h"
#include "server/server.h"

struct job *job_create(struct server *server, uint32_t id, const char *uid)
{
    struct job *job = calloc(1, sizeof(*job));
    if (!job)
        return NULL;
    job->server = server;
    job->info.id = id;
    job->info.state = JOB_STARTING;
    if (wire_set_str(&job->info.uid, uid) < 0) {
        free(job);
        return NULL;
    }
    return job;
}

void job_destroy(struct job *job)
{
    assert(!job->kept);
    if (job->linked) {
        channel_close(&job->link); /* on_closed comes back here */
        return;
    }
    wire_clear(&job_info_fields, &job->info);
    free(job);
}

static struct job_pending *take_pending(struct job *job, uint32_t id)
{
    for (struct job_pending **at = &job->pending; *at; at = &(*at)->next) {
        struct job_pending *found = *at;
        if (found->id != id)
            continue;
        *at = found->next;
        return found;
    }
    return NULL;
}

static void pending_destroy(struct job *job, struct job_pending *pending)
{
    if (pending->gather)
        gather_answered(pending->gather, job, NULL);
    if (pending->client)
        client_unref(pending->client);
    fd_close(pending->conn_fd);
    free(pending);
}

/* An error for a client whose connection was passed on, but not taken. */
static void tell_passed(const struct job_pending *pending, enum error_code code, const char *text)
{
    struct bytes frame = {0};
    struct msg_error body = {.code = code, .text = (char *)text};
    if (wire_encode(&frame, protocol_message(MSG_ERROR), pending->client_request, &body) == 0)
        channel_io_send(pending->conn_fd, frame.data, frame.len, NULL, 0);
    bytes_finish(&frame);
}

/* The job's end came in between: for some requests that is an answer. */
static void answer_ended(const struct job *job, const struct job_pending *pending, const char *text)
{
    struct msg_log log = {.first = job->info.log_first, .next = job->info.log_next, .ended = true};
    struct msg_done done = {.note = (char *)text};
    if (pending->type == MSG_FOLLOW)
        client_send(pending->client, MSG_LOG, pending->client_request, &log);
    else if (pending->type == MSG_GET_SCREEN)
        client_send(pending->client, MSG_SCREEN, pending->client_request,
                    &(struct msg_screen){.ended = true});
    else if (pending->type == MSG_KILL || pending->type == MSG_SIGNAL)
        client_send(pending->client, MSG_DONE, pending->client_request, &done);
    else
        client_send_error(pending->client, pending->client_request, ERROR_ENDED, text);
}

static void lost_text(const struct job *job, char *text, size_t size)
{
    const struct job_end *end = job->info.end;
    if (job->incompatible)
        snprintf(text, size, "job %u: %s", job->info.id, job->info.warning);
    else if (end && end->reason == END_LOST)
        snprintf(text, size, "job %u is lost: its holder died", job->info.id);
    else if (job_state_is_final(job->info.state))
        snprintf(text, size, "job %u has ended", job->info.id);
    else if (job->fork_error)
        snprintf(text, size, "job %u cannot be started: no process for it: %s", job->info.id,
                 strerror(job->fork_error));
    else
        snprintf(text, size, "the holder of job %u is gone", job->info.id);
}

/*
 * Whether nothing can have been started: the process that was to be the holder died before it had
 * looked at the request, or never was, the template having died.
 */
static bool was_never_held(const struct job *job, const struct job_pending *pending)
{
    return pending->type == MSG_START && !job->greeted && !job->fork_error &&
           !job->server->stopping;
}

/* The client asks again, as it would of the next server (see js-protocol(7), Asking again). */
static void hang_up(struct job_pending *pending)
{
    if (pending->client && !pending->client->closed)
        channel_end(&pending->client->channel);
}

/*
 * Nobody waits in vain: what has been asked of a holder that is gone is answered here. When it is
 * the server that goes, the holder has the client and answers, or the client asks the next server.
 */
static void fail_pending(struct job *job)
{
    bool ended = job_state_is_final(job->info.state);
    enum error_code code = ended ? ERROR_ENDED : job->incompatible ? ERROR_VERSION : ERROR_LOST;
    char text[512];
    lost_text(job, text, sizeof(text));
    struct job_pending *pending;
    while ((pending = job->pending)) {
        job->pending = pending->next;
        if (was_never_held(job, pending))
            hang_up(pending);
        else if (pending->client && ended)
            answer_ended(job, pending, text);
        else if (pending->client)
            client_send_error(pending->client, pending->client_request, code, text);
        else if (pending->conn_fd >= 0 && !job->server->stopping)
            tell_passed(pending, code, text);
        pending_destroy(job, pending);
    }
}

/* `start` was answered: by the job, or by why it could not be started. */
static void note_start(struct job *job, const struct wire_frame *frame)
{
    if (frame->type == MSG_JOB) {
        job->started = true;
        repair_job_started(&job->server->repair);
    } else if (frame->type == MSG_ERROR && !job->started) {
        const struct msg_error *error = frame->body;
        job->info.state = JOB_FAILED;
        herald_job_failed(job->server, job, error->text, counters_fault_of(error->stage));
    }
}

static void handle_reply(struct job *job, struct wire_frame *frame)
{
    struct job_pending *pending = take_pending(job, frame->request_id);
    if (!pending)
        return;
    if (pending->type == MSG_START)
        note_start(job, frame);
    bool failed = pending->type == MSG_START && job->info.state == JOB_FAILED;
    if (pending->type == MSG_REPAIR)
        repair_answered(&job->server->repair, job, frame->type == MSG_DONE);
    if (frame->type == MSG_ERROR && pending->type == MSG_KILL && !pending->client)
        job->dismissed = false; /* not yet; the broker looks again when it has changed */
    if (frame->type == MSG_USAGE && pending->gather) {
        gather_answered(pending->gather, job, frame->body);
        pending->gather = NULL;
    }
    if (frame->type == MSG_ERROR && !pending->client && pending->type != MSG_GET_USAGE)
        log_info("%s", ((struct msg_error *)frame->body)->text);
    if (pending->client)
        client_send(pending->client, (enum message_type)frame->type, pending->client_request,
                    frame->body);
    /* A start that failed has been told by the holder itself. */
    if (frame->type == MSG_ERROR && pending->type == MSG_ADOPT && pending->conn_fd >= 0)
        tell_passed(pending, ((struct msg_error *)frame->body)->code,
                    ((struct msg_error *)frame->body)->text);
    pending_destroy(job, pending);
    /* Whoever has been told that it failed must not find it. */
    if (failed && job->kept)
        server_job_unlinked(job->server, job);
}

/* Of a job that another server has just begun to start: until now only its number was known. */
static void note_uid(struct job *job, const char *uid)
{
    if (job->info.uid[0] == '\0' && uid[0] != '\0' && wire_set_str(&job->info.uid, uid) == 0)
        server_job_changed(job->server, job);
}

static void handle_changed(struct job *job, struct job_info *info)
{
    /* A holder that has not been told what to run yet knows less than we do. */
    if (info->id != job->info.id)
        return;
    if (info->state == JOB_STARTING && !job->started) {
        note_uid(job, info->uid);
        return;
    }
    job->started = job->heard = true;
    struct job_info before = job->info;
    job->info = *info;
    *info = (struct job_info){0}; /* its members have moved */
    herald_job_changed(job->server, job, &before);
    wire_clear(&job_info_fields, &before);
    server_tell_to_end(job->server, job);
    struct repair *repair = &job->server->repair;
    server_job_changed(job->server, job);
    repair_glance(repair);
}

/* Its job goes on, and what its record says is shown; a release that it understands can do more. */
static void handle_hello(struct job *job, const struct msg_hello *hello)
{
    char text[256];
    if (protocol_compatible(hello, "holder", text, sizeof(text)))
        return;
    log_about_job(job->info.id, log_error("%s", text));
    wire_set_str(&job->info.warning, text);
    job->incompatible = true;
    channel_close(&job->link);
}

/* No change of state: nobody waits for it. */
static void handle_title(struct job *job, struct msg_title *body)
{
    struct job_info before = job->info;
    job->info.title = body->title;
    body->title = before.title;
    herald_job_changed(job->server, job, &before);
}

static void on_frame(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    (void)fds;
    struct job *job = channel->data;
    if (frame->type == MSG_HELLO) {
        job->greeted = true;
        handle_hello(job, frame->body);
    } else if (frame->type == MSG_CHANGED) {
        handle_changed(job, frame->body);
    } else if (frame->type == MSG_TITLE) {
        handle_title(job, frame->body);
    } else if (frame->type == MSG_NOTICE) {
        herald_notice(job->server, job, frame->body);
    } else if (frame->request_id != 0) {
        handle_reply(job, frame);
    }
}

static void on_problem(struct channel *channel, uint32_t code, const struct wire_problem *why)
{
    (void)code;
    (void)channel;
    log_warn("bad message from its holder: %s", why->text);
}

static void on_end(struct channel *channel, int status)
{
    (void)status;
    channel_close(channel);
}

static void on_closed(struct channel *channel)
{
    struct job *job = channel->data;
    if (!job->greeted)
        spawner_check(&job->server->spawner); /* it may have said why there is no holder */
    /* This may take it out of the registry; still linked, it is not freed before we are done. */
    bool again = job->kept && server_job_unlinked(job->server, job);
    job->linked = again;
    fail_pending(job);
    if (job->kept && !again)
        postponed_retry(job->server); /* a `retry` of it may have waited for this */
    if (!job->kept)
        job_destroy(job);
}

static const struct channel_ops ops = {
    .on_frame = on_frame,
    .on_problem = on_problem,
    .on_end = on_end,
    .on_closed = on_closed,
};

int job_connect(struct job *job, const char *path)
{
    int fd = channel_connect(path, false);
    if (fd < 0)
        return fd;
    int r = channel_open(&job->link, &job->server->loop, fd, &ops, job);
    if (r < 0)
        return r;
    job->link.log_job = job->info.id;
    job->linked = true;
    job->repairing = job->heard = job->dismissed = false;
    job->begun = 0;
    return channel_send_hello(&job->link, NULL);
}

int job_send(struct job *job, enum message_type type, const void *body, const int *fds,
             size_t fd_count, struct client *client, uint32_t client_request)
{
    struct job_pending *pending = job->linked ? malloc(sizeof(*pending)) : NULL;
    if (!pending) {
        for (size_t i = 0; i < fd_count; i++)
            fd_close(fds[i]);
        return job->linked ? -ENOMEM : -ENOTCONN;
    }
    if (++job->last_request == 0)
        job->last_request = 1;
    *pending = (struct job_pending){.next = job->pending,
                                    .id = job->last_request,
                                    .type = type,
                                    .client = client ? client_ref(client) : NULL,
                                    .client_request = client_request,
                                    .conn_fd = fd_count >= 2 ? fd_dup(fds[1]) : -1};
    int r = channel_send(&job->link, type, job->last_request, body, fds, fd_count);
    /* -EPIPE: what it said last is still to be read, then its end comes, and with it the answer. */
    if (r < 0 && r != -EPIPE) {
        pending_destroy(job, pending);
        return r;
    }
    job->pending = pending;
    return 0;
}

int job_ask_usage(struct job *job, struct gather *gather)
{
    int r = job_send(job, MSG_GET_USAGE, &(struct msg_empty){0}, NULL, 0, NULL, 0);
    if (r == 0)
        job->pending->gather = gather;
    return r;
}
