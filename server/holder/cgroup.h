/*
 * The cgroup of one attempt of a job: it limits what all of its processes have together, kills them
 * in one stroke, and counts what they have used. Only a job of which one of these limits is asked
 * has one. It is there before the program is, and goes when the last process has.
 *
 * Whoever has a cgroup has its directory locked (flock(2)), so that it is not swept away before the
 * first process is in it.
 */
#ifndef JS_SERVER_HOLDER_CGROUP_H
#define JS_SERVER_HOLDER_CGROUP_H

#include "common/job_info.h"
#include "common/plan.h"

struct cgroup {
    char *path; /* NULL: there is none */
    int dir_fd; /* owned */
};

/* One that there is not. */
void cgroup_init(struct cgroup *cgroup);

/* Whether the plan (or NULL) asks for what only a cgroup gives. */
bool cgroup_is_asked(const struct job_plan *plan);

/* Whether such a cgroup can be made, as far as can be seen without making it. As cgroup_open. */
int cgroup_check(const char *root, const struct job_plan *plan, char *text, size_t size);

/*
 * Makes the cgroup of an attempt with the limits of the plan, and removes those that killed holders
 * have left and that are empty now. root: see server/holder/cgroup_base.h. 0, or -errno with text
 * (of size bytes) saying why and what to do, and nothing left behind.
 */
int cgroup_open(struct cgroup *cgroup, const char *root, const struct job_plan *plan,
                const char *uid, uint32_t attempt, char *text, size_t size);

/* Sets the limits of the plan in a cgroup's directory. As cgroup_open. */
int cgroup_set_limits(int dir_fd, const struct job_plan *plan, char *text, size_t size);

/* An fd for a new process to enter by: it writes "0". The caller's; or -errno. */
int cgroup_open_procs(const struct cgroup *cgroup);

/*
 * Kills every process in it, whoever's they are (cgroup.kill, Linux 5.14). 0, or -errno: -ENOENT
 * where the kernel cannot, or there is no cgroup.
 */
int cgroup_kill(const struct cgroup *cgroup);

/* How many of its processes were killed for want of memory within its limit. */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

/*
 * What its processes have used so far, as far as its controllers tell: puts that in place of the
 * times and the memory in *usage. False when there is no cgroup.
 */
bool cgroup_read_usage(const struct cgroup *cgroup, struct job_usage *usage);

/*
 * Removes it, unless there are processes in it (-EBUSY: then a later job's holder does), and closes
 * it. Safe to call twice.
 */
int cgroup_close(struct cgroup *cgroup);

/*
 * Removes the cgroup at that path, which a holder that is dead had, if it is empty. 0 or -errno
 * (-EBUSY: there are processes in it; -EINVAL: that is no cgroup of a job).
 */
int cgroup_remove(const char *path);

#endif
