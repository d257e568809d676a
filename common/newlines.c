#include "common/newlines.h"

#include <string.h>

static size_t count_lines(const uint8_t *data, size_t len)
{
    size_t count = 0;
    const uint8_t *end = data + len, *at = data;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        count++;
        at++;
    }
    return count;
}

int newlines_return(struct bytes *bytes, size_t from)
{
    size_t more = bytes->len > from ? count_lines(bytes->data + from, bytes->len - from) : 0;
    int r = more > 0 ? bytes_reserve(bytes, more) : 0;
    if (r < 0)
        return r;
    /* From the end, each piece to its last place. */
    size_t end = bytes->len;
    bytes->len += more;
    while (more > 0) {
        const uint8_t *line = memrchr(bytes->data + from, '\n', end - from);
        size_t at = (size_t)(line - bytes->data);
        memmove(bytes->data + at + more, line, end - at);
        more--;
        bytes->data[at + more] = '\r';
        end = at;
    }
    return 0;
}
