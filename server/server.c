#include "server/server.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/signame.h"
#include "common/uid.h"
#include "server/listing.h"
#include "server/postponed.h"
#include "version.h"

/* Jobs */

static int copy_plan(struct job *job, const struct job_plan *plan)
{
    job->info.plan = calloc(1, sizeof(*job->info.plan));
    return job->info.plan ? wire_copy(&job_plan_fields, job->info.plan, plan) : -ENOMEM;
}

static struct job *create_job(struct server *server, const struct registry_slot *slot,
                              const struct msg_run *run)
{
    char uid[UID_LENGTH + 1];
    if (!run->uid && uid_make(uid) < 0)
        return NULL;
    struct job *job = job_create(server, slot->id, run->uid ? run->uid : uid);
    if (!job)
        return NULL;
    job->info.created_ns = job->info.queued_ns = broker_stamp(&server->broker);
    int r = run->plan ? copy_plan(job, run->plan) : 0;
    if (r == 0)
        r = wire_set_strs(&job->info.argv, run->argv.items, run->argv.len);
    if (r == 0)
        r = wire_set_str(&job->info.cwd, run->cwd);
    if (r == 0)
        r = wire_set_str(&job->info.name, run->name);
    if (r == 0 && slot->misplaced[0])
        r = wire_set_str(&job->info.state_dir, slot->state_dir);
    if (r == 0)
        r = registry_add(&server->registry, job);
    if (r < 0) {
        job_destroy(job);
        return NULL;
    }
    return job;
}

/*
 * Asks for a holder, then tells it, through the backlog of its socket, what to run: so both work at
 * the same time. A holder that finds nobody there ends.
 */
static int send_start(struct server *server, struct job *job, const struct registry_slot *slot,
                      struct msg_run *run, bool again, struct client *client, uint32_t request_id,
                      const char *note, struct run_fds *fds)
{
    struct msg_start start = {
        .id = slot->id,
        .uid = job->info.uid,
        .state_dir = (char *)slot->state_dir,
        .misplaced = slot->misplaced[0] ? (char *)slot->misplaced : NULL,
        .runtime_dir = (char *)slot->runtime_dir,
        .run = run,
        .client_request = request_id,
        .client_pid = (uint32_t)client->pid,
        .log_limit = server->config.log_size,
        .grace_ms = server->config.grace_ms,
        .leftovers = (uint32_t)server->config.leftovers,
        .log_json = server->config.log_format == LOG_FORMAT_JSON,
        .before = again ? &job->info : NULL,
        .queued_ns = again ? 0 : job->info.queued_ns,
        .note = note[0] ? (char *)note : NULL,
    };
    bool detached = fds->connection_fd < 0;
    char path[sizeof(slot->runtime_dir) + 8];
    snprintf(path, sizeof(path), "%s/sock", slot->runtime_dir);
    int r = job_connect(job, path);
    if (r == 0)
        r = spawner_fork(&server->spawner, slot->id, slot->listen_fd, slot->lock_fd);
    if (r < 0)
        return r;
    int passed[CHANNEL_FDS_MAX];
    size_t count = run_fds_give(fds, passed);
    return job_send(job, MSG_START, &start, passed, count, detached ? client : NULL, request_id);
}

/* 0, or -errno with text; the descriptors that have not been sent are still in fds then. */
static int try_start(struct server *server, struct msg_run *run, struct client *client,
                     uint32_t request_id, const char *note, struct run_fds *fds, char *text,
                     size_t size)
{
    struct registry_slot slot;
    int r = registry_claim(&server->registry, &slot, text, size);
    if (r < 0)
        return r;
    struct job *job = create_job(server, &slot, run);
    r = job ? send_start(server, job, &slot, run, false, client, request_id, note, fds) : -ENOMEM;
    registry_release(&slot, r < 0);
    if (r == 0) {
        herald_job_added(server, job);
        return 0;
    }
    snprintf(text, size, "cannot start a holder: %s", strerror(-r));
    if (job)
        registry_remove(&server->registry, job);
    return r;
}

/* As in common/paths.c: directory and socket may vanish between two steps. */
#define SWEPT_TRIES 8

enum error_code server_start_job(struct server *server, struct msg_run *run, struct client *client,
                                 uint32_t request_id, struct run_fds *fds, const char *note,
                                 char *text, size_t size)
{
    int r = -ENOENT;
    for (int i = 0; i < SWEPT_TRIES && r == -ENOENT; i++)
        r = try_start(server, run, client, request_id, note, fds, text, size);
    if (r == 0)
        return 0;
    log_error("a job is not started: %s", text);
    herald_fault(server, FAULT_SPAWN);
    run_fds_finish(fds);
    return ERROR_OS;
}

