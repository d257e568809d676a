/*
 * A private world for a test: runtime directory (JS_DIR), state directory (JS_STATE_DIR), HOME and
 * a working directory below one short path, an environment that names them, and the programs under
 * test, found by JS_TEST_BINDIR (js, jsd) and JS_TEST_HELPERS (pty_child).
 *
 * fixture_finish kills the server and all jobs and removes the directories. It fails the test when
 * anything is left that should not be: a process that is neither a server, nor a holder, nor below
 * one; a process that knows the directory but cannot be reached as a descendant; a file in HOME;
 * an open descriptor of the test's own.
 *
 * Use it as a checked fixture (tcase_add_checked_fixture), so that each test has its own.
 */
#ifndef JS_TESTS_HARNESS_FIXTURE_H
#define JS_TESTS_HARNESS_FIXTURE_H

#include "tests/harness/deadline.h"
#include "tests/harness/program.h"
#include "tests/harness/pty_driver.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FIXTURE_ENV_MAX 64

struct fixture {
    char root[64];      /* everything below is in it */
    char run_dir[96];   /* JS_DIR; made by the programs */
    char state_dir[96]; /* JS_STATE_DIR; made by the programs */
    char home[96];      /* HOME, empty */
    char work[96];      /* the working directory of everything that is started, empty */
    char js[PATH_MAX];
    char jsd[PATH_MAX];
    char pty_child[PATH_MAX];
    char *env[FIXTURE_ENV_MAX + 1]; /* "NAME=value", NULL-terminated, owned */
    int fds_before;
    bool may_change_home;   /* set by a test that is about files in HOME */
    bool may_leave_orphans; /* set by a test that kills holders: their jobs come back to it */
};

/* Makes the directories and the environment. Fails the test when it cannot. */
void fixture_init(struct fixture *fixture);

/* See above. The fixture's strings stay readable, nothing else does. */
void fixture_finish(struct fixture *fixture);

/* Sets a variable for all programs started from now on; value NULL takes it away. */
void fixture_setenv(struct fixture *fixture, const char *name, const char *value);

/* What came of a program. Zero-initialise before the first use; it can be used again and again. */
struct fixture_result {
    int code;        /* the exit code, or 128 + signal, as a shell tells it */
    int wait_status; /* as waitpid(2) */
    char *out;       /* stdout, NUL-terminated */
    size_t out_len;
    char *err; /* stderr, NUL-terminated */
    size_t err_len;
    double ms; /* from start to end */
};

void fixture_result_finish(struct fixture_result *result);

/*
 * Runs a program without a terminal and with /dev/null as stdin to its end and fills the result.
 * Fails the test when it cannot be started, does not end in time, or ends while its stdout or
 * stderr is still held open by somebody else. Arguments end with NULL.
 */
void fixture_run(struct fixture *fixture, struct fixture_result *result, const char *path, ...)
    __attribute__((sentinel));

/* The same for `js ARGUMENT…`. */
void fixture_js(struct fixture *fixture, struct fixture_result *result, ...)
    __attribute__((sentinel));

/* The same with all the choices that program.h has; options->env NULL means the fixture's, cwd
 * NULL the fixture's work directory. */
void fixture_run_options(struct fixture *fixture, struct fixture_result *result,
                         const struct program_options *options);

/* The same through `sh -c`, for pipelines and redirections; js and pty_child are in PATH. */
void fixture_shell_line(struct fixture *fixture, struct fixture_result *result, const char *line);

/*
 * Runs `js ARGUMENT…` again and again until its stdout contains the text. For facts of which no
 * event reaches the test. Fails the test at the deadline, showing the last answer.
 */
void fixture_js_until(struct fixture *fixture, struct fixture_result *result, const char *text, ...)
    __attribute__((sentinel));

/* Starts a program without a terminal and leaves it running; the caller finishes it with
 * program_finish. Fails the test when it cannot be started. */
void fixture_start(struct fixture *fixture, struct program *program, const char *path, ...)
    __attribute__((sentinel));

/* Opens a terminal window of that size and runs the program in it; the caller destroys it. Fails
 * the test when it cannot. */
struct pty_driver *fixture_terminal(struct fixture *fixture, int rows, int cols, const char *path,
                                    ...) __attribute__((sentinel));

/*
 * Opens a terminal window with an interactive bash in it and waits for its first prompt. The prompt
 * is "<N>", N being the last command's exit status: after sending a line, wait for "<0>". The shell
 * edits nothing (no readline), so what it prints is the kernel's echo, the output, the prompt.
 */
struct pty_driver *fixture_shell(struct fixture *fixture, int rows, int cols);

/* The pid of the running server (who has D/lock open), or -1. */
pid_t fixture_server_pid(struct fixture *fixture);

/* Kills the server with that signal and waits for its end. False when there is none. */
bool fixture_kill_server(struct fixture *fixture, int signal_number);

/* How many living processes there are below this one whose command line contains the text. */
size_t fixture_count_processes(struct fixture *fixture, const char *text);

/* How many entries a directory below the root has ("state/jobs"); 0 when it does not exist. */
size_t fixture_count_entries(struct fixture *fixture, const char *below_root);

/* Fails the test unless the result has this code; prints both outputs first. */
#define fixture_expect_code(result, expected)                                                      \
    do {                                                                                           \
        if ((result)->code != (expected))                                                          \
            fprintf(stderr, "# stdout: %s\n# stderr: %s\n", (result)->out, (result)->err);         \
        ck_assert_int_eq((result)->code, expected);                                                \
    } while (0)

#endif
