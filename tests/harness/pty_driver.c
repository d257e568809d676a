#include "tests/harness/pty_driver.h"

#include "common/fd.h"
#include "tests/harness/leader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct pty_driver {
    int ptmx_fd;
    int pid_fd;
    pid_t pid;       /* -1 once reaped */
    int wait_status; /* valid once pid is -1 */
    bool closed;     /* the master gave EIO: nobody holds the other side */
    char tty[64];
    struct transcript transcript;
};

/* Opens both sides of a fresh terminal and prepares its size and modes. 0 or -errno. */
static int open_terminal(struct pty_driver *driver, const struct pty_driver_options *options,
                         int *ret_pts_fd)
{
    driver->ptmx_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (driver->ptmx_fd < 0)
        return -errno;
    if (grantpt(driver->ptmx_fd) < 0 || unlockpt(driver->ptmx_fd) < 0)
        return -errno;
    if (ptsname_r(driver->ptmx_fd, driver->tty, sizeof(driver->tty)) != 0)
        return -errno;
    _cleanup_fd_ int pts_fd = open(driver->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pts_fd < 0)
        return -errno;
    struct termios termios;
    if (tcgetattr(pts_fd, &termios) < 0)
        return -errno;
    termios.c_iflag |= IUTF8; /* as terminal emulators set it */
    if (options->termios)
        termios = *options->termios;
    if (tcsetattr(pts_fd, TCSANOW, &termios) < 0)
        return -errno;
    struct winsize size = {
        .ws_row = (unsigned short)(options->rows ? options->rows : 24),
        .ws_col = (unsigned short)(options->cols ? options->cols : 80),
    };
    if (ioctl(pts_fd, TIOCSWINSZ, &size) < 0)
        return -errno;
    *ret_pts_fd = fd_take(&pts_fd);
    return 0;
}

static int start_program(struct pty_driver *driver, const struct pty_driver_options *options)
{
    _cleanup_fd_ int pts_fd = -1;
    int r = open_terminal(driver, options, &pts_fd);
    if (r < 0)
        return r;
    struct leader_options leader = {
        .argv = options->argv,
        .env = options->env,
        .cwd = options->cwd,
        .fds = {pts_fd, pts_fd, pts_fd},
        .controlling_tty = true,
    };
    pid_t pid = leader_spawn(&leader);
    if (pid < 0)
        return (int)pid;
    driver->pid = pid;
    driver->pid_fd = pidfd_open(pid, 0);
    return driver->pid_fd < 0 ? -errno : 0;
}

struct pty_driver *pty_driver_start(const struct pty_driver_options *options)
{
    struct pty_driver *driver = calloc(1, sizeof(*driver));
    if (!driver)
        return NULL;
    driver->ptmx_fd = -1;
    driver->pid_fd = -1;
    driver->pid = -1;
    int r = start_program(driver, options);
    if (r < 0) {
        fprintf(stderr, "# cannot start %s in a terminal: %s\n", options->argv[0], strerror(-r));
        pty_driver_destroy(driver);
        return NULL;
    }
    return driver;
}

void pty_driver_destroy(struct pty_driver *driver)
{
    if (!driver)
        return;
    fd_close(driver->ptmx_fd);
    if (driver->pid > 0) {
        kill(driver->pid, SIGKILL);
        waitpid(driver->pid, NULL, 0);
    }
    fd_close(driver->pid_fd);
    transcript_finish(&driver->transcript);
    free(driver);
}

pid_t pty_driver_pid(const struct pty_driver *driver)
{
    return driver->pid;
}

int pty_driver_fd(const struct pty_driver *driver)
{
    return driver->ptmx_fd;
}

const char *pty_driver_tty(const struct pty_driver *driver)
{
    return driver->tty;
}

struct transcript *pty_driver_transcript(struct pty_driver *driver)
{
    return &driver->transcript;
}

size_t pty_driver_here(struct pty_driver *driver)
{
    return driver->transcript.all.len;
}