/* What is the job's own comes from its record. 0 or -ENOMEM. */
static int fill_again(struct msg_run *run, const struct job_info *info)
{
    struct msg_run scratch = {.plan = run->plan};
    run->plan = NULL;
    wire_clear(&msg_run_fields, &scratch);
    int r = wire_set_strs(&run->argv, info->argv.items, info->argv.len);
    if (r == 0)
        r = wire_set_str(&run->cwd, info->cwd);
    if (r == 0)
        r = wire_set_str(&run->name, info->name);
    run->detached = true;
    return r;
}

enum error_code server_retry_job(struct server *server, struct job *job, struct msg_run *run,
                                 struct client *client, uint32_t request_id, char *text,
                                 size_t size)
{
    struct registry_slot slot;
    struct run_fds fds;
    run_fds_init(&fds);
    int r = registry_claim_again(&server->registry, job, &slot, text, size);
    if (r < 0)
        return ERROR_OS;
    r = fill_again(run, &job->info);
    if (r == 0)
        r = send_start(server, job, &slot, run, true, client, request_id, "", &fds);
    if (r == 0) {
        /* Until the holder has said so, the record says more than the holder. */
        job->started = false;
        job->info.state = JOB_STARTING;
        herald_job_added(server, job);
    } else {
        snprintf(text, size, "cannot start a holder for job %" PRIu32 ": %s", job->info.id,
                 strerror(-r));
    }
    registry_release(&slot, false);
    return r < 0 ? ERROR_OS : 0;
}

/* Every job has ended, or need not: the client hears of it, and the server ends. */
static void finish_shutdown(struct server *server)
{
    struct msg_done done = {0};
    if (server->shutter) {
        client_send(server->shutter, MSG_DONE, server->shutter_request, &done);
        client_unref(server->shutter);
        server->shutter = NULL;
    }
    server_end(server, "js server stop");
}

static bool has_live_jobs(const struct server *server)
{
    for (size_t i = 0; i < server->registry.count; i++)
        if (!job_state_is_final(server->registry.jobs[i]->info.state))
            return true;
    return false;
}

/* Of those that were told to end; a holder that cannot be reached was not. */
static bool has_jobs_to_end(const struct server *server)
{
    for (size_t i = 0; i < server->registry.count; i++) {
        const struct job *job = server->registry.jobs[i];
        if (!job_state_is_final(job->info.state) && (job->linked || job->called))
            return true;
    }
    return false;
}

static void on_idle_timer(uv_timer_t *timer)
{
    server_end(timer->data, "it had nothing to do (idle-exit)");
}

bool server_is_idle(const struct server *server)
{
    return server->client_count == 0 && !has_live_jobs(server);
}

void server_check_idle(struct server *server)
{
    if (server->stopping)
        return;
    if (!server_is_idle(server) || server->config.idle_ms == 0)
        uv_timer_stop(&server->idle_timer);
    else
        uv_timer_start(&server->idle_timer, on_idle_timer, server->config.idle_ms, 0);
}

void server_tell_to_end(struct server *server, struct job *job)
{
    if (!server->ending_jobs || job->told_to_end || job_state_is_final(job->info.state))
        return;
    job->told_to_end = job_send(job, MSG_KILL, &server->ending, NULL, 0, NULL, 0) == 0;
}

void server_shut_down(struct server *server, struct client *client, uint32_t request_id,
                      const struct msg_shutdown *request)
{
    if (server->shutter) {
        client_send_error(client, request_id, ERROR_BUSY, "the server is about to end already");
        return;
    }
    server->shutter = client_ref(client);
    server->shutter_request = request_id;
    server->ending_jobs = request->kill_jobs;
    server->ending = (struct msg_kill){.grace_ms = request->grace_ms,
                                       .default_grace = request->default_grace,
                                       .reason = END_SERVER_STOP};
    if (request->kill_jobs)
        herald_say(server, "is about to end: all jobs are ended first");
    for (size_t i = 0; i < server->registry.count; i++)
        server_tell_to_end(server, server->registry.jobs[i]);
    if (!request->kill_jobs || !has_jobs_to_end(server))
        finish_shutdown(server);
}

void server_job_changed(struct server *server, struct job *job)
{
    postponed_retry(server);
    broker_wake(&server->broker);
    if (!job_state_is_final(job->info.state))
        return;
    log_about_job(job->info.id,
                  log_debug(LOG_JOB, "has ended: %s",
                            job->info.end ? end_reason_name(job->info.end->reason) : "unknown"));
    server_check_waiters(server);
    if (server->ending_jobs && !server->stopping && !has_jobs_to_end(server))
        finish_shutdown(server);
    server_check_idle(server);
}

