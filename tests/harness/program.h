/*
 * A program without a terminal, as cron or a script would run it: a session of its own, no
 * controlling terminal, pipes on its stdout and stderr, and given bytes or /dev/null as its stdin.
 */
#ifndef JS_TESTS_HARNESS_PROGRAM_H
#define JS_TESTS_HARNESS_PROGRAM_H

#include "tests/harness/deadline.h"
#include "tests/harness/transcript.h"

#include <stdbool.h>
#include <sys/types.h>

struct program_options {
    const char *const *argv; /* NULL-terminated */
    char *const *env;        /* NULL-terminated; NULL: the caller's */
    const char *cwd;         /* NULL: the caller's */
    const void *input;       /* what it finds on its stdin before end of file; must outlive it */
    size_t input_len;
    bool pipe_input; /* stdin is a pipe even without input: at end of file at once, not /dev/null */
    bool keep_input; /* stdin stays open after the input until program_end_input */
};

struct program {
    pid_t pid; /* -1 once it has been reaped */
    int pid_fd;
    int stdin_fd;
    int stdout_fd;
    int stderr_fd;
    const char *input; /* what is left to be written to it */
    size_t input_len;
    bool keep_input;
    struct transcript out;
    struct transcript err;
    int wait_status; /* as waitpid gives it, valid once pid is -1 */
};

/* Starts it. 0 or -errno (a failed exec, too); the caller finishes the program in both cases. */
int program_start(struct program *program, const struct program_options *options);

/*
 * Feeds and reads until it has ended and its stdout and stderr are at their ends: 0. -ETIMEDOUT
 * when the deadline passed first, -EBUSY when it has ended but somebody else still holds its
 * stdout or stderr open at that time (which makes the user's `$(js …)` hang).
 */
int program_wait(struct program *program, struct deadline deadline);

/* Reads until stdout has the text behind the mark (which moves): true; false at end or deadline. */
bool program_await_out(struct program *program, const char *text, struct deadline deadline);
bool program_await_err(struct program *program, const char *text, struct deadline deadline);

/* Its stdin ends as soon as the input has been written. */
void program_end_input(struct program *program);

/* A status as a shell tells it: the exit code, or 128 + the signal. */
int program_exit_code(const struct program *program);

/* Kills it (its group) if it still runs, reaps it and frees everything. Empty ones, too. */
void program_finish(struct program *program);

/* Waits in a test; fails it, showing what the program printed, when the end does not come. */
#define program_must_end(program, deadline)                                                        \
    do {                                                                                           \
        int must_end_r_ = program_wait(program, deadline);                                         \
        if (must_end_r_ < 0)                                                                       \
            program_print(program, stderr);                                                        \
        ck_assert_int_eq(must_end_r_, 0);                                                          \
    } while (0)

#define program_expect(program, text, deadline)                                                    \
    do {                                                                                           \
        bool expect_found_ = program_await_out(program, text, deadline);                           \
        if (!expect_found_)                                                                        \
            program_print(program, stderr);                                                        \
        ck_assert_msg(expect_found_, "no %s on stdout", #text);                                    \
    } while (0)

/* Prints both transcripts for a person. */
void program_print(const struct program *program, FILE *to);

#endif
