/*
 * The stand-in terminal: answers to a program's questions from what the tracker knows, as the
 * terminal of a profile would give them. Sources: xterm's ctlseqs where nothing else is named;
 * DEC's VT510 manual for the forms of reports.
 *
 * Not answered, as by most terminals: checksums of the screen (DECRQCRA), graphics and images,
 * fonts, pointer shapes; ENQ (the answerback is empty). The clipboard is always empty, and so are
 * the titles that XTWINOPS asks for: a program's output must not be able to type what it likes.
 */
#ifndef JS_COMMON_TERMINAL_ANSWERS_H
#define JS_COMMON_TERMINAL_ANSWERS_H

#include "common/bytes.h"
#include "common/terminal/canvas.h"
#include "common/terminal/profile.h"
#include "common/terminal/questions.h"

/* An answer is never longer. */
enum { ANSWER_MAX = 8192 };

/*
 * Appends the answer to a question that comes when the canvas is in that state; nothing if there is
 * none. 0 or -ENOMEM (out as before).
 */
int answer_question(const struct canvas *canvas, const struct profile *profile,
                    const struct question *question, struct bytes *out);

/* For answers*.c only: those to control strings. */
void answer_string(const struct canvas *canvas, const struct profile *profile,
                   const struct question *question, struct writer *writer);

/* For answers*.c only: the cursor's row and column as reported, from 1, relative to the margins
 * under DECOM. */
void answer_place(const struct canvas *canvas, unsigned *ret_row, unsigned *ret_col);

#endif
