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
