/*
 * The rules that hold in a directory because it is inside of a git repository: .git/info/exclude
 * and the .gitignore of each directory above it. Read once; the user's own core.excludesFile is
 * not.
 */
#ifndef JS_SERVER_WATCHER_IGNORE_BASE_H
#define JS_SERVER_WATCHER_IGNORE_BASE_H

#include "server/watcher/filter.h"

#define IGNORE_FILE_MAX (1u << 20) /* bytes of a file of rules that is read */

/* Adds the file's rules; a file that cannot be read has none. 0 or -ENOMEM. */
int ignore_base_read(struct gitignore *rules, const char *path);

/* For the directory with that absolute path. *ret: the nearest level, or NULL when there is none. 0
 * or -ENOMEM. */
int ignore_base_create(const char *root, struct ignore_level **ret);

/* Frees it and all above. Takes NULL. */
void ignore_base_destroy(struct ignore_level *level);

#endif
