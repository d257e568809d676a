/*
 * A holder: the process that owns one job. It is the session leader; it has the PTY master, waits
 * for the job, writes its log and record, serves its viewers, and ends when the job has ended and
 * everybody has been told.
 *
 * It is forked from the template (server/template.h) and gets a listening socket and the job's
 * lock, nothing else. The server that asked for it is in the socket's backlog already and sends
 * `start`.
 *
 * The end of a job has an order (DESIGN section 2, rules 3 and 5):
 *
 *   the leader exits ........ it is kept as a zombie, so that its group's number stays ours
 *   its output is drained ... to EAGAIN or EIO, at most HOLDER_DRAIN_MS
 *   the rest is dealt with .. killed to the last (js kill), or hung up (a normal end)
 *   the leader is reaped
 *   the record is written ... then servers are told, then viewers, when they have every byte
 *                             (all that once for each attempt, but that the viewers stay)
 *   the process exits ....... when all of them have been told or are gone
 */
#ifndef JS_SERVER_HOLDER_HOLDER_H
#define JS_SERVER_HOLDER_HOLDER_H

#include <uv.h>

#include "common/sockfile.h"
#include "common/terminal/profile.h"
#include "server/holder/alarm.h"
#include "server/holder/asked.h"
#include "server/holder/control.h"
#include "server/holder/journal.h"
#include "server/holder/killer.h"
#include "server/holder/launch.h"
#include "server/holder/live_env.h"
#include "server/holder/pipes.h"
#include "server/holder/pty.h"
#include "server/holder/states.h"
#include "server/holder/viewer.h"

#define HOLDER_DRAIN_MS 1000u /* for the output of an ended job, when somebody still writes */
#define HOLDER_STOP_MS  250u  /* from SIGTSTP to SIGSTOP */

/* Somebody who asked for something that takes a while. */
struct holder_waiter {
    struct holder_waiter *next;
    struct control *control; /* NULL once that server is gone */
    uint32_t request_id;
    enum message_type request; /* MSG_KILL, MSG_STOP, MSG_FOLLOW, MSG_SEND */
    uint64_t offset;           /* for MSG_FOLLOW */
};

/* Bells, notifications, and whether the job asks: see holder_notices.c. Zeroed is none. */
struct notices {
    uv_timer_t bell_timer;    /* runs while bells wait to be told */
    uint64_t bells;           /* that have not been told */
    uint64_t bell_ms;         /* when some were (uv_now); 0 = never */
    struct bytes title, text; /* of the notification whose pieces come */
    uint64_t window_ms;       /* in which `told` of them were told (uv_now) */
    unsigned told;
    uint64_t left_out;     /* since the last one that was told */
    uv_timer_t asks_timer; /* runs for a moment after the job's output */
    uint64_t output_ms;    /* when it printed something last, or was started (uv_now) */
    bool looked_again;     /* the timer runs for the second time since then */
};

struct holder {
    uv_loop_t loop;
    struct listener listener;
    struct sockfile socket; /* where listener is found */
    uv_signal_t sigchld;
    uv_signal_t sigusr1;
    uv_timer_t drain_timer;
    uv_timer_t stop_timer;
    uv_timer_t title_timer;
    uint64_t title_told_ms;   /* when the servers were told the title (uv_now) */
    uv_timer_t attempt_timer; /* its end for lack of time, or the next one's start */
    struct alarm due;         /* of a job that waits */
    struct watch *watch;      /* of a job that follows files, see holder_watch.c; owned */
    struct killer killer;
    struct cgroup cgroup; /* of the attempt that runs, when its limits need one */
    struct launch launch;
    struct pty pty;
    struct pipes *pipes; /* instead, of a job without a terminal; owned */
    struct journal journal;
    struct live_env live;
    struct notices notices;
    struct tracker *tracker; /* NULL of a job without a terminal */
    uint64_t kept;           /* the offset at which it was last seen to that snapshots are cheap */
    struct asked asked;
    struct profile profile; /* of the terminal that was attached last */
    struct viewer_source source;

    struct control *controls;
    struct viewer *viewers;
    struct viewer *size_owner; /* see holder_size_owner; NULL = none */
    uint32_t viewer_number;    /* of the newest */
    struct holder_waiter *waiters;

