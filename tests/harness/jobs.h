/*
 * What tests ask js about a job and do with it in an interactive shell. Every function fails the
 * test when it cannot get what it should.
 */
#ifndef JS_TESTS_HARNESS_JOBS_H
#define JS_TESTS_HARNESS_JOBS_H

#include "tests/harness/fixture.h"

#include <stdint.h>

/* A number of `js show --json JOB`: the one behind the first occurrence of the key ("pid" is the
 * job's own, "rows" and "cols" are its size). */
int64_t jobs_number(struct fixture *fixture, const char *job, const char *key);

/* The pid of the client that has the job attached on that terminal. */
pid_t jobs_client(struct fixture *fixture, const char *job, const char *tty);

/* Waits until `js show --json JOB` contains the text, such as "\"state\":\"stopped\"". */
void jobs_await(struct fixture *fixture, const char *job, const char *text);

/* Waits until the job is in that state. */
void jobs_await_state(struct fixture *fixture, const char *job, const char *state);

/* Waits until `count` clients have the job attached. */
void jobs_await_viewers(struct fixture *fixture, const char *job, unsigned count);

/* The process, or with a negative number every living process of the group, has that state letter
 * (/proc/PID/stat). Asked again and again until it is so: no event tells of it. */
void jobs_await_process(pid_t pid, char state);

/* How many bytes of output the job's log has by now; waits until it has more than `before`. */
uint64_t jobs_printed(struct fixture *fixture, const char *job);
void jobs_await_printed(struct fixture *fixture, const char *job, uint64_t before);

/*
 * Waits until the job prints no more, reading the terminal meanwhile if it is not NULL, and returns
 * how much it has printed then. Between two looks another job prints some megabytes from start to
 * end: whoever can go on has the time to.
 */
uint64_t jobs_await_held_back(struct fixture *fixture, const char *job, struct pty_driver *reading);

/* Closes the terminal window and waits until all that ran in its session has ended, so that no
 * client on its way out is taken for a stray process. Destroys the driver. */
void jobs_close(struct pty_driver *driver);

/* Types a line at a shell's prompt and waits for its echo, so that what is awaited next is what
 * the line does. */
#define jobs_type(shell, line)                                                                     \
    do {                                                                                           \
        ck_assert_int_eq(pty_driver_send(shell, line "\n"), 0);                                    \
        pty_driver_expect(shell, line "\r\n", deadline_default());                                 \
    } while (0)

#endif
