#include "common/wire.h"

#include <errno.h>

/*
 * The shape of one msgpack object: how many bytes its head and inline data take, and how many
 * objects follow that belong to it. Source: the msgpack specification, "Formats".
 */
struct shape {
    size_t bytes;
    uint64_t children;
};

static uint64_t read_be(const uint8_t *at, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

/* Formats with a length field: `width` bytes of length after the type byte, then `extra` bytes. */
static int sized_shape(const uint8_t *at, size_t left, size_t width, size_t extra,
                       struct shape *ret)
{
    if (left < 1 + width)
        return -EBADMSG;
    uint64_t len = read_be(at + 1, width);
    if (len > left)
        return -EBADMSG;
    *ret = (struct shape){.bytes = 1 + width + extra + (size_t)len};
    return 0;
}

static int container_shape(const uint8_t *at, size_t left, size_t width, unsigned per_item,
                           struct shape *ret)
{
    if (left < 1 + width)
        return -EBADMSG;
    *ret = (struct shape){.bytes = 1 + width, .children = read_be(at + 1, width) * per_item};
    return 0;
}

static int tagged_shape(const uint8_t *at, size_t left, struct shape *ret)
{
    switch (*at) {
    case 0xc0: /* nil */
    case 0xc2: /* false */
    case 0xc3: /* true */
        *ret = (struct shape){.bytes = 1};
        return 0;
    case 0xc4: /* bin 8, 16, 32 */
    case 0xc5:
    case 0xc6:
        return sized_shape(at, left, (size_t)1 << (*at - 0xc4), 0, ret);
    case 0xc7: /* ext 8, 16, 32: one more byte, the type */
    case 0xc8:
    case 0xc9:
        return sized_shape(at, left, (size_t)1 << (*at - 0xc7), 1, ret);
    case 0xca: /* float 32 */
        *ret = (struct shape){.bytes = 5};
        return 0;
    case 0xcb: /* float 64 */
        *ret = (struct shape){.bytes = 9};
        return 0;
    case 0xcc: /* uint 8 to 64 */
    case 0xcd:
    case 0xce:
    case 0xcf:
        *ret = (struct shape){.bytes = 1 + ((size_t)1 << (*at - 0xcc))};
        return 0;
    case 0xd0: /* int 8 to 64 */
    case 0xd1:
    case 0xd2:
    case 0xd3:
        *ret = (struct shape){.bytes = 1 + ((size_t)1 << (*at - 0xd0))};
        return 0;
    case 0xd4: /* fixext 1 to 16 */
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        *ret = (struct shape){.bytes = 2 + ((size_t)1 << (*at - 0xd4))};
        return 0;
    case 0xd9: /* str 8, 16, 32 */
    case 0xda:
    case 0xdb:
        return sized_shape(at, left, (size_t)1 << (*at - 0xd9), 0, ret);
    case 0xdc: /* array 16, 32 */
    case 0xdd:
        return container_shape(at, left, (size_t)2 << (*at - 0xdc), 1, ret);
    case 0xde: /* map 16, 32 */
    case 0xdf:
        return container_shape(at, left, (size_t)2 << (*at - 0xde), 2, ret);
    default: /* 0xc1 is never used */
        return -EBADMSG;
    }
}

static int object_shape(const uint8_t *at, size_t left, struct shape *ret)
{
    if (*at <= 0x7f || *at >= 0xe0) /* fixint */
        *ret = (struct shape){.bytes = 1};
    else if (*at <= 0x8f) /* fixmap */
        *ret = (struct shape){.bytes = 1, .children = 2u * (*at & 0x0f)};
    else if (*at <= 0x9f) /* fixarray */
        *ret = (struct shape){.bytes = 1, .children = *at & 0x0f};
    else if (*at <= 0xbf) /* fixstr */
        *ret = (struct shape){.bytes = 1u + (*at & 0x1f)};
    else
        return tagged_shape(at, left, ret);
    return 0;
}

int wire_check(const uint8_t *data, size_t len)
{
    uint64_t open[WIRE_DEPTH_MAX + 1] = {1}; /* objects still to come, per level of nesting */
    unsigned depth = 0;
    size_t at = 0;
    size_t values = 0;

    for (;;) {
        while (depth > 0 && open[depth] == 0)
            depth--;
        if (open[depth] == 0)
            return at == len ? 0 : -EBADMSG;
        if (at >= len || ++values > WIRE_VALUES_MAX)
            return -EBADMSG;
        struct shape shape;
        if (object_shape(data + at, len - at, &shape) < 0 || shape.bytes > len - at)
            return -EBADMSG;
        at += shape.bytes;
        open[depth]--;
        if (shape.children == 0)
            continue;
        /* Each object takes at least one byte. */
        if (shape.children > len - at || depth == WIRE_DEPTH_MAX)
            return -EBADMSG;
        open[++depth] = shape.children;
    }
}
