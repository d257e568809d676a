#include "common/terminal/shared.h"

#include <stdlib.h>
#include <string.h>

struct shared *shared_create(const void *data, size_t len)
{
    if (len >= UINT32_MAX)
        return NULL;
    struct shared *shared = malloc(sizeof(*shared) + len + 1);
    if (!shared)
        return NULL;
    shared->refs = 1;
    shared->len = (uint32_t)len;
    if (len > 0)
        memcpy(shared->data, data, len);
    shared->data[len] = '\0';
    return shared;
}

struct shared *shared_create_text(const void *data, size_t len)
{
    struct shared *shared = shared_create(data, len);
    if (!shared)
        return NULL;
    uint32_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)shared->data[i];
        bool makes_c1 =
            kept > 0 && (uint8_t)shared->data[kept - 1] == 0xc2 && c >= 0x80 && c < 0xa0;
        if (c >= 0x20 && !makes_c1)
            shared->data[kept++] = (char)c;
    }
    shared->data[kept] = '\0';
    shared->len = kept;
    return shared;
}

struct shared *shared_ref(struct shared *shared)
{
    if (shared)
        shared->refs++;
    return shared;
}

void shared_unref(struct shared *shared)
{
    if (shared && --shared->refs == 0)
        free(shared);
}

void shared_replace(struct shared **slot, struct shared *value)
{
    shared_unref(*slot);
    *slot = value;
}

bool shared_equal(const struct shared *a, const struct shared *b)
{
    if (a == b)
        return true;
    return a && b && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}
