/* Terminal settings: termios(3) as data that can be sent, compared and derived. */
#ifndef JS_COMMON_TTY_H
#define JS_COMMON_TTY_H

#include <stdbool.h>
#include <termios.h>

#include "common/protocol.h"

/* The settings of a fresh Linux terminal with UTF-8 input: for jobs that start without one. */
void tty_sane(struct termios *ret);

/*
 * cfmakeraw(3) for a terminal that shows a job's output. keep_output: output processing stays on,
 * for when other programs write to that terminal as well.
 */
void tty_make_raw(struct termios *tio, bool keep_output);

/* Whether the two ask for the same (flags and characters; speeds are not compared). */
bool tty_equal(const struct termios *a, const struct termios *b);

/*
 * Gives a terminal the settings `to` if it has `from` now; whoever has set others since keeps them.
 * Whether it did.
 */
bool tty_change(int fd, const struct termios *from, const struct termios *to);

/* To and from the message. tty_to_message: 0 or -ENOMEM, *ret is owned by the caller. */
int tty_to_message(const struct termios *tio, struct msg_termios **ret);
void tty_from_message(const struct msg_termios *message, struct termios *ret);

#endif
