/* Window title, icon name and the terminal's stack of them. Source: xterm's ctlseqs (OSC 0-2,
 * XTWINOPS 22 and 23). */
#ifndef JS_COMMON_TERMINAL_TITLES_H
#define JS_COMMON_TERMINAL_TITLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/terminal/shared.h"
#include "common/terminal/writer.h"

/* xterm keeps ten; longer titles are cut. */
enum { TITLES_STACK = 10, TITLES_LEN_MAX = 1024 };

enum { TITLES_ICON = 1, TITLES_WINDOW = 2 };

struct titles_entry {
    struct shared *title, *icon; /* owned references; NULL: none was set, or what does not say */
    uint8_t what; /* TITLES_ICON, TITLES_WINDOW or both: what has not been popped yet */
};

/* Zeroed: nothing set by the job. */
struct titles {
    struct shared *title, *icon; /* owned references or NULL */
    struct titles_entry *stack;  /* owned, TITLES_STACK of them, or NULL */
    uint8_t count;
    bool touched; /* something was set, pushed or popped since the start */
};

/* Copy drops what to held; without memory it gives -ENOMEM and to is all zero. */
int titles_copy(struct titles *to, const struct titles *from);
void titles_finish(struct titles *titles);
bool titles_equal(const struct titles *a, const struct titles *b);

/*
 * what: TITLES_ICON, TITLES_WINDOW or both. vim pushes one after the other and pops them in the
 * same order: what counts is the last entry that has the name. Without memory the title becomes
 * unset, a push is lost.
 */
void titles_set(struct titles *titles, int what, const void *data, size_t len);
void titles_push(struct titles *titles, int what);
void titles_pop(struct titles *titles, int what);

/* How many entries of the stack have that one (TITLES_ICON or TITLES_WINDOW). */
unsigned titles_count(const struct titles *titles, int what);

/* Writes what brings a terminal that a plan was sent to from one to the other. */
void titles_write(const struct titles *from, const struct titles *to, struct writer *writer);

/* Pops from the terminal's stack what was pushed, and the entry that every plan pushes; nothing if
 * untouched. */
void titles_write_undo(const struct titles *titles, struct writer *writer);

#endif
