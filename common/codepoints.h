/* What is known of Unicode's code points, the same in every locale. */
#ifndef JS_COMMON_CODEPOINTS_H
#define JS_COMMON_CODEPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct codepoint_range {
    uint32_t first, last;
};

/* Whether one of the ranges, which are sorted, has c in it. */
bool codepoints_contain(const struct codepoint_range *ranges, size_t count, uint32_t c);

/*
 * The columns a character takes, 0 to 2, as wcwidth(3) of a UTF-8 locale counts them (Unicode 14,
 * and the blocks set aside for wide characters later). A code point from U+0020 on, no control.
 */
unsigned codepoint_columns(uint32_t c);

#endif
