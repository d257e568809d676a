/*
 * File descriptors: close-on-exec at birth, one owner, -1 when empty.
 *
 * Conventions used everywhere in this project:
 *  - a variable that owns a descriptor ends in _fd and holds -1 when it owns none;
 *  - a function that takes ownership of a descriptor says so in its header, and says whether it
 *    also takes it when it fails.
 */
#ifndef JS_COMMON_FD_H
#define JS_COMMON_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Closes fd when it is not -1. Keeps errno. Returns -1, so that `x = fd_close(x)` empties x. */
int fd_close(int fd);

/* Returns *fd and leaves -1 behind: the visible hand-over of ownership. */
int fd_take(int *fd);

/* For `_cleanup_fd_ int fd = -1;`: closes what is left at the end of the scope. */
void fd_cleanup(int *fd);
#define _cleanup_fd_ __attribute__((cleanup(fd_cleanup)))

/* Sets or clears O_NONBLOCK on the open file description (dups share it). 0 or -errno. */
int fd_set_nonblock(int fd, bool on);

/* A duplicate with close-on-exec (F_DUPFD_CLOEXEC), at least 3. Returns the fd or -errno. */
int fd_dup(int fd);

/*
 * Opens the file behind fd once more, so that O_NONBLOCK set on the result is not shared with
 * whoever shares fd (through /proc/self/fd, see proc(5)). flags as for open(2); O_CLOEXEC and
 * O_NOCTTY are added. Works for terminals and pipes, not for sockets (-ENXIO); on a regular file
 * the result has an offset of its own. Returns the fd or -errno.
 */
int fd_reopen(int fd, int flags);

/* Writes all len bytes to a blocking fd, over EINTR and short writes. 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

/*
 * Reads a whole file of at most max bytes below dir_fd into fresh memory (caller frees *ret_data;
 * a NUL byte follows the data and is not counted). 0, -EFBIG when it is larger, or -errno.
 */
int fd_read_file(int dir_fd, const char *name, size_t max, void **ret_data, size_t *ret_len);

#endif
