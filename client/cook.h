/*
 * Input for a job from something that is no keyboard: `make-list | js run -- sort`.
 *
 * The job reads its terminal, so what the client writes to the PTY master goes through the line
 * discipline (termios(3), Linux n_tty). In canonical mode that would take ^C, ^D, ^U and the like
 * for commands, CR for NL, and would drop what a line has beyond 4095 bytes. So there
 *  - each byte that means something is quoted with VLNEXT, which delivers it as it is,
 * untranslated;
 *  - a long line is pushed in pieces with VEOF, which delivers what is there and is an end of file
 *    only when nothing is;
 *  - the end of input is VEOF at the start of a line, twice elsewhere: to push, then to end.
 * In any other mode (ICANON off, EXTPROC) nothing can be quoted, and bytes pass as they are. The
 * terminal has no end of file then either: the job gets none.
 *
 * What cannot be had even in canonical mode: the eighth bit with ISTRIP, upper case with IUCLC, a
 * single 0xff with PARMRK; and without IEXTEN or with VLNEXT disabled, the bytes that mean
 * something.
 *
 * Modes belong to the job, which may change them while input is on its way to it. The caller reads
 * them anew before each call and gives a few KiB at a time.
 *
 * IXON is best off in a terminal without a keyboard (and ECHO with it). Linux (6.0 and later: n_tty
 * looks for flow control in input that the reader has not made room for yet, without a look at
 * VLNEXT) stops the job's output at a quoted VSTOP. An unquoted VSTART behind it, which delivers
 * nothing, undoes that, except while that byte is still waiting for room itself.
 */
#ifndef JS_CLIENT_COOK_H
#define JS_CLIENT_COOK_H

#include "common/bytes.h"

#include <stddef.h>
#include <stdint.h>
#include <termios.h>

/* A line is pushed when this much of it is there: far enough from 4095, where Linux drops bytes. */
#define COOK_PIECE 1024

/* Zero-initialised at the start of a job's input. */
struct cook {
    size_t pending; /* bytes of the unfinished line, which the job cannot read yet */
};

/* Appends to out what delivers len bytes of in to a job whose terminal has the modes in job.
 * 0 or -ENOMEM (nothing has changed). */
int cook_input(struct cook *cook, const struct termios *job, const uint8_t *in, size_t len,
               struct bytes *out);

/* Appends what ends the input. 1; 0 with nothing appended when this mode has no end of file (not
 * canonical, or VEOF disabled); -ENOMEM (nothing has changed). */
int cook_eof(struct cook *cook, const struct termios *job, struct bytes *out);

#endif
