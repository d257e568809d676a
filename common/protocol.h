/*
 * The messages between js (client), jsd (server) and the holders, and the job record.
 *
 * Rules (the bytes are described in common/wire.h):
 *
 *  1. Both sides send `hello` first, without waiting for the other's. A peer whose protocol is
 *     below our PROTOCOL_LOWEST, or whose lowest is above our PROTOCOL_VERSION, gets `error` with
 *     ERROR_VERSION and the connection is closed. Any other first message is an error as well.
 *  2. Request ids are chosen by the one who asks, never 0. Exactly one reply carries the id back:
 *     the message named in the table, or `error`. Events carry 0.
 *  3. An unknown type is answered with ERROR_UNSUPPORTED, a malformed message with
 *     ERROR_MALFORMED; the connection goes on. Only a bad frame length or a bad hello ends it.
 *  4. `run`, `run-planned` and `attach` may hand the connection over: the server passes it to
 *     the job's holder, which sends the reply and is the peer from then on. Until that reply has
 *     come the client sends nothing more. The connection is not handed over twice.
 *  5. File descriptors ride with the first byte of their frame. A receiver closes what a
 *     message does not declare.
 *     Of a message whose descriptors are not always the same (common/run_fds.h) the fields say
 *     which have come.
 *  6. Growth: fields and messages may be added, never changed or renumbered. A holder lives as
 *     long as its job, so every server must keep speaking each protocol from PROTOCOL_LOWEST on.
 *
 * History: 1: the first.
 */
#ifndef JS_COMMON_PROTOCOL_H
#define JS_COMMON_PROTOCOL_H

#include "common/counts.h"
#include "common/event.h"
#include "common/job_info.h"
#include "common/queues.h"
#include "common/wire.h"

#define PROTOCOL_VERSION 1u
#define PROTOCOL_LOWEST  1u

enum message_type {
    /* Any connection. */
    MSG_HELLO = 1,
    MSG_ERROR = 2,
    MSG_DONE = 3,
    /* Replies and records. */
    MSG_JOB = 10,
    MSG_JOBS = 11,
    MSG_LOG = 12,
    MSG_STATUS = 13,
    MSG_ENV = 14,
    MSG_SCREEN = 15,
    /* Client to server. */
    MSG_RUN = 20,
    MSG_ATTACH = 21,
    MSG_LIST = 22,
    MSG_WAIT = 23,
    MSG_REMOVE = 24,
    MSG_GET_STATUS = 25,
    MSG_SHUTDOWN = 26,
    MSG_RELOAD = 27,
    MSG_RETRY = 28,
    /* Client to server, passed on to the job's holder. */
    MSG_STOP = 30,
    MSG_CONTINUE = 31,
    MSG_SIGNAL = 32,
    MSG_KILL = 33,
    MSG_DETACH = 34,
    MSG_RENAME = 35,
    MSG_FOLLOW = 36,
    MSG_SET_SIZE = 37,
    MSG_GET_ENV = 38,
    MSG_GET_SCREEN = 39,
    /* Server to holder. */
    MSG_START = 40,
    MSG_ADOPT = 41,
    MSG_REPAIR = 42,
    MSG_BEGIN = 43,
    /* Holder to server: events. */
    MSG_CHANGED = 50,
    MSG_TITLE = 51,
    /* Holder to attached client. */
    MSG_ATTACHED = 60,
    MSG_LEFT = 61,
    MSG_SIZE_TAKEN = 62,
    MSG_MARKED = 63,
    /* Attached client to holder: events. */
    MSG_RESIZE = 70,
    MSG_LEAVE = 71,
    MSG_RESUMED = 72,
    MSG_ASK = 73,
    MSG_ANSWERS = 74,
    MSG_DRAINED = 75,
    /* Queues: the reply, which is also the file of settings, and client to server. */
    MSG_QUEUES = 80,
    MSG_LIST_QUEUES = 81,
    MSG_SET_QUEUE = 82,
    /* Holder to attached client: event. */
    MSG_WAITING = 83,
    /* Server to holder, and the reply. */
    MSG_GET_USAGE = 100,
    MSG_USAGE = 101,
    /* Events (common/event.h): the answer, the question for them, and what a holder tells. */
    MSG_EVENTS = 90,
    MSG_GET_EVENTS = 91,
    MSG_NOTICE = 92,
    /* Client to server, passed on to the job's holder. */
    MSG_SEND = 115,
    /* Client to server again. */
    MSG_RUN_PLANNED = 105,
    /* Attached client to holder again, of a job without a terminal. */
    MSG_RAISE = 106,
    MSG_INPUT_ENDED = 107,
};

