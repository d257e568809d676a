/* The table of all commands; each row is in a file of its own, cmd_NAME.c. */
#ifndef JS_CLIENT_COMMANDS_H
#define JS_CLIENT_COMMANDS_H

#include "client/command.h"
#include "client/connection.h"
#include "client/jobs_view.h"

#define COMMAND_OPTION(type, letter_, name_, arg_, kind_, member, help_, values_)                  \
    {                                                                                              \
        .letter = letter_, .name = name_, .arg = arg_, .kind = kind_,                              \
        .offset = offsetof(struct type, member), .help = help_, .values = values_                  \
    }
#define COMMAND_OPTIONS(table) .options = table, .option_count = sizeof(table) / sizeof((table)[0])

extern const struct command cmd_run, cmd_fg, cmd_bg, cmd_stop, cmd_cont, cmd_detach, cmd_kill,
    cmd_ls, cmd_show, cmd_logs, cmd_env, cmd_wait, cmd_rename, cmd_resize, cmd_retry, cmd_rm,
    cmd_screen, cmd_queue, cmd_server, cmd_config, cmd_complete, cmd_events;

/* All of them, NULL at the end, in the order of the help text. */
extern const struct command *const commands[];

/* What `js --help` prints. 0 or -ENOMEM. */
int commands_help(struct bytes *out);

/*
 * The configuration, for the client's own keys. Of a mistake the user is told; it must not keep
 * anybody from their jobs, so the defaults hold then.
 */
struct config;
void commands_read_config(struct config *config);

/* Whether keys (NULL: none were given) are a detach chord; if not, the user is told. */
bool commands_check_keys(const char *command, const char *keys);

/*
 * Connects for a command about existing jobs. 0, or the exit status: without a server, and without
 * jobs on the disk, the user is told that there is no such job (spec NULL: no current job).
 */
int commands_connect(struct connection *connection, const char *spec);

/*
 * The same, and gathers the jobs that are named; without a name the current one, if there is one.
 * 0: the caller finishes both; else the exit status, with the user told, and nothing to finish.
 */
int commands_open_jobs(struct connection *connection, struct jobs_view *view, int argc,
                       char **argv);

/* The same for every job that is kept, ended ones included. */
int commands_open_all(struct connection *connection, struct jobs_view *view);
int commands_open_jobs_with_usage(struct connection *connection, struct jobs_view *view, int argc,
                                  char **argv);

/*
 * Sends one request per operand, or one without a job when there are none, all to the server.
 * make fills the body for a spec (NULL = the current job); notes in the answers are printed. Every
 * operand is tried. The exit status: 0, or that of the last failure.
 */
int commands_for_each_job(enum message_type type, int argc, char **argv,
                          void *(*make)(const char *spec, void *context), void *context);

#endif
