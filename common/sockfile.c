#include "common/sockfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fd.h"

int sockfile_note(struct sockfile *file, const char *path)
{
    struct stat st;
    *file = (struct sockfile){0};
    if (strlen(path) >= sizeof(file->path))
        return -ENAMETOOLONG;
    strcpy(file->path, path);
    if (lstat(path, &st) < 0)
        return -errno;
    file->dev = st.st_dev;
    file->ino = st.st_ino;
    return 0;
}

enum sockfile_state sockfile_look(const struct sockfile *file)
{
    struct stat st;
    if (lstat(file->path, &st) < 0)
        return SOCKFILE_MISSING;
    return st.st_dev == file->dev && st.st_ino == file->ino ? SOCKFILE_OURS : SOCKFILE_FOREIGN;
}

/*
 * bind(2) makes the file before listen(2) can be called: whoever came in between would be refused.
 * So the socket is bound under another name, no longer than its own, and linked when it listens;
 * link(2) never replaces what is there.
 */
int sockfile_put_back(struct sockfile *file, struct listener *listener)
{
    char aside[sizeof(file->path)], text[256];
    struct stat st;
    strcpy(aside, file->path);
    char *slash = strrchr(aside, '/');
    if (!slash || strlen(slash + 1) < 3)
        return -EINVAL;
    strcpy(slash + 1, "new");
    int r = sockfile_clear(aside, text, sizeof(text));
    int fd = r < 0 ? r : listener_bind(aside);
    if (fd < 0)
        return fd;
    if (lstat(aside, &st) < 0 || link(aside, file->path) < 0)
        r = -errno;
    unlink(aside);
    if (r == 0)
        r = listener_replace(listener, fd);
    else
        fd_close(fd);
    if (r < 0)
        return r;
    file->dev = st.st_dev;
    file->ino = st.st_ino;
    return 0;
}

void sockfile_remove(struct sockfile *file)
{
    if (file->ino != 0 && sockfile_look(file) == SOCKFILE_OURS)
        unlink(file->path);
    file->ino = 0;
}

int sockfile_clear(const char *path, char *text, size_t size)
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
