#include "tests/harness/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_TEXT 300u /* needs msgpack's two-byte lengths */

/* xorshift64*: Marsaglia, "Xorshift RNGs"; the multiplication as Vigna proposed. */
uint64_t messages_next(struct messages_random *random)
{
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

size_t messages_below(struct messages_random *random, size_t limit)
{
    return (size_t)(messages_next(random) >> 11) % limit;
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fprintf(stderr, "# no memory for a generated message\n");
        abort();
    }
    return memory;
}

static uint64_t edge_number(struct messages_random *random, uint64_t max)
{
    static const uint64_t edges[] = {
        0,         1,        127,        128,        255,       256,        65535,      65536,
        INT32_MAX, 1u << 31, UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX,
    };
    uint64_t value = edges[messages_below(random, sizeof(edges) / sizeof(edges[0]))];
    return value <= max ? value : max;
}

static int32_t signed_number(struct messages_random *random)
{
    static const int32_t edges[] = {0,    1,    -1,  -32, -33,    127,       128,
                                    -128, -129, 255, 256, -32769, INT32_MIN, INT32_MAX};
    return edges[messages_below(random, sizeof(edges) / sizeof(edges[0]))];
}

/* Mostly short, now and then long; never beyond max (0 = no limit). */
static size_t text_length(struct messages_random *random, uint64_t max)
{
    size_t len = messages_below(random, 8) == 0 ? LONG_TEXT : messages_below(random, 20);
    return max > 0 && len > max ? (size_t)max : len;
}

static char *make_text(struct messages_random *random, uint64_t max)
{
    size_t len = text_length(random, max);
    char *text = allocate(len + 1, 1);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(1 + messages_below(random, 255));
    return text;
}

static void fill_bin(struct wire_bin *bin, uint64_t max, struct messages_random *random)
{
    bin->len = text_length(random, max);
    bin->data = allocate(bin->len, 1);
    for (size_t i = 0; i < bin->len; i++)
        bin->data[i] = (uint8_t)messages_next(random);
}

static size_t element_count(struct messages_random *random, uint64_t max, size_t most)
{
    size_t count = messages_below(random, most + 1);
    return max > 0 && count > max ? (size_t)max : count;
}

static void fill_strs(struct wire_strs *strs, uint64_t max, struct messages_random *random)
{
    strs->len = element_count(random, max, 4);
    strs->items = allocate(strs->len + 1, sizeof(*strs->items));
    for (size_t i = 0; i < strs->len; i++)
        strs->items[i] = make_text(random, 0);
}

static void fill_structs(const struct wire_field *field, struct wire_structs *list,
                         struct messages_random *random)
{
    list->len = element_count(random, field->max, 3);
    if (list->len == 0)
        return;
    list->items = allocate(list->len, field->sub->size);
    for (size_t i = 0; i < list->len; i++)
        messages_fill(field->sub, (char *)list->items + i * field->sub->size, random);
}

static void fill_member(const struct wire_field *field, void *member,
                        struct messages_random *random)
{
    switch (field->kind) {
    case WIRE_BOOL:
        *(bool *)member = messages_below(random, 2);
        break;
    case WIRE_U32:
        *(uint32_t *)member = (uint32_t)edge_number(random, field->max ? field->max : UINT32_MAX);
        break;
    case WIRE_U64:
        *(uint64_t *)member = edge_number(random, field->max ? field->max : UINT64_MAX);
        break;
    case WIRE_I32:
        *(int32_t *)member = signed_number(random);
        break;
    case WIRE_STR:
        *(char **)member = make_text(random, field->max);
        break;
    case WIRE_BIN:
        fill_bin(member, field->max, random);
        break;
    case WIRE_STRS:
        fill_strs(member, field->max, random);
        break;
    case WIRE_STRUCT:
        *(void **)member = allocate(1, field->sub->size);
        messages_fill(field->sub, *(void **)member, random);
        break;
    case WIRE_STRUCTS:
        fill_structs(field, member, random);
        break;
    }
}

void messages_fill(const struct wire_struct *type, void *body, struct messages_random *random)
{
    for (size_t i = 0; i < type->count; i++) {
        const struct wire_field *field = &type->fields[i];
        if (field->required || messages_below(random, 3) > 0)
            fill_member(field, (char *)body + field->offset, random);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_bin(const struct wire_bin *a, const struct wire_bin *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool same_strs(const struct wire_strs *a, const struct wire_strs *b)
{
    bool same = a->len == b->len;
    for (size_t i = 0; same && i < a->len; i++)
        same = same_text(a->items[i], b->items[i]);
    return same;
}

static bool same_structs(const struct wire_struct *sub, const struct wire_structs *a,
                         const struct wire_structs *b)
{
    bool same = a->len == b->len;
    for (size_t i = 0; same && i < a->len; i++)
        same = messages_equal(sub, (const char *)a->items + i * sub->size,
                              (const char *)b->items + i * sub->size);
    return same;
}

static bool same_member(const struct wire_field *field, const void *a, const void *b)
{
    switch (field->kind) {
    case WIRE_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case WIRE_U32:
    case WIRE_I32:
        return *(const uint32_t *)a == *(const uint32_t *)b;
    case WIRE_U64:
        return *(const uint64_t *)a == *(const uint64_t *)b;
    case WIRE_STR:
        return same_text(*(char *const *)a, *(char *const *)b);
    case WIRE_BIN:
        return same_bin(a, b);
    case WIRE_STRS:
        return same_strs(a, b);
    case WIRE_STRUCT:
        if (!*(void *const *)a || !*(void *const *)b)
            return *(void *const *)a == *(void *const *)b;
        return messages_equal(field->sub, *(void *const *)a, *(void *const *)b);
    case WIRE_STRUCTS:
        return same_structs(field->sub, a, b);
    }
    return false;
}

bool messages_equal(const struct wire_struct *type, const void *a, const void *b)
{
    for (size_t i = 0; i < type->count; i++) {
        size_t at = type->fields[i].offset;
        if (!same_member(&type->fields[i], (const char *)a + at, (const char *)b + at))
            return false;
    }
    return true;
}
