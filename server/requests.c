#include "server/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "server/gather.h"
#include "server/listing.h"
#include "server/request.h"
#include "server/server.h"

/* Questions */

static void handle_list(const struct request *request)
{
    const struct msg_list *list = request->body;
    const struct registry *registry = &request->server->registry;
    size_t room = registry->count + list->jobs.len + 1, count = 0;
    struct job **jobs = calloc(room, sizeof(struct job *));
    if (!jobs) {
        request_refuse(request, ERROR_INTERNAL, "out of memory");
        return;
    }
    bool every = list->jobs.len == 0 && !list->none_is_current;
    for (size_t i = 0; every && i < registry->count; i++)
        if (list->all || !job_state_is_final(registry->jobs[i]->info.state))
            jobs[count++] = registry->jobs[i];
    broker_explain(&request->server->broker);
    bool found = true;
    if (list->jobs.len == 0 && list->none_is_current)
        found = (jobs[count++] = request_resolve(request, NULL, false));
    for (size_t i = 0; found && i < list->jobs.len; i++)
        found = (jobs[count++] = request_resolve(request, list->jobs.items[i], false));
    if (found && list->usage)
        gather_start(request->client, request->id, jobs, count);
    else if (found)
        listing_send(request->client, request->id, jobs, count, false);
    free(jobs);
}

static void handle_wait(const struct request *request)
{
    const struct msg_wait *wait = request->body;
    size_t count = wait->jobs.len ? wait->jobs.len : 1;
    struct server_waiter *waiter = calloc(1, sizeof(*waiter) + count * sizeof(waiter->ids[0]));
    if (!waiter) {
        request_refuse(request, ERROR_INTERNAL, "out of memory");
        return;
    }
    waiter->request_id = request->id;
    waiter->any = wait->any;
    for (size_t i = 0; i < count; i++) {
        struct job *job =
            request_resolve(request, wait->jobs.len ? wait->jobs.items[i] : NULL, false);
        if (!job) {
            free(waiter);
            return;
        }
        waiter->ids[waiter->count++] = job->info.id;
    }
    waiter->client = client_ref(request->client);
    waiter->next = request->server->waiters;
    request->server->waiters = waiter;
    server_check_waiters(request->server);
}

static void handle_status(const struct request *request)
{
    status_send(request->server, request->client, request->id);
}

static void handle_get_events(const struct request *request)
{
    herald_get_events(request->client, request->id, request->body);
}

static void handle_reload(const struct request *request)
{
    char text[CONFIG_PATH_MAX + 512];
    if (server_reload(request->server, text, sizeof(text)) < 0)
        request_refuse(request, ERROR_CONFIG, text);
    else
        request_done(request, NULL);
}

static void handle_shutdown(const struct request *request)
{
    server_shut_down(request->server, request->client, request->id, request->body);
}

static void answer_log_of_ended(const struct request *request, const struct job *job)
{
    struct msg_log body = {.first = job->info.log_first, .next = job->info.log_next, .ended = true};
    client_send(request->client, MSG_LOG, request->id, &body);
}

static void handle_list_queues(const struct request *request)
{
    broker_send_queues(&request->server->broker, request->client, request->id);
}

/* Orders */

static void handle_set_queue(const struct request *request)
{
    broker_set_queue(&request->server->broker, request->client, request->id, request->body);
}

static void handle_remove(const struct request *request)
{
    const struct msg_on_job *body = request->body;
    struct job *job = request_resolve(request, body->job, false);
    if (!job)
        return;
    char text[REQUEST_TEXT_SIZE];
    if (!job_state_is_final(job->info.state)) {
        snprintf(text, sizeof(text), "job %u is %s: end it first (js kill %u)", job->info.id,
                 job_state_name(job->info.state), job->info.id);
        request_refuse(request, ERROR_LIVE, text);
        return;
    }
    const struct job *waiter = registry_waiter(&request->server->registry, job);
    if (waiter) {
        snprintf(text, sizeof(text),
                 "job %u waits for it (--after): remove it when that has started, or is ended (js "
                 "kill %u)",
                 waiter->info.id, waiter->info.id);
        request_refuse(request, ERROR_LIVE, text);
        return;
    }
    int r = registry_forget(&request->server->registry, job);
    if (r < 0) {
        snprintf(text, sizeof(text), "cannot remove the job's directory: %s", strerror(-r));
        request_refuse(request, ERROR_OS, text);
        return;
    }
    request_done(request, NULL);
}

