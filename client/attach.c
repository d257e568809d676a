#include "client/attach.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/ask.h"
#include "client/chord.h"
#include "client/cook.h"
#include "client/input.h"
#include "client/raw_tty.h"
#include "client/relay.h"
#include "client/report.h"
#include "common/fd.h"
#include "common/terminal/tracker.h"

#define READ_SIZE   4096u
#define KEYS_MAX    (1u << 20) /* keys kept for a job that does not read; the rest is dropped */
#define COOKED_MAX  4096u      /* input kept for it: no more is read until it went */
#define SEQUENCE_MS 100u       /* for the rest of a key's escape sequence */
#define LEAVE_MS    1000u      /* for the holder to let us go */
#define ASK_MS      100u       /* a job that ends before that need not know its terminal */
#define ANSWER_MS   5000u      /* for the terminal's answers */
#define HELD_MS     25u        /* for the rest of one that was cut */

enum { SIGNALS = 7 };
static const int signal_numbers[SIGNALS] = {SIGWINCH, SIGCONT, SIGTERM, SIGHUP,
                                            SIGINT,   SIGQUIT, SIGTSTP};

struct attach {
    struct connection *connection;
    const struct attach_options *options;
    struct raw_tty tty;
    struct ask ask;
    struct chord chord;
    struct cook cook;
    struct input input;
    bool input_open, input_ended;
    uv_signal_t signals[SIGNALS];
    uv_timer_t sequence_timer;
    uv_timer_t leave_timer;
    uv_timer_t ask_timer;  /* to ask, then for the answers */
    uv_timer_t held_timer; /* for the rest of an answer */
    uv_poll_t ptmx_poll;
    bool ptmx_polling;
    int ptmx_fd;        /* -1 before the holder's answer, and for watchers; owned */
    struct bytes keys;  /* for the job, not written yet */
    struct relay relay; /* for an output that the holder cannot write to */
    uint32_t job;
    bool attached, done;
    bool leave_asked; /* the chord came before the holder's answer */
    int status;       /* exit status, once done */
    int signal;       /* that made us leave */
};

static void finish(struct attach *attach, int status)
{
    if (attach->done)
        return;
    attach->done = true;
    attach->status = status;
    attach->connection->given_up = true;
    uv_stop(&attach->connection->loop);
}

/* The holder cannot undo what the job set in the terminal. */
static void undo_unknown(const struct attach *attach)
{
    if (!attach->tty.tty)
        return;
    fputs(tracker_undo_unknown(), stdout);
    fflush(stdout);
}

/* Keys */

static void write_keys(struct attach *attach);

static void on_ptmx(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    write_keys(poll->data);
}

static bool wait_for_room(struct attach *attach)
{
    if (!attach->ptmx_polling) {
        if (uv_poll_init(&attach->connection->loop, &attach->ptmx_poll, attach->ptmx_fd) < 0)
            return false;
        attach->ptmx_poll.data = attach;
        attach->ptmx_polling = true;
    }
    return uv_poll_start(&attach->ptmx_poll, UV_WRITABLE, on_ptmx) == 0;
}

static void write_keys(struct attach *attach)
{
    size_t at = 0;
    while (attach->ptmx_fd >= 0 && at < attach->keys.len) {
        ssize_t n = write(attach->ptmx_fd, attach->keys.data + at, attach->keys.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && wait_for_room(attach))
            break;
        if (n < 0)
            at = attach->keys.len; /* the job is gone: the holder will say so */
        else
            at += (size_t)n;
    }
    bytes_consume(&attach->keys, at);
    if (attach->keys.len == 0 && attach->ptmx_polling)
        uv_poll_stop(&attach->ptmx_poll);
    /* Keys are always read, or the detach chord would not be seen; other input can wait. */
    if (!attach->tty.keys && attach->input_open && !attach->input_ended)
        input_set_reading(&attach->input, attach->attached && attach->keys.len <= COOKED_MAX);
}

static void ask_to_leave(struct attach *attach);

static void on_sequence_timer(uv_timer_t *timer)
{
    struct attach *attach = timer->data;
    chord_flush(&attach->chord, &attach->keys);
    write_keys(attach);
}