/* Reads once. 1 when there were bytes, 0 when there are none now, -EIO when the other side is
 * closed, or another -errno. */
static int read_once(struct pty_driver *driver)
{
    char data[65536];
    ssize_t n = read(driver->ptmx_fd, data, sizeof(data));
    if (n > 0) {
        driver->closed = false;
        transcript_add(&driver->transcript, data, (size_t)n);
        return 1;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    driver->closed = true;
    return n < 0 ? -errno : -EIO;
}

void pty_driver_read_now(struct pty_driver *driver)
{
    while (driver->ptmx_fd >= 0 && read_once(driver) > 0)
        continue;
}

/* Waits for output and reads it once. 0, -ETIMEDOUT, -EIO (closed), -EBADF (hung up). */
static int pump(struct pty_driver *driver, struct deadline deadline)
{
    if (driver->ptmx_fd < 0)
        return -EBADF;
    struct pollfd entry = {.fd = driver->ptmx_fd, .events = POLLIN};
    int n = poll(&entry, 1, deadline_left_ms(deadline));
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ETIMEDOUT;
    int r = read_once(driver);
    return r < 0 ? r : 0;
}

static const char *why(int r)
{
    return r == -ETIMEDOUT ? "deadline passed" : r == -EIO ? "terminal closed" : strerror(-r);
}

static void print_failure(const struct pty_driver *driver, const char *const *texts, int r)
{
    fprintf(stderr, "# %s on %s; waited for:", why(r), driver->tty);
    for (int i = 0; texts[i]; i++) {
        fputs(i > 0 ? " or \"" : " \"", stderr);
        transcript_print_bytes(texts[i], strlen(texts[i]), stderr);
        fputc('"', stderr);
    }
    fputc('\n', stderr);
    transcript_print(&driver->transcript, stderr);
}

int pty_driver_await_any(struct pty_driver *driver, const char *const *texts,
                         struct deadline deadline)
{
    for (;;) {
        int found = transcript_find_any(&driver->transcript, texts);
        if (found >= 0)
            return found;
        int r = pump(driver, deadline);
        if (r < 0) {
            print_failure(driver, texts, r);
            return -1;
        }
    }
}

bool pty_driver_await(struct pty_driver *driver, const char *text, struct deadline deadline)
{
    const char *const texts[] = {text, NULL};
    return pty_driver_await_any(driver, texts, deadline) == 0;
}

bool pty_driver_await_closed(struct pty_driver *driver, struct deadline deadline)
{
    int r = 0;
    while (r == 0)
        r = pump(driver, deadline);
    if (r == -EIO)
        return true;
    const char *const texts[] = {"(the end of the output)", NULL};
    print_failure(driver, texts, r);
    return false;
}

/* One step of waiting for the program: reads output, reaps it when it has ended. 0 or -ETIMEDOUT.*/
static int wait_step(struct pty_driver *driver, struct deadline deadline)
{
    /* A closed terminal is always "readable": only the process can bring news then. */
    struct pollfd entries[] = {
        {.fd = driver->pid_fd, .events = POLLIN},
        {.fd = driver->closed ? -1 : driver->ptmx_fd, .events = POLLIN},
    };
    int n = poll(entries, 2, deadline_left_ms(deadline));
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ETIMEDOUT;
    if (entries[1].revents)
        (void)read_once(driver);
    if (entries[0].revents && waitpid(driver->pid, &driver->wait_status, 0) == driver->pid) {
        driver->pid = -1;
        driver->pid_fd = fd_close(driver->pid_fd);
    }
    return 0;
}

int pty_driver_wait(struct pty_driver *driver, struct deadline deadline)
{
    while (driver->pid > 0) {
        int r = wait_step(driver, deadline);
        if (r < 0) {
            const char *const texts[] = {"(the program's end)", NULL};
            print_failure(driver, texts, r);
            return r;
        }
    }
    pty_driver_read_now(driver);
    return driver->wait_status;
}

int pty_driver_wait_code(struct pty_driver *driver, struct deadline deadline)
{
    int status = pty_driver_wait(driver, deadline);
    if (status < 0)
        return status;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int pty_driver_send_bytes(struct pty_driver *driver, const void *data, size_t len)
{
    struct deadline deadline = deadline_default();
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(driver->ptmx_fd, at, len);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        /* The program may be blocked on its own output: take that first. */
        struct pollfd entry = {.fd = driver->ptmx_fd, .events = POLLIN | POLLOUT};
        if (poll(&entry, 1, deadline_left_ms(deadline)) == 0)
            return -ETIMEDOUT;
        if (entry.revents & POLLIN)
            (void)read_once(driver);
    }
    return 0;
}

int pty_driver_send(struct pty_driver *driver, const char *text)
{
    return pty_driver_send_bytes(driver, text, strlen(text));
}

int pty_driver_send_key(struct pty_driver *driver, const char *key)
{
    static const struct {
        const char *name;
        const char *sequence;
    } keys[] = {
        {"Enter", "\r"},         {"Tab", "\t"},      {"Escape", "\033"}, {"Backspace", "\177"},
        {"Delete", "\033[3~"},   {"Up", "\033[A"},   {"Down", "\033[B"}, {"Right", "\033[C"},
        {"Left", "\033[D"},      {"Home", "\033[H"}, {"End", "\033[F"},  {"PageUp", "\033[5~"},
        {"PageDown", "\033[6~"}, {"F1", "\033OP"},   {"F2", "\033OQ"},   {"F3", "\033OR"},
        {"F4", "\033OS"},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(keys[i].name, key) == 0)
            return pty_driver_send(driver, keys[i].sequence);
    }
    bool one_character = strlen(key) == 3 && key[1] == '-';
    if (one_character && key[0] == 'C') {
        char control = (char)(key[2] & 037);
        return pty_driver_send_bytes(driver, &control, 1);
    }
    if (one_character && key[0] == 'M') {
        char meta[2] = {'\033', key[2]};
        return pty_driver_send_bytes(driver, meta, 2);
    }
    return -EINVAL;
}

