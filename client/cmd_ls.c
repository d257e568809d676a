#include <stdio.h>
#include <unistd.h>

#include "client/columns.h"
#include "client/commands.h"
#include "client/jobs_table.h"
#include "client/json.h"
#include "client/report.h"
#include "client/select.h"

struct ls_options {
    bool all;
    bool json;
    const char *columns;
    bool failed;
    bool no_pager;
    const char *states;
    const char *name;
    uint64_t limit;
    struct option_list labels;
};

static const struct ls_options defaults = {.limit = UINT64_MAX};

static const struct option_spec options[] = {
    COMMAND_OPTION(ls_options, 'a', "all", NULL, OPTION_FLAG, all, "with the jobs that have ended",
                   NULL),
    SELECT_OPTION(ls_options),
    COMMAND_OPTION(ls_options, 's', "state", "STATES", OPTION_TEXT, states,
                   "only jobs in these states, with commas between: running,stopped",
                   "=live|queued|starting|running|stopped|exiting|backoff|ended|failed"),
    COMMAND_OPTION(ls_options, 'n', "name", "PATTERN", OPTION_TEXT, name,
                   "only jobs whose name fits, with * ? [] as in file names", NULL),
    COMMAND_OPTION(ls_options, '\0', "failed", NULL, OPTION_FLAG, failed,
                   "only jobs that ended with a failure: a code, a signal, a timeout, ...", NULL),
    COMMAND_OPTION(ls_options, '\0', "limit", "JOBS", OPTION_COUNT, limit,
                   "so many at most, the newest", NULL),
    COMMAND_OPTION(ls_options, 'o', "columns", "COLUMNS", OPTION_TEXT, columns,
                   "show these columns: id,state,cpu,mem,command (see COLUMNS in js(1))", "column"),
    COMMAND_OPTION(ls_options, '\0', "no-pager", NULL, OPTION_FLAG, no_pager,
                   "do not show a long table through $JS_PAGER, $PAGER or less", NULL),
    COMMAND_OPTION(ls_options, 'j', "json", NULL, OPTION_FLAG, json, "as JSON", NULL),
};

/* Only a person is told that there are none. known: there are, or have been, jobs. */
static void tell_none(const struct ls_options *opts, const struct filter *filter, bool known)
{
    struct bytes text = {0};
    if (!isatty(1))
        return;
    if (filter_is_empty(filter))
        fprintf(stderr, known && !opts->all ? "no jobs; js ls -a lists those that have ended\n"
                                            : "no jobs; js run COMMAND starts one\n");
    else if (filter_describe_none(filter, &text) == 0)
        fprintf(stderr, "%.*s%s\n", (int)text.len, (const char *)text.data,
                opts->all || filter->states || filter->failed
                    ? ""
                    : "; -a looks at the ended ones, too");
    bytes_finish(&text);
}

/* Leaves the last ones: their numbers rise. */
static void keep_newest(struct jobs_view *view, uint64_t limit)
{
    struct job_info *jobs = view->jobs.items;
    if (view->jobs.len <= limit)
        return;
    size_t gone = view->jobs.len - (size_t)limit;
    for (size_t i = 0; i < view->jobs.len; i++) {
        if (i < gone)
            wire_clear(&job_info_fields, &jobs[i]);
        else
            jobs[i - gone] = jobs[i]; /* with all that it owns */
    }
    view->jobs.len -= gone;
}

static int list(struct connection *connection, const struct ls_options *opts,
                const struct filter *filter, const struct columns_list *columns, int argc,
                char **argv)
{
    struct jobs_view view;
    bool ended = opts->all || opts->failed || (filter->states & filter_final_states());
    struct msg_list body = {
        .all = ended, .usage = columns->usage, .jobs = {.items = argv, .len = (size_t)argc}};
    int status = jobs_view_fetch(&view, connection, MSG_LIST, &body);
    if (status != 0)
        return status;
    select_filter(&view, filter, SELECT_ALL);
    keep_newest(&view, opts->limit);
    if (opts->json || opts->columns)
        jobs_view_read_logs(&view, connection->state_dir);
    if (opts->json)
        status = json_print_jobs(view.jobs.items, view.jobs.len);
    else if (view.jobs.len > 0)
        status = jobs_table_print(&view, columns, !opts->columns, !opts->no_pager);
    else
        tell_none(opts, filter, true);
    jobs_view_finish(&view);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct ls_options *opts = options_;
    struct filter filter = {.labels = &opts->labels,
                            .state_words = opts->states,
                            .name = opts->name,
                            .failed = opts->failed};
    if (opts->states && filter_read_states(opts->states, &filter.states) < 0) {
        report_error("ls: --state '%s': " FILTER_STATES_SYNTAX, opts->states);
        return EXIT_USAGE;
    }
    if (!filter_is_valid(&filter, "ls"))
        return EXIT_USAGE;
    struct columns_list columns;
    if (columns_parse(opts->columns ? opts->columns : COLUMNS_DEFAULT, "ls", &columns) < 0)
        return EXIT_USAGE;
    struct connection connection;
    int r = connection_open(&connection, CONNECTION_START_IF_JOBS);
    if (r < 0)
        return -r;
    if (r == 1 && argc > 0)
        return report_error("no job %s", argv[0]);
    if (r == 1 && opts->json)
        return json_print_jobs(NULL, 0);
    if (r == 1) {
        tell_none(opts, &filter, false);
        return EXIT_OK;
    }
    int status = list(&connection, opts, &filter, &columns, argc, argv);
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
                   "previous one. ATTACHED is the terminal that shows it.\n\n"
                   "Of several conditions (--label, --state, --name, --failed) all must hold. "
                   "Ended jobs are listed with --all, with --failed and when --state asks for "
                   "them.\n\n"
                   "With -o, columns of what a job uses are asked of its holder; so is usage in "
                   "JSON.\n\n"
                   "On a terminal a table longer than the screen is shown through $JS_PAGER, else "
                   "$PAGER, else less -FRX.",
    .examples = "js ls\njs ls -a\njs ls --failed --limit 20\njs ls -l app=web --state running\n"
                "js ls -o id,state,cpu,mem,peak,io,command\njs ls --json | jq '.jobs[].argv'",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct ls_options),
    .defaults = &defaults,
    .run = run,
};