/* Before the job runs, and when nothing goes there, ^C still has to do what it says. */
static bool is_interrupt(const struct attach *attach, const char *data, size_t len)
{
    return memchr(data, attach->tty.original.c_cc[VINTR], len) != NULL;
}

static void handle_keys(struct attach *attach, const char *data, size_t len)
{
    bool detach = false;
    size_t before = attach->keys.len;
    if (!attach->attached && is_interrupt(attach, data, len)) {
        finish(attach, EXIT_SIGNAL_BASE + SIGINT);
        return;
    }
    if (attach->leave_asked)
        return;
    chord_feed(&attach->chord, (const uint8_t *)data, len, &attach->keys, &detach);
    if (attach->options->watch) {
        attach->keys.len = 0;
        detach = detach || is_interrupt(attach, data, len);
    }
    if (attach->keys.len > KEYS_MAX)
        attach->keys.len = before;
    write_keys(attach);
    if (chord_pending(&attach->chord))
        uv_timer_start(&attach->sequence_timer, on_sequence_timer, SEQUENCE_MS, 0);
    else
        uv_timer_stop(&attach->sequence_timer);
    if (detach)
        ask_to_leave(attach);
}

/* The terminal's answers among them */

static void on_held_timer(uv_timer_t *timer)
{
    struct attach *attach = timer->data;
    struct bytes keys = {0};
    ask_flush(&attach->ask, &keys);
    if (keys.len > 0)
        handle_keys(attach, (const char *)keys.data, keys.len);
    bytes_finish(&keys);
}

static void send_answers(struct attach *attach)
{
    struct bytes *answers = &attach->ask.answers;
    struct msg_answers body = {.answers = {.data = answers->data, .len = answers->len}};
    channel_send(&attach->connection->channel, MSG_ANSWERS, 0, &body, NULL, 0);
    uv_timer_stop(&attach->ask_timer);
    bytes_finish(answers);
}

static void handle_answers(struct attach *attach, const char *data, size_t len)
{
    struct bytes keys = {0};
    if (ask_feed(&attach->ask, (const uint8_t *)data, len, &keys))
        send_answers(attach);
    if (keys.len > 0)
        handle_keys(attach, (const char *)keys.data, keys.len);
    bytes_finish(&keys);
    if (ask_is_holding(&attach->ask))
        uv_timer_start(&attach->held_timer, on_held_timer, HELD_MS, 0);
    else
        uv_timer_stop(&attach->held_timer);
}

static void on_answer_timer(uv_timer_t *timer)
{
    struct attach *attach = timer->data;
    attach->ask.state = ASK_OFF;
    on_held_timer(timer);
}

static void on_ask_timer(uv_timer_t *timer)
{
    struct attach *attach = timer->data;
    struct msg_empty body = {0};
    if (attach->leave_asked || attach->done)
        return;
    ask_begin(&attach->ask);
    channel_send(&attach->connection->channel, MSG_ASK, 0, &body, NULL, 0);
    uv_timer_start(timer, on_answer_timer, ANSWER_MS, 0);
}

static bool may_ask(const struct attach *attach)
{
    return attach->tty.keys && !attach->options->watch && ask_is_safe(getenv("TERM"));
}

/* Those that are still under way are not for the shell, but for the job, if it asked. */
static void await_answers(struct attach *attach, uint32_t markers)
{
    struct bytes answers = {0};
    if (!attach->tty.is_raw || attach->ask.marked >= markers)
        return;
    ask_drain(&attach->ask, 0, markers, &answers);
    ssize_t n = answers.len > 0 && attach->ptmx_fd >= 0
                    ? write(attach->ptmx_fd, answers.data, answers.len)
                    : 0;
    (void)n; /* a job that has ended, or does not read, misses nothing */
    bytes_finish(&answers);
}

/* Input that is no keyboard */

static void job_termios(const struct attach *attach, struct termios *ret)
{
    if (tcgetattr(attach->ptmx_fd, ret) < 0)
        memset(ret, 0, sizeof(*ret));
}

static void handle_data(struct attach *attach, const char *data, size_t len)
{
    struct termios tio;
    if (attach->options->watch)
        return;
    job_termios(attach, &tio);
    cook_input(&attach->cook, &tio, (const uint8_t *)data, len, &attach->keys);
    write_keys(attach);
}

