#include "client/logs_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "client/json_value.h"
#include "common/escape.h"

void logs_json_finish(struct logs_json *json)
{
    for (size_t i = 0; i <= LOGSTREAMS_ERR; i++)
        bytes_finish(&json->lines[i].text);
}

/* NULL without memory. */
static json_t *text_value(const char *text, size_t len)
{
    json_t *value = json_stringn(text, len);
    if (value)
        return value;
    struct bytes escaped = {0};
    bool ended = len > 0 && text[len - 1] == '\n';
    int r = escape_append(&escaped, text, ended ? len - 1 : len);
    if (r == 0 && ended)
        r = bytes_append(&escaped, "\n", 1);
    if (r == 0)
        value = json_stringn((const char *)escaped.data, escaped.len);
    bytes_finish(&escaped);
    return value;
}

static int append_object(const json_t *object, struct bytes *out)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    int r = text ? bytes_append_text(out, text) : -ENOMEM;
    free(text);
    return r == 0 ? bytes_append(out, "\n", 1) : r;
}

/* The line, as far as it has come. */
static int end_line(struct logs_json *json, enum logstreams_stream stream, struct bytes *out)
{
    struct logs_json_line *line = &json->lines[stream];
    const char *name = json->terminal ? "terminal" : logstreams_name(stream);
    json_t *object = json_object();
    json_object_set_new(object, "version", json_integer(JSON_VERSION));
    json_object_set_new(object, "job", json_value_number(json->job));
    json_object_set_new(object, "time", json_value_time(line->time_ns));
    json_object_set_new(object, "stream", json_value_text(name));
    int r = json_object_set_new(object, "text",
                                text_value((const char *)line->text.data, line->text.len));
    r = r < 0 ? -ENOMEM : append_object(object, out);
    json_decref(object);
    line->text.len = 0;
    return r;
}

int logs_json_feed(struct logs_json *json, enum logstreams_stream stream, uint64_t time_ns,
                   const char *data, size_t len, struct bytes *out)
{
    struct logs_json_line *line = &json->lines[stream];
    int r = 0;
    while (len > 0 && r == 0) {
        size_t room = LOGS_JSON_LINE_MAX - line->text.len;
        size_t most = len < room ? len : room;
        const char *end = memchr(data, '\n', most);
        size_t n = end ? (size_t)(end - data) + 1 : most;
        if (line->text.len == 0)
            line->time_ns = time_ns;
        r = bytes_append(&line->text, data, n);
        if (r == 0 && (end || line->text.len == LOGS_JSON_LINE_MAX))
            r = end_line(json, stream, out);
        data += n;
        len -= n;
    }
    return r;
}

int logs_json_end(struct logs_json *json, struct bytes *out)
{
    int r = 0;
    for (size_t i = 0; i <= LOGSTREAMS_ERR && r == 0; i++)
        if (json->lines[i].text.len > 0)
            r = end_line(json, (enum logstreams_stream)i, out);
    return r;
}
