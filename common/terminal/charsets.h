/*
 * The character sets designated as G0..G3 and which of them are shifted in. Sources: ECMA-35 (ISO
 * 2022) 7 and 14, xterm's ctlseqs, DEC STD 070 5.
 */
#ifndef JS_COMMON_TERMINAL_CHARSETS_H
#define JS_COMMON_TERMINAL_CHARSETS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/terminal/parser.h"
#include "common/terminal/writer.h"

/* One designation: all zero is ASCII (ESC ( B), which all four start as. */
struct charset {
    uint8_t lead;   /* '(' ')' '*' '+' for sets of 94, '-' '.' '/' for sets of 96 */
    uint8_t second; /* a further intermediate, or 0 */
    uint8_t final;
};

/* Zeroed but for right is the default; see charsets_reset(). */
struct charsets {
    struct charset set[4];
    uint8_t left;   /* which set is in the left half: 0..3 */
    uint8_t right;  /* and in the right one: 1..3 */
    uint8_t coding; /* final of the last ESC % (DOCS), 0 for UTF-8 */
};

enum { CHARSETS_DEFAULT_RIGHT = 2 };

void charsets_reset(struct charsets *charsets);
bool charsets_equal(const struct charsets *a, const struct charsets *b);

/* Which of the sets differ, as bits 0..3, and bit 4 if another one is shifted in. */
unsigned charsets_difference(const struct charsets *a, const struct charsets *b);

/* The set that an escape sequence designates, 0..3; -1 if it is no designation. */
int charsets_designate(struct charsets *charsets, const struct parser_sequence *escape);

/* Whether a set is ASCII; the character that it has in place of c, which is printable ASCII: line
 * drawing, Latin-1's upper half and the national replacement sets are known, others are ASCII. */
bool charset_is_ascii(const struct charset *set);
uint32_t charset_point(const struct charset *set, uint8_t c);

/* Writes what brings a terminal from one to the other. */
void charsets_write(const struct charsets *from, const struct charsets *to, struct writer *writer);

#endif
