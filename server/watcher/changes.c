#include "server/watcher/changes.h"

#include <stdlib.h>
#include <string.h>

#include "common/escape.h"

static bool is_known(const struct changes *changes, const char *path)
{
    for (size_t i = 0; i < changes->count; i++)
        if (strcmp(changes->paths[i], path) == 0)
            return true;
    return false;
}

void changes_add(struct changes *changes, const char *path)
{
    changes->seen++;
    if (changes->unknown || is_known(changes, path))
        return;
    char *copy = changes->count < CHANGES_KEPT ? strdup(path) : NULL;
    if (copy)
        changes->paths[changes->count++] = copy;
    else
        changes->unknown = true;
}

void changes_add_unknown(struct changes *changes)
{
    changes->seen++;
    changes->unknown = true;
}

bool changes_any(const struct changes *changes)
{
    return changes->count > 0 || changes->unknown;
}

/* Of a long path the end: the name is there. */
static int append_path(struct bytes *out, const char *path)
{
    size_t len = strlen(path);
    if (len <= CHANGES_NAME_MAX)
        return escape_append(out, path, len);
    path += len - CHANGES_NAME_MAX;
    while (((unsigned char)*path & 0xc0) == 0x80) /* not within a character */
        path++;
    int r = bytes_append_text(out, "...");
    return r < 0 ? r : escape_append(out, path, strlen(path));
}

int changes_text(const struct changes *changes, size_t named, struct bytes *out)
{
    if (changes->count == 0 || changes->unknown)
        return bytes_append_text(out, "many files");
    int r = append_path(out, changes->paths[named]);
    if (r == 0 && changes->count == 2)
        r = bytes_append_text(out, " and another file");
    else if (r == 0 && changes->count > 2)
        r = bytes_printf(out, " and %zu other files", changes->count - 1);
    return r;
}

void changes_clear(struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        free(changes->paths[i]);
    changes->count = 0;
    changes->unknown = false;
}
