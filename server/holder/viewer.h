/*
 * A client that is attached to the job: its connection, and the file its output goes to. The
 * holder writes there directly; the client is not involved.
 *
 * A viewer is a position in the job's log. As long as it keeps up, output goes to it straight
 * from the buffer that was read and logged. When its terminal takes no more, it falls behind, and
 * what it missed is read back from the log as it becomes writable: nothing is queued in memory
 * beyond one chunk, whatever it is and however slow. For a writer the holder stops reading the
 * job meanwhile, as a slow terminal would make it; a watcher that falls behind by more than
 * VIEWER_LAG_MAX is brought up to date by a restore.
 *
 * A restore (common/terminal/tracker.h) is the same thing with a prelude: text, then ranges of the
 * log through the replay filter, then text, then live from there on. Where that is too long, or was
 * written for another size, the screen is made from the log and painted (common/snapshot.h): its
 * text is in memory until the terminal has taken it.
 *
 * A viewer with a terminal of another size than the job's gets pictures of the job's screen.
 *
 * The end has an order: everything up to the offset at which it was decided to leave, then the
 * undo of the modes that are set then, then, if answers to questions may still be under way, a
 * marker behind whose answer there are none (`marked`, `drained`), then `left` to the client, then
 * the connection closes.
 */
#ifndef JS_SERVER_HOLDER_VIEWER_H
#define JS_SERVER_HOLDER_VIEWER_H

#include <stdbool.h>
#include <termios.h>

#include "common/channel.h"
#include "common/joblog.h"
#include "common/logstreams.h"
#include "common/terminal/replay.h"
#include "common/terminal/tracker.h"
#include "server/holder/asked.h"
#include "server/holder/journal.h"

#define VIEWER_CHUNK   (64u << 10) /* most bytes held in memory for one viewer */
#define VIEWER_LAG_MAX (1u << 20)
#define VIEWER_REPLAY  (1u << 20) /* bytes of log replayed at a restore, at most, by default */

struct viewer;

/* What viewers read from; owned by the holder. */
struct viewer_source {
    const struct journal *journal;
    const struct tracker *tracker; /* NULL of a job without a terminal */
    const struct asked *asked;
    int dir_fd;
};

struct viewer_ops {
    /* A message of the client. */
    void (*on_frame)(struct viewer *viewer, struct wire_frame *frame);
    /* It is going to leave, or to get pictures: what output it has not got by now it will not. */
    void (*on_missing)(struct viewer *viewer);
    /* It has got everything there is. */
    void (*on_caught_up)(struct viewer *viewer);
    /*
     * It is leaving and all it should get has been written: the holder sends `left` with
     * viewer->leaving and calls viewer_end. Also called when its output failed: leaving is
     * LEFT_OUTPUT_CLOSED then. After viewer_rescue it only calls viewer_end.
     */
    void (*on_left)(struct viewer *viewer);
    /* The client is gone without a word (killed, or its terminal closed). Call viewer_rescue. */
    void (*on_lost)(struct viewer *viewer);
    /* Nothing refers to it any more: unlink and viewer_destroy it. */
    void (*on_closed)(struct viewer *viewer);
};

struct viewer {
    struct viewer *next; /* holder::viewers */
    struct channel channel;
    const struct viewer_ops *ops;
    const struct viewer_source *source;
    void *data; /* the holder's */
    uv_poll_t out_poll;
    bool out_polling; /* out_poll is initialised */
    unsigned handles; /* channel and out_poll, as long as they are open */
    int out_fd;       /* owned */
    int stat_fd;      /* /proc/PID/stat of the client, to see that it is stopped; owned */
    bool out_is_socket;
    bool suspended; /* the client is stopped (SIGSTOP): its terminal belongs to its shell now */
    uint64_t checked_ms; /* when that was last looked at (uv_now), and output since */
    size_t unchecked;

    enum attach_mode mode;
    uint32_t number; /* from 1, of no other viewer of this job */
    char *tty;       /* NULL: the output is no terminal, or stands for none; owned */
    char *name;      /* of the terminal it is on, for people; NULL: none; owned */
    bool keys;
    bool piped; /* its input is data: nothing else may get in between */
    pid_t pid;
    unsigned rows, cols;
    bool takes_size;        /* its client is told when it has lost the size */
    unsigned width, height; /* of all of them in pixels, 0 = unknown */

    /* What its terminal is asked: by the job, and once by us, which its client wants. */
    bool marks;             /* the client waits for the answers to markers, and takes them out */
    uint32_t markers;       /* so many went out */
    bool drain_due;         /* the last one of them did: its client is to wait for the answer */
    bool draining;          /* and does */
    bool ask_due;           /* profile_questions go out between two sequences of the output */
    uint64_t answers_until; /* uv_now() up to which answers to questions may still come */
    uint64_t profile_until; /* the same for profile_questions; 0 = not asked, or answered */
    struct termios original, raw;
    bool has_termios;

