#include "server/holder/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/fd.h"
#include "server/holder/cgroup_base.h"
#include "server/holder/cgroup_file.h"

#define CPU_PERIOD_US 100000u
#define NAME_SIZE     128
#define MAKE_TIMES    10 /* a sweeper takes an empty one for a leftover */

void cgroup_init(struct cgroup *cgroup)
{
    *cgroup = (struct cgroup){.dir_fd = -1};
}

bool cgroup_is_asked(const struct job_plan *plan)
{
    return plan && (plan->memory || plan->cpu || plan->pids);
}

static unsigned wanted_controllers(const struct job_plan *plan)
{
    return (plan->memory ? CGROUP_MEMORY : 0u) | (plan->cpu ? CGROUP_CPU : 0u) |
           (plan->pids ? CGROUP_PIDS : 0u);
}

/* Removes a cgroup with those that its own processes made in it: none may have processes. */
static int remove_tree(int parent_fd, const char *name)
{
    if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0)
        return 0;
    if (errno != EBUSY && errno != ENOTEMPTY)
        return -errno;
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        int r = -errno;
        fd_close(fd);
        return r;
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_tree(fd, entry->d_name);
    closedir(stream);
    return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Removes it unless a holder has it. */
static int remove_unheld(int parent_fd, const char *name)
{
    _cleanup_fd_ int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    return remove_tree(parent_fd, name);
}

/* What holders that were killed have left, as soon as it is empty; who cannot be helped stays. */
static void sweep(const struct cgroup_base *base)
{
    int fd = openat(base->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        fd_close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strncmp(entry->d_name, CGROUP_JOB, strlen(CGROUP_JOB)) == 0)
            remove_unheld(base->dir_fd, entry->d_name);
    closedir(stream);
}

