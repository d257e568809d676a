/*
 * The options of `js run` that say when the job may start (common/plan.h): a part of struct
 * run_options.
 */
#ifndef JS_CLIENT_START_OPTIONS_H
#define JS_CLIENT_START_OPTIONS_H

#include "client/options.h"
#include "common/plan.h"

struct start_options {
    const char *queue;
    const char *priority;
    struct option_list after;
    uint64_t delay_ms; /* 0 = none */
    const char *at;
    const char *every;
    const char *slot;
    const char *if_busy;
    const char *once;
    uint64_t queue_timeout_ms; /* 0 = none */
};

/* Their rows, for an options struct with the member `start`. */
#define START_OPTIONS_COUNT 10
#define START_OPTIONS(type)                                                                        \
    COMMAND_OPTION(type, 'q', "queue", "NAME", OPTION_TEXT, start.queue,                           \
                   "let it wait for its turn in that queue (see js queue)", NULL),                 \
        COMMAND_OPTION(type, '\0', "priority", "N", OPTION_TEXT, start.priority,                   \
                       "with a higher one it starts before others that wait (0)", NULL),           \
        COMMAND_OPTION(type, '\0', "after", "JOB[:HOW]", OPTION_LIST, start.after,                 \
                       "after that job's end: ok (default), any, or fail (may be repeated)",       \
                       "any"),                                                                     \
        COMMAND_OPTION(type, '\0', "delay", "TIME", OPTION_DURATION, start.delay_ms,               \
                       "not before so much time has passed", NULL),                                \
        COMMAND_OPTION(type, '\0', "at", "WHEN", OPTION_TEXT, start.at,                            \
                       "not before: 18:30, 'tomorrow 9:00', '2026-11-21 09:00'", NULL),            \
        COMMAND_OPTION(type, '\0', "every", "WHEN", OPTION_TEXT, start.every,                      \
                       "again and again: a duration (1h) or a cron line ('0 3 * * *')", NULL),     \
        COMMAND_OPTION(type, '\0', "slot", "NAME", OPTION_TEXT, start.slot,                        \
                       "one job with that slot runs at a time", NULL),                             \
        COMMAND_OPTION(type, '\0', "if-busy", "HOW", OPTION_TEXT, start.if_busy,                   \
                       "the slot is taken: queue (default), drop, or replace who has it",          \
                       "=queue|drop|replace"),                                                     \
        COMMAND_OPTION(type, '\0', "once", "KEY", OPTION_TEXT, start.once,                         \
                       "nothing is started while a job with that key lives", NULL),                \
        COMMAND_OPTION(type, '\0', "queue-timeout", "TIME", OPTION_DURATION,                       \
                       start.queue_timeout_ms,                                                     \
                       "give up when it waits longer for its turn; exit status 75", NULL)

/*
 * Fills what the options ask into the plan. 0, or the exit status, with the user told.
 */
int start_options_plan(const struct start_options *opts, struct job_plan *plan);

#endif
