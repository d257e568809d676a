#include "common/terminal/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void writer_append(struct writer *writer, const void *data, size_t len)
{
    if (writer->error == 0)
        writer->error = bytes_append(writer->out, data, len);
}

void writer_text(struct writer *writer, const char *text)
{
    writer_append(writer, text, strlen(text));
}

/* For short sequences: what is longer than the buffer goes through writer_append(). */
void writer_printf(struct writer *writer, const char *format, ...)
{
    char buffer[128];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(buffer, sizeof(buffer), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(buffer))
        writer->error = -ENOMEM;
    else
        writer_append(writer, buffer, (size_t)len);
}