/* error: -errno of the read, 0 at the end. */
static void handle_end_of_input(struct attach *attach, int error)
{
    struct termios tio;
    if (attach->tty.keys) { /* the terminal is gone; its hang-up is on its way */
        input_set_reading(&attach->input, false);
        attach->input_ended = true;
        return;
    }
    /* A terminal's ^D is the end of one line's input, not of all: it may be typed again. */
    attach->input_ended = !attach->tty.input_is_tty || error < 0 || tcgetattr(0, &tio) < 0;
    if (attach->input_ended)
        input_set_reading(&attach->input, false);
    if (attach->options->watch)
        return;
    job_termios(attach, &tio);
    cook_eof(&attach->cook, &tio, &attach->keys);
    write_keys(attach);
}

static void on_input(struct input *input)
{
    struct attach *attach = input->data;
    char buf[READ_SIZE];
    ssize_t n = input_read(input, buf, sizeof(buf));
    if (n == -EAGAIN || n == -EINTR)
        return;
    if (n <= 0)
        handle_end_of_input(attach, (int)n);
    else if (attach->ask.state != ASK_OFF)
        handle_answers(attach, buf, (size_t)n);
    else if (attach->tty.keys)
        handle_keys(attach, buf, (size_t)n);
    else
        handle_data(attach, buf, (size_t)n);
}

/* Leaving */

static void on_leave_timer(uv_timer_t *timer)
{
    struct attach *attach = timer->data;
    undo_unknown(attach);
    raw_tty_restore(&attach->tty);
    report_error("the holder of job %u does not answer; detached anyway", attach->job);
    finish(attach, attach->signal ? EXIT_SIGNAL_BASE + attach->signal : EXIT_OK);
}

static void ask_to_leave(struct attach *attach)
{
    struct msg_empty body = {0};
    if (!attach->attached && attach->signal) {
        finish(attach, EXIT_SIGNAL_BASE + attach->signal);
        return;
    }
    /* The keys before the chord are still for the job: it waits for the holder's answer, too. */
    attach->leave_asked = true;
    if (!attach->attached)
        return;
    input_set_reading(&attach->input, false);
    channel_send(&attach->connection->channel, MSG_LEAVE, 0, &body, NULL, 0);
    uv_timer_start(&attach->leave_timer, on_leave_timer, LEAVE_MS, 0);
}

static const char *who(const struct msg_left *left, char *buf, size_t size)
{
    snprintf(buf, size, "%s (pid %u)", left->by_tty ? left->by_tty : "no terminal", left->by_pid);
    return buf;
}

static int report_left(struct attach *attach, const struct msg_left *left)
{
    char by[256];
    switch ((enum left_reason)left->reason) {
    case LEFT_ENDED:
        report_death(left->job);
        return report_exit_status(left->job);
    case LEFT_STOPPED:
        report_job_line(left->job, '+', "Stopped");
        return EXIT_STOPPED;
    case LEFT_DETACHED:
        if (attach->signal)
            return EXIT_SIGNAL_BASE + attach->signal;
        report_job_line(left->job, attach->options->watch ? ' ' : '+', "Detached");
        return EXIT_OK;
    case LEFT_DETACHED_FROM:
        report_job_line(left->job, '+', "Detached by js detach");
        return EXIT_OK;
    case LEFT_STOLEN:
        report_error("job %u was taken over on %s", left->job->id, who(left, by, sizeof(by)));
        return EXIT_OK;
    case LEFT_OUTPUT_CLOSED:
        report_error("the output was closed; job %u goes on, detached", left->job->id);
        return EXIT_SIGNAL_BASE + SIGPIPE;
    case LEFT_LAST:
        break;
    }
    return report_error("detached from job %u for a reason this js does not know (%u)",
                        left->job->id, left->reason);
}

static void on_event(struct connection *connection, struct wire_frame *frame)
{
    struct attach *attach = connection->data;
    if (frame->type != MSG_LEFT)
        return;
    const struct msg_left *left = frame->body;
    relay_copy(&attach->relay);
    await_answers(attach, left->markers);
    raw_tty_restore(&attach->tty);
    finish(attach, report_left(attach, left));
}

