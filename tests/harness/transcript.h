/*
 * Everything a program has printed so far, and how far the test has looked at it.
 *
 * A search starts at the mark and moves it behind what was found, so that a test reads what comes
 * in the order in which it comes. Zero-initialised is empty and valid.
 */
#ifndef JS_TESTS_HARNESS_TRANSCRIPT_H
#define JS_TESTS_HARNESS_TRANSCRIPT_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdio.h>

struct transcript {
    struct bytes all;
    size_t mark; /* offset in all */
};

/* Adds bytes at the end. Ends the program when there is no memory. */
void transcript_add(struct transcript *transcript, const void *data, size_t len);

/* True when the text stands behind the mark, which then moves behind the text. */
bool transcript_find(struct transcript *transcript, const char *text);

/*
 * The index of the text (of a NULL-terminated list) whose first occurrence behind the mark ends
 * first, or -1; the mark moves behind it.
 */
int transcript_find_any(struct transcript *transcript, const char *const *texts);

/* True when the text stands anywhere at or after offset `from`. The mark stays. */
bool transcript_has_since(const struct transcript *transcript, size_t from, const char *text);

/* How often the text occurs at or after offset `from`, not overlapping. */
size_t transcript_count_since(const struct transcript *transcript, size_t from, const char *text);

/*
 * Prints it for a person: printable characters as they are, ESC as \e, other bytes as C escapes, a
 * new line after each \n, and where the mark is. Only the last 4 KiB before the mark are shown.
 */
void transcript_print(const struct transcript *transcript, FILE *to);

/* Prints bytes escaped in the same way, without a line break of its own at the end. */
void transcript_print_bytes(const void *data, size_t len, FILE *to);

void transcript_finish(struct transcript *transcript);

/* What has come from that byte on, with a NUL behind it; the caller frees it. Fails the test
 * without memory. */
char *transcript_text(const struct transcript *transcript, size_t from);

#endif
