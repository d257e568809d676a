/* The behaviours of pty_child; what each one does and prints stands at the top of pty_child.c. */
#ifndef JS_TESTS_HELPERS_PTY_CHILD_H
#define JS_TESTS_HELPERS_PTY_CHILD_H

#include <stddef.h>
#include <stdnoreturn.h>

#define CHILD_FAILED_STATUS 99

/* Prints "FAILED what: why" (errno) and exits. */
noreturn void child_fail(const char *what);

/* Writes everything to stdout, also when the terminal takes little or a signal comes. */
void child_put(const char *data, size_t len);

/* Writes formatted text in one go. */
void child_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The decimal number that the text is, or the signal that it names: HUP, SIGHUP, 1. */
long child_number(const char *text);
int child_signal(const char *text);

/* Waits so long, whatever signals come. */
void child_pause_us(long us);

/* The text with \e \n \r \t \a \\ and \xHH understood, in fresh memory; *ret_len is its length. */
char *child_unescape(const char *text, size_t *ret_len);

/* Each takes its own arguments, ended by NULL. */

/* pty_child_talk.c */
void behave_print(char **args);
void behave_raw(char **args);
void behave_ready(char **args);
void behave_line(char **args);
void behave_lines(char **args);
void behave_drain(char **args);
void behave_args(char **args);
void behave_env(char **args);
void behave_numbered(char **args);
void behave_flood(char **args);
void behave_fill(char **args);

/* pty_child_terminal.c */
void behave_onesize(char **args);
void behave_size(char **args);
void behave_echo(char **args);
void behave_modes(char **args);
void behave_editor(char **args);
void behave_ask(char **args);
void behave_ask_many(char **args);
void behave_tty(char **args);
void behave_termios(char **args);
void behave_restless(char **args);

/* pty_child_process.c */
void behave_ignore(char **args);
void behave_ignore_hup(char **args);
void behave_ignore_term(char **args);
void behave_catch(char **args);
void behave_hold(char **args);
void behave_sleep(char **args);
void behave_exit(char **args);
void behave_kill(char **args);
void behave_stop_self(char **args);
void behave_fork_hold(char **args);
void behave_setsid_hold(char **args);
void behave_setsid_quiet(char **args);
void behave_children(char **args);
void behave_spin(char **args);
void behave_fdlist(char **args);
void behave_sigstate(char **args);

/* pty_child_greedy.c */
void behave_hog(char **args);
void behave_swarm(char **args);

#endif
