/* The paths that have changed since the last word of it, and what to say of them. */
#ifndef JS_SERVER_WATCHER_CHANGES_H
#define JS_SERVER_WATCHER_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/bytes.h"

#define CHANGES_KEPT     100u /* paths; of more nobody is told the number */
#define CHANGES_NAME_MAX 200u /* bytes of the path in the text, before escaping */

/* Zero-initialise. */
struct changes {
    char *paths[CHANGES_KEPT]; /* each once; owned */
    size_t count;
    size_t seen;  /* how often something was added, the same path again included */
    bool unknown; /* there are others, or some that could not be told */
};

/* Adds a path, or the news that something has changed. */
void changes_add(struct changes *changes, const char *path);
void changes_add_unknown(struct changes *changes);

bool changes_any(const struct changes *changes);

/* Appends "main.c", "main.c and 2 others", "many files", with path number `named` as the one that
 * is named; escaped (common/escape.h). 0 or -ENOMEM. */
int changes_text(const struct changes *changes, size_t named, struct bytes *out);

/* Forgets all. */
void changes_clear(struct changes *changes);

#endif
