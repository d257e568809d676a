/* Tab stops (ECMA-48 HTS, TBC, CTC; DECST8C). The default, a stop in every eighth column, takes no
 * memory. */
#ifndef JS_COMMON_TERMINAL_TABS_H
#define JS_COMMON_TERMINAL_TABS_H

#include <stdbool.h>

#include "common/terminal/shared.h"
#include "common/terminal/writer.h"

/* A tab stop in every eighth column is NULL, other stops one bit for each column from 0 on. */

/* Sets or clears the stop in a column of a screen of that width. 0 or -ENOMEM. */
int tabs_set(struct shared **tabs, unsigned cols, unsigned x, bool stop);

/* Clears all stops. 0 or -ENOMEM. */
int tabs_clear(struct shared **tabs, unsigned cols);

/* Whether there is a stop in column x. Columns that a wider screen has added have the default. */
bool tabs_at(const struct shared *tabs, unsigned x);

/* Whether two have the same stops on a screen of that width. */
bool tabs_equal(const struct shared *a, const struct shared *b, unsigned cols);

/* The column of the next stop after x, the last column if there is none; of the one before x, 0 if
 * there is none. */
unsigned tabs_next(const struct shared *tabs, unsigned cols, unsigned x);
unsigned tabs_previous(const struct shared *tabs, unsigned x);

/* Writes what sets these stops on a screen of that width, whatever is set there. Moves the cursor
 * in its row. */
void tabs_write(const struct shared *tabs, unsigned cols, struct writer *writer);

#endif