static void remove_unstarted(struct server *server, struct job *job)
{
    static const char why[] = "its holder died before it was started";
    char dir[PATHS_MAX + 32];
    log_about_job(job->info.id, log_error("%s", why));
    if (job->fork_error)
        herald_job_failed(server, job, strerror(job->fork_error), FAULT_SPAWN);
    else
        herald_job_failed(server, job, why, FAULT_LOST);
    if (registry_job_dir(&server->registry, &job->info, dir, sizeof(dir)) == 0)
        paths_remove_flat(dir);
    if (paths_job(dir, sizeof(dir), server->runtime.paths.runtime_dir, job->info.id) == 0)
        paths_remove_flat(dir);
}

bool server_job_unlinked(struct server *server, struct job *job)
{
    if (server->stopping)
        return false;
    broker_wake(&server->broker);
    if (!job->started && !registry_has_record(&server->registry, job)) {
        /* The holder has cleaned up if it failed in order; if it never ran, this does. */
        if (job->info.state != JOB_FAILED)
            remove_unstarted(server, job);
        registry_remove(&server->registry, job);
        postponed_retry(server);
        server_check_waiters(server);
        if (server->ending_jobs && !has_jobs_to_end(server))
            finish_shutdown(server);
        server_check_idle(server);
        return false;
    }
    if (job_state_is_final(job->info.state)) {
        registry_prune(&server->registry);
        return false;
    }
    if (job->incompatible && registry_holder_lives(&server->registry, job)) {
        postponed_retry(server);
        return false;
    }
    int r = registry_reconnect(&server->registry, job);
    if (r == 0)
        return true;
    /* It lives, or does no longer in a moment; and nobody has removed its socket but a cleaner. */
    if (r == -ENOLCK || !repair_call_holder(&server->repair, job))
        server_job_gone(server, job);
    return false;
}

void server_job_gone(struct server *server, struct job *job)
{
    registry_holder_gone(&server->registry, job);
    server_job_changed(server, job);
    if (!server->stopping)
        registry_prune(&server->registry);
}

/* Clients */

void server_client_gone(struct server *server, struct client *client)
{
    server->client_count--;
    server_check_idle(server);
    postponed_forget(client);
    herald_client_gone(&server->herald, client);
    struct server_waiter **at = &server->waiters;
    while (*at) {
        struct server_waiter *waiter = *at;
        if (waiter->client != client) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        client_unref(waiter->client);
        free(waiter);
    }
}

/* Whether the waiter has what it waits for. A job that is no longer known has ended. */
static bool is_satisfied(const struct server *server, const struct server_waiter *waiter)
{
    size_t ended = 0;
    for (size_t i = 0; i < waiter->count; i++) {
        const struct job *job = registry_find(&server->registry, waiter->ids[i]);
        ended += !job || job_state_is_final(job->info.state);
    }
    return waiter->any ? ended > 0 : ended == waiter->count;
}

static void answer_waiter(struct server *server, struct server_waiter *waiter)
{
    struct job **jobs = calloc(waiter->count + 1, sizeof(struct job *));
    size_t count = 0;
    for (size_t i = 0; jobs && i < waiter->count; i++) {
        struct job *job = registry_find(&server->registry, waiter->ids[i]);
        if (job)
            jobs[count++] = job;
    }
    listing_send(waiter->client, waiter->request_id, jobs, count, false);
    free(jobs);
}

void server_check_waiters(struct server *server)
{
    struct server_waiter **at = &server->waiters;
    while (*at) {
        struct server_waiter *waiter = *at;
        if (!is_satisfied(server, waiter)) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        answer_waiter(server, waiter);
        client_unref(waiter->client);
        free(waiter);
    }
}

/* The process */

static void on_accept(struct listener *listener, int fd)
{
    int r = client_create(listener->data, fd);
    if (r < 0)
        log_error("cannot serve a connection: %s", strerror(-r));
}

static void on_listener_closed(struct listener *listener)
{
    (void)listener;
}

static void on_fork_failed(struct spawner *spawner, uint32_t id, int error)
{
    /* The template closes the job's socket, so its connection ends and is handled there. */
    struct server *server = spawner->data;
    struct job *job = registry_find(&server->registry, id);
    if (job)
        job->fork_error = error;
    log_about_job(id, log_error("cannot fork a holder: %s", strerror(error)));
}