/* Whether the directory is still the one called name. */
static bool is_there(int parent_fd, const char *name, int fd)
{
    struct stat named, opened;
    return fstatat(parent_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
           named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

/* Makes and locks it: the fd, or -errno. */
static int make_locked(int parent_fd, const char *name)
{
    for (int i = 0; i < MAKE_TIMES; i++) {
        if (mkdirat(parent_fd, name, 0755) < 0)
            return -errno;
        int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0 && flock(fd, LOCK_EX) == 0 && is_there(parent_fd, name, fd))
            return fd;
        int r = fd < 0 ? -errno : -ENOENT;
        fd_close(fd);
        if (r != -ENOENT)
            return r;
    }
    return -EBUSY;
}

static int set(int dir_fd, const char *file, const char *value, char *text, size_t size)
{
    int r = cgroup_file_write(dir_fd, file, value);
    if (r < 0)
        snprintf(text, size, "cgroup: cannot set %s to %s: %s", file, value, strerror(-r));
    return r;
}

int cgroup_set_limits(int dir_fd, const struct job_plan *plan, char *text, size_t size)
{
    char value[64];
    int r = 0;
    if (plan->memory) {
        snprintf(value, sizeof(value), "%llu", (unsigned long long)plan->memory);
        r = set(dir_fd, "memory.max", value, text, size);
        /* Without swap accounting there is no such file. */
        if (r == 0 && faccessat(dir_fd, "memory.swap.max", F_OK, 0) == 0)
            r = set(dir_fd, "memory.swap.max", "0", text, size);
    }
    if (r == 0 && plan->cpu) {
        snprintf(value, sizeof(value), "%llu %u",
                 (unsigned long long)plan->cpu * (CPU_PERIOD_US / 1000u), CPU_PERIOD_US);
        r = set(dir_fd, "cpu.max", value, text, size);
    }
    if (r == 0 && plan->pids) {
        snprintf(value, sizeof(value), "%llu", (unsigned long long)plan->pids);
        r = set(dir_fd, "pids.max", value, text, size);
    }
    return r;
}

static int open_in(struct cgroup *cgroup, const struct cgroup_base *base,
                   const struct job_plan *plan, const char *name, char *text, size_t size)
{
    if (asprintf(&cgroup->path, "%s/%s", base->path, name) < 0) {
        cgroup->path = NULL;
        snprintf(text, size, "cgroup: out of memory");
        return -ENOMEM;
    }
    cgroup->dir_fd = make_locked(base->dir_fd, name);
    if (cgroup->dir_fd < 0) {
        int r = cgroup->dir_fd;
        snprintf(text, size, "cgroup: cannot make %.1000s: %s", cgroup->path, strerror(-r));
        free(cgroup->path);
        cgroup_init(cgroup);
        return r;
    }
    int r = cgroup_set_limits(cgroup->dir_fd, plan, text, size);
    if (r < 0)
        cgroup_close(cgroup);
    return r;
}

int cgroup_check(const char *root, const struct job_plan *plan, char *text, size_t size)
{
    struct cgroup_base base;
    int r = cgroup_base_open(&base, root, wanted_controllers(plan), text, size);
    cgroup_base_close(&base);
    return r;
}

int cgroup_open(struct cgroup *cgroup, const char *root, const struct job_plan *plan,
                const char *uid, uint32_t attempt, char *text, size_t size)
{
    struct cgroup_base base;
    char name[NAME_SIZE];
    unsigned controllers = wanted_controllers(plan);
    cgroup_init(cgroup);
    int r = cgroup_base_open(&base, root, controllers, text, size);
    if (r < 0)
        return r;
    r = cgroup_base_prepare(&base, controllers, text, size);
    if (r == 0) {
        sweep(&base);
        snprintf(name, sizeof(name), CGROUP_JOB "%.64s-%u", uid, attempt);
        r = open_in(cgroup, &base, plan, name, text, size);
    }
    cgroup_base_close(&base);
    return r;
}

int cgroup_open_procs(const struct cgroup *cgroup)
{
    int fd = openat(cgroup->dir_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int cgroup_kill(const struct cgroup *cgroup)
{
    return cgroup->path ? cgroup_file_write(cgroup->dir_fd, "cgroup.kill", "1") : -ENOENT;
}

/* The sum behind the key in one of its files; 0 without the file. */
static uint64_t read_sum(const struct cgroup *cgroup, const char *file, const char *key)
{
    char *text = cgroup_file_read(cgroup->dir_fd, file);
    uint64_t sum = text ? cgroup_file_sum(text, key) : 0;
    free(text);
    return sum;
}

/* The number that the file is. False without the file. */
static bool read_number(const struct cgroup *cgroup, const char *file, uint64_t *ret)
{
    char *text = cgroup_file_read(cgroup->dir_fd, file);
    if (text)
        *ret = strtoull(text, NULL, 10);
    free(text);
    return text != NULL;
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
    return cgroup->path ? read_sum(cgroup, "memory.events", "oom_kill") : 0;
}

bool cgroup_read_usage(const struct cgroup *cgroup, struct job_usage *usage)
{
    uint64_t number;
    if (!cgroup->path)
        return false;
    /* cpu.stat is there without the controller, too. */
    usage->cpu_ms = read_sum(cgroup, "cpu.stat", "usage_usec") / 1000;
    if (read_number(cgroup, "memory.current", &number))
        usage->memory = number;
    if (read_number(cgroup, "memory.peak", &number)) /* Linux 5.19 */
        usage->peak = number;
    return true;
}

int cgroup_close(struct cgroup *cgroup)
{
    int r = cgroup->path ? remove_tree(AT_FDCWD, cgroup->path) : 0;
    free(cgroup->path);
    fd_close(cgroup->dir_fd);
    cgroup_init(cgroup);
    return r;
}

int cgroup_remove(const char *path)
{
    struct statfs fs;
    const char *name = strrchr(path, '/');
    if (!name || strncmp(name + 1, CGROUP_JOB, strlen(CGROUP_JOB)) != 0)
        return -EINVAL;
    if (statfs(path, &fs) < 0)
        return -errno;
    return fs.f_type == CGROUP2_SUPER_MAGIC ? remove_unheld(AT_FDCWD, path) : -EINVAL;
}
