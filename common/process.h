/* Facts about processes, from proc(5). */
#ifndef JS_COMMON_PROCESS_H
#define JS_COMMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_BOOT_ID_SIZE 40

/*
 * When a process started, in clock ticks since boot (field 22 of /proc/PID/stat). Together with
 * the boot id it tells a process from a later one with the same number. 0 when there is none.
 */
uint64_t process_start_time(pid_t pid);

/* /proc/sys/kernel/random/boot_id without its newline; "" when it cannot be read. */
void process_boot_id(char id[PROCESS_BOOT_ID_SIZE]);

struct process_stat {
    char state; /* R S D Z T t X ... */
    pid_t ppid, pgid, sid;
    int threads;
    uint64_t start;
};

/* Reads /proc/PID/stat. 0 or -errno (-ENOENT, -ESRCH: no such process). */
int process_stat(pid_t pid, struct process_stat *ret);

/*
 * For asking again and again whether a process is stopped: an fd of its stat file, which
 * stays that process's even when the number is used again. Returns an fd or -errno.
 */
int process_open_stat(pid_t pid);

/* Whether the process behind such an fd is stopped by a signal (state T) right now. */
bool process_is_stopped(int stat_fd);

/*
 * All living descendants of this process (children, their children, ...), zombies left out, in
 * fresh memory that the caller frees. A holder is a child subreaper (prctl(2)), so a double fork
 * or setsid does not escape it. A server (jsd) that was started from among them is left out, with
 * all it has started: those are other jobs; and so is a watcher (server/watcher/watcher.h).
 * Returns their number or -errno.
 */
ssize_t process_descendants(pid_t **ret);

#endif