    struct job_info info;
    enum job_state state;
    struct msg_run *run;     /* until it has been started for the last time; owned */
    int pts_fd;              /* see holder_attempts.c; owned; -1 = none */
    struct termios settings; /* of the terminal when an attempt begins */
    uint64_t grace_ms;
    uint32_t leftovers; /* enum config_leftovers */
    int lock_fd;        /* held for life */
    int script_fd;      /* for every attempt (common/sealed.h), -1 = none; owned */
    int state_fd;       /* the job's state directory; owned */
    char runtime_dir[512];
    char state_dir[4096];
    bool plain_echo, plain_opost; /* the job began without them: see pty_adapt */

    struct control *starter; /* who sent `start` */
    uint32_t start_request;
    struct viewer *first_viewer; /* whoever ran the job attached, until it is told */
    uint32_t first_request;
    char *note; /* what the job waits for, for that one; owned */

    struct job_usage earlier; /* of attempts that other holders had */
    uint64_t peak;            /* the most memory that was seen in use */
    uint64_t cgroup_cpu_ms;   /* of attempts that have ended, whose cgroups counted it */
    char *why;                /* of a start that failed, where errno does not tell; owned */

    bool leader_waits;      /* the leader is a zombie, not reaped yet */
    bool expected;          /* the server that asked for this holder has connected */
    bool abandoned;         /* and is gone */
    bool known;             /* there is a record of the job: it does not go without a trace */
    bool begun;             /* whoever asked for it has been answered */
    enum end_reason ending; /* somebody asked for its end, or its time is over: why; 0 = not */
    uint64_t scheduled_ns;  /* when the attempt under way was due, of a job with a schedule */
    bool waits_told;        /* to the viewers: the job waits */
    bool hurried;           /* it was started before its scheduled time */
    bool last;              /* no attempt follows this one, whatever the plan says */
    bool closing;
};

/*
 * What a holder can do before it has a job: session, signals, loop. The template keeps one holder
 * in that state, so that a job need not wait for it. 0 or -errno.
 */
int holder_init(struct holder *holder);

/*
 * The rest of its life, from its job's start to its end. listen_fd: its listening socket, with the
 * server's connection waiting; lock_fd: the job's lock, taken or about to be free. Both are taken
 * over. 0 or -errno.
 */
int holder_run(struct holder *holder, uint32_t id, int listen_fd, int lock_fd);

/*
 * `start`: takes over *run from the message and its descriptors (common/run_fds.h). The answer
 * comes later.
 */
void holder_start(struct holder *holder, struct control *starter, uint32_t request_id,
                  struct msg_start *start, struct channel_fds *fds);

/* `adopt`: attaches a client; takes over both descriptors. The client is answered here. */
void holder_adopt(struct holder *holder, struct control *control, uint32_t request_id,
                  const struct msg_adopt *adopt, struct channel_fds *fds);

/* Tells the viewers when the job begins to wait, and when it does no longer. */
void holder_tell_waiting(struct holder *holder);

/* Tells one that has just been attached for what it waits (note may be NULL); nothing if not. */
void holder_greet_waiting(struct holder *holder, struct viewer *viewer, const char *note);

/*
 * What was asked of a job beyond a single run, if anything: before it is launched first. Whether it
 * waits, and is not to be launched now.
 */
bool holder_waits(struct holder *holder);

/* Begins an attempt: prepares the program and forks it. 0, or -errno with *ret_stage. */
int holder_launch(struct holder *holder, enum start_stage *ret_stage);

/* The attempt's program runs. */
void holder_note_started(struct holder *holder);

/*
 * An attempt is over: its leader is reaped, the rest dealt with, holder->info.end says how. Whether
 * there is going to be another one; if not, the job has ended.
 */
bool holder_goes_on(struct holder *holder);

/* The attempt under way, if there is one, has ended as holder->info.end says: it is noted. */
void holder_close_attempt(struct holder *holder);

/* `begin`, or the job's time: a job that waits is started. */
void holder_begin(struct holder *holder);

/* `retry`: the next attempt is wanted now. 0, or -EBUSY when it is under way or not its turn. */
int holder_hurry(struct holder *holder);