enum error_code {
    ERROR_INTERNAL = 1,    /* our fault, or the machine's: no memory, no descriptors */
    ERROR_MALFORMED = 2,   /* the message could not be decoded, or makes no sense */
    ERROR_UNSUPPORTED = 3, /* unknown message type, or one that this side does not take */
    ERROR_VERSION = 4,     /* no protocol in common */
    ERROR_NO_JOB = 5,      /* the job spec matches nothing */
    ERROR_AMBIGUOUS = 6,   /* the job spec matches several jobs */
    ERROR_ATTACHED = 7,    /* somebody else is attached */
    ERROR_ENDED = 8,       /* the job has ended already */
    ERROR_LIVE = 9,        /* the job has not ended yet */
    ERROR_NAME_TAKEN = 10, /* a live job has that name */
    ERROR_NAME_INVALID = 11,
    ERROR_START = 12,       /* the program could not be started: stage and os_error say why */
    ERROR_OS = 13,          /* a system call failed: os_error */
    ERROR_LOST = 14,        /* the job's holder does not answer or died */
    ERROR_BUSY = 15,        /* a limit was reached */
    ERROR_CONFIG = 16,      /* the configuration file has a mistake; the old one holds */
    ERROR_WAITING = 17,     /* the job is not running: it waits for its (next) start */
    ERROR_NO_TERMINAL = 18, /* the job has none: it cannot be attached to by who is not ready */
};

/* How an attached terminal is brought to what it would show. */
enum restore_mode {
    RESTORE_AUTO, /* replay what the job printed; a snapshot where that is too much, or wrong */
    RESTORE_REPLAY = 1,   /* always, as far as the log reaches */
    RESTORE_SNAPSHOT = 2, /* always the screen, painted */
    RESTORE_MODE_COUNT,
};

enum left_reason {
    LEFT_ENDED = 1,
    LEFT_STOPPED = 2,
    LEFT_DETACHED = 3,      /* the client asked */
    LEFT_DETACHED_FROM = 4, /* somebody else asked: js detach JOB */
    LEFT_STOLEN = 5,
    LEFT_OUTPUT_CLOSED = 6, /* nobody reads the client's output any more */
    LEFT_LAST,
};

/* termios(3), flags and characters as the kernel has them. */
struct msg_termios {
    uint32_t iflag, oflag, cflag, lflag;
    uint32_t ispeed, ospeed;
    struct wire_bin cc;
};

/* What a client attaches: its terminal, or what stands for one. */
struct msg_terminal {
    char *tty;     /* its name, NULL when the output is not a terminal */
    uint32_t rows; /* 0 when unknown */
    uint32_t cols;
    uint32_t width, height;       /* of all rows and columns in pixels, 0 when unknown */
    bool keys;                    /* input is that same terminal: raw mode, the job echoes */
    bool piped;                   /* input is no terminal: only what is in it may be typed */
    bool marks;                   /* the client takes PROFILE_MARKED out of the input */
    bool takes_size;              /* it takes the size back when it is typed at (size-taken) */
    bool errors;                  /* standard error is something else: its descriptor came, too */
    struct msg_termios *original; /* before the client changed it; NULL when there is none */
    struct msg_termios *raw;      /* as the client left it while attached */
};

struct msg_rlimit {
    uint32_t resource; /* RLIMIT_x of Linux */
    uint64_t soft, hard;
    bool strict;    /* asked for: not to get it is a failure of the start; else best effort */
    bool keep_hard; /* only soft was asked for: the hard limit may stay what it is, if it can */
};

