/* Being attached, in three files: attach.c has the order of the whole, attach_input.c all that is
 * typed, attach_bare.c what is different of a job without a terminal. */
#ifndef JS_CLIENT_ATTACH_INTERNAL_H
#define JS_CLIENT_ATTACH_INTERNAL_H

#include "client/ask.h"
#include "client/attach.h"
#include "client/chord.h"
#include "client/cook.h"
#include "client/input.h"
#include "client/raw_tty.h"
#include "client/relay.h"

enum { ATTACH_SIGNALS = 7, ATTACH_RELAYS = 3 };

struct attach {
    struct connection *connection;
    const struct attach_options *options;
    struct raw_tty tty;
    struct ask ask;
    struct chord chord;
    struct cook cook;
    struct input input;
    bool input_open, input_ended;
    uv_signal_t signals[ATTACH_SIGNALS];
    uv_timer_t sequence_timer;
    uv_timer_t leave_timer;
    uv_timer_t ask_timer;  /* to ask, then for the answers */
    uv_timer_t held_timer; /* for the rest of an answer */
    uv_poll_t ptmx_poll;
    bool ptmx_polling;
    int ptmx_fd;        /* -1 before the holder's answer, and for watchers; of a job without a
                           terminal the pipe that it reads, -1: none; owned */
    struct bytes keys;  /* for the job, not written yet */
    struct bytes after; /* what came behind the chord: maybe answers */
    struct relay relays[ATTACH_RELAYS]; /* for outputs that the holder cannot write to */
    size_t relay_count;
    bool bare;  /* the job has no terminal: see attach_bare.c */
    int early;  /* a signal that came before the holder's answer; 0 = none */
    bool apart; /* its standard error goes to ours */
    uint32_t job;
    bool attached, done;
    bool continued;   /* after a stop, before anybody could be told */
    struct size told; /* the size in the request; 0x0: none */
    bool size_taken;  /* another terminal's size counts, until this one is typed at */
    bool waits;       /* the job does not run yet, or not just now: ^C leaves it waiting */
    bool leave_asked; /* the chord came before the holder's answer */
    int status;       /* exit status, once done */
    int signal;       /* that made us leave */
};

/* Ends it with that exit status; only the first counts. */
void attach_finish(struct attach *attach, int status);

/* The user, or a signal, wants to go. */
void attach_ask_to_leave(struct attach *attach);

/* Tells the holder the terminal's size: MSG_RESIZE or MSG_RESUMED. */
void attach_send_size(struct attach *attach, enum message_type type);

/* input_readable_fn of fd 0, whatever that is. */
void attach_on_input(struct input *input);

/* Writes what there is for the job, as far as it goes now. */
void attach_write_keys(struct attach *attach);

/* The settings of the job's terminal; all zero when it is gone. */
void attach_job_termios(const struct attach *attach, struct termios *ret);

/* Whether the terminal may be asked what it is like. */
bool attach_may_ask(const struct attach *attach);

/* If so, it will be in a moment. */
void attach_ask_terminal(struct attach *attach);

/* The job's output has ended, with so many markers in it: waits for the answers that are still
 * under way, and says so. They are not for the shell, but for the job, if it asked. */
void attach_await_answers(struct attach *attach, uint32_t markers);

/* attach_bare.c */

/* From here on it is known that the job has no terminal. */
void attach_bare_begin(struct attach *attach);

/* Fills what is different in the description. */
void attach_bare_describe(struct attach *attach, struct msg_terminal *terminal);

/* The holder has answered. */
void attach_bare_settle(struct attach *attach);

/* Our terminal, or somebody else, has sent us that signal: it is for the job, as soon as it can be
 * reached. A second one before that is for us: false. */
bool attach_bare_raise(struct attach *attach, int number);

/* There is no more input: once all of it went to the job, it is told so. */
void attach_bare_end_input(struct attach *attach);

#endif
