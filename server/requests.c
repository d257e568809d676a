#include "server/requests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/joblog.h"
#include "common/log.h"
#include "common/run_fds.h"
#include "common/sealed.h"
#include "common/tty.h"
#include "common/uid.h"
#include "server/gather.h"
#include "server/listing.h"
#include "server/postponed.h"
#include "server/server.h"

#define TEXT_SIZE 1024

/* A request being handled. */
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
static void give_terminal_back(const struct request *request)
{
    const struct msg_terminal *terminal = NULL;
    if (request->type == MSG_RUN || request->type == MSG_RUN_PLANNED)
        terminal = ((const struct msg_run *)request->body)->terminal;
    else if (request->type == MSG_ATTACH)
        terminal = ((const struct msg_attach *)request->body)->terminal;
    if (request->fds->count == 0 || !terminal || !terminal->original || !terminal->raw)
        return;
    struct termios original, raw;
    tty_from_message(terminal->original, &original);
    tty_from_message(terminal->raw, &raw);
    tty_change(request->fds->fds[0], &raw, &original);
}

static void refuse(const struct request *request, enum error_code code, const char *text)
{
    give_terminal_back(request);
    client_send_error(request->client, request->id, code, text);
}

static void done(const struct request *request, const char *note)
{
    struct msg_done body = {.note = (char *)note};
    client_send(request->client, MSG_DONE, request->id, &body);
}

/* The job that a spec names, or NULL when the client has been told that there is none. */
static struct job *resolve(const struct request *request, const char *spec, bool live_only)
{
    char text[TEXT_SIZE];
    struct job *job = NULL;
    enum error_code code =
        registry_resolve(&request->server->registry, spec, live_only, &job, text, sizeof(text));
    if (code)
        refuse(request, code, text);
    return code ? NULL : job;
}

static void refuse_ended(const struct request *request, const struct job *job)
{
    char how[JOB_END_TEXT_MAX], text[256];
    job_end_text(job->info.end, how);
    snprintf(text, sizeof(text), "job %u %s; its output: js logs %u", job->info.id, how,
             job->info.id);
    refuse(request, ERROR_ENDED, text);
}

/* Passing a client on */

/* Takes the client's connection to give it to a holder; -1 when the client was told why not. */
static int take_connection(const struct request *request)
{
    int fd = channel_take_fd(&request->client->channel);
    if (fd < 0)
        refuse(request, ERROR_MALFORMED, "nothing may follow this request before its answer");
    return fd;
}

static void postpone(const struct request *request)
{
    uint32_t id = request->id;
    if (postponed_add(request->client, request->frame, request->fds) < 0)
        client_send_error(request->client, id, ERROR_INTERNAL, "out of memory");
}

static bool name_is_free(const struct request *request, const char *name)
{
    char text[TEXT_SIZE];
    if (!spec_name_is_valid(name, text, sizeof(text))) {
        refuse(request, ERROR_NAME_INVALID, text);
        return false;
    }
    const struct registry *registry = &request->server->registry;
    for (size_t i = 0; i < registry->count; i++) {
        const struct job_info *info = &registry->jobs[i]->info;
        if (job_state_is_final(info->state) || !info->name || strcmp(info->name, name) != 0)
            continue;
        snprintf(text, sizeof(text), "job %u is named '%s' already", info->id, name);
        refuse(request, ERROR_NAME_TAKEN, text);
        return false;
    }
    return true;
}

/* Its size is what the job's record will say, and nobody can change it any more. */
static bool script_is_valid(const struct request *request, const struct msg_run *run)
{
    uint64_t size = 0;
    size_t at = run->detached ? 0 : 1 + run_fds_has_errors(run->plan, run->terminal);
    int r = request->fds->count > at ? sealed_check(request->fds->fds[at], SEALED_SCRIPT_MAX, &size)
                                     : -EBADF;
    if (r == 0 && size == run->plan->script && run->script_at > 0 && run->script_at < run->argv.len)
        return true;
    refuse(request, ERROR_MALFORMED, "run: its script did not come, or is not sealed, or too long");
    return false;
}

static bool run_is_valid(const struct request *request, const struct msg_run *run)
{
    if (run->argv.len == 0 || run->argv.items[0][0] == '\0')
        refuse(request, ERROR_MALFORMED, "there is no command to run");
    else if (!run->detached && (request->fds->count == 0 || !run->terminal))
        refuse(request, ERROR_MALFORMED, "run: an attached job needs an output and a terminal");
    else if (run->uid && !uid_is_valid(run->uid))
        refuse(request, ERROR_MALFORMED, "run: that is no unique id");
    else if (!run->detached && run_fds_has_errors(run->plan, run->terminal) &&
             request->fds->count < 2)
        refuse(request, ERROR_MALFORMED, "run: the descriptor of standard error did not come");
    else if (run_fds_has_script(run) && !script_is_valid(request, run))
        return false;
    else
        return !run->name || name_is_free(request, run->name);
    return false;
}

