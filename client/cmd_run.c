#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/attach.h"
#include "client/caller.h"
#include "client/commands.h"
#include "client/json.h"
#include "client/profiles.h"
#include "client/raw_tty.h"
#include "client/report.h"
#include "client/run_env.h"
#include "client/run_limits.h"
#include "client/run_options.h"
#include "client/script.h"
#include "common/config.h"
#include "common/fd.h"
#include "common/size.h"
#include "common/uid.h"

static int make_argv(const struct run_options *opts, int argc, char **argv, struct wire_strs *ret)
{
    if (!opts->shell)
        return wire_set_strs(ret, argv, (size_t)argc);
    const char *shell = getenv("SHELL");
    char **items = calloc((size_t)argc + 3, sizeof(*items));
    if (!items)
        return -ENOMEM;
    items[0] = (char *)(shell && *shell ? shell : "/bin/sh");
    items[1] = (char *)"-c";
    memcpy(items + 2, argv, (size_t)argc * sizeof(*items));
    int r = wire_set_strs(ret, items, (size_t)argc + 2);
    free(items);
    return r;
}

/* A job that nobody watches starts with the settings and size of the terminal it came from. */
static int describe_terminal(struct msg_run *run, const struct size *size)
{
    struct raw_tty tty;
    raw_tty_init(&tty);
    int r = 0;
    if (tty.input_is_tty || size->rows)
        r = raw_tty_describe(&tty, &run->terminal);
    raw_tty_finish(&tty);
    if (r == 0 && size->rows) {
        run->terminal->rows = size->rows;
        run->terminal->cols = size->cols;
    }
    return r;
}

/* A server that does not know of plans must not start it without. */
static enum message_type request_type(const struct msg_run *run)
{
    return run->plan ? MSG_RUN_PLANNED : MSG_RUN;
}

static int run_detached(struct connection *connection, struct msg_run *run,
                        const struct run_options *opts, const struct script *script)
{
    int r = describe_terminal(run, &opts->size);
    int fd = r == 0 && script->fd >= 0 ? fd_dup(script->fd) : -1;
    if (r < 0)
        return report_error("%s", strerror(-r));
    if (fd < 0 && script->fd >= 0)
        return report_error("cannot pass the script on: %s", strerror(-fd));
    connection->patient = true;
    int status = connection_request(connection, request_type(run), run, &fd, fd >= 0);
    if (status != 0)
        return status;
    const struct job_info *job = connection->reply.body;
    if (connection->reply.type != MSG_JOB)
        return report_error("the server's answer was not a job");
    if (job->warning)
        report_error("job %u: %s", job->id, job->warning);
    if (strcmp(job->uid, run->uid) != 0 && !opts->json)
        return report_instead(job);
    if (opts->json)
        return json_print_jobs(job, 1);
    printf("%u\n", job->id);
    return 0;
}

/* What does not go together may not all be on the command line. */
static int make_plan(const struct run_options *opts, struct msg_run *run)
{
    int status = run_options_plan(opts, run);
    if (status != 0 && opts->profile)
        fprintf(stderr, "js: among these options are those of the profile '%s'; see js config\n",
                opts->profile);
    return status;
}

/* 0 or -errno. */
static int describe(const struct run_options *opts, const struct config *config,
                    const struct script *script, int argc, char **argv, struct msg_run *body)
{
    char uid[UID_LENGTH + 1];
    int r = caller_describe(body);
    if (r == 0)
        r = uid_make(uid);
    if (r == 0)
        r = wire_set_str(&body->uid, uid);
    if (r == 0)
        r = run_env_fill(opts, config, body);
    if (r == 0)
        r = opts->script ? script_describe(script, opts->script, argc, argv, body)
                         : make_argv(opts, argc, argv, &body->argv);
    return r == 0 ? wire_set_str(&body->name, opts->name) : r;
}

static int start(const struct run_options *opts, const struct config *config,
                 const struct script *script, struct msg_run *body)
{
    struct connection connection;
    int status = -connection_open(&connection, CONNECTION_START);
    connection.again = &body->again;
    if (status != 0)
        return status;
    if (opts->detached) {
        status = run_detached(&connection, body, opts, script);
        connection_finish(&connection);
        return status;
    }
    struct attach_options attach = {.detach_keys =
                                        opts->detach_keys ? opts->detach_keys : config->detach_keys,
                                    .size = opts->size,
                                    .uid = body->uid,
                                    .no_pty = opts->no_pty,
                                    .scripted = script->fd >= 0,
                                    .script_fd = script->fd};
    return attach_run(&connection, request_type(body), body, &body->terminal, &attach);
}

/* What another command asks of the job's plan besides. */
struct addition {
    run_plan_fn add_to_plan; /* or NULL */
    const void *context;
};

static int run_checked(const struct run_options *opts, const struct script *script,
                       const struct addition *addition, int argc, char **argv)
{
    struct config config;
    struct msg_run body = {.detached = opts->detached};
    int status = make_plan(opts, &body);
    if (status == 0 && addition->add_to_plan)
        status = addition->add_to_plan(&body, addition->context);
    if (status == 0) {
        commands_read_config(&config);
        int r = describe(opts, &config, script, argc, argv, &body);
        status = r < 0 ? report_error("cannot describe what to run: %s", strerror(-r)) : 0;
    }
    if (status == 0)
        status = run_limits_apply(&opts->limits, &body);
    if (status == 0)
        status = start(opts, &config, script, &body);
    wire_clear(&msg_run_fields, &body);
    return status;
}

int cmd_run_start(const struct run_options *opts, run_plan_fn add_to_plan, const void *context,
                  int argc, char **argv)
{
    const struct addition addition = {add_to_plan, context};
    struct script script;
    script_init(&script);
    /* Before the directory of the job is entered: the file is the caller's. */
    int status = opts->script ? script_read(&script, opts->script, opts->interpreter) : 0;
    if (status == 0)
        status = run_options_check(opts, argc, argv);
    if (status == 0)
        status = run_checked(opts, &script, &addition, argc, argv);
    script_finish(&script);
    return status;
}

static int run(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    return cmd_run_start(options, NULL, NULL, argc, argv);
}

const struct command cmd_run = {
    .name = "run",
    .operands = "COMMAND [ARGUMENT]...",
    .values = "command",
    .summary = "run a command in a terminal of its own",
    .description =
        "Runs COMMAND as a job and attaches to it. Its arguments are passed on exactly; it gets "
        "your environment, directory, umask, limits and terminal settings.\n\n"
        "The exit status is the job's, 128 + N when signal N ended it, 148 when it was stopped, 0 "
        "when you detached, 127 when COMMAND was not found, 126 when it could not be executed, 125 "
        "when js failed.\n\n"
        "Input that is not a terminal is passed on, and its end becomes the job's end of input.",
    .examples = "js run vim notes\njs run -d -n build -- make -j4\njs run -c 'sleep 5 && date'",
    .stop_at_operand = true,
    .options = run_options_table,
    .option_count = RUN_OPTIONS_COUNT,
    .options_size = sizeof(struct run_options),
    .defaults = &run_options_defaults,
    .prepare = profiles_prepare,
    .run = run,
};
