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

/* The numbers of the jobs that the operands name now: what they name may change while we wait. */
static int find_jobs(struct connection *connection, int argc, char **argv, struct wire_strs *ret)
{
    struct jobs_view view;
    struct msg_list body = {.none_is_current = true, .jobs = {.items = argv, .len = (size_t)argc}};
    int status = jobs_view_fetch(&view, connection, MSG_LIST, &body);
    if (status != 0)
        return status;
    char(*numbers)[16] = calloc(view.jobs.len, sizeof(*numbers));
    char **items = calloc(view.jobs.len, sizeof(*items));
    const struct job_info *jobs = view.jobs.items;
    for (size_t i = 0; numbers && items && i < view.jobs.len; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%u", jobs[i].id);
        items[i] = numbers[i];
    }
    if (!numbers || !items || wire_set_strs(ret, items, view.jobs.len) < 0)
        status = report_error("out of memory");
    free(numbers);
    free(items);
    jobs_view_finish(&view);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct wait_options *opts = options_;
    struct connection connection;
    struct jobs_view view = {0};
    int status = commands_connect(&connection, argc ? argv[0] : NULL);
    if (status != 0)
        return status;
    struct msg_wait body = {.any = opts->any};
    status = find_jobs(&connection, argc, argv, &body.jobs);
    if (status == 0)
        status = jobs_view_fetch(&view, &connection, MSG_WAIT, &body);
    wire_clear(&msg_wait_fields, &body);
    if (status == 0 && opts->json)
        status = json_print_jobs(view.jobs.items, view.jobs.len);
    if (status == 0)
        status = pick_status(&view, opts->any);
    jobs_view_finish(&view);
    connection_finish(&connection);
    return status;
}

const struct command cmd_wait = {
    .name = "wait",
    .operands = "[JOB]...",
    .values = "any",
    .summary = "wait until jobs have ended; exit as they did",
    .description = "The exit status is that of the last JOB named, or with --any of the first to "
                   "end: its code, or 128 + N when signal N ended it. A job that has ended "
                   "already can be asked again and again.",
    .examples = "js wait build; echo $?\njs wait --any 3 4 5",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct wait_options),
    .run = run,
};
