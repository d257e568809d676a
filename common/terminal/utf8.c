#include "common/terminal/utf8.h"

unsigned utf8_length(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Whether c may follow lead directly: this rules out overlong forms, surrogates and what is beyond
 * U+10FFFF. */
static bool may_be_second(uint8_t lead, uint8_t c)
{
    switch (lead) {
    case 0xe0:
        return c >= 0xa0 && c <= 0xbf;
    case 0xed:
        return c >= 0x80 && c <= 0x9f;
    case 0xf0:
        return c >= 0x90 && c <= 0xbf;
    case 0xf4:
        return c >= 0x80 && c <= 0x8f;
    default:
        return c >= 0x80 && c <= 0xbf;
    }
}

bool utf8_continues(const uint8_t *data, unsigned have, uint8_t c)
{
    return have == 1 ? may_be_second(data[0], c) : (c & 0xc0) == 0x80;
}

unsigned utf8_decode(const uint8_t *data, size_t len, uint32_t *ret)
{
    unsigned want = utf8_length(data[0]);
    *ret = UTF8_BROKEN;
    if (want == 0)
        return 1;
    if (want == 1) {
        *ret = data[0];
        return 1;
    }
    uint32_t point = data[0] & (0x7fu >> want);
    for (unsigned i = 1; i < want; i++) {
        if (i >= len || !utf8_continues(data, i, data[i]))
            return i;
        point = point << 6 | (data[i] & 0x3fu);
    }
    *ret = point;
    return want;
}

unsigned utf8_unfinished(const uint8_t *data, size_t len)
{
    for (unsigned back = 1; back <= 3 && back <= len; back++) {
        uint8_t c = data[len - back];
        if ((c & 0xc0) == 0x80)
            continue;
        return utf8_length(c) > back && (back < 2 || may_be_second(c, data[len - back + 1])) ? back
                                                                                             : 0;
    }
    return 0;
}

size_t utf8_write(uint32_t point, char out[UTF8_MAX])
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(lead[len] | point);
    return len;
}
