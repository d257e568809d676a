/*
 * The one fixture of a test program, and what the last command in it came to. A test case uses
 * world_begin and world_end as its checked fixture, alone or within its own.
 */
#ifndef JS_TESTS_HARNESS_WORLD_H
#define JS_TESTS_HARNESS_WORLD_H

#include "tests/harness/fixture.h"

extern struct fixture fixture;
extern struct fixture_result result;

void world_begin(void);
void world_end(void);

/* Runs a shell line, see fixture_shell_line. */
void line(const char *text);

/* The same, and fails the test unless its status is 0. */
void must(const char *text);

/* The same, and it must have printed just that on stdout. */
void must_print(const char *text, const char *output);

/* The same, and nothing on stderr. */
void must_print_only(const char *text, const char *output);

#endif
