/*
 * A file that is only in memory and that nobody can change any more (memfd_create(2), file seals of
 * fcntl(2)): how the body of a script goes from js to the job's holder. It is gone with the last
 * process that has it open; nothing of it is ever on a disk but what is swapped out.
 */
#ifndef JS_COMMON_SEALED_H
#define JS_COMMON_SEALED_H

#include <stddef.h>
#include <stdint.h>

#define SEALED_SCRIPT_MAX (2u << 20) /* bytes of a script */

/* An empty one, called name in /proc, that can still be written. Returns the fd or -errno. */
int sealed_create(const char *name);

/* From now on its bytes and size are what they are. 0 or -errno. */
int sealed_finish(int fd);

/*
 * Whether it is sealed and has 1 to max bytes. 0 with *ret_size; -EINVAL when it is no such file,
 * -EPERM when it could still be changed, -EFBIG, -ENODATA when it is empty.
 */
int sealed_check(int fd, uint64_t max, uint64_t *ret_size);

/*
 * The same bytes for a program to read and no more, at a number from least on, close-on-exec, with
 * an offset of its own. Returns the fd or -errno.
 */
int sealed_reopen(int fd, int least);

#endif
