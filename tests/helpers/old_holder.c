/*
 * A holder of the first protocol, frozen: it holds the lock and the socket of job 7 and says
 * nothing but the bytes in old_holder_bytes.h. It shares no code with js, so that it stays what it
 * is.
 *
 *   old_holder STATE-DIR RUNTIME-DIR [newer|silent]
 *
 * The directories are the job's own and must exist. It prints READY when it listens. What it is
 * told it reads as the first release did: known fields have the types they had, unknown ones are
 * passed over, an unknown type is answered with `error`. Anything else ends it with status 1 and a
 * word on stderr. It ends with 0 when its job is killed; TERM makes the job end by itself. "newer":
 * it speaks protocol 9 only; "silent": it does not answer what it does not know. On its end it
 * prints how many servers have connected.
 */
#include "tests/helpers/old_holder_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX 65536u

struct frame {
    unsigned char data[FRAME_MAX];
    size_t len;
};

struct peer {
    int fd; /* -1 = none */
    struct frame in;
    int fds[2]; /* that came along */
    int fd_count;
    bool greeted;
};

static const char *state_dir, *runtime_dir;
static bool newer, silent;
static unsigned servers;
static struct peer server = {.fd = -1}, client = {.fd = -1};
static int lock_fd, listen_fd, ptmx_fd, pts_fd, out_fd = -1;
static volatile sig_atomic_t told_to_end;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "old_holder: %s (%s)\n", what, strerror(errno));
    exit(1);
}

/* Saying */

static void add(struct frame *frame, const void *data, size_t len)
{
    if (frame->len + len > sizeof(frame->data))
        fail("a frame is too long");
    memcpy(frame->data + frame->len, data, len);
    frame->len += len;
}

#define ADD(frame, literal) add(frame, literal, sizeof(literal) - 1)

static void begin(struct frame *frame, unsigned char type, uint32_t id)
{
    unsigned char head[] = {0, 0, 0, 0, 0x93, type, (unsigned char)id};
    if (id > 127)
        fail("a request id is larger than the captured ones");
    frame->len = 0;
    add(frame, head, sizeof(head));
}

static void finish(struct frame *frame)
{
    size_t len = frame->len - 4;
    frame->data[2] = (unsigned char)(len >> 8);
    frame->data[3] = (unsigned char)len;
}

/* pass_fd rides with the first byte; -1 = none. A peer that is gone is seen when reading. */
static void say(int fd, struct frame *frame, int pass_fd)
{
    union {
        char buf[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    finish(frame);
    struct iovec iov = {.iov_base = frame->data, .iov_len = frame->len};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    if (pass_fd >= 0) {
        message.msg_control = control.buf;
        message.msg_controllen = sizeof(control.buf);
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(cmsg), &pass_fd, sizeof(int));
    }
    if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        fail("cannot send");
}

static void add_path(struct frame *frame)
{
    unsigned char head[] = {0xd9, (unsigned char)strlen(runtime_dir)};
    add(frame, head, sizeof(head));
    add(frame, runtime_dir, strlen(runtime_dir));
}

static void add_running(struct frame *frame)
{
    ADD(frame, OLD_RUNNING_COUNT OLD_INFO_HEAD("\x03"));
    add_path(frame);
    ADD(frame, OLD_INFO_TIMES OLD_INFO_USED OLD_INFO_SIZE OLD_INFO_LOG);
}

static void add_viewed(struct frame *frame)
{
    ADD(frame, OLD_VIEWED_COUNT OLD_INFO_HEAD("\x03"));
    add_path(frame);
    ADD(frame, OLD_INFO_TIMES OLD_INFO_USED OLD_INFO_VIEWERS OLD_INFO_SIZE OLD_INFO_LOG);
}

static void add_left(struct frame *frame)
{
    ADD(frame, OLD_LEFT_COUNT OLD_INFO_HEAD("\x03"));
    add_path(frame);
    ADD(frame, OLD_INFO_TIMES OLD_INFO_LEFT OLD_INFO_USED OLD_INFO_SIZE OLD_INFO_LOG);
}

static void add_ended(struct frame *frame)
{
    ADD(frame, OLD_ENDED_COUNT OLD_INFO_HEAD("\x07"));
    add_path(frame);
    ADD(frame, OLD_INFO_TIMES OLD_INFO_ENDED OLD_INFO_LEFT OLD_INFO_USED OLD_INFO_SIZE);
    ADD(frame, OLD_INFO_END OLD_INFO_LOG);
}

static void write_record(void (*add_info)(struct frame *))
{
    static struct frame frame;
    char path[4096], temp[4096];
    snprintf(path, sizeof(path), "%s/record", state_dir);
    snprintf(temp, sizeof(temp), "%s/record.new", state_dir);
    begin(&frame, OLD_JOB, 0);
    add_info(&frame);
    finish(&frame);
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, frame.data, frame.len) != (ssize_t)frame.len || close(fd) < 0 ||
        rename(temp, path) < 0)
        fail("cannot write the record");
}

