#include "client/attach.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/attach_internal.h"
#include "client/report.h"
#include "common/fd.h"
#include "common/terminal/tracker.h"

#define LEAVE_MS 1000u /* for the holder to let us go */

static const int signal_numbers[ATTACH_SIGNALS] = {SIGWINCH, SIGCONT, SIGTERM, SIGHUP,
                                                   SIGINT,   SIGQUIT, SIGTSTP};

void attach_finish(struct attach *attach, int status)
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

/* Leaving */

static void on_leave_timer(uv_timer_t *timer)
{
    struct attach *attach = timer->data;
    undo_unknown(attach);
    raw_tty_restore(&attach->tty);
    report_error("the holder of job %u does not answer; detached anyway", attach->job);
    attach_finish(attach, attach->signal ? EXIT_SIGNAL_BASE + attach->signal : EXIT_OK);
}

void attach_ask_to_leave(struct attach *attach)
{
    struct msg_empty body = {0};
    if (!attach->attached && attach->signal) {
        attach_finish(attach, EXIT_SIGNAL_BASE + attach->signal);
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

static void note_waiting(struct attach *attach, const struct msg_waiting *body)
{
    /* It may come with the answer, which is looked at afterwards. */
    const struct wire_frame *reply = &attach->connection->reply;
    uint32_t job = !attach->attached && reply->type == MSG_ATTACHED
                       ? ((const struct job_info *)reply->body)->id
                       : attach->job;
    attach->waits = body->waits;
    if (body->text)
        report_error("job %u waits for %s; ^C leaves it waiting", job, body->text);
}

static void on_event(struct connection *connection, struct wire_frame *frame)
{
    struct attach *attach = connection->data;
    if (frame->type == MSG_WAITING)
        note_waiting(attach, frame->body);
    attach->size_taken |= frame->type == MSG_SIZE_TAKEN;
    if (frame->type == MSG_MARKED)
        attach_await_answers(attach, ((const struct msg_marked *)frame->body)->markers);
    if (frame->type != MSG_LEFT)
        return;
    const struct msg_left *left = frame->body;
    for (size_t i = 0; i < attach->relay_count; i++)
        relay_copy(&attach->relays[i]);
    raw_tty_restore(&attach->tty);
    attach_finish(attach, report_left(attach, left));
}

static void on_lost(struct connection *connection)
{
    struct attach *attach = connection->data;
    if (attach->done || !attach->attached)
        return;
    undo_unknown(attach);
    raw_tty_restore(&attach->tty);
    attach_finish(attach,
                  report_error("the holder of job %u died, and the job with it; what it printed: "
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

void attach_send_size(struct attach *attach, enum message_type type)
{
    struct msg_resize body = {0};
    if (attach->options->size.rows == 0 && !attach->bare)
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
    attach_job_termios(attach, &tio);
    cc_t character = tio.c_cc[index];
    if (character != _POSIX_VDISABLE && write(attach->ptmx_fd, &character, 1) < 0)
        report_error("cannot pass a signal on: %s", strerror(errno));
}

static void handle_interrupt(struct attach *attach, int number)
{
    static const struct {
        int number, index;
    } characters[] = {{SIGINT, VINTR}, {SIGQUIT, VQUIT}, {SIGTSTP, VSUSP}};
    bool for_job = number == SIGTSTP || (!attach->tty.keys && !attach->waits);
    if (attach->bare && !attach->waits && !attach->options->watch &&
        attach_bare_raise(attach, number))
        return;
    if (!for_job || !attach->attached || attach->options->watch) {
        attach->signal = number;
        attach_ask_to_leave(attach);
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
        attach_send_size(attach, MSG_RESIZE);
        break;
    case SIGCONT:
        raw_tty_enter(&attach->tty);
        attach->continued = !attach->attached;
        attach_send_size(attach, MSG_RESUMED);
        break;
    case SIGHUP: /* the terminal is gone; the holder sees our connection end */
        attach->signal = number;
        attach_finish(attach, EXIT_SIGNAL_BASE + number);
        break;
    case SIGTERM:
        attach->signal = number;
        attach_ask_to_leave(attach);
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
    for (int i = 0; i < ATTACH_SIGNALS; i++) {
        int r = uv_signal_init(loop, &attach->signals[i]);
        attach->signals[i].data = attach;
        if (r == 0)
            r = uv_signal_start(&attach->signals[i], on_signal, signal_numbers[i]);
        if (r < 0)
            return r;
    }
    int r = input_open(&attach->input, loop, attach_on_input, attach);
    attach->input_open = r == 0;
    /* Until the job runs nothing but keys can go anywhere (see is_interrupt). */
    if (r == 0 && attach->tty.keys)
        input_set_reading(&attach->input, true);
    return r;
}

static int describe(struct attach *attach, struct msg_terminal **ret)
{
    const struct size *size = &attach->options->size;
    int r = raw_tty_describe(&attach->tty, ret);
    if (r == 0 && attach->bare)
        attach_bare_describe(attach, *ret);
    if (r == 0)
        (*ret)->marks = attach_may_ask(attach);
    if (r == 0)
        (*ret)->takes_size = attach->tty.keys && !attach->options->watch;
    if (r == 0)
        attach->told = (struct size){.cols = (*ret)->cols, .rows = (*ret)->rows};
    if (r == 0 && size->rows) {
        (*ret)->rows = size->rows;
        (*ret)->cols = size->cols;
    }
    return r;
}

/* An output of ours for the holder, with a relay if need be. Returns the fd or -errno. */
static int open_output(struct attach *attach, int fd)
{
    struct relay relay = {.fd = -1, .to_fd = fd};
    int out_fd = raw_tty_output(fd, &relay.fd);
    if (out_fd < 0 || relay.fd < 0)
        return out_fd;
    assert(attach->relay_count < ATTACH_RELAYS);
    struct relay *to = &attach->relays[attach->relay_count++];
    *to = relay;
    int r = relay_open(to, &attach->connection->loop);
    if (r < 0)
        fd_close(out_fd);
    return r < 0 ? r : out_fd;
}

/* The descriptors of the request, in their order. 0 or -errno. */
static int collect_fds(struct attach *attach, struct channel_fds *fds)
{
    const struct attach_options *options = attach->options;
    int fd = fds->fds[fds->count++] = open_output(attach, 1);
    if (fd >= 0 && attach->apart)
        fd = fds->fds[fds->count++] = open_output(attach, 2);
    if (fd >= 0 && options->scripted)
        fd = fds->fds[fds->count++] = fd_dup(options->script_fd);
    return fd < 0 ? fd : 0;
}

static int request(struct attach *attach, enum message_type type, const void *body)
{
    struct channel_fds fds;
    channel_fds_init(&fds);
    int r = collect_fds(attach, &fds);
    if (r < 0) {
        channel_fds_finish(&fds);
        return report_error("cannot pass the output on: %s", strerror(-r));
    }
    /* A server may go at any moment, and a job may end: the next answer says what has become. */
    attach->connection->patient = true;
    int status = connection_request(attach->connection, type, body, fds.fds, fds.count);
    attach->connection->patient = false;
    return status;
}

static int start(struct attach *attach, enum message_type type, const void *body)
{
    int r = watch_everything(attach);
    if (r < 0)
        return report_error("cannot watch the terminal: %s", uv_strerror(r));
    r = raw_tty_claim(&attach->tty);
    if (r < 0)
        return report_error("cannot set the terminal to raw mode: %s", strerror(-r));
    return request(attach, type, body);
}

/* The job has no terminal: it is attached to in another way. */
static int start_bare(struct attach *attach, struct msg_attach *body)
{
    attach->connection->expected = 0;
    attach_bare_begin(attach);
    wire_clear(&msg_terminal_fields, body->terminal);
    free(body->terminal);
    body->terminal = NULL;
    body->no_pty = true;
    if (describe(attach, &body->terminal) < 0)
        return report_error("out of memory");
    return request(attach, MSG_ATTACH, body);
}

/* `run` was asked again: an earlier server had started the job, and it has ended meanwhile. */
static int report_run(const struct job_info *job)
{
    report_error("job %u ran while the server was replaced; what it printed: js logs %u", job->id,
                 job->id);
    report_death(job);
    return report_exit_status(job);
}

/* What has become of the terminal since the request: nobody could be told before the answer. */
static void catch_up(struct attach *attach)
{
    uint32_t rows, cols;
    if (attach->continued)
        attach_send_size(attach, MSG_RESUMED);
    else if (!attach->bare && raw_tty_size(&attach->tty, &rows, &cols) &&
             (rows != attach->told.rows || cols != attach->told.cols))
        attach_send_size(attach, MSG_RESIZE);
}

/* The holder's answer has come. */
static int settle_in(struct attach *attach)
{
    struct connection *connection = attach->connection;
    if (connection->reply.type == MSG_JOB) {
        const struct job_info *job = connection->reply.body;
        raw_tty_restore(&attach->tty);
        if (attach->options->uid && strcmp(job->uid, attach->options->uid) != 0)
            return report_instead(job);
        return report_run(job);
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
    if (attach->bare)
        attach_bare_settle(attach);
    catch_up(attach);
    attach_write_keys(attach);
    attach_ask_terminal(attach);
    if (attach->leave_asked)
        attach_ask_to_leave(attach);
    if (!attach->tty.keys && !attach->options->watch && !attach->input_ended)
        input_set_reading(&attach->input, true);
    if (connection->lost) /* behind the answer, before we were attached */
        on_lost(connection);
    while (!attach->done)
        uv_run(&connection->loop, UV_RUN_DEFAULT);
    return attach->status;
}

static void finish(struct attach *attach)
{
    raw_tty_finish(&attach->tty);
    if (attach->input_open)
        input_set_reading(&attach->input, false);
    connection_finish(attach->connection);
    input_close(&attach->input);
    fd_close(attach->ptmx_fd);
    for (size_t i = 0; i < attach->relay_count; i++)
        relay_close(&attach->relays[i]);
    bytes_finish(&attach->keys);
    bytes_finish(&attach->after);
    ask_finish(&attach->ask);
}

int attach_run(struct connection *connection, enum message_type type, void *body,
               struct msg_terminal **terminal_member, const struct attach_options *options)
{
    struct attach attach = {
        .connection = connection, .options = options, .ptmx_fd = -1, .input.epoll_fd = -1};
    struct chord_keys keys;
    if (chord_parse(options->detach_keys, &keys) < 0) {
        report_error("'%s' is no detach chord: %s", options->detach_keys, CHORD_SYNTAX);
        connection_finish(connection);
        return EXIT_USAGE;
    }
    chord_init(&attach.chord, &keys);
    raw_tty_init(&attach.tty);
    if (options->no_pty)
        attach_bare_begin(&attach);
    if (type == MSG_ATTACH)
        connection->expected = ERROR_NO_TERMINAL;
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
    if (status == CONNECTION_EXPECTED && !attach.done)
        status = start_bare(&attach, body);
    if (attach.done)
        status = attach.status;
    else if (status == 0)
        status = settle_in(&attach);
    finish(&attach);
    return status;
}
