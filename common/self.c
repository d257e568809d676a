#include "common/self.h"

#include <signal.h>
#include <spawn.h>

static int spawn(char *const *argv, char *const *env, const posix_spawn_file_actions_t *actions,
                 bool new_session, pid_t *ret_pid)
{
    posix_spawnattr_t attr;
    sigset_t none;
    int r = posix_spawnattr_init(&attr);
    if (r != 0)
        return -r;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(
        &attr, (short)(POSIX_SPAWN_SETSIGMASK | (new_session ? POSIX_SPAWN_SETSID : 0)));
    r = posix_spawn(ret_pid, "/proc/self/exe", actions, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    return -r;
}

int self_spawn(char *const *argv, char *const *env, const struct self_fd *fds, size_t count,
               bool new_session, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    int r = -posix_spawn_file_actions_init(&actions);
    if (r < 0)
        return r;
    /* adddup2 to the same number clears close-on-exec too (POSIX.1-2024, glibc 2.29). */
    for (size_t i = 0; r == 0 && i < count; i++)
        r = -posix_spawn_file_actions_adddup2(&actions, fds[i].fd, fds[i].as);
    if (r == 0)
        r = spawn(argv, env, &actions, new_session, ret_pid);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}
