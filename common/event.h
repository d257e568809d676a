/*
 * Events: what happened to the jobs of a server, one after the other (`js events`). They are for
 * looking on: a server keeps the newest ones in memory and no more, so whoever must know how a job
 * has ended asks for that (`wait`, the record), never for its events.
 *
 * Events of one server are numbered from 1. A cursor names one of them for later, "the events after
 * this one": GENERATION-MARK:NUMBER, as in 2-65f1c0a3:57. The mark is of the server's start: the
 * generation alone begins anew when the runtime directory does, as after a reboot.
 */
#ifndef JS_COMMON_EVENT_H
#define JS_COMMON_EVENT_H

#include "common/job_info.h"
#include "common/wire.h"

/* Numbers are on the wire and never change. */
enum event_kind {
    EVENT_GAP = 1,     /* in an answer only: events that nobody knows any more */
    EVENT_SERVER = 2,  /* a server has begun, or is about to end: text */
    EVENT_FOUND = 3,   /* a server that has begun found this live job */
    EVENT_QUEUED = 4,  /* it waits for its (next) start */
    EVENT_MOVED = 5,   /* it still does, but where and until when has changed */
    EVENT_STARTED = 6, /* its program was started: attempt */
    EVENT_STOPPED = 7,
    EVENT_CONTINUED = 8,
    EVENT_EXITING = 9,
    EVENT_ATTEMPT_ENDED = 10, /* and the job goes on: attempt, end */
    EVENT_BACKOFF = 11,       /* it is started again at due_ns */
    EVENT_ENDED = 12,         /* for good: end */
    EVENT_FAILED = 13,        /* it could not be started: text */
    EVENT_REMOVED = 14,       /* its record and log are gone */
    EVENT_ATTACHED = 15,      /* viewer */
    EVENT_DETACHED = 16,      /* viewer */
    EVENT_RENAMED = 17,       /* text: the old name */
    EVENT_TITLE = 18,         /* text: the title of its terminal */
    EVENT_BELL = 19,          /* count: how often since the last such event */
    EVENT_NOTIFICATION = 20,  /* title, text: what it wants the user to be told */
    EVENT_ASKS = 21,          /* it seems to wait for input from its terminal */
    EVENT_ASKS_NO_MORE = 22,
    EVENT_WARNING = 23,    /* text: what the user should know of the job */
    EVENT_GRACE_OVER = 24, /* it is being ended and did not heed TERM: KILL follows */
    EVENT_KIND_COUNT,
};

#define EVENT_TEXT_MAX 4096u /* bytes of text and title */

struct job_event {
    uint64_t seq;     /* 0 for EVENT_GAP */
    uint64_t time_ns; /* since the epoch */
    uint32_t kind;
    uint32_t job; /* 0: it is about no job */
    char *uid;
    char *name;              /* of the job, then */
    struct wire_strs labels; /* of the job: NAME=VALUE */
    uint32_t state;          /* of the job, after it */
    uint32_t attempt;        /* 0 = none has begun */
    struct job_end *end;
    struct job_viewer *viewer;
    char *text, *title;
    uint64_t count;  /* bells; EVENT_GAP: how many events are missing, 0 = nobody knows */
    uint64_t due_ns; /* queued or in backoff: not before then */
};

extern const struct wire_struct job_event_fields;

/* "attempt-ended"; "unknown" for other values. */
const char *event_kind_name(uint32_t kind);

struct event_cursor {
    uint32_t generation;
    uint32_t mark; /* 0 = not given: that of the generation's server */
    uint64_t seq;  /* the event; 0 = before the first */
};

#define EVENT_CURSOR_SIZE 48
#define EVENT_CURSOR_SYNTAX                                                                        \
    "write GENERATION:NUMBER, or the cursor of an event as js events --json tells it"

/* The mark of a server that started at that time; never 0. */
uint32_t event_mark(uint64_t started_ns);

void event_cursor_format(const struct event_cursor *cursor, char ret[EVENT_CURSOR_SIZE]);

/* Reads all of text. 0, or -EINVAL (*ret is untouched). */
int event_cursor_parse(const char *text, struct event_cursor *ret);

#endif
