/* Signals, processes, and what pty_child has inherited. */
#include "tests/helpers/pty_child.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Signals and processes */

static void ignore_signal(int number)
{
    if (sigaction(number, &(struct sigaction){.sa_handler = SIG_IGN}, NULL) < 0)
        child_fail("sigaction");
}

void behave_ignore(char **args)
{
    ignore_signal(child_signal(args[0]));
}

void behave_ignore_hup(char **args)
{
    (void)args;
    ignore_signal(SIGHUP);
}

void behave_ignore_term(char **args)
{
    (void)args;
    ignore_signal(SIGTERM);
}

static void on_caught(int number)
{
    /* sigabbrev_np only looks into a table; dprintf would not be safe here. */
    char text[32] = "CAUGHT ";
    const char *name = sigabbrev_np(number);
    strncat(text, name ? name : "?", 16);
    strcat(text, "\n");
    child_put(text, strlen(text));
}

void behave_catch(char **args)
{
    struct sigaction action = {.sa_handler = on_caught, .sa_flags = SA_RESTART};
    if (sigaction(child_signal(args[0]), &action, NULL) < 0)
        child_fail("sigaction");
}

void behave_hold(char **args)
{
    (void)args;
    for (;;)
        pause();
}

void behave_sleep(char **args)
{
    child_pause_us(child_number(args[0]) * 1000);
}

void behave_exit(char **args)
{
    exit((int)child_number(args[0]));
}

void behave_kill(char **args)
{
    int number = child_signal(args[0]);
    if (kill(getpid(), number) < 0)
        child_fail("kill");
}

void behave_stop_self(char **args)
{
    (void)args;
    child_say("STOPPING\n");
    kill(getpid(), SIGTSTP);
    child_say("CONTINUED\n");
}

/* Starts a child that waits for ever, ignoring HUP. Prepared before its pid is told. */
static void start_holder(bool own_session, bool quiet)
{
    int ready_fds[2];
    if (pipe2(ready_fds, O_CLOEXEC) < 0)
        child_fail("pipe");
    pid_t pid = fork();
    if (pid < 0)
        child_fail("fork");
    if (pid == 0) {
        ignore_signal(SIGHUP);
        if (own_session && setsid() < 0)
            child_fail("setsid");
        int null_fd = quiet ? open("/dev/null", O_RDWR) : -1;
        for (int fd = 0; quiet && fd < 3; fd++)
            dup2(null_fd, fd);
        if (null_fd > 2)
            close(null_fd);
        close(ready_fds[0]);
        close(ready_fds[1]);
        behave_hold(NULL);
    }
    char byte;
    close(ready_fds[1]);
    if (read(ready_fds[0], &byte, 1) != 0)
        child_fail("read");
    close(ready_fds[0]);
    child_say("CHILD %d\n", pid);
}

void behave_fork_hold(char **args)
{
    (void)args;
    start_holder(false, false);
}

void behave_setsid_hold(char **args)
{
    (void)args;
    start_holder(true, false);
}

void behave_setsid_quiet(char **args)
{
    (void)args;
    start_holder(true, true);
}

void behave_children(char **args)
{
    long count = child_number(args[0]);
    for (long i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            child_fail("fork");
        if (pid == 0)
            behave_hold(NULL);
    }
    child_say("CHILDREN %ld\n", count);
}

void behave_spin(char **args)
{
    clock_t until = clock() + child_number(args[0]) * (CLOCKS_PER_SEC / 1000);
    while (clock() < until)
        continue;
}

/* What it inherited */

void behave_fdlist(char **args)
{
    (void)args;
    DIR *fds = opendir("/proc/self/fd");
    if (!fds)
        child_fail("/proc/self/fd");
    int count = 0;
    for (struct dirent *entry = readdir(fds); entry; entry = readdir(fds)) {
        char target[PATH_MAX];
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(fds))
            continue;
        ssize_t len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
        target[len < 0 ? 0 : len] = '\0';
        child_say("FD %s %s\n", entry->d_name, target);
        count++;
    }
    closedir(fds);
    child_say("FDS %d\n", count);
}

/* The value of the field "SigIgn:" or "SigBlk:" of /proc/self/status. */
static unsigned long long status_mask(const char *field)
{
    FILE *status = fopen("/proc/self/status", "re");
    if (!status)
        child_fail("/proc/self/status");
    char line[256];
    unsigned long long mask = 0;
    while (fgets(line, sizeof(line), status)) {
        if (strncmp(line, field, strlen(field)) == 0)
            mask = strtoull(line + strlen(field), NULL, 16);
    }
    fclose(status);
    return mask;
}

void behave_sigstate(char **args)
{
    (void)args;
    mode_t mask = umask(0);
    umask(mask);
    char cwd[PATH_MAX];
    if (!getcwd(cwd, sizeof(cwd)))
        child_fail("getcwd");
    child_say("IGNORED %016llx\n", status_mask("SigIgn:"));
    child_say("BLOCKED %016llx\n", status_mask("SigBlk:"));
    child_say("UMASK %04o\n", (unsigned)mask);
    child_say("NICE %d\n", getpriority(PRIO_PROCESS, 0));
    child_say("CWD %s\n", cwd);
}
