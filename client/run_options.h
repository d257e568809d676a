/*
 * The options of `js run`, which other commands that start jobs share: what the command line says,
 * and the plan (common/plan.h) that comes of it.
 */
#ifndef JS_CLIENT_RUN_OPTIONS_H
#define JS_CLIENT_RUN_OPTIONS_H

#include "client/options.h"
#include "client/run_limits.h"
#include "client/start_options.h"
#include "common/protocol.h"
#include "common/size.h"

#define RUN_OPTIONS_COUNT (22 + START_OPTIONS_COUNT + RUN_LIMITS_COUNT)
#define RUN_GRACE_UNSET   UINT64_MAX

struct run_options {
    bool detached;
    bool json;
    bool clean_env;
    bool shell;
    const char *name;
    const char *directory;
    const char *detach_keys;
    const char *profile; /* client/profiles.h; its options are among these */
    struct size size;
    struct option_list set;
    struct option_list unset;
    /* See common/plan.h; texts are read by client/plan_text.h. */
    uint64_t timeout_ms;
    uint64_t grace_ms; /* RUN_GRACE_UNSET: the configuration's */
    const char *leftovers;
    const char *restart;
    const char *backoff;
    const char *jitter;
    const char *ok_codes;
    struct start_options start;
    struct run_limits limits;
    struct option_list labels;
    const char *script; /* see client/script.h */
    const char *interpreter;
    bool no_pty;
};

extern const struct option_spec run_options_table[RUN_OPTIONS_COUNT];
extern const struct run_options run_options_defaults;

/*
 * Whether options and operands make sense, with the user told if not. Enters the directory that was
 * asked for. 0 or the exit status.
 */
int run_options_check(const struct run_options *opts, int argc, char **argv);

/*
 * Fills what the options ask of the plan into run->plan; it stays NULL when nothing is asked. 0, or
 * the exit status, with the user told.
 */
int run_options_plan(const struct run_options *opts, struct msg_run *run);

/*
 * Runs a job as `js run` with these options does (client/cmd_run.c), with more in its plan, if
 * add_to_plan is not NULL: that gets the message with a plan or without one, and returns 0 or the
 * exit status, with the user told. Returns the exit status.
 */
typedef int (*run_plan_fn)(struct msg_run *run, const void *context);
int cmd_run_start(const struct run_options *opts, run_plan_fn add_to_plan, const void *context,
                  int argc, char **argv);

#endif
