#include "client/autostart.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/commands.h"
#include "common/channel.h"
#include "common/config.h"
#include "common/fd.h"
#include "version.h"

#define READY_FD 3     /* where the server finds the pipe */
#define AGAIN_MS 250u  /* for a server that runs to listen, before all is tried again */
#define AWAIT_MS 5000u /* in all */

/* The server lies beside this very program, or where it was installed. */
static const char *find_server(char *buf, size_t size)
{
    ssize_t len = readlink("/proc/self/exe", buf, size - 5);
    if (len > 0) {
        buf[len] = '\0';
        char *slash = strrchr(buf, '/');
        if (slash) {
            strcpy(slash, "/jsd");
            if (access(buf, X_OK) == 0)
                return buf;
        }
    }
    if (access(JS_BINDIR "/jsd", X_OK) == 0)
        return JS_BINDIR "/jsd";
    return "jsd";
}

/* The server is elsewhere: a file that was named has to be named to it as a whole. */
static void pass_config(void)
{
    char file[CONFIG_PATH_MAX], cwd[PATHS_MAX], whole[CONFIG_PATH_MAX + PATHS_MAX];
    if (!config_file_is_named() || config_path(file) < 0)
        return;
    bool relative = file[0] != '/' && getcwd(cwd, sizeof(cwd));
    snprintf(whole, sizeof(whole), "%s%s%s", relative ? cwd : "", relative ? "/" : "", file);
    setenv("JS_CONFIG", whole, 1);
}

/*
 * The grandchild: a session of its own, so that no terminal's end and no ^C reaches it; not a
 * child of ours, so that nobody has to wait for it. Only the pipe and 0 to 2 are inherited.
 */