static void say_changed(void (*add_info)(struct frame *))
{
    static struct frame frame;
    if (server.fd < 0)
        return;
    begin(&frame, OLD_CHANGED, 0);
    add_info(&frame);
    say(server.fd, &frame, -1);
}

static void say_done(uint32_t id)
{
    static struct frame frame;
    begin(&frame, OLD_DONE, id);
    ADD(&frame, OLD_DONE_BODY);
    say(server.fd, &frame, -1);
}

static void say_left(bool ended)
{
    static struct frame frame;
    if (client.fd < 0)
        return;
    begin(&frame, OLD_LEFT, 0);
    if (ended)
        ADD(&frame, OLD_LEFT_HEAD("\x01"));
    else
        ADD(&frame, OLD_LEFT_HEAD("\x03"));
    (ended ? add_ended : add_left)(&frame);
    say(client.fd, &frame, -1);
    close(client.fd);
    close(out_fd);
    client.fd = out_fd = -1;
    client.in.len = 0;
}

/* Understanding: as much msgpack as the first release's messages need. */

struct value {
    const unsigned char *at; /* behind its head */
    char kind;       /* u(nsigned) i(nteger) b(ool) s(tring) x(binary) a(rray) m(ap) n(il) */
    uint64_t number; /* the value; the length or count for s, x, a and m */
};

static const unsigned char *end_of(const struct frame *frame)
{
    return frame->data + frame->len;
}

static uint64_t big_endian(const unsigned char *at, size_t bytes)
{
    uint64_t number = 0;
    while (bytes-- > 0)
        number = number << 8 | *at++;
    return number;
}

static struct value read_value(const unsigned char *at)
{
    unsigned char head = *at++;
    if (head < 0x80)
        return (struct value){at, 'u', head};
    if (head < 0x90)
        return (struct value){at, 'm', head & 15};
    if (head < 0xa0)
        return (struct value){at, 'a', head & 15};
    if (head < 0xc0)
        return (struct value){at, 's', head & 31};
    if (head >= 0xe0)
        return (struct value){at, 'i', 0};
    static const struct {
        unsigned char head;
        char kind;
        unsigned char bytes;
    } heads[] = {{0xc0, 'n', 0}, {0xc2, 'b', 0}, {0xc3, 'b', 0}, {0xc4, 'x', 1}, {0xc5, 'x', 2},
                 {0xcc, 'u', 1}, {0xcd, 'u', 2}, {0xce, 'u', 4}, {0xcf, 'u', 8}, {0xd0, 'i', 1},
                 {0xd1, 'i', 2}, {0xd2, 'i', 4}, {0xd3, 'i', 8}, {0xd9, 's', 1}, {0xda, 's', 2},
                 {0xdc, 'a', 2}, {0xde, 'm', 2}};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        if (heads[i].head == head)
            return (struct value){at + heads[i].bytes, heads[i].kind,
                                  heads[i].kind == 'b' ? head & 1u
                                                       : big_endian(at, heads[i].bytes)};
    fail("a value of an unknown kind came");
}

/* What stands behind the value. */
static const unsigned char *skip(struct value value)
{
    const unsigned char *at = value.at;
    if (value.kind == 's' || value.kind == 'x')
        return at + value.number;
    if (value.kind != 'a' && value.kind != 'm')
        return at;
    for (uint64_t i = 0; i < value.number * (value.kind == 'm' ? 2 : 1); i++)
        at = skip(read_value(at));
    return at;
}

