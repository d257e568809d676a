#include "client/cook.h"
#include "common/fd.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* What is written: on modes alone */

/* The characters of a fresh Linux terminal. */
static struct termios plain_modes(void)
{
    struct termios modes = {.c_iflag = ICRNL | IXON, .c_lflag = ICANON | ISIG | IEXTEN};
    modes.c_cc[VINTR] = 0x03;
    modes.c_cc[VQUIT] = 0x1c;
    modes.c_cc[VERASE] = 0x7f;
    modes.c_cc[VKILL] = 0x15;
    modes.c_cc[VEOF] = 0x04;
    modes.c_cc[VSTART] = 0x11;
    modes.c_cc[VSTOP] = 0x13;
    modes.c_cc[VSUSP] = 0x1a;
    modes.c_cc[VREPRINT] = 0x12;
    modes.c_cc[VWERASE] = 0x17;
    modes.c_cc[VLNEXT] = 0x16;
    return modes;
}

static const struct {
    tcflag_t iflag_on, iflag_off, lflag_on, lflag_off;
    const char *in;
    const char *out;
    size_t pending;
    const char *end;
} write_cases[] = {
    {0, 0, 0, 0, "hi\n", "hi\n", 0, "\x04"},
    {0, 0, 0, 0, "", "", 0, "\x04"},
    {0, 0, 0, 0, "hi", "hi", 2, "\x04\x04"},
    {0, 0, 0, 0, "a\xff\x80\b\t", "a\xff\x80\b\t", 5, "\x04\x04"},
    {0, 0, 0, 0, "\x03\x1c\x1a", "\x16\x03\x16\x1c\x16\x1a", 3, "\x04\x04"},
    {0, 0, 0, 0, "\x7f\x15\x04\x12\x17\x16", "\x16\x7f\x16\x15\x16\x04\x16\x12\x16\x17\x16\x16", 6,
     "\x04\x04"},
    {0, 0, 0, 0, "\x11\x13x", "\x16\x11\x16\x13\x11x", 3, "\x04\x04"},
    {0, 0, 0, 0, "a\r\n", "a\x16\r\n", 0, "\x04"},
    {0, ICRNL, 0, 0, "a\rb", "a\rb", 3, "\x04\x04"},
    {IGNCR, ICRNL, 0, 0, "\r", "\x16\r", 1, "\x04\x04"},
    {INLCR, 0, 0, 0, "a\nb\n",
     "a\x16\n\x04"
     "b\x16\n\x04",
     0, "\x04"},
    {0, IXON, 0, 0, "\x11\x13", "\x11\x13", 2, "\x04\x04"},
    {0, 0, 0, ISIG, "\x03\x1c\x1a\x04", "\x03\x1c\x1a\x16\x04", 4, "\x04\x04"},
    {ISTRIP, 0, 0, 0, "\x83\x84\x8a", "\x16\x83\x16\x84\x8a", 0, "\x04"},
    {ISTRIP, 0, 0, 0, "\x93", "\x16\x93\x11", 1, "\x04\x04"},
    /* Nothing to quote with: the bytes act. */
    {0, 0, 0, IEXTEN, "ab\x15", "ab\x15", 0, "\x04"},
    {0, 0, 0, IEXTEN, "ab\x03", "ab\x03", 0, "\x04"},
    {0, 0, NOFLSH, IEXTEN, "ab\x03", "ab\x03", 2, "\x04\x04"},
    {0, 0, 0, IEXTEN, "ab\x04", "ab\x04", 0, "\x04"},
    {0, 0, 0, IEXTEN, "ab\r", "ab\r", 0, "\x04"},
    {0, 0, 0, IEXTEN, "ab\x13", "ab\x13\x11", 2, "\x04\x04"},
    {0, 0, 0, IEXTEN, "ab\x16\x17\x12", "ab\x16\x17\x12", 5, "\x04\x04"},
    {INLCR, 0, 0, IEXTEN, "ab\n", "ab\n\x04", 0, "\x04"},
    /* Not canonical. */
    {0, 0, 0, ICANON, "a\x03\x04\r\n", "a\x03\x04\r\n", 0, NULL},
    {0, 0, EXTPROC, 0, "a\x03\x04", "a\x03\x04", 0, NULL},
};

