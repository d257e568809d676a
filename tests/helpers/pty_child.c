/*
 * pty_child BEHAVIOUR [ARGUMENT]... [BEHAVIOUR [ARGUMENT]...]...
 *
 * A program for tests to run in a terminal: it does one thing after the other and prints exactly
 * what is documented here, each line in one write and ended by \n. After the last behaviour it
 * exits with 0. A behaviour that needs something that fails prints "FAILED what: why" and exits
 * with 99.
 *
 * Talking
 *   print TEXT        TEXT and \n
 *   raw TEXT          TEXT with \e \n \r \t \a \\ and \xHH understood, nothing added
 *   ready             READY
 *   line              waits for a line of input (cooked mode): GOT line; END at end of input
 *   lines             every line of input: GOT line; END at end of input, then goes on
 *   drain             reads stdin to its end: READ n sum, n bytes, their sum modulo 2^32
 *   args [ARG]...     one line [ARG] for each, to the end of the command line
 *   env NAME          NAME=value, or NAME is unset
 *   numbered N [US]   line 1 … line N; US microseconds apart
 *   flood BYTES KIND  BYTES bytes of output, KIND long (200-column lines), y (y\n), colour (a line
 *                     of coloured words), cursor (words that are placed one by one); what comes
 *                     last may be cut
 *   fill N BYTE       N times the byte with that number (decimal)
 *
 * Terminal
 *   size              SIZE rows cols now and on each SIGWINCH, for ever
 *   onesize           SIZE rows cols
 *   echo              raw mode, READY, then sends back each byte read, until EOF or the byte 4
 *   modes             alternate screen, mouse, bracketed paste, application keys, no cursor; READY;
 *                     raw mode; goes on after a byte of input and leaves it all as it is
 *   editor            as an editor does: raw mode, alternate screen, EDIT; the byte ^Z restores the
 *                     terminal and stops the group with SIGTSTP, afterwards EDIT again; q ends it;
 *                     any other byte: KEY nn (hexadecimal)
 *   tty               TTY name pid=N ppid=N pgrp=N sid=N foreground=N
 *   termios           TERMIOS iflag oflag cflag lflag erase intr susp (octal)
 *
 * Signals and processes
 *   ignore SIG        ignores the signal from now on (ignore-hup, ignore-term are short for it)
 *   catch SIG         prints CAUGHT SIG each time; system calls go on
 *   hold              waits for ever (signals are handled)
 *   sleep MS          waits that long
 *   exit N            exits with N at once
 *   kill SIG          sends itself that signal; goes on if it survives
 *   stop-self         STOPPING, SIGTSTP to itself; when continued CONTINUED
 *   fork-hold         starts a child in the same group that ignores HUP and waits for ever: CHILD
 *                     pid
 *   setsid-hold       the same in a session of its own, still with the terminal open: CHILD pid
 *   setsid-quiet      the same with 0, 1 and 2 on /dev/null: CHILD pid
 *   children N        starts N children in the same group that wait for ever: CHILDREN N
 *   spin MS           uses the processor for so many milliseconds of its time
 *
 * What it inherited
 *   fdlist            FD n target for each open descriptor, then FDS count
 *   ask TEXT END      raw mode, TEXT (as in raw), then reads until END (likewise) has come: ANSWER
 *                     and all that was read, ESC as \e and other control bytes as \xHH
 *   ask-many N        asks for DA1 N times, reading nothing: ASKED
 *   sigstate          IGNORED mask, BLOCKED mask (hexadecimal, as /proc/self/status), UMASK octal,
 *                     NICE n, CWD path: five lines
 *
 *   hog MIB           takes so much memory and writes to all of it: HOG
 *   swarm N           as a fork bomb does: starts N processes, each of which starts more, in
 *                     sessions of their own; FULL ERRNO when there can be no more; then all wait
 *
 *   restless N US     raw mode, then N lines US microseconds apart, each with another sequence that
 *                     changes the terminal (restless.h); reads what is typed, and drops it
 */
#include "tests/helpers/pty_child.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

noreturn void child_fail(const char *what)
{
    int error = errno;
    dprintf(STDOUT_FILENO, "FAILED %s: %s\n", what, strerror(error));
    exit(CHILD_FAILED_STATUS);
}

/* Writes everything, also when the terminal takes little or a signal comes. */
void child_put(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            struct pollfd entry = {.fd = STDOUT_FILENO, .events = POLLOUT};
            (void)poll(&entry, 1, -1);
            continue;
        }
        if (n < 0)
            exit(CHILD_FAILED_STATUS);
        data += n;
        len -= (size_t)n;
    }
}

