#include "tests/harness/channel_side.h"

#include "common/fd.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct side side;

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
    char text[128];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ck_assert_int_eq(bytes_append_text(&side.told, side.told.len ? " " : ""), 0);
    ck_assert_int_eq(bytes_append_text(&side.told, text), 0);
    if (side.close_at_once) {
        channel_close(&side.channel);
        channel_close(&side.channel);
    }
}

const char *side_told(void)
{
    static char text[4096];
    ck_assert_uint_lt(side.told.len, sizeof(text));
    if (side.told.len > 0)
        memcpy(text, side.told.data, side.told.len);
    text[side.told.len] = '\0';
    side.told.len = 0;
    return text;
}

static int tag_of(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    return (int)st.st_size;
}

static void on_frame(struct channel *channel, struct wire_frame *frame, struct channel_fds *fds)
{
    char tags[32] = "";
    if (side.take)
        side.taken = channel_take_fd(channel);
    side.take = false;
    for (size_t i = 0; i < fds->count; i++)
        snprintf(tags + strlen(tags), sizeof(tags) - strlen(tags), "%s%d", i ? "," : "",
                 tag_of(fds->fds[i]));
    tell("%s#%u[%s]", frame->message->name, frame->request_id, tags);
}

static void on_problem(struct channel *channel, uint32_t code, const struct wire_problem *why)
{
    (void)channel;
    snprintf(side.problem, sizeof(side.problem), "%s", why->text);
    tell("%s#%u",
         code == ERROR_MALFORMED     ? "malformed"
         : code == ERROR_UNSUPPORTED ? "unsupported"
                                     : "internal",
         why->request_id);
}

static void on_end(struct channel *channel, int status)
{
    (void)channel;
    const char *name = status ? strerrorname_np(-status) : "0";
    tell("end(%s)", name ? name : "?");
}

static void on_closed(struct channel *channel)
{
    (void)channel;
    side.closed = true;
    tell("closed");
}

static const struct channel_ops ops = {
    .on_frame = on_frame, .on_problem = on_problem, .on_end = on_end, .on_closed = on_closed};

void side_open(void)
{
    int pair[2];
    /* libuv makes a pipe for signals with its first loop, and keeps it. */
    ck_assert_int_eq(uv_loop_init(&side.loop), 0);
    ck_assert_int_eq(uv_loop_close(&side.loop), 0);
    side = (struct side){.fds_before = runner_fd_count(), .taken = -1};
    ck_assert_int_eq(uv_loop_init(&side.loop), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    side.peer_fd = pair[1];
    ck_assert_int_eq(channel_open(&side.channel, &side.loop, pair[0], &ops, &side), 0);
    ck_assert_ptr_eq(side.channel.data, &side);
}

void side_close(void)
{
    side.close_at_once = false;
    channel_close(&side.channel);
    channel_close(&side.channel);
    ck_assert_int_eq(uv_run(&side.loop, UV_RUN_DEFAULT), 0);
    ck_assert(side.closed);
    ck_assert_int_eq(uv_loop_close(&side.loop), 0);
    fd_close(side.taken >= 0 ? side.taken : -1);
    fd_close(side.peer_fd);
    bytes_finish(&side.told);
    if (runner_fd_count() != side.fds_before)
        runner_fd_print();
    ck_assert_int_eq(runner_fd_count(), side.fds_before);
}

void side_turn(void)
{
    for (int i = 0; i < 12; i++)
        uv_run(&side.loop, UV_RUN_NOWAIT);
}

/* Messages and descriptors of the peer */

static void add(struct bytes *out, enum message_type type, uint32_t id, const void *body)
{
    ck_assert_int_eq(wire_encode(out, protocol_message(type), id, body), 0);
}

void side_add_resize(struct bytes *out, uint32_t id)
{
    struct msg_resize body = {.rows = 1, .cols = 2};
    add(out, MSG_RESIZE, id, &body);
}

void side_add_attach(struct bytes *out, uint32_t id)
{
    struct msg_terminal terminal = {.rows = 3};
    struct msg_attach body = {.mode = ATTACH_OWN, .terminal = &terminal};
    add(out, MSG_ATTACH, id, &body);
}

void side_add_adopt(struct bytes *out, uint32_t id)
{
    struct msg_terminal terminal = {.rows = 3};
    struct msg_adopt body = {.mode = ATTACH_OWN, .terminal = &terminal, .client_request = 1};
    add(out, MSG_ADOPT, id, &body);
}

void side_add_run(struct bytes *out, uint32_t id, size_t size)
{
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    text[size] = '\0';
    char *argv[] = {text};
    struct msg_run body = {.argv = {.items = argv, .len = 1}, .cwd = "/"};
    add(out, MSG_RUN, id, &body);
    free(text);
}

int side_tagged(int tag)
{
    int fd = memfd_create("tag", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, tag), 0);
    return fd;
}

void side_send(const void *data, size_t len, int first_tag, size_t count)
{
    int fds[CHANNEL_FDS_MAX];
    for (size_t i = 0; i < count; i++)
        fds[i] = side_tagged(first_tag + (int)i);
    for (size_t at = 0; at < len;) {
        ssize_t n = channel_io_send(side.peer_fd, (const char *)data + at, len - at, fds,
                                    at == 0 ? count : 0);
        ck_assert_int_gt(n, 0);
        at += (size_t)n;
    }
    for (size_t i = 0; i < count; i++)
        fd_close(fds[i]);
}

void side_send_all(struct bytes *out, int first_tag, size_t count)
{
    side_send(out->data, out->len, first_tag, count);
    out->len = 0;
}
