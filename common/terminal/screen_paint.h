/*
 * What to send to a terminal that is at its defaults, whatever it shows, so that it shows a screen:
 * the lines of its history into the terminal's own scrollback, both screens' cells, then the state.
 */
#ifndef JS_COMMON_TERMINAL_SCREEN_PAINT_H
#define JS_COMMON_TERMINAL_SCREEN_PAINT_H

#include "common/terminal/screen.h"

struct screen_paint {
    unsigned rows, cols; /* of the terminal; 0: the screen's own */
    unsigned history;    /* lines of it, at most */
    /*
     * Where what has nothing to do with cells is taken from (titles, modes, keyboard, colours, the
     * working directory, progress): a tracker that has seen more than the screen. NULL: the screen.
     */
    const struct tracker *tracker;
};

/*
 * Appends it: one synchronized update, which pushes the title first as a plan does (tracker.h), so
 * that the same undo fits. On a smaller terminal it is a part of the screen that has the cursor in
 * it, on a larger one the screen is at its top left. 0 or -ENOMEM (out as before).
 */
int screen_paint(struct screen *screen, const struct screen_paint *how, struct bytes *out);

/*
 * Whether another screen that is fed what screen_paint() appends does the same as this one with all
 * that comes next: rarely not, when part of what it knows cannot be told (a single shift, a wrap
 * that was pending when the cursor was saved).
 */
bool screen_is_paintable(struct screen *screen);

/*
 * Appends a picture: one synchronized update that puts the cells of the screen shown, or the part
 * of them that has the cursor in it, and the cursor on a terminal of that size, whatever it shows,
 * and leaves its scrollback and all other state alone. 0 or -ENOMEM (out as before).
 */
int screen_paint_view(struct screen *screen, unsigned rows, unsigned cols, struct bytes *out);

/*
 * Appends only cells, as lines with SGR, each ended by a line feed: the newest lines of the
 * history, then the rows of the screen shown, without the blank ones at the end. 0 or -ENOMEM (out
 * as before).
 */
int screen_write_lines(struct screen *screen, unsigned history, struct bytes *out);

#endif
