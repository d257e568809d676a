#include "server/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fd.h"
#include "common/log.h"
#include "server/activation.h"

#define LOCK_TRIES    100 /* somebody who removes the file that often does it on purpose */
#define WAIT_SLICES   20  /* looks at whether a server answers, while waiting for it to go */
#define WAIT_SLICE_US 50000u

static void lock_path(const struct runtime *runtime, char *path, size_t size)
{
    snprintf(path, size, "%s/lock", runtime->paths.runtime_dir);
}

/* A lock on a file that has been removed is worth nothing: the next one finds another file. */
static bool is_at(int fd, const char *path)
{
    struct stat mine, there;
    return fd >= 0 && fstat(fd, &mine) == 0 && lstat(path, &there) == 0 &&
           mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

static void on_alarm(int number)
{
    (void)number;
}

static bool is_answered(const char *socket_path)
{
    int fd = channel_connect(socket_path, false);
    fd_close(fd);
    return fd >= 0 || fd == -EAGAIN;
}

/*
 * Waits a moment for the lock: a server that was killed closes its socket before it lets go of the
 * lock, and a client may come in between. flock(2) sleeps until then, or until the alarm. But a
 * server whose socket was only swept away has it back meanwhile, and keeps the lock.
 */
static int wait_for_lock(int fd, const char *socket_path)
{
    struct sigaction before, action = {.sa_handler = on_alarm}; /* no SA_RESTART: flock returns */
    struct itimerval slice = {{0, WAIT_SLICE_US}, {0, WAIT_SLICE_US}}, none = {{0, 0}, {0, 0}};
    int r = -EINTR;
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &slice, NULL);
    for (int i = 0; i < WAIT_SLICES && r == -EINTR && !is_answered(socket_path); i++)
        r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
    setitimer(ITIMER_REAL, &none, NULL);
    sigaction(SIGALRM, &before, NULL);
    return r == -EINTR ? -EWOULDBLOCK : r;
}

static int lock(int fd, const char *socket_path, bool wait)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return -errno;
    return wait ? wait_for_lock(fd, socket_path) : -EWOULDBLOCK;
}

static int open_lock(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        return fd;
    int r = -errno;
    snprintf(text, size, "cannot open %s: %s", path, strerror(-r));
    return r;
}

/* wait: for a server that is just going, see wait_for_lock. */
static int take_lock(struct runtime *runtime, bool wait, char *text, size_t size)
{
    char path[PATHS_MAX + 8];
    lock_path(runtime, path, sizeof(path));
    for (int i = 0; i < LOCK_TRIES; i++) {
        _cleanup_fd_ int fd = open_lock(path, text, size);
        if (fd < 0)
            return fd;
        int r = lock(fd, runtime->socket_path, wait);
        if (r < 0) {
            snprintf(text, size, "another server has the lock %s", path);
            return r == -EWOULDBLOCK ? -EALREADY : r;
        }
        if (!is_at(fd, path))
            continue;
        fd_close(runtime->lock_fd);
        runtime->lock_fd = fd_take(&fd);
        return 0;
    }
    snprintf(text, size, "%s is removed again and again", path);
    return -EAGAIN;
}

bool runtime_has_lock(const struct runtime *runtime)
{
    char path[PATHS_MAX + 8];
    lock_path(runtime, path, sizeof(path));
    return is_at(runtime->lock_fd, path);
}

bool runtime_is_whole(const struct runtime *runtime)
{
    char jobs[PATHS_MAX + 8];
    snprintf(jobs, sizeof(jobs), "%s/jobs", runtime->paths.runtime_dir);
    return runtime_has_lock(runtime) && access(jobs, F_OK) == 0;
}

int runtime_keep_lock(struct runtime *runtime, char *text, size_t size)
{
    if (runtime_has_lock(runtime))
        return 0;
    int r = take_lock(runtime, false, text, size);
    return r < 0 ? r : 1;
}

int runtime_keep_directories(const struct runtime *runtime, char *text, size_t size)
{
    char jobs[PATHS_MAX + 8];
    snprintf(jobs, sizeof(jobs), "%s/jobs", runtime->paths.runtime_dir);
    int r = paths_make_again(runtime->paths.runtime_dir, text, size);
    return r < 0 ? r : paths_make_again(jobs, text, size);
}

