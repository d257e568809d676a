#include "tests/harness/await.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 << 20)

int await_readable(int fd, struct deadline deadline)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    for (;;) {
        int n = poll(&entry, 1, deadline_left_ms(deadline));
        if (n > 0)
            return 0;
        if (n == 0)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

int await_process_end(pid_t pid, struct deadline deadline)
{
    _cleanup_fd_ int pid_fd = pidfd_open(pid, 0);
    if (pid_fd < 0)
        return errno == ESRCH ? 0 : -errno;
    return await_readable(pid_fd, deadline);
}

/* A question about a path, asked again after every change in its directory. */
struct question {
    bool (*holds)(const struct question *question);
    const char *path;
    const char *text; /* for await_file_text only */
};

static bool path_exists(const struct question *question)
{
    return faccessat(AT_FDCWD, question->path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool path_is_free(const struct question *question)
{
    return !path_exists(question);
}

static bool file_has_text(const struct question *question)
{
    void *data = NULL;
    size_t len = 0;
    if (fd_read_file(AT_FDCWD, question->path, FILE_MAX, &data, &len) < 0)
        return false;
    bool found = memmem(data, len, question->text, strlen(question->text)) != NULL;
    free(data);
    return found;
}

/* An inotify descriptor that watches the directory of path, or -errno. */
static int watch_directory_of(const char *path)
{
    char directory[PATH_MAX];
    if ((size_t)snprintf(directory, sizeof(directory), "%s", path) >= sizeof(directory))
        return -ENAMETOOLONG;
    char *slash = strrchr(directory, '/');
    if (!slash)
        return -EINVAL;
    *(slash == directory ? slash + 1 : slash) = '\0';

    _cleanup_fd_ int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch_fd < 0)
        return -errno;
    uint32_t mask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_ATTRIB;
    if (inotify_add_watch(watch_fd, directory, mask) < 0)
        return -errno;
    return fd_take(&watch_fd);
}

static void drop_events(int watch_fd)
{
    char events[4096];
    while (read(watch_fd, events, sizeof(events)) > 0)
        continue;
}

static int await_answer(const struct question *question, struct deadline deadline)
{
    _cleanup_fd_ int watch_fd = watch_directory_of(question->path);
    if (watch_fd < 0)
        return watch_fd;
    /* The watch stands before the first look: a change between the two cannot be missed. */
    while (!question->holds(question)) {
        int r = await_readable(watch_fd, deadline);
        if (r < 0)
            return r;
        drop_events(watch_fd);
    }
    return 0;
}

int await_path(const char *path, struct deadline deadline)
{
    return await_answer(&(struct question){.holds = path_exists, .path = path}, deadline);
}

int await_no_path(const char *path, struct deadline deadline)
{
    return await_answer(&(struct question){.holds = path_is_free, .path = path}, deadline);
}

int await_file_text(const char *path, const char *text, struct deadline deadline)
{
    struct question question = {.holds = file_has_text, .path = path, .text = text};
    return await_answer(&question, deadline);
}
