/*
 * Deadlines: a moment on the monotonic clock by which a fact must hold.
 *
 * Lengths are multiplied by the environment variable JS_TEST_SLOW (a number from 1 to 100, for
 * sanitizers, valgrind and loaded machines). A deadline is how a test fails, never how it waits.
 */
#ifndef JS_TESTS_HARNESS_DEADLINE_H
#define JS_TESTS_HARNESS_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    int64_t at_ns; /* CLOCK_MONOTONIC */
};

/* JS_TEST_SLOW, or 1 when it is unset or out of range. */
int deadline_slowness(void);

/* The deadline `ms` milliseconds (times the slowness) from now. */
struct deadline deadline_in_ms(int ms);

/* What nearly every wait of a test uses: 10 s from now. Only a failing test takes that long. */
struct deadline deadline_default(void);

/* Milliseconds left, rounded up, 0 when it has passed: the timeout argument of poll(2). */
int deadline_left_ms(struct deadline deadline);

bool deadline_passed(struct deadline deadline);

/* CLOCK_MONOTONIC now, in nanoseconds. */
int64_t deadline_now_ns(void);

#endif