static void check_bytes(const struct bytes *b, const char *expected)
{
    ck_assert_uint_eq(b->len, strlen(expected));
    if (b->len > 0)
        ck_assert_mem_eq(b->data, expected, b->len);
}

START_TEST(writes_what_delivers_each_byte)
{
    struct termios modes = plain_modes();
    modes.c_iflag = (modes.c_iflag & ~write_cases[_i].iflag_off) | write_cases[_i].iflag_on;
    modes.c_lflag = (modes.c_lflag & ~write_cases[_i].lflag_off) | write_cases[_i].lflag_on;
    struct cook cook = {0};
    struct bytes out = {0};
    const char *in = write_cases[_i].in;
    ck_assert_int_eq(cook_input(&cook, &modes, (const uint8_t *)in, strlen(in), &out), 0);
    check_bytes(&out, write_cases[_i].out);
    ck_assert_uint_eq(cook.pending, write_cases[_i].pending);
    out.len = 0;
    const char *end = write_cases[_i].end;
    ck_assert_int_eq(cook_eof(&cook, &modes, &out), end ? 1 : 0);
    check_bytes(&out, end ? end : "");
    bytes_finish(&out);
}
END_TEST

START_TEST(leaves_disabled_characters_alone)
{
    struct termios modes = plain_modes();
    modes.c_iflag &= ~(tcflag_t)IXON;
    memset(modes.c_cc, _POSIX_VDISABLE, sizeof(modes.c_cc));
    struct cook cook = {0};
    struct bytes out = {0};
    ck_assert_int_eq(cook_input(&cook, &modes, (const uint8_t *)"\0\x03\x04\x16", 4, &out), 0);
    ck_assert_uint_eq(out.len, 4);
    ck_assert_mem_eq(out.data, "\0\x03\x04\x16", 4);
    ck_assert_uint_eq(cook.pending, 4);
    ck_assert_int_eq(cook_eof(&cook, &modes, &out), 0);
    ck_assert_uint_eq(out.len, 4);
    bytes_finish(&out);
}
END_TEST

START_TEST(pushes_long_lines_and_forgets_the_line_with_canonical_mode)
{
    struct termios modes = plain_modes();
    struct cook cook = {0};
    struct bytes out = {0};
    uint8_t line[COOK_PIECE];
    memset(line, 'x', sizeof(line));
    ck_assert_int_eq(cook_input(&cook, &modes, line, sizeof(line) - 1, &out), 0);
    ck_assert_uint_eq(out.len, COOK_PIECE - 1);
    ck_assert_uint_eq(cook.pending, COOK_PIECE - 1);
    ck_assert_int_eq(cook_input(&cook, &modes, line, 2, &out), 0);
    ck_assert_uint_eq(out.len, COOK_PIECE + 2);
    ck_assert_uint_eq(out.data[COOK_PIECE], 0x04);
    ck_assert_uint_eq(cook.pending, 1);
    modes.c_lflag &= ~(tcflag_t)ICANON;
    ck_assert_int_eq(cook_input(&cook, &modes, line, 1, &out), 0);
    ck_assert_uint_eq(cook.pending, 0);
    bytes_finish(&out);
}
END_TEST

/* What arrives: through the line discipline of a real terminal */

enum { DATA_SIZE = 100 * 1024, PATIENCE_MS = 10000 };

struct terminal {
    int master_fd;
    int slave_fd;
};

static struct terminal open_terminal(void)
{
    struct terminal t;
    t.master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(t.master_fd, 0);
    ck_assert_int_eq(unlockpt(t.master_fd), 0);
    t.slave_fd = ioctl(t.master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(t.slave_fd, 0);
    struct termios modes;
    ck_assert_int_eq(tcgetattr(t.slave_fd, &modes), 0);
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)ECHO;
    ck_assert_int_eq(tcsetattr(t.slave_fd, TCSANOW, &modes), 0);
    return t;
}

