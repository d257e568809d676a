/*
 * The main of every test program: runs a Check suite, prints TAP on stdout and fails the program
 * when a test leaves a process behind.
 *
 * Check kills the process group of a test at its end, also at a timeout, when no teardown runs. A
 * PTY child that ignores SIGHUP and any setsid child outlive that. So the runner is a child
 * subreaper (prctl(2)): whatever is left comes back to it, is killed, named on stderr, counted.
 *
 * Environment: CK_FORK=no runs all tests in one process, for a debugger; CK_RUN_CASE and
 * CK_RUN_SUITE choose; CK_DEFAULT_TIMEOUT is the longest time of one test in seconds (20, times
 * JS_TEST_SLOW, unless set); TAP goes to CK_TAP_LOG_FILE_NAME if that is set, "-" being stdout.
 */
#ifndef JS_TESTS_HARNESS_RUNNER_H
#define JS_TESTS_HARNESS_RUNNER_H

#include <check.h>

/* Runs and frees the suite. The exit status for main: 0 when every test passed and none left a
 * process, 1 otherwise, also when no test ran at all. */
int runner_run(Suite *suite);

/* How many descriptors the calling process has open (the one needed to count excluded). */
int runner_fd_count(void);

/* Prints each open descriptor of the calling process with what it leads to, on stderr. */
void runner_fd_print(void);

/* A directory below /tmp, removed at the end of the run whatever happens to the tests; its path is
 * kept short, for socket paths have 108 bytes (unix(7)). */
const char *runner_directory(void);

/* Open fds before = after: put the first at the start of a test, the second at its end. */
#define runner_fds_begin() int runner_fds_before_ = runner_fd_count()
#define runner_fds_end()                                                                           \
    do {                                                                                           \
        if (runner_fd_count() != runner_fds_before_)                                               \
            runner_fd_print();                                                                     \
        ck_assert_int_eq(runner_fd_count(), runner_fds_before_);                                   \
    } while (0)

#endif
