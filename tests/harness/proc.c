#include "tests/harness/proc.h"

#include "common/fd.h"
#include "tests/harness/await.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads a file of /proc, whose size is not known beforehand, cut to fit. Its length or -errno. */
static ssize_t read_proc(pid_t pid, const char *name, char *data, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, data + len, size - len);
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

int proc_read(pid_t pid, struct proc *ret)
{
    char text[1024];
    ssize_t len = read_proc(pid, "stat", text, sizeof(text) - 1);
    if (len < 0)
        return len == -ENOENT ? -ESRCH : (int)len;
    text[len] = '\0';
    /* The name in parentheses may itself hold spaces and parentheses: its end is the last one. */
    const char *after_name = strrchr(text, ')');
    if (!after_name)
        return -EBADMSG;
    struct proc found = {.pid = pid};
    unsigned long user = 0;
    unsigned long system = 0;
    unsigned long long start = 0;
    int n = sscanf(after_name + 1,
                   " %c %d %d %d %d %d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %llu",
                   &found.state, &found.ppid, &found.pgrp, &found.session, &found.tty,
                   &found.foreground, &user, &system, &start);
    if (n != 9)
        return -EBADMSG;
    found.cpu_ticks = (uint64_t)user + system;
    found.start = start;
    *ret = found;
    return 0;
}

const char *proc_command(pid_t pid, char *text, size_t size)
{
    ssize_t len = read_proc(pid, "cmdline", text, size - 1);
    if (len < 0)
        len = 0;
    text[len] = '\0';
    for (ssize_t i = 0; i + 1 < len; i++) {
        if (text[i] == '\0')
            text[i] = ' ';
    }
    return text;
}

const char *proc_executable(pid_t pid, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    ssize_t len = readlink(path, text, size - 1);
    text[len < 0 ? 0 : len] = '\0';
    return text;
}

static int list_add(struct proc_list *list, const struct proc *process)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        struct proc *items = realloc(list->items, room * sizeof(*items));
        if (!items)
            return -ENOMEM;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *process;
    return 0;
}

void proc_list_finish(struct proc_list *list)
{
    free(list->items);
    *list = (struct proc_list){0};
}

/* Calls `wanted` for every process there is and lists those for which it is true. 0 or -errno. */
static int list_matching(bool (*wanted)(const struct proc *process, const void *context),
                         const void *context, struct proc_list *ret)
{
    DIR *proc = opendir("/proc");
    if (!proc)
        return -errno;
    struct proc_list list = {0};
    int r = 0;
    for (struct dirent *entry = readdir(proc); entry && r == 0; entry = readdir(proc)) {
        char *end = NULL;
        long pid = strtol(entry->d_name, &end, 10);
        struct proc process;
        if (*end != '\0' || proc_read((pid_t)pid, &process) < 0)
            continue;
        if (wanted(&process, context))
            r = list_add(&list, &process);
    }
    closedir(proc);
    if (r < 0)
        proc_list_finish(&list);
    else
        *ret = list;
    return r;
}

static bool any_process(const struct proc *process, const void *context)
{
    (void)process;
    (void)context;
    return true;
}

static bool has_parent_in(const struct proc *process, pid_t root, const struct proc_list *list)
{
    if (process->ppid == root)
        return true;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].pid == process->ppid)
            return true;
    }
    return false;
}

int proc_list_descendants(pid_t root, struct proc_list *ret)
{
    struct proc_list all = {0};
    int r = list_matching(any_process, NULL, &all);
    if (r < 0)
        return r;
    struct proc_list below = {0};
    size_t before;
    /* Each pass adds at least one generation; taken ones are marked by pid 0. */
    do {
        before = below.count;
        for (size_t i = 0; i < all.count && r == 0; i++) {
            if (all.items[i].pid == 0 || !has_parent_in(&all.items[i], root, &below))
                continue;
            r = list_add(&below, &all.items[i]);
            all.items[i].pid = 0;
        }
    } while (r == 0 && below.count > before);
    proc_list_finish(&all);
    if (r < 0)
        proc_list_finish(&below);
    else
        *ret = below;
    return r;
}

static bool link_is_below(pid_t pid, const char *link, const char *directory)
{
    char path[PATH_MAX];
    char target[PATH_MAX];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, link);
    ssize_t len = readlink(path, target, sizeof(target) - 1);
    if (len < 0)
        return false;
    target[len] = '\0';
    return strncmp(target, directory, strlen(directory)) == 0;
}

static bool any_fd_below(pid_t pid, const char *directory)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *fds = opendir(path);
    if (!fds)
        return false;
    bool found = false;
    for (struct dirent *entry = readdir(fds); entry && !found; entry = readdir(fds)) {
        char link[300];
        snprintf(link, sizeof(link), "fd/%s", entry->d_name);
        found = link_is_below(pid, link, directory);
    }
    closedir(fds);
    return found;
}

static bool file_mentions(pid_t pid, const char *name, const char *directory)
{
    static char data[(size_t)256 << 10];
    ssize_t len = read_proc(pid, name, data, sizeof(data));
    return len > 0 && memmem(data, (size_t)len, directory, strlen(directory)) != NULL;
}

static bool touches(const struct proc *process, const void *context)
{
    const char *directory = context;
    if (process->pid == getpid())
        return false;
    return file_mentions(process->pid, "environ", directory) ||
           file_mentions(process->pid, "cmdline", directory) ||
           link_is_below(process->pid, "cwd", directory) || any_fd_below(process->pid, directory);
}

int proc_list_touching(const char *directory, struct proc_list *ret)
{
    return list_matching(touches, directory, ret);
}

bool proc_has_open(pid_t pid, const char *path)
{
    return any_fd_below(pid, path);
}

size_t proc_list_alive(const struct proc_list *list)
{
    size_t alive = 0;
    for (size_t i = 0; i < list->count; i++)
        alive += list->items[i].state != 'Z';
    return alive;
}

void proc_list_print(const struct proc_list *list, const char *title)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct proc *process = &list->items[i];
        char command[200];
        if (process->state == 'Z')
            continue;
        fprintf(stderr, "# %s: pid %d, parent %d, state %c: %s\n", title, process->pid,
                process->ppid, process->state,
                proc_command(process->pid, command, sizeof(command)));
    }
}

int proc_reap_and_list(struct proc_list *ret)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    return proc_list_descendants(getpid(), ret);
}

int proc_kill_descendants(struct deadline deadline)
{
    for (;;) {
        struct proc_list list = {0};
        int r = proc_reap_and_list(&list);
        if (r < 0)
            return r;
        /* A dead process's children come to us; so do those that a living one forks meanwhile. */
        for (size_t i = 0; i < list.count; i++)
            proc_signal(list.items[i].pid, SIGKILL);
        pid_t first = list.count > 0 ? list.items[0].pid : 0;
        proc_list_finish(&list);
        if (first == 0)
            return 0;
        r = await_process_end(first, deadline);
        if (r < 0)
            return r;
        if (deadline_passed(deadline))
            return -ETIMEDOUT;
    }
}

int proc_signal(pid_t pid, int signal_number)
{
    if (pid >= -1 && pid <= 1)
        ck_abort_msg("the process to be signalled was not found (%d)", (int)pid);
    return kill(pid, signal_number);
}