/* The job has been there before: this is its record. 0 or -errno. */
int holder_resume(struct holder *holder, const struct job_info *before);

/* Ends a job of which no attempt is under way. */
void holder_cancel(struct holder *holder, enum end_reason reason);

/* Whether there may be an attempt after this one, or after this wait. */
bool holder_may_start_again(const struct holder *holder);

/*
 * Starts the next attempt, or waits for its turn: of a job between two attempts, or whose attempt
 * is just over.
 */
void holder_start_next(struct holder *holder);

/* Starts the program of an attempt whose preparations (plan->before) are over. */
void holder_start_program(struct holder *holder);

/* Its next attempt comes when something happens; when: for people, behind "the next one". */
void holder_wait_for_event(struct holder *holder, const char *when);

/* A line of ours, between two attempts, for whoever looks at a terminal; its modes are undone. */
void holder_say_line(struct holder *holder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A job that is started again when files change (holder_watch.c). For others these do nothing, and
 * the answer is false. */

/* Before an attempt: begins to watch, unless it does already. 0 or -errno. */
int holder_watch_open(struct holder *holder);

/* Whether what runs, or has run, is what comes before the program. */
bool holder_watch_is_preparing(const struct holder *holder);

/* The job runs, or has been continued: deals with what has changed before. */
void holder_watch_check(struct holder *holder);

/* What ran before the program is over; holder->info.end says how. Whether the program was started.
 */
bool holder_watch_goes_on(struct holder *holder);

/* The attempt is over, and nothing else will start the next one. Whether a change will, or has. */
bool holder_watch_waits(struct holder *holder);

/* Whether a change that is known already starts the next attempt. */
bool holder_watch_has_change(const struct holder *holder);

/* An attempt is about to begin: what has changed is told, and done with. */
void holder_watch_begin(struct holder *holder);

/*
 * Whether the job waits for a change, and for nothing else. The terminal is the holder's then: what
 * is typed goes there, and ^C (SIGINT) ends the job, as it would end any program that watches.
 */
bool holder_watch_is_all(const struct holder *holder);

/* The job waits for something else, or not at all. */
void holder_watch_wait_no_more(struct holder *holder);

/* Ends the watcher. */
void holder_watch_close(struct holder *holder);
void holder_watch_finish(struct holder *holder); /* and frees its memory */

/* Forks the program onto holder->pts_fd. The rest comes later. 0, or -errno with *ret_stage. */
int holder_fork(struct holder *holder, enum start_stage *ret_stage);

/* The program could not be started: the job has failed, or if nobody has heard of it, never was. */
void holder_fail_start(struct holder *holder, enum start_stage stage, int error);

/* Everything is dealt with: the job has ended, and is told so. */
void holder_end(struct holder *holder);

/* Puts text (not the job's) into the output: the log has it, and whoever looks. */
void holder_say(struct holder *holder, const void *text, size_t len);

/* The other requests. Each sends the answer, now or when it has come to pass. */
void holder_request(struct holder *holder, struct control *control, struct wire_frame *frame);

/* A control connection has gone: nothing may refer to it any more. */
void holder_forget_control(struct holder *holder, struct control *control);

/* Fills what changes all the time (viewers, log, title) into holder->info. */
void holder_refresh_info(struct holder *holder);

/* The job's state or viewers changed: writes the record, tells the servers. */
void holder_changed(struct holder *holder);

/* The PTY has output, or its end (pty_readable_fn). */
void holder_on_output(struct pty *pty);

/* All that was typed for somebody (pty_type) has been taken by the terminal. */
void holder_on_typed(struct pty *pty);
/* The same of a job without a terminal (pipes_readable_fn). */
void holder_on_pipe(struct pipes *pipes, enum pipes_stream stream);

/* What was read of a job without a terminal goes to the log, then to viewers. */
void holder_handle_stream(struct holder *holder, enum logstreams_stream stream, const void *data,
                          size_t len);

/* Reads to the end of what there is. Returns -EAGAIN, -EIO, or 0 when there may be more. */
int holder_drain(struct holder *holder);
int holder_drain_pipes(struct holder *holder);

/* holder_update_reading, of a job without a terminal. anyway: whoever is slow. */
void holder_update_pipes(struct holder *holder, bool anyway);

/* The leader is dead and its output read: deals with what is left of the job. */
void holder_settle(struct holder *holder);

/* A descriptor for a client to write what is typed, or the job's input, to: the caller's; -1 when a
 * job without a terminal takes none. 0 or -errno. */
int holder_pass_input(const struct holder *holder, int *ret_fd);

/* Stops or goes on reading the job's output, as its viewers can take it. */
void holder_update_reading(struct holder *holder);

/* Gives the job's terminal that size (valid, see common/size.h). 0 or -errno. */
int holder_set_size(struct holder *holder, unsigned rows, unsigned cols);

/* The viewer whose terminal's size the job's terminal has: the writer that attached, changed its
 * size or was typed at last. NULL when there is none. */
const struct viewer *holder_size_owner(const struct holder *holder);

/* A question in the output (tracker_question_fn): the writer's terminal is asked, or answers for
 * it. */
void holder_on_question(void *holder, const struct question *question);

/*
 * Whether somebody is to get the output without questions that are in it, so that they must be
 * found before it is shown.
 */
bool holder_filters_output(const struct holder *holder);

/* A viewer leaves, or is gone: answers what its terminal has been asked, but will never get. */
void holder_take_over_questions(struct holder *holder, const struct viewer *viewer);

/* A bell or a notification in the output (tracker_notice_fn): the servers are told of it, now or
 * in a moment. */
void holder_on_notice(void *holder, const struct notice *notice);

/* The job has printed something, or begins to run: a look will tell whether it asks for input. */
void holder_watch_asking(struct holder *holder);

/* What does not end by itself is killed now (killer::on_grace_over): the servers are told. */
void holder_on_grace_over(struct killer *killer);

/* Makes what these need of the loop. 0 or -errno. */
int holder_open_notices(struct holder *holder);

/* The job ends: what waits to be told is told. */
void holder_flush_notices(struct holder *holder);

/* The handles are closed from the loop. */
void holder_close_notices(struct holder *holder);

/* Tells the servers the title of the job's terminal if it has changed, now or in a moment. */
void holder_check_title(struct holder *holder);

/* The viewers' callbacks. */
extern const struct viewer_ops holder_viewer_ops;

/* Answers those who wait for this kind of request; `offset` as in struct holder_waiter. */
void holder_answer_waiters(struct holder *holder, enum message_type request, uint64_t offset);

/* The job runs: the file of its socket, which the server made, is the holder's own from here on. */
void holder_note_socket(struct holder *holder);

/*
 * Puts the socket back if its file has been removed (by whoever cleans up temporary files), and the
 * links of the live environment. 0, or
 * -errno with text (of size bytes): what is in the way, or could not be made.
 */
int holder_put_socket_back(struct holder *holder, char *text, size_t size);

/* The same without anybody who asked for it: failures are logged. */
void holder_check_socket(struct holder *holder);

/*
 * The job has ended: removes the socket and the job's runtime directory, unless something that is
 * not the holder's own is in the socket's place.
 */
void holder_remove_socket(struct holder *holder);

/* Ends the process when nothing is left to do. */
void holder_maybe_exit(struct holder *holder);

/*
 * A job that waits is not to find out at its turn that its limits cannot be kept. 0, or -errno with
 * holder->why.
 */
int holder_check_cgroup(struct holder *holder);

/*
 * Makes the cgroup of the attempt that is to start, if its plan asks for one. 0 with an fd for the
 * program to enter by (the caller's; -1 = there is no cgroup), or -errno with holder->why.
 */
int holder_make_cgroup(struct holder *holder, int *ret_fd);

/* The attempt is over, or has not come about: its cgroup goes. */
void holder_leave_cgroup(struct holder *holder);

/* Tells what the job uses now and has used in all its attempts. */
void holder_read_usage(struct holder *holder, struct job_usage *ret);

/* The attempt is over, its processes are reaped: puts what was used into holder->info. */
void holder_note_usage(struct holder *holder);

/* Continues the job: foreground group, then SIGCONT to the whole group. 0 or -errno. */
int holder_continue(struct holder *holder);

#endif
