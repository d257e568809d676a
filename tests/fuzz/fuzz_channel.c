/*
 * A peer that sends anything in any pieces, with descriptors where none belong or too few: the
 * channel gives whole messages or problems, closes every descriptor that nobody took, and ends.
 *
 * The first byte decides how the stream is cut, where descriptors ride, and what the owner does.
 */
#include "common/channel.h"
#include "common/fd.h"
#include "tests/fuzz/fuzz.h"
#include "tests/harness/messages.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE_MAX = 300, FDS_MAX = 4 };

struct owner {
    struct channel channel;
    uint64_t frames;
    unsigned close_after; /* frames; 0 = never */
    bool takes;           /* the first descriptor of each frame */
    bool ended, closed;
};

static void on_frame(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    struct owner *owner = channel->data;
    must(!owner->ended && frame->message && frame->body);
    must(fds->count >= frame->message->min_fds && fds->count <= frame->message->max_fds);
    for (size_t i = 0; i < fds->count; i++)
        must(fcntl(fds->fds[i], F_GETFD) == FD_CLOEXEC);
    if (owner->takes && fds->count > 0)
        fd_close(fd_take(&fds->fds[0]));
    if (++owner->frames == owner->close_after)
        channel_close(channel);
    else if (frame->type == MSG_HELLO)
        channel_send_hello(channel, NULL);
}

static void on_problem(struct channel *channel, uint32_t code, const struct wire_problem *why)
{
    must(code > 0 && why->text[0]);
    channel_send_error(channel, why->request_id, code, why->text);
}

static void on_end(struct channel *channel, int status)
{
    struct owner *owner = channel->data;
    must(!owner->ended && status <= 0);
    owner->ended = true;
    channel_close(channel);
}

static void on_closed(struct channel *channel)
{
    struct owner *owner = channel->data;
    must(!owner->closed);
    owner->closed = true;
}

static const struct channel_ops ops = {
    .on_frame = on_frame, .on_problem = on_problem, .on_end = on_end, .on_closed = on_closed};

static int lowest_free_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    must(fd >= 0);
    fd_close(fd);
    return fd;
}

/* What the channel answers is not looked at, but read: else the queue would be all that is tried.
 */
static void drain(int fd)
{
    char sink[4096];
    while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
        ;
}

static void send_piece(int fd, const uint8_t *data, size_t len, struct messages_random *random)
{
    static const int standard[FDS_MAX] = {0, 1, 2, 0};
    size_t count = messages_below(random, 4) == 0 ? messages_below(random, FDS_MAX + 1) : 0;
    /* A channel that has closed takes nothing more. */
    (void)channel_io_send(fd, data, len, standard, count);
}

static void play(struct owner *owner, int peer, const uint8_t *data, size_t size,
                 struct messages_random *random)
{
    for (size_t at = 0; at < size && !owner->ended && !owner->closed;) {
        size_t len = 1 + messages_below(random, PIECE_MAX);
        len = len < size - at ? len : size - at;
        send_piece(peer, data + at, len, random);
        at += len;
        if (messages_below(random, 3) > 0)
            uv_run(owner->channel.poll.loop, UV_RUN_NOWAIT);
        drain(peer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uv_loop_t loop;
    int pair[2];
    struct messages_random random = {.state = size ? data[0] + 1u : 1u};
    int next = lowest_free_fd();
    signal(SIGPIPE, SIG_IGN);
    must(uv_loop_init(&loop) == 0);
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    struct owner owner = {.takes = random.state & 1, .close_after = random.state % 16 == 0 ? 2 : 0};
    must(channel_open(&owner.channel, &loop, pair[0], &ops, &owner) == 0);
    if (size > 1)
        play(&owner, pair[1], data + 1, size - 1, &random);
    shutdown(pair[1], SHUT_WR);
    while (!owner.closed) {
        uv_run(&loop, UV_RUN_NOWAIT);
        drain(pair[1]);
    }
    fd_close(pair[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    must(uv_loop_close(&loop) == 0);
    must(lowest_free_fd() == next);
    return 0;
}
