/*
 * Patterns of paths as git has them (gitignore(5), "PATTERN FORMAT"): in each component *, ?, [...]
 * and backslashes as in fnmatch(3), none of which matches a slash; a component that is ** stands
 * for any number of components, at the end for at least one.
 */
#ifndef JS_SERVER_WATCHER_PATH_GLOB_H
#define JS_SERVER_WATCHER_PATH_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_GLOB_MAX 4096u /* bytes of a path, with its NUL */

/*
 * The components of len bytes of text, each with its NUL, and an empty one behind them, in fresh
 * memory. NULL without memory, or (errno is EINVAL) when there is an empty component, or none: no
 * path is so.
 */
char *path_glob_split(const char *text, size_t len);

/* Whether the path (relative, without empty components) matches all of a pattern that was split. */
bool path_glob_matches(const char *components, const char *path);

#endif
