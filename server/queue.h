/*
 * Who of the jobs that wait may start, and what the others wait for. Pure: no processes, no clock;
 * everything comes from what the holders say of their jobs, so that any server judges the same.
 *
 * The rules:
 *  - A time to wait for is its holder's business: due_ns is there until it has come.
 *  - What could start is looked at in one order: higher priority first, then who has waited longest
 *    (queued_ns, then the number). Whoever cannot start yet, since its time has not come, or
 *    another job has not ended, holds up nobody; when it can, it has its old place in that order.
 *  - A queue has as many places as slots (1 unless set), all queues together have max_running. A
 *    slot (`--slot`) has one place. Places are taken from the moment a job is told to start until
 *    it has ended, waits for its next attempt, or is queued for it: with all its processes, as its
 *    holder says none of these before they are gone.
 *  - `after` counts for the first attempt. A job that is no longer known has ended; whether well or
 *    not cannot be said any more, so it fits `any` only.
 *  - `replace` ends every other job of the slot that was submitted before, as soon as it could
 *    start itself but for them. `drop` counts when the job could start but for its slot, and that
 *    it is taken; not when it was started before, and not for `every`, which waits instead.
 */
#ifndef JS_SERVER_QUEUE_H
#define JS_SERVER_QUEUE_H

#include "common/job_info.h"
#include "common/queues.h"

#define QUEUE_SLOT_WAITERS 100u /* jobs that wait for one slot; more are refused */

enum queue_verdict {
    QUEUE_NONE,        /* it does not wait for a decision */
    QUEUE_START,       /* now */
    QUEUE_WAIT_AFTER,  /* for the job `other` to end, as the condition says */
    QUEUE_WAIT_TIME,   /* which its holder tells */
    QUEUE_WAIT_PAUSED, /* its queue is paused */
    QUEUE_WAIT_SLOT,   /* which `other` has */
    QUEUE_WAIT_TURN,   /* for a place in its queue, where `ahead` wait before it */
    QUEUE_WAIT_TOTAL,  /* max_running */
    QUEUE_CANCEL,      /* `other` has ended in another way than it was to */
    QUEUE_DROP,        /* `other` has its slot */
    QUEUE_REPLACE,     /* `other` replaces it */
    QUEUE_FULL,        /* of a job that is asked for: too many wait for its slot */
};

/* A job, and the verdict on it. */
struct queue_job {
    const struct job_info *info;
    bool coming;  /* queued, but its holder has not said so yet: a place is kept for it */
    bool begun;   /* queued, and told to start */
    bool unknown; /* its holder has not been heard yet: it may run whatever its record says */
    bool ending;  /* told to end: it is not started any more */
    /* Set by queue_judge. */
    enum queue_verdict verdict;
    uint32_t other;     /* number of the job that it is about; 0 = none, or no longer known */
    uint32_t condition; /* enum plan_condition, for QUEUE_WAIT_AFTER and QUEUE_CANCEL */
    uint32_t ahead;
};

struct queue_rules {
    const struct queue_setting *queues; /* those that were set */
    size_t queue_count;
    uint64_t max_running; /* jobs of all queues that run at once */
    uint64_t now_ns;
    bool blind; /* there are jobs of which nothing is known: a missing one may be among them */
};

/* Whether the server has a say in when a job with this plan starts (NULL: none). */
bool queue_has_say(const struct job_plan *plan);

/* How the job has ended fits the condition of one that comes after it. */
bool queue_end_fits(const struct job_info *ended, uint32_t condition);

/* Judges all jobs. 0 or -ENOMEM (then nothing was judged). */
int queue_judge(const struct queue_rules *rules, struct queue_job *jobs, size_t count);

/*
 * The verdict on a job that is asked for, the last of jobs (coming, its number above all others'):
 * as queue_judge, and QUEUE_FULL when it would be one waiter too many for its slot. Verdicts that
 * do not refuse it are QUEUE_START and QUEUE_WAIT_... 0 or -ENOMEM.
 */
int queue_judge_new(const struct queue_rules *rules, struct queue_job *jobs, size_t count);

/*
 * What the judged job waits for, or why it is not started, in words ("2 jobs ahead in queue
 * build"); "" for QUEUE_START, and for QUEUE_NONE unless a time is waited for. Times are local.
 */
void queue_explain(const struct queue_job *job, uint64_t now_ns, char *text, size_t size);

#endif
