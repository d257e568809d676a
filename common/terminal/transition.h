/*
 * What to send to a terminal to bring it from one state to another, and back to what a shell
 * expects. Nothing is printed, erased or scrolled.
 */
#ifndef JS_COMMON_TERMINAL_TRANSITION_H
#define JS_COMMON_TERMINAL_TRANSITION_H

#include "common/terminal/state.h"
#include "common/terminal/writer.h"

/* A terminal's state and where its cursor is. */
struct station {
    const struct state *state;
    struct cursor cursor; /* exact */
};

/* What the rows of the first station mean on the terminal. */
enum transition_rows {
    TRANSITION_RIGHT,    /* they are its rows */
    TRANSITION_ASTRAY,   /* they may not be, and from now on are to be: all places are told anew */
    TRANSITION_ELSEWHERE /* they need not be: cursor movements are relative, wherever they can */
};

/*
 * Writes the transition on a screen of that size. Synchronized output (mode 2026) and progress are
 * not touched. Going from the alternate to the normal screen is not possible; from the normal to
 * the alternate one shows it as the job did.
 */
void transition_write(const struct station *from, const struct station *to, unsigned rows,
                      unsigned cols, enum transition_rows where, struct writer *writer);

#endif
