/*
 * Ends a job with everything it started: TERM and CONT to its process group and its other
 * descendants, after the grace KILL to whatever is left, again and again until nothing is (but for
 * what belongs to another user, and gets no more than the hang-up of its terminal).
 * (A stopped process does not act on TERM until it is continued: signal(7).)
 *
 * Driven by events: the owner calls killer_check after each child it reaped. The holder is a
 * child subreaper, so every descendant becomes its child sooner or later and its end is seen.
 */
#ifndef JS_SERVER_HOLDER_KILLER_H
#define JS_SERVER_HOLDER_KILLER_H

#include <stdbool.h>
#include <uv.h>

#include "server/holder/cgroup.h"

struct killer;

typedef void (*killer_gone_fn)(struct killer *killer);

struct killer {
    uv_timer_t timer;
    const struct cgroup *cgroup; /* the owner's: where there is one, nothing in it escapes KILL */
    pid_t pgid; /* the job's process group; its leader is not reaped while we run */
    bool active, forced;
    void (*on_grace_over)(struct killer *killer); /* what is left is killed now; may be NULL */
    killer_gone_fn on_gone; /* called by killer_check, at most once per start */
    void *data;             /* the owner's */
};

/* cgroup is the caller's, and may come to be or cease later on. 0 or -errno. */
int killer_init(struct killer *killer, uv_loop_t *loop, const struct cgroup *cgroup,
                killer_gone_fn on_gone, void *data);

/*
 * Starts, or when it has started already, forces: KILL at once. 0, or -errno when the group could
 * not be signalled (-EPERM: it belongs to another user now); nothing has changed then.
 */
int killer_start(struct killer *killer, pid_t pgid, uint64_t grace_ms);

/* Looks whether anything is left, kills what is once the grace is over. */
void killer_check(struct killer *killer);

/* Closes the timer (asynchronous, as uv_close). */
void killer_close(struct killer *killer, uv_close_cb on_closed);

/*
 * Every descendant in this process's session: sends it SIGHUP and SIGCONT, as a terminal that
 * closes does, unless they are only to be counted. Returns how many there were.
 */
unsigned killer_hang_up_leftovers(bool only_count);

#endif
