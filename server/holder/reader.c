#include "server/holder/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"

#define PTS_MAJOR 136u /* UNIX98_PTY_SLAVE_MAJOR (admin-guide/devices.txt) */

/* Both names of the job's terminal: its own, and /dev/tty, which it is to all of its session. */
static bool is_terminal(int ptmx_fd, pid_t pid, uint64_t fd)
{
    char path[64];
    struct stat st;
    unsigned number = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd/%" PRIu64, (int)pid, fd);
    if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode) || ioctl(ptmx_fd, TIOCGPTN, &number) < 0)
        return false;
    return st.st_rdev == makedev(PTS_MAJOR, number) || st.st_rdev == makedev(5, 0);
}

bool reader_parse_syscall(const char *text, uint64_t *ret_fd)
{
    long call;
    return sscanf(text, "%ld %" SCNx64, &call, ret_fd) == 2 &&
           (call == SYS_read || call == SYS_readv);
}

/* The first line of /proc/PID/task/TID/NAME. 0 or -errno. */
static int read_of_thread(pid_t pid, const char *tid, const char *name, char *buf, size_t size)
{
    char path[320]; /* a d_name has up to 255 bytes, as far as the compiler knows */
    snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", (int)pid, tid, name);
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, buf, size - 1);
    if (len < 0)
        return -errno;
    buf[len] = '\0';
    return 0;
}

/* Where the kernel does not say which call it is: n_tty_read itself is said by old ones only. */
static void look_at_channel(int ptmx_fd, pid_t pid, const char *tid, struct reader_view *view)
{
    char name[64] = "";
    int r = read_of_thread(pid, tid, "wchan", name, sizeof(name));
    if (r == -ENOENT || r == -ESRCH)
        return; /* gone */
    if (r < 0 || strcmp(name, "0") == 0 || name[0] == '\0')
        view->hidden = true;
    else if (strcmp(name, "n_tty_read") == 0)
        view->reads = true;
    else if (strcmp(name, "wait_woken") == 0 && is_terminal(ptmx_fd, pid, STDIN_FILENO))
        view->reads = true;
}

static void look_at_thread(int ptmx_fd, pid_t pid, const char *tid, struct reader_view *view)
{
    char text[256];
    uint64_t fd;
    int r = read_of_thread(pid, tid, "syscall", text, sizeof(text));
    if (r < 0)
        look_at_channel(ptmx_fd, pid, tid, view);
    else if (reader_parse_syscall(text, &fd) && is_terminal(ptmx_fd, pid, fd))
        view->reads = true;
}

static void look_at(int ptmx_fd, pid_t pid, pid_t group, struct reader_view *view)
{
    struct process_stat stat;
    char path[40];
    if (process_stat(pid, &stat) < 0 || stat.pgid != group)
        return;
    if (stat.threads <= 1 && stat.state != 'S')
        return;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads && !view->reads && (entry = readdir(threads));)
        if (entry->d_name[0] != '.')
            look_at_thread(ptmx_fd, pid, entry->d_name, view);
    if (threads)
        closedir(threads);
}

struct reader_view reader_look(int ptmx_fd)
{
    struct reader_view view = {0};
    pid_t group = tcgetpgrp(ptmx_fd), *pids = NULL;
    if (group <= 0)
        return view;
    /* Most times it is the leader, and there is no need to look for others. */
    look_at(ptmx_fd, group, group, &view);
    if (view.reads)
        return view;
    ssize_t count = process_descendants(&pids);
    for (ssize_t i = 0; i < count && !view.reads; i++)
        if (pids[i] != group)
            look_at(ptmx_fd, pids[i], group, &view);
    free(pids);
    return view;
}

bool reader_asks(struct reader_view view, const struct termios *settings)
{
    bool secret = (settings->c_lflag & ICANON) && !(settings->c_lflag & ECHO);
    return view.reads || (view.hidden && secret);
}
