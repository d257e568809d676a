#include "common/wire.h"

#include <inttypes.h>

#include "common/escape.h"

#define DUMP_LIMIT 16u /* elements and text beyond this are only counted */

static int dump_struct(struct bytes *out, const struct wire_struct *type, const void *body);

static int dump_text(struct bytes *out, const char *text)
{
    if (!text)
        return bytes_append_text(out, "nil");
    size_t len = 0;
    while (text[len] && len < 16 * DUMP_LIMIT)
        len++;
    int r = bytes_append_text(out, "\"");
    if (r >= 0)
        r = escape_append(out, text, len);
    if (r >= 0)
        r = bytes_append_text(out, text[len] ? "\"..." : "\"");
    return r;
}

static int dump_strs(struct bytes *out, const struct wire_strs *strs)
{
    int r = bytes_append_text(out, "[");
    for (size_t i = 0; r >= 0 && i < strs->len && i < DUMP_LIMIT; i++) {
        if (i > 0)
            r = bytes_append_text(out, " ");
        if (r >= 0)
            r = dump_text(out, strs->items[i]);
    }
    if (r >= 0 && strs->len > DUMP_LIMIT)
        r = bytes_printf(out, " +%zu", strs->len - DUMP_LIMIT);
    return r < 0 ? r : bytes_append_text(out, "]");
}

static int dump_structs(struct bytes *out, const struct wire_struct *sub,
                        const struct wire_structs *list)
{
    int r = bytes_append_text(out, "[");
    for (size_t i = 0; r >= 0 && i < list->len && i < DUMP_LIMIT; i++)
        r = dump_struct(out, sub, (const char *)list->items + i * sub->size);
    if (r >= 0 && list->len > DUMP_LIMIT)
        r = bytes_printf(out, " +%zu", list->len - DUMP_LIMIT);
    return r < 0 ? r : bytes_append_text(out, "]");
}

static int dump_value(struct bytes *out, const struct wire_field *field, const void *member)
{
    if (field->secret)
        return bytes_append_text(out, "<hidden>");
    switch (field->kind) {
    case WIRE_BOOL:
        return bytes_append_text(out, *(const bool *)member ? "true" : "false");
    case WIRE_U32:
        return bytes_printf(out, "%" PRIu32, *(const uint32_t *)member);
    case WIRE_U64:
        return bytes_printf(out, "%" PRIu64, *(const uint64_t *)member);
    case WIRE_I32:
        return bytes_printf(out, "%" PRId32, *(const int32_t *)member);
    case WIRE_STR:
        return dump_text(out, *(char *const *)member);
    case WIRE_BIN:
        return bytes_printf(out, "<%zu bytes>", ((const struct wire_bin *)member)->len);
    case WIRE_STRS:
        return dump_strs(out, member);
    case WIRE_STRUCT:
        if (!*(void *const *)member)
            return bytes_append_text(out, "nil");
        return dump_struct(out, field->sub, *(void *const *)member);
    case WIRE_STRUCTS:
        return dump_structs(out, field->sub, member);
    }
    return 0;
}

static int dump_struct(struct bytes *out, const struct wire_struct *type, const void *body)
{
    int r = bytes_append_text(out, "{");
    for (size_t i = 0; r >= 0 && i < type->count; i++) {
        const struct wire_field *field = &type->fields[i];
        r = bytes_printf(out, "%s%s=", i ? " " : "", field->name);
        if (r >= 0)
            r = dump_value(out, field, (const char *)body + field->offset);
    }
    return r < 0 ? r : bytes_append_text(out, "}");
}

int wire_dump(struct bytes *out, const struct wire_message *message, uint32_t request_id,
              const void *body)
{
    int r = bytes_printf(out, "%s #%" PRIu32 " ", message->name, request_id);
    return r < 0 ? r : dump_struct(out, message->body, body);
}
