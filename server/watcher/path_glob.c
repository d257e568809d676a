#include "server/watcher/path_glob.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Replaces the slashes; to has room for len + 2 bytes. False when a component is empty. */
static bool split(const char *text, size_t len, char *to)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '/' && (i == 0 || i + 1 == len || text[i - 1] == '/'))
            return false;
        to[i] = text[i] == '/' ? '\0' : text[i];
    }
    to[len] = to[len + 1] = '\0';
    return len > 0;
}

char *path_glob_split(const char *text, size_t len)
{
    char *components = malloc(len + 2);
    if (!components || split(text, len, components))
        return components;
    free(components);
    errno = EINVAL;
    return NULL;
}

static const char *next(const char *component)
{
    return component + strlen(component) + 1;
}

/* "**", or more of them, which git takes for the same. */
static bool is_stars(const char *component)
{
    return strncmp(component, "**", 2) == 0 && component[strspn(component, "*")] == '\0';
}

/*
 * Only the last ** ever takes another component: whatever those before it could do better, it can
 * as well.
 */
static bool match(const char *pattern, const char *path)
{
    const char *behind_stars = NULL, *taken = NULL;
    while (*path) {
        if (is_stars(pattern)) {
            pattern = behind_stars = next(pattern);
            taken = path;
            if (*pattern == '\0')
                return true;
        } else if (*pattern && fnmatch(pattern, path, 0) == 0) {
            pattern = next(pattern);
            path = next(path);
        } else if (behind_stars) {
            pattern = behind_stars;
            path = taken = next(taken);
        } else {
            return false;
        }
    }
    return *pattern == '\0';
}

bool path_glob_matches(const char *components, const char *path)
{
    char buf[PATH_GLOB_MAX + 1];
    size_t len = strlen(path);
    return len < PATH_GLOB_MAX && split(path, len, buf) && match(components, buf);
}
