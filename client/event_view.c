#include "client/event_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/jobs_view.h"
#include "client/json.h"
#include "client/json_value.h"
#include "common/escape.h"
#include "common/signame.h"

/* Text */

static void add_end(struct bytes *out, const struct job_end *end)
{
    if (!end)
        return;
    bytes_printf(out, ": %s", end_reason_name(end->reason));
    if (end->signal && signame_of((int)end->signal))
        bytes_printf(out, ", signal %s", signame_of((int)end->signal));
    else if (end->signal)
        bytes_printf(out, ", signal %u", end->signal);
    else if (end->code >= 0)
        bytes_printf(out, ", code %d", end->code);
}

static void add_viewer(struct bytes *out, const struct job_viewer *viewer, const char *where)
{
    if (viewer)
        bytes_printf(out, " %s %s (pid %u, %s)", where, viewer->tty ? viewer->tty : "no terminal",
                     viewer->pid, attach_mode_name(viewer->mode));
}

static void add_time(struct bytes *out, const char *before, uint64_t ns)
{
    char time[32];
    if (ns == 0)
        return;
    jobs_view_time(ns, time);
    bytes_printf(out, "%s%s", before, time);
}

static void add_text(struct bytes *out, const char *before, const char *text)
{
    if (text)
        bytes_printf(out, "%s%s", before, text);
}

static void add_notification(struct bytes *out, const struct job_event *event)
{
    bytes_append_text(out, "notification");
    add_text(out, ": ", event->title);
    add_text(out, ": ", event->text);
    if (event->count > 0)
        bytes_printf(out, " (%llu before it were left out)", (unsigned long long)event->count);
}

static void add_start(struct bytes *out, const struct job_event *event)
{
    bytes_append_text(out, "started");
    if (event->attempt > 1)
        bytes_printf(out, ", attempt %u", event->attempt);
}

static void add_wait(struct bytes *out, const struct job_event *event, const char *what)
{
    bytes_append_text(out, what);
    add_text(out, ", waits for ", event->text);
    add_time(out, ", not before ", event->due_ns);
}

/* What happens to the job as a whole. Whether it was that. */
static bool add_life(struct bytes *out, const struct job_event *event)
{
    switch (event->kind) {
    case EVENT_FOUND:
        bytes_printf(out, "found, %s", job_state_name(event->state));
        return true;
    case EVENT_QUEUED:
        add_wait(out, event, "queued");
        return true;
    case EVENT_MOVED:
        add_wait(out, event, "moved in its queue");
        return true;
    case EVENT_STARTED:
        add_start(out, event);
        return true;
    case EVENT_ATTEMPT_ENDED:
        bytes_printf(out, "attempt %u ended", event->attempt);
        add_end(out, event->end);
        return true;
    case EVENT_BACKOFF:
        bytes_append_text(out, "is started again");
        add_time(out, " at ", event->due_ns);
        return true;
    case EVENT_ENDED:
        bytes_append_text(out, "ended");
        add_end(out, event->end);
        return true;
    case EVENT_FAILED:
        bytes_append_text(out, "could not be started");
        add_text(out, ": ", event->text);
        return true;
    default:
        return false;
    }
}

static void add_other(struct bytes *out, const struct job_event *event)
{
    switch (event->kind) {
    case EVENT_ATTACHED:
        bytes_append_text(out, "attached");
        add_viewer(out, event->viewer, "on");
        break;
    case EVENT_DETACHED:
        bytes_append_text(out, "detached");
        add_viewer(out, event->viewer, "from");
        break;
    case EVENT_RENAMED:
        add_text(out, event->name ? "named " : "has no name any more", event->name);
        add_text(out, ", before ", event->text);
        break;
    case EVENT_BELL:
        bytes_append_text(out, "bell");
        if (event->count > 1)
            bytes_printf(out, ", %llu times", (unsigned long long)event->count);
        break;
    case EVENT_NOTIFICATION:
        add_notification(out, event);
        break;
    case EVENT_GRACE_OVER:
        bytes_append_text(out, "does not end by itself: it is killed");
        break;
    case EVENT_ASKS:
        bytes_append_text(out, "waits for input");
        break;
    case EVENT_ASKS_NO_MORE:
        bytes_append_text(out, "waits for input no more");
        break;
    default: /* of a newer server, too */
        bytes_append_text(out, event_kind_name(event->kind));
        add_text(out, ": ", event->text);
        break;
    }
}