/* A field of a map; fails when it has not the kind it always had, or is missing and required. */
static struct value field(struct value map, const char *name, char kind, bool required)
{
    const unsigned char *at = map.at;
    for (uint64_t i = 0; i < map.number; i++) {
        struct value key = read_value(at);
        struct value value = read_value(skip(key));
        if (key.number == strlen(name) && memcmp(key.at, name, key.number) == 0) {
            if (value.kind != kind)
                fail(name);
            return value;
        }
        at = skip(value);
    }
    if (required)
        fail(name);
    return (struct value){NULL, 'n', 0};
}

static void check_terminal(struct value terminal)
{
    static const char *const numbers[] = {"iflag", "oflag", "cflag", "lflag", "ispeed", "ospeed"};
    static const char *const both[] = {"original", "raw"};
    field(terminal, "tty", 's', false);
    field(terminal, "rows", 'u', false);
    field(terminal, "cols", 'u', false);
    field(terminal, "keys", 'b', false);
    for (size_t i = 0; i < 2; i++) {
        struct value termios = field(terminal, both[i], 'm', false);
        for (size_t k = 0; termios.at && k < 6; k++)
            field(termios, numbers[k], 'u', true);
        if (termios.at)
            field(termios, "cc", 'x', true);
    }
}

/* What it is told */

static void greet(struct value body)
{
    static struct frame frame;
    field(body, "protocol", 'u', true);
    field(body, "lowest", 'u', true);
    field(body, "version", 's', true);
    server.greeted = true;
    if (!newer) {
        say_changed(add_running);
        return;
    }
    begin(&frame, OLD_ERROR, 0);
    ADD(&frame, OLD_VERSION_BODY);
    say(server.fd, &frame, -1);
}

static void adopt(uint32_t id, struct value body)
{
    static struct frame frame;
    static const char output[] = "old output\r\n";
    uint64_t request = field(body, "client_request", 'u', true).number;
    field(body, "mode", 'u', true);
    field(body, "resume", 'b', false);
    field(body, "history", 'u', false);
    field(body, "client_pid", 'u', false);
    check_terminal(field(body, "terminal", 'm', true));
    if (server.fd_count != 2)
        fail("adopt came without output and connection");
    out_fd = server.fds[0];
    client.fd = server.fds[1];
    server.fd_count = 0;
    say_done(id);
    say_changed(add_viewed);
    begin(&frame, OLD_ATTACHED, (uint32_t)request);
    add_viewed(&frame);
    say(client.fd, &frame, ptmx_fd);
    if (write(out_fd, output, sizeof(output) - 1) < 0)
        fail("cannot write to the client's output");
}

/* The job has ended: record, servers, viewers, in this order. */
static _Noreturn void end_job(bool killed, uint32_t id)
{
    char path[4096];
    write_record(add_ended);
    if (!newer)
        say_changed(add_ended);
    if (killed)
        say_done(id);
    say_left(true);
    snprintf(path, sizeof(path), "%s/sock", runtime_dir);
    unlink(path);
    rmdir(runtime_dir);
    printf("servers %u\n", servers);
    fflush(stdout);
    exit(0);
}

static void refuse(uint32_t id)
{
    static struct frame frame;
    begin(&frame, OLD_ERROR, id);
    ADD(&frame, OLD_UNSUPPORTED_BODY);
    say(server.fd, &frame, -1);
}

static void handle_server(unsigned type, uint32_t id, struct value body)
{
    if (!server.greeted && type != OLD_HELLO)
        fail("the first message was not hello");
    switch (type) {
    case OLD_HELLO:
        greet(body);
        break;
    case OLD_ADOPT:
        adopt(id, body);
        break;
    case OLD_KILL:
        field(body, "job", 's', false);
        field(body, "grace_ms", 'u', false);
        field(body, "default_grace", 'b', false);
        end_job(true, id);
    case OLD_ERROR:
        break;
    default:
        if (!silent)
            refuse(id);
        break;
    }
}

static void handle_client(unsigned type, uint32_t id, struct value body)
{
    (void)id;
    if (type == OLD_LEAVE) {
        say_left(false);
        say_changed(add_left);
    } else if (type == OLD_RESIZE) {
        field(body, "rows", 'u', true);
        field(body, "cols", 'u', true);
    }
}

/* Frames */

static void close_peer(struct peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
    peer->in.len = 0;
    peer->greeted = false;
}

