#include <stdio.h>
#include <stdlib.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/json.h"
#include "client/report.h"

struct wait_options {
    bool any;
    bool json;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(wait_options, 'a', "any", NULL, OPTION_FLAG, any,
                   "the first of the jobs to end is enough", NULL),
    COMMAND_OPTION(wait_options, 'j', "json", NULL, OPTION_FLAG, json, "print the jobs as JSON",
                   NULL),
};

/* As wait(1): the status of the last job named; with --any that of the first to have ended. */
static int pick_status(const struct jobs_view *view, bool any)
{
    const struct job_info *jobs = view->jobs.items;
    const struct job_info *picked = NULL;
    for (size_t i = 0; i < view->jobs.len; i++) {
        if (!any)
            picked = &jobs[i];
        else if (job_state_is_final(jobs[i].state) &&
                 (!picked || jobs[i].ended_ns < picked->ended_ns))
            picked = &jobs[i];
    }
    if (!picked)
        return report_error("the job was removed before its end could be told");
    report_if_lost(picked);
    return report_exit_status(picked);
}

/* Appends the number of the job that the spec names now. 0, or the exit status, the user told. */
static int find_job(struct connection *connection, const char *spec, struct wire_strs *ret)
{
    struct jobs_view view;
    char *items[] = {(char *)spec};
    struct msg_list body = {.none_is_current = true, .jobs = {.items = items, .len = spec ? 1 : 0}};
    int status = jobs_view_fetch(&view, connection, MSG_LIST, &body);
    if (status != 0)
        return status;
    const struct job_info *jobs = view.jobs.items;
    if (view.jobs.len != 1 || asprintf(&ret->items[ret->len], "%u", jobs[0].id) < 0)
        status = report_error("out of memory");
    else
        ret->len++;
    jobs_view_finish(&view);
    return status;
}

/*
 * The numbers of the jobs that the operands name now: what they name may change while we wait. 0,
 * or the exit status when there is one that is not known: the others are waited for all the same.
 */
static int find_jobs(struct connection *connection, int argc, char **argv, struct wire_strs *ret)
{
    int status = 0;
    ret->items = calloc((size_t)argc + 2, sizeof(*ret->items));
    if (!ret->items)
        return report_error("out of memory");
    for (int i = 0; (i < argc || i == 0) && !connection->lost; i++) {
        int r = find_job(connection, argc > 0 ? argv[i] : NULL, ret);
        status = r != 0 ? r : status;
    }
    return status;
}

/* Waits for the jobs, prints them if wanted, and returns the exit status that they stand for. */
static int wait_for(struct connection *connection, const struct wait_options *opts,
                    const struct msg_wait *body)
{
    struct jobs_view view = {0};
    int status = jobs_view_fetch(&view, connection, MSG_WAIT, body);
    if (status == 0 && opts->json)
        status = json_print_jobs(view.jobs.items, view.jobs.len);
    if (status == 0)
        status = pick_status(&view, opts->any);
    jobs_view_finish(&view);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct wait_options *opts = options_;
    struct connection connection;
    int status = commands_connect(&connection, argc ? argv[0] : NULL);
    if (status != 0)
        return status;
    struct msg_wait body = {.any = opts->any};
    int unknown = find_jobs(&connection, argc, argv, &body.jobs);
    if (body.jobs.len > 0)
        status = wait_for(&connection, opts, &body);
    wire_clear(&msg_wait_fields, &body);
    connection_finish(&connection);
    return unknown != 0 ? unknown : status;
}

const struct command cmd_wait = {
    .name = "wait",
    .operands = "[JOB]...",
    .values = "any",
    .summary = "wait until jobs have ended; exit as they did",
    .description = "The exit status is that of the last JOB named, or with --any of the first to "
                   "end: its code, or 128 + N when signal N ended it. A job that has ended "
                   "already can be asked again and again.\n\n"
                   "When a JOB does not exist, that is said, the others are waited for, and the "
                   "exit status is 125.",
    .examples = "js wait build; echo $?\njs wait --any 3 4 5",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct wait_options),
    .run = run,
};
