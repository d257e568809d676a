/*
 * Jobs that count: each prints "line 1", "line 2", … and then exits, dies of a signal, or waits to
 * be killed, as its own command line says. So of every job in the list it is known what its log and
 * its end must be, also of one that nobody was told of.
 *
 * Every function fails the test when something is not as it must be.
 */
#ifndef JS_TESTS_HARNESS_COUNTERS_H
#define JS_TESTS_HARNESS_COUNTERS_H

#include "tests/harness/chaos.h"
#include "tests/harness/fixture.h"

#include <stdbool.h>
#include <stddef.h>

#define COUNTERS_ARGV_MAX 12

struct counters {
    struct fixture *fixture;
    struct chaos *chaos;
    bool *promised; /* by id: `js run -d` has printed it; owned */
    bool *ended;    /* by id: its end was right, and its log whole; owned */
    size_t room;
    unsigned live;  /* of the last list */
    unsigned total; /* of the last list */
};

/* The words of a command line of random length, speed and end, and the room they need. */
struct counters_command {
    char words[3][16];
    const char *argv[COUNTERS_ARGV_MAX];
};

void counters_init(struct counters *counters, struct fixture *fixture, struct chaos *chaos);
void counters_finish(struct counters *counters);

/* Makes up `js run -d -- pty_child numbered …`; argv points into the struct. */
void counters_make(struct counters *counters, struct counters_command *ret);

/* Starts one and waits for the answer. */
void counters_start(struct counters *counters);

/* `js run -d` has printed this: the job is promised. Fails unless it is a number and no more. */
void counters_promise(struct counters *counters, const char *out);

/*
 * Compares what `js ls -a --json` says with what must be so: every job that was promised is there,
 * each that has ended has the end that its command line tells; the log of each that has ended since
 * the last look is complete and in order.
 */
void counters_check(struct counters *counters, const char *json);

/*
 * The end: waits for all that end by themselves, kills the others, looks at every end and every
 * log, and at the job directories: one for each job, with nothing in it that does not belong there.
 */
void counters_settle(struct counters *counters);

/*
 * The numbered lines in the text from `from` on, wherever in it the first one stands: how many
 * follow each other without a gap. Fails at anything that is not the next line; a part of a line
 * at the end is none. ret_rest: where the last one ends.
 */
unsigned counters_read_lines(const char *text, size_t len, unsigned from, size_t *ret_rest);

#endif
