/*
 * What output tells the user apart from what it shows: bells, and notifications. Sources: OSC 9 of
 * iTerm2 (but not ConEmu's commands of that number), OSC 777 of rxvt-unicode, OSC 99 of kitty
 * (https://sw.kovidgoyal.net/kitty/desktop-notifications/): titles and texts, in one piece or in
 * several.
 */
#ifndef JS_COMMON_TERMINAL_NOTICES_H
#define JS_COMMON_TERMINAL_NOTICES_H

#include <stdbool.h>

#include "common/bytes.h"
#include "common/terminal/parser.h"

enum notice_sign {
    SIGN_BELL,
    SIGN_NOTIFICATION,
};

/* Title and text may both be there, or one of them; they are the string's. */
struct notice {
    enum notice_sign sign;
    const uint8_t *title, *text; /* NULL: none */
    size_t title_len, text_len;
    bool base64;  /* they are encoded so */
    bool goes_on; /* more pieces of the same notification follow */
};

/* Whether a whole string is (a piece of) a notification. */
bool notice_in_string(const struct parser_string *string, struct notice *ret);

/*
 * Appends a title or text of a notice, decoded if need be, without control characters but for line
 * feeds and tabs; out gets no longer than most, and is not cut inside of a character of UTF-8. 0 or
 * -ENOMEM.
 */
int notice_append(struct bytes *out, const uint8_t *data, size_t len, bool base64, size_t most);

#endif
