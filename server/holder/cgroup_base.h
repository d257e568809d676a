/*
 * Where cgroups of jobs can be made: below the cgroup of cgroup v2 that this process is in, if that
 * was delegated to it (cgroups(7), "Delegation"; systemd's CGROUP_DELEGATION: Delegate=yes).
 *
 *   BASE                 was delegated; has no processes of its own once it has controllers
 *   BASE/js.server       the server, its template and the holders, with all jobs without limits
 *   BASE/js-UID-ATTEMPT  an attempt of a job
 *
 * "No internal processes" (cgroups(7)) is why there is js.server: a cgroup that gives controllers
 * to others cannot have processes itself, the root of all excepted. So whatever is in BASE is moved
 * there when the first job with limits is started. Only what is ours is moved: where there is
 * anything else, the cgroup was not made for us.
 *
 * In each function root goes before the absolute paths that are looked at ("" but in tests), and
 * text (of size bytes) gets why it failed and what to do.
 */
#ifndef JS_SERVER_HOLDER_CGROUP_BASE_H
#define JS_SERVER_HOLDER_CGROUP_BASE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define CGROUP_SERVER "js.server"
#define CGROUP_JOB    "js-"

enum cgroup_controller {
    CGROUP_MEMORY = 1,
    CGROUP_CPU = 2,
    CGROUP_PIDS = 4,
};

struct cgroup_base {
    char path[PATH_MAX]; /* in the file system */
    char name[PATH_MAX]; /* in the hierarchy, for people: "/user.slice/..." */
    int dir_fd;          /* owned */
    bool is_root;        /* of all cgroups of the machine: it may have processes */
};

/*
 * Finds the base and opens it: it is writable, and has the controllers (enum cgroup_controller).
 * Nothing is changed. 0, or -errno with nothing to close.
 */
int cgroup_base_open(struct cgroup_base *base, const char *root, unsigned controllers, char *text,
                     size_t size);

/* Moves our processes out of the base and enables the controllers for cgroups below. 0 or -errno.
 */
int cgroup_base_prepare(struct cgroup_base *base, unsigned controllers, char *text, size_t size);

/* Safe to call twice, and on what was not opened. */
void cgroup_base_close(struct cgroup_base *base);

#endif
