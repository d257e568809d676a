#include "client/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chord.h"
#include "client/report.h"

const struct command *const commands[] = {
    &cmd_run,    &cmd_watch,  &cmd_fg,     &cmd_bg,       &cmd_stop,   &cmd_cont, &cmd_detach,
    &cmd_kill,   &cmd_ls,     &cmd_show,   &cmd_screen,   &cmd_logs,   &cmd_send, &cmd_env,
    &cmd_events, &cmd_wait,   &cmd_retry,  &cmd_rename,   &cmd_resize, &cmd_rm,   &cmd_prune,
    &cmd_queue,  &cmd_server, &cmd_config, &cmd_complete, NULL};

int commands_help(struct bytes *out)
{
    int r = bytes_append_text(
        out, "Usage: js [-c FILE] COMMAND [OPTION]... [ARGUMENT]...\n"
             "\n"
             "Job control that is not tied to a terminal. Without a command, js lists the\n"
             "jobs. Commands may be shortened as far as they stay unique.\n"
             "\n"
             "  -c, --config=FILE  the configuration file, also of a server that is started\n"
             "\n"
             "Commands:\n");
    for (const struct command *const *at = commands; r == 0 && *at; at++)
        if (!(*at)->hidden)
            r = bytes_printf(out, "  %-8s %s\n", (*at)->name, (*at)->summary);
    if (r == 0)
        r = bytes_append_text(
            out, "\n"
                 "While attached: ^Z stops the job and gives the shell back; Ctrl-\\ d detaches\n"
                 "and leaves it running.\n"
                 "\n"
                 "A JOB is its number (3 or %3), its name, %+ or %% (the current one, also when\n"
                 "none is given), %- (the previous one), %text (begins so), %?text (contains it).\n"
                 "\n"
                 "'js COMMAND --help' tells more; 'js --version' shows the version.\n");
    return r;
}

bool commands_check_keys(const char *command, const char *keys)
{
    struct chord_keys parsed;
    if (!keys || chord_parse(keys, &parsed) == 0)
        return true;
    report_error("%s: '%s' is no detach chord: %s", command, keys, CHORD_SYNTAX);
    return false;
}

int commands_connect(struct connection *connection, const char *spec)
{
    int r = connection_open(connection, CONNECTION_START_IF_JOBS);
    if (r == 1)
        return spec ? report_error("no job %s", spec) : report_error("there is no current job");
    return -r;
}

static int fetch(struct connection *connection, struct jobs_view *view, const struct msg_list *body)
{
    int status = jobs_view_fetch(view, connection, MSG_LIST, body);
    if (status != 0) {
        jobs_view_finish(view);
        connection_finish(connection);
    }
    return status;
}

static int open_jobs(struct connection *connection, struct jobs_view *view, int argc, char **argv,
                     bool usage)
{
    struct msg_list body = {
        .none_is_current = true, .usage = usage, .jobs = {.items = argv, .len = (size_t)argc}};
    int status = commands_connect(connection, argc > 0 ? argv[0] : NULL);
    return status ? status : fetch(connection, view, &body);
}

int commands_open_jobs(struct connection *connection, struct jobs_view *view, int argc, char **argv)
{
    return open_jobs(connection, view, argc, argv, false);
}

int commands_open_jobs_with_usage(struct connection *connection, struct jobs_view *view, int argc,
                                  char **argv)
{
    return open_jobs(connection, view, argc, argv, true);
}

int commands_open_all(struct connection *connection, struct jobs_view *view)
{
    struct msg_list body = {.all = true};
    int r = connection_open(connection, CONNECTION_START_IF_JOBS);
    if (r == 1)
        return report_error("there is no job");
    return r ? -r : fetch(connection, view, &body);
}
