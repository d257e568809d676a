#include "common/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

static ssize_t read_small(const char *path, char *buf, size_t size)
{
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, buf, size - 1);
    if (n < 0)
        return -errno;
    buf[n] = '\0';
    return n;
}

/* The command name (field 2) may hold anything, ") T (" too: fields count from the last ')'. */
static const char *after_name(const char *stat)
{
    const char *close = strrchr(stat, ')');
    return close && close[1] == ' ' ? close + 2 : NULL;
}

int process_stat(pid_t pid, struct process_stat *ret)
{
    char path[40], buf[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    ssize_t n = read_small(path, buf, sizeof(buf));
    if (n < 0)
        return (int)n;
    const char *rest = after_name(buf);
    unsigned long long start;
    int ppid, pgid, sid;
    if (!rest || sscanf(rest,
                        "%c %d %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d %*s "
                        "%llu",
                        &ret->state, &ppid, &pgid, &sid, &ret->threads, &start) != 6)
        return -EBADMSG;
    ret->ppid = ppid;
    ret->pgid = pgid;
    ret->sid = sid;
    ret->start = start;
    return 0;
}

uint64_t process_start_time(pid_t pid)
{
    struct process_stat stat;
    return process_stat(pid, &stat) == 0 ? stat.start : 0;
}

void process_boot_id(char id[PROCESS_BOOT_ID_SIZE])
{
    ssize_t n = read_small("/proc/sys/kernel/random/boot_id", id, PROCESS_BOOT_ID_SIZE);
    id[n < 0 ? 0 : strcspn(id, "\n")] = '\0';
}

int process_open_stat(pid_t pid)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

bool process_is_stopped(int stat_fd)
{
    char buf[128];
    ssize_t n = pread(stat_fd, buf, sizeof(buf) - 1, 0);
    if (n <= 0)
        return false;
    buf[n] = '\0';
    const char *rest = after_name(buf);
    return rest && rest[0] == 'T';
}

struct pid_list {
    pid_t *pids;
    size_t count, room;
};

static int add_pid(struct pid_list *list, pid_t pid)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 32;
        pid_t *more = realloc(list->pids, room * sizeof(*more));
        if (!more)
            return -ENOMEM;
        list->pids = more;
        list->room = room;
    }
    list->pids[list->count++] = pid;
    return 0;
}

/* Adds the children of one thread, from /proc/PID/task/TID/children (proc(5)). */
static int add_children_of_thread(struct pid_list *list, pid_t pid, const char *tid)
{
    char path[320]; /* a d_name has up to 255 bytes, as far as the compiler knows */
    snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid, tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT || errno == ESRCH ? 0 : -errno;
    int child, r = 0;
    while (r == 0 && fscanf(file, "%d", &child) == 1)
        r = add_pid(list, child);
    fclose(file);
    return r;
}

static int add_children(struct pid_list *list, pid_t pid)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *stream = opendir(path);
    if (!stream)
        return 0; /* gone meanwhile */
    int r = 0;
    for (struct dirent *entry; r == 0 && (entry = readdir(stream));)
        if (entry->d_name[0] != '.')
            r = add_children_of_thread(list, pid, entry->d_name);
    closedir(stream);
    return r;
}

static size_t drop_zombies(pid_t *pids, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct process_stat stat;
        /* A main thread that has exited shows as a zombie while others live (pthread_exit(3)). */
        if (process_stat(pids[i], &stat) == 0 &&
            ((stat.state != 'Z' && stat.state != 'X') || stat.threads > 1))
            pids[kept++] = pids[i];
    }
    return kept;
}

/*
 * Whether it is a server of ours that was started from inside the job, one of its holders or its
 * template: what they hold are other jobs. Or the job's watcher, which is ours and not the job's.
 * (jsd has a session of its own, and so have they.)
 */
static bool is_server(pid_t pid)
{
    char path[40], exe[PATH_MAX];
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    ssize_t len = readlink(path, exe, sizeof(exe) - 1);
    if (len < 0 || getsid(pid) == getsid(0))
        return false;
    exe[len] = '\0';
    const char *name = strrchr(exe, '/');
    return name && (strcmp(name, "/jsd") == 0 || strcmp(name, "/jsd (deleted)") == 0);
}

static size_t drop_servers(pid_t *pids, size_t from, size_t count)
{
    size_t kept = from;
    for (size_t i = from; i < count; i++)
        if (!is_server(pids[i]))
            pids[kept++] = pids[i];
    return kept;
}

/* One walk down the tree: every descendant that it met, zombies included. 0 or -errno. */
static int walk(struct pid_list *list)
{
    *list = (struct pid_list){0};
    int r = add_children(list, getpid());
    list->count = drop_servers(list->pids, 0, list->count);
    /* The list grows behind the place we are at. */
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        size_t before = list->count;
        r = add_children(list, list->pids[i]);
        list->count = drop_servers(list->pids, before, list->count);
    }
    if (r < 0)
        free(list->pids);
    return r;
}

static bool same_pids(const struct pid_list *a, const struct pid_list *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->pids, b->pids, a->count * sizeof(*a->pids)) == 0);
}

/*
 * A process that exits while we walk hands its children to us, perhaps after we have looked at our
 * own and before we look at its: the walk misses them. So that nothing is left is believed only
 * when a second walk met the very same processes.
 */
ssize_t process_descendants(pid_t **ret)
{
    struct pid_list last = {0};
    bool again = false;
    for (;;) {
        struct pid_list list;
        int r = walk(&list);
        bool stable = again && r == 0 && same_pids(&list, &last);
        free(last.pids);
        if (r < 0)
            return r;
        pid_t *kept = malloc((list.count + 1) * sizeof(*kept));
        if (!kept) {
            free(list.pids);
            return -ENOMEM;
        }
        if (list.count > 0)
            memcpy(kept, list.pids, list.count * sizeof(*kept));
        size_t count = drop_zombies(kept, list.count);
        if (count > 0 || stable || list.count == 0) {
            free(list.pids);
            *ret = kept;
            return (ssize_t)count;
        }
        free(kept);
        last = list;
        again = true;
    }
}
