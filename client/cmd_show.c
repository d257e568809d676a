#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/json.h"
#include "client/report.h"
#include "client/show.h"

struct show_options {
    bool json;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(show_options, 'j', "json", NULL, OPTION_FLAG, json, "as JSON", NULL),
};

/* "/dev/pts/4, pid 812, own, 80x24". Returns whether its size is the job's. */
static bool viewer_line(const struct job_viewer *viewer)
{
    char buf[PATHS_MAX + 64], size[32] = "";
    if (viewer->rows && viewer->cols)
        snprintf(size, sizeof(size), ", %ux%u", viewer->cols, viewer->rows);
    snprintf(buf, sizeof(buf), "%s, pid %u, %s%s", viewer->tty ? viewer->tty : "no terminal",
             viewer->pid, attach_mode_name(viewer->mode), size);
    show_line("attached", buf);
    return viewer->owns_size;
}

static void viewer_lines(const struct job_info *job)
{
    char buf[PATHS_MAX + 64];
    const struct job_viewer *viewers = job->viewers.items, *owner = NULL;
    for (size_t i = 0; i < job->viewers.len; i++)
        if (viewer_line(&viewers[i]))
            owner = &viewers[i];
    if (owner)
        snprintf(buf, sizeof(buf), "%ux%u, that of %s, pid %u", job->cols, job->rows,
                 owner->tty ? owner->tty : "its terminal", owner->pid);
    else
        snprintf(buf, sizeof(buf), "%ux%u", job->cols, job->rows);
    show_line("size", buf);
}

static void show(const struct job_info *job, const char *state_dir)
{
    char buf[PATHS_MAX + 128];
    char *command = report_command(job);
    show_number("id", job->id);
    show_line("uid", job->uid);
    if (job->name)
        show_line("name", job->name);
    show_line("state", job_state_name(job->state));
    if (command)
        show_line("command", command);
    free(command);
    show_line("directory", job->cwd);
    if (job->pid)
        show_number("pid", job->pid);
    if (job->holder_pid && !job_state_is_final(job->state))
        show_number("holder", job->holder_pid);
    show_time("started", job->started_ns);
    show_time("ended", job->ended_ns);
    show_end("end", job->end);
    show_plan(job);
    show_limits(job);
    viewer_lines(job);
    if (job->title)
        show_line("title", job->title);
    char dir[PATHS_MAX + 32] = "";
    jobs_view_dir(job, state_dir, dir, sizeof(dir));
    snprintf(buf, sizeof(buf), "%s, bytes %llu to %llu", dir, (unsigned long long)job->log_first,
             (unsigned long long)job->log_next);
    show_line("log", buf);
    if (job->leftovers_found)
        show_number("leftovers", job->leftovers_found);
    if (job->warning)
        show_line("warning", job->warning);
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct show_options *opts = options_;
    struct connection connection;
    struct jobs_view view;
    int status = commands_open_jobs(&connection, &view, argc, argv);
    if (status != 0)
        return status;
    jobs_view_read_logs(&view, connection.state_dir);
    const struct job_info *jobs = view.jobs.items;
    if (opts->json)
        status = json_print_jobs(jobs, view.jobs.len);
    for (size_t i = 0; !opts->json && i < view.jobs.len; i++) {
        if (i > 0)
            putchar('\n');
        show(&jobs[i], connection.state_dir);
    }
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

const struct command cmd_show = {
    .name = "show",
    .operands = "[JOB]...",
    .values = "any",
    .summary = "tell everything about a job",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct show_options),
    .run = run,
};
