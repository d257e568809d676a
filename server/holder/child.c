#include "server/holder/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/protocol.h"

#define LAST_SIGNAL 64

static _Noreturn void report(const struct child_plan *plan, struct child_failure failure)
{
    /* At most PIPE_BUF bytes into an empty pipe: all or nothing, and nobody to tell otherwise. */
    if (write(plan->status_fd, &failure, sizeof(failure)) < 0)
        _exit(126);
    _exit(127);
}

static _Noreturn void fail(const struct child_plan *plan, enum start_stage stage, int error)
{
    report(plan, (struct child_failure){.stage = (int32_t)stage, .error = error, .resource = -1});
}

/* Before anything else: all that it does is counted (cgroups(7)). "0" is whoever writes it. */
static void enter_cgroup(const struct child_plan *plan)
{
    if (plan->cgroup_fd >= 0 && write(plan->cgroup_fd, "0", 1) < 0)
        fail(plan, START_CGROUP, errno);
}

/* A process group of its own, in front of the terminal, before the program can look. */
static void take_foreground(const struct child_plan *plan)
{
    if (setpgid(0, 0) < 0)
        fail(plan, START_GROUP, errno);
    /* Still in the background here: tcsetpgrp would stop us with TTOU (all signals are blocked). */
    if (plan->stdio.tty_fd >= 0 && tcsetpgrp(plan->stdio.tty_fd, getpid()) < 0)
        fail(plan, START_TERMINAL, errno);
}

static void set_signals(const struct child_plan *plan)
{
    for (int sig = 1; sig <= LAST_SIGNAL; sig++) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        if (plan->ignored & (UINT64_C(1) << (sig - 1)))
            action.sa_handler = SIG_IGN;
        sigaction(sig, &action, NULL); /* EINVAL for KILL, STOP and libc's own two */
    }
}

/* 0 or errno. */
static int set_limit(const struct child_limit *limit)
{
    __rlimit_resource_t resource = (__rlimit_resource_t)limit->resource;
    struct rlimit now;
    if (setrlimit(resource, &limit->limit) == 0)
        return 0;
    int error = errno;
    if (!limit->keep_hard || getrlimit(resource, &now) < 0 || limit->limit.rlim_cur > now.rlim_max)
        return error;
    now.rlim_cur = limit->limit.rlim_cur;
    return setrlimit(resource, &now) < 0 ? errno : 0;
}

/*
 * What is only the caller's is best effort: a server with a lower hard limit than its client cannot
 * raise it.
 */
static void set_limits(const struct child_plan *plan)
{
    for (size_t i = 0; i < plan->limit_count; i++) {
        int error = set_limit(&plan->limits[i]);
        if (error && plan->limits[i].strict)
            report(plan, (struct child_failure){.stage = START_LIMITS,
                                                .error = error,
                                                .resource = plan->limits[i].resource});
    }
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if (errno == 0 && now != plan->nice && setpriority(PRIO_PROCESS, 0, plan->nice) < 0 &&
        plan->strict_nice)
        fail(plan, START_NICE, errno);
    if (plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        fail(plan, START_NO_NEW_PRIVS, errno);
}

static void set_stdio(const struct child_plan *plan)
{
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(plan->stdio.fds[fd], fd) < 0)
            fail(plan, START_STDIO, errno);
    /* Everything of ours is close-on-exec; this is for what a library may have opened. */
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    if (plan->script_fd >= 0 && fcntl(plan->script_fd, F_SETFD, 0) < 0)
        fail(plan, START_STDIO, errno);
}

static void set_mask(const struct child_plan *plan)
{
    sigset_t mask;
    sigemptyset(&mask);
    for (int sig = 1; sig <= LAST_SIGNAL; sig++)
        if (plan->blocked & (UINT64_C(1) << (sig - 1)))
            sigaddset(&mask, sig);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* execvp(3)'s rules: try each, remember EACCES, and run what has no magic number by /bin/sh. */
static int try_candidates(const struct child_plan *plan)
{
    int error = ENOENT;
    for (char *const *path = plan->candidates; *path; path++) {
        execve(*path, plan->argv, plan->env);
        if (errno == ENOEXEC) {
            char **script = (char **)plan->script_argv;
            script[1] = *path;
            execve(script[0], script, plan->env);
        }
        if (errno == EACCES)
            error = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return errno;
    }
    return error;
}

_Noreturn void child_exec(const struct child_plan *plan)
{
    enter_cgroup(plan);
    take_foreground(plan);
    umask(plan->umask);
    if (chdir(plan->cwd) < 0)
        fail(plan, START_CWD, errno);
    set_stdio(plan);
    set_limits(plan); /* last: of open files there may be none left now */
    set_signals(plan);
    set_mask(plan);
    fail(plan, START_EXEC, try_candidates(plan));
}
