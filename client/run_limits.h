/*
 * The limits that a command that starts jobs is asked for: --rlimit, --nice, --no-new-privs, --mem,
 * --cpus, --pids. Each function: 0, or the exit status, with the user told.
 */
#ifndef JS_CLIENT_RUN_LIMITS_H
#define JS_CLIENT_RUN_LIMITS_H

#include "client/options.h"
#include "common/protocol.h"

#define RUN_LIMITS_NICE_LEAST -20
#define RUN_LIMITS_NICE_MOST  19

struct run_limits {
    struct option_list rlimits;
    const char *nice;
    const char *mem;
    const char *cpus;
    const char *pids;
    bool no_new_privs;
};

/* The rows of a table of options whose struct has these as its member `limits`. */
#define RUN_LIMITS_COUNT 6
#define RUN_LIMITS(type)                                                                           \
    COMMAND_OPTION(type, '\0', "rlimit", "LIMITS", OPTION_LIST, limits.rlimits,                    \
                   "resource limits, NAME=SOFT[:HARD]: nofile=128,core=0,as=2G (may be repeated)", \
                   "rlimit"),                                                                      \
        COMMAND_OPTION(type, '\0', "nice", "N", OPTION_TEXT, limits.nice,                          \
                       "nice value, from -20 (first) to 19 (last)", NULL),                         \
        COMMAND_OPTION(type, '\0', "no-new-privs", NULL, OPTION_FLAG, limits.no_new_privs,         \
                       "sudo and other set-user-ID programs give it no privileges", NULL),         \
        COMMAND_OPTION(type, '\0', "mem", "SIZE", OPTION_TEXT, limits.mem,                         \
                       "memory of all its processes: 100M, 1.5G (needs a cgroup, as the next "     \
                       "two)",                                                                     \
                       NULL),                                                                      \
        COMMAND_OPTION(type, '\0', "cpus", "N", OPTION_TEXT, limits.cpus,                          \
                       "processor time of all its processes: 0.5 is half a processor", NULL),      \
        COMMAND_OPTION(type, '\0', "pids", "N", OPTION_TEXT, limits.pids,                          \
                       "how many processes and threads it may have", NULL)

/* Fills what is part of the plan. */
int run_limits_plan(const struct run_limits *limits, struct job_plan *plan);

/* Once run says what the caller's limits and nice value are: puts in place what was asked for. */
int run_limits_apply(const struct run_limits *limits, struct msg_run *run);

#endif