static void close_terminal(struct terminal *t)
{
    t->slave_fd = fd_close(t->slave_fd);
    t->master_fd = fd_close(t->master_fd);
}

/* The client's side: data not cooked yet, and cooked bytes not written yet. */
struct source {
    struct cook cook;
    const uint8_t *data;
    size_t len;
    struct bytes out;
    bool ended;
};

/* Cooks the next piece, of a random size, when everything before it is written. */
static void cook_more(struct source *source, int slave_fd)
{
    struct termios modes;
    ck_assert_int_eq(tcgetattr(slave_fd, &modes), 0);
    if (source->len == 0) {
        ck_assert_int_eq(cook_eof(&source->cook, &modes, &source->out), 1);
        source->ended = true;
        return;
    }
    size_t n = 1 + (size_t)rand() % 4096;
    n = n < source->len ? n : source->len;
    ck_assert_int_eq(cook_input(&source->cook, &modes, source->data, n, &source->out), 0);
    source->data += n;
    source->len -= n;
}

/* Writes what the terminal takes. */
static void write_some(struct source *source, const struct terminal *t)
{
    if (source->out.len == 0 && !source->ended)
        cook_more(source, t->slave_fd);
    if (source->out.len == 0)
        return;
    ssize_t n = write(t->master_fd, source->out.data, source->out.len);
    if (n < 0)
        ck_assert_int_eq(errno, EAGAIN);
    else
        bytes_consume(&source->out, (size_t)n);
}

/* The job's side: reads at most size bytes. Returns whether that was the end of file. */
static bool read_some(const struct terminal *t, size_t size, struct bytes *in)
{
    uint8_t buf[65536];
    ssize_t n = read(t->slave_fd, buf, size < sizeof(buf) ? size : sizeof(buf));
    if (n < 0) {
        ck_assert_int_eq(errno, EAGAIN);
        return false;
    }
    ck_assert_int_eq(bytes_append(in, buf, (size_t)n), 0);
    return n == 0;
}

static void wait_for_either(const struct source *source, const struct terminal *t)
{
    struct pollfd fds[2] = {
        {.fd = t->slave_fd, .events = POLLIN},
        {.fd = source->out.len > 0 || !source->ended ? t->master_fd : -1, .events = POLLOUT},
    };
    ck_assert_int_gt(poll(fds, 2, PATIENCE_MS), 0);
}

/* Sends data through t to a reader that takes read_size bytes at a time, until its end of file.
 * Whatever was read is in *in then. */
static void transfer(const struct terminal *t, const uint8_t *data, size_t len, size_t read_size,
                     struct bytes *in)
{
    struct source source = {.data = data, .len = len};
    bool end = false;
    while (!end) {
        wait_for_either(&source, t);
        write_some(&source, t);
        end = read_some(t, read_size, in);
    }
    ck_assert_int_eq(source.ended, true);
    ck_assert_uint_eq(source.out.len, 0);
    bytes_finish(&source.out);
}

static uint8_t *random_data(size_t len, uint8_t mask)
{
    uint8_t *data = malloc(len);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(rand() >> 8) & mask;
    return data;
}

/* Data through a terminal with these modes is the same data, then one end of file and no second. */
static void check_transfer(const struct termios *change, const uint8_t *data, size_t len,
                           size_t read_size)
{
    struct terminal t = open_terminal();
    if (change)
        ck_assert_int_eq(tcsetattr(t.slave_fd, TCSANOW, change), 0);
    struct bytes in = {0};
    transfer(&t, data, len, read_size, &in);
    ck_assert_uint_eq(in.len, len);
    if (len > 0)
        ck_assert_mem_eq(in.data, data, len);
    char byte;
    ck_assert_int_eq(read(t.slave_fd, &byte, 1), -1);
    ck_assert_int_eq(errno, EAGAIN);
    bytes_finish(&in);
    close_terminal(&t);
}

