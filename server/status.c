#include "server/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/life.h"
#include "common/log.h"
#include "common/process.h"
#include "server/last_words.h"
#include "server/server.h"
#include "version.h"

/* What never changes while it runs. Texts are borrowed, so this is not to be cleared. */
static void describe_self(const struct server *server, char boot_id[PROCESS_BOOT_ID_SIZE],
                          struct msg_status *ret)
{
    process_boot_id(boot_id);
    *ret = (struct msg_status){
        .pid = (uint32_t)getpid(),
        .version = (char *)JS_VERSION,
        .socket = (char *)server->runtime.socket_path,
        .state_dir = (char *)server->runtime.paths.state_dir,
        .started_ns = server->started_ns,
        .protocol = PROTOCOL_VERSION,
        .lowest = PROTOCOL_LOWEST,
        .pid_start = process_start_time(getpid()),
        .boot_id = boot_id,
        .generation = server->status.generation,
        .failure = server->status.failure,
        .warning = server->runtime.state_problem[0] ? (char *)server->runtime.state_problem : NULL,
    };
}

static void save(const struct server *server, const struct msg_status *status)
{
    int r = life_write(server->runtime.paths.runtime_dir, status);
    if (r < 0)
        log_warn("cannot write %s in %s: %s; how this server ends will not be known", LIFE_STATE,
                 server->runtime.paths.runtime_dir, strerror(-r));
}

void status_save(const struct server *server)
{
    char boot_id[PROCESS_BOOT_ID_SIZE];
    struct msg_status self;
    describe_self(server, boot_id, &self);
    save(server, &self);
}

static void take_over(struct server *server, struct msg_status *last)
{
    struct status *status = &server->status;
    status->generation = last->generation + 1;
    status->failure = life_failure(server->runtime.paths.runtime_dir, last);
    if (status->failure) {
        log_warn("the server before this one (pid %u) died: %s", last->pid, status->failure->text);
        return;
    }
    status->failure = last->failure;
    last->failure = NULL;
}

void status_begin(struct server *server)
{
    const char *dir = server->runtime.paths.runtime_dir;
    struct msg_status last = {0};
    server->started_ns = clock_realtime_ns();
    server->status.generation = 1;
    int r = life_read(dir, &last);
    if (r == 0)
        take_over(server, &last);
    else if (r != -ENOENT)
        log_warn("cannot read %s in %s: %s; servers are counted anew", LIFE_STATE, dir,
                 r == -EBADMSG ? "it is damaged" : strerror(-r));
    wire_clear(&msg_status_fields, &last);
    status_save(server);
    r = last_words_prepare(dir);
    if (r < 0)
        log_warn("cannot prepare for the worst: %s", strerror(-r));
}

/* Of a server that could not be set up. */
static void note_failure(struct server *server, int error)
{
    char text[160];
    struct server_failure *failure = calloc(1, sizeof(*failure));
    if (!failure)
        return;
    failure->generation = server->status.generation;
    failure->pid = (uint32_t)getpid();
    failure->found_ns = clock_realtime_ns();
    snprintf(text, sizeof(text), "it could not start: %s", strerror(-error));
    wire_set_str(&failure->text, text);
    wire_set_str(&failure->version, JS_VERSION);
    failure->log_line = life_log_line(server->runtime.paths.runtime_dir, getpid());
    life_failure_free(server->status.failure);
    server->status.failure = failure;
}

void status_end(struct server *server, int error)
{
    char boot_id[PROCESS_BOOT_ID_SIZE];
    struct msg_status self;
    if (server->status.generation == 0)
        status_begin(server);
    if (error < 0)
        note_failure(server, error);
    describe_self(server, boot_id, &self);
    self.stopped_ns = clock_realtime_ns();
    self.stopped_text =
        (char *)(server->status.ended ? server->status.ended : "it could not start");
    /* Unless the place is another server's by now, or is being removed: then nothing is added. */
    if (server->status.swept)
        life_remove(server->runtime.paths.runtime_dir);
    else if (runtime_has_lock(&server->runtime))
        save(server, &self);
    life_failure_free(server->status.failure);
    server->status.failure = NULL;
}

static void count_jobs(const struct server *server, struct msg_status *status,
                       struct job_count counts[JOB_STATE_COUNT])
{
    uint32_t jobs[JOB_STATE_COUNT] = {0};
    for (size_t i = 0; i < server->registry.count; i++) {
        uint32_t state = server->registry.jobs[i]->info.state;
        status->live += !job_state_is_final(state);
        status->ended += job_state_is_final(state);
        jobs[state < JOB_STATE_COUNT ? state : 0]++;
    }
    status->counts.items = counts;
    for (uint32_t state = 1; state < JOB_STATE_COUNT; state++)
        if (jobs[state] > 0)
            counts[status->counts.len++] = (struct job_count){.state = state, .jobs = jobs[state]};
}

/* "key=value" for every key, and what they come to. 0 or -ENOMEM; *ret is freed by the caller. */
static int describe_config(const struct config *config, struct wire_strs *ret)
{
    char **items = calloc(config_key_count, sizeof(*items));
    struct bytes text = {0};
    int r = items ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < config_key_count; i++) {
        text.len = 0;
        r = config_line(config, &config_keys[i], &text);
        if (r == 0)
            r = bytes_append(&text, "", 1);
        if (r == 0 && !(items[i] = strdup((const char *)text.data)))
            r = -ENOMEM;
    }
    if (r == 0)
        r = wire_set_strs(ret, items, config_key_count);
    for (size_t i = 0; items && i < config_key_count; i++)
        free(items[i]);
    free(items);
    bytes_finish(&text);
    return r;
}

void status_send(struct server *server, struct client *client, uint32_t request_id)
{
    char boot_id[PROCESS_BOOT_ID_SIZE], path[CONFIG_PATH_MAX], fingerprint[CONFIG_FINGERPRINT_SIZE];
    struct job_count counts[JOB_STATE_COUNT];
    struct counters_lists lists;
    struct server_counters counters = counters_describe(&server->herald.counters, &lists);
    struct msg_status body;
    describe_self(server, boot_id, &body);
    counters.events = server->herald.events.next - 1;
    body.counters = &counters;
    count_jobs(server, &body, counts);
    body.clients = (uint32_t)server->client_count;
    if (config_path(path) == 0)
        body.config_file = path;
    config_fingerprint(&server->config, fingerprint);
    body.fingerprint = fingerprint;
    if (server->status.config_problem[0])
        body.config_problem = server->status.config_problem;
    if (describe_config(&server->config, &body.config) < 0)
        client_send_error(client, request_id, ERROR_INTERNAL, "out of memory");
    else
        client_send(client, MSG_STATUS, request_id, &body);
    struct msg_status own = {.config = body.config};
    wire_clear(&msg_status_fields, &own);
}
