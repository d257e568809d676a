#include <signal.h>

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

static void *make_kill(const char *spec, void *context)
{
    struct msg_kill *body = context;
    body->job = (char *)spec;
    return body;
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
        "grace.\n\n"
        "Killing a job that has ended is no error. Of several jobs each is tried; when one could "
        "not be killed, that is said, and the exit status is 1.\n\n"
        "With --label and no JOB: all live jobs with that label.",
    .examples = "js kill %3\njs kill --grace 30s build\njs kill -s HUP 2\njs kill -l app=web",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct kill_options),
    .defaults = &defaults,
    .run = run,
};
