#include "server/holder/control.h"

#include <errno.h>
#include <stdlib.h>

#include "common/fd.h"
#include "common/log.h"
#include "server/holder/holder.h"

#define BEHIND_SIZE                                                                                \
    (64u << 10) /* queued for a server that is stopped: then no state but the newest */

/* A server keeps only what it heard last: for one that does not read, nothing is piled up. */
static void tell_changed(struct control *control)
{
    struct channel *channel = &control->channel;
    control->behind =
        channel->out_len > BEHIND_SIZE ||
        channel_send(channel, MSG_CHANGED, 0, &control->holder->info, NULL, 0) == -ENOBUFS;
}

static void handle_hello(struct control *control, struct wire_frame *frame)
{
    char text[256];
    if (frame->type != MSG_HELLO) {
        channel_send_error(&control->channel, frame->request_id, ERROR_MALFORMED,
                           "the first message must be hello");
        channel_end(&control->channel);
        return;
    }
    if (!protocol_compatible(frame->body, "server", text, sizeof(text))) {
        channel_send_error(&control->channel, 0, ERROR_VERSION, text);
        channel_end(&control->channel);
        return;
    }
    control->greeted = true;
    holder_refresh_info(control->holder);
    tell_changed(control);
}

static void on_frame(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    struct control *control = channel->data;
    if (!control->greeted)
        handle_hello(control, frame);
    else if (frame->type == MSG_START)
        holder_start(control->holder, control, frame->request_id, frame->body, fds);
    else if (frame->type == MSG_ADOPT)
        holder_adopt(control->holder, control, frame->request_id, frame->body, fds);
    else
        holder_request(control->holder, control, frame);
}

static void on_problem(struct channel *channel, uint32_t code, const struct wire_problem *why)
{
    log_warn("bad message from the server: %s", why->text);
    channel_send_error(channel, why->request_id, code, why->text);
}

static void on_end(struct channel *channel, int status)
{
    (void)status;
    channel_close(channel);
}

static void on_closed(struct channel *channel)
{
    struct control *control = channel->data;
    struct holder *holder = control->holder;
    struct control **at = &holder->controls;
    while (*at != control)
        at = &(*at)->next;
    *at = control->next;
    holder_forget_control(holder, control);
    holder->abandoned = holder->abandoned || control->starter;
    free(control);
    /* The next server looks for us at our socket; this one may have gone because all was swept. */
    if (!holder->controls)
        holder_check_socket(holder);
    holder_maybe_exit(holder);
}

static void on_drained(struct channel *channel)
{
    struct control *control = channel->data;
    if (control->behind)
        tell_changed(control);
}

static const struct channel_ops ops = {
    .on_frame = on_frame,
    .on_problem = on_problem,
    .on_end = on_end,
    .on_closed = on_closed,
    .on_drained = on_drained,
};

int control_create(struct holder *holder, int fd)
{
    struct control *control = calloc(1, sizeof(*control));
    if (!control) {
        fd_close(fd);
        return -ENOMEM;
    }
    control->holder = holder;
    int r = channel_open(&control->channel, &holder->loop, fd, &ops, control);
    if (r < 0) {
        free(control);
        return r;
    }
    /* It is in the backlog before the holder is there, and so the first. */
    control->starter = !holder->expected;
    holder->expected = true;
    control->next = holder->controls;
    holder->controls = control;
    channel_send_hello(&control->channel, NULL);
    return 0;
}

const struct control *control_newest(const struct holder *holder)
{
    const struct control *newest = holder->controls; /* the first is the last to have come */
    while (newest && !newest->greeted)
        newest = newest->next;
    return newest;
}

void control_publish(struct holder *holder)
{
    for (struct control *c = holder->controls; c; c = c->next)
        if (c->greeted)
            tell_changed(c);
}

void control_publish_title(struct holder *holder)
{
    struct msg_title body = {.title = holder->info.title};
    for (struct control *c = holder->controls; c; c = c->next) {
        if (!c->greeted || c->behind)
            continue;
        c->behind = c->channel.out_len > BEHIND_SIZE ||
                    channel_send(&c->channel, MSG_TITLE, 0, &body, NULL, 0) == -ENOBUFS;
    }
}

void control_publish_notice(struct holder *holder, const struct msg_notice *notice)
{
    for (struct control *c = holder->controls; c; c = c->next)
        if (c->greeted && !c->behind && c->channel.out_len <= BEHIND_SIZE)
            channel_send(&c->channel, MSG_NOTICE, 0, notice, NULL, 0);
}

void control_end_all(struct holder *holder)
{
    for (struct control *c = holder->controls; c; c = c->next) {
        /* The end is what no server may miss: it waits behind what is queued. */
        if (c->behind)
            channel_send(&c->channel, MSG_CHANGED, 0, &holder->info, NULL, 0);
        channel_end(&c->channel);
    }
}
