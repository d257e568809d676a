/* The commands that give a job one simple order: bg, stop, cont, detach. */
#include <stdlib.h>

#include "client/commands.h"
#include "client/report.h"
#include "client/select.h"

static void *make_on_job(const char *spec, void *context)
{
    struct msg_on_job *body = context;
    body->job = (char *)spec;
    return body;
}

struct control_options {
    struct option_list labels;
};

static const struct option_spec options[] = {
    SELECT_OPTION(control_options),
};

static int order(enum message_type type, const struct command *command, const void *options_,
                 int argc, char **argv)
{
    const struct control_options *opts = options_;
    struct filter filter = {.labels = &opts->labels};
    struct msg_on_job body = {0};
    if (!filter_is_valid(&filter, command->name))
        return EXIT_USAGE;
    return select_each(type, &filter, SELECT_LIVE, argc, argv, make_on_job, &body);
}

static int run_continue(const struct command *command, void *opts, int argc, char **argv)
{
    return order(MSG_CONTINUE, command, opts, argc, argv);
}

static int run_stop(const struct command *command, void *opts, int argc, char **argv)
{
    return order(MSG_STOP, command, opts, argc, argv);
}

/* Inside a job, "js detach" means the terminal it is shown on. */
static int run_detach(const struct command *command, void *options_, int argc, char **argv)
{
    const struct control_options *opts = options_;
    char *own[] = {getenv("JS_JOB_UID"), NULL};
    if (argc == 0 && own[0] && opts->labels.count == 0)
        return order(MSG_DETACH, command, opts, 1, own);
    return order(MSG_DETACH, command, opts, argc, argv);
}

const struct command cmd_bg = {
    .name = "bg",
    .operands = "[JOB]...",
    .values = "stopped",
    .summary = "continue a stopped job without attaching",
    .examples = "js bg\njs bg %2 build",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct control_options),
    .run = run_continue,
};

const struct command cmd_cont = {
    .name = "cont",
    .operands = "[JOB]...",
    .values = "stopped",
    .summary = "the same as bg, for scripts that say stop and cont",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct control_options),
    .run = run_continue,
};

const struct command cmd_stop = {
    .name = "stop",
    .operands = "[JOB]...",
    .values = "running",
    .summary = "stop a job as ^Z does",
    .description = "Sends SIGTSTP to the job's process group, and SIGSTOP if it still runs a "
                   "quarter of a second later. Whoever is attached gets the shell back.",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct control_options),
    .run = run_stop,
};

const struct command cmd_detach = {
    .name = "detach",
    .operands = "[JOB]...",
    .values = "attached",
    .summary = "detach every terminal from a job; it goes on",
    .description = "Without JOB: the current job; inside a job, that job.",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct control_options),
    .run = run_detach,
};