/* Whether the job's holder can be asked now; if not, the request waits or is refused here. */
static bool is_reachable(const struct request *request, const struct job *job)
{
    char text[PATHS_MAX + 256];
    if (job->linked && !job->incompatible)
        return true;
    if (job->called) {
        postpone(request);
        return false;
    }
    if (job->incompatible)
        snprintf(text, sizeof(text), "job %u: %s", job->info.id, job->info.warning);
    else
        snprintf(text, sizeof(text),
                 "the holder of job %u (pid %u) cannot be reached: its socket %s/jobs/%u/sock is "
                 "gone; kill -USR1 %u puts it back",
                 job->info.id, job->info.holder_pid, request->server->runtime.paths.runtime_dir,
                 job->info.id, job->info.holder_pid);
    refuse(request, job->incompatible ? ERROR_VERSION : ERROR_LOST, text);
    return false;
}

/* Gives the client to the job's holder; adopt says how, but not yet who. */
static void pass_client(const struct request *request, struct job *job, struct msg_adopt *adopt)
{
    if (!is_reachable(request, job))
        return;
    int conn_fd = take_connection(request);
    if (conn_fd < 0)
        return;
    adopt->client_request = request->id;
    adopt->client_pid = (uint32_t)request->client->pid;
    int fds[] = {fd_take(&request->fds->fds[0]), conn_fd, -1};
    size_t count = 2;
    if (run_fds_has_errors(job->info.plan, adopt->terminal) && request->fds->count > 1)
        fds[count++] = fd_take(&request->fds->fds[1]);
    int r = job_send(job, MSG_ADOPT, adopt, fds, count, NULL, request->id);
    if (r < 0)
        log_about_job(job->info.id, log_error("cannot pass a client on: %s", strerror(-r)));
}

/*
 * A client that asked a server which then went away cannot know whether its job was started. It
 * asks again, naming the uid, and is answered with that job; no second one is started. While a job
 * is there of which only the number is known, it may be that one: then this waits. False: there is
 * none, and it is to be started now.
 */
static bool is_answered_again(const struct request *request, const struct msg_run *run)
{
    const struct registry *registry = &request->server->registry;
    struct job *job = registry_find_uid(registry, run->uid);
    if (!job && !registry_has_unnamed(registry))
        return false;
    if (!job || job->info.state == JOB_STARTING) {
        postpone(request);
    } else if (run->detached || request->fds->count == 0 || !run->terminal ||
               job_state_is_final(job->info.state)) {
        client_send(request->client, MSG_JOB, request->id, &job->info);
    } else {
        struct msg_adopt adopt = {.mode = ATTACH_OWN,
                                  .terminal = run->terminal,
                                  .note = broker_note(&request->server->broker, job)};
        pass_client(request, job, &adopt);
    }
    return true;
}

/*
 * Whether it is to be started: what it will wait for is in text then. If not, the client has been
 * told, perhaps of the job that is.
 */
static bool is_admitted(const struct request *request, struct msg_run *run, char *text, size_t size)
{
    struct job *instead;
    enum error_code code = broker_admit(&request->server->broker, run, &instead, text, size);
    if (code) {
        refuse(request, code, text);
    } else if (instead) {
        give_terminal_back(request);
        client_send(request->client, MSG_JOB, request->id, &instead->info);
    }
    return !code && !instead;
}

static void handle_run(const struct request *request)
{
    struct msg_run *run = request->body;
    char text[TEXT_SIZE], note[TEXT_SIZE];
    if (run->again && run->uid && is_answered_again(request, run))
        return;
    if (!run_is_valid(request, run))
        return;
    if (request->server->ending_jobs) {
        refuse(request, ERROR_BUSY, "the server is about to end, and all jobs with it");
        return;
    }
    if (!is_admitted(request, run, note, sizeof(note)))
        return;
    int conn_fd = -1;
    if (!run->detached) {
        conn_fd = take_connection(request);
        if (conn_fd < 0)
            return;
    }
    struct run_fds fds;
    run_fds_take(&fds, run, false, request->fds); /* they are there: run_is_valid */
    fds.connection_fd = conn_fd;
    /* A copy that the client can still be told on, should the start fail here. */
    int tell_fd = conn_fd >= 0 ? fd_dup(conn_fd) : -1;
    enum error_code code = server_start_job(request->server, run, request->client, request->id,
                                            &fds, note, text, sizeof(text));
    if (code && tell_fd >= 0) {
        struct bytes frame = {0};
        struct msg_error body = {.code = code, .text = text};
        if (wire_encode(&frame, protocol_message(MSG_ERROR), request->id, &body) == 0)
            channel_io_send(tell_fd, frame.data, frame.len, NULL, 0);
        bytes_finish(&frame);
    } else if (code) {
        refuse(request, code, text);
    }
    fd_close(tell_fd);
}

