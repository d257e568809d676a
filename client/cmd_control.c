/* The commands that give a job one simple order: bg, stop, cont, detach, rm. */
#include <stdlib.h>

#include "client/commands.h"
#include "client/report.h"

static void *make_on_job(const char *spec, void *context)
{
    struct msg_on_job *body = context;
    body->job = (char *)spec;
    return body;
}

static int order(enum message_type type, int argc, char **argv)
{
    struct msg_on_job body = {0};
    return commands_for_each_job(type, argc, argv, make_on_job, &body);
}

static int run_continue(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    return order(MSG_CONTINUE, argc, argv);
}

static int run_stop(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    return order(MSG_STOP, argc, argv);
}

/* Inside a job, "js detach" means the terminal it is shown on. */
static int run_detach(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    char *own[] = {getenv("JS_JOB_UID"), NULL};
    return argc == 0 && own[0] ? order(MSG_DETACH, 1, own) : order(MSG_DETACH, argc, argv);
}

static int run_rm(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    if (argc == 0) {
        report_error("rm: name the jobs to forget; see js ls -a");
        return EXIT_USAGE;
    }
    return order(MSG_REMOVE, argc, argv);
}

const struct command cmd_bg = {
    .name = "bg",
    .operands = "[JOB]...",
    .values = "stopped",
    .summary = "continue a stopped job without attaching",
    .examples = "js bg\njs bg %2 build",
    .run = run_continue,
};

const struct command cmd_cont = {
    .name = "cont",
    .operands = "[JOB]...",
    .values = "stopped",
    .summary = "the same as bg, for scripts that say stop and cont",
    .run = run_continue,
};

const struct command cmd_stop = {
    .name = "stop",
    .operands = "[JOB]...",
    .values = "running",
    .summary = "stop a job as ^Z does",
    .description = "Sends SIGTSTP to the job's process group, and SIGSTOP if it still runs a "
                   "quarter of a second later. Whoever is attached gets the shell back.",
    .run = run_stop,
};

const struct command cmd_detach = {
    .name = "detach",
    .operands = "[JOB]...",
    .values = "attached",
    .summary = "detach every terminal from a job; it goes on",
    .description = "Without JOB: the current job; inside a job, that job.",
    .run = run_detach,
};

const struct command cmd_rm = {
    .name = "rm",
    .operands = "JOB...",
    .values = "ended",
    .summary = "forget an ended job and its log",
    .run = run_rm,
};
