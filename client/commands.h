/* The table of all commands; each row is in a file of its own, cmd_NAME.c. */
#ifndef JS_CLIENT_COMMANDS_H
#define JS_CLIENT_COMMANDS_H

#include "client/command.h"
#include "client/connection.h"
#include "client/jobs_view.h"

extern const struct command cmd_run, cmd_fg, cmd_bg, cmd_stop, cmd_cont, cmd_detach, cmd_kill,
    cmd_ls, cmd_show, cmd_logs, cmd_env, cmd_wait, cmd_watch, cmd_rename, cmd_resize, cmd_retry,
    cmd_rm, cmd_screen, cmd_send, cmd_queue, cmd_server, cmd_config, cmd_complete, cmd_events,
    cmd_prune;

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

/*
 * Reads it only for the mistakes that are to be told: the server that was just started uses it,
 * too.
 */
void commands_tell_config(void);

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

/* The same as commands_open_jobs, with what live ones use at the moment. */
int commands_open_jobs_with_usage(struct connection *connection, struct jobs_view *view, int argc,
                                  char **argv);

#endif
