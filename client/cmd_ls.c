#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/json.h"
#include "client/report.h"
#include "client/table.h"
#include "common/clock.h"
#include "common/duration.h"

struct ls_options {
    bool all;
    bool json;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(ls_options, 'a', "all", NULL, OPTION_FLAG, all, "with the jobs that have ended",
                   NULL),
    COMMAND_OPTION(ls_options, 'j', "json", NULL, OPTION_FLAG, json, "as JSON", NULL),
};

enum { ID, MARK, STATE, NAME, ATTACHED, AGE, EXIT, COMMAND, COLUMNS };

static int add_columns(struct table *table)
{
    int r = table_add_column(table, "ID", TABLE_RIGHT);
    r = r < 0 ? r : table_add_column(table, " ", 0);
    r = r < 0 ? r : table_add_column(table, "STATE", TABLE_DROP(1));
    r = r < 0 ? r : table_add_column(table, "NAME", TABLE_SHRINK | TABLE_DROP(2));
    r = r < 0 ? r : table_add_column(table, "ATTACHED", TABLE_DROP(5));
    r = r < 0 ? r : table_add_column(table, "AGE", TABLE_RIGHT | TABLE_DROP(4));
    r = r < 0 ? r : table_add_column(table, "EXIT", TABLE_RIGHT | TABLE_DROP(3));
    return r < 0 ? r : table_add_column(table, "COMMAND", TABLE_SHRINK);
}

static int add_job(struct table *table, const struct jobs_view *view, const struct job_info *job)
{
    char id[16], age[16], end[32], attached[128];
    char mark[2] = {jobs_view_mark(view, job), '\0'};
    uint64_t now = clock_realtime_ns();
    uint64_t since = job->started_ns ? job->started_ns : job->created_ns;
    snprintf(id, sizeof(id), "%u", job->id);
    duration_format(now > since ? (now - since) / 1000000u : 0, age);
    jobs_view_exit(job, end, sizeof(end));
    jobs_view_attached(job, attached, sizeof(attached));
    char *command = report_command(job);
    const char *cells[COLUMNS] = {
        [ID] = id,          [MARK] = mark,         [STATE] = job_state_name(job->state),
        [NAME] = job->name, [ATTACHED] = attached, [AGE] = age,
        [EXIT] = end,       [COMMAND] = command,
    };
    int r = table_add_row(table, cells);
    free(command);
    return r;
}

static unsigned screen_width(void)
{
    struct winsize size;
    return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int print_table(const struct jobs_view *view)
{
    struct table table = {0};
    struct bytes text = {0};
    int r = add_columns(&table);
    const struct job_info *jobs = view->jobs.items;
    for (size_t i = 0; r == 0 && i < view->jobs.len; i++)
        r = add_job(&table, view, &jobs[i]);
    if (r == 0)
        r = table_print(&table, screen_width(), &text);
    if (r == 0)
        fwrite(text.data, 1, text.len, stdout);
    table_finish(&table);
    bytes_finish(&text);
    return r < 0 ? report_error("out of memory") : 0;
}

/* known: there are, or have been, jobs; only a person is told that there are none now. */
static int print(const struct jobs_view *view, const struct ls_options *opts, bool known)
{
    if (opts->json)
        return json_print_jobs(view->jobs.items, view->jobs.len);
    if (view->jobs.len > 0)
        return print_table(view);
    if (isatty(1))
        fprintf(stderr, known && !opts->all ? "no jobs; js ls -a lists those that have ended\n"
                                            : "no jobs; js run COMMAND starts one\n");
    return 0;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct ls_options *opts = options_;
    struct connection connection;
    struct jobs_view view = {0};
    int r = connection_open(&connection, CONNECTION_START_IF_JOBS);
    if (r < 0)
        return -r;
    if (r == 1 && argc > 0)
        return report_error("no job %s", argv[0]);
    if (r == 1)
        return print(&view, opts, false);
    struct msg_list body = {.all = opts->all, .jobs = {.items = argv, .len = (size_t)argc}};
    int status = jobs_view_fetch(&view, &connection, MSG_LIST, &body);
    if (opts->json)
        jobs_view_read_logs(&view, connection.state_dir);
    if (status == 0)
        status = print(&view, opts, true);
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

static const char *const aliases[] = {"list", NULL};

const struct command cmd_ls = {
    .name = "ls",
    .aliases = aliases,
    .operands = "[JOB]...",
    .values = "any",
    .summary = "list the jobs",
    .description = "'+' marks the current job, which commands mean when none is given, '-' the "
                   "previous one. ATTACHED is the terminal that shows it.",
    .examples = "js ls\njs ls -a\njs ls --json | jq '.jobs[].argv'",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct ls_options),
    .run = run,
};
