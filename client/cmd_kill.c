#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/commands.h"
#include "client/report.h"
#include "client/select.h"

#define GRACE_UNSET UINT64_MAX

struct kill_options {
    int signal;
    uint64_t grace_ms;
    struct option_list labels;
};

static const struct kill_options defaults = {.grace_ms = GRACE_UNSET};

static const struct option_spec options[] = {
    COMMAND_OPTION(kill_options, 's', "signal", "SIGNAL", OPTION_SIGNAL, signal,
                   "send this signal to the job's process group, and no more", "signal"),
    COMMAND_OPTION(kill_options, 'g', "grace", "TIME", OPTION_DURATION, grace_ms,
                   "from TERM to KILL (default 5s)", NULL),
    SELECT_OPTION(kill_options),
};

static void *make_signal(const char *spec, void *context)
{
    struct msg_signal *body = context;
    body->job = (char *)spec;
    return body;
}

/* The jobs that are being ended: all of them at the same time. */
struct killing {
    struct connection *connection;
    struct msg_kill body;
    struct wire_strs begun; /* their numbers */
};

/* Begins the end of a job. */
static int kill_job(const struct job_info *job, void *data)
{
    struct killing *killing = data;
    char **items = realloc(killing->begun.items, (killing->begun.len + 1) * sizeof(*items));
    if (!items)
        return report_error("out of memory");
    killing->begun.items = items;
    char *number = NULL;
    if (asprintf(&number, "%u", job->id) < 0)
        return report_error("out of memory");
    killing->body.job = number;
    int status = connection_request(killing->connection, MSG_KILL, &killing->body, NULL, 0);
    const struct msg_done *done = killing->connection->reply.body;
    if (status == 0 && job_state_is_final(job->state) && done && done->note)
        fprintf(stderr, "js: %s\n", done->note);
    if (status == 0)
        items[killing->begun.len++] = number;
    else
        free(number);
    return status;
}

static int kill_viewed(struct killing *killing, const struct filter *filter, int argc, char **argv)
{
    struct jobs_view view;
    int status = select_jobs(killing->connection, &view, filter, SELECT_LIVE, argc, argv);
    if (status != 0)
        return status;
    const struct job_info *jobs = view.jobs.items;
    for (size_t i = 0; i < view.jobs.len && !killing->connection->lost; i++) {
        int r = kill_job(&jobs[i], killing);
        status = r != 0 ? r : status;
    }
    jobs_view_finish(&view);
    return status;
}

/* A job that is not known any more has ended, and been forgotten. */
static int await_ends(struct killing *killing)
{
    int status = 0;
    killing->connection->patient = true;
    killing->connection->expected = ERROR_NO_JOB;
    for (size_t i = 0; status == 0 && i < killing->begun.len; i++) {
        struct msg_wait body = {.jobs = {.items = &killing->begun.items[i], .len = 1}};
        status = connection_request(killing->connection, MSG_WAIT, &body, NULL, 0);
        status = status == CONNECTION_EXPECTED ? 0 : status;
    }
    return status;
}

static void *make_kill(const char *spec, void *context)
{
    struct msg_kill *body = context;
    body->job = (char *)spec;
    return body;
}

/* One grace for all: none waits for another's end. */
static int kill_all(const struct filter *filter, const struct msg_kill *body, int argc, char **argv)
{
    struct connection connection;
    struct killing killing = {.connection = &connection, .body = *body};
    killing.body.no_wait = true;
    int status = select_connect(&connection, filter, argc, argv);
    if (status != 0)
        return status;
    status = filter_is_empty(filter) ? select_named(&connection, argc, argv, kill_job, &killing)
                                     : kill_viewed(&killing, filter, argc, argv);
    int waited = connection.lost ? EXIT_JS_FAILED : await_ends(&killing);
    for (size_t i = 0; i < killing.begun.len; i++)
        free(killing.begun.items[i]);
    free(killing.begun.items);
    connection_finish(&connection);
    if (status != 0 && killing.begun.len > 0)
        return EXIT_SOME_FAILED;
    return status ? status : waited;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct kill_options *opts = options_;
    if (opts->signal && opts->grace_ms != GRACE_UNSET) {
        report_error("kill: --signal sends one signal; --grace is for ending the job");
        return EXIT_USAGE;
    }
    struct filter filter = {.labels = &opts->labels};
    if (!filter_is_valid(&filter, "kill"))
        return EXIT_USAGE;
    if (opts->signal) {
        struct msg_signal body = {.signal = (uint32_t)opts->signal};
        return select_each(MSG_SIGNAL, &filter, SELECT_LIVE, argc, argv, make_signal, &body);
    }
    bool unset = opts->grace_ms == GRACE_UNSET;
    struct msg_kill body = {.grace_ms = unset ? 0 : opts->grace_ms, .default_grace = unset};
    if (argc > 1 || !filter_is_empty(&filter))
        return kill_all(&filter, &body, argc, argv);
    return select_each(MSG_KILL, &filter, SELECT_LIVE, argc, argv, make_kill, &body);
}

const struct command cmd_kill = {
    .name = "kill",
    .operands = "[JOB]...",
    .values = "job",
    .summary = "end a job and everything it started",
    .description =
        "Sends TERM and CONT to the job and all its descendants, waits the grace, then sends KILL "
        "to what is left; returns when nothing is. A second js kill does not wait for the "
        "grace. Of several jobs all are told at once.\n\n"
        "Killing a job that has ended is no error. Of several jobs each is tried; when one could "
        "not be killed, that is said, and the exit status is 1.\n\n"
        "With --label and no JOB: all live jobs with that label.",
    .examples = "js kill %3\njs kill --grace 30s build\njs kill -s HUP 2\njs kill -l app=web",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct kill_options),
    .defaults = &defaults,
    .run = run,
};
