/* Starting this very program again, as another process with a part of its work. */
#ifndef JS_COMMON_SELF_H
#define JS_COMMON_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A descriptor that the new process gets under the number `as`; fd stays the caller's. */
struct self_fd {
    int fd, as;
};

/*
 * Runs /proc/self/exe: the program that runs, whatever has been installed over it since. No signal
 * is blocked in it; what is ignored stays so. With new_session it leads a session of its own. 0
 * with *ret_pid, or -errno.
 */
int self_spawn(char *const *argv, char *const *env, const struct self_fd *fds, size_t count,
               bool new_session, pid_t *ret_pid);

#endif
