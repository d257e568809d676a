/*
 * Tests that strike at random moments, again and again.
 *
 * JS_CHAOS_ROUNDS is how often: a number, or "asked" for what the project promises (hundreds and
 * thousands of rounds, minutes of time); without it a few, so that the suite stays quick.
 * JS_CHAOS_SEED repeats the chances of an earlier run: every test prints its own on stderr. What
 * the kernel does meanwhile cannot be repeated, so one seed may need several runs to fail again.
 */
#ifndef JS_TESTS_HARNESS_CHAOS_H
#define JS_TESTS_HARNESS_CHAOS_H

#include "tests/harness/fixture.h"
#include "tests/harness/messages.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

struct chaos {
    struct messages_random random;
    unsigned rounds;
};

/* Reads the environment and prints the seed. few: the rounds without JS_CHAOS_ROUNDS. */
void chaos_begin(struct chaos *chaos, unsigned few, unsigned asked);

/* A number below limit, which must not be 0. */
unsigned chaos_below(struct chaos *chaos, unsigned limit);

/* Lets a random time below most_us microseconds go by: not to wait for something, but to strike at
 * another moment each time. */
void chaos_delay(struct chaos *chaos, unsigned most_us);

/*
 * Sends a signal to one process that must be below the caller; one that has ended already is fine.
 * Fails the test for any other number: a pid that was not found must never become "all processes"
 * (kill(2), -1), nor somebody else's.
 */
void chaos_kill(pid_t pid, int signal_number);

/* The pid of whoever listens on the server's socket, or -1. Quicker than fixture_server_pid. */
pid_t chaos_server(struct fixture *fixture);

/* Gives the case's tests the time that so many rounds of so many milliseconds each may take. */
void chaos_set_timeout(TCase *tcase, unsigned few, unsigned asked, unsigned round_ms);

#endif
