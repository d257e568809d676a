/* What processes have used, from proc(5) and getrusage(2). */
#ifndef JS_COMMON_USAGE_H
#define JS_COMMON_USAGE_H

#include <sys/types.h>

#include "common/job_info.h"

/*
 * Adds to *usage what one process has used, with the children that it has waited for. What another
 * user's process has read and written is not to be seen and left out. 0 or -errno (-ENOENT, -ESRCH:
 * it has ended).
 */
int usage_add_process(struct job_usage *usage, pid_t pid);

/*
 * What all descendants of this process use and what those used that it has reaped, which as a child
 * subreaper it does with every orphan. Lost are those whose parent ignored SIGCHLD, so that nobody
 * has waited for them, and for the time being those that have ended but were not waited for yet.
 *
 * memory is the sum of what is resident of each process (shared parts count with each), peak the
 * largest of that, of the peaks of the single processes and of what *usage had before: so give it
 * the last answer. 0 or -errno.
 */
int usage_of_descendants(struct job_usage *usage);

/* "0.05s", "12.3s", "4m12s", "3h05m", "2d03h": at most seven characters below 100 days. */
void usage_format_cpu(uint64_t ms, char buf[24]);

#endif
