/*
 * What to send to a terminal to bring it from one state to another, and back to what a shell
 * expects. Nothing is printed, erased or scrolled.
 */
#ifndef JS_COMMON_TERMINAL_TRANSITION_H
#define JS_COMMON_TERMINAL_TRANSITION_H

#include <stdbool.h>

#include "common/terminal/state.h"
#include "common/terminal/writer.h"

/* A terminal's state and where its cursor is. */
struct station {
    const struct state *state;
    struct cursor cursor; /* exact */
};

/*
 * Writes the transition on a screen of that size. place: set the cursor, and saved ones, even
 * where they should be right: the rows of from are not the terminal's. Synchronized
 * output (mode 2026) and progress are not touched. Going from the alternate to the normal screen is
 * not possible; from the normal to the alternate one shows it as the job did.
 */
void transition_write(const struct station *from, const struct station *to, unsigned rows,
                      unsigned cols, bool place, struct writer *writer);

#endif
