#include "common/signame.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct signal_name {
    int sig;
    const char *name;
    const char *description;
};

/* The first row of a number gives its name, further ones are read only. */
static const struct signal_name names[] = {
    {SIGHUP, "HUP", "Hangup"},
    {SIGINT, "INT", "Interrupt"},
    {SIGQUIT, "QUIT", "Quit"},
    {SIGILL, "ILL", "Illegal instruction"},
    {SIGTRAP, "TRAP", "Trace/breakpoint trap"},
    {SIGABRT, "ABRT", "Aborted"},
    {SIGBUS, "BUS", "Bus error"},
    {SIGFPE, "FPE", "Floating point exception"},
    {SIGKILL, "KILL", "Killed"},
    {SIGUSR1, "USR1", "User defined signal 1"},
    {SIGSEGV, "SEGV", "Segmentation fault"},
    {SIGUSR2, "USR2", "User defined signal 2"},
    {SIGPIPE, "PIPE", "Broken pipe"},
    {SIGALRM, "ALRM", "Alarm clock"},
    {SIGTERM, "TERM", "Terminated"},
#ifdef SIGSTKFLT
    {SIGSTKFLT, "STKFLT", "Stack fault"},
#endif
    {SIGCHLD, "CHLD", "Child exited"},
    {SIGCONT, "CONT", "Continued"},
    {SIGSTOP, "STOP", "Stopped (signal)"},
    {SIGTSTP, "TSTP", "Stopped"},
    {SIGTTIN, "TTIN", "Stopped (tty input)"},
    {SIGTTOU, "TTOU", "Stopped (tty output)"},
    {SIGURG, "URG", "Urgent I/O condition"},
    {SIGXCPU, "XCPU", "CPU time limit exceeded"},
    {SIGXFSZ, "XFSZ", "File size limit exceeded"},
    {SIGVTALRM, "VTALRM", "Virtual timer expired"},
    {SIGPROF, "PROF", "Profiling timer expired"},
    {SIGWINCH, "WINCH", "Window changed"},
    {SIGIO, "IO", "I/O possible"},
    {SIGPWR, "PWR", "Power failure"},
    {SIGSYS, "SYS", "Bad system call"},
    {SIGCHLD, "CLD", NULL},
    {SIGABRT, "IOT", NULL},
    {SIGIO, "POLL", NULL},
};

/* From SIGRTMIN on. The kernel has 64 signals on all but MIPS (128), and the C library keeps some
 * of the real-time ones. */
static const char realtime_names[][9] = {
    "RTMIN",    "RTMIN+1",  "RTMIN+2",  "RTMIN+3",  "RTMIN+4",  "RTMIN+5",  "RTMIN+6",
    "RTMIN+7",  "RTMIN+8",  "RTMIN+9",  "RTMIN+10", "RTMIN+11", "RTMIN+12", "RTMIN+13",
    "RTMIN+14", "RTMIN+15", "RTMIN+16", "RTMIN+17", "RTMIN+18", "RTMIN+19", "RTMIN+20",
    "RTMIN+21", "RTMIN+22", "RTMIN+23", "RTMIN+24", "RTMIN+25", "RTMIN+26", "RTMIN+27",
    "RTMIN+28", "RTMIN+29", "RTMIN+30", "RTMIN+31", "RTMIN+32",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct signal_name *find(int sig)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].sig == sig)
            return &names[i];
    return NULL;
}

static bool is_realtime(int sig)
{
    return sig >= SIGRTMIN && sig <= SIGRTMAX;
}

/* Reads digits up to the end of text; -EINVAL for anything else and beyond SIGRTMAX. */
static int read_number(const char *text)
{
    int number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && number <= SIGRTMAX; at++)
        number = number * 10 + (*at - '0');
    return at == text || *at != '\0' || number > SIGRTMAX ? -EINVAL : number;
}

/* Reads "RTMIN", "RTMIN+N", "RTMAX" and "RTMAX-N". */
static int read_realtime(const char *text)
{
    bool from_end = strncasecmp(text, "RTMAX", 5) == 0;
    if (!from_end && strncasecmp(text, "RTMIN", 5) != 0)
        return -EINVAL;
    text += 5;
    if (*text == '\0')
        return from_end ? SIGRTMAX : SIGRTMIN;
    if (*text != (from_end ? '-' : '+'))
        return -EINVAL;
    int offset = read_number(text + 1);
    if (offset < 0)
        return -EINVAL;
    int sig = from_end ? SIGRTMAX - offset : SIGRTMIN + offset;
    return is_realtime(sig) ? sig : -EINVAL;
}

int signame_parse(const char *text)
{
    int number = read_number(text);
    if (number >= 0)
        return number > 0 ? number : -EINVAL;
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcasecmp(text, names[i].name) == 0)
            return names[i].sig;
    return read_realtime(text);
}

const char *signame_of(int sig)
{
    const struct signal_name *row = find(sig);
    if (row)
        return row->name;
    size_t index = is_realtime(sig) ? (size_t)(sig - SIGRTMIN) : COUNT(realtime_names);
    return index < COUNT(realtime_names) ? realtime_names[index] : NULL;
}

const char *signame_describe(int sig)
{
    const struct signal_name *row = find(sig);
    if (row)
        return row->description;
    return is_realtime(sig) ? "Real-time signal" : "Unknown signal";
}