static void on_lost(struct connection *connection)
{
    struct attach *attach = connection->data;
    if (attach->done || !attach->attached)
        return;
    undo_unknown(attach);
    raw_tty_restore(&attach->tty);
    finish(attach, report_error("the holder of job %u died, and the job with it; what it printed: "
                                "js logs %u",
                                attach->job, attach->job));
}

/*
 * Raw mode begins when the request has been sent: from then on somebody else has the terminal, too,
 * and gives it back should we be killed. Whoever is to be shown there enters it as well, before the
 * first byte.
 */
static void on_sent(struct connection *connection)
{
    struct attach *attach = connection->data;
    raw_tty_enter(&attach->tty);
}

/* Messages are for a terminal in its usual mode. */
static void on_failure(struct connection *connection)
{
    struct attach *attach = connection->data;
    raw_tty_restore(&attach->tty);
}

/* Signals */

static void send_size(struct attach *attach, enum message_type type)
{
    struct msg_resize body = {0};
    if (attach->options->size.rows == 0)
        raw_tty_size(&attach->tty, &body.rows, &body.cols);
    if (attach->attached && (body.rows || type == MSG_RESUMED))
        channel_send(&attach->connection->channel, type, 0, &body, NULL, 0);
}

/* Without raw mode the terminal's keys reach us as signals, and are meant for the job. */
static void type_control(struct attach *attach, int index)
{
    struct termios tio;
    if (attach->ptmx_fd < 0)
        return;
    job_termios(attach, &tio);
    cc_t character = tio.c_cc[index];
    if (character != _POSIX_VDISABLE && write(attach->ptmx_fd, &character, 1) < 0)
        report_error("cannot pass a signal on: %s", strerror(errno));
}

static void handle_interrupt(struct attach *attach, int number)
{
    static const struct {
        int number, index;
    } characters[] = {{SIGINT, VINTR}, {SIGQUIT, VQUIT}, {SIGTSTP, VSUSP}};
    bool for_job = number == SIGTSTP || !attach->tty.keys;
    if (!for_job || !attach->attached || attach->options->watch) {
        attach->signal = number;
        ask_to_leave(attach);
        return;
    }
    for (size_t i = 0; i < 3; i++)
        if (characters[i].number == number)
            type_control(attach, characters[i].index);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct attach *attach = handle->data;
    switch (number) {
    case SIGWINCH:
        send_size(attach, MSG_RESIZE);
        break;
    case SIGCONT:
        raw_tty_enter(&attach->tty);
        send_size(attach, MSG_RESUMED);
        break;
    case SIGHUP: /* the terminal is gone; the holder sees our connection end */
        attach->signal = number;
        finish(attach, EXIT_SIGNAL_BASE + number);
        break;
    case SIGTERM:
        attach->signal = number;
        ask_to_leave(attach);
        break;
    default:
        handle_interrupt(attach, number);
        break;
    }
}

/* Order of the whole */

static int watch_everything(struct attach *attach)
{
    uv_loop_t *loop = &attach->connection->loop;
    uv_timer_init(loop, &attach->sequence_timer);
    uv_timer_init(loop, &attach->leave_timer);
    uv_timer_init(loop, &attach->ask_timer);
    uv_timer_init(loop, &attach->held_timer);
    attach->sequence_timer.data = attach->leave_timer.data = attach;
    attach->ask_timer.data = attach->held_timer.data = attach;
    for (int i = 0; i < SIGNALS; i++) {
        int r = uv_signal_init(loop, &attach->signals[i]);
        attach->signals[i].data = attach;
        if (r == 0)
            r = uv_signal_start(&attach->signals[i], on_signal, signal_numbers[i]);
        if (r < 0)
            return r;
    }
    int r = relay_open(&attach->relay, loop);
    if (r == 0)
        r = input_open(&attach->input, loop, on_input, attach);
    attach->input_open = r == 0;
    /* Until the job runs nothing but keys can go anywhere (see is_interrupt). */
    if (r == 0 && attach->tty.keys)
        input_set_reading(&attach->input, true);
    return r;
}