/* Its client has to know: its terminal is not for raw mode then. */
static void refuse_no_terminal(const struct request *request, const struct job *job)
{
    char text[160];
    snprintf(text, sizeof(text),
             "job %u has no terminal: this js cannot attach to it; its output: js logs %u",
             job->info.id, job->info.id);
    refuse(request, ERROR_NO_TERMINAL, text);
}

static void handle_attach(const struct request *request)
{
    struct msg_attach *attach = request->body;
    struct job *job = resolve(request, attach->job, true);
    if (!job)
        return;
    if (job_state_is_final(job->info.state)) {
        refuse_ended(request, job);
        return;
    }
    if (job->info.plan && job->info.plan->no_pty && !attach->no_pty) {
        refuse_no_terminal(request, job);
        return;
    }
    struct msg_adopt adopt = {.mode = attach->mode,
                              .resume = attach->resume,
                              .history = attach->history,
                              .live = attach->live, /* borrowed, as the terminal */
                              .restore = attach->restore,
                              .replay_limit = attach->replay_limit,
                              .terminal = attach->terminal,
                              .note = broker_note(&request->server->broker, job)};
    pass_client(request, job, &adopt);
}

/* Questions */

static void handle_list(const struct request *request)
{
    const struct msg_list *list = request->body;
    const struct registry *registry = &request->server->registry;
    size_t room = registry->count + list->jobs.len + 1, count = 0;
    struct job **jobs = calloc(room, sizeof(struct job *));
    if (!jobs) {
        refuse(request, ERROR_INTERNAL, "out of memory");
        return;
    }
    bool every = list->jobs.len == 0 && !list->none_is_current;
    for (size_t i = 0; every && i < registry->count; i++)
        if (list->all || !job_state_is_final(registry->jobs[i]->info.state))
            jobs[count++] = registry->jobs[i];
    broker_explain(&request->server->broker);
    bool found = true;
    if (list->jobs.len == 0 && list->none_is_current)
        found = (jobs[count++] = resolve(request, NULL, false));
    for (size_t i = 0; found && i < list->jobs.len; i++)
        found = (jobs[count++] = resolve(request, list->jobs.items[i], false));
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
        refuse(request, ERROR_INTERNAL, "out of memory");
        return;
    }
    waiter->request_id = request->id;
    waiter->any = wait->any;
    for (size_t i = 0; i < count; i++) {
        struct job *job = resolve(request, wait->jobs.len ? wait->jobs.items[i] : NULL, false);
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
        refuse(request, ERROR_CONFIG, text);
    else
        done(request, NULL);
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
    struct job *job = resolve(request, body->job, false);
    if (!job)
        return;
    char text[TEXT_SIZE];
    if (!job_state_is_final(job->info.state)) {
        snprintf(text, sizeof(text), "job %u is %s: end it first (js kill %u)", job->info.id,
                 job_state_name(job->info.state), job->info.id);
        refuse(request, ERROR_LIVE, text);
        return;
    }
    const struct job *waiter = registry_waiter(&request->server->registry, job);
    if (waiter) {
        snprintf(text, sizeof(text),
                 "job %u waits for it (--after): remove it when that has started, or is ended (js "
                 "kill %u)",
                 waiter->info.id, waiter->info.id);
        refuse(request, ERROR_LIVE, text);
        return;
    }
    int r = registry_forget(&request->server->registry, job);
    if (r < 0) {
        snprintf(text, sizeof(text), "cannot remove the job's directory: %s", strerror(-r));
        refuse(request, ERROR_OS, text);
        return;
    }
    done(request, NULL);
}

/* Each of these bodies begins with the spec; the holder gets the number instead. */
static void pass_on(const struct request *request, struct job *job)
{
    char number[16];
    if (!is_reachable(request, job))
        return;
    snprintf(number, sizeof(number), "%u", job->info.id);
    if (wire_set_str((char **)request->body, number) < 0) {
        refuse(request, ERROR_INTERNAL, "out of memory");
        return;
    }
    int r = job_send(job, request->type, request->body, NULL, 0, request->client, request->id);
    if (r < 0)
        refuse(request, ERROR_LOST, "the job's holder cannot be reached");
}

