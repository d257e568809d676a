#include "common/terminal/scan.h"

#include <stdbool.h>
#include <string.h>

/* GCC's vectors: 16 lanes, each all ones or zero after a comparison. Both compilers turn them into
 * what the machine has. */
typedef uint8_t lanes __attribute__((vector_size(16)));

enum { LANES = 16 };

enum { FLOOD_MIN = 1024, ESC = 0x1b, BEL = 0x07, BS = 0x08, C1_LEAD = 0xc2 };

static inline lanes load(const uint8_t *data)
{
    lanes v;
    memcpy(&v, data, sizeof(v));
    return v;
}

/* The first lane that is not zero, LANES if all are. */
static inline unsigned first_set(lanes v)
{
    uint64_t half[2];
    memcpy(half, &v, sizeof(half));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (half[0])
        return (unsigned)__builtin_ctzll(half[0]) / 8;
    return half[1] ? 8 + (unsigned)__builtin_ctzll(half[1]) / 8 : LANES;
#else
    if (half[0])
        return (unsigned)__builtin_clzll(half[0]) / 8;
    return half[1] ? 8 + (unsigned)__builtin_clzll(half[1]) / 8 : LANES;
#endif
}

static inline bool none_set(lanes v)
{
    uint64_t half[2];
    memcpy(half, &v, sizeof(half));
    return (half[0] | half[1]) == 0;
}

static inline bool ends_text(uint8_t c)
{
    return (c < 0x20 && (uint8_t)(c - '\t') > '\r' - '\t') || c == 0x7f || c == 0xc2;
}

static inline lanes ending_text(lanes v)
{
    return (lanes)(((v < 0x20) & ((v - '\t') > '\r' - '\t')) | (v == 0x7f) | (v == 0xc2));
}

size_t scan_text(const uint8_t *data, size_t len)
{
    size_t i = 0;
    for (; len - i >= LANES; i += LANES) {
        unsigned end = first_set(ending_text(load(data + i)));
        if (end < LANES)
            return i + end;
        while (len - i >= 5 * LANES && none_set(ending_text(load(data + i + LANES)) |
                                                ending_text(load(data + i + 2 * LANES)) |
                                                ending_text(load(data + i + 3 * LANES)) |
                                                ending_text(load(data + i + 4 * LANES))))
            i += 4 * LANES;
    }
    while (i < len && !ends_text(data[i]))
        i++;
    return i;
}

size_t scan_payload(const uint8_t *data, size_t len)
{
    size_t i = 0;
    for (; len - i >= LANES; i += LANES) {
        lanes v = load(data + i);
        unsigned end = first_set((lanes)((v < 0x20) | (v == 0xc2)));
        if (end < LANES)
            return i + end;
    }
    while (i < len && data[i] >= 0x20 && data[i] != 0xc2)
        i++;
    return i;
}

size_t scan_printable(const uint8_t *data, size_t len)
{
    size_t i = 0;
    for (; len - i >= LANES; i += LANES) {
        unsigned end = first_set((lanes)((load(data + i) - 0x20) > 0x7e - 0x20));
        if (end < LANES)
            return i + end;
    }
    while (i < len && (uint8_t)(data[i] - 0x20) <= 0x7e - 0x20)
        i++;
    return i;
}

size_t scan_count_lines(const uint8_t *data, size_t len)
{
    size_t count = 0, i = 0;
    while (len - i >= LANES) {
        /* A lane counts the matches of its column and holds 255 at most. */
        size_t rounds = (len - i) / LANES;
        if (rounds > 255)
            rounds = 255;
        lanes sum = {0};
        for (size_t k = 0; k < rounds; k++, i += LANES)
            sum -= (lanes)(load(data + i) == '\n');
        for (int k = 0; k < LANES; k++)
            count += sum[k];
    }
    for (; i < len; i++)
        count += data[i] == '\n';
    return count;
}

size_t scan_line_from_end(const uint8_t *data, size_t len, size_t n)
{
    size_t end = len;
    while (n > 0) {
        const uint8_t *at = memrchr(data, '\n', end);
        if (!at)
            return len;
        end = (size_t)(at - data);
        n--;
    }
    return end;
}

/*
 * The length of the SGR or EL at data, 0 for anything else; *ret_reset: it is an SGR that begins
 * with a reset.
 */
static size_t harmless_sequence(const uint8_t *data, size_t len, bool *ret_reset, bool *ret_sgr)
{
    if (len < 3 || data[1] != '[')
        return 0;
    size_t i = 2;
    while (i < len && data[i] >= '0' && data[i] <= ';')
        i++;
    if (i == len || (data[i] != 'm' && data[i] != 'K'))
        return 0;
    *ret_sgr = data[i] == 'm';
    /* Empty or 0 as the first parameter. */
    *ret_reset =
        *ret_sgr && (i == 2 || data[2] == ';' || (data[2] == '0' && (i == 3 || data[3] == ';')));
    return i + 1;
}

/*
 * The last offset up to and including end at which the pen is known without what comes before, if
 * all of data up to end is harmless; SIZE_MAX if it is not or there is no such place. Without any
 * SGR that is end. *ret_bell: the offset of the first BEL, SIZE_MAX without one.
 */
static size_t pen_known_at(const uint8_t *data, size_t end, size_t *ret_bell)
{
    size_t i = 0, known = end;
    bool any = false, found = false;
    *ret_bell = SIZE_MAX;
    while (i < end) {
        i += scan_text(data + i, end - i);
        if (i == end)
            break;
        if (data[i] == ESC) {
            bool reset, sgr;
            size_t len = harmless_sequence(data + i, end - i, &reset, &sgr);
            if (len == 0)
                return SIZE_MAX;
            any |= sgr;
            if (reset) {
                found = true;
                known = i;
            }
            i += len;
        } else if (data[i] == C1_LEAD) {
            /* At the very end its second byte is not seen. */
            if (i + 1 == end || (data[i + 1] >= 0x80 && data[i + 1] < 0xa0))
                return SIZE_MAX;
            i++;
        } else if (data[i] == BEL || data[i] == BS) {
            if (data[i] == BEL && *ret_bell == SIZE_MAX)
                *ret_bell = i;
            i++;
        } else {
            return SIZE_MAX;
        }
    }
    return any && !found ? SIZE_MAX : known;
}

size_t scan_flood(const uint8_t *data, size_t len, unsigned rows, size_t *ret_lines, bool *ret_bell)
{
    if (len < FLOOD_MIN)
        return 0;
    size_t end = scan_line_from_end(data, len, rows);
    if (end == len || end < FLOOD_MIN)
        return 0;
    const uint8_t *cr = memrchr(data, '\r', end);
    if (!cr)
        return 0;
    size_t bell;
    size_t skip = pen_known_at(data, (size_t)(cr - data), &bell);
    if (skip == SIZE_MAX || skip < FLOOD_MIN)
        return 0;
    *ret_lines = scan_count_lines(data, skip);
    *ret_bell = bell < skip;
    return skip;
}
