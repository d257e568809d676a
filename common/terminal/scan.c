#include "common/terminal/scan.h"

#include <stdbool.h>
#include <string.h>

/* GCC's vectors: 16 lanes, each all ones or zero after a comparison. Both compilers turn them into what the machine
 * has. */
typedef uint8_t lanes __attribute__((vector_size(16)));

enum { LANES = 16 };

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
        while (len - i >= 5 * LANES &&
               none_set(ending_text(load(data + i + LANES)) | ending_text(load(data + i + 2 * LANES)) |
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
