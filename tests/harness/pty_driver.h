/*
 * A terminal window for tests: a fresh PTY of a given size and with given modes, and a program that
 * runs in it as the leader of a session whose controlling terminal it is, as under a terminal
 * emulator.
 *
 * Every wait reads what the program prints into a transcript. The driver never answers terminal
 * queries and interprets nothing.
 */
#ifndef JS_TESTS_HARNESS_PTY_DRIVER_H
#define JS_TESTS_HARNESS_PTY_DRIVER_H

#include "tests/harness/deadline.h"
#include "tests/harness/transcript.h"

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct pty_driver_options {
    const char *const *argv;       /* NULL-terminated */
    char *const *env;              /* NULL-terminated; NULL: the caller's */
    const char *cwd;               /* NULL: the caller's */
    int rows;                      /* 0: 24 */
    int cols;                      /* 0: 80 */
    const struct termios *termios; /* NULL: what the kernel gives a fresh terminal, with IUTF8 */
};

struct pty_driver; /* opaque */

/*
 * Opens the terminal and starts the program in it. NULL (with a message on stderr) when that
 * fails, a failed exec included. pty_driver_destroy ends it.
 */
struct pty_driver *pty_driver_start(const struct pty_driver_options *options);

/* Hangs up, kills the program's session leader and reaps it, frees all. Takes NULL. */
void pty_driver_destroy(struct pty_driver *driver);

/* The program's pid, -1 once it has been reaped; the master's fd, -1 after pty_driver_hang_up. */
pid_t pty_driver_pid(const struct pty_driver *driver);
int pty_driver_fd(const struct pty_driver *driver);

/* The terminal's name, "/dev/pts/7". */
const char *pty_driver_tty(const struct pty_driver *driver);

/* All output read so far; the mark is the caller's to move. */
struct transcript *pty_driver_transcript(struct pty_driver *driver);

/* The transcript's length: a place from which transcript_has_since may look later on. */
size_t pty_driver_here(struct pty_driver *driver);

/*
 * Reads until the text stands behind the mark. True, with the mark behind it; false when the
 * deadline passes or the terminal is closed on the program's side first: then the transcript has
 * been printed, escaped, on stderr.
 */
bool pty_driver_await(struct pty_driver *driver, const char *text, struct deadline deadline);

/* The same for the first of several texts (NULL-terminated): its index, or -1. */
int pty_driver_await_any(struct pty_driver *driver, const char *const *texts,
                         struct deadline deadline);

/* Reads until the last process has closed the terminal (EIO on the master): true; or false. */
bool pty_driver_await_closed(struct pty_driver *driver, struct deadline deadline);

/*
 * Waits for the program's end, reading meanwhile, and reads what is still there. Its wait status,
 * or -ETIMEDOUT (the transcript has been printed).
 */
int pty_driver_wait(struct pty_driver *driver, struct deadline deadline);

/* As pty_driver_wait, but the status as a shell tells it: exit code, or 128 + signal. */
int pty_driver_wait_code(struct pty_driver *driver, struct deadline deadline);

/* Reads whatever is there at this moment, without waiting. */
void pty_driver_read_now(struct pty_driver *driver);

/* Types the text, or bytes. Reads while the terminal takes nothing. 0, -ETIMEDOUT or -errno. */
int pty_driver_send(struct pty_driver *driver, const char *text);
int pty_driver_send_bytes(struct pty_driver *driver, const void *data, size_t len);

/*
 * Types a key by its name: "Enter", "Tab", "Escape", "Backspace", "Delete", "Up", "Down", "Left",
 * "Right", "Home", "End", "PageUp", "PageDown", "F1" to "F4", "C-x" for any control character
 * (C-z, C-\), "M-x" for ESC and a character. Sequences as xterm sends them in normal mode (ctlseqs,
 * "PC-Style Function Keys"). 0, -EINVAL for an unknown name, or as pty_driver_send.
 */
int pty_driver_send_key(struct pty_driver *driver, const char *key);

/* Changes the terminal's size: the foreground group gets SIGWINCH. 0 or -errno. */
int pty_driver_resize(struct pty_driver *driver, int rows, int cols);

/* The modes the program's terminal has now. 0 or -errno. */
int pty_driver_termios(const struct pty_driver *driver, struct termios *ret);

/* The size the terminal has now. 0 or -errno. */
int pty_driver_size(const struct pty_driver *driver, int *ret_rows, int *ret_cols);

/* The terminal's foreground process group, or -errno. */
pid_t pty_driver_foreground(const struct pty_driver *driver);

/* Closes the terminal window: the session leader gets SIGHUP from the kernel. */
void pty_driver_hang_up(struct pty_driver *driver);

/* True when all modes, control characters and speeds are equal; else the difference is printed. */
bool pty_driver_same_termios(const struct termios *a, const struct termios *b);

/* The same three waits in a test: they fail it at the caller's line. */
#define pty_driver_expect(driver, text, deadline)                                                  \
    ck_assert_msg(pty_driver_await(driver, text, deadline), "the terminal did not show %s", #text)

#define pty_driver_expect_closed(driver, deadline)                                                 \
    ck_assert_msg(pty_driver_await_closed(driver, deadline), "the terminal is still held open")

#define pty_driver_expect_exit(driver, code, deadline)                                             \
    ck_assert_int_eq(pty_driver_wait_code(driver, deadline), code)

#endif