/* Reads some; whether the peer is still there. */
static bool receive(struct peer *peer)
{
    union {
        char buf[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = peer->in.data + peer->in.len,
                        .iov_len = sizeof(peer->in.data) - peer->in.len};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.buf,
                             .msg_controllen = sizeof(control.buf)};
    ssize_t n = recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (c->cmsg_type != SCM_RIGHTS || count > 2)
            fail("more descriptors came than the first release took");
        memcpy(peer->fds, CMSG_DATA(c), count * sizeof(int));
        peer->fd_count = (int)count;
    }
    peer->in.len += (size_t)n;
    return true;
}

static void handle(struct peer *peer, void (*handle_one)(unsigned, uint32_t, struct value))
{
    if (!receive(peer)) {
        close_peer(peer);
        return;
    }
    while (peer->fd >= 0 && peer->in.len >= 4) {
        size_t len = (size_t)big_endian(peer->in.data, 4);
        if (len == 0 || len > FRAME_MAX - 4)
            fail("a frame has an odd length");
        if (peer->in.len < len + 4)
            return;
        struct value array = read_value(peer->in.data + 4);
        struct value type = read_value(array.at), id = read_value(skip(type));
        struct value body = read_value(skip(id));
        if (array.kind != 'a' || array.number != 3 || type.kind != 'u' || id.kind != 'u' ||
            body.kind != 'm' || skip(body) > end_of(&peer->in))
            fail("a frame is not [type, request id, {fields}]");
        handle_one((unsigned)type.number, (uint32_t)id.number, body);
        if (peer->fd < 0)
            return;
        memmove(peer->in.data, peer->in.data + len + 4, peer->in.len - len - 4);
        peer->in.len -= len + 4;
    }
}

static void take_server(void)
{
    static struct frame frame;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (server.fd >= 0)
        close_peer(&server);
    server.fd = fd;
    servers++;
    begin(&frame, OLD_HELLO, 0);
    if (newer)
        ADD(&frame, OLD_HELLO_BODY("\x09", "9.0.0"));
    else
        ADD(&frame, OLD_HELLO_BODY("\x01", "0.1.0"));
    say(fd, &frame, -1);
}

/* What is typed is echoed by the terminal, and shown to the client as a job's output is. */
static void show_output(void)
{
    char buf[1024];
    ssize_t n = read(ptmx_fd, buf, sizeof(buf));
    if (n > 0 && out_fd >= 0 && write(out_fd, buf, (size_t)n) < 0)
        fail("cannot write to the client's output");
}

/* The beginning */

static void on_term(int number)
{
    (void)number;
    told_to_end = 1;
}

static void open_terminal(void)
{
    ptmx_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ptmx_fd < 0 || grantpt(ptmx_fd) < 0 || unlockpt(ptmx_fd) < 0)
        fail("cannot open a terminal");
    pts_fd = open(ptsname(ptmx_fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pts_fd < 0)
        fail("cannot open the terminal");
}

static void take_place(void)
{
    char path[4096];
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(path, sizeof(path), "%s/lock", state_dir);
    lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_fd < 0 || flock(lock_fd, LOCK_EX | LOCK_NB) < 0)
        fail("cannot take the lock");
    if (strlen(runtime_dir) > 90)
        fail("the path of the runtime directory is too long");
    sprintf(addr.sun_path, "%s/sock", runtime_dir);
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listen_fd < 0 || bind(listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        listen(listen_fd, 8) < 0)
        fail("cannot listen");
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_term}; /* poll returns */
    if (argc < 3)
        return 2;
    state_dir = argv[1];
    runtime_dir = argv[2];
    newer = argc > 3 && strcmp(argv[3], "newer") == 0;
    silent = argc > 3 && strcmp(argv[3], "silent") == 0;
    sigaction(SIGTERM, &action, NULL);
    signal(SIGUSR1, SIG_IGN); /* as the first release */
    open_terminal();
    take_place();
    write_record(add_running);
    printf("READY\n");
    fflush(stdout);
    while (!told_to_end) {
        struct pollfd polls[] = {{.fd = listen_fd, .events = POLLIN},
                                 {.fd = server.fd, .events = POLLIN},
                                 {.fd = client.fd, .events = POLLIN},
                                 {.fd = ptmx_fd, .events = POLLIN}};
        if (poll(polls, 4, -1) < 0)
            continue;
        if (polls[3].revents)
            show_output();
        if (polls[2].revents)
            handle(&client, handle_client);
        if (polls[1].revents)
            handle(&server, handle_server);
        if (polls[0].revents)
            take_server();
    }
    end_job(false, 0);
}