static const size_t read_sizes[] = {65536, 4096, 4095, 1024, 1000, 64, 63, 7, 1};

START_TEST(delivers_random_bytes_whatever_the_reader_takes)
{
    uint8_t *data = random_data(DATA_SIZE, 0xff);
    check_transfer(NULL, data, DATA_SIZE, read_sizes[_i]);
    free(data);
}
END_TEST

START_TEST(delivers_a_line_without_an_end)
{
    uint8_t *data = malloc(DATA_SIZE);
    ck_assert_ptr_nonnull(data);
    memset(data, 'x', DATA_SIZE);
    check_transfer(NULL, data, DATA_SIZE, read_sizes[_i]);
    free(data);
}
END_TEST

START_TEST(delivers_lengths_around_a_piece)
{
    uint8_t data[2 * COOK_PIECE + 1];
    memset(data, 'x', sizeof(data));
    static const size_t lengths[] = {
        0, 1, COOK_PIECE - 1, COOK_PIECE, COOK_PIECE + 1, 2 * COOK_PIECE, 2 * COOK_PIECE + 1,
    };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        check_transfer(NULL, data, lengths[i], COOK_PIECE);
        check_transfer(NULL, data, lengths[i], 4096);
    }
    data[COOK_PIECE] = '\n';
    check_transfer(NULL, data, COOK_PIECE + 1, 4096);
    data[COOK_PIECE - 1] = '\n';
    check_transfer(NULL, data, COOK_PIECE, COOK_PIECE);
}
END_TEST

static const struct {
    tcflag_t iflag_on, iflag_off, lflag_off;
    int index; /* of a special character to set to c, when c is not 0 */
    uint8_t c;
    uint8_t mask;
} mode_cases[] = {
    {INLCR, 0, 0, 0, 0, 0xff},
    {IGNCR, 0, 0, 0, 0, 0xff},
    {IGNCR | INLCR, ICRNL, 0, 0, 0, 0xff},
    {ISTRIP, 0, 0, 0, 0, 0x7f},
    {0, IXON, 0, 0, 0, 0xff},
    {IXANY, 0, 0, 0, 0, 0xff},
    {0, ICRNL, ISIG, 0, 0, 0xff},
    {IUTF8, 0, 0, 0, 0, 0xff},
    {0, 0, 0, VEOL, 'a', 0xff},
    {0, 0, 0, VEOL2, 'b', 0xff},
    {0, 0, 0, VLNEXT, 'c', 0xff},
    {0, 0, 0, VEOF, 'd', 0xff},
    {0, 0, 0, VINTR, 0xff, 0xff},
    {0, 0, 0, VERASE, 'e', 0xff},
};

START_TEST(delivers_random_bytes_in_every_mode)
{
    struct terminal t = open_terminal();
    struct termios modes;
    ck_assert_int_eq(tcgetattr(t.slave_fd, &modes), 0);
    close_terminal(&t);
    modes.c_iflag = (modes.c_iflag & ~mode_cases[_i].iflag_off) | mode_cases[_i].iflag_on;
    modes.c_lflag &= ~mode_cases[_i].lflag_off;
    if (mode_cases[_i].c)
        modes.c_cc[mode_cases[_i].index] = mode_cases[_i].c;
    uint8_t *data = random_data(DATA_SIZE, mode_cases[_i].mask);
    check_transfer(&modes, data, DATA_SIZE, 4096);
    free(data);
}
END_TEST

/* Waits until the line discipline has no room for more, so that what follows waits before it. */
static void wait_until_full(int slave_fd)
{
    time_t deadline = time(NULL) + PATIENCE_MS / 1000;
    int readable = 0;
    while (readable < 4000) {
        ck_assert_int_eq(ioctl(slave_fd, FIONREAD, &readable), 0);
        ck_assert_int_lt(time(NULL), deadline);
        sched_yield();
    }
}

