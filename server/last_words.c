#include "server/last_words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/life.h"
#include "common/paths.h"

#define STACK_SIZE (16u << 10) /* a stack that overflowed is no place for a handler */

static char path[PATHS_MAX + 16];
static char stack[STACK_SIZE];

/* Whether the signal's default is to do nothing, to stop, or to continue: signal(7). */
static bool is_harmless(int sig)
{
    static const int harmless[] = {SIGCHLD, SIGURG,  SIGWINCH, SIGCONT,
                                   SIGSTOP, SIGTSTP, SIGTTIN,  SIGTTOU};
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (sig == harmless[i])
            return true;
    return false;
}

/* Only what signal-safety(7) allows. The default is in force again (SA_RESETHAND). */
static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)context;
    struct life_crash crash = {.pid = getpid(), .signal = sig, .time_ns = clock_realtime_ns()};
    int saved = errno;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        if (write(fd, &crash, sizeof(crash)) < 0) { /* then there are none */
        }
        close(fd);
    }
    errno = saved;
    /* A fault happens again on return, with its address for the core dump; others are raised. */
    if (info->si_code <= 0)
        raise(sig);
}

int last_words_prepare(const char *runtime_dir)
{
    int r = paths_join(path, sizeof(path), runtime_dir, LIFE_CRASH);
    if (r < 0)
        return r;
    unlink(path);
    stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
    if (sigaltstack(&own, NULL) < 0)
        return -errno;
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (int sig = 1; sig <= SIGRTMAX; sig++) {
        struct sigaction old;
        if (is_harmless(sig) || sig == SIGKILL || sigaction(sig, NULL, &old) < 0 ||
            (old.sa_flags & SA_SIGINFO) || old.sa_handler != SIG_DFL)
            continue;
        sigaction(sig, &action, NULL);
    }
    return 0;
}