int pty_driver_resize(struct pty_driver *driver, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    return ioctl(driver->ptmx_fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int pty_driver_size(const struct pty_driver *driver, int *ret_rows, int *ret_cols)
{
    struct winsize size;
    if (ioctl(driver->ptmx_fd, TIOCGWINSZ, &size) < 0)
        return -errno;
    *ret_rows = size.ws_row;
    *ret_cols = size.ws_col;
    return 0;
}

int pty_driver_termios(const struct pty_driver *driver, struct termios *ret)
{
    return tcgetattr(driver->ptmx_fd, ret) < 0 ? -errno : 0;
}

pid_t pty_driver_foreground(const struct pty_driver *driver)
{
    pid_t group = tcgetpgrp(driver->ptmx_fd);
    return group < 0 ? -errno : group;
}

void pty_driver_hang_up(struct pty_driver *driver)
{
    driver->ptmx_fd = fd_close(driver->ptmx_fd);
}

bool pty_driver_same_termios(const struct termios *a, const struct termios *b)
{
    bool same = a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
                a->c_lflag == b->c_lflag && a->c_line == b->c_line &&
                memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0 &&
                cfgetispeed(a) == cfgetispeed(b) && cfgetospeed(a) == cfgetospeed(b);
    if (!same) {
        fprintf(stderr, "# terminal modes: iflag %o|%o oflag %o|%o cflag %o|%o lflag %o|%o\n",
                a->c_iflag, b->c_iflag, a->c_oflag, b->c_oflag, a->c_cflag, b->c_cflag, a->c_lflag,
                b->c_lflag);
        for (size_t i = 0; i < NCCS; i++) {
            if (a->c_cc[i] != b->c_cc[i])
                fprintf(stderr, "# c_cc[%zu] %o|%o\n", i, a->c_cc[i], b->c_cc[i]);
        }
    }
    return same;
}
