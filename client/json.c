#include "client/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "client/json_plan.h"
#include "client/json_value.h"
#include "client/report.h"
#include "common/clock.h"
#include "common/livevar.h"

static json_t *attached(const struct job_info *job)
{
    json_t *array = json_array();
    const struct job_viewer *viewers = job->viewers.items;
    for (size_t i = 0; i < job->viewers.len; i++) {
        json_t *viewer = json_object();
        json_object_set_new(viewer, "tty", json_value_text(viewers[i].tty));
        json_object_set_new(viewer, "pid", json_value_number(viewers[i].pid));
        json_object_set_new(viewer, "mode", json_string(attach_mode_name(viewers[i].mode)));
        json_object_set_new(viewer, "owns_size", json_boolean(viewers[i].owns_size));
        json_array_append_new(array, viewer);
    }
    return array;
}

static json_t *pair(const char *first, uint64_t a, const char *second, uint64_t b)
{
    json_t *object = json_object();
    json_object_set_new(object, first, json_value_number(a));
    json_object_set_new(object, second, json_value_number(b));
    return object;
}

static json_t *attempts(const struct wire_structs *list)
{
    json_t *array = json_array();
    const struct job_attempt *items = list->items;
    for (size_t i = 0; i < list->len; i++) {
        json_t *attempt = json_object();
        json_object_set_new(attempt, "number", json_value_number(items[i].number));
        json_object_set_new(attempt, "started", json_value_time(items[i].started_ns));
        json_object_set_new(attempt, "ended", json_value_time(items[i].ended_ns));
        json_object_set_new(attempt, "end", json_value_end(items[i].end));
        json_object_set_new(
            attempt, "log",
            pair("first", items[i].log_from, "next", items[i].end ? items[i].log_to : 0));
        json_array_append_new(array, attempt);
    }
    return array;
}

static json_t *usage(const struct job_usage *used)
{
    if (!used)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "cpu_ms", json_value_number(used->cpu_ms));
    json_object_set_new(object, "memory", json_value_number(used->memory));
    json_object_set_new(object, "peak", json_value_number(used->peak));
    json_object_set_new(object, "read", json_value_number(used->read));
    json_object_set_new(object, "written", json_value_number(used->written));
    json_object_set_new(object, "processes", json_value_number(used->processes));
    return object;
}

static json_t *describe(const struct job_info *job)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_value_number(job->id));
    json_object_set_new(object, "uid", json_value_text(job->uid));
    json_object_set_new(object, "name", json_value_text(job->name));
    json_object_set_new(object, "labels", json_value_labels(job->plan));
    json_object_set_new(object, "state", json_string(job_state_name(job->state)));
    json_object_set_new(object, "pid", json_value_number_or_null(job->pid));
    json_object_set_new(object, "argv", json_value_strs(&job->argv));
    json_object_set_new(object, "cwd", json_value_text(job->cwd));
    json_object_set_new(object, "started", json_value_time(job->started_ns));
    json_object_set_new(object, "ended", json_value_time(job->ended_ns));
    json_object_set_new(object, "attached", attached(job));
    json_object_set_new(object, "size", pair("rows", job->rows, "cols", job->cols));
    json_object_set_new(object, "end", json_value_end(job->end));
    json_object_set_new(object, "log", pair("first", job->log_first, "next", job->log_next));
    json_object_set_new(object, "attempt", json_value_number(job->attempt));
    json_object_set_new(object, "attempts", attempts(&job->attempts));
    json_object_set_new(object, "due", json_value_time(job->due_ns));
    json_object_set_new(object, "queued", json_value_time(job->queued_ns));
    json_object_set_new(object, "waits_for", json_value_text(job->waits_for));
    json_object_set_new(object, "plan", job->plan ? json_plan(job->plan) : json_null());
    json_object_set_new(object, "usage", usage(job->usage));
    json_object_set_new(object, "cgroup", json_value_text(job->cgroup));
    json_object_set_new(object, "asks", json_boolean(job->asks));
    json_object_set_new(object, "title", json_value_text(job->title));
    json_object_set_new(object, "leftovers", json_value_number(job->leftovers_found));
    json_object_set_new(object, "warning", json_value_text(job->warning));
    return object;
}

