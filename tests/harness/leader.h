/*
 * Starting a program as a test wants it: in a session of its own, with given descriptors, signal
 * dispositions and mask as a login would leave them, and with a failed exec told to the caller.
 */
#ifndef JS_TESTS_HARNESS_LEADER_H
#define JS_TESTS_HARNESS_LEADER_H

#include <stdbool.h>
#include <sys/types.h>

struct leader_options {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH of env */
    char *const *env;        /* NULL-terminated; NULL: the caller's */
    const char *cwd;         /* NULL: the caller's */
    int fds[3];              /* become 0, 1 and 2; stay the caller's */
    bool controlling_tty;    /* fds[0] becomes the controlling terminal (TIOCSCTTY) */
};

/*
 * The pid of the new session leader, running argv already, or -errno of what failed up to and
 * including exec. The caller reaps it.
 */
pid_t leader_spawn(const struct leader_options *options);

#endif