static void handle_on_live_job(const struct request *request)
{
    struct job *job = resolve(request, *(char **)request->body, true);
    if (!job)
        return;
    if (job_state_is_final(job->info.state))
        refuse_ended(request, job);
    else
        pass_on(request, job);
}

/* Killing what is dead is a success: the user has what they want. */
static void handle_kill(const struct request *request)
{
    struct job *job = resolve(request, *(char **)request->body, true);
    if (!job)
        return;
    if (job_state_is_final(job->info.state)) {
        char how[JOB_END_TEXT_MAX], text[256];
        job_end_text(job->info.end, how);
        snprintf(text, sizeof(text), "job %u already %s", job->info.id, how);
        done(request, text);
        return;
    }
    pass_on(request, job);
}

/* Whether an ended job can be started again at all. */
static bool can_retry(const struct request *request, const struct job *job)
{
    const struct job_info *info = &job->info;
    char text[TEXT_SIZE];
    if (request->server->ending_jobs) {
        refuse(request, ERROR_BUSY, "the server is about to end, and all jobs with it");
        return false;
    }
    if (info->plan && info->plan->script > 0) {
        snprintf(text, sizeof(text),
                 "job %u cannot be started again: its script was never stored; js run --script",
                 info->id);
        refuse(request, ERROR_ENDED, text);
        return false;
    }
    if (info->argv.len == 0 || !info->cwd || !info->cwd[0]) {
        snprintf(text, sizeof(text),
                 "job %u cannot be started again: its record does not say what it ran", info->id);
        refuse(request, ERROR_ENDED, text);
        return false;
    }
    return !info->name || name_is_free(request, info->name);
}

static void handle_retry(const struct request *request)
{
    struct msg_retry *retry = request->body;
    struct job *job = resolve(request, retry->job, false);
    char text[TEXT_SIZE];
    if (!job)
        return;
    if (!job_state_is_final(job->info.state)) {
        pass_on(request, job);
        return;
    }
    if (!retry->run) {
        refuse(request, ERROR_MALFORMED, "retry: there is nothing to start the job with");
        return;
    }
    if (!can_retry(request, job))
        return;
    if (job->linked) { /* its holder is about to go */
        postpone(request);
        return;
    }
    enum error_code code = server_retry_job(request->server, job, retry->run, request->client,
                                            request->id, text, sizeof(text));
    if (code)
        refuse(request, code, text);
}

static void handle_follow(const struct request *request)
{
    struct job *job = resolve(request, *(char **)request->body, false);
    if (!job)
        return;
    if (job_state_is_final(job->info.state))
        answer_log_of_ended(request, job);
    else
        pass_on(request, job);
}

/* What an ended job has shown, its log tells as well as anybody. */
static void handle_get_screen(const struct request *request)
{
    struct job *job = resolve(request, *(char **)request->body, false);
    struct msg_screen ended = {.ended = true};
    if (!job)
        return;
    if (job_state_is_final(job->info.state))
        client_send(request->client, MSG_SCREEN, request->id, &ended);
    else
        pass_on(request, job);
}

static void handle_rename(const struct request *request)
{
    const struct msg_rename *rename = request->body;
    struct job *job = resolve(request, rename->job, false);
    if (!job)
        return;
    bool same = rename->name && job->info.name && strcmp(job->info.name, rename->name) == 0;
    if (rename->name && !same && !name_is_free(request, rename->name))
        return;
    if (!job_state_is_final(job->info.state)) {
        pass_on(request, job);
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
        refuse(request, ERROR_OS, "cannot save the job's record");
    else
        done(request, NULL);
}

typedef void (*handler_fn)(const struct request *request);

static const struct {
    enum message_type type;
    handler_fn handle;
} handlers[] = {
    {MSG_RUN, handle_run},
    {MSG_RUN_PLANNED, handle_run},
    {MSG_ATTACH, handle_attach},
    {MSG_LIST, handle_list},
    {MSG_WAIT, handle_wait},
    {MSG_REMOVE, handle_remove},
    {MSG_GET_STATUS, handle_status},
    {MSG_GET_EVENTS, handle_get_events},
    {MSG_SHUTDOWN, handle_shutdown},
    {MSG_RELOAD, handle_reload},
    {MSG_RETRY, handle_retry},
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
    refuse(&request, ERROR_UNSUPPORTED, text);
}
