/*
 * A directory and all below it that is not ignored, watched with inotify(7).
 *
 *  - A file has changed when whoever wrote to it closes it, when it is moved here or away, or
 *    removed, when a link to it is made; not by its mode or times. So what is written to for hours
 *    is no news until it is closed.
 *  - Symbolic links are watched as such and not followed: no loops, nothing outside.
 *  - Of a directory that is new, or has been moved here, every file is news: inotify cannot tell
 *    what happened in it before it was watched. One that was moved away is news itself.
 *  - A .gitignore that changes is news, whatever the patterns say, and its directory is read again.
 *  - Events that the kernel lost (IN_Q_OVERFLOW) are taken for a change, and everything is read
 *    again.
 */
#ifndef JS_SERVER_WATCHER_WATCH_TREE_H
#define JS_SERVER_WATCHER_WATCH_TREE_H

#include <stdint.h>
#include <sys/types.h>

#include "server/watcher/changes.h"
#include "server/watcher/filter.h"

struct watch_dir; /* one directory */

struct watch_tree {
    int fd; /* inotify; owned, -1 = none. Readable: watch_tree_read */
    const char *root;
    const struct filter *filter;
    struct changes *changes;         /* where news goes */
    const struct ignore_level *base; /* the rules above root */
    struct watch_dir *top;
    void *by_number; /* of the watch: tsearch(3), struct watch_dir */
    size_t count;    /* directories watched */
    dev_t device;    /* of root, */
    ino_t inode;     /* so that another one in its place is noticed */
    size_t unreadable;
    int unreadable_error;       /* of the first one */
    struct bytes unreadable_at; /* its path; no NUL */
    bool full;                  /* the limit of watches is reached */
    bool gone;                  /* root is, or not watched any more: nothing will be news */
};

/*
 * Watches everything below root. Strings, filter, changes and base stay the caller's. What has been
 * written to since the time (nanoseconds since the epoch; compared with st_ctim) is news. 0 or
 * -errno (-EMFILE: the limit of inotify instances; -ENOSPC: that of watches); watch_tree_finish in
 * any case.
 */
int watch_tree_open(struct watch_tree *tree, const char *root, const struct filter *filter,
                    const struct ignore_level *base, struct changes *changes, uint64_t since_ns);

/* Handles the events that are there; without any it waits. 0 or -errno. */
int watch_tree_read(struct watch_tree *tree);

/* Looks whether root is still what is watched; if not, it is gone. */
void watch_tree_check(struct watch_tree *tree);

void watch_tree_finish(struct watch_tree *tree);

#endif
