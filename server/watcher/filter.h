/*
 * Which files of a watched directory matter. A path is ignored by the first of these that says
 * something of it:
 *
 *   .git, .hg, .jj, .svn ... always
 *   --ignore ............... lines as in a .gitignore, of the watched directory
 *   .gitignore ............. of its directory, and upwards (struct ignore_level)
 *   what editors leave ..... swap files, backups, lock files
 *
 * and of the others one matters when a pattern of -p, again a line as in a .gitignore, matches it
 * or a directory that it is in. Paths are relative to the watched directory.
 */
#ifndef JS_SERVER_WATCHER_FILTER_H
#define JS_SERVER_WATCHER_FILTER_H

#include "server/watcher/gitignore.h"

/* The rules of one directory; those above it come after. */
struct ignore_level {
    const struct ignore_level *above; /* or NULL */
    struct gitignore rules;
    size_t skip;  /* bytes of a path that lead to its directory: 4 for "src" */
    char *prefix; /* it is above the watched directory: what leads there, "src/"; owned; or NULL */
};

struct filter {
    struct gitignore watch, ignore, standard;
};

/* Zero-initialises, and adds what is known without options. 0 or -ENOMEM. */
int filter_init(struct filter *filter);

/* A pattern of -p, or of --ignore. 0 or -ENOMEM. */
int filter_watch(struct filter *filter, const char *pattern);
int filter_ignore(struct filter *filter, const char *pattern);

/* level: of the directory that the path is in; NULL when no .gitignore is known. */
bool filter_ignores(const struct filter *filter, const struct ignore_level *level, const char *path,
                    bool is_directory);

/* Whether the patterns want a file that is not ignored. */
bool filter_wants(const struct filter *filter, const char *path);

void filter_finish(struct filter *filter);

#endif
