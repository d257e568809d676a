/*
 * The child's side of starting a program, between fork and exec: async-signal-safe calls only
 * (signal-safety(7)), everything is prepared before the fork, and it never returns. A
 * failure is written to status_fd as a struct child_failure; a successful exec closes it.
 */
#ifndef JS_SERVER_HOLDER_CHILD_H
#define JS_SERVER_HOLDER_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct child_limit {
    int resource;
    struct rlimit limit;
    bool strict;    /* not to get it is a failure; else best effort */
    bool keep_hard; /* strict only for the soft one */
};

struct child_stdio {
    int fds[3]; /* for 0, 1 and 2 */
    int tty_fd; /* the terminal whose foreground group it is to be; -1 = none */
};

struct child_plan {
    struct child_stdio stdio;
    int cgroup_fd; /* cgroup.procs of its own cgroup, close-on-exec; -1 = none */
    int status_fd; /* close-on-exec */
    int script_fd; /* close-on-exec here; the program inherits it. -1 = none */
    char *const *argv;
    char *const *script_argv; /* {"/bin/sh", path, argv[1], ...}; path is filled in by the child */
    char *const *env;
    char *const *candidates; /* paths to try in order, NULL-terminated (execvp(3)) */
    const char *cwd;
    mode_t umask;
    int nice;
    bool strict_nice;
    bool no_new_privs;
    uint64_t ignored, blocked; /* bit n-1 is signal n */
    const struct child_limit *limits;
    size_t limit_count;
};

struct child_failure {
    int32_t stage;    /* enum start_stage */
    int32_t error;    /* errno */
    int32_t resource; /* RLIMIT_x, of START_LIMITS; else -1 */
};

_Noreturn void child_exec(const struct child_plan *plan);

#endif
