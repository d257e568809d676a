#include "common/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"

#define LONGEST_SOCKET "/jobs/4294967295/sock"

static int complain(int error, char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int complain(int error, char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(text, size, format, args);
    va_end(args);
    return -error;
}

int paths_join(char *buf, size_t size, const char *dir, const char *name)
{
    int len = snprintf(buf, size, "%s/%s", dir, name);
    return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

int paths_job(char *buf, size_t size, const char *dir, uint32_t id)
{
    int len = snprintf(buf, size, "%s/jobs/%" PRIu32, dir, id);
    return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

static const char *absolute_env(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] == '/' ? value : NULL;
}

static bool is_own_directory(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static int find_runtime_dir(struct paths *paths, char *text, size_t size)
{
    char *dir = paths->runtime_dir;
    size_t room = sizeof(paths->runtime_dir);
    const char *given = getenv("JS_DIR");
    const char *xdg = absolute_env("XDG_RUNTIME_DIR");
    char user_dir[64];
    int r;

    snprintf(user_dir, sizeof(user_dir), "/run/user/%u", (unsigned)geteuid());
    if (given && *given && *given != '/')
        return complain(EINVAL, text, size, "JS_DIR is '%s': it must be an absolute path", given);
    if (given && *given)
        r = snprintf(dir, room, "%s", given) < (int)room ? 0 : -ENAMETOOLONG;
    else if (xdg)
        r = paths_join(dir, room, xdg, "js");
    else if (is_own_directory(user_dir))
        r = paths_join(dir, room, user_dir, "js");
    else
        r = snprintf(dir, room, "/tmp/js-%u", (unsigned)geteuid()) < 0 ? -ENAMETOOLONG : 0;

    struct sockaddr_un addr;
    if (r < 0 || strlen(dir) + strlen(LONGEST_SOCKET) >= sizeof(addr.sun_path))
        return complain(ENAMETOOLONG, text, size,
                        "the runtime directory %s is too long for a Unix socket (%zu bytes at "
                        "most): set JS_DIR to a shorter one",
                        dir, sizeof(addr.sun_path) - strlen(LONGEST_SOCKET) - 1);
    return 0;
}

static const char *home_dir(void)
{
    const char *home = absolute_env("HOME");
    if (home)
        return home;
    const struct passwd *entry = getpwuid(geteuid());
    return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

static int find_state_dir(struct paths *paths, char *text, size_t size)
{
    char *dir = paths->state_dir;
    size_t room = sizeof(paths->state_dir);
    const char *given = getenv("JS_STATE_DIR");
    const char *xdg = absolute_env("XDG_STATE_HOME");
    int r;

    if (given && *given && *given != '/')
        return complain(EINVAL, text, size, "JS_STATE_DIR is '%s': it must be an absolute path",
                        given);
    if (given && *given) {
        r = snprintf(dir, room, "%s", given) < (int)room ? 0 : -ENAMETOOLONG;
    } else if (xdg) {
        r = paths_join(dir, room, xdg, "js");
    } else {
        const char *home = home_dir();
        if (!home)
            return complain(ENOENT, text, size,
                            "there is no home directory for logs and records: set JS_STATE_DIR");
        r = paths_join(dir, room, home, ".local/state/js");
    }
    if (r < 0 || strlen(dir) > PATHS_MAX - 64)
        return complain(ENAMETOOLONG, text, size,
                        "the state directory is too long: set "
                        "JS_STATE_DIR to a shorter one");
    return 0;
}

int paths_find(struct paths *paths, char *text, size_t size)
{
    int r = find_runtime_dir(paths, text, size);
    return r < 0 ? r : find_state_dir(paths, text, size);
}

#define SWEPT_TRIES 8 /* a directory may be swept away as soon as it is made, but not so often */

static int check_private(const char *dir, const char *variable, char *text, size_t size)
{
    struct stat st;
    if (lstat(dir, &st) < 0) {
        int error = errno;
        return complain(error, text, size, "cannot use %s: %s", dir, strerror(error));
    }
    if (!S_ISDIR(st.st_mode))
        return complain(ENOTDIR, text, size,
                        "%s is in the way: it is not a directory; remove it or set %s", dir,
                        variable);
    if (st.st_uid != geteuid())
        return complain(EPERM, text, size, "%s belongs to user %u, not to you: remove it or set %s",
                        dir, (unsigned)st.st_uid, variable);
    if (st.st_mode & 077)
        return complain(EPERM, text, size,
                        "%s is open to other users (mode %04o): chmod 700 it, or set %s", dir,
                        (unsigned)st.st_mode & 07777, variable);
    return 0;
}

int paths_check_private(const char *dir, char *text, size_t size)
{
    return check_private(dir, "JS_DIR", text, size);
}

/* mkdir -p of everything above dir; those are nothing special to us. */
static int make_parents(const char *dir)
{
    char path[PATHS_MAX];
    if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

static int make_private(const char *dir, const char *variable, char *text, size_t size)
{
    if (mkdir(dir, 0700) == 0)
        return 0;
    int error = errno;
    if (error == ENOENT) {
        int r = make_parents(dir);
        if (r == 0 && mkdir(dir, 0700) == 0)
            return 0;
        error = r < 0 ? -r : errno;
    }
    if (error != EEXIST)
        return complain(error, text, size,
                        "cannot make the directory %s: %s; set %s to another one", dir,
                        strerror(error), variable);
    return check_private(dir, variable, text, size);
}

int paths_make_again(const char *dir, char *text, size_t size)
{
    if (mkdir(dir, 0700) == 0)
        return 0;
    int error = errno;
    if (error != EEXIST)
        return complain(error, text, size, "cannot make the directory %s again: %s", dir,
                        strerror(error));
    return paths_check_private(dir, text, size);
}

int paths_make_job_again(const char *job_dir, char *text, size_t size)
{
    char dir[PATHS_MAX + 32];
    snprintf(dir, sizeof(dir), "%s", job_dir);
    char *ends[2] = {NULL, NULL}; /* of DIR/jobs and of DIR */
    for (int i = 0; i < 2; i++) {
        ends[i] = strrchr(dir, '/');
        if (!ends[i] || ends[i] == dir)
            return complain(EINVAL, text, size, "%s is no job's directory", job_dir);
        *ends[i] = '\0';
    }
    int r = paths_make_again(dir, text, size);
    for (int i = 1; r == 0 && i >= 0; i--) {
        *ends[i] = '/';
        r = paths_make_again(dir, text, size);
    }
    return r;
}

int paths_make_with_jobs(const char *dir, const char *variable, char *text, size_t size)
{
    char jobs[PATHS_MAX + 8];
    snprintf(jobs, sizeof(jobs), "%s/jobs", dir);
    int r = -ENOENT;
    for (int i = 0; i < SWEPT_TRIES && r == -ENOENT; i++) {
        r = make_private(dir, variable, text, size);
        if (r == 0)
            r = make_private(jobs, variable, text, size);
    }
    return r;
}

int paths_make(const struct paths *paths, int *ret_state_error, char *text, size_t size)
{
    int r = paths_make_with_jobs(paths->runtime_dir, "JS_DIR", text, size);
    if (r < 0)
        return r;
    *ret_state_error = paths_make_with_jobs(paths->state_dir, "JS_STATE_DIR", text, size);
    return 0;
}

int paths_remove_flat(const char *dir)
{
    _cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *stream = fdopendir(fd);
    if (!stream)
        return -errno;
    int stream_fd = fd_take(&fd);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(stream_fd, entry->d_name, 0);
    closedir(stream);
    return rmdir(dir) < 0 ? -errno : 0;
}
