/*
 * The descriptors that ride with `run`, `run-planned` and `start`: which they are is told by the
 * message, and they come in the order of the members here.
 */
#ifndef JS_COMMON_RUN_FDS_H
#define JS_COMMON_RUN_FDS_H

#include "common/channel_io.h"
#include "common/protocol.h"

/* -1: there is none. All owned. */
struct run_fds {
    int output_fd;     /* of the client; none of a detached job */
    int connection_fd; /* to the client, in `start` only; none of a detached job */
    int errors_fd;     /* of the client's standard error, if terminal.errors says so */
    int script_fd;     /* common/sealed.h; of a job with plan.script */
};

void run_fds_init(struct run_fds *set);

/* Closes what is left. */
void run_fds_finish(struct run_fds *set);

/* Whether a script belongs to it. */
bool run_fds_has_script(const struct msg_run *run);

/* Whether standard error has a descriptor of its own. terminal may be NULL. */
bool run_fds_has_errors(const struct job_plan *plan, const struct msg_terminal *terminal);

/*
 * Takes what run says there is out of fds; what is there beyond that stays. with_connection: they
 * are those of `start`. 0, or -EBADMSG when one is missing: fds is as it was then.
 */
int run_fds_take(struct run_fds *set, const struct msg_run *run, bool with_connection,
                 struct channel_fds *fds);

/* Hands all there are over into fds, in their order. Returns how many. */
size_t run_fds_give(struct run_fds *set, int fds[CHANNEL_FDS_MAX]);

#endif
