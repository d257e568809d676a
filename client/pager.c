#include "client/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"

#define PAGER_DEFAULT "less -FRX"

static bool is_in_path(const char *program)
{
    const char *path = getenv("PATH");
    char file[4096];
    for (const char *at = path ? path : "/bin:/usr/bin"; at;) {
        size_t len = strcspn(at, ":");
        int n = snprintf(file, sizeof(file), "%.*s/%s", (int)len, at, program);
        if (n > 0 && (size_t)n < sizeof(file) && access(file, X_OK) == 0)
            return true;
        at = at[len] ? at + len + 1 : NULL;
    }
    return false;
}

/* What to show it with, or NULL: it is only written. */
static const char *find_pager(void)
{
    const char *pager = getenv("JS_PAGER");
    if (!pager)
        pager = getenv("PAGER");
    if (!pager)
        return is_in_path("less") ? PAGER_DEFAULT : NULL;
    return *pager && strcmp(pager, "cat") != 0 ? pager : NULL;
}

static bool is_longer_than_screen(const void *text, size_t len)
{
    struct winsize size;
    if (!isatty(1) || ioctl(1, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
        return false;
    size_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += ((const char *)text)[i] == '\n';
    return lines >= size.ws_row; /* the prompt needs one, too */
}

static _Noreturn void exec_pager(const char *pager, int text_fd)
{
    signal(SIGPIPE, SIG_DFL);
    dup2(text_fd, 0);
    execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
    _exit(127);
}

/* ^C is the pager's: it goes on, and so do we. */
static int page(const char *pager, const void *text, size_t len)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return fd_write_all(1, text, len);
    pid_t pid = fork();
    if (pid == 0)
        exec_pager(pager, fds[0]);
    fd_close(fds[0]);
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    int r = pid < 0 ? fd_write_all(1, text, len) : fd_write_all(fds[1], text, len);
    fd_close(fds[1]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    signal(SIGINT, before);
    return r == -EPIPE ? 0 : r; /* whoever pages need not read all */
}

int pager_show(const void *text, size_t len)
{
    const char *pager = is_longer_than_screen(text, len) ? find_pager() : NULL;
    return pager ? page(pager, text, len) : fd_write_all(1, text, len);
}
