/* UTF-8 (RFC 3629) in pieces of terminal output. */
#ifndef JS_COMMON_TERMINAL_UTF8_H
#define JS_COMMON_TERMINAL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What utf8_decode() gives for bytes that are not UTF-8. */
#define UTF8_BROKEN UINT32_MAX

/* How many bytes the character has that starts with lead: 1 to 4; 0 if none starts with it. */
unsigned utf8_length(uint8_t lead);

/*
 * Decodes the first character; len > 0. Returns how many bytes it took, at least 1; *ret is the
 * code point or UTF8_BROKEN (also for a character that is cut off at the end). A broken piece ends
 * before the next byte that may start a character.
 */
unsigned utf8_decode(const uint8_t *data, size_t len, uint32_t *ret);

/* Encodes a code point, no surrogate and up to U+10FFFF. Returns how many bytes it is. */
enum { UTF8_MAX = 4 };
size_t utf8_write(uint32_t point, char out[UTF8_MAX]);

/* Whether c goes on with a character of which the first have bytes (1 to 3) are at data. */
bool utf8_continues(const uint8_t *data, unsigned have, uint8_t c);

/* How many bytes at the end (0 to 3) are the start of a character that is not complete. */
unsigned utf8_unfinished(const uint8_t *data, size_t len);

#endif
