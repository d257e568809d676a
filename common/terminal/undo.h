/* The way back from a job's state to what a shell expects. See tracker_undo(). */
#ifndef JS_COMMON_TERMINAL_UNDO_H
#define JS_COMMON_TERMINAL_UNDO_H

#include <stdbool.h>

#include "common/terminal/canvas.h"
#include "common/terminal/writer.h"

/* The output ends inside of a sequence or string; or of a character, of which something may come to be shown. */
void undo_write(const struct canvas *canvas, bool in_sequence, bool in_character, struct writer *writer);

#endif