static void add_who(struct bytes *out, const struct job_event *event)
{
    if (event->kind == EVENT_GAP)
        bytes_append_text(out, "-- ");
    else if (event->kind == EVENT_SERVER)
        bytes_append_text(out, "");
    else if (event->name && event->kind != EVENT_RENAMED)
        bytes_printf(out, "job %u (%s) ", event->job, event->name);
    else
        bytes_printf(out, "job %u ", event->job);
}

int event_view_text(const struct job_event *event, struct bytes *out)
{
    struct bytes line = {0};
    char time[32];
    jobs_view_time(event->time_ns, time);
    bytes_printf(&line, "%s ", time);
    add_who(&line, event);
    if (event->kind == EVENT_SERVER && event->text)
        bytes_printf(&line, "the server %s", event->text);
    else if (!add_life(&line, event))
        add_other(&line, event);
    int r = escape_append(out, (const char *)line.data, line.len);
    if (r == 0)
        r = bytes_append(out, "\n", 1);
    bytes_finish(&line);
    return r;
}

/* JSON */

static void set_end(json_t *object, const struct job_event *event)
{
    bool ends = event->kind == EVENT_ENDED || event->kind == EVENT_ATTEMPT_ENDED;
    if (ends)
        json_object_set_new(object, "end", json_value_end(event->end));
}

static void set_viewer(json_t *object, const struct job_viewer *viewer)
{
    if (!viewer)
        return;
    json_t *value = json_object();
    json_object_set_new(value, "tty", json_value_text(viewer->tty));
    json_object_set_new(value, "pid", json_value_number(viewer->pid));
    json_object_set_new(value, "mode", json_string(attach_mode_name(viewer->mode)));
    json_object_set_new(object, "viewer", value);
}

static void set_job(json_t *object, const struct job_event *event)
{
    json_object_set_new(object, "job", json_value_number(event->job));
    json_object_set_new(object, "uid", json_value_text(event->uid));
    json_object_set_new(object, "name", json_value_text(event->name));
    if (event->labels.len > 0) {
        const struct job_plan plan = {.labels = event->labels};
        json_object_set_new(object, "labels", json_value_labels(&plan));
    }
    json_object_set_new(object, "state", json_string(job_state_name(event->state)));
    json_object_set_new(object, "attempt", json_value_number(event->attempt));
}

static void set_rest(json_t *object, const struct job_event *event)
{
    if (event->text)
        json_object_set_new(object, "text", json_value_text(event->text));
    if (event->title)
        json_object_set_new(object, "title", json_value_text(event->title));
    if (event->kind == EVENT_GAP)
        json_object_set_new(object, "missing", json_value_number_or_null(event->count));
    else if (event->count > 0)
        json_object_set_new(object, event->kind == EVENT_BELL ? "count" : "left_out",
                            json_value_number(event->count));
    if (event->due_ns)
        json_object_set_new(object, "due", json_value_time(event->due_ns));
}

int event_view_json(const struct job_event *event, const char *cursor, struct bytes *out)
{
    json_t *object = json_object();
    json_object_set_new(object, "version", json_integer(JSON_VERSION));
    json_object_set_new(object, "cursor", json_value_text(cursor));
    json_object_set_new(object, "time", json_value_time(event->time_ns));
    json_object_set_new(object, "kind", json_string(event_kind_name(event->kind)));
    if (event->job)
        set_job(object, event);
    set_end(object, event);
    set_viewer(object, event->viewer);
    set_rest(object, event);
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    int r = text ? bytes_append_text(out, text) : -ENOMEM;
    if (r == 0)
        r = bytes_append(out, "\n", 1);
    free(text);
    return r;
}