/* Takes over root. */
static int print_line(json_t *root)
{
    int r = json_dumpf(root, stdout, JSON_COMPACT);
    json_decref(root);
    if (r < 0)
        return report_error("cannot write the JSON");
    putchar('\n');
    return 0;
}

/* {"version":1,NAME:value}; takes value over. */
static int print_root(const char *name, json_t *value)
{
    json_t *root = json_object();
    json_object_set_new(root, "version", json_integer(JSON_VERSION));
    json_object_set_new(root, name, value);
    return print_line(root);
}

/* One after the other: ten thousand at once would be some hundred MiB. */
int json_print_jobs(const struct job_info *jobs, size_t count)
{
    int r = printf("{\"version\":%d,\"jobs\":[", JSON_VERSION);
    for (size_t i = 0; r >= 0 && i < count; i++) {
        json_t *job = describe(&jobs[i]);
        if (i > 0)
            putchar(',');
        r = json_dumpf(job, stdout, JSON_COMPACT);
        json_decref(job);
    }
    if (r < 0)
        return report_error("cannot write the JSON");
    puts("]}");
    return 0;
}

/* The environment */

/* Sets member of the object that stands for the entry's variable. */
static void add_variable(json_t *env, const char *entry, const char *member)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry, "="), entry);
    json_t *variable = json_object_get(env, name);
    if (!variable) {
        variable = json_object();
        json_object_set_new(env, name, variable);
    }
    json_object_set_new(variable, member, json_value_text(livevar_value(entry)));
}

int json_print_env(const struct msg_env *env)
{
    json_t *root = json_object(), *variables = json_object();
    for (size_t i = 0; i < env->values.len; i++)
        add_variable(variables, env->values.items[i], "value");
    for (size_t i = 0; i < env->links.len; i++)
        add_variable(variables, env->links.items[i], "in_job");
    json_object_set_new(root, "version", json_integer(JSON_VERSION));
    json_object_set_new(root, "id", json_value_number(env->id));
    json_object_set_new(root, "env", variables);
    return print_line(root);
}

/* The server */

static json_t *text_or_null(const char *value)
{
    return json_value_text(value && *value ? value : NULL);
}

static json_t *failure(const struct server_failure *how)
{
    if (!how)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "text", json_value_text(how->text));
    json_object_set_new(object, "time", json_value_time(how->found_ns));
    json_object_set_new(object, "generation", json_value_number_or_null(how->generation));
    json_object_set_new(object, "pid", json_value_number_or_null(how->pid));
    json_object_set_new(object, "version", json_value_text(how->version));
    json_object_set_new(object, "log_line", json_value_text(how->log_line));
    return object;
}

/* Every state is there, so that nobody has to ask whether it is. */
static json_t *counts(const struct msg_status *status)
{
    const struct job_count *told = status->counts.items;
    json_t *object = json_object();
    for (uint32_t state = JOB_QUEUED; state < JOB_STATE_COUNT; state++) {
        uint32_t jobs = 0;
        for (size_t i = 0; i < status->counts.len; i++)
            jobs += told[i].state == state ? told[i].jobs : 0;
        json_object_set_new(object, job_state_name(state), json_value_number(jobs));
    }
    return object;
}

/* Each of them by its name, those that are 0 too. */
static json_t *by_name(const struct wire_structs *told, uint32_t first, uint32_t limit,
                       const char *(*name)(uint32_t))
{
    json_t *object = json_object();
    for (uint32_t what = first; what < limit; what++)
        json_object_set_new(object, name(what), json_value_number(counts_of(told, what)));
    return object;
}

/* As many as took up to so long, and longer than the one before: {"up_to_ms":...,"jobs":...}. */
static json_t *durations(const struct server_counters *counters)
{
    json_t *array = json_array();
    for (size_t i = 0; i <= COUNTS_BOUND_COUNT; i++) {
        uint32_t bound = i < COUNTS_BOUND_COUNT ? counts_bounds[i] : 0;
        uint64_t jobs = counts_of(&counters->durations, bound);
        json_t *group = json_object();
        json_object_set_new(group, "up_to_ms", json_value_number_or_null(bound));
        json_object_set_new(group, "jobs", json_value_number(jobs));
        json_array_append_new(array, group);
    }
    return array;
}

