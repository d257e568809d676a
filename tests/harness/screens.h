/* Comparing screens (common/terminal/screen.h). */
#ifndef JS_TESTS_HARNESS_SCREENS_H
#define JS_TESTS_HARNESS_SCREENS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/terminal/screen.h"

/*
 * Whether two screens of the same size show the same: cells with their pens on both screens, which
 * one is shown, and the cursor. If not, text says where the first difference is.
 */
bool screens_equal(struct screen *a, struct screen *b, char *text, size_t size);

/* The same for the newest n lines of their histories. */
bool screens_equal_history(struct screen *a, struct screen *b, unsigned n, char *text, size_t size);

/*
 * The screen shown as text: rows with a line feed each, no blanks at the end of a row or of the
 * screen. With history, all lines of it first. Fresh memory.
 */
char *screens_text(struct screen *screen, bool history);

#endif