/* Linux takes a quoted VSTOP that waits for room for flow control. */
START_TEST(does_not_stop_the_output)
{
    struct terminal t = open_terminal();
    struct cook cook = {0};
    struct termios modes;
    struct bytes out = {0}, in = {0};
    ck_assert_int_eq(tcgetattr(t.slave_fd, &modes), 0);
    ck_assert(modes.c_iflag & IXON);
    uint8_t *data = malloc(8192);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < 8192; i++)
        data[i] = i % 64 == 63 ? '\n' : 'x';
    ck_assert_int_eq(fd_write_all(t.master_fd, data, 8192), 0);
    wait_until_full(t.slave_fd);
    ck_assert_int_eq(cook_input(&cook, &modes, (const uint8_t *)"\x13y", 2, &out), 0);
    ck_assert_int_eq(cook_eof(&cook, &modes, &out), 1);
    ck_assert_int_eq(fd_write_all(t.master_fd, out.data, out.len), 0);
    struct pollfd poll_fd = {.fd = t.slave_fd, .events = POLLIN};
    do
        ck_assert_int_eq(poll(&poll_fd, 1, PATIENCE_MS), 1);
    while (!read_some(&t, 65536, &in));
    ck_assert_uint_eq(in.len, 8194);
    ck_assert_mem_eq(in.data, data, 8192);
    ck_assert_mem_eq(in.data + 8192, "\x13y", 2);
    ck_assert_int_eq(write(t.slave_fd, "out", 3), 3);
    free(data);
    bytes_finish(&in);
    bytes_finish(&out);
    close_terminal(&t);
}
END_TEST

START_TEST(passes_bytes_as_they_are_without_canonical_mode)
{
    struct terminal t = open_terminal();
    struct termios modes;
    ck_assert_int_eq(tcgetattr(t.slave_fd, &modes), 0);
    cfmakeraw(&modes);
    ck_assert_int_eq(tcsetattr(t.slave_fd, TCSANOW, &modes), 0);
    struct cook cook = {0};
    struct bytes out = {0}, in = {0};
    uint8_t data[256];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    ck_assert_int_eq(cook_input(&cook, &modes, data, sizeof(data), &out), 0);
    ck_assert_int_eq(cook_eof(&cook, &modes, &out), 0);
    ck_assert_int_eq(fd_write_all(t.master_fd, out.data, out.len), 0);
    while (in.len < sizeof(data)) {
        struct pollfd poll_fd = {.fd = t.slave_fd, .events = POLLIN};
        ck_assert_int_eq(poll(&poll_fd, 1, PATIENCE_MS), 1);
        (void)read_some(&t, 65536, &in);
    }
    ck_assert_uint_eq(in.len, sizeof(data));
    ck_assert_mem_eq(in.data, data, sizeof(data));
    bytes_finish(&in);
    bytes_finish(&out);
    close_terminal(&t);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *cook_suite(void)
{
    Suite *suite = suite_create("cook");
    TCase *tc = tcase_create("written");
    tcase_add_loop_test(tc, writes_what_delivers_each_byte, 0, COUNT(write_cases));
    tcase_add_test(tc, leaves_disabled_characters_alone);
    tcase_add_test(tc, pushes_long_lines_and_forgets_the_line_with_canonical_mode);
    suite_add_tcase(suite, tc);
    tc = tcase_create("delivered");
    tcase_add_loop_test(tc, delivers_random_bytes_whatever_the_reader_takes, 0, COUNT(read_sizes));
    tcase_add_loop_test(tc, delivers_a_line_without_an_end, 0, COUNT(read_sizes));
    tcase_add_test(tc, delivers_lengths_around_a_piece);
    tcase_add_loop_test(tc, delivers_random_bytes_in_every_mode, 0, COUNT(mode_cases));
    tcase_add_test(tc, does_not_stop_the_output);
    tcase_add_test(tc, passes_bytes_as_they_are_without_canonical_mode);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    srand(4711);
    return runner_run(cook_suite());
}
