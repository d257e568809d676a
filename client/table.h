/*
 * A table of text: columns as wide as their cells, two spaces between them, fitted to a width.
 *
 * Cells are escaped when they are added (common/escape.h), so no cell can move the cursor, colour
 * anything or break a line: the output has printable UTF-8 and line ends, nothing else.
 */
#ifndef JS_CLIENT_TABLE_H
#define JS_CLIENT_TABLE_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum table_column_flags {
    TABLE_RIGHT = 1,  /* aligned to the right: numbers */
    TABLE_SHRINK = 2, /* may be cut when the table is too wide */
};

/* The column may be left out when cutting is not enough; the one with the highest n goes first. */
#define TABLE_DROP(n)      ((unsigned)(n) << 8)
#define TABLE_DROP_N(flag) ((flag) >> 8)

/* A column that may shrink keeps this much, and the width of its title. */
#define TABLE_SHRINK_MIN 8

struct table_cell {
    size_t at;    /* of its text in the table's text, with a NUL behind it */
    size_t width; /* columns */
};

/* Zero-initialised is a table without columns. */
struct table {
    bool ascii; /* the terminal has no UTF-8: what is cut ends in ">" and not in "…" */

    unsigned *column_flags;
    size_t column_count;
    struct table_cell *cells; /* row after row; the first row is the titles */
    size_t cell_count;
    size_t cell_room;
    struct bytes text;
};

/* Adds a column; flags are enum table_column_flags. Only before the first row. 0 or -ENOMEM. */
int table_add_column(struct table *table, const char *title, unsigned flags);

/* Adds a row of copies of as many cells as there are columns; NULL is an empty one. 0 or -ENOMEM
 * (the table is unchanged then). */
int table_add_row(struct table *table, const char *const *cells);

/*
 * Appends the table: a line of titles, unless all are empty, and a line for each row, without
 * blanks at the end. With a width above 0 no line is wider: columns that may shrink are cut, the
 * widest first; when that is not enough columns that may be dropped are left out, one after the
 * other; and when that is not enough either, every line is cut. 0 or -ENOMEM (out is unchanged
 * then).
 */
int table_print(const struct table *table, unsigned width, struct bytes *out);

/* Frees the memory; the table is empty and usable afterwards. */
void table_finish(struct table *table);

#endif
