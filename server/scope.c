#include "server/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

#define PATH_SIZE 4096
#define RUNNER    "systemd-run"

static bool exists(const char *root, const char *path)
{
    char whole[PATH_SIZE];
    return snprintf(whole, sizeof(whole), "%s%s", root, path) < (int)sizeof(whole) &&
           access(whole, F_OK) == 0;
}

static bool is_in_path(const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        char whole[PATH_SIZE];
        size_t len = strcspn(path, ":");
        if (snprintf(whole, sizeof(whole), "%.*s/%s", (int)len, path, name) < (int)sizeof(whole) &&
            len > 0 && access(whole, X_OK) == 0)
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

/* Its private socket, which systemd-run tries first, or the bus. */
static bool has_manager(void)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    return dir && dir[0] == '/' && (exists(dir, "/systemd/private") || exists(dir, "/bus"));
}

static bool lingers(const char *root)
{
    char path[512];
    const struct passwd *user = getpwuid(geteuid());
    return user &&
           snprintf(path, sizeof(path), "/var/lib/systemd/linger/%s", user->pw_name) <
               (int)sizeof(path) &&
           exists(root, path);
}

/* "session-12.scope", as logind names them, as one part of a path (cgroups(7), /proc/PID/cgroup).
 */
static bool is_session(const char *line)
{
    for (const char *at = line; (at = strstr(at, "/session-")); at++) {
        size_t len = strcspn(at + 1, "/\n") + 1;
        if (strncmp(at + len - 6, ".scope", 6) == 0)
            return true;
    }
    return false;
}

static bool is_in_session(const char *root)
{
    char path[PATH_SIZE], line[PATH_SIZE];
    bool found = false;
    if (snprintf(path, sizeof(path), "%s/proc/self/cgroup", root) >= (int)sizeof(path))
        return false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof(line), file))
        found = is_session(line);
    if (file)
        fclose(file);
    return found;
}

enum scope_place scope_look(const char *root)
{
    if (!exists(root, "/run/systemd/system") || !is_in_session(root))
        return SCOPE_FINE;
    return lingers(root) && is_in_path(RUNNER) && has_manager() ? SCOPE_LEAVE : SCOPE_SESSION;
}

static _Noreturn void exec_runner(const char *program, int ready_fd, int scope_fd)
{
    char unit[64], ready[16], scope[16];
    /* As unique as a process: the scope lives on with the jobs when its server is gone. */
    snprintf(unit, sizeof(unit), "--unit=js-%d-%llx", (int)getpid(),
             (unsigned long long)clock_realtime_ns());
    snprintf(ready, sizeof(ready), "%d", ready_fd);
    snprintf(scope, sizeof(scope), "%d", scope_fd);
    fcntl(scope_fd, F_SETFD, 0);
    /* Delegate=yes: jobs with limits have cgroups of their own below it. */
    execlp(RUNNER, RUNNER, "--user", "--scope", "--quiet", "--collect", "-p", "Delegate=yes", unit,
           "--", program, "--ready-fd", ready, "--scope-fd", scope, (char *)NULL);
    _exit(127);
}

/* 1: its byte has come, 0: it ended without, -ETIMEDOUT or another -errno. */
static int await_byte(int fd, int wait_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char byte;
    int r;
    do
        r = poll(&wait, 1, wait_ms);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return r == 0 ? -ETIMEDOUT : -errno;
    return read(fd, &byte, 1) == 1;
}

/* Why it did not come. The child is gone afterwards. */
static int give_up(pid_t pid, int r, char *text, size_t size)
{
    int status = 0;
    kill(pid, SIGKILL); /* it may have ended, but not been waited for: the number is its own */
    waitpid(pid, &status, 0);
    if (r < 0)
        snprintf(text, size, RUNNER " does not answer: %s", strerror(-r));
    else if (WIFEXITED(status))
        snprintf(text, size, RUNNER " failed with status %d", WEXITSTATUS(status));
    else
        snprintf(text, size, RUNNER " did not start the server");
    return r < 0 ? r : -ECHILD;
}

int scope_start(const char *program, int ready_fd, int wait_ms, char *text, size_t size)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        int r = -errno;
        snprintf(text, size, "cannot make a pipe: %s", strerror(-r));
        return r;
    }
    pid_t pid = fork();
    if (pid == 0)
        exec_runner(program, ready_fd, pipe_fds[1]);
    int r = pid < 0 ? -errno : 0;
    fd_close(pipe_fds[1]);
    if (r < 0)
        snprintf(text, size, "cannot fork: %s", strerror(-r));
    else
        r = await_byte(pipe_fds[0], wait_ms);
    fd_close(pipe_fds[0]);
    if (r == 1)
        return 0;
    return pid < 0 ? r : give_up(pid, r, text, size);
}
