#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/columns.h"
#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/json.h"
#include "client/report.h"

struct ls_options {
    bool all;
    bool json;
    const char *columns;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(ls_options, 'a', "all", NULL, OPTION_FLAG, all, "with the jobs that have ended",
                   NULL),
    COMMAND_OPTION(ls_options, 'o', "columns", "COLUMNS", OPTION_TEXT, columns,
                   "show these columns: id,state,cpu,mem,command (see COLUMNS in js(1))", "column"),
    COMMAND_OPTION(ls_options, 'j', "json", NULL, OPTION_FLAG, json, "as JSON", NULL),
};

static unsigned screen_width(void)
{
    struct winsize size;
    return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int print_table(const struct jobs_view *view, const struct columns_list *columns,
                       const struct ls_options *opts)
{
    struct bytes text = {0};
    int r = columns_table(columns, view, screen_width(), !opts->columns, &text);
    if (r == 0)
        fwrite(text.data, 1, text.len, stdout);
    bytes_finish(&text);
    return r < 0 ? report_error("out of memory") : 0;
}

/* known: there are, or have been, jobs; only a person is told that there are none now. */
static int print(const struct jobs_view *view, const struct ls_options *opts,
                 const struct columns_list *columns, bool known)
{
    if (opts->json)
        return json_print_jobs(view->jobs.items, view->jobs.len);
    if (view->jobs.len > 0)
        return print_table(view, columns, opts);
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
    struct columns_list columns;
    if (columns_parse(opts->columns ? opts->columns : COLUMNS_DEFAULT, "ls", &columns) < 0)
        return EXIT_USAGE;
    int r = connection_open(&connection, CONNECTION_START_IF_JOBS);
    if (r < 0)
        return -r;
    if (r == 1 && argc > 0)
        return report_error("no job %s", argv[0]);
    if (r == 1)
        return print(&view, opts, &columns, false);
    struct msg_list body = {
        .all = opts->all, .usage = columns.usage, .jobs = {.items = argv, .len = (size_t)argc}};
    int status = jobs_view_fetch(&view, &connection, MSG_LIST, &body);
    if (opts->json || opts->columns)
        jobs_view_read_logs(&view, connection.state_dir);
    if (status == 0)
        status = print(&view, opts, &columns, true);
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
    .description =
        "'+' marks the current job, which commands mean when none is given, '-' the "
        "previous one. ATTACHED is the terminal that shows it. A running job that asks seems "
        "to wait for input from its terminal: a process in its foreground sleeps in a "
        "read of it, or it takes a line that it does not show.\n\n"
        "With -o, columns of what a job uses are asked of its holder; so is usage in JSON.",
    .examples = "js ls\njs ls -a\njs ls -o id,state,cpu,mem,peak,io,command\njs ls --json | jq "
                "'.jobs[].argv'",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct ls_options),
    .run = run,
};
