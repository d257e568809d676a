/*
 * What was swept away is put back: the server's runtime directory, lock and socket, and through the
 * holders theirs. Cleaners of temporary files do that, and people with rm.
 *
 * The server watches the directories (inotify(7); one instance for all jobs, since a user has 128)
 * and puts its own things back at once. A holder it asks over their connection (`repair`). A holder
 * that it is not connected to, and whose socket is missing, it calls by SIGUSR1; holders look after
 * their socket as well whenever a server goes. SIGUSR1 makes the server look at everything now.
 * Nothing here runs by the clock, but for two delays after something has happened.
 */
#ifndef JS_SERVER_REPAIR_H
#define JS_SERVER_REPAIR_H

#include <uv.h>

#include "server/job.h"

#define REPAIR_WATCH_MS                                                                            \
    1000u /* from a job's start to its directory being watched: most have ended */
#define REPAIR_GLANCE_MS 200u  /* at most so often the place is looked at without an event */
#define REPAIR_CALL_MS   1000u /* for a holder to put its socket back; requests wait so long */

struct repair {
    struct server *server;
    uv_poll_t poll;
    uv_signal_t sigusr1;
    uv_timer_t watch_timer;
    uv_timer_t call_timer;
    int inotify_fd;      /* owned; -1 = only SIGUSR1 repairs */
    int dir_watch;       /* of the runtime directory; 0 = none */
    uint64_t glanced_ms; /* uv_now */
    bool open, closing;
};

/* 0 or -errno. Without inotify it goes on, and says so in the log. */
int repair_open(struct repair *repair, struct server *server);

/* Asynchronous; safe to call twice. */
void repair_close(struct repair *repair);

/* The jobs have been found on the disk: calls the holders that could not be connected to. */
void repair_begin(struct repair *repair);

/* A job runs that was not there before: its directory will be watched. */
void repair_job_started(struct repair *repair);

/*
 * A holder has told something: is the server's place still there? Not every loss of it is an event:
 * a file system that is unmounted lazily, as that of a user who has logged out, or a directory
 * above that is moved. Holders tell when they were called by the next server. May end the server.
 */
void repair_glance(struct repair *repair);

/* The holder has answered `repair`. */
void repair_answered(struct repair *repair, struct job *job, bool done);

/*
 * Calls the holder of a live job that is not connected. Whether it is there to hear it: pid, start
 * time and boot id are those of the record. The job is `called` until it is connected, or known to
 * be gone, or REPAIR_CALL_MS have passed.
 */
bool repair_call_holder(struct repair *repair, struct job *job);

#endif
