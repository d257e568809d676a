#include "client/jobs_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/report.h"
#include "common/fd.h"
#include "common/joblog.h"
#include "common/signame.h"

/* Moves the jobs of one part of the answer to the view. */
static int append(struct jobs_view *view, struct msg_jobs *part)
{
    size_t size = sizeof(struct job_info);
    if (part->jobs.len == 0)
        return 0;
    char *items = realloc(view->jobs.items, (view->jobs.len + part->jobs.len) * size);
    if (!items)
        return -ENOMEM;
    memcpy(items + view->jobs.len * size, part->jobs.items, part->jobs.len * size);
    view->jobs.items = items;
    view->jobs.len += part->jobs.len;
    free(part->jobs.items); /* the members have moved */
    part->jobs = (struct wire_structs){0};
    return 0;
}

static int fetch_once(struct jobs_view *view, struct connection *connection, enum message_type type,
                      const void *body)
{
    *view = (struct jobs_view){0};
    /* Nothing is changed by asking: the next server can answer as well. */
    connection->patient = true;
    int status = connection_request(connection, type, body, NULL, 0);
    bool more = true;
    while (status == 0 && more) {
        struct msg_jobs *part = connection->reply.body;
        if (connection->reply.type != MSG_JOBS) {
            status = report_error("the server's answer was not a list of jobs");
            break;
        }
        view->current = part->current;
        view->previous = part->previous;
        more = part->more;
        if (append(view, part) < 0)
            status = report_error("out of memory");
        else if (more)
            status = connection_next_reply(connection);
    }
    connection->patient = false;
    if (status != 0)
        jobs_view_finish(view);
    return status;
}

int jobs_view_fetch(struct jobs_view *view, struct connection *connection, enum message_type type,
                    const void *body)
{
    int status;
    do
        status = fetch_once(view, connection, type, body);
    while (status == CONNECTION_ASK_AGAIN);
    return status;
}

int jobs_view_dir(const struct job_info *job, const char *state_dir, char *buf, size_t size)
{
    if (!job->state_dir)
        return paths_job(buf, size, state_dir, job->id);
    int len = snprintf(buf, size, "%s", job->state_dir);
    return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

void jobs_view_read_logs(struct jobs_view *view, const char *state_dir)
{
    struct job_info *jobs = view->jobs.items;
    for (size_t i = 0; i < view->jobs.len; i++) {
        char dir[PATHS_MAX + 32];
        if (job_state_is_final(jobs[i].state) ||
            jobs_view_dir(&jobs[i], state_dir, dir, sizeof(dir)) < 0)
            continue;
        _cleanup_fd_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        uint64_t first, next;
        if (dir_fd >= 0 && joblog_bounds(dir_fd, &first, &next) == 0) {
            jobs[i].log_first = first;
            jobs[i].log_next = next;
        }
    }
}

void jobs_view_finish(struct jobs_view *view)
{
    struct msg_jobs body = {.jobs = view->jobs};
    wire_clear(&msg_jobs_fields, &body);
    *view = (struct jobs_view){0};
}

char jobs_view_mark(const struct jobs_view *view, const struct job_info *job)
{
    return job->id == view->current ? '+' : job->id == view->previous ? '-' : ' ';
}

const char *jobs_view_state(const struct job_info *job)
{
    return job->asks && job->state == JOB_RUNNING ? "running (asks)" : job_state_name(job->state);
}

void jobs_view_exit(const struct job_info *job, char *buf, size_t size)
{
    const struct job_end *end = job->end;
    if (!end)
        snprintf(buf, size, "%s", "");
    else if (end->reason != END_EXITED && end->reason != END_SIGNALED &&
             end->reason != END_KILLED && end->reason != END_SERVER_STOP)
        snprintf(buf, size, "%s", end_reason_name(end->reason));
    else if (end->signal && signame_of((int)end->signal))
        snprintf(buf, size, "%s", signame_of((int)end->signal));
    else if (end->signal)
        snprintf(buf, size, "signal %u", end->signal);
    else
        snprintf(buf, size, "%d", end->code);
}

void jobs_view_attached(const struct job_info *job, char *buf, size_t size)
{
    const struct job_viewer *viewers = job->viewers.items;
    const struct job_viewer *shown = NULL;
    for (size_t i = 0; i < job->viewers.len; i++)
        if (!shown || (shown->mode == ATTACH_WATCH && viewers[i].mode != ATTACH_WATCH))
            shown = &viewers[i];
    if (!shown) {
        snprintf(buf, size, "%s", "");
        return;
    }
    const char *tty = shown->tty ? shown->tty : "(no terminal)";
    if (strncmp(tty, "/dev/", 5) == 0)
        tty += 5;
    if (job->viewers.len > 1)
        snprintf(buf, size, "%s +%zu", tty, job->viewers.len - 1);
    else
        snprintf(buf, size, "%s", tty);
}

void jobs_view_time(uint64_t ns, char buf[32])
{
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm utc;
    if (!gmtime_r(&seconds, &utc)) {
        buf[0] = '\0';
        return;
    }
    char date[24];
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(buf, 32, "%s.%03uZ", date, (unsigned)(ns / 1000000u % 1000u));
}