static _Noreturn void exec_server(const char *path, int pipe_fd)
{
    sigset_t none;
    sigemptyset(&none);
    if (setsid() < 0 || fork() != 0)
        _exit(0);
    for (int sig = 1; sig < 32; sig++)
        signal(sig, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null_fd = open("/dev/null", O_RDWR);
    for (int fd = 0; null_fd >= 0 && fd <= 2; fd++)
        dup2(null_fd, fd);
    if (pipe_fd == READY_FD)
        fcntl(pipe_fd, F_SETFD, 0);
    else
        dup2(pipe_fd, READY_FD);
    close_range(READY_FD + 1, ~0U, 0);
    pass_config();
    execlp(path, "jsd", "--ready-fd", "3", (char *)NULL);
    dprintf(READY_FD, "cannot execute %s: %s", path, strerror(errno));
    _exit(127);
}

/*
 * Reads the server's word: 0 when it is "+", -EALREADY for "=", another one runs, -ECHILD with why
 * it does not listen, -ECONNREFUSED when it died without a word.
 */
static int await_ready(int fd, char *text, size_t size)
{
    size_t len = 0;
    ssize_t n;
    do {
        n = read(fd, text + len, size - 1 - len);
        if (n > 0)
            len += (size_t)n;
    } while ((n > 0 && len < size - 1) || (n < 0 && errno == EINTR));
    text[len] = '\0';
    if (strcmp(text, "+") == 0)
        return 0;
    if (text[0] == '=') {
        memmove(text, text + 1, len);
        return -EALREADY;
    }
    return len > 0 ? -ECHILD : -ECONNREFUSED; /* text is empty then: see tell_death */
}

static off_t log_size(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

/* A server that died without a word may have logged some: the last line from offset on. */
static void tell_death(const char *log_path, off_t from, char *text, size_t size)
{
    char tail[1024];
    _cleanup_fd_ int fd = open(log_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    off_t end = log_size(log_path);
    from = end - from > (off_t)sizeof(tail) - 1 ? end - (off_t)sizeof(tail) + 1 : from;
    ssize_t n = fd >= 0 ? pread(fd, tail, sizeof(tail) - 1, from) : -1;
    while (n > 0 && tail[n - 1] == '\n')
        n--;
    if (n <= 0) {
        snprintf(text, size, "the server died before it listened, and logged nothing to %s",
                 log_path);
        return;
    }
    tail[n] = '\0';
    char *last = strrchr(tail, '\n');
    snprintf(text, size, "the server died before it listened; the end of %s: %s", log_path,
             last ? last + 1 : tail);
}

static int start_server(const char *log_path, char *text, size_t size)
{
    char path[PATHS_MAX];
    off_t logged = log_size(log_path);
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        snprintf(text, size, "cannot make a pipe: %s", strerror(errno));
        return -errno;
    }
    const char *server = find_server(path, sizeof(path));
    pid_t pid = fork();
    if (pid == 0)
        exec_server(server, pipe_fds[1]);
    int r = pid < 0 ? -errno : 0;
    fd_close(pipe_fds[1]);
    if (r < 0)
        snprintf(text, size, "cannot start the server: %s", strerror(-r));
    else {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        r = await_ready(pipe_fds[0], text, size);
        if (r < 0 && !text[0])
            tell_death(log_path, logged, text, size);
    }
    fd_close(pipe_fds[0]);
    return r;
}

static int lock_start(const struct paths *paths, char *text, size_t size)
{
    char path[PATHS_MAX + 16];
    snprintf(path, sizeof(path), "%s/start.lock", paths->runtime_dir);
    _cleanup_fd_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r = fd < 0 ? -errno : 0;
    while (r == 0 && flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            r = -errno;
    if (r < 0) {
        snprintf(text, size, "cannot lock %s: %s", path, strerror(-r));
        return r;
    }
    return fd_take(&fd);
}

/*
 * A server runs, but its socket could not be found: it was removed, and the server puts it back.
 * Waits for that, but not long: the directory may be removed again. A connected socket, or -errno.
 */
static int await_socket(const struct paths *paths, const char *socket_path)
{
    _cleanup_fd_ int inotify_fd = inotify_init1(IN_CLOEXEC);
    if (inotify_fd < 0)
        return -errno;
    inotify_add_watch(inotify_fd, paths->runtime_dir, IN_CREATE | IN_MOVED_TO);
    struct pollfd wait = {.fd = inotify_fd, .events = POLLIN};
    char events[4096];
    int fd;
    do
        fd = channel_connect(socket_path, true);
    while (fd < 0 && poll(&wait, 1, AGAIN_MS) > 0 && read(inotify_fd, events, sizeof(events)) > 0);
    return fd;
}

static bool is_in_the_way(const char *socket_path)
{
    struct stat st;
    return lstat(socket_path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

/*
 * As autostart_connect, but -EALREADY when a server runs that does not listen yet, and -EAGAIN when
 * the directory was removed meanwhile.
 */
static int connect_once(const struct paths *paths, const char *socket_path, char *text, size_t size)
{
    int state_error;
    int r = paths_make(paths, &state_error, text, size);
    if (r < 0)
        return r;
    _cleanup_fd_ int lock_fd = lock_start(paths, text, size);
    if (lock_fd < 0)
        return lock_fd == -ENOENT ? -EAGAIN : lock_fd;
    /* Whoever had the lock before us may have started it. */
    int fd = channel_connect(socket_path, true);
    if (fd >= 0)
        return fd;
    char log_path[PATHS_MAX + 16];
    snprintf(log_path, sizeof(log_path), "%s/server.log", paths->runtime_dir);
    r = start_server(log_path, text, size);
    if (r == -EALREADY && is_in_the_way(socket_path)) {
        snprintf(text, size,
                 "%s is in the way: it is not a socket; remove it, and the server that holds "
                 "%s/lock puts its own back",
                 socket_path, paths->runtime_dir);
        return -EADDRINUSE;
    }
    if (r == -EALREADY) {
        fd = await_socket(paths, socket_path);
        return fd < 0 ? -EALREADY : fd;
    }
    if (r < 0)
        return r == -ECONNREFUSED ? -EAGAIN : r; /* who is started may be killed */
    commands_tell_config();
    fd = channel_connect(socket_path, true);
    if (fd < 0)
        snprintf(text, size, "cannot connect to %s: %s", socket_path, strerror(-fd));
    return fd == -ENOENT || fd == -ECONNREFUSED ? -EAGAIN : fd;
}

int autostart_connect(const struct paths *paths, const char *socket_path, char *text, size_t size)
{
    int fd = -EAGAIN;
    for (unsigned i = 0; i < AWAIT_MS / AGAIN_MS && (fd == -EALREADY || fd == -EAGAIN); i++)
        fd = connect_once(paths, socket_path, text, size);
    if (fd == -EALREADY)
        snprintf(text, size,
                 "a server holds %s/lock, but nobody listens on %s; see js server logs, and "
                 "kill -USR1 makes it put its socket back",
                 paths->runtime_dir, socket_path);
    return fd;
}
