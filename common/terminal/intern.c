#include "common/terminal/intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void intern_finish(struct intern *intern)
{
    for (uint32_t i = 0; i < intern->count; i++)
        free(intern->entry[i].key);
    free(intern->entry);
    free(intern->bucket);
    *intern = (struct intern){0};
}

/* FNV-1a. */
static uint32_t hash_of(const uint8_t *key, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ key[i]) * 16777619u;
    return hash;
}

static void link_entry(struct intern *intern, uint32_t number)
{
    struct intern_entry *entry = &intern->entry[number];
    uint32_t *bucket = &intern->bucket[entry->hash & (intern->buckets - 1)];
    entry->next = *bucket;
    *bucket = number;
}

static bool rehash(struct intern *intern, uint32_t buckets)
{
    uint32_t *bucket = malloc(buckets * sizeof(bucket[0]));
    if (!bucket)
        return false;
    memset(bucket, 0xff, buckets * sizeof(bucket[0]));
    free(intern->bucket);
    intern->bucket = bucket;
    intern->buckets = buckets;
    for (uint32_t i = 0; i < intern->count; i++) {
        if (intern->entry[i].key)
            link_entry(intern, i);
    }
    return true;
}

static bool make_room(struct intern *intern)
{
    if (intern->used >= intern->buckets &&
        !rehash(intern, intern->buckets ? 2 * intern->buckets : 64))
        return false;
    if (intern->free_plus_one > 0 || intern->count < intern->room)
        return true;
    uint32_t room = intern->room ? 2 * intern->room : 32;
    struct intern_entry *entry = realloc(intern->entry, room * sizeof(entry[0]));
    if (!entry)
        return false;
    intern->entry = entry;
    intern->room = room;
    return true;
}

static uint32_t find(const struct intern *intern, const void *key, size_t len, uint32_t hash)
{
    if (intern->buckets == 0)
        return INTERN_NONE;
    uint32_t number = intern->bucket[hash & (intern->buckets - 1)];
    while (number != INTERN_NONE) {
        const struct intern_entry *entry = &intern->entry[number];
        if (entry->hash == hash && entry->len == len && memcmp(entry->key, key, len) == 0)
            return number;
        number = entry->next;
    }
    return INTERN_NONE;
}

static uint32_t take_number(struct intern *intern)
{
    if (intern->free_plus_one == 0)
        return intern->count++;
    uint32_t number = intern->free_plus_one - 1;
    uint32_t next = intern->entry[number].next;
    intern->free_plus_one = next == INTERN_NONE ? 0 : next + 1;
    return number;
}

uint32_t intern_number(struct intern *intern, const void *key, size_t len, uint32_t most,
                       bool *ret_new)
{
    uint32_t hash = hash_of(key, len), number = find(intern, key, len, hash);
    *ret_new = number == INTERN_NONE;
    if (number != INTERN_NONE)
        return number;
    if (intern->used >= most || !make_room(intern))
        return INTERN_NONE;
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        return INTERN_NONE;
    memcpy(copy, key, len);
    number = take_number(intern);
    intern->entry[number] = (struct intern_entry){.key = copy, .len = (uint32_t)len, .hash = hash};
    intern->used++;
    link_entry(intern, number);
    return number;
}

bool intern_is_used(const struct intern *intern, uint32_t number)
{
    return number < intern->count && intern->entry[number].key;
}

const uint8_t *intern_key(const struct intern *intern, uint32_t number, size_t *ret_len)
{
    assert(intern_is_used(intern, number));
    *ret_len = intern->entry[number].len;
    return intern->entry[number].key;
}

void intern_mark(struct intern *intern, uint32_t number)
{
    if (intern_is_used(intern, number))
        intern->entry[number].marked = true;
}

void intern_sweep(struct intern *intern)
{
    if (intern->buckets > 0)
        memset(intern->bucket, 0xff, intern->buckets * sizeof(intern->bucket[0]));
    for (uint32_t i = 0; i < intern->count; i++) {
        struct intern_entry *entry = &intern->entry[i];
        if (!entry->key)
            continue;
        if (entry->marked) {
            entry->marked = false;
            link_entry(intern, i);
            continue;
        }
        free(entry->key);
        entry->key = NULL;
        entry->next = intern->free_plus_one > 0 ? intern->free_plus_one - 1 : INTERN_NONE;
        intern->free_plus_one = i + 1;
        intern->used--;
    }
}