static int describe(const struct attach *attach, struct msg_terminal **ret)
{
    const struct size *size = &attach->options->size;
    int r = raw_tty_describe(&attach->tty, ret);
    if (r == 0)
        (*ret)->marks = may_ask(attach);
    if (r == 0 && size->rows) {
        (*ret)->rows = size->rows;
        (*ret)->cols = size->cols;
    }
    return r;
}

static int start(struct attach *attach, enum message_type type, const void *body)
{
    int out_fd = raw_tty_output(&attach->relay.fd);
    if (out_fd < 0)
        return report_error("cannot open the output anew: %s", strerror(-out_fd));
    int r = watch_everything(attach);
    if (r < 0) {
        fd_close(out_fd);
        return report_error("cannot watch the terminal: %s", uv_strerror(r));
    }
    r = raw_tty_claim(&attach->tty);
    if (r < 0) {
        fd_close(out_fd);
        return report_error("cannot set the terminal to raw mode: %s", strerror(-r));
    }
    /* A server may go at any moment, and a job may end: the next answer says what has become. */
    attach->connection->patient = true;
    int status = connection_request(attach->connection, type, body, &out_fd, 1);
    attach->connection->patient = false;
    return status;
}

/* `run` was asked again: an earlier server had started the job, and it has ended meanwhile. */
static int report_run(const struct job_info *job)
{
    report_error("job %u ran while the server was replaced; what it printed: js logs %u", job->id,
                 job->id);
    report_death(job);
    return report_exit_status(job);
}

/* The holder's answer has come. */
static int settle_in(struct attach *attach)
{
    struct connection *connection = attach->connection;
    if (connection->reply.type == MSG_JOB) {
        raw_tty_restore(&attach->tty);
        return report_run(connection->reply.body);
    }
    if (connection->reply.type != MSG_ATTACHED)
        return report_error("the server's answer was '%s' and not 'attached'",
                            connection->reply.message->name);
    const struct job_info *info = connection->reply.body;
    attach->job = info->id;
    attach->ptmx_fd = fd_take(&connection->reply_fds.fds[0]);
    attach->attached = true;
    if (info->warning) {
        raw_tty_restore(&attach->tty);
        report_error("job %u: %s", info->id, info->warning);
        raw_tty_enter(&attach->tty);
    }
    write_keys(attach);
    if (may_ask(attach))
        uv_timer_start(&attach->ask_timer, on_ask_timer, ASK_MS, 0);
    if (attach->leave_asked)
        ask_to_leave(attach);
    if (!attach->tty.keys && !attach->options->watch)
        input_set_reading(&attach->input, true);
    if (connection->lost) /* behind the answer, before we were attached */
        on_lost(connection);
    while (!attach->done)
        uv_run(&connection->loop, UV_RUN_DEFAULT);
    return attach->status;
}

int attach_run(struct connection *connection, enum message_type type, void *body,
               struct msg_terminal **terminal_member, const struct attach_options *options)
{
    struct attach attach = {.connection = connection,
                            .options = options,
                            .ptmx_fd = -1,
                            .relay.fd = -1,
                            .input.epoll_fd = -1};
    struct chord_keys keys;
    if (chord_parse(options->detach_keys, &keys) < 0) {
        report_error("'%s' is no detach chord: %s", options->detach_keys, CHORD_SYNTAX);
        connection_finish(connection);
        return EXIT_USAGE;
    }
    chord_init(&attach.chord, &keys);
    raw_tty_init(&attach.tty);
    connection->data = &attach;
    connection->on_event = on_event;
    connection->on_lost = on_lost;
    connection->on_sent = on_sent;
    connection->on_failure = on_failure;
    int status = EXIT_JS_FAILED;
    if (describe(&attach, terminal_member) == 0)
        status = start(&attach, type, body);
    else
        report_error("out of memory");
    if (attach.done)
        status = attach.status;
    else if (status == 0)
        status = settle_in(&attach);
    raw_tty_finish(&attach.tty);
    if (attach.input_open)
        input_set_reading(&attach.input, false);
    connection_finish(connection);
    input_close(&attach.input);
    fd_close(attach.ptmx_fd);
    relay_close(&attach.relay);
    bytes_finish(&attach.keys);
    ask_finish(&attach.ask);
    return status;
}
