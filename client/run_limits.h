/*
 * The limits that `js run` is asked for: --rlimit, --nice, --no-new-privs, --mem, --cpus, --pids.
 * Each function: 0, or the exit status, with the user told.
 */
#ifndef JS_CLIENT_RUN_LIMITS_H
#define JS_CLIENT_RUN_LIMITS_H

#include "client/run_options.h"

#define RUN_LIMITS_NICE_LEAST -20
#define RUN_LIMITS_NICE_MOST  19

/* Fills what is part of the plan. */
int run_limits_plan(const struct run_options *opts, struct job_plan *plan);

/* Once run says what the caller's limits and nice value are: puts in place what was asked for. */
int run_limits_apply(const struct run_options *opts, struct msg_run *run);

#endif
