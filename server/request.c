#include "server/request.h"

#include <stdio.h>
#include <string.h>

#include "common/tty.h"
#include "server/postponed.h"

void request_give_terminal_back(const struct request *request)
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

void request_refuse(const struct request *request, enum error_code code, const char *text)
{
    request_give_terminal_back(request);
    client_send_error(request->client, request->id, code, text);
}

void request_done(const struct request *request, const char *note)
{
    struct msg_done body = {.note = (char *)note};
    client_send(request->client, MSG_DONE, request->id, &body);
}

struct job *request_resolve(const struct request *request, const char *spec, bool live_only)
{
    char text[REQUEST_TEXT_SIZE];
    struct job *job = NULL;
    enum error_code code =
        registry_resolve(&request->server->registry, spec, live_only, &job, text, sizeof(text));
    if (code)
        request_refuse(request, code, text);
    return code ? NULL : job;
}

void request_refuse_ended(const struct request *request, const struct job *job)
{
    char how[JOB_END_TEXT_MAX], text[256];
    job_end_text(job->info.end, how);
    snprintf(text, sizeof(text), "job %u %s; its output: js logs %u", job->info.id, how,
             job->info.id);
    request_refuse(request, ERROR_ENDED, text);
}

void request_postpone(const struct request *request)
{
    uint32_t id = request->id;
    if (postponed_add(request->client, request->frame, request->fds) < 0)
        client_send_error(request->client, id, ERROR_INTERNAL, "out of memory");
}

bool request_name_is_free(const struct request *request, const char *name)
{
    char text[REQUEST_TEXT_SIZE];
    if (!spec_name_is_valid(name, text, sizeof(text))) {
        request_refuse(request, ERROR_NAME_INVALID, text);
        return false;
    }
    const struct registry *registry = &request->server->registry;
    for (size_t i = 0; i < registry->count; i++) {
        const struct job_info *info = &registry->jobs[i]->info;
        if (job_state_is_final(info->state) || !info->name || strcmp(info->name, name) != 0)
            continue;
        snprintf(text, sizeof(text), "job %u is named '%s' already", info->id, name);
        request_refuse(request, ERROR_NAME_TAKEN, text);
        return false;
    }
    return true;
}

bool request_is_reachable(const struct request *request, const struct job *job)
{
    char text[PATHS_MAX + 256];
    if (job->linked && !job->incompatible)
        return true;
    if (job->called) {
        request_postpone(request);
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
    request_refuse(request, job->incompatible ? ERROR_VERSION : ERROR_LOST, text);
    return false;
}