static json_t *counters(const struct server_counters *told)
{
    if (!told)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "started", json_value_number(told->started));
    json_object_set_new(object, "ended",
                        by_name(&told->ended, END_EXITED, END_REASON_COUNT, end_reason_name));
    json_object_set_new(object, "attempts_started", json_value_number(told->attempts));
    json_object_set_new(
        object, "attempts_ended",
        by_name(&told->attempts_ended, END_EXITED, END_REASON_COUNT, end_reason_name));
    json_object_set_new(object, "errors",
                        by_name(&told->faults, FAULT_SPAWN, FAULT_KIND_COUNT, fault_kind_name));
    json_object_set_new(object, "durations", durations(told));
    json_object_set_new(object, "duration_ms", json_value_number(told->duration_ms));
    json_object_set_new(object, "events", json_value_number(told->events));
    return object;
}

static json_t *server_config(const struct probe *probe)
{
    const struct msg_status *status = &probe->status;
    json_t *object = json_object(), *values = json_object();
    for (size_t i = 0; i < status->config.len; i++) {
        const char *line = status->config.items[i];
        char key[64];
        snprintf(key, sizeof(key), "%.*s", (int)strcspn(line, "="), line);
        json_object_set_new(values, key, json_value_text(line + strcspn(line, "=") + 1));
    }
    const char *problem = status->config_problem ? status->config_problem : probe->file_problem;
    json_object_set_new(object, "file", json_value_text(status->config_file));
    json_object_set_new(object, "fingerprint", json_value_text(status->fingerprint));
    json_object_set_new(object, "values", values);
    json_object_set_new(object, "differs", json_value_strs(&probe->differs));
    json_object_set_new(object, "problem", text_or_null(problem));
    return object;
}

/* What only a server that answers can tell is null when there is none. */
static void add_answer(json_t *object, const struct probe *probe)
{
    const struct msg_status *status = &probe->status;
    bool running = probe->state == PROBE_RUNNING;
    uint64_t now = clock_realtime_ns();
    uint64_t up = running && now > status->started_ns ? now - status->started_ns : 0;
    json_object_set_new(object, "uptime_ms",
                        running ? json_value_number(up / 1000000u) : json_null());
    json_object_set_new(object, "jobs", running ? counts(status) : json_null());
    json_object_set_new(object, "counters", running ? counters(status->counters) : json_null());
    json_object_set_new(object, "clients",
                        running ? json_value_number(status->clients) : json_null());
    json_object_set_new(object, "config", running ? server_config(probe) : json_null());
}

int json_print_server(const struct probe *probe, const struct place *place)
{
    const struct msg_status *status = &probe->status;
    bool lives = probe->state != PROBE_STOPPED && probe->state != PROBE_STALE;
    json_t *object = json_object();
    json_object_set_new(object, "state", json_string(probe_state_name(probe->state)));
    json_object_set_new(object, "problem", text_or_null(probe->why));
    json_object_set_new(object, "pid",
                        lives ? json_value_number_or_null(status->pid) : json_null());
    json_object_set_new(object, "server_version", json_value_text(status->version));
    json_object_set_new(object, "protocol",
                        pair("lowest", status->lowest, "highest", status->protocol));
    json_object_set_new(object, "runtime_dir", json_value_text(place->paths.runtime_dir));
    json_object_set_new(
        object, "state_dir",
        json_value_text(status->state_dir ? status->state_dir : place->paths.state_dir));
    json_object_set_new(object, "socket", json_value_text(place->socket));
    json_object_set_new(object, "log", json_value_text(place->log));
    json_object_set_new(object, "generation", json_value_number_or_null(status->generation));
    json_object_set_new(object, "started", json_value_time(status->started_ns));
    json_object_set_new(object, "stopped", json_value_time(lives ? 0 : status->stopped_ns));
    json_object_set_new(object, "stopped_by", text_or_null(lives ? NULL : status->stopped_text));
    json_object_set_new(object, "warning", json_value_text(status->warning));
    json_object_set_new(object, "last_failure", failure(status->failure));
    add_answer(object, probe);
    return print_root("server", object);
}
