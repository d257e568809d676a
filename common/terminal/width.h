/*
 * How many columns a character takes. Terminals disagree on emoji, marks of many scripts and newer
 * characters, and what counts here is what every terminal does: so the answer is a least and a
 * most.
 */
#ifndef JS_COMMON_TERMINAL_WIDTH_H
#define JS_COMMON_TERMINAL_WIDTH_H

#include <stdint.h>

struct width {
    uint8_t least, most;
};

/* point: a code point, or UTF8_BROKEN (shown as a replacement character or not at all). */
struct width width_of(uint32_t point);

/*
 * The columns that a screen of our own gives to it, where one number is needed: 0 to 2. A code
 * point from U+0020 on, no control.
 */
unsigned width_columns(uint32_t point);

#endif
