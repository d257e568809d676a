#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/columns.h"
#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/json.h"
#include "client/report.h"
#include "client/show.h"

struct show_options {
    bool json;
    const char *columns;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(show_options, 'o', "columns", "COLUMNS", OPTION_TEXT, columns,
                   "only these values, exactly: pid,state,cpu (see COLUMNS in js(1))", "column"),
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
    if (job->plan && job->plan->no_pty) {
        show_line("terminal", "none");
        return;
    }
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
    for (size_t i = 0; job->plan && i < job->plan->labels.len; i++)
        show_line("label", job->plan->labels.items[i]);
    bool asks = job->asks && job->state == JOB_RUNNING;
    show_line("state", asks ? "running, waits for input" : job_state_name(job->state));
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
    show_usage(job->usage);
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

static void show_all(const struct jobs_view *view, const char *state_dir)
{
    const struct job_info *jobs = view->jobs.items;
    for (size_t i = 0; i < view->jobs.len; i++) {
        if (i > 0)
            putchar('\n');
        show(&jobs[i], state_dir);
    }
}

static int print_values(const struct columns_list *columns, const struct jobs_view *view)
{
    struct bytes text = {0};
    int r = columns_values(columns, view, &text);
    if (r == 0)
        fwrite(text.data, 1, text.len, stdout);
    bytes_finish(&text);
    return r < 0 ? report_error("out of memory") : 0;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct show_options *opts = options_;
    struct connection connection;
    struct jobs_view view;
    struct columns_list columns = {.usage = true};
    if (opts->columns && columns_parse(opts->columns, "show", &columns) < 0)
        return EXIT_USAGE;
    int status = columns.usage ? commands_open_jobs_with_usage(&connection, &view, argc, argv)
                               : commands_open_jobs(&connection, &view, argc, argv);
    if (status != 0)
        return status;
    jobs_view_read_logs(&view, connection.state_dir);
    if (opts->json)
        status = json_print_jobs(view.jobs.items, view.jobs.len);
    else if (opts->columns)
        status = print_values(&columns, &view);
    else
        show_all(&view, connection.state_dir);
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

const struct command cmd_show = {
    .name = "show",
    .operands = "[JOB]...",
    .values = "any",
    .summary = "tell everything about a job",
    .examples = "js show\njs show -o pid build\njs show --json 3 | jq .jobs[0].usage",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct show_options),
    .run = run,
};