struct msg_hello {
    uint32_t protocol;
    uint32_t lowest;
    char *version;
    char *state_dir; /* the server's, so that clients find records and logs */
    uint32_t pid;
};

struct msg_error {
    uint32_t code;
    char *text;        /* a sentence without full stop, for people */
    uint32_t os_error; /* errno, 0 = none */
    uint32_t stage;    /* enum start_stage */
};

struct msg_done {
    char *note; /* something the user should be told, NULL = nothing */
};

/* How to run a program: everything that is the caller's. */
struct msg_run {
    struct wire_strs argv;
    struct wire_strs env;
    char *cwd;
    char *name;
    bool detached;
    uint32_t umask;
    int32_t nice;
    uint64_t ignored; /* bit n-1: signal n is ignored */
    uint64_t blocked;
    struct wire_structs limits; /* struct msg_rlimit */
    struct wire_strs live;      /* see msg_attach; what is not listed is left as it is in env */
    struct msg_terminal *terminal;
    struct job_plan *plan; /* NULL: run it once, now */
    uint32_t script_at;    /* of argv: the script's name, in its place its path for the job; with
                              plan->script only */
    char *uid;  /* the job's, made by the client (common/uid.h); NULL = the server makes it */
    bool again; /* asked before, of a server that went away: the job with that uid is the answer */
};

struct msg_attach {
    char *job;
    uint32_t mode;
    bool resume;           /* continue it when it is stopped */
    uint32_t history;      /* earlier lines to show first */
    struct wire_strs live; /* the client's own variables of common/livevar.h: NAME=value, or NAME */
    uint32_t restore;      /* enum restore_mode */
    uint64_t replay_limit; /* bytes to replay at most, 0 = the default */
    bool no_pty;           /* the client is ready for a job without a terminal */
    struct msg_terminal *terminal;
};

struct msg_list {
    struct wire_strs jobs; /* specs; none = all that `all` says */
    bool all;              /* with ended ones */
    bool none_is_current;  /* no spec means the current job */
    bool usage;            /* ask the holders of live jobs what these use */
};

struct msg_wait {
    struct wire_strs jobs; /* specs; none = the current job */
    bool any;
};

/* Requests that concern one job and need no more: remove, stop, continue, detach. */
struct msg_on_job {
    char *job; /* NULL = the current job */
};

struct msg_signal {
    char *job;
    uint32_t signal;
};

struct msg_kill {
    char *job;
    uint64_t grace_ms;
    bool default_grace; /* the job's own, grace_ms is not used */
    uint32_t reason;    /* enum end_reason: canceled, server-stop, replaced; else it is killed */
    char *text;         /* why, for its `warning`; NULL = nothing */
    bool no_wait;       /* answered when it has begun */
};

/*
 * Starts a job once more: one that has ended, from what its record says and the caller's
 * surroundings; one that waits for its next attempt, now (the holder needs no `run` for that).
 */
struct msg_retry {
    char *job;
    struct msg_run *run; /* argv, cwd, name and plan are not used */
};

struct msg_rename {
    char *job;
    char *name; /* NULL = take the name away */
};

/* Refused while a writer's terminal says what the size is. */
struct msg_set_size {
    char *job;
    uint32_t rows, cols;
};

#define SEND_MAX 4096u /* bytes in one message */

/* Types on the job's terminal. Refused (ERROR_BUSY) when too much waits to be read already. */
struct msg_send {
    char *job;
    struct wire_bin data;
    bool taken; /* answered once the terminal has taken all of it, not when it waits for that */
};

/* Answered when the log holds more than offset, or the job has ended. */
struct msg_follow {
    char *job;
    uint64_t offset;
};

/* Answered with `screen`. */
struct msg_get_screen {
    char *job;
    uint32_t history; /* earlier lines wanted with it */
};

#define SCREEN_PAINT_MAX (3u << 20)