    struct bytes pending; /* to be written before anything else */
    size_t pending_at;
    struct tracker_plan plan; /* of the restore under way */
    size_t plan_at;           /* next of its ranges */
    bool restoring;
    bool titled;  /* the terminal's own title is saved on its stack; or there is no terminal */
    bool repaint; /* a restore is due as soon as it has caught up */
    enum restore_mode restore;
    uint64_t replay_limit; /* bytes of the log, at most */
    struct replay *replay;
    struct joblog log; /* for reading back */
    uint64_t cursor;   /* offset of the next live byte it has not got */

    /* A terminal of another size gets pictures: see viewer_mirror.c. */
    bool mirrored;
    struct typing typing;   /* how it encodes a writer's keys meanwhile */
    bool shown;             /* it has got something of the job's output */
    bool frame_due;         /* there is something new to see */
    uint64_t frame_ms;      /* when the last one was painted (uv_now) */
    struct screen *picture; /* what it showed, at offset `pictured`; owned, or NULL */
    uint64_t pictured;

    uv_timer_t timer; /* for the next picture, or for its client to have drained */
    bool timer_open;

    struct viewer_streams *streams; /* of a job without a terminal: see viewer_streams.c; owned */

    enum left_reason leaving; /* 0 = staying */
    char *by_tty;             /* who made it leave; owned */
    pid_t by_pid;
    uint64_t leave_at; /* live bytes from here on are not for it */
    struct bytes undo;
    bool undone;
    bool left; /* on_left was called */
    bool lost; /* the client is gone: there is nobody to tell, only a terminal to give back */
};

/*
 * A viewer for a client. Takes over out_fd and conn_fd, also on failure. It starts at the end of
 * the log; see viewer_restore. NULL and *ret_error = -errno on failure.
 */
struct viewer *viewer_create(uv_loop_t *loop, const struct viewer_source *source,
                             const struct msg_terminal *terminal, enum attach_mode mode, pid_t pid,
                             int out_fd, int conn_fd, const struct viewer_ops *ops, void *data,
                             int *ret_error);

/*
 * The job has no terminal: its viewer's output gets bytes and nothing else. Takes over errors_fd,
 * also on failure, for the job's standard error; -1: that goes to the output, too. 0 or -errno.
 */
int viewer_set_streams(struct viewer *viewer, int errors_fd);

/* Its terminal, or the job's, has another size: it may begin or end to get pictures. */
void viewer_size_changed(struct viewer *viewer);

/* The job's terminal is about to have that size: what is to get pictures then is given back its
 * terminal as long as it is known what has to be undone there. viewer_size_changed has to follow.
 */
void viewer_size_changes(struct viewer *viewer, unsigned rows, unsigned cols);

/* Brings its terminal to what it would show had it been attached all along. */
void viewer_restore(struct viewer *viewer, unsigned history_lines);

/*
 * New output: len bytes that are in the log at offset, all of one stream. If it is a terminal,
 * questions in them that somebody else answers (source->asked) are left out.
 */
void viewer_output(struct viewer *viewer, uint64_t offset, enum logstreams_stream stream,
                   const void *data, size_t len);

/* Whether the job has to wait for it: a writer that has not got everything. */
bool viewer_holds_job(const struct viewer *viewer);

/* The same of one stream of a job without a terminal: neither waits for the other. */
bool viewer_holds_stream(const struct viewer *viewer, enum logstreams_stream stream);

bool viewer_is_writer(const struct viewer *viewer);

/* Whether it gets the job's questions, and what its terminal answers reaches the job. */
bool viewer_can_answer(const struct viewer *viewer);

/*
 * The client was continued, or says that its terminal is its own again: it gets what it has missed,
 * then, for the shell may have written there meanwhile, a restore.
 */
void viewer_resumed(struct viewer *viewer);

/* Its client takes the answers: its terminal is asked what it is like, as soon as it may be. */
void viewer_ask(struct viewer *viewer);

/* Its client has got the last answers: nothing keeps it from leaving any more. */
void viewer_drained(struct viewer *viewer);

/* Its terminal is asked something by the job. */
void viewer_note_question(struct viewer *viewer);

/* Starts the end described above. Only the first reason counts. */
void viewer_leave(struct viewer *viewer, enum left_reason reason);

/*
 * Raw mode for its terminal, unless the client was quicker or has gone and somebody else has
 * changed the settings since. Called before it is shown anything.
 */
void viewer_enter_raw(struct viewer *viewer);

/* The original settings of its terminal, unless somebody has set others than raw mode since. */
void viewer_leave_raw(struct viewer *viewer);

/*
 * For a client that died: gives its terminal back. The original settings at once, unless somebody
 * else has changed them since; then the rest of what is being written, so that no sequence stays
 * cut, and the undo, as soon as the terminal takes them: it may be full, or the user's shell may be
 * writing there in this moment (EAGAIN). Calls on_left when that is done or cannot be, maybe before
 * it returns.
 */
void viewer_rescue(struct viewer *viewer);

/* Starts the asynchronous end: what is queued for the client is still sent. Safe to call twice. */
void viewer_end(struct viewer *viewer);

/* Frees it; after on_closed only. */
void viewer_destroy(struct viewer *viewer);

#endif
