#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/json.h"
#include "client/report.h"
#include "client/select.h"

struct wait_options {
    bool any;
    bool json;
    struct option_list labels;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(wait_options, 'a', "any", NULL, OPTION_FLAG, any,
                   "the first of the jobs to end is enough", NULL),
    SELECT_OPTION(wait_options),
    COMMAND_OPTION(wait_options, 'j', "json", NULL, OPTION_FLAG, json, "print the jobs as JSON",
                   NULL),
};

/*
 * As wait(1): the status of the last job named; with --any that of the first to have ended; of jobs
 * that were not named one by one, that of the last one that is not 0.
 */
static const struct job_info *pick(const struct jobs_view *view, const struct wait_options *opts,
                                   bool named)
{
    const struct job_info *jobs = view->jobs.items;
    const struct job_info *picked = NULL;
    for (size_t i = 0; i < view->jobs.len; i++) {
        bool first =
            job_state_is_final(jobs[i].state) && (!picked || jobs[i].ended_ns < picked->ended_ns);
        bool last = named || !picked || report_exit_status(&jobs[i]) != 0;
        if (opts->any ? first : last)
            picked = &jobs[i];
    }
    return picked;
}

static int pick_status(const struct jobs_view *view, const struct wait_options *opts, bool named)
{
    const struct job_info *picked = pick(view, opts, named);
    if (!picked)
        return report_error("the job was removed before its end could be told");
    report_if_lost(picked);
    return report_exit_status(picked);
}

/* Appends the job's number to ret, which has room. 0, or the exit status, the user told. */
static int take_job(const struct job_info *job, void *data)
{
    struct wire_strs *ret = data;
    const char *own = getenv("JS_JOB_UID");
    if (own && strcmp(own, job->uid) == 0)
        return report_error("this runs in job %u, which cannot wait for its own end", job->id);
    if (asprintf(&ret->items[ret->len], "%u", job->id) < 0)
        return report_error("out of memory");
    ret->len++;
    return 0;
}

/* Those that pass. 0, or the exit status, the user told. */
static int find_fitting(struct connection *connection, const struct filter *filter, int argc,
                        char **argv, struct wire_strs *ret)
{
    struct jobs_view view;
    int status = select_jobs(connection, &view, filter, SELECT_ALL, argc, argv);
    if (status != 0)
        return status;
    const struct job_info *jobs = view.jobs.items;
    ret->items = calloc(view.jobs.len + 1, sizeof(*ret->items));
    if (!ret->items)
        status = report_error("out of memory");
    for (size_t i = 0; status == 0 && i < view.jobs.len; i++)
        status = take_job(&jobs[i], ret);
    jobs_view_finish(&view);
    return status;
}

/*
 * The numbers of the jobs that the operands name now: what they name may change while we wait. 0,
 * or the exit status when there is one that is not known: the others are waited for all the same.
 */
static int find_jobs(struct connection *connection, int argc, char **argv, struct wire_strs *ret)
{
    ret->items = calloc((size_t)argc + 2, sizeof(*ret->items));
    return ret->items ? select_named(connection, argc, argv, take_job, ret)
                      : report_error("out of memory");
}

/* Waits for the jobs, prints them if wanted, and returns the exit status that they stand for. */
static int wait_for(struct connection *connection, const struct wait_options *opts,
                    const struct msg_wait *body, bool named)
{
    struct jobs_view view = {0};
    int status = jobs_view_fetch(&view, connection, MSG_WAIT, body);
    if (status == 0 && opts->json)
        status = json_print_jobs(view.jobs.items, view.jobs.len);
    if (status == 0)
        status = pick_status(&view, opts, named);
    jobs_view_finish(&view);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct wait_options *opts = options_;
    struct filter filter = {.labels = &opts->labels};
    struct connection connection;
    bool named = filter_is_empty(&filter);
    if (!filter_is_valid(&filter, "wait"))
        return EXIT_USAGE;
    int status = select_connect(&connection, &filter, argc, argv);
    if (status != 0)
        return status;
    struct msg_wait body = {.any = opts->any};
    int unknown = named ? find_jobs(&connection, argc, argv, &body.jobs)
                        : find_fitting(&connection, &filter, argc, argv, &body.jobs);
    if (body.jobs.len > 0 && (named || unknown == 0))
        status = wait_for(&connection, opts, &body, named);
    wire_clear(&msg_wait_fields, &body);
    connection_finish(&connection);
    return unknown != 0 ? unknown : status;
}

static const char *const aliases[] = {"w", "wa",
                                      NULL}; /* as it could be shortened to before js watch */

const struct command cmd_wait = {
    .name = "wait",
    .aliases = aliases,
    .operands = "[JOB]...",
    .values = "any",
    .summary = "wait until jobs have ended; exit as they did",
    .description = "The exit status is that of the last JOB named, or with --any of the first to "
                   "end: its code, or 128 + N when signal N ended it. A job that has ended "
                   "already can be asked again and again.\n\n"
                   "When a JOB does not exist, that is said, the others are waited for, and the "
                   "exit status is 125. A job cannot wait for itself.\n\n"
                   "With --label and no JOB: every job with that label, ended ones too; the exit "
                   "status is 0 when all of them ended so, else that of the last one that did "
                   "not.",
    .examples = "js wait build; echo $?\njs wait --any 3 4 5\njs wait -l batch=7",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct wait_options),
    .run = run,
};