/*
 * We hold the lock, so no server of ours stays. One that has lost its own, for the directory was
 * moved or removed, may still listen: it gives way in a moment.
 */
static int make_way(const char *path, char *text, size_t size)
{
    int r = sockfile_clear(path, text, size);
    for (int i = 0; i < WAIT_SLICES && r == -EADDRINUSE && is_answered(path); i++) {
        usleep(WAIT_SLICE_US);
        r = sockfile_clear(path, text, size);
    }
    return r;
}

static int bind_socket(struct runtime *runtime, char *text, size_t size)
{
    const char *path = runtime->socket_path;
    int r = 0, fd = -EADDRINUSE;
    for (int i = 0; i < LOCK_TRIES && r == 0 && fd == -EADDRINUSE; i++) {
        r = make_way(path, text, size);
        if (r == 0)
            fd = listener_bind(path);
    }
    if (r < 0)
        return r;
    if (fd >= 0)
        r = sockfile_note(&runtime->socket, path);
    if (fd < 0 || r < 0) {
        fd_close(fd);
        snprintf(text, size, "cannot listen on %s: %s", path, strerror(fd < 0 ? -fd : -r));
        return fd < 0 ? fd : r;
    }
    runtime->listen_fd = fd;
    return 0;
}

/* A socket that was passed to us is not ours to remove: its maker keeps it for the next server. */
static int open_socket(struct runtime *runtime, char *text, size_t size)
{
    int fd = activation_take_socket();
    if (fd == -ENOENT)
        return bind_socket(runtime, text, size);
    if (fd < 0) {
        snprintf(text, size, "what was passed in LISTEN_FDS is not one listening Unix socket");
        return fd;
    }
    runtime->listen_fd = fd;
    runtime->passed = true;
    sockfile_note(&runtime->socket, runtime->socket_path); /* it may be somewhere else */
    return 0;
}

static int make_directories(struct runtime *runtime, char *text, size_t size)
{
    int r = paths_make(&runtime->paths, &runtime->state_error, text, size);
    bool usable = r < 0 || runtime->state_error == 0;
    snprintf(runtime->state_problem, sizeof(runtime->state_problem), "%s", usable ? "" : text);
    return r;
}

int runtime_open(struct runtime *runtime, char *text, size_t size)
{
    runtime->lock_fd = runtime->listen_fd = -1;
    int r = paths_find(&runtime->paths, text, size);
    if (r < 0)
        return r;
    r = paths_join(runtime->socket_path, sizeof(runtime->socket_path), runtime->paths.runtime_dir,
                   "sock");
    if (r < 0)
        return r;
    r = -ENOENT;
    /* Again when the directory is removed right then. */
    for (int i = 0; i < LOCK_TRIES && r == -ENOENT; i++) {
        r = make_directories(runtime, text, size);
        if (r == 0)
            r = take_lock(runtime, true, text, size);
        if (r == 0)
            r = open_socket(runtime, text, size);
    }
    if (r < 0)
        runtime->lock_fd = fd_close(runtime->lock_fd);
    return r;
}

void runtime_close(struct runtime *runtime)
{
    if (!runtime->passed)
        sockfile_remove(&runtime->socket);
    runtime->listen_fd = fd_close(runtime->listen_fd);
    runtime->lock_fd = fd_close(runtime->lock_fd);
}

static void log_path(const struct paths *paths, char *buf, size_t size)
{
    snprintf(buf, size, "%s/server.log", paths->runtime_dir);
}

int runtime_redirect_stdio(const struct runtime *runtime)
{
    char path[PATHS_MAX + 16];
    log_path(&runtime->paths, path, sizeof(path));
    _cleanup_fd_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, 0) < 0)
        return -errno;
    return log_to_file(path, true);
}

void runtime_follow_log(void)
{
    struct paths paths;
    struct stat mine, there;
    char path[PATHS_MAX + 16], text[256];
    if (paths_find(&paths, text, sizeof(text)) < 0)
        return;
    log_path(&paths, path, sizeof(path));
    if (fstat(2, &mine) == 0 && stat(path, &there) == 0 && mine.st_dev == there.st_dev &&
        mine.st_ino == there.st_ino)
        log_to_file(path, false);
}
