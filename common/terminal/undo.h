/* The way back from a job's state to what a shell expects. See tracker_undo(). */
#ifndef JS_COMMON_TERMINAL_UNDO_H
#define JS_COMMON_TERMINAL_UNDO_H

#include <stdbool.h>

#include "common/terminal/canvas.h"
#include "common/terminal/writer.h"

/* unfinished: the output ends inside of a sequence or character; in_sequence: inside of a sequence
 * or string. */
void undo_write(const struct canvas *canvas, bool unfinished, bool in_sequence,
                struct writer *writer);

#endif
