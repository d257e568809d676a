/*
 * The holder's side of starting a program: everything the child will need is prepared (no memory
 * is allocated between fork and exec), then it is forked and its exec awaited without blocking.
 */
#ifndef JS_SERVER_HOLDER_LAUNCH_H
#define JS_SERVER_HOLDER_LAUNCH_H

#include <uv.h>

#include "common/protocol.h"
#include "server/holder/child.h"

struct launch;

/* stage is START_NONE when the program runs; else error is the errno of the step that failed. */
typedef void (*launch_done_fn)(struct launch *launch, enum start_stage stage, int error);

struct launch {
    uv_poll_t *poll; /* on the heap until it is closed: the next launch need not wait for that */
    int status_fd;   /* read end of the pipe; owned */
    pid_t pid;
    int resource; /* once done: RLIMIT_x, of a failure at START_LIMITS; else -1 */
    bool done;
    launch_done_fn on_done;
    void *data; /* the owner's */
};

/* JS_JOB_ID and the like, for the job's environment; where it is put; and its script. */
struct launch_env {
    uint32_t id;
    const char *uid;
    const char *socket;
    uint32_t attempt;
    const struct job_plan *plan; /* or NULL */
    int cgroup_fd; /* where the program enters its own cgroup, stays the caller's; -1 = it has none
                    */
    int script_fd; /* the caller's, close-on-exec: the job has it under this number; -1 = none */
};

/*
 * Forks the program of run with these descriptors (which stay the caller's). on_done is
 * called once, from the loop or from launch_check. 0 or -errno with *ret_stage.
 */
int launch_start(struct launch *launch, uv_loop_t *loop, const struct msg_run *run,
                 const struct launch_env *env, const struct child_stdio *stdio,
                 launch_done_fn on_done, void *data, enum start_stage *ret_stage);

/* Looks now whether the exec has succeeded or failed. For whoever reaps the child first. */
void launch_check(struct launch *launch);

/* Closes the pipe. Safe to call twice. */
void launch_close(struct launch *launch);

#endif
