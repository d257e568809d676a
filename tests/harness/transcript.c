#include "tests/harness/transcript.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BEFORE_MARK 4096

void transcript_add(struct transcript *transcript, const void *data, size_t len)
{
    struct bytes *all = &transcript->all;
    if (bytes_append(all, data, len) < 0 || bytes_reserve(all, 1) < 0) {
        fprintf(stderr, "# no memory for a transcript of %zu bytes\n", all->len + len);
        abort();
    }
    all->data[all->len] = '\0'; /* not counted, for who reads a number at the end */
}

/* The offset of the text at or after `from`, or -1. */
static ssize_t find_from(const struct transcript *transcript, size_t from, const char *text)
{
    const struct bytes *all = &transcript->all;
    if (from > all->len)
        return -1;
    if (*text == '\0')
        return (ssize_t)from;
    if (from == all->len)
        return -1;
    const uint8_t *at = memmem(all->data + from, all->len - from, text, strlen(text));
    return at ? at - all->data : -1;
}

bool transcript_find(struct transcript *transcript, const char *text)
{
    const char *const texts[] = {text, NULL};
    return transcript_find_any(transcript, texts) == 0;
}

int transcript_find_any(struct transcript *transcript, const char *const *texts)
{
    int first = -1;
    size_t first_end = 0;
    for (int i = 0; texts[i]; i++) {
        ssize_t at = find_from(transcript, transcript->mark, texts[i]);
        if (at < 0)
            continue;
        size_t end = (size_t)at + strlen(texts[i]);
        if (first < 0 || end < first_end) {
            first = i;
            first_end = end;
        }
    }
    if (first >= 0)
        transcript->mark = first_end;
    return first;
}

bool transcript_has_since(const struct transcript *transcript, size_t from, const char *text)
{
    return find_from(transcript, from, text) >= 0;
}

size_t transcript_count_since(const struct transcript *transcript, size_t from, const char *text)
{
    size_t count = 0;
    ssize_t at = *text == '\0' ? -1 : find_from(transcript, from, text);
    while (at >= 0) {
        count++;
        at = find_from(transcript, (size_t)at + strlen(text), text);
    }
    return count;
}

static void print_byte(uint8_t byte, FILE *to)
{
    switch (byte) {
    case '\n':
        fputs("\\n\n", to);
        break;
    case '\r':
        fputs("\\r", to);
        break;
    case '\t':
        fputs("\\t", to);
        break;
    case 033:
        fputs("\\e", to);
        break;
    case '\\':
        fputs("\\\\", to);
        break;
    default:
        if (byte >= ' ' && byte < 0177)
            fputc(byte, to);
        else
            fprintf(to, "\\x%02x", byte);
    }
}

void transcript_print_bytes(const void *data, size_t len, FILE *to)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++)
        print_byte(bytes[i], to);
}

void transcript_print(const struct transcript *transcript, FILE *to)
{
    size_t mark = transcript->mark;
    size_t from = mark > SHOWN_BEFORE_MARK ? mark - SHOWN_BEFORE_MARK : 0;
    fprintf(to, "--- transcript, %zu bytes, from byte %zu ---\n", transcript->all.len, from);
    transcript_print_bytes(transcript->all.data + from, mark - from, to);
    fprintf(to, "\n--- looked for behind this ---\n");
    transcript_print_bytes(transcript->all.data + mark, transcript->all.len - mark, to);
    fprintf(to, "\n--- end of transcript ---\n");
}

void transcript_finish(struct transcript *transcript)
{
    bytes_finish(&transcript->all);
    *transcript = (struct transcript){0};
}

char *transcript_text(const struct transcript *transcript, size_t from)
{
    size_t len = transcript->all.len - from;
    char *text = malloc(len + 1);
    ck_assert_ptr_nonnull(text);
    if (len > 0)
        memcpy(text, transcript->all.data + from, len);
    text[len] = '\0';
    return text;
}
