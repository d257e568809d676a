/* The jobs that a command is about: those that are named, those that its filter lets pass. */
#ifndef JS_CLIENT_SELECT_H
#define JS_CLIENT_SELECT_H

#include "client/command.h"
#include "client/filter.h"
#include "client/jobs_view.h"

/* The option of the commands that take selectors. */
#define SELECT_OPTION(type)                                                                        \
    COMMAND_OPTION(type, 'l', "label", "SELECTOR", OPTION_LIST, labels,                            \
                   "only jobs with that label: NAME=VALUE, NAME!=VALUE, NAME (may be repeated: "   \
                   "all must hold)",                                                               \
                   "label")

/* Of which jobs those are taken that pass, when none is named. */
enum select_scope {
    SELECT_LIVE,
    SELECT_ENDED,
    SELECT_ALL, /* that are kept */
};

/*
 * Connects. 0, or the exit status: without a server, and without jobs on the disk, the user is told
 * that nothing fits, or that there is no such job. See commands_connect.
 */
int select_connect(struct connection *connection, const struct filter *filter, int argc,
                   char **argv);

/*
 * Gathers them, in the order in which they are named, else in that of their numbers. With an empty
 * filter and no names that is the current job. 0: there is at least one, and the caller finishes
 * the view; else the exit status, with the user told, and nothing to finish.
 */
int select_jobs(struct connection *connection, struct jobs_view *view, const struct filter *filter,
                enum select_scope scope, int argc, char **argv);

/* Both; the caller finishes both. */
int select_open(struct connection *connection, struct jobs_view *view, const struct filter *filter,
                enum select_scope scope, int argc, char **argv);

/* Leaves only those that pass in the view, with scope those only that it takes. */
void select_filter(struct jobs_view *view, const struct filter *filter, enum select_scope scope);

/* 0, or the exit status, with the user told. */
typedef int (*select_take_fn)(const struct job_info *job, void *data);

/*
 * Calls take with each job that the operands name, with the current one without operands. 0, or the
 * exit status when one of them is not known (which the user has been told), or of take: the others
 * are taken all the same.
 */
int select_named(struct connection *connection, int argc, char **argv, select_take_fn take,
                 void *data);

/*
 * Sends one request per job, all to the server: for each operand, and if the filter is not empty
 * (it may be NULL) for those that pass it, see select_jobs; or one without a job when there are
 * none. make fills the body for a spec (NULL = the current job); notes in the answers are printed.
 * Every job is tried. The exit status: 0; for one job, that of its failure; for several,
 * EXIT_SOME_FAILED when any failed, with the user told which.
 */
int select_each(enum message_type type, const struct filter *filter, enum select_scope scope,
                int argc, char **argv, void *(*make)(const char *spec, void *context),
                void *context);

#endif
