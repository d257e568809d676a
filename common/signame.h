/*
 * Signals by name. Names are those of kill(1) and signal(7), without "SIG"; real-time signals count
 * from either end ("RTMIN+3", "RTMAX-2") of the range that the C library leaves to programs.
 */
#ifndef JS_COMMON_SIGNAME_H
#define JS_COMMON_SIGNAME_H

/* What signame_parse takes, for messages. */
#define SIGNAME_SYNTAX "write a name (TERM, SIGTERM, RTMIN+1) or a number (15)"

/*
 * "TERM", "SIGTERM", "term", "15", "RTMIN+1", "RTMAX-2" (and the other names CLD, IOT, POLL).
 * Returns the number, from 1 to SIGRTMAX, or -EINVAL; 0 is refused: it is no signal, and kill(2)
 * would only look.
 */
int signame_parse(const char *text);

/* "TERM", or "RTMIN+3" for real-time signals; static. NULL for what has no name. */
const char *signame_of(int sig);

/* "Terminated", "Killed", "Hangup"...: what shells print for a process that ended so, in English
 * whatever the locale; static, never NULL. */
const char *signame_describe(int sig);

#endif
