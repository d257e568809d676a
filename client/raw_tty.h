/*
 * The user's terminal: what it is, raw mode while attached, and its restoration on every way out.
 * (If js is killed with -9, the job's holder restores it.)
 */
#ifndef JS_CLIENT_RAW_TTY_H
#define JS_CLIENT_RAW_TTY_H

#include <stdbool.h>
#include <termios.h>

#include "common/protocol.h"

struct raw_tty {
    bool keys;         /* input and output are the same terminal: every key goes to the job */
    bool input_is_tty; /* input is a terminal, perhaps without the output being it */
    char *tty;         /* name of the output terminal, NULL when it is none; owned */
    struct termios original, raw;
    bool is_raw;
};

/* Looks at fds 0 and 1. Changes nothing. */
void raw_tty_init(struct raw_tty *tty);

/*
 * Makes sure that the terminal is ours to set: in the background this stops us with SIGTTOU until
 * we are in front again, as it should. Changes nothing. 0 or -errno.
 */
int raw_tty_claim(struct raw_tty *tty);

/* Raw mode when there are keys, otherwise nothing. 0 or -errno. */
int raw_tty_enter(struct raw_tty *tty);

/* The settings as they were. Safe to call twice. */
void raw_tty_restore(struct raw_tty *tty);

void raw_tty_finish(struct raw_tty *tty);

/* Size of the output terminal; false when there is none or it is not known. */
bool raw_tty_size(const struct raw_tty *tty, uint32_t *ret_rows, uint32_t *ret_cols);

/* Describes it for a request: *ret is owned by the caller. 0 or -ENOMEM. */
int raw_tty_describe(const struct raw_tty *tty, struct msg_terminal **ret);

/*
 * A descriptor of fd, 1 or 2, for the holder to write to: opened anew, so that O_NONBLOCK on it is
 * not shared with the user's shell; a regular file is passed as it is, so that the offset stays
 * shared. When that is not possible (the terminal belongs to another user, a socket) returns one
 * end of a pipe and *ret_relay_fd is the other, from which js copies itself; else that is -1.
 * Returns the fd or -errno.
 */
int raw_tty_output(int fd, int *ret_relay_fd);

#endif
