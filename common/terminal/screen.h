/*
 * A terminal's screen, made from a job's output: the cells of both screens with all of their
 * attributes, the lines that have scrolled off, the cursor, and the state. For who needs to see
 * what a terminal shows: a restore that a replay would be too long for, `js screen`, rendered logs.
 * It takes memory and time, so that none is kept: it is made when it is wanted.
 *
 * What sequences mean to the state is the tracker's knowledge (tracker_csi.c, tracker_escape.c);
 * here it is carried out on a grid, with a cursor that is always exact. Where terminals disagree
 * (canvas.h says where) it does as xterm.js does.
 */
#ifndef JS_COMMON_TERMINAL_SCREEN_H
#define JS_COMMON_TERMINAL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/terminal/grid.h"
#include "common/terminal/state.h"
#include "common/terminal/tracker.h"

struct screen;

/*
 * A blank screen of that size (0 counts as 1), the state as after a reset; history: how many lines
 * to keep. NULL = no memory. Destroy takes NULL.
 */
struct screen *screen_create(unsigned rows, unsigned cols, unsigned history);
void screen_destroy(struct screen *screen);

/* The next len bytes of output. Never fails; without memory some cells are not as they should be.
 */
void screen_feed(struct screen *screen, const void *data, size_t len);

/* Whether line feeds come without the CR that belongs before them, from the next byte on (see
 * tracker_set_no_cr). */
void screen_set_no_cr(struct screen *screen, bool no_cr);

/*
 * The terminal has another size (0 counts as 1). Nothing is wrapped anew: columns are cut off or
 * added on the right, rows at the bottom, but for the top rows of a screen whose cursor would be
 * below: those go to the history.
 */
void screen_resize(struct screen *screen, unsigned rows, unsigned cols);

/* As after a change of the size and back: no margins are set. */
void screen_forget_margins(struct screen *screen);

/*
 * For a screen that is read as a log: what is on the normal screen when it is cleared as a whole
 * goes to the history, and nothing that the output says clears that.
 */
void screen_keep_cleared(struct screen *screen);

/* The lines that have scrolled off are forgotten. */
void screen_clear_history(struct screen *screen);

unsigned screen_rows(const struct screen *screen);
unsigned screen_cols(const struct screen *screen);
unsigned screen_history(const struct screen *screen);

/* The state; valid until the next feed. */
const struct state *screen_state(const struct screen *screen);

/* The cursor's place. x = cols: in the last column, and the next character wraps first. */
unsigned screen_x(const struct screen *screen);
unsigned screen_y(const struct screen *screen);

/* For reading cells: grid_read() and what follows it in grid.h. Not to be written to. */
struct grid *screen_grid(struct screen *screen);

#endif
