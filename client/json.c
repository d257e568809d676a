#include "client/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "client/jobs_view.h"
#include "client/report.h"
#include "common/escape.h"
#include "common/livevar.h"

static json_t *text(const char *value)
{
    if (!value)
        return json_null();
    json_t *string = json_string(value);
    if (string)
        return string;
    struct bytes escaped = {0};
    escape_append(&escaped, value, strlen(value));
    string = json_stringn((const char *)escaped.data, escaped.len);
    bytes_finish(&escaped);
    return string ? string : json_null();
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *number_or_null(uint64_t value)
{
    return value ? number(value) : json_null();
}

static json_t *time_or_null(uint64_t ns)
{
    char buf[32];
    if (ns == 0)
        return json_null();
    jobs_view_time(ns, buf);
    return json_string(buf);
}

static json_t *argv(const struct wire_strs *words)
{
    json_t *array = json_array();
    for (size_t i = 0; i < words->len; i++)
        json_array_append_new(array, text(words->items[i]));
    return array;
}

static json_t *attached(const struct job_info *job)
{
    json_t *array = json_array();
    const struct job_viewer *viewers = job->viewers.items;
    for (size_t i = 0; i < job->viewers.len; i++) {
        json_t *viewer = json_object();
        json_object_set_new(viewer, "tty", text(viewers[i].tty));
        json_object_set_new(viewer, "pid", number(viewers[i].pid));
        json_object_set_new(viewer, "mode", json_string(attach_mode_name(viewers[i].mode)));
        json_object_set_new(viewer, "owns_size", json_boolean(viewers[i].owns_size));
        json_array_append_new(array, viewer);
    }
    return array;
}

static json_t *end(const struct job_end *how)
{
    if (!how)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "reason", json_string(end_reason_name(how->reason)));
    json_object_set_new(object, "code", how->code >= 0 ? json_integer(how->code) : json_null());
    json_object_set_new(object, "signal", number_or_null(how->signal));
    json_object_set_new(object, "core", json_boolean(how->core));
    return object;
}

static json_t *pair(const char *first, uint64_t a, const char *second, uint64_t b)
{
    json_t *object = json_object();
    json_object_set_new(object, first, number(a));
    json_object_set_new(object, second, number(b));
    return object;
}

static json_t *describe(const struct job_info *job)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", number(job->id));
    json_object_set_new(object, "uid", text(job->uid));
    json_object_set_new(object, "name", text(job->name));
    json_object_set_new(object, "state", json_string(job_state_name(job->state)));
    json_object_set_new(object, "pid", number_or_null(job->pid));
    json_object_set_new(object, "argv", argv(&job->argv));
    json_object_set_new(object, "cwd", text(job->cwd));
    json_object_set_new(object, "started", time_or_null(job->started_ns));
    json_object_set_new(object, "ended", time_or_null(job->ended_ns));
    json_object_set_new(object, "attached", attached(job));
    json_object_set_new(object, "size", pair("rows", job->rows, "cols", job->cols));
    json_object_set_new(object, "end", end(job->end));
    json_object_set_new(object, "log", pair("first", job->log_first, "next", job->log_next));
    json_object_set_new(object, "attempt", number(job->attempt));
    json_object_set_new(object, "title", text(job->title));
    json_object_set_new(object, "leftovers", number(job->leftovers_found));
    json_object_set_new(object, "warning", text(job->warning));
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

int json_print_jobs(const struct job_info *jobs, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, describe(&jobs[i]));
    json_t *root = json_object();
    json_object_set_new(root, "version", json_integer(JSON_VERSION));
    json_object_set_new(root, "jobs", array);
    return print_line(root);
}

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
    json_object_set_new(variable, member, text(livevar_value(entry)));
}

int json_print_env(const struct msg_env *env)
{
    json_t *root = json_object(), *variables = json_object();
    for (size_t i = 0; i < env->values.len; i++)
        add_variable(variables, env->values.items[i], "value");
    for (size_t i = 0; i < env->links.len; i++)
        add_variable(variables, env->links.items[i], "in_job");
    json_object_set_new(root, "version", json_integer(JSON_VERSION));
    json_object_set_new(root, "id", number(env->id));
    json_object_set_new(root, "env", variables);
    return print_line(root);
}
