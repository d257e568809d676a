#include "client/raw_tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/tty.h"

/* For the handler of signals that end us by our own fault. */
static const struct termios *volatile to_restore;

static bool same_file(int a, int b)
{
    struct stat st_a, st_b;
    return fstat(a, &st_a) == 0 && fstat(b, &st_b) == 0 && st_a.st_rdev == st_b.st_rdev;
}

void raw_tty_init(struct raw_tty *tty)
{
    *tty = (struct raw_tty){0};
    bool output_is_tty = isatty(1);
    tty->input_is_tty = tcgetattr(0, &tty->original) == 0;
    tty->keys = tty->input_is_tty && output_is_tty && same_file(0, 1);
    if (output_is_tty) {
        const char *name = ttyname(1);
        tty->tty = strdup(name ? name : "/dev/tty");
    }
    tty->raw = tty->original;
    tty_make_raw(&tty->raw, false);
}

/* SIGSEGV and its like: tcsetattr is async-signal-safe; then the default action. */
static void on_fatal(int number)
{
    if (to_restore)
        tcsetattr(0, TCSANOW, (const struct termios *)to_restore);
    signal(number, SIG_DFL);
    raise(number);
}

int raw_tty_claim(struct raw_tty *tty)
{
    return tty->keys && tcsetattr(0, TCSANOW, &tty->original) < 0 ? -errno : 0;
}

int raw_tty_enter(struct raw_tty *tty)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    if (!tty->keys)
        return 0;
    if (tcsetattr(0, TCSANOW, &tty->raw) < 0)
        return -errno;
    tty->is_raw = true;
    to_restore = &tty->original;
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        signal(fatal[i], on_fatal);
    return 0;
}

void raw_tty_restore(struct raw_tty *tty)
{
    if (!tty->is_raw)
        return;
    tty->is_raw = false;
    to_restore = NULL;
    tcsetattr(0, TCSANOW, &tty->original);
}

void raw_tty_finish(struct raw_tty *tty)
{
    raw_tty_restore(tty);
    free(tty->tty);
    tty->tty = NULL;
}

/* false: there is no terminal. */
static bool read_size(const struct raw_tty *tty, struct winsize *ret)
{
    /* With the output in a file the input terminal's size is still the better guess. */
    int fd = tty->tty ? 1 : tty->input_is_tty ? 0 : -1;
    return fd >= 0 && ioctl(fd, TIOCGWINSZ, ret) == 0 && ret->ws_row > 0 && ret->ws_col > 0;
}

bool raw_tty_size(const struct raw_tty *tty, uint32_t *ret_rows, uint32_t *ret_cols)
{
    struct winsize size;
    if (!read_size(tty, &size))
        return false;
    *ret_rows = size.ws_row;
    *ret_cols = size.ws_col;
    return true;
}

static void describe_size(const struct raw_tty *tty, struct msg_terminal *terminal)
{
    struct winsize size;
    if (!read_size(tty, &size))
        return;
    terminal->rows = size.ws_row;
    terminal->cols = size.ws_col;
    terminal->width = size.ws_xpixel;
    terminal->height = size.ws_ypixel;
}

int raw_tty_describe(const struct raw_tty *tty, struct msg_terminal **ret)
{
    struct msg_terminal *terminal = calloc(1, sizeof(*terminal));
    if (!terminal)
        return -ENOMEM;
    terminal->keys = tty->keys;
    terminal->piped = !tty->input_is_tty;
    describe_size(tty, terminal);
    int r = wire_set_str(&terminal->tty, tty->tty);
    if (r == 0 && tty->input_is_tty)
        r = tty_to_message(&tty->original, &terminal->original);
    if (r == 0 && tty->keys)
        r = tty_to_message(&tty->raw, &terminal->raw);
    if (r < 0) {
        wire_clear(&msg_terminal_fields, terminal);
        free(terminal);
        return r;
    }
    *ret = terminal;
    return 0;
}

int raw_tty_output(int fd, int *ret_relay_fd)
{
    struct stat st;
    *ret_relay_fd = -1;
    if (fstat(fd, &st) < 0) /* closed: nobody wants it */
        return open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (S_ISREG(st.st_mode))
        return fd_dup(fd);
    /* A pipe opened for reading too would never tell that its last reader is gone. */
    int new_fd = S_ISCHR(st.st_mode) ? fd_reopen(fd, O_RDWR | O_NONBLOCK) : -ENXIO;
    if (new_fd < 0)
        new_fd = fd_reopen(fd, O_WRONLY | O_NONBLOCK);
    if (new_fd >= 0)
        return new_fd;
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return -errno;
    *ret_relay_fd = pipe_fds[0];
    return pipe_fds[1];
}
