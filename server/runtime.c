#include "server/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fd.h"
#include "common/listener.h"
#include "common/log.h"
#include "server/activation.h"

#define LOCK_SECONDS 1u

static void on_alarm(int number)
{
    (void)number;
}

/*
 * Waits a moment for the lock: a server that was killed closes its socket before it lets go of the
 * lock, and a client may come in between. flock(2) sleeps until then, or until the alarm.
 */
static int wait_for_lock(int fd)
{
    struct sigaction before, action = {.sa_handler = on_alarm}; /* no SA_RESTART: flock returns */
    sigaction(SIGALRM, &action, &before);
    alarm(LOCK_SECONDS);
    int r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    return r == -EINTR ? -EWOULDBLOCK : r;
}

static bool is_answered(const char *socket_path)
{
    int fd = channel_connect(socket_path, false);
    fd_close(fd);
    return fd >= 0 || fd == -EAGAIN;
}

static int lock(int fd, const char *socket_path)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return -errno;
    return is_answered(socket_path) ? -EWOULDBLOCK : wait_for_lock(fd);
}

static int take_lock(struct runtime *runtime, char *text, size_t size)
{
    char path[PATHS_MAX + 8];
    snprintf(path, sizeof(path), "%s/lock", runtime->paths.runtime_dir);
    _cleanup_fd_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        int r = -errno;
        snprintf(text, size, "cannot open %s: %s", path, strerror(-r));
        return r;
    }
    int r = lock(fd, runtime->socket_path);
    if (r < 0) {
        snprintf(text, size, "another server has the lock %s", path);
        return r == -EWOULDBLOCK ? -EALREADY : r;
    }
    runtime->lock_fd = fd_take(&fd);
    return 0;
}

/*
 * We hold the lock, so no server of ours lives. A socket that nobody answers is a dead server's;
 * one that somebody answers, or another kind of file, is not ours to touch.
 */
static int clear_socket(const char *path, char *text, size_t size)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(text, size, "%s is in the way: it is not a socket; remove it, or set JS_DIR",
                 path);
        return -EADDRINUSE;
    }
    int fd = channel_connect(path, false);
    if (fd >= 0 || fd == -EAGAIN) {
        fd_close(fd);
        snprintf(text, size,
                 "%s is in the way: another program listens there; end it, or set JS_DIR", path);
        return -EADDRINUSE;
    }
    return unlink(path) < 0 ? -errno : 0;
}

static int bind_socket(struct runtime *runtime, char *text, size_t size)
{
    const char *path = runtime->socket_path;
    int r = clear_socket(path, text, size);
    if (r < 0)
        return r;
    int fd = listener_bind(path);
    struct stat st;
    if (fd >= 0 && lstat(path, &st) < 0)
        fd = -errno;
    if (fd < 0) {
        snprintf(text, size, "cannot listen on %s: %s", path, strerror(-fd));
        return fd;
    }
    runtime->listen_fd = fd;
    runtime->socket_dev = st.st_dev;
    runtime->socket_ino = st.st_ino;
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
    return 0;
}

int runtime_open(struct runtime *runtime, char *text, size_t size)
{
    runtime->lock_fd = runtime->listen_fd = -1;
    int r = paths_find(&runtime->paths, text, size);
    if (r < 0)
        return r;
    r = paths_make(&runtime->paths, &runtime->state_error, text, size);
    if (r < 0)
        return r;
    r = paths_join(runtime->socket_path, sizeof(runtime->socket_path), runtime->paths.runtime_dir,
                   "sock");
    if (r == 0)
        r = take_lock(runtime, text, size);
    if (r == 0)
        r = open_socket(runtime, text, size);
    if (r < 0)
        runtime->lock_fd = fd_close(runtime->lock_fd);
    return r;
}

void runtime_close(struct runtime *runtime)
{
    struct stat st;
    if (lstat(runtime->socket_path, &st) == 0 && st.st_dev == runtime->socket_dev &&
        st.st_ino == runtime->socket_ino)
        unlink(runtime->socket_path);
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
