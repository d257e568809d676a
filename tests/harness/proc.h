/*
 * What /proc tells about processes (proc(5)): who descends from whom, what they cost, which of them
 * have to do with a directory; and their end.
 */
#ifndef JS_TESTS_HARNESS_PROC_H
#define JS_TESTS_HARNESS_PROC_H

#include "tests/harness/deadline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
    pid_t pid;
    pid_t ppid;
    pid_t pgrp;
    pid_t session;
    char state;         /* the letter of /proc/PID/stat: R, S, D, T, Z … */
    int tty;            /* device number of the controlling terminal, 0 without one */
    pid_t foreground;   /* foreground group of that terminal, -1 without one */
    uint64_t cpu_ticks; /* user + system, in clock ticks (sysconf(_SC_CLK_TCK)) */
    uint64_t start;     /* ticks after boot */
};

struct proc_list {
    struct proc *items;
    size_t count;
    size_t room;
};

/* 0, -ESRCH when there is no such process, or another negative errno. */
int proc_read(pid_t pid, struct proc *ret);

/* Its command line with spaces between the arguments, cut to fit; "" for a zombie. Returns text. */
const char *proc_command(pid_t pid, char *text, size_t size);

/* Its executable's path; "" when it cannot be read. Returns text. */
const char *proc_executable(pid_t pid, char *text, size_t size);

/*
 * All processes below root, root excluded, zombies included: 0 or -errno; the caller finishes the
 * list. A snapshot: who forks meanwhile may be missing.
 */
int proc_list_descendants(pid_t root, struct proc_list *ret);

/*
 * All processes but the caller whose working directory, open files, command line or environment
 * mention the directory: 0 or -errno; the caller finishes the list.
 */
int proc_list_touching(const char *directory, struct proc_list *ret);

/* Frees the items; the list is empty and usable afterwards. */
void proc_list_finish(struct proc_list *list);

/* How many of them are no zombies. */
size_t proc_list_alive(const struct proc_list *list);

/* Prints one line for each living process on stderr, as TAP comments. */
void proc_list_print(const struct proc_list *list, const char *title);

/* True when the process has a descriptor on the file at path (by name, see proc(5) on fd/). */
bool proc_has_open(pid_t pid, const char *path);

/*
 * Reaps whatever has ended among the caller's children, then lists who lives below it: 0 or
 * -errno. Only for the end of a test: it takes the exit status of every child.
 */
int proc_reap_and_list(struct proc_list *ret);

/*
 * Kills (SIGKILL) and reaps all descendants of the caller, which must be a child subreaper so that
 * orphans come back to it. 0, or -ETIMEDOUT when some did not die.
 */
int proc_kill_descendants(struct deadline deadline);

/*
 * kill(2), but never for everybody: fails the test when pid is 0, 1 or -1, as it is when a process
 * was not found.
 */
int proc_signal(pid_t pid, int signal_number);

#endif
