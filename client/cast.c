#include "client/cast.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/terminal/utf8.h"

#define NS_PER_S  1000000000u
#define NS_PER_US 1000u
#define BROKEN    "\357\277\275" /* U+FFFD */

/* Appends what is UTF-8, and U+FFFD for what is not. */
static int append_utf8(struct bytes *text, const uint8_t *data, size_t len)
{
    size_t good = 0, at = 0; /* from good to at it is UTF-8, and not appended yet */
    int r = 0;
    while (at < len && r == 0) {
        uint32_t c;
        unsigned taken = utf8_decode(data + at, len - at, &c);
        if (c == UTF8_BROKEN) {
            r = bytes_append(text, data + good, at - good);
            if (r == 0)
                r = bytes_append(text, BROKEN, strlen(BROKEN));
            good = at + taken;
        }
        at += taken;
    }
    return r == 0 ? bytes_append(text, data + good, len - good) : r;
}

/* A JSON string of any bytes; NULL without memory. */
static json_t *make_string(const void *data, size_t len)
{
    struct bytes text = {0};
    json_t *string = NULL;
    if (append_utf8(&text, data, len) == 0)
        string = json_stringn(text.data ? (const char *)text.data : "", text.len);
    bytes_finish(&text);
    return string;
}

static int append_json(struct bytes *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    int r = text ? bytes_append_text(out, text) : -ENOMEM;
    free(text);
    return r;
}

static uint64_t event_time(struct cast *cast, uint64_t time_ns)
{
    if (time_ns > cast->last_ns)
        cast->last_ns = time_ns;
    return cast->last_ns - cast->start_ns;
}

/* Takes over data. The time is written by hand: no exponent, and no more digits than are true. */
static int append_event(struct cast *cast, struct bytes *out, uint64_t time_ns, const char *code,
                        json_t *data)
{
    uint64_t at = event_time(cast, time_ns);
    size_t before = out->len;
    int r = data ? bytes_printf(out, "[%" PRIu64 ".%06" PRIu64 ",\"%s\",", at / NS_PER_S,
                                at % NS_PER_S / NS_PER_US, code)
                 : -ENOMEM;
    if (r == 0)
        r = append_json(out, data);
    if (r == 0)
        r = bytes_append_text(out, "]\n");
    json_decref(data);
    if (r < 0)
        out->len = before;
    return r;
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text)
        json_object_set_new(object, name, make_string(text, strlen(text)));
}

int cast_begin(struct cast *cast, const struct cast_header *header, struct bytes *out)
{
    *cast = (struct cast){.start_ns = header->start_ns,
                          .last_ns = header->start_ns,
                          .rows = header->rows,
                          .cols = header->cols};
    json_t *root = json_object();
    json_object_set_new(root, "version", json_integer(2));
    json_object_set_new(root, "width", json_integer(header->cols));
    json_object_set_new(root, "height", json_integer(header->rows));
    json_object_set_new(root, "timestamp", json_integer((json_int_t)(header->start_ns / NS_PER_S)));
    set_text(root, "command", header->command);
    set_text(root, "title", header->title);
    if (header->term) {
        json_t *env = json_object();
        set_text(env, "TERM", header->term);
        json_object_set_new(root, "env", env);
    }
    int r = root ? append_json(out, root) : -ENOMEM;
    json_decref(root);
    return r == 0 ? bytes_append_text(out, "\n") : r;
}

int cast_size(struct cast *cast, uint64_t time_ns, uint32_t rows, uint32_t cols, struct bytes *out)
{
    char text[32];
    if (rows == 0 || cols == 0 || (rows == cast->rows && cols == cast->cols))
        return 0;
    snprintf(text, sizeof(text), "%" PRIu32 "x%" PRIu32, cols, rows);
    cast->rows = rows;
    cast->cols = cols;
    return append_event(cast, out, time_ns, "r", json_string(text));
}

int cast_output(struct cast *cast, uint64_t time_ns, const void *data, size_t len,
                struct bytes *out)
{
    struct bytes whole = {0};
    if (len == 0)
        return 0;
    int r = bytes_append(&whole, cast->cut, cast->cut_len);
    if (r == 0)
        r = bytes_append(&whole, data, len);
    if (r == 0) {
        cast->cut_len = utf8_unfinished(whole.data, whole.len);
        size_t done = whole.len - cast->cut_len;
        memcpy(cast->cut, whole.data + done, cast->cut_len);
        if (done > 0)
            r = append_event(cast, out, time_ns, "o", make_string(whole.data, done));
    }
    bytes_finish(&whole);
    return r;
}

int cast_end(struct cast *cast, struct bytes *out)
{
    if (cast->cut_len == 0)
        return 0;
    unsigned len = cast->cut_len;
    cast->cut_len = 0;
    return append_event(cast, out, cast->last_ns, "o", make_string(cast->cut, len));
}
