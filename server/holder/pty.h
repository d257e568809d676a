/*
 * The job's PTY as its holder sees it: the master side, in a loop. The holder is the session
 * leader whose controlling terminal this is; it keeps no slave open, so that the end of
 * output shows as EIO (pty(7), n_tty).
 */
#ifndef JS_SERVER_HOLDER_PTY_H
#define JS_SERVER_HOLDER_PTY_H

#include <stdbool.h>
#include <termios.h>
#include <uv.h>

#include "common/bytes.h"

#define PTY_TYPED_MAX (16u << 10) /* bytes that wait for the job to read, in pty_type */

struct pty;

typedef void (*pty_readable_fn)(struct pty *pty);

struct pty {
    int ptmx_fd;  /* owned */
    int quiet_fd; /* epoll of ptmx_fd, while nobody has the slave open; owned */
    uv_loop_t *loop;
    uv_poll_t poll;       /* of ptmx_fd */
    uv_poll_t quiet_poll; /* of quiet_fd */
    bool polling, quiet;
    struct bytes typed;   /* for the job, not written yet; owned */
    unsigned typed_stuck; /* events in a row at which nothing could be written */
    int typed_fd;         /* a duplicate of ptmx_fd for typed_poll, -1 = not open; owned */
    uv_poll_t typed_poll;
    unsigned handles; /* still open */
    pty_readable_fn on_readable;
    void (*on_typed)(struct pty *pty); /* see pty_type; NULL = nobody asks */
    void (*on_closed)(struct pty *pty);
    void *data; /* the owner's */
};

/*
 * Opens a PTY of that size and settings, non-blocking and close-on-exec, and makes it the
 * controlling terminal of this process, which must be a session leader without one. Returns the
 * slave's fd, which the caller owns and closes once the job has it, or -errno.
 */
int pty_open(struct pty *pty, uv_loop_t *loop, const struct termios *tio, unsigned rows,
             unsigned cols);

/* From now on on_readable is called when there is output, its end included. 0 or -errno. */
int pty_watch(struct pty *pty, pty_readable_fn on_readable, void *data);

/* Stops or goes on calling on_readable: the back-pressure on the job. */
void pty_set_reading(struct pty *pty, bool on);

/*
 * Reads output. Returns its length, -EAGAIN when there is none, -EIO when nobody has the slave
 * open any more (it may be opened again), or another -errno.
 *
 * -EAGAIN is the whole truth: n_tty flushes what is under way from the writer before it says so.
 */
ssize_t pty_read(struct pty *pty, void *buf, size_t len);

/*
 * Whether the next read will find output, as far as is known without one (TIOCINQ, ioctl_tty(2)):
 * false may turn out wrong a moment later.
 */
bool pty_has_more(const struct pty *pty);

/*
 * After -EIO while the job lives: waits without spinning until somebody opens the slave again and
 * writes (POLLHUP would report without end; an edge-triggered epoll does not).
 */
void pty_wait_for_reopen(struct pty *pty);

/* TIOCSWINSZ; the kernel sends SIGWINCH to the foreground group when it differs. 0 or -errno. */
int pty_resize(struct pty *pty, unsigned rows, unsigned cols);

/*
 * Whether the settings suit a job without a terminal (no echo, no output processing) or are those
 * of a terminal: a job that was started without one, and has not changed its settings, gets
 * echo and output processing when somebody attaches with one. *initial, with which it is started
 * again, gets them in any case.
 */
void pty_adapt(struct pty *pty, struct termios *initial, bool had_echo, bool had_opost);

/*
 * Sends all of data as if typed, or nothing. What the job's input does not take now waits until it
 * does, and is never mixed with later calls' data; on_typed is called when nothing waits any more.
 * 0, 1 (some of it waits), -ENOBUFS (too much waits already: the job does not read) or another
 * -errno.
 */
int pty_type(struct pty *pty, const void *data, size_t len);

/* The foreground process group, or -errno (-ENOTTY none). */
pid_t pty_foreground(const struct pty *pty);

/* Makes a group the foreground group; SIGTTOU is blocked meanwhile. 0 or -errno. */
int pty_set_foreground(struct pty *pty, pid_t pgid);

/* Hangs up (closes the master). on_closed is called from the loop. Safe to call twice. */
void pty_close(struct pty *pty, void (*on_closed)(struct pty *));

#endif
