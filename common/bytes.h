/* A growable run of bytes. Zero-initialised is empty and valid. */
#ifndef JS_COMMON_BYTES_H
#define JS_COMMON_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t len;
    size_t room; /* allocated size of data */
};

/* Makes room for `more` bytes after len. 0 or -ENOMEM (b is unchanged then). */
int bytes_reserve(struct bytes *b, size_t more);

/* Appends a copy of len bytes. 0 or -ENOMEM (b is unchanged then). */
int bytes_append(struct bytes *b, const void *data, size_t len);

/* Appends text up to its NUL, or formatted text as printf(3). 0 or -ENOMEM. */
int bytes_append_text(struct bytes *b, const char *text);
int bytes_printf(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first n (at most len) bytes; the rest moves down. */
void bytes_consume(struct bytes *b, size_t n);

/* Frees the memory; b is empty and usable afterwards. */
void bytes_finish(struct bytes *b);

#endif
