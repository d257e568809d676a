/*
 * The cells of a terminal's two screens, and the lines that have left the normal one at its top: a
 * table that does what it is told, without a cursor, margins or modes. It is libtsm's screen; only
 * grid*.c know that.
 *
 * libtsm's cell has room for a code point and two colours, and cannot be read before all of it is
 * drawn. So:
 * - a pen is a number in the cell's colours (intern.h), and so has every property of pen.h;
 * - a character with its marks is a number as a private code point of the same width: U+100001 on
 *   for one column, U+30001 on for two, as wcwidth() has them; so is what libtsm's wcwidth() has
 *   another width for;
 * - which cells of a row are the first half of a wide character is kept beside it, so that none is
 *   ever overwritten by half: the other half becomes blank;
 * - whether a row goes on with the one above (by a wrap) is noted in its first cell.
 *
 * Rows and columns count from 0. Arguments have to be inside of the screen. Without memory cells
 * stay as they are or become plain; nothing fails.
 */
#ifndef JS_COMMON_TERMINAL_GRID_H
#define JS_COMMON_TERMINAL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/terminal/pen.h"

struct grid;

/* What can be in one cell, at most: a character and its marks. */
enum { GRID_POINTS = 16 };

struct grid_cell {
    uint32_t glyph; /* 0: blank */
    uint32_t pen;
    uint8_t width;  /* 1, 2, or 0 for the second half of a wide one */
    bool continues; /* the first of a row: the row goes on with the one above */
};

/* rows, cols: at least 1. history: how many lines are kept, at most. NULL = no memory. */
struct grid *grid_create(unsigned rows, unsigned cols, unsigned history);
void grid_destroy(struct grid *grid);

unsigned grid_rows(const struct grid *grid);
unsigned grid_cols(const struct grid *grid);

/* Another size, by copying. Rows that do not fit are those at the bottom, after top rows have been
 * moved to the history (normal screen) or dropped (alternate). 0 or -ENOMEM (as it was). */
int grid_resize(struct grid *grid, unsigned rows, unsigned cols, unsigned top);

/* Which of the two screens (SCREEN_NORMAL, SCREEN_ALTERNATE) all that follows is about. */
void grid_show(struct grid *grid, int screen);

/* The number of a pen, and back. Number 0 is the default pen. */
uint32_t grid_pen_number(struct grid *grid, const struct pen *pen);
const struct pen *grid_pen(const struct grid *grid, uint32_t number);

/* The code points of a glyph: how many (none for a blank). */
size_t grid_points(const struct grid *grid, uint32_t glyph, uint32_t points[GRID_POINTS]);

/* n printable ASCII characters from column x on; x + n <= cols. */
void grid_put_ascii(struct grid *grid, unsigned y, unsigned x, const uint8_t *text, size_t n,
                    uint32_t pen);

/* One character of that width (1 or 2); x + width <= cols. */
void grid_put(struct grid *grid, unsigned y, unsigned x, uint32_t point, unsigned width,
              uint32_t pen);

/*
 * Adds a mark to what was put last, if that ends just before column x of row y and is still there.
 */
void grid_add_mark(struct grid *grid, unsigned y, unsigned x, uint32_t mark);

/* The glyph that was put last, 0 if none; its width. */
uint32_t grid_last(const struct grid *grid, unsigned *ret_width);

/* The same glyph again. */
void grid_put_glyph(struct grid *grid, unsigned y, unsigned x, uint32_t glyph, unsigned width,
                    uint32_t pen);

/* Row y goes on with the row above; to be called just before its first cell is put. Whether it
 * does. */
void grid_continue(struct grid *grid, unsigned y);
bool grid_continues(const struct grid *grid, unsigned y);
void grid_end_continuing(struct grid *grid, unsigned y);

/* Blank cells with that pen. selective: but for the protected ones. */
void grid_erase(struct grid *grid, unsigned y, unsigned x, unsigned end, uint32_t pen,
                bool selective);

/* n blank cells come in at column x, and the rest of the row moves right; or n cells go. */
void grid_insert(struct grid *grid, unsigned y, unsigned x, unsigned n, uint32_t pen);
void grid_delete(struct grid *grid, unsigned y, unsigned x, unsigned n, uint32_t pen);

/* Rows top..bottom move by n, blank ones come in. keep: those that go are kept as history; only
 * with top = 0 on the normal screen. */
void grid_scroll_up(struct grid *grid, unsigned top, unsigned bottom, unsigned n, uint32_t pen,
                    bool keep);
void grid_scroll_down(struct grid *grid, unsigned top, unsigned bottom, unsigned n, uint32_t pen);

/* Both screens blank, the normal one shown. History stays. */
void grid_reset(struct grid *grid);

unsigned grid_history(const struct grid *grid);
void grid_clear_history(struct grid *grid);

/* Copies a screen's cells, row by row: rows * cols of them. */
void grid_read(struct grid *grid, int screen, struct grid_cell *cells);

/* How many rows of a screen there are without the blank ones at its end. */
unsigned grid_used_rows(struct grid *grid, int screen);

/*
 * Calls back for each of the newest n lines of the history, the oldest first, with its cols cells.
 * 0, or -ENOMEM before the first.
 */
int grid_read_history(struct grid *grid, unsigned n,
                      void (*line)(void *user, const struct grid_cell *cells), void *user);

#endif
