/* The grid's parts, for grid*.c only. */
#ifndef JS_COMMON_TERMINAL_GRID_INTERNAL_H
#define JS_COMMON_TERMINAL_GRID_INTERNAL_H

#include <libtsm.h>

#include "common/terminal/grid.h"
#include "common/terminal/intern.h"

/* What has to be known of a row and cannot be read from libtsm. */
struct grid_row {
    uint8_t *wide;  /* owned; for each column whether a wide character starts there; NULL: none */
    bool continues; /* with the row above */
};

/* What was put last, as long as it is there. */
struct grid_last {
    uint32_t glyph; /* 0: nothing */
    uint32_t pen;
    unsigned width;
    unsigned y, x;
};

enum { GRID_PENS_FOUND = 256 }; /* a power of two */

struct grid {
    struct tsm_screen *tsm; /* owned */
    unsigned rows, cols;
    unsigned history, history_max;
    int shown;
    struct grid_row *row[2]; /* owned; of each screen */
    struct grid_last last;
    struct intern pens;
    struct pen *pen; /* owned; by number */
    uint32_t pen_room;
    uint32_t pens_most;    /* so many before those not used any more are looked for */
    struct pen cached_pen; /* owned; the pen of cached_number */
    uint32_t cached_number;
    uint32_t found[GRID_PENS_FOUND]; /* numbers that were looked up, each at its pen's place */
    struct intern glyphs[2];         /* of one column, of two */
    unsigned source_cols;            /* while another one is copied to this one: how wide that is */
};

/* What libtsm shows a cell with. */
struct tsm_screen_attr grid_attr(const struct grid *grid, uint32_t pen);

/* The glyph of these code points; U+FFFD when there are too many different ones. */
uint32_t grid_glyph(struct grid *grid, const uint32_t *points, size_t count, unsigned width);

/* Notes that the glyph is in use. */
void grid_mark_glyph(struct grid *grid, uint32_t glyph);

/* Notes all pens and glyphs that cells have. 0 or -ENOMEM. */
int grid_mark_used(struct grid *grid);

void grid_finish_tables(struct grid *grid);
void grid_swap_tables(struct grid *a, struct grid *b);

#endif
