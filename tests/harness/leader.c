#include "tests/harness/leader.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void reset_signals(void)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &by_default, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves the three descriptors into place; they may themselves be 0, 1 or 2. Nothing else passes the
 * exec, whatever the test runner has inherited or Check has open. 0 or -1 with errno. */
static int place_fds(const int fds[3])
{
    int high[3];
    for (int i = 0; i < 3; i++) {
        high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10);
        if (high[i] < 0)
            return -1;
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(high[i], i) < 0)
            return -1;
    }
    return close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

static noreturn void run_child(const struct leader_options *options, int status_fd)
{
    reset_signals();
    if (setsid() < 0 || place_fds(options->fds) < 0)
        goto failed;
    if (options->controlling_tty && ioctl(0, TIOCSCTTY, 0) < 0)
        goto failed;
    if (options->cwd && chdir(options->cwd) < 0)
        goto failed;
    if (options->env)
        environ = (char **)options->env;
    execvp(options->argv[0], (char *const *)options->argv);
failed:;
    int error = errno;
    if (write(status_fd, &error, sizeof(error)) != (ssize_t)sizeof(error))
        _exit(126);
    _exit(127);
}

pid_t leader_spawn(const struct leader_options *options)
{
    int status_fds[2];
    if (pipe2(status_fds, O_CLOEXEC) < 0)
        return -errno;
    /* Above the three that the child rearranges. */
    int child_fd = fcntl(status_fds[1], F_DUPFD_CLOEXEC, 10);
    fd_close(status_fds[1]);
    pid_t pid = child_fd < 0 ? -1 : fork();
    if (pid == 0)
        run_child(options, child_fd);
    int saved = errno;
    fd_close(child_fd);
    int error = pid < 0 ? saved : 0;
    if (pid > 0 && read(status_fds[0], &error, sizeof(error)) == (ssize_t)sizeof(error))
        waitpid(pid, NULL, 0);
    fd_close(status_fds[0]);
    return error ? -error : pid;
}