struct msg_screen {
    uint32_t rows, cols;   /* of the job's terminal */
    struct wire_bin paint; /* what makes a blank terminal of that size show it */
    bool whole;            /* it is exact: all that it shows is still in the log */
    bool ended;            /* the job has ended, its log tells; nothing else is set */
};

struct msg_log {
    uint64_t first; /* absolute offset of the oldest byte kept */
    uint64_t next;  /* one past the newest */
    bool ended;     /* no more will come */
};

/* Of the variables that the job follows (common/livevar.h): NAME=value, or NAME for none. */
struct msg_env {
    uint32_t id;             /* of the job */
    struct wire_strs values; /* as the newest client has them */
    struct wire_strs links;  /* as the job should have them: the paths of its links */
};

struct msg_empty {
    char unused;
};

/* How a server ended that did not end in order. */
struct server_failure {
    uint32_t generation;
    uint32_t pid;
    char *version;
    uint64_t found_ns; /* when it died, or when the next server found it dead */
    char *text;        /* "signal 9 (Killed)", "it could not start: ..." */
    char *log_line;    /* the last one that it wrote to the log, NULL when there is none */
};

struct job_count {
    uint32_t state; /* enum job_state */
    uint32_t jobs;
};

/* About a server; also the contents of D/server.state (common/life.h). */
struct msg_status {
    uint32_t pid;
    char *version;
    char *socket;
    char *state_dir;
    uint64_t started_ns;
    uint32_t live; /* jobs */
    uint32_t ended;
    uint32_t clients;
    uint32_t protocol, lowest;
    uint64_t pid_start; /* with pid and boot_id an identity */
    char *boot_id;
    uint32_t generation;              /* servers that have run in this runtime directory */
    struct wire_structs counts;       /* struct job_count, for each state that a job is in */
    char *config_file;                /* NULL: there is no place for one */
    struct wire_strs config;          /* "key=value", the effective configuration */
    char *fingerprint;                /* of that: config_fingerprint */
    char *config_problem;             /* why the file is not what holds; NULL = it was read */
    char *warning;                    /* what the user should know of the server */
    struct server_failure *failure;   /* the last one of a server here */
    uint64_t stopped_ns;              /* in the file: when it ended in order, 0 = it did not */
    char *stopped_text;               /* in the file: why */
    struct server_counters *counters; /* NULL in the file */
};

struct msg_shutdown {
    bool kill_jobs;     /* end every job first; else they live on */
    uint64_t grace_ms;  /* for that, from TERM to KILL */
    bool default_grace; /* each job's own, grace_ms is not used */
};

struct msg_jobs {
    struct wire_structs jobs; /* struct job_info */
    uint32_t current;         /* id of %+, 0 = none */
    uint32_t previous;        /* id of %- */
    bool more;                /* another `jobs` with this request id follows */
};

/* Starts the job in a fresh holder. With two fds (output, connection) the client is attached. */
struct msg_start {
    uint32_t id;
    char *uid;
    char *state_dir;   /* the job's own directory */
    char *runtime_dir; /* the job's own directory */
    struct msg_run *run;
    uint32_t client_request;
    uint32_t client_pid;
    uint64_t log_limit;
    uint64_t grace_ms;
    uint32_t leftovers;      /* enum config_leftovers */
    char *misplaced;         /* why state_dir is not where it should be; NULL: it is */
    bool log_json;           /* the form of the lines that the holder logs */
    char *note;              /* for whoever runs it attached: what it waits for, NULL = nothing */
    struct job_info *before; /* its record: the job has ended, and is started again; or NULL */
    uint64_t queued_ns;      /* when it began to wait, which is its turn; 0 = now */
};

/* It is the turn of a job that waits. Only the attempt that is named is started. */
struct msg_begin {
    uint32_t attempt;
};

/* Attaches a client to a holder: fds are its output and its connection. */
struct msg_adopt {
    uint32_t mode;
    bool resume;
    uint32_t history;
    struct wire_strs live;
    uint32_t restore;
    uint64_t replay_limit;
    struct msg_terminal *terminal;
    uint32_t client_request;
    uint32_t client_pid;
    char *note; /* shown to it first: what the job waits for, NULL = nothing */
};

