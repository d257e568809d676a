/*
 * Whether somebody waits for input from the job's terminal, as far as the kernel tells (proc(5)): a
 * process of its foreground group that sleeps in a read of it. Of programs that may not be looked
 * at (set-user-id ones, such as sudo) the terminal tells: it takes lines and does not show them, so
 * it is for a password.
 *
 * A program that waits with poll(2) or select(2) is not taken for one that asks: those wait for
 * more than their terminal, and full-screen programs always do.
 */
#ifndef JS_SERVER_HOLDER_READER_H
#define JS_SERVER_HOLDER_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

/* What is seen of the processes in front. */
struct reader_view {
    bool reads;  /* one sleeps in a read of the terminal */
    bool hidden; /* one sleeps, and may not be looked at */
};

/* Looks at the processes in front of the terminal with this master; nobody is in front: nothing. */
struct reader_view reader_look(int ptmx_fd);

/* Whether that, with these settings of the terminal, is a job that asks. */
bool reader_asks(struct reader_view view, const struct termios *settings);

/*
 * The text of /proc/PID/task/TID/syscall: whether it is a read(2) or readv(2), of *ret_fd. False as
 * well while the thread runs.
 */
bool reader_parse_syscall(const char *text, uint64_t *ret_fd);

#endif
