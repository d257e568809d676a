/*
 * The holder's end of the pipe to its watcher (server/watcher/watcher.h): starts it, reads its
 * records. The watcher has a session of its own and is nobody's business but ours: it does not
 * belong to the job's tree (see process_descendants), and ends when the pipe is closed.
 */
#ifndef JS_SERVER_HOLDER_WATCH_LINK_H
#define JS_SERVER_HOLDER_WATCH_LINK_H

#include <uv.h>

#include "common/plan.h"
#include "server/watcher/watcher.h"

struct watch_link;

/*
 * A record, or WATCHER_END when the watcher cannot be started or has died. text is escaped, and
 * good until the callback returns; after WATCHER_END nothing comes any more.
 */
typedef void (*watch_link_fn)(struct watch_link *link, enum watcher_record type, const char *text);

struct watch_link {
    uv_loop_t *loop;
    uv_poll_t *poll; /* on the heap until it is closed; NULL = none */
    int fd;          /* read end; owned; -1 = none */
    const struct job_plan *plan;
    const char *directory;
    uint32_t id;         /* of the job */
    bool ready;          /* this watcher has begun to watch */
    uint64_t started_ms; /* uv_now */
    watch_link_fn on_record;
    void *data; /* the owner's */
    size_t len;
    char buf[2 * WATCHER_RECORD_MAX];
};

/*
 * Starts a watcher of the directory for plan->watch and plan->ignore; all of them stay the caller's
 * and must outlive the link. 0 or -errno.
 */
int watch_link_open(struct watch_link *link, uv_loop_t *loop, uint32_t id,
                    const struct job_plan *plan, const char *directory, watch_link_fn on_record,
                    void *data);

/* Lets the watcher end. Safe to call twice, and from the callback; *link may go when none runs. */
void watch_link_close(struct watch_link *link);

#endif
