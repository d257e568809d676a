/*
 * How many columns a character takes. Terminals disagree on emoji, marks of many scripts and newer
 * characters, and what counts here is what every terminal does: so the answer is a least and a
 * most. (For the one number that a screen of our own needs: common/codepoints.h.)
 */
#ifndef JS_COMMON_TERMINAL_WIDTH_H
#define JS_COMMON_TERMINAL_WIDTH_H

#include <stdint.h>

struct width {
    uint8_t least, most;
};

/* point: a code point, or UTF8_BROKEN (shown as a replacement character or not at all). */
struct width width_of(uint32_t point);

#endif