/* Each of these bodies begins with the spec; the holder gets the number instead. */
void request_pass_on(const struct request *request, struct job *job)
{
    char number[16];
    if (!request_is_reachable(request, job))
        return;
    snprintf(number, sizeof(number), "%u", job->info.id);
    if (wire_set_str((char **)request->body, number) < 0) {
        request_refuse(request, ERROR_INTERNAL, "out of memory");
        return;
    }
    int r = job_send(job, request->type, request->body, NULL, 0, request->client, request->id);
    if (r < 0)
        request_refuse(request, ERROR_LOST, "the job's holder cannot be reached");
}

static void handle_on_live_job(const struct request *request)
{
    struct job *job = request_resolve(request, *(char **)request->body, true);
    if (!job)
        return;
    if (job_state_is_final(job->info.state))
        request_refuse_ended(request, job);
    else
        request_pass_on(request, job);
}

/* Killing what is dead is a success: the user has what they want. */
static void handle_kill(const struct request *request)
{
    struct job *job = request_resolve(request, *(char **)request->body, true);
    if (!job)
        return;
    if (job_state_is_final(job->info.state)) {
        char how[JOB_END_TEXT_MAX], text[256];
        job_end_text(job->info.end, how);
        snprintf(text, sizeof(text), "job %u already %s", job->info.id, how);
        request_done(request, text);
        return;
    }
    request_pass_on(request, job);
}

static void handle_follow(const struct request *request)
{
    struct job *job = request_resolve(request, *(char **)request->body, false);
    if (!job)
        return;
    if (job_state_is_final(job->info.state))
        answer_log_of_ended(request, job);
    else
        request_pass_on(request, job);
}

/* What an ended job has shown, its log tells as well as anybody. */
static void handle_get_screen(const struct request *request)
{
    struct job *job = request_resolve(request, *(char **)request->body, false);
    struct msg_screen ended = {.ended = true};
    if (!job)
        return;
    if (job_state_is_final(job->info.state))
        client_send(request->client, MSG_SCREEN, request->id, &ended);
    else
        request_pass_on(request, job);
}

static void handle_rename(const struct request *request)
{
    const struct msg_rename *rename = request->body;
    struct job *job = request_resolve(request, rename->job, false);
    if (!job)
        return;
    bool same = rename->name && job->info.name && strcmp(job->info.name, rename->name) == 0;
    if (rename->name && !same && !request_name_is_free(request, rename->name))
        return;
    if (!job_state_is_final(job->info.state)) {
        request_pass_on(request, job);
        return;
    }
    struct job_info before = job->info;
    job->info.name = NULL;
    int r = wire_set_str(&job->info.name, rename->name);
    if (r == 0) {
        herald_job_changed(request->server, job, &before);
        r = registry_save(&request->server->registry, job);
    }
    if (r < 0 && !job->info.name)
        job->info.name = before.name;
    else
        free(before.name);
    if (r < 0)
        request_refuse(request, ERROR_OS, "cannot save the job's record");
    else
        request_done(request, NULL);
}

typedef void (*handler_fn)(const struct request *request);

static const struct {
    enum message_type type;
    handler_fn handle;
} handlers[] = {
    {MSG_RUN, request_run},
    {MSG_RUN_PLANNED, request_run},
    {MSG_ATTACH, request_attach},
    {MSG_LIST, handle_list},
    {MSG_WAIT, handle_wait},
    {MSG_REMOVE, handle_remove},
    {MSG_GET_STATUS, handle_status},
    {MSG_GET_EVENTS, handle_get_events},
    {MSG_SHUTDOWN, handle_shutdown},
    {MSG_RELOAD, handle_reload},
    {MSG_RETRY, request_retry},
    {MSG_STOP, handle_on_live_job},
    {MSG_CONTINUE, handle_on_live_job},
    {MSG_SIGNAL, handle_kill},
    {MSG_KILL, handle_kill},
    {MSG_DETACH, handle_on_live_job},
    {MSG_RENAME, handle_rename},
    {MSG_SET_SIZE, handle_on_live_job},
    {MSG_SEND, handle_on_live_job},
    {MSG_FOLLOW, handle_follow},
    {MSG_GET_ENV, handle_on_live_job},
    {MSG_GET_SCREEN, handle_get_screen},
    {MSG_LIST_QUEUES, handle_list_queues},
    {MSG_SET_QUEUE, handle_set_queue},
};

void request_handle(struct client *client, struct wire_frame *frame, struct channel_fds *fds)
{
    struct request request = {.client = client,
                              .server = client->server,
                              .id = frame->request_id,
                              .type = (enum message_type)frame->type,
                              .body = frame->body,
                              .frame = frame,
                              .fds = fds};
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (handlers[i].type == request.type) {
            handlers[i].handle(&request);
            return;
        }
    }
    char text[128];
    snprintf(text, sizeof(text), "the server does not take '%s' messages", frame->message->name);
    request_refuse(&request, ERROR_UNSUPPORTED, text);
}
