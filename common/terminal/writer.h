/* Writes to growing bytes and remembers the first failure, so that a long row of writes needs one
 * check. */
#ifndef JS_COMMON_TERMINAL_WRITER_H
#define JS_COMMON_TERMINAL_WRITER_H

#include <stddef.h>

#include "common/bytes.h"

struct writer {
    struct bytes *out; /* the caller's */
    int error;         /* 0 or -ENOMEM; nothing is written after the first */
};

void writer_text(struct writer *writer, const char *text);
void writer_append(struct writer *writer, const void *data, size_t len);
void writer_printf(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
