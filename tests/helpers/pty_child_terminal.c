/* What pty_child does with its terminal. */
#include "tests/helpers/pty_child.h"

#include "tests/helpers/restless.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

void behave_onesize(char **args)
{
    (void)args;
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        child_fail("TIOCGWINSZ");
    child_say("SIZE %d %d\n", size.ws_row, size.ws_col);
}

static void on_winch(int signal)
{
    (void)signal;
}

void behave_size(char **args)
{
    /* Blocked except while waiting: no change is lost between the question and the wait. */
    sigset_t winch;
    sigset_t before;
    sigemptyset(&winch);
    sigaddset(&winch, SIGWINCH);
    sigprocmask(SIG_BLOCK, &winch, &before);
    sigaction(SIGWINCH, &(struct sigaction){.sa_handler = on_winch}, NULL);
    sigdelset(&before, SIGWINCH);
    for (;;) {
        behave_onesize(args);
        (void)sigsuspend(&before);
    }
}

static struct termios set_raw(void)
{
    struct termios before;
    if (tcgetattr(STDIN_FILENO, &before) < 0)
        child_fail("tcgetattr");
    struct termios raw = before;
    cfmakeraw(&raw);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
        child_fail("tcsetattr");
    return before;
}

/* The next byte of input, or -1 at its end. */
static int read_byte(void)
{
    uint8_t byte;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        if (n == 1)
            return byte;
        if (n == 0 || errno != EINTR)
            return -1;
    }
}

void behave_echo(char **args)
{
    (void)args;
    set_raw();
    child_say("READY\r\n");
    for (;;) {
        char data[4096];
        ssize_t n = read(STDIN_FILENO, data, sizeof(data));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        const char *end = memchr(data, 4, (size_t)n);
        child_put(data, end ? (size_t)(end - data) : (size_t)n);
        if (end)
            return;
    }
}

#define ENTER_SCREEN "\033[?1049h"
#define LEAVE_SCREEN "\033[?1049l"

void behave_modes(char **args)
{
    (void)args;
    static const char modes[] =
        ENTER_SCREEN "\033[?1000h\033[?1002h\033[?1006h" /* mouse: clicks, drags, SGR encoding */
                     "\033[?1004h\033[?2004h"            /* focus, bracketed paste */
                     "\033[?1h\033="                     /* cursor and keypad keys: application */
                     "\033[?25l";                        /* no cursor */
    set_raw();
    child_put(modes, sizeof(modes) - 1);
    child_say("READY\r\n");
    (void)read_byte();
}

void behave_editor(char **args)
{
    (void)args;
    struct termios before = set_raw();
    child_put(ENTER_SCREEN "EDIT\r\n", sizeof(ENTER_SCREEN "EDIT\r\n") - 1);
    for (;;) {
        int byte = read_byte();
        if (byte < 0 || byte == 'q')
            break;
        if (byte != 032) {
            child_say("KEY %02x\r\n", (unsigned)byte);
            continue;
        }
        child_put(LEAVE_SCREEN, sizeof(LEAVE_SCREEN) - 1);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
        kill(0, SIGTSTP);
        set_raw();
        child_put(ENTER_SCREEN "EDIT\r\n", sizeof(ENTER_SCREEN "EDIT\r\n") - 1);
    }
    child_put(LEAVE_SCREEN, sizeof(LEAVE_SCREEN) - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

/* Reads until the bytes end with `end`, or there is no room or no input any more. */
static size_t read_until(char *data, size_t room, const char *end, size_t end_len)
{
    size_t len = 0;
    while (len < room) {
        int byte = read_byte();
        if (byte < 0)
            break;
        data[len++] = (char)byte;
        if (len >= end_len && memcmp(data + len - end_len, end, end_len) == 0)
            break;
    }
    return len;
}

void behave_ask(char **args)
{
    char data[1024], shown[4 * sizeof(data) + 1] = "";
    size_t len, end_len, at = 0;
    char *text = child_unescape(args[0], &len), *end = child_unescape(args[1], &end_len);
    set_raw();
    child_put(text, len);
    len = read_until(data, sizeof(data), end, end_len);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)data[i];
        if (byte == '\033')
            at += (size_t)snprintf(shown + at, sizeof(shown) - at, "\\e");
        else
            at += (size_t)snprintf(shown + at, sizeof(shown) - at,
                                   byte < ' ' || byte > '~' ? "\\x%02x" : "%c", byte);
    }
    child_say("ANSWER %s\r\n", shown);
    free(text);
    free(end);
}

void behave_ask_many(char **args)
{
    set_raw();
    for (long n = child_number(args[0]); n > 0; n--)
        child_put("\033[c", 3);
    child_say("ASKED\r\n");
}

void behave_tty(char **args)
{
    (void)args;
    const char *name = ttyname(STDIN_FILENO);
    child_say("TTY %s pid=%d ppid=%d pgrp=%d sid=%d foreground=%d\n", name ? name : "none",
              getpid(), getppid(), getpgrp(), getsid(0), tcgetpgrp(STDIN_FILENO));
}

void behave_termios(char **args)
{
    (void)args;
    struct termios now;
    if (tcgetattr(STDIN_FILENO, &now) < 0)
        child_fail("tcgetattr");
    child_say("TERMIOS %o %o %o %o %o %o %o\n", now.c_iflag, now.c_oflag, now.c_cflag, now.c_lflag,
              now.c_cc[VERASE], now.c_cc[VINTR], now.c_cc[VSUSP]);
}

void behave_restless(char **args)
{
    unsigned count = (unsigned)child_number(args[0]);
    long us = child_number(args[1]);
    set_raw();
    for (unsigned number = 1; number <= count; number++) {
        char line[RESTLESS_LINE_MAX], typed[4096];
        struct pollfd entry = {.fd = STDIN_FILENO, .events = POLLIN};
        child_put(line, restless_line(number, line));
        if (poll(&entry, 1, 0) > 0 && read(STDIN_FILENO, typed, sizeof(typed)) <= 0)
            return;
        child_pause_us(us);
    }
}
