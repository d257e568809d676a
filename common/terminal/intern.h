/*
 * Byte strings as small numbers: what is too large for a cell of the grid is kept here once, and
 * the cell has its number.
 */
#ifndef JS_COMMON_TERMINAL_INTERN_H
#define JS_COMMON_TERMINAL_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERN_NONE UINT32_MAX

struct intern_entry {
    uint8_t *key; /* owned; NULL: the number is free */
    uint32_t len;
    uint32_t hash;
    uint32_t next; /* in the same bucket, or the next free number; INTERN_NONE = none */
    bool marked;
};

/* Zeroed is empty. */
struct intern {
    struct intern_entry *entry; /* owned; by number */
    uint32_t *bucket;           /* owned */
    uint32_t count, room;       /* numbers given out so far, room for them */
    uint32_t used;              /* of them now */
    uint32_t buckets;           /* a power of two, or 0 */
    uint32_t free_plus_one;     /* the first free number + 1, 0 = none */
};

void intern_finish(struct intern *intern);

/*
 * The number of these bytes, a new one if they have none yet (*ret_new says so). INTERN_NONE
 * without memory, or when most numbers are in use.
 */
uint32_t intern_number(struct intern *intern, const void *key, size_t len, uint32_t most,
                       bool *ret_new);

/* The bytes that a number stands for; it must be in use. */
const uint8_t *intern_key(const struct intern *intern, uint32_t number, size_t *ret_len);

bool intern_is_used(const struct intern *intern, uint32_t number);

/* Marks a number that is in use; sweep frees all others and takes the marks away. */
void intern_mark(struct intern *intern, uint32_t number);
void intern_sweep(struct intern *intern);

#endif