/* Stop listening, let go of clients and holders, let the template end. Jobs live on. */
void server_end(struct server *server, const char *why)
{
    if (server->stopping)
        return;
    char text[128];
    log_info("ends: %s", why);
    snprintf(text, sizeof(text), "ends: %.100s", why);
    herald_say(server, text);
    server->status.ended = why;
    server->stopping = true;
    listener_close(&server->listener);
    repair_close(&server->repair);
    broker_close(&server->broker);
    client_close_all(server);
    postponed_drop(server);
    registry_finish(&server->registry);
    spawner_close(&server->spawner);
    uv_close((uv_handle_t *)&server->sigterm, NULL);
    uv_close((uv_handle_t *)&server->sigint, NULL);
    uv_close((uv_handle_t *)&server->idle_timer, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    server_end(handle->data, signame_describe(number));
}

static int watch_signals(struct server *server)
{
    int r = uv_signal_init(&server->loop, &server->sigterm);
    if (r == 0)
        r = uv_signal_init(&server->loop, &server->sigint);
    if (r == 0)
        r = uv_timer_init(&server->loop, &server->idle_timer);
    server->sigterm.data = server->sigint.data = server->idle_timer.data = server;
    if (r == 0)
        r = uv_signal_start(&server->sigterm, on_signal, SIGTERM);
    if (r == 0)
        r = uv_signal_start(&server->sigint, on_signal, SIGINT);
    return r;
}

/* The template, and with it every holder until it is told, starts with the form it finds. */
static void set_log_format(enum config_log_format format)
{
    bool json = format == LOG_FORMAT_JSON;
    log_set_json(json);
    setenv(LOG_FORMAT_VARIABLE, json ? "json" : "text", 1);
}

int server_reload(struct server *server, char *text, size_t size)
{
    char path[CONFIG_PATH_MAX];
    struct config config;
    config_init(&config);
    int r = config_path(path);
    if (r == -ENAMETOOLONG)
        snprintf(text, size, "the path of the configuration file is too long");
    if (r == 0)
        r = config_read(&config, path, NULL, text, size);
    if (r < 0 && r != -ENOENT) {
        snprintf(server->status.config_problem, sizeof(server->status.config_problem), "%s", text);
        herald_fault(server, FAULT_CONFIG);
        return r;
    }
    server->status.config_problem[0] = '\0';
    server->config = config;
    set_log_format((enum config_log_format)config.log_format);
    registry_set_keep(&server->registry, config.keep_jobs, config.keep_ms);
    broker_wake(&server->broker);
    return 0;
}

/* At the start a mistake must not keep anybody from their jobs: the defaults hold then. */
static void load_config(struct server *server)
{
    char text[CONFIG_PATH_MAX + 512];
    config_init(&server->config);
    registry_set_keep(&server->registry, server->config.keep_jobs, server->config.keep_ms);
    if (server_reload(server, text, sizeof(text)) < 0)
        log_error("%s; the defaults are used", text);
}

/* Without a state directory there are at least the jobs that were started without it. */
static int load_jobs(struct server *server)
{
    if (server->runtime.state_error == 0)
        return registry_load(&server->registry);
    log_error("%s; records and logs of new jobs are kept in %s/" PATHS_FALLBACK,
              server->runtime.state_problem, server->runtime.paths.runtime_dir);
    server->registry.state_problem = server->runtime.state_problem;
    (void)registry_load(&server->registry);
    return 0;
}

static int server_init(struct server *server)
{
    int r = uv_loop_init(&server->loop);
    if (r == 0)
        r = watch_signals(server);
    if (r == 0)
        r = spawner_open(&server->spawner, &server->loop, on_fork_failed, server);
    /* While the template starts; and before anything is read that might be our death. */
    if (r == 0) {
        status_begin(server);
        herald_begin(server);
        r = load_jobs(server);
    }
    if (r == 0)
        r = listener_open(&server->listener, &server->loop, fd_take(&server->runtime.listen_fd),
                          on_accept, on_listener_closed, server);
    if (r == 0)
        r = broker_open(&server->broker);
    if (r == 0)
        r = repair_open(&server->repair, server);
    if (r == 0)
        repair_begin(&server->repair);
    return r;
}

int server_run(struct server *server)
{
    registry_init(&server->registry, server, &server->runtime.paths);
    herald_init(&server->herald);
    load_config(server);
    broker_load(&server->broker, server);
    log_info("js %s listens on %s", JS_VERSION, server->runtime.socket_path);
    if (server->start_warning)
        log_warn("%s", server->start_warning);
    int r = server_init(server);
    if (r < 0) {
        log_error("the server cannot start: %s", strerror(-r));
        status_end(server, r);
        return r;
    }
    server_check_idle(server);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    herald_finish(&server->herald);
    status_end(server, 0);
    r = uv_loop_close(&server->loop);
    if (r < 0)
        log_error("the server left something open: %s", uv_strerror(r));
    return r;
}
