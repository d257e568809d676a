/* Bytes that several states share and nobody changes: a title, a link, tab stops. */
#ifndef JS_COMMON_TERMINAL_SHARED_H
#define JS_COMMON_TERMINAL_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shared {
    unsigned refs;
    uint32_t len;
    char data[]; /* len bytes and a NUL */
};

/* A copy of len bytes with one reference. NULL = no memory. */
struct shared *shared_create(const void *data, size_t len);

/*
 * The same for the text of a control string, without what would not stay in one when it is sent
 * again: C0 controls, and 0xC2 where the byte after it makes a C1 control of it.
 */
struct shared *shared_create_text(const void *data, size_t len);

/* One reference more or less; NULL is fine for both. ref returns its argument. */
struct shared *shared_ref(struct shared *shared);
void shared_unref(struct shared *shared);

/* Puts value, which may be NULL, into *slot. Takes over the caller's reference; drops the one of
 * the old value. */
void shared_replace(struct shared **slot, struct shared *value);

/* Same bytes, or both NULL. */
bool shared_equal(const struct shared *a, const struct shared *b);

#endif