void child_say(const char *format, ...)
{
    char text[PATH_MAX + 256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text)) {
        errno = EMSGSIZE;
        child_fail(format);
    }
    child_put(text, (size_t)len);
}

long child_number(const char *text)
{
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') {
        errno = EINVAL;
        child_fail(text);
    }
    return value;
}

/* "HUP", "SIGHUP" or "1". */
int child_signal(const char *text)
{
    if (isdigit((unsigned char)*text))
        return (int)child_number(text);
    const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int signal = 1; signal < NSIG; signal++) {
        const char *known = sigabbrev_np(signal);
        if (known && strcmp(known, name) == 0)
            return signal;
    }
    errno = EINVAL;
    child_fail(text);
}

void child_pause_us(long us)
{
    struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

/* The table: `most` arguments are taken, as far as they are there and, beyond `least`, numbers. */
static const struct behaviour {
    const char *name;
    void (*run)(char **args);
    int least;
    int most; /* -1: all that are left */
} behaviours[] = {
    {"print", behave_print, 1, 1},
    {"raw", behave_raw, 1, 1},
    {"ready", behave_ready, 0, 0},
    {"line", behave_line, 0, 0},
    {"lines", behave_lines, 0, 0},
    {"drain", behave_drain, 0, 0},
    {"args", behave_args, 0, -1},
    {"env", behave_env, 1, 1},
    {"numbered", behave_numbered, 1, 2},
    {"flood", behave_flood, 2, 2},
    {"fill", behave_fill, 2, 2},
    {"size", behave_size, 0, 0},
    {"onesize", behave_onesize, 0, 0},
    {"echo", behave_echo, 0, 0},
    {"modes", behave_modes, 0, 0},
    {"editor", behave_editor, 0, 0},
    {"ask", behave_ask, 2, 2},
    {"ask-many", behave_ask_many, 1, 1},
    {"tty", behave_tty, 0, 0},
    {"termios", behave_termios, 0, 0},
    {"restless", behave_restless, 2, 2},
    {"ignore", behave_ignore, 1, 1},
    {"ignore-hup", behave_ignore_hup, 0, 0},
    {"ignore-term", behave_ignore_term, 0, 0},
    {"catch", behave_catch, 1, 1},
    {"hold", behave_hold, 0, 0},
    {"sleep", behave_sleep, 1, 1},
    {"exit", behave_exit, 1, 1},
    {"kill", behave_kill, 1, 1},
    {"stop-self", behave_stop_self, 0, 0},
    {"fork-hold", behave_fork_hold, 0, 0},
    {"setsid-hold", behave_setsid_hold, 0, 0},
    {"setsid-quiet", behave_setsid_quiet, 0, 0},
    {"children", behave_children, 1, 1},
    {"spin", behave_spin, 1, 1},
    {"fdlist", behave_fdlist, 0, 0},
    {"sigstate", behave_sigstate, 0, 0},
    {"hog", behave_hog, 1, 1},
    {"swarm", behave_swarm, 1, 1},
};

#define BEHAVIOUR_COUNT (sizeof(behaviours) / sizeof(behaviours[0]))
#define ARGUMENTS_MAX   2

static const struct behaviour *find_behaviour(const char *name)
{
    for (size_t i = 0; i < BEHAVIOUR_COUNT; i++) {
        if (strcmp(behaviours[i].name, name) == 0)
            return &behaviours[i];
    }
    dprintf(STDERR_FILENO, "pty_child: unknown behaviour: %s\n", name);
    exit(CHILD_FAILED_STATUS);
}

/* How many of the arguments at `at` belong to the behaviour. */
static int count_arguments(const struct behaviour *behaviour, char **at)
{
    int count = 0;
    if (behaviour->most < 0) {
        while (at[count])
            count++;
        return count;
    }
    while (count < behaviour->most && at[count]) {
        if (count >= behaviour->least && !isdigit((unsigned char)at[count][0]))
            break;
        count++;
    }
    if (count < behaviour->least) {
        dprintf(STDERR_FILENO, "pty_child: %s needs %d arguments\n", behaviour->name,
                behaviour->least);
        exit(CHILD_FAILED_STATUS);
    }
    return count;
}

int main(int argc, char **argv)
{
    (void)argc;
    char **at = argv + 1;
    while (*at) {
        const struct behaviour *behaviour = find_behaviour(*at++);
        int count = count_arguments(behaviour, at);
        if (behaviour->most < 0) {
            behaviour->run(at);
        } else {
            char *args[ARGUMENTS_MAX + 1] = {NULL};
            memcpy(args, at, (size_t)count * sizeof(*args));
            behaviour->run(args);
        }
        at += count;
    }
    return 0;
}
