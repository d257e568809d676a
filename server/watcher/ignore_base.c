#include "server/watcher/ignore_base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"

int ignore_base_read(struct gitignore *rules, const char *path)
{
    void *text;
    size_t len;
    int r = fd_read_file(AT_FDCWD, path, IGNORE_FILE_MAX, &text, &len);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        if (r != -ENOENT)
            log_warn("cannot read %s, its rules are not followed: %s", path, strerror(-r));
        return 0;
    }
    r = gitignore_add_text(rules, text, len);
    free(text);
    return r;
}

/* One more level below *level, of the directory that the first len bytes of root name. */
static int add_level(const char *root, size_t len, const char *file, struct ignore_level **level)
{
    char path[PATH_MAX + 32];
    struct ignore_level *added = calloc(1, sizeof(*added));
    if (!added)
        return -ENOMEM;
    added->above = *level;
    *level = added;
    if (root[len] == '/' && asprintf(&added->prefix, "%s/", root + len + 1) < 0) {
        added->prefix = NULL;
        return -ENOMEM;
    }
    snprintf(path, sizeof(path), "%.*s/%s", (int)len, root, file);
    return ignore_base_read(&added->rules, path);
}

static bool has_repository(const char *root, size_t len)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%.*s/.git", (int)len, root);
    return access(path, F_OK) == 0;
}

/* The length of the path above the first len bytes of root, "" for "/". len > 0. */
static size_t length_above(const char *root, size_t len)
{
    do
        len--;
    while (root[len] != '/');
    return len;
}

int ignore_base_create(const char *root, struct ignore_level **ret)
{
    size_t whole = strlen(root), len = strcmp(root, "/") == 0 ? 0 : whole;
    struct ignore_level *level = NULL;
    *ret = NULL;
    while (len > 0 && !has_repository(root, len))
        len = length_above(root, len);
    if (len == 0 && !has_repository(root, len))
        return 0;
    int r = add_level(root, len, ".git/info/exclude", &level);
    /* From there down, but for root itself: its file is followed as it changes. */
    while (r == 0 && len < whole && whole > 1) {
        r = add_level(root, len, ".gitignore", &level);
        len += 1 + strcspn(root + len + 1, "/");
    }
    if (r < 0)
        ignore_base_destroy(level);
    else
        *ret = level;
    return r;
}

void ignore_base_destroy(struct ignore_level *level)
{
    while (level) {
        struct ignore_level *above = (struct ignore_level *)level->above;
        gitignore_finish(&level->rules);
        free(level->prefix);
        free(level);
        level = above;
    }
}
