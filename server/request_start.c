/* Requests that start a job, or give a client to its holder. */
#include "server/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/run_fds.h"
#include "common/sealed.h"
#include "common/uid.h"
#include "server/server.h"

/* Takes the client's connection to give it to a holder; -1 when the client was told why not. */
static int take_connection(const struct request *request)
{
    int fd = channel_take_fd(&request->client->channel);
    if (fd < 0)
        request_refuse(request, ERROR_MALFORMED,
                       "nothing may follow this request before its answer");
    return fd;
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
    request_refuse(request, ERROR_MALFORMED,
                   "run: its script did not come, or is not sealed, or too long");
    return false;
}

static bool run_is_valid(const struct request *request, const struct msg_run *run)
{
    if (run->argv.len == 0 || run->argv.items[0][0] == '\0')
        request_refuse(request, ERROR_MALFORMED, "there is no command to run");
    else if (!run->detached && (request->fds->count == 0 || !run->terminal))
        request_refuse(request, ERROR_MALFORMED,
                       "run: an attached job needs an output and a terminal");
    else if (run->uid && !uid_is_valid(run->uid))
        request_refuse(request, ERROR_MALFORMED, "run: that is no unique id");
    else if (!run->detached && run_fds_has_errors(run->plan, run->terminal) &&
             request->fds->count < 2)
        request_refuse(request, ERROR_MALFORMED,
                       "run: the descriptor of standard error did not come");
    else if (run_fds_has_script(run) && !script_is_valid(request, run))
        return false;
    else
        return !run->name || request_name_is_free(request, run->name);
    return false;
}

/* Gives the client to the job's holder; adopt says how, but not yet who. */
static void pass_client(const struct request *request, struct job *job, struct msg_adopt *adopt)
{
    if (!request_is_reachable(request, job))
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
        request_postpone(request);
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
        request_refuse(request, code, text);
    } else if (instead) {
        request_give_terminal_back(request);
        client_send(request->client, MSG_JOB, request->id, &instead->info);
    }
    return !code && !instead;
}

void request_run(const struct request *request)
{
    struct msg_run *run = request->body;
    char text[REQUEST_TEXT_SIZE], note[REQUEST_TEXT_SIZE];
    if (run->again && run->uid && is_answered_again(request, run))
        return;
    if (!run_is_valid(request, run))
        return;
    if (request->server->ending_jobs) {
        request_refuse(request, ERROR_BUSY, "the server is about to end, and all jobs with it");
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
        request_refuse(request, code, text);
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
    request_refuse(request, ERROR_NO_TERMINAL, text);
}

void request_attach(const struct request *request)
{
    struct msg_attach *attach = request->body;
    struct job *job = request_resolve(request, attach->job, true);
    if (!job)
        return;
    if (job_state_is_final(job->info.state)) {
        request_refuse_ended(request, job);
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

/* Whether an ended job can be started again at all. */
static bool can_retry(const struct request *request, const struct job *job)
{
    const struct job_info *info = &job->info;
    char text[REQUEST_TEXT_SIZE];
    if (request->server->ending_jobs) {
        request_refuse(request, ERROR_BUSY, "the server is about to end, and all jobs with it");
        return false;
    }
    if (info->plan && info->plan->script > 0) {
        snprintf(text, sizeof(text),
                 "job %u cannot be started again: its script was never stored; js run --script",
                 info->id);
        request_refuse(request, ERROR_ENDED, text);
        return false;
    }
    if (info->argv.len == 0 || !info->cwd || !info->cwd[0]) {
        snprintf(text, sizeof(text),
                 "job %u cannot be started again: its record does not say what it ran", info->id);
        request_refuse(request, ERROR_ENDED, text);
        return false;
    }
    const struct job *other = broker_find_once(&request->server->broker, info->plan);
    if (other) {
        snprintf(text, sizeof(text),
                 "job %u cannot be started again now: job %u has its key '%.200s' (--once)",
                 info->id, other->info.id, info->plan->once);
        request_refuse(request, ERROR_BUSY, text);
        return false;
    }
    return !info->name || request_name_is_free(request, info->name);
}

void request_retry(const struct request *request)
{
    struct msg_retry *retry = request->body;
    struct job *job = request_resolve(request, retry->job, false);
    char text[REQUEST_TEXT_SIZE];
    if (!job)
        return;
    if (!job_state_is_final(job->info.state)) {
        request_pass_on(request, job);
        return;
    }
    if (!retry->run) {
        request_refuse(request, ERROR_MALFORMED, "retry: there is nothing to start the job with");
        return;
    }
    if (!can_retry(request, job))
        return;
    if (job->linked) { /* its holder is about to go */
        request_postpone(request);
        return;
    }
    enum error_code code = server_retry_job(request->server, job, retry->run, request->client,
                                            request->id, text, sizeof(text));
    if (code)
        request_refuse(request, code, text);
}
