/*
 * What is known of a job outside its holder: the body of `job` and `changed` (common/protocol.h)
 * and of the record on disk.
 */
#ifndef JS_COMMON_JOB_INFO_H
#define JS_COMMON_JOB_INFO_H

#include "common/plan.h"
#include "common/wire.h"

#define JOB_NAME_MAX 64u    /* bytes of a job's name */
#define JOB_ARGS_MAX 65536u /* elements of argv and of the environment */

/* Steps of starting a program; ERROR_START names the one that failed. */
enum start_stage {
    START_NONE,
    START_DIRECTORY, /* the job's directories */
    START_PTY,
    START_LOG,
    START_FORK,
    START_GROUP,
    START_TERMINAL,
    START_LIMITS,
    START_CWD,
    START_STDIO,
    START_EXEC,
    START_NICE,
    START_NO_NEW_PRIVS,
    START_CGROUP,
    START_SCRIPT, /* before the terminal; here, for numbers stay */
    START_STAGE_COUNT,
};

enum job_state {
    JOB_QUEUED = 1,
    JOB_STARTING = 2,
    JOB_RUNNING = 3,
    JOB_STOPPED = 4,
    JOB_EXITING = 5,
    JOB_BACKOFF = 6,
    JOB_ENDED = 7,
    JOB_FAILED = 8,
    JOB_STATE_COUNT,
};

enum end_reason {
    END_NONE,
    END_EXITED = 1,
    END_SIGNALED = 2,
    END_TIMEOUT = 3,
    END_KILLED = 4,
    END_CANCELED = 5,
    END_SPAWN_FAILED = 6,
    END_LOST = 7,
    END_SERVER_STOP = 8,
    END_EXPIRED = 9,        /* it waited longer than it may */
    END_REPLACED = 10,      /* another job took its slot */
    END_OUT_OF_MEMORY = 11, /* its limit, not the machine's */
    END_REASON_COUNT,
};

enum attach_mode {
    ATTACH_OWN = 1,   /* the only writer; refused when there is one */
    ATTACH_STEAL = 2, /* the only writer; whoever was one is detached */
    ATTACH_SHARE = 3, /* one more writer */
    ATTACH_WATCH = 4, /* reads only */
    ATTACH_MODE_COUNT,
};

struct job_viewer {
    char *tty; /* NULL: not a terminal */
    uint32_t pid;
    uint32_t mode; /* enum attach_mode */
    uint32_t rows, cols;
    bool owns_size; /* the job's terminal has the size of this one */
};

struct job_end {
    uint32_t reason;
    int32_t code; /* exit code, -1 when it was a signal */
    uint32_t signal;
    bool core;
    uint32_t stage; /* for END_SPAWN_FAILED */
    uint32_t os_error;
};

/* One time that the job's program ran, or is running. Times as in struct job_info. */
struct job_attempt {
    uint32_t number;     /* from 1 */
    uint64_t log_from;   /* where its output begins in the log */
    uint64_t log_to;     /* and where it ended */
    uint64_t started_ns; /* 0: it was not started */
    uint64_t ended_ns;
    struct job_end *end; /* NULL while it runs */
};

#define JOB_ATTEMPTS_KEPT 64u /* of the newest, in a record */

/* What a job's processes have used, those that have ended included. */
struct job_usage {
    uint64_t cpu_ms;        /* user and system */
    uint64_t memory;        /* bytes resident now, 0 at the end */
    uint64_t peak;          /* the most that was seen, or cgroup v2 tells */
    uint64_t read, written; /* bytes to and from storage (proc_pid_io(5)) */
    uint32_t processes;     /* now */
};

/*
 * Everything about a job that is known outside its holder: the body of `job`, of `changed`, and
 * of the record on disk. Times are nanoseconds since the epoch, 0 = not yet.
 */
struct job_info {
    uint32_t id;
    char *uid;
    char *name;
    uint32_t state;
    struct wire_strs argv;
    char *cwd;
    uint32_t pid;       /* the job's leader, 0 once it is reaped */
    uint64_t pid_start; /* field 22 of /proc/PID/stat: with pid and boot_id an identity */
    uint32_t holder_pid;
    uint64_t holder_start;
    char *boot_id;
    char *runtime_dir; /* of the server it belongs to */
    uint64_t created_ns, started_ns, ended_ns;
    uint64_t left_ns;            /* when it was last stopped or left; orders the current job */
    uint64_t used_ns;            /* when it was last started, attached, continued or left */
    struct wire_structs viewers; /* struct job_viewer */
    uint32_t rows, cols;
    struct job_end *end;
    uint64_t log_first, log_next;
    uint32_t attempt;
    uint32_t leftovers_found; /* processes still on the terminal at the end */
    char *warning;            /* what the user should know, e.g. that the log cannot be written */
    char *title;
    char *state_dir;              /* its own directory, when that is not where it should be */
    struct job_plan *plan;        /* what was asked of it beyond a single run, NULL = nothing */
    struct wire_structs attempts; /* struct job_attempt, the newest ones; none of a plain job */
    uint32_t failures;            /* in a row, of attempts */
    uint64_t queued_ns;           /* when it began to wait for its (next) start */
    uint64_t due_ns;              /* queued or in backoff: not before then, 0 = no such time */
    char *waits_for;              /* in answers of a server: what it waits for, for people */
    struct job_usage *usage;      /* at the end, or in the answer to a question for it */
    char *cgroup;                 /* the directory of its cgroup, while it has one of its own */
    uint64_t no_cr_until;         /* output before: its line feeds have no CR (tracker_set_no_cr) */
    bool asks;                    /* it seems to wait for input from its terminal */
};

extern const struct wire_struct job_viewer_fields, job_end_fields, job_attempt_fields,
    job_usage_fields, job_info_fields;

/* Words for the enums above, as the user sees them ("running"); "unknown" for other values. */
const char *job_state_name(uint32_t state);
const char *end_reason_name(uint32_t reason);
const char *attach_mode_name(uint32_t mode);
/* "change to the directory", for the sentence "cannot ...". */
const char *start_stage_text(uint32_t stage);

#define JOB_END_TEXT_MAX 128

/* How it ended, after "job 3" or "attempt 2": "exited (7)", "was ended by a signal (Killed)". */
void job_end_text(const struct job_end *end, char buf[JOB_END_TEXT_MAX]);

/*
 * Whether it has ended, and not as it should: by a signal, a limit, a code that is no success, or
 * not started at all. What somebody ended on purpose has not failed.
 */
bool job_has_failed(const struct job_info *job);

/* Ended or failed: nothing about the job changes any more. */
bool job_state_is_final(uint32_t state);

/* Queued or in backoff: there is no process, and will be one. */
bool job_state_is_waiting(uint32_t state);

#endif
