/*
 * All jobs that the server knows, and their directories. Everything in it can be found again on
 * the disk and from the holders: registry_load does.
 */
#ifndef JS_SERVER_REGISTRY_H
#define JS_SERVER_REGISTRY_H

#include "common/paths.h"
#include "common/spec.h"
#include "server/job.h"

struct registry {
    struct server *server;
    const struct paths *paths;
    struct job **jobs; /* in rising order of their numbers; owned */
    size_t count, room;
    uint64_t keep_jobs;        /* ended jobs that are kept, at most */
    uint64_t keep_ns;          /* and how long */
    uint32_t last_id;          /* the highest number ever given out here */
    const char *state_problem; /* why nothing may be put into the state directory; NULL = it may */
};

/* A place for a new job: its number, its directories, its lock and its listening socket. */
struct registry_slot {
    uint32_t id;
    char state_dir[PATHS_MAX + 24];
    char runtime_dir[PATHS_MAX + 24];
    int lock_fd;          /* owned by whoever has the slot */
    int listen_fd;        /* likewise */
    char misplaced[1024]; /* why state_dir is in the runtime directory; "" = it is not */
};

/* An empty registry that keeps everything, see registry_set_keep. */
void registry_init(struct registry *registry, struct server *server, const struct paths *paths);

/* How many ended jobs registry_prune leaves, and for how long (0 and 0: none). */
void registry_set_keep(struct registry *registry, uint64_t jobs, uint64_t ms);

/*
 * Finds the jobs on disk: connects to the holders that live, takes in the records of those that
 * ended, marks as lost those whose holder died without a word. 0 or -errno of reading the
 * directory.
 */
int registry_load(struct registry *registry);

/* Destroys every job object. Jobs and records stay as they are. */
void registry_finish(struct registry *registry);

/*
 * Claims the next free number (atomic against other servers with the same state directory: mkdir(2)
 * decides). When the state directory does not take it, the runtime directory does: nobody is kept
 * from running a job because a disk is full. 0, or -errno with text (of size bytes), and nothing
 * left behind.
 */
int registry_claim(struct registry *registry, struct registry_slot *ret, char *text, size_t size);

/*
 * The place of a job that has ended, for its next start. The lock is open, but not taken: its last
 * holder may have a moment to live. 0, or -errno with text (of size bytes); record and log stay in
 * any case.
 */
int registry_claim_again(struct registry *registry, const struct job *job,
                         struct registry_slot *ret, char *text, size_t size);

/* Closes the slot's descriptors; with `remove` its directories go as well. */
void registry_release(struct registry_slot *slot, bool remove);

/* 0 or -ENOMEM. */
int registry_add(struct registry *registry, struct job *job);

/* Takes the job out and destroys it. Its directories stay. */
void registry_remove(struct registry *registry, struct job *job);

/* The first job that waits for this one to end (job_plan::after), though it may have; or NULL. */
const struct job *registry_waiter(const struct registry *registry, const struct job *job);

/* Removes an ended job's directory and the job. 0 or -errno. */
int registry_forget(struct registry *registry, struct job *job);

/*
 * The job's own directory, where its record and log are, into buf (PATHS_MAX + 32 bytes will do). 0
 * or -ENAMETOOLONG.
 */
int registry_job_dir(const struct registry *registry, const struct job_info *info, char *buf,
                     size_t size);

struct job *registry_find(const struct registry *registry, uint32_t id);

/* The job with that unique id, or NULL. Looks at every job. */
struct job *registry_find_uid(const struct registry *registry, const char *uid);

/*
 * Whether there is a job that another server began to start and that has not told its unique id
 * yet: registry_find_uid may not find it, a moment later it may.
 */
bool registry_has_unnamed(const struct registry *registry);

/* Whether there is a record on disk: the job has been started. */
bool registry_has_record(const struct registry *registry, const struct job *job);

/*
 * spec_resolve over all jobs. 0 with *ret, or the enum error_code with text (of size bytes).
 */
enum error_code registry_resolve(const struct registry *registry, const char *spec, bool live_only,
                                 struct job **ret, char *text, size_t size);

/* The numbers of the current and the previous job; 0 = none. */
void registry_current(const struct registry *registry, uint32_t *ret_current,
                      uint32_t *ret_previous);

/* Whether the job's lock is held. A holder that has just died may still seem to live. */
bool registry_holder_lives(const struct registry *registry, const struct job *job);

/*
 * Connects to a holder again. 0, -ENOLCK when it is dead, or the -errno of connecting. A holder
 * that has just died may still seem to live, and the new connection ends as well.
 */
int registry_reconnect(struct registry *registry, struct job *job);

/*
 * The holder's connection has ended without its job's end: takes what the record says, and if that
 * is no end, the job is lost; the record says so from then on.
 */
void registry_holder_gone(struct registry *registry, struct job *job);

/* Writes the record of a job without a holder. 0 or -errno. */
int registry_save(const struct registry *registry, const struct job *job);

/*
 * Drops the ended jobs that are more or older than registry_set_keep allows, the oldest first; not
 * those that another job waits for, which is yet to be told how they ended.
 */
void registry_prune(struct registry *registry);

#endif
