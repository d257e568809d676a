/*
 * What the job tells its user apart from its output, passed on to the servers: bells and
 * notifications, and that it seems to wait for input. None of it is in the record, and none of it
 * comes often: a program may ring as fast as it can print.
 */
#include "server/holder/holder.h"

#include "server/holder/reader.h"

#define BELL_EVERY_MS 1000u
#define WINDOW_MS     1000u
#define WINDOW_MOST   8u    /* notifications in that time */
#define ASKS_QUIET_MS 300u  /* from its last output on, or its start, to a look at the job */
#define ASKS_AGAIN_MS 1200u /* to one more, for a program that takes longer until it reads */

/* Bells: the first at once, those that follow it together. */

static void tell_bells(struct holder *holder)
{
    struct notices *notices = &holder->notices;
    struct msg_notice body = {.kind = NOTICE_BELL, .count = notices->bells};
    if (notices->bells == 0)
        return;
    notices->bells = 0;
    notices->bell_ms = uv_now(&holder->loop);
    control_publish_notice(holder, &body);
}

static void on_bell_timer(uv_timer_t *timer)
{
    tell_bells(timer->data);
}

static void ring(struct holder *holder)
{
    struct notices *notices = &holder->notices;
    notices->bells++;
    if (uv_is_active((uv_handle_t *)&notices->bell_timer))
        return;
    uint64_t since = uv_now(&holder->loop) - notices->bell_ms;
    if (notices->bell_ms == 0 || since >= BELL_EVERY_MS)
        tell_bells(holder);
    else
        uv_timer_start(&notices->bell_timer, on_bell_timer, BELL_EVERY_MS - since, 0);
}

/* Notifications */

static char *text_of(struct bytes *bytes)
{
    return bytes->len > 0 && bytes_append(bytes, "", 1) == 0 ? (char *)bytes->data : NULL;
}

/* Whether one more may be told now. */
static bool has_room(struct holder *holder)
{
    struct notices *notices = &holder->notices;
    uint64_t now = uv_now(&holder->loop);
    if (now - notices->window_ms >= WINDOW_MS) {
        notices->window_ms = now;
        notices->told = 0;
    }
    return notices->told++ < WINDOW_MOST;
}

static void tell_notification(struct holder *holder)
{
    struct notices *notices = &holder->notices;
    if (has_room(holder)) {
        struct msg_notice body = {.kind = NOTICE_TEXT,
                                  .count = notices->left_out,
                                  .title = text_of(&notices->title),
                                  .text = text_of(&notices->text)};
        control_publish_notice(holder, &body);
        notices->left_out = 0;
    } else {
        notices->left_out++;
    }
    bytes_finish(&notices->title);
    bytes_finish(&notices->text);
}

static void take_notification(struct holder *holder, const struct notice *notice)
{
    struct notices *notices = &holder->notices;
    notice_append(&notices->title, notice->title, notice->title_len, notice->base64,
                  EVENT_TEXT_MAX);
    notice_append(&notices->text, notice->text, notice->text_len, notice->base64, EVENT_TEXT_MAX);
    if (!notice->goes_on && (notices->title.len > 0 || notices->text.len > 0))
        tell_notification(holder);
}

void holder_on_notice(void *user, const struct notice *notice)
{
    struct holder *holder = user;
    if (notice->sign == SIGN_BELL)
        ring(holder);
    else
        take_notification(holder, notice);
}

/* Asking */

static void set_asks(struct holder *holder, bool asks)
{
    struct msg_notice body = {.kind = asks ? NOTICE_ASKS : NOTICE_ASKS_NO_MORE};
    if (holder->info.asks == asks)
        return;
    holder->info.asks = asks;
    control_publish_notice(holder, &body);
}

/* A job that was started without a terminal has no echo, which tells nothing then. */
static bool looks_like_asking(struct holder *holder)
{
    struct termios settings;
    int fd = holder->pty.ptmx_fd;
    if (fd < 0 || tcgetattr(fd, &settings) < 0)
        return false;
    struct reader_view view = reader_look(fd);
    view.hidden = view.hidden && !holder->plain_echo;
    return reader_asks(view, &settings);
}

/*
 * One that is known to ask is looked at although it prints: that may be the echo of what is typed.
 * What prints and does not ask is not looked at before it pauses.
 */
static void on_asks_timer(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    struct notices *notices = &holder->notices;
    if (holder->state != JOB_RUNNING)
        return;
    uint64_t quiet = uv_now(&holder->loop) - notices->output_ms;
    bool pauses = quiet >= ASKS_QUIET_MS;
    if (pauses || holder->info.asks)
        set_asks(holder, looks_like_asking(holder));
    if (!pauses)
        uv_timer_start(timer, on_asks_timer, ASKS_QUIET_MS - quiet, 0);
    else if (!holder->info.asks && !notices->looked_again) {
        notices->looked_again = true;
        uv_timer_start(timer, on_asks_timer, ASKS_AGAIN_MS, 0);
    }
}

void holder_watch_asking(struct holder *holder)
{
    struct notices *notices = &holder->notices;
    notices->output_ms = uv_now(&holder->loop);
    if (uv_is_active((uv_handle_t *)&notices->asks_timer) && !notices->looked_again)
        return;
    notices->looked_again = false;
    uv_timer_start(&notices->asks_timer, on_asks_timer, ASKS_QUIET_MS, 0);
}

void holder_on_grace_over(struct killer *killer)
{
    struct msg_notice body = {.kind = NOTICE_GRACE_OVER};
    control_publish_notice(killer->data, &body);
}

/* Its life */

int holder_open_notices(struct holder *holder)
{
    struct notices *notices = &holder->notices;
    int r = uv_timer_init(&holder->loop, &notices->bell_timer);
    if (r == 0)
        r = uv_timer_init(&holder->loop, &notices->asks_timer);
    notices->bell_timer.data = notices->asks_timer.data = holder;
    return r;
}

void holder_flush_notices(struct holder *holder)
{
    uv_timer_stop(&holder->notices.bell_timer);
    uv_timer_stop(&holder->notices.asks_timer);
    tell_bells(holder);
}

void holder_close_notices(struct holder *holder)
{
    struct notices *notices = &holder->notices;
    uv_close((uv_handle_t *)&notices->bell_timer, NULL);
    uv_close((uv_handle_t *)&notices->asks_timer, NULL);
    bytes_finish(&notices->title);
    bytes_finish(&notices->text);
}
