/*
 * Waiting for a fact about the system, with a deadline and without ever sleeping: the kernel tells
 * (poll, pidfd, inotify).
 *
 * Every function here: 0 when the fact holds, -ETIMEDOUT when the deadline passed first, or another
 * negative errno.
 */
#ifndef JS_TESTS_HARNESS_AWAIT_H
#define JS_TESTS_HARNESS_AWAIT_H

#include "tests/harness/deadline.h"

#include <sys/types.h>

/* fd has input, end of file or an error to be read. */
int await_readable(int fd, struct deadline deadline);

/* The process has ended (a zombie has, too). 0 as well when there is no such process. */
int await_process_end(pid_t pid, struct deadline deadline);

/* Something is at path; its directory must exist. */
int await_path(const char *path, struct deadline deadline);

/* Nothing is at path; its directory must exist. */
int await_no_path(const char *path, struct deadline deadline);

/* The file at path (it may not exist yet; its directory must) contains the text. */
int await_file_text(const char *path, const char *text, struct deadline deadline);

#endif
