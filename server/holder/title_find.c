#include "server/holder/title_find.h"

#include <string.h>

/* Whether data, the ESC of which is at offset i, sets a title. Not after another ESC: tmux's and
 * screen's ways to pass a sequence through double them, and nothing may be put in between. */
static bool sets_title(const uint8_t *data, size_t len, size_t i)
{
    return data[i] == 0x1b && (i == 0 || data[i - 1] != 0x1b) && len - i > 3 &&
           data[i + 2] >= '0' && data[i + 2] <= '2' && data[i + 3] == ';';
}

size_t title_find(const uint8_t *data, size_t len)
{
    size_t at = 1;
    while (at < len) {
        const uint8_t *bracket = memchr(data + at, ']', len - at);
        if (!bracket)
            break;
        at = (size_t)(bracket - data);
        if (sets_title(data, len, at - 1))
            return at - 1;
        at++;
    }
    return len;
}

bool title_guard(struct bytes *out, size_t from)
{
    static const char push[] = TITLE_PUSH;
    size_t more = sizeof(push) - 1, len = out->len - from;
    size_t at = title_find((const uint8_t *)out->data + from, len);
    if (at == len || bytes_append(out, push, more) < 0)
        return false;
    char *title = (char *)out->data + from + at;
    memmove(title + more, title, len - at);
    memcpy(title, push, more);
    return true;
}
