#include "common/channel.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "version.h"

#define READ_SIZE 4096u  /* least room for one recvmsg */
#define KEEP_SIZE 16384u /* an input buffer larger than this is given back when it is empty */

struct channel_out {
    struct channel_out *next;
    struct bytes data;
    size_t sent;
    int fds[CHANNEL_FDS_MAX]; /* owned until the first byte is sent */
    size_t fd_count;
};

static void out_destroy(struct channel_out *out)
{
    for (size_t i = 0; i < out->fd_count; i++)
        fd_close(out->fds[i]);
    bytes_finish(&out->data);
    free(out);
}

/* What it takes of the memory: small frames are mostly the space around them. */
static size_t out_cost(const struct channel_out *out)
{
    return sizeof(*out) + out->data.room;
}

static void out_clear(struct channel *channel)
{
    while (channel->out_first) {
        struct channel_out *next = channel->out_first->next;
        out_destroy(channel->out_first);
        channel->out_first = next;
    }
    channel->out_last = &channel->out_first;
    channel->out_len = 0;
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Whom log lines were about before. */
struct log_ids {
    unsigned client, job;
};

static struct log_ids set_log_ids(const struct channel *channel)
{
    struct log_ids before = {log_set_client(channel->log_client), log_set_job(channel->log_job)};
    if (channel->log_client == 0)
        log_set_client(before.client);
    if (channel->log_job == 0)
        log_set_job(before.job);
    return before;
}

static void reset_log_ids(struct log_ids before)
{
    log_set_client(before.client);
    log_set_job(before.job);
}

static void update_poll(struct channel *channel)
{
    if (channel->closing)
        return;
    int events = 0;
    if (!channel->ended && !channel->ending)
        events |= UV_READABLE;
    if (channel->out_first)
        events |= UV_WRITABLE;
    if (events)
        uv_poll_start(&channel->poll, events, on_poll);
    else
        uv_poll_stop(&channel->poll);
}

int channel_open(struct channel *channel, uv_loop_t *loop, int fd, const struct channel_ops *ops,
                 void *data)
{
    *channel = (struct channel){.fd = fd, .ops = ops, .data = data};
    channel->out_last = &channel->out_first;
    channel_fds_init(&channel->in_fds);
    channel_fds_init(&channel->fresh_fds);
    int r = uv_poll_init(loop, &channel->poll, fd); /* also makes it non-blocking */
    if (r < 0) {
        channel->fd = fd_close(channel->fd);
        return r;
    }
    channel->poll.data = channel;
    update_poll(channel);
    return 0;
}

static void end(struct channel *channel, int status)
{
    if (channel->ended || channel->closing)
        return;
    channel->ended = true;
    if (channel->ending) {
        channel_close(channel);
        return;
    }
    update_poll(channel);
    channel->ops->on_end(channel, status);
}

/* Writes what the socket takes. -errno when the peer is gone. */
static int flush(struct channel *channel)
{
    while (channel->out_first) {
        struct channel_out *out = channel->out_first;
        ssize_t n = channel_io_send(channel->fd, out->data.data + out->sent,
                                    out->data.len - out->sent, out->fds, out->fd_count);
        if (n == -EAGAIN)
            return 0;
        if (n < 0)
            return (int)n;
        for (size_t i = 0; i < out->fd_count; i++)
            fd_close(out->fds[i]);
        out->fd_count = 0;
        out->sent += (size_t)n;
        if (out->sent < out->data.len)
            continue;
        channel->out_len -= out_cost(out);
        channel->out_first = out->next;
        if (!channel->out_first)
            channel->out_last = &channel->out_first;
        out_destroy(out);
    }
    return 0;
}

static int enqueue(struct channel *channel, struct channel_out *out)
{
    bool was_empty = !channel->out_first;
    *channel->out_last = out;
    channel->out_last = &out->next;
    channel->out_len += out_cost(out);
    if (!was_empty)
        return 0;
    int r = flush(channel);
    if (r < 0) {
        /* The reading side will tell the owner; what cannot be sent need not be kept. */
        out_clear(channel);
        return -EPIPE;
    }
    if (channel->out_first)
        update_poll(channel);
    return 0;
}

/* With JS_LOG=wire every message that comes or goes is a line, in all three programs. */
static void log_message(const char *arrow, const struct channel *channel,
                        const struct wire_message *message, uint32_t request_id, const void *body)
{
    struct bytes text = {0};
    if (!log_wants(LOG_WIRE))
        return;
    struct log_ids before = set_log_ids(channel);
    if (wire_dump(&text, message, request_id, body) == 0)
        log_debug(LOG_WIRE, "%s fd %d: %.*s", arrow, channel->fd, (int)text.len, (char *)text.data);
    reset_log_ids(before);
    bytes_finish(&text);
}

int channel_send(struct channel *channel, enum message_type type, uint32_t request_id,
                 const void *body, const int *fds, size_t count)
{
    assert(count <= CHANNEL_FDS_MAX);
    int r = -ENOMEM;
    struct channel_out *out = calloc(1, sizeof(*out));
    if (out)
        r = wire_encode(&out->data, protocol_message(type), request_id, body);
    if (r >= 0 && (channel->closing || channel->ending || channel->ended))
        r = -EPIPE;
    if (r >= 0 && channel->out_len + out_cost(out) > CHANNEL_OUT_MAX)
        r = -ENOBUFS;
    if (r < 0) {
        for (size_t i = 0; i < count; i++)
            fd_close(fds[i]);
        if (out)
            out_destroy(out);
        return r;
    }
    for (size_t i = 0; i < count; i++)
        out->fds[i] = fds[i];
    out->fd_count = count;
    log_message("->", channel, protocol_message(type), request_id, body);
    return enqueue(channel, out);
}

int channel_send_error(struct channel *channel, uint32_t request_id, enum error_code code,
                       const char *text)
{
    struct msg_error body = {.code = code, .text = (char *)text};
    return channel_send(channel, MSG_ERROR, request_id, &body, NULL, 0);
}

int channel_send_hello(struct channel *channel, const char *state_dir)
{
    struct msg_hello body = {.protocol = PROTOCOL_VERSION,
                             .lowest = PROTOCOL_LOWEST,
                             .version = (char *)JS_VERSION,
                             .state_dir = (char *)state_dir,
                             .pid = (uint32_t)getpid()};
    return channel_send(channel, MSG_HELLO, 0, &body, NULL, 0);
}

static void problem(struct channel *channel, const struct wire_frame *frame, uint32_t code,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

static void problem(struct channel *channel, const struct wire_frame *frame, uint32_t code,
                    const char *format, ...)
{
    struct wire_problem why = {.has_request_id = true, .request_id = frame->request_id};
    va_list args;
    va_start(args, format);
    vsnprintf(why.text, sizeof(why.text), format, args);
    va_end(args);
    channel->ops->on_problem(channel, code, &why);
}

/* Hands one decoded frame to the owner, with the descriptors that belong to it. */
static void deliver(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    const struct wire_message *message = frame->message;
    if (!message) {
        problem(channel, frame, ERROR_UNSUPPORTED, "message type %u is not known here",
                frame->type);
        return;
    }
    if (fds->count < message->min_fds) {
        problem(channel, frame, ERROR_MALFORMED, "%s: %u file descriptors are needed, %zu came",
                message->name, message->min_fds, fds->count);
        return;
    }
    while (fds->count > message->max_fds) {
        fds->count--;
        fds->fds[fds->count] = fd_close(fds->fds[fds->count]);
    }
    log_message("<-", channel, message, frame->request_id, frame->body);
    channel->ops->on_frame(channel, frame, fds);
}

static void handle_frame(struct channel *channel, const uint8_t *payload, size_t len,
                         struct channel_fds *fds)
{
    struct wire_frame frame = {0};
    struct wire_problem why;
    int r = wire_decode(&protocol, payload, len, &frame, &why);
    if (r < 0) {
        channel->ops->on_problem(channel, r == -ENOMEM ? ERROR_INTERNAL : ERROR_MALFORMED, &why);
        return;
    }
    deliver(channel, &frame, fds);
    wire_frame_finish(&frame);
}

/* Moves descriptors over; those for which there is no room are closed. */
static void move_fds(struct channel_fds *to, struct channel_fds *from)
{
    for (size_t i = 0; i < from->count && to->count < CHANNEL_FDS_MAX; i++)
        to->fds[to->count++] = fd_take(&from->fds[i]);
    channel_fds_finish(from);
}

/* Splits off the descriptors of the frame that ends before index `until`. */
static void claim_fds(struct channel *channel, size_t until, struct channel_fds *ret)
{
    channel_fds_init(ret);
    move_fds(ret, &channel->in_fds);
    if (channel->fresh_at < until)
        move_fds(ret, &channel->fresh_fds);
}

/* Handles every whole frame in the buffer. Returns 0 or the -errno of a bad length. */
static int handle_input(struct channel *channel)
{
    size_t at = 0;
    int r = 0;
    while (!channel->closing && !channel->ending) {
        long size = wire_frame_size(channel->in.data + at, channel->in.len - at);
        if (size < 0)
            r = (int)size;
        if (size <= 0 || (size_t)size > channel->in.len - at)
            break;
        struct channel_fds fds;
        claim_fds(channel, at + (size_t)size, &fds);
        const uint8_t *payload = channel->in.data + at + WIRE_HEADER_SIZE;
        at += (size_t)size;
        channel->in_handled = at;
        handle_frame(channel, payload, (size_t)size - WIRE_HEADER_SIZE, &fds);
        channel_fds_finish(&fds);
    }
    bytes_consume(&channel->in, at);
    channel->in_handled = 0;
    move_fds(&channel->in_fds, &channel->fresh_fds);
    if (channel->in.len == 0 && channel->in.room > KEEP_SIZE)
        bytes_finish(&channel->in);
    return r;
}

/* Room for the rest of a frame that has begun, else for one read. */
static int reserve_input(struct channel *channel)
{
    long size = wire_frame_size(channel->in.data, channel->in.len);
    size_t room = READ_SIZE;
    /* Grow as bytes arrive, not as the length promises. */
    if (size > 0 && channel->in.len > READ_SIZE)
        room = channel->in.len;
    return bytes_reserve(&channel->in, room);
}

/* Reads once. Whether there may be more. */
static bool on_readable(struct channel *channel)
{
    if (reserve_input(channel) < 0) {
        end(channel, -ENOMEM);
        return false;
    }
    ssize_t n = channel_io_recv(channel->fd, channel->in.data + channel->in.len,
                                channel->in.room - channel->in.len, &channel->fresh_fds);
    if (n == -EAGAIN)
        return false;
    if (n <= 0) {
        end(channel, n < 0 ? (int)n : channel->in.len > 0 ? -ECONNRESET : 0);
        return false;
    }
    channel->in.len += (size_t)n;
    channel->fresh_at = channel->in.len - 1;
    int r = handle_input(channel);
    if (r < 0 && !channel->closing) {
        struct wire_problem why = {0};
        snprintf(why.text, sizeof(why.text),
                 r == -EMSGSIZE ? "a frame is longer than %u bytes" : "a frame of length 0",
                 WIRE_FRAME_MAX);
        channel->ops->on_problem(channel, ERROR_MALFORMED, &why);
        end(channel, r);
    }
    return !channel->ended && !channel->closing && !channel->ending;
}

static void handle_events(struct channel *channel, int status, int events)
{
    if (status < 0) {
        /* libuv's word for EPOLLERR: the peer closed before it had read all of ours. What it said
         * before that (`left`, `error`) is still there. */
        bool more = !channel->ended && !channel->closing && !channel->ending;
        while (more)
            more = on_readable(channel);
        end(channel, -ECONNRESET);
        return;
    }
    if (events & UV_WRITABLE) {
        int r = flush(channel);
        if (r < 0)
            out_clear(channel);
        if (!channel->out_first && channel->ending) {
            channel_close(channel);
            return;
        }
        update_poll(channel);
        if (!channel->out_first && !channel->ended && channel->ops->on_drained)
            channel->ops->on_drained(channel);
    }
    if (events & UV_READABLE && !channel->closing && !channel->ending)
        on_readable(channel);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct channel *channel = poll->data;
    struct log_ids before = set_log_ids(channel);
    handle_events(channel, status, events);
    reset_log_ids(before);
}

void channel_end(struct channel *channel)
{
    channel->ending = true;
    if (!channel->out_first || channel->ended)
        channel_close(channel);
    else
        update_poll(channel);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct channel *channel = handle->data;
    channel->fd = fd_close(channel->fd);
    bytes_finish(&channel->in);
    channel_fds_finish(&channel->in_fds);
    channel_fds_finish(&channel->fresh_fds);
    out_clear(channel);
    struct log_ids before = set_log_ids(channel);
    channel->ops->on_closed(channel);
    reset_log_ids(before);
}

void channel_close(struct channel *channel)
{
    if (channel->closing)
        return;
    channel->closing = true;
    uv_close((uv_handle_t *)&channel->poll, on_poll_closed);
    /* uv_close took it out of epoll; the peer should see the end now, not a loop turn later. */
    channel->fd = fd_close(channel->fd);
}

bool channel_is_drained(const struct channel *channel)
{
    return channel->in.len == channel->in_handled && channel->in_fds.count == 0 &&
           channel->fresh_fds.count == 0;
}

int channel_take_fd(struct channel *channel)
{
    if (channel->closing || channel->out_first || !channel_is_drained(channel))
        return -EBUSY;
    /* Out of epoll before it goes: the open file lives on elsewhere, and so would its entry. */
    uv_poll_stop(&channel->poll);
    int fd = fd_take(&channel->fd);
    channel_close(channel);
    return fd;
}

pid_t channel_peer_pid(const struct channel *channel)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    if (getsockopt(channel->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return 0;
    return cred.pid;
}

int channel_connect(const char *path, bool wait)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    strcpy(addr.sun_path, path);
    int flags = SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK);
    _cleanup_fd_ int fd = socket(AF_UNIX, flags, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return -errno;
    return fd_take(&fd);
}
