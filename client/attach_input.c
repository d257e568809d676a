/* What is typed while attached: keys, the terminal's answers among them, or input that is no
 * keyboard. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/attach_internal.h"
#include "client/report.h"

#define READ_SIZE   4096u
#define KEYS_MAX    (1u << 20) /* keys kept for a job that does not read; the rest is dropped */
#define COOKED_MAX  4096u      /* input kept for it: no more is read until it went */
#define SEQUENCE_MS 100u       /* for the rest of a key's escape sequence */
#define ASK_MS      100u       /* a job that ends before that need not know its terminal */
#define ANSWER_MS   5000u      /* for the terminal's answers */
#define HELD_MS     25u        /* for the rest of one that was cut */

/* Keys */

static void on_ptmx(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    attach_write_keys(poll->data);
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

void attach_write_keys(struct attach *attach)
{
    size_t at = 0;
    while (attach->ptmx_fd >= 0 && at < attach->keys.len) {
        ssize_t n = write(attach->ptmx_fd, attach->keys.data + at, attach->keys.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && wait_for_room(attach))
            break;
        if (n < 0 && attach->bare)
            attach->input_ended = true; /* it reads no more */
        if (n < 0)
            at = attach->keys.len; /* the job is gone: the holder will say so */
        else
            at += (size_t)n;
    }
    bytes_consume(&attach->keys, at);
    if (attach->keys.len == 0 && attach->ptmx_polling)
        uv_poll_stop(&attach->ptmx_poll);
    /* Keys are always read, or the detach chord would not be seen; other input can wait. */
    if (attach->bare && attach->input_ended && attach->input_open)
        attach_bare_end_input(attach);
    else if (!attach->tty.keys && attach->input_open && !attach->input_ended)
        input_set_reading(&attach->input, attach->attached && attach->keys.len <= COOKED_MAX);
}

static void on_sequence_timer(uv_timer_t *timer)
{
    struct attach *attach = timer->data;
    chord_flush(&attach->chord, &attach->keys);
    attach_write_keys(attach);
}

/* Before the job runs, and when nothing goes there, ^C still has to do what it says. */
static bool is_interrupt(const struct attach *attach, const char *data, size_t len)
{
    return memchr(data, attach->tty.original.c_cc[VINTR], len) != NULL;
}

/* What a terminal says by itself, focus or an answer, and nobody has typed (xterm ctlseqs). */
static bool is_report(const char *data, size_t len)
{
    if (len < 3 || data[0] != '\033')
        return false;
    if (data[1] == ']' || data[1] == 'P' || (data[1] == '[' && memchr("?>=", data[2], 3)))
        return true;
    size_t at = 2;
    while (at < len && data[at] >= 0x20 && data[at] < 0x40)
        at++;
    return data[1] == '[' && at < len && memchr("IORnty", data[at], 6);
}

static void handle_keys(struct attach *attach, const char *data, size_t len)
{
    bool detach = false;
    size_t before = attach->keys.len;
    if (!attach->attached && is_interrupt(attach, data, len)) {
        attach_finish(attach, EXIT_SIGNAL_BASE + SIGINT);
        return;
    }
    if (attach->leave_asked)
        return;
    if (attach->waits && is_interrupt(attach, data, len)) {
        attach_ask_to_leave(attach);
        return;
    }
    size_t read = chord_feed(&attach->chord, (const uint8_t *)data, len, &attach->keys, &detach);
    if (detach)
        (void)bytes_append(&attach->after, data + read, len - read);
    if (attach->options->watch) {
        attach->keys.len = 0;
        detach = detach || is_interrupt(attach, data, len);
    }
    if (attach->keys.len > KEYS_MAX)
        attach->keys.len = before;
    bool typed = attach->keys.len > before && !is_report(data, len);
    attach_write_keys(attach);
    if (chord_pending(&attach->chord))
        uv_timer_start(&attach->sequence_timer, on_sequence_timer, SEQUENCE_MS, 0);
    else
        uv_timer_stop(&attach->sequence_timer);
    if (attach->size_taken && typed) {
        attach->size_taken = false;
        attach_send_size(attach, MSG_RESIZE);
    }
    if (detach)
        attach_ask_to_leave(attach);
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

bool attach_may_ask(const struct attach *attach)
{
    return attach->tty.keys && !attach->options->watch && ask_is_safe(getenv("TERM"));
}

void attach_ask_terminal(struct attach *attach)
{
    if (attach_may_ask(attach))
        uv_timer_start(&attach->ask_timer, on_ask_timer, ASK_MS, 0);
}

void attach_await_answers(struct attach *attach, uint32_t markers)
{
    struct bytes answers = {0};
    struct msg_empty body = {0};
    if (attach->tty.is_raw)
        ask_drain(&attach->ask, 0, &attach->after, markers, &answers);
    ssize_t n = answers.len > 0 && attach->ptmx_fd >= 0
                    ? write(attach->ptmx_fd, answers.data, answers.len)
                    : 0;
    (void)n; /* a job that has ended, or does not read, misses nothing */
    bytes_finish(&answers);
    channel_send(&attach->connection->channel, MSG_DRAINED, 0, &body, NULL, 0);
}

/* Input that is no keyboard */

void attach_job_termios(const struct attach *attach, struct termios *ret)
{
    if (tcgetattr(attach->ptmx_fd, ret) < 0)
        memset(ret, 0, sizeof(*ret));
}

static void handle_data(struct attach *attach, const char *data, size_t len)
{
    struct termios tio;
    if (attach->options->watch)
        return;
    if (attach->bare) {
        (void)bytes_append(&attach->keys, data, len);
    } else {
        attach_job_termios(attach, &tio);
        cook_input(&attach->cook, &tio, (const uint8_t *)data, len, &attach->keys);
    }
    attach_write_keys(attach);
}

/* error: -errno of the read, 0 at the end. */
static void handle_end_of_input(struct attach *attach, int error)
{
    struct termios tio;
    if (attach->bare) {
        attach_bare_end_input(attach);
        return;
    }
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
    attach_job_termios(attach, &tio);
    cook_eof(&attach->cook, &tio, &attach->keys);
    attach_write_keys(attach);
}

void attach_on_input(struct input *input)
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
