/*
 * What a process costs, before and after it has been put to the test: descriptors and memory.
 */
#ifndef JS_TESTS_HARNESS_WATCH_H
#define JS_TESTS_HARNESS_WATCH_H

#include <stddef.h>
#include <sys/types.h>

struct watch {
    pid_t pid;
    size_t fds;
    long kib; /* resident memory */
};

/* How many descriptors the process has open. Fails the test when there is no such process. */
size_t watch_fds(pid_t pid);

/* A number of /proc/PID/status (proc(5)), such as "VmRSS:" or "VmHWM:", in KiB. Fails the test when
 * there is none. */
long watch_status(pid_t pid, const char *key);

/*
 * What a sanitizer adds to memory that is freed, and so not to be held against the process: 0
 * without one.
 */
long watch_slack_kib(void);

/* Looks at a process that has settled. */
void watch_begin(struct watch *watch, pid_t pid);

/* Fails the test unless it has, soon, as few descriptors as then, and not grown by more than kib.
 */
void watch_end(const struct watch *watch, long kib);

#endif
