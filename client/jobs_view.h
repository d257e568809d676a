/* Jobs from the server, and how one is shown: shared by ls, show and wait. */
#ifndef JS_CLIENT_JOBS_VIEW_H
#define JS_CLIENT_JOBS_VIEW_H

#include "client/connection.h"

struct jobs_view {
    struct wire_structs jobs; /* struct job_info; owned */
    uint32_t current, previous;
};

/*
 * Sends a request that is answered by `jobs` (list, wait) and gathers all parts of the answer.
 * Returns 0 or the exit status, with the user told.
 */
int jobs_view_fetch(struct jobs_view *view, struct connection *connection, enum message_type type,
                    const void *body);

/* Where record and log of a job are, into buf. 0 or -ENAMETOOLONG. */
int jobs_view_dir(const struct job_info *job, const char *state_dir, char *buf, size_t size);

/* Live jobs get the bounds of their logs from the files: the server hears of changes of state only.
 */
void jobs_view_read_logs(struct jobs_view *view, const char *state_dir);

void jobs_view_finish(struct jobs_view *view);

/* '+', '-' or ' ' for a job of the view. */
char jobs_view_mark(const struct jobs_view *view, const struct job_info *job);

/* "running", or "running (asks)" when it seems to wait for input: constant text. */
const char *jobs_view_state(const struct job_info *job);

/* "0", "7", "KILL", "lost"; "" while it has not ended. */
void jobs_view_exit(const struct job_info *job, char *buf, size_t size);

/* "pts/4", "pts/4 +1": where it is attached; "" nowhere. */
void jobs_view_attached(const struct job_info *job, char *buf, size_t size);

/* Nanoseconds since the epoch as RFC 3339 in UTC with milliseconds. */
void jobs_view_time(uint64_t ns, char buf[32]);

#endif
