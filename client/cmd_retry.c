#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/caller.h"
#include "client/commands.h"
#include "client/raw_tty.h"
#include "client/report.h"
#include "client/run_env.h"
#include "common/config.h"

struct retry_options {
    bool failed;
    bool dry_run;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(retry_options, 'f', "failed", NULL, OPTION_FLAG, failed,
                   "every job that has failed", NULL),
    COMMAND_OPTION(retry_options, 'n', "dry-run", NULL, OPTION_FLAG, dry_run,
                   "only tell which ones those are", NULL),
};

/* The surroundings of a job that is started from here, as `js run -d` would describe them. */
static int describe_caller(struct msg_run *run)
{
    struct config config;
    struct raw_tty tty;
    commands_read_config(&config);
    int r = caller_describe(run);
    if (r == 0)
        r = run_env_fill(&run_options_defaults, &config, run);
    raw_tty_init(&tty);
    if (r == 0 && tty.input_is_tty)
        r = raw_tty_describe(&tty, &run->terminal);
    raw_tty_finish(&tty);
    return r;
}

static void print_job(const struct job_info *job)
{
    char *command = report_command(job);
    printf("%u  %s\n", job->id, command ? command : "?");
    free(command);
}

static int retry_job(struct connection *connection, const struct job_info *job, struct msg_run *run)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", job->id);
    struct msg_retry body = {.job = number, .run = run};
    return connection_request(connection, MSG_RETRY, &body, NULL, 0);
}

/* Each job that is meant; what is said of one does not keep the others from it. */
static int retry_all(struct connection *connection, const struct jobs_view *view,
                     const struct retry_options *opts, struct msg_run *run)
{
    const struct job_info *jobs = view->jobs.items;
    int status = 0;
    for (size_t i = 0; i < view->jobs.len && !connection->lost; i++) {
        if (opts->failed && !job_has_failed(&jobs[i]))
            continue;
        int r = opts->dry_run ? 0 : retry_job(connection, &jobs[i], run);
        if (opts->dry_run)
            print_job(&jobs[i]);
        else if (r == 0)
            printf("%u\n", jobs[i].id);
        status = r ? r : status;
    }
    return status;
}

static int run_retry(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct retry_options *opts = options_;
    struct connection connection;
    struct jobs_view view;
    struct msg_run run = {0};
    if (opts->failed && argc > 0) {
        report_error("retry: either jobs or --failed");
        return EXIT_USAGE;
    }
    int status = opts->failed ? commands_open_all(&connection, &view)
                              : commands_open_jobs(&connection, &view, argc, argv);
    if (status != 0)
        return status;
    int r = describe_caller(&run);
    if (r < 0)
        status = report_error("cannot describe what to run: %s", strerror(-r));
    else
        status = retry_all(&connection, &view, opts, &run);
    wire_clear(&msg_run_fields, &run);
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

const struct command cmd_retry = {
    .name = "retry",
    .operands = "[JOB]...",
    .values = "any",
    .summary = "start a job again",
    .description =
        "A job that has ended is started once more, detached: with the same number, name, command, "
        "directory and plan, its output going on in the same log; the environment, limits and "
        "terminal settings are yours, now. A job that waits for its next attempt (backoff, a time) "
        "gets it at once.\n\n"
        "What came as a script cannot be started again once the job has ended: scripts are never "
        "stored.",
    .examples = "js retry build\njs retry --failed --dry-run",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct retry_options),
    .run = run_retry,
};
