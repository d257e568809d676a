/*
 * From which stretch of the output each cell of a screen stems, while no row of it moves: finer
 * than rows.h, for programs that place what they change and never write a row as a whole. A stretch
 * is what lies between two checkpoints (checkpoints.h); they are numbered as they come.
 *
 * What is not known by the cell makes its row loose: all stretches up to that one may show in it,
 * until the row is new as a whole.
 */
#ifndef JS_COMMON_TERMINAL_CELLS_H
#define JS_COMMON_TERMINAL_CELLS_H

#include <stdbool.h>
#include <stdint.h>

struct cells_row {
    uint32_t renewed; /* the stretch in which all of it was new last, 0 = none: no cell is older */
    uint32_t loose;   /* the last stretch that made it loose, 0 = it is not */
};

struct cells {
    /* Owned; the low 16 bits of each cell's stretch, 0 for what is older than `first`. NULL:
     * nothing is known of cells. */
    uint16_t *label;
    struct cells_row *row; /* owned */
    unsigned rows, cols;
    uint32_t first, stretch; /* the oldest that labels tell, the one that goes on */
    uint64_t since;          /* the offset at which that began */
    uint64_t shifts; /* of the rows (rows.h) when it all began: with any other all is void */
};

/* How many numbers of stretches labels can tell; no number has 0 in its low 16 bits. */
enum { CELLS_STRETCHES = 1 << 15 };

/* Starts with nothing known, in that stretch, which begins at offset since. Without memory nothing
 * is. Zeroed is a state in which nothing is known; finish makes it so. */
void cells_begin(struct cells *cells, unsigned rows, unsigned cols, uint64_t shifts,
                 uint32_t stretch, uint64_t since);
void cells_finish(struct cells *cells);

/* The next stretch, which begins at offset since. */
void cells_next(struct cells *cells, uint32_t stretch, uint64_t since);

/* n cells of row y from column x on were written or erased, all of a row (by bytes from since on),
 * or nobody knows which. */
void cells_write(struct cells *cells, unsigned y, unsigned x, unsigned n);
void cells_renew(struct cells *cells, unsigned y, uint64_t since);
void cells_loosen(struct cells *cells, unsigned y);
void cells_loosen_all(struct cells *cells);

/*
 * The number of the stretch that the cells of row y from column *x on stem from, and in *x the
 * column after them. 0: an older one than `first`.
 */
uint32_t cells_run(const struct cells *cells, unsigned y, unsigned *x);

#endif
