/* The commands that forget ended jobs: rm, prune. */
#include <stdio.h>

#include "client/commands.h"
#include "client/jobs_table.h"
#include "client/report.h"
#include "client/select.h"
#include "common/clock.h"

static void *make_remove(const char *spec, void *context)
{
    struct msg_on_job *body = context;
    body->job = (char *)spec;
    return body;
}

/* Somebody else may have removed a job meanwhile: that is no failure here. */
static int remove_all(struct connection *connection, const struct jobs_view *view)
{
    const struct job_info *jobs = view->jobs.items;
    size_t removed = 0;
    int status = 0;
    for (size_t i = 0; i < view->jobs.len && !connection->lost; i++) {
        char number[16];
        struct msg_on_job body = {.job = number};
        snprintf(number, sizeof(number), "%u", jobs[i].id);
        int r = connection_request(connection, MSG_REMOVE, &body, NULL, 0);
        removed += r == 0;
        status = r == 0 ? status : EXIT_SOME_FAILED;
    }
    fprintf(stderr, "js: %zu job%s forgotten\n", removed, removed == 1 ? "" : "s");
    return connection->lost ? EXIT_JS_FAILED : status;
}

static int print_table(const struct jobs_view *view)
{
    struct columns_list columns;
    return columns_parse(COLUMNS_DEFAULT, "prune", &columns) < 0
               ? EXIT_USAGE
               : jobs_table_print(view, &columns, true, false);
}

static int forget(const struct filter *filter, bool dry_run)
{
    struct connection connection;
    struct jobs_view view = {0};
    struct msg_list body = {.all = true};
    int r = connection_open(&connection, CONNECTION_START_IF_JOBS);
    if (r < 0)
        return -r;
    int status = r == 0 ? jobs_view_fetch(&view, &connection, MSG_LIST, &body) : 0;
    if (status == 0)
        select_filter(&view, filter, SELECT_ENDED);
    if (status == 0 && view.jobs.len == 0)
        fprintf(stderr, "js: no ended job fits: nothing to forget\n");
    else if (status == 0)
        status = dry_run ? print_table(&view) : remove_all(&connection, &view);
    jobs_view_finish(&view);
    if (r == 0)
        connection_finish(&connection);
    return status;
}

/* rm */

struct rm_options {
    bool all;
    struct option_list labels;
};

static const struct option_spec rm_table[] = {
    COMMAND_OPTION(rm_options, 'a', "all", NULL, OPTION_FLAG, all, "all jobs that have ended",
                   NULL),
    SELECT_OPTION(rm_options),
};

static int run_rm(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    const struct rm_options *opts = options;
    struct filter filter = {.labels = &opts->labels};
    struct msg_on_job body = {0};
    if (opts->all && argc > 0)
        report_error("rm: either --all or the jobs to forget");
    else if (argc == 0 && filter_is_empty(&filter) && !opts->all)
        report_error("rm: name the jobs to forget, or --all; see js ls -a");
    else if (!filter_is_valid(&filter, "rm"))
        return EXIT_USAGE;
    else if (opts->all)
        return forget(&filter, false);
    else
        return select_each(MSG_REMOVE, &filter, SELECT_ENDED, argc, argv, make_remove, &body);
    return EXIT_USAGE;
}

const struct command cmd_rm = {
    .name = "rm",
    .operands = "[JOB]...",
    .values = "ended",
    .summary = "forget ended jobs and their logs",
    .description = "Of several jobs each is tried; when one could not be forgotten, that is said, "
                   "and the exit status is 1.\n\n"
                   "With --label and no JOB: all ended jobs with that label. That there is "
                   "none is no error with --all. js prune chooses by "
                   "age and by how jobs ended.",
    .examples = "js rm 3 4\njs rm --all\njs rm -l app=web",
    COMMAND_OPTIONS(rm_table),
    .options_size = sizeof(struct rm_options),
    .run = run_rm,
};

/* prune */

struct prune_options {
    uint64_t older_ms;
    bool failed, ok, dry_run;
    struct option_list labels;
};

static const struct option_spec prune_table[] = {
    COMMAND_OPTION(prune_options, 'o', "older", "TIME", OPTION_DURATION, older_ms,
                   "only jobs that ended longer ago than that", NULL),
    COMMAND_OPTION(prune_options, '\0', "failed", NULL, OPTION_FLAG, failed,
                   "only jobs that failed: by a code that is no success, a signal, a timeout",
                   NULL),
    COMMAND_OPTION(prune_options, '\0', "ok", NULL, OPTION_FLAG, ok, "only jobs that did not fail",
                   NULL),
    SELECT_OPTION(prune_options),
    COMMAND_OPTION(prune_options, 'n', "dry-run", NULL, OPTION_FLAG, dry_run,
                   "list the jobs that would be forgotten, and forget none", NULL),
};

static int run_prune(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)argc;
    (void)argv;
    const struct prune_options *opts = options;
    uint64_t now = clock_realtime_ns();
    uint64_t age = opts->older_ms < now / 1000000u ? opts->older_ms * 1000000u : now - 1;
    struct filter filter = {.labels = &opts->labels,
                            .failed = opts->failed,
                            .ok = opts->ok,
                            .ended_before_ns = opts->older_ms ? now - age : 0};
    if (opts->failed && opts->ok) {
        report_error("prune: either --failed or --ok");
        return EXIT_USAGE;
    }
    return filter_is_valid(&filter, "prune") ? forget(&filter, opts->dry_run) : EXIT_USAGE;
}

const struct command cmd_prune = {
    .name = "prune",
    .summary = "forget ended jobs by age, label, or how they ended",
    .description = "Without options: all jobs that have ended, with their logs. That none fits is "
                   "no error. Ended jobs also go by themselves: see keep-jobs and keep-time in the "
                   "configuration.",
    .examples = "js prune --older 7d --dry-run\njs prune --ok\njs prune --failed -l app=web",
    COMMAND_OPTIONS(prune_table),
    .options_size = sizeof(struct prune_options),
    .run = run_prune,
};