/* The title of the job's terminal has changed, and nothing else. */
struct msg_title {
    char *title; /* NULL = none */
};

enum notice_kind {
    NOTICE_BELL = 1,
    NOTICE_TEXT = 2, /* a notification for the user */
    NOTICE_ASKS = 3, /* the job seems to wait for input from its terminal */
    NOTICE_ASKS_NO_MORE = 4,
    NOTICE_GRACE_OVER = 5, /* it is being ended, and did not heed TERM: KILL follows */
};

/* Something has happened on the job's terminal that changes nothing in its record. */
struct msg_notice {
    uint32_t kind;  /* enum notice_kind; an unknown one is for a later server */
    uint64_t count; /* NOTICE_BELL: since the last one; NOTICE_TEXT: left out before this one */
    char *title;    /* of NOTICE_TEXT, NULL = none */
    char *text;     /* at most EVENT_TEXT_MAX bytes each */
};

/*
 * Answered with `events`. Without a cursor: from the oldest event that is known. A cursor of
 * another server, or of an event before the oldest, is answered with a gap first. Asking with the
 * cursor of the last answer tells everything once.
 */
struct msg_get_events {
    char *since;           /* cursor; NULL = all */
    struct wire_strs jobs; /* unique ids; none = of all jobs, and of the server */
    bool wait;             /* the answer comes when there is something to tell */
};

struct msg_events {
    char *cursor;               /* of the last event looked at */
    struct wire_structs events; /* struct job_event, by their numbers */
    bool more;                  /* there are more by now: ask again */
};

struct msg_left {
    uint32_t reason; /* enum left_reason */
    char *by_tty;    /* who did it, for LEFT_STOLEN and LEFT_DETACHED_FROM */
    uint32_t by_pid;
    uint32_t
        markers; /* how often PROFILE_MARKER went to the terminal (common/terminal/profile.h) */
    struct job_info *job;
};

/* Its terminal got so many PROFILE_MARKER (common/terminal/profile.h), one behind all output. */
struct msg_marked {
    uint32_t markers;
};

/* What a terminal has answered to profile_questions, for profile_take_answers. */
struct msg_answers {
    struct wire_bin answers;
};

struct msg_resize {
    uint32_t rows, cols;
};

/* Whether the job waits for its (next) start: nobody reads what is typed meanwhile. */
struct msg_waiting {
    bool waits;
    char *text; /* for what, to be shown; NULL = nothing is */
};

extern const struct wire_struct msg_termios_fields, msg_terminal_fields, msg_rlimit_fields,
    msg_hello_fields, msg_error_fields, msg_done_fields, msg_run_fields, msg_attach_fields,
    msg_list_fields, msg_wait_fields, msg_on_job_fields, msg_signal_fields, msg_kill_fields,
    msg_retry_fields, msg_rename_fields, msg_set_size_fields, msg_follow_fields,
    msg_get_screen_fields, msg_screen_fields, msg_log_fields, msg_env_fields, msg_empty_fields,
    server_failure_fields, job_count_fields, msg_status_fields, msg_shutdown_fields,
    msg_jobs_fields, msg_start_fields, msg_adopt_fields, msg_title_fields, msg_left_fields,
    msg_resize_fields, msg_answers_fields, msg_marked_fields, msg_begin_fields, msg_waiting_fields,
    msg_notice_fields, msg_get_events_fields, msg_events_fields, msg_send_fields;

/* The message table. */
extern const struct wire_table protocol;

/* The row of a type that is in the table. */
const struct wire_message *protocol_message(enum message_type type);

/*
 * Whether a peer's hello and ours have a protocol in common. If not, text (of size bytes) says
 * so for the user: who speaks what, and what to do.
 */
bool protocol_compatible(const struct msg_hello *peer, const char *peer_name, char *text,
                         size_t size);

/* The word for an enum restore_mode; "unknown" for other values. */
const char *restore_mode_name(uint32_t mode);

#endif
