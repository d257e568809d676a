/*
 * What is asked of a job beyond running its program once, at once and for ever: when it may start,
 * how its attempts go, within which limits. Part of `run` and of the job's record; a job of which
 * nothing of this was asked has none.
 *
 * The holder sees to what concerns one job (times, attempts, limits), so that it holds while no
 * server runs; the server decides who of those that wait may start next (queue, slot, after).
 */
#ifndef JS_COMMON_PLAN_H
#define JS_COMMON_PLAN_H

#include "common/wire.h"

#define PLAN_NAME_MAX   64u /* bytes of the name of a queue or a slot */
#define PLAN_TEXT_MAX   1024u
#define PLAN_AFTER_MAX  256u
#define PLAN_LABELS_MAX 64u
#define PLAN_CODES_MAX  255u

/* How the job must have ended that another one comes after. */
enum plan_condition {
    AFTER_OK, /* with a code that is no failure */
    AFTER_ANY,
    AFTER_FAIL,
    AFTER_COUNT,
};

/* What becomes of a job whose slot is taken. */
enum plan_if_busy {
    IF_BUSY_QUEUE,   /* it waits, behind those that wait already */
    IF_BUSY_DROP,    /* it is refused */
    IF_BUSY_REPLACE, /* whoever has the slot is killed, and whoever waits for it canceled */
    IF_BUSY_COUNT,
};

enum plan_restart {
    RESTART_NEVER,
    RESTART_ON_FAILURE, /* an end by a signal, a timeout, a code that is not among ok_codes */
    RESTART_ALWAYS,
    RESTART_COUNT,
};

/* What is added to the delays between attempts, or taken off, so that not all come at once. */
enum plan_jitter {
    JITTER_NONE,
    JITTER_FULL,  /* anything from 0 to the delay */
    JITTER_EQUAL, /* half of it, and anything from 0 to the other half */
    JITTER_COUNT,
};

struct plan_after {
    char *job;          /* spec in `run`, unique id in a record */
    uint32_t condition; /* enum plan_condition */
};

struct job_plan {
    /* When it may start. */
    char *queue; /* NULL = none */
    int32_t priority;
    struct wire_structs after; /* struct plan_after */
    uint64_t not_before_ns;    /* since the epoch, 0 = at once */
    char *every;               /* a duration or a cron line: it is started again and again */
    uint64_t queue_timeout_ms; /* 0 = it waits for ever */
    char *slot;                /* of one job at a time; NULL = none */
    uint32_t if_busy;          /* enum plan_if_busy, for slot */
    char *once;                /* a key: there is at most one live job with it */

    /* How its attempts go. */
    uint64_t timeout_ms; /* of one attempt, 0 = none */
    bool own_grace;      /* grace_ms instead of the configuration's */
    uint64_t grace_ms;
    uint32_t leftovers;        /* 1 + enum config_leftovers, 0 = the configuration's */
    uint32_t restart;          /* enum plan_restart */
    uint32_t restart_most;     /* failures in a row after which it is given up, 0 = never */
    uint64_t interval_ms;      /* between attempts after a success, for RESTART_ALWAYS */
    uint64_t backoff_first_ms; /* after the first failure; doubled with each one in a row */
    uint64_t backoff_most_ms;
    uint32_t jitter;          /* enum plan_jitter */
    struct wire_bin ok_codes; /* exit codes that are no failure beside 0, a byte each */

    /* Within which limits. */
    bool no_new_privs; /* prctl(2), PR_SET_NO_NEW_PRIVS */
    bool own_nice;     /* the nice value of `run` was asked for: not to get it is a failure */
    uint64_t memory;   /* bytes of the whole tree (memory.max of cgroup v2), 0 = no limit */
    uint64_t cpu;      /* thousandths of a processor (cpu.max), 0 = no limit */
    uint64_t pids;     /* processes and threads (pids.max), 0 = no limit */

    /* What it runs on, and what it is called. */
    bool no_pty;             /* pipes instead of a terminal */
    uint64_t script;         /* bytes of its script, 0 = none */
    struct wire_strs watch;  /* patterns of files whose change starts it again, none = not */
    struct wire_strs ignore; /* of files whose change does not */
    char *before;            /* shell line that must succeed before each attempt of a watched job */
    struct wire_strs labels; /* NAME=VALUE */
};

extern const struct wire_struct plan_after_fields, job_plan_fields;

/* Words for the enums above, as the user writes them ("on-failure"); "unknown" for other values. */
const char *plan_condition_name(uint32_t condition);
const char *plan_if_busy_name(uint32_t if_busy);
const char *plan_restart_name(uint32_t restart);
const char *plan_jitter_name(uint32_t jitter);
const char *plan_leftovers_name(uint32_t leftovers); /* of job_plan::leftovers */

/* Whether an exit code is no failure: 0, or among ok_codes. plan may be NULL. */
bool plan_code_is_ok(const struct job_plan *plan, int code);

#endif
