#include "common/wire.h"

#include <errno.h>
#include <limits.h>
#include <msgpack.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELEMENTS_AT_ONCE 32u /* least room for an array of structs */

static int refuse(struct wire_problem *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(struct wire_problem *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    return -EBADMSG;
}

static int no_memory(struct wire_problem *why)
{
    snprintf(why->text, sizeof(why->text), "no memory to decode the message");
    return -ENOMEM;
}

static int decode_struct(const struct wire_struct *type, const msgpack_object *obj, void *body,
                         struct wire_problem *why);

static int decode_unsigned(const struct wire_struct *type, const struct wire_field *field,
                           const msgpack_object *obj, uint64_t kind_max, uint64_t *ret,
                           struct wire_problem *why)
{
    if (obj->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return refuse(why, "%s.%s: not an unsigned number", type->name, field->name);
    uint64_t max = field->max ? field->max : kind_max;
    if (obj->via.u64 > max)
        return refuse(why, "%s.%s: number too large", type->name, field->name);
    *ret = obj->via.u64;
    return 0;
}

static int decode_signed(const struct wire_struct *type, const struct wire_field *field,
                         const msgpack_object *obj, int32_t *ret, struct wire_problem *why)
{
    bool positive = obj->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
    if (!positive && obj->type != MSGPACK_OBJECT_NEGATIVE_INTEGER)
        return refuse(why, "%s.%s: not a number", type->name, field->name);
    if (positive ? obj->via.u64 > INT32_MAX : obj->via.i64 < INT32_MIN)
        return refuse(why, "%s.%s: number out of range", type->name, field->name);
    *ret = (int32_t)obj->via.i64;
    return 0;
}

static int decode_text(const struct wire_struct *type, const struct wire_field *field,
                       const msgpack_object *obj, uint64_t max, char **ret,
                       struct wire_problem *why)
{
    if (obj->type != MSGPACK_OBJECT_STR)
        return refuse(why, "%s.%s: not a string", type->name, field->name);
    size_t len = obj->via.str.size;
    if (max && len > max)
        return refuse(why, "%s.%s: string of %zu bytes, the limit is %llu", type->name, field->name,
                      len, (unsigned long long)max);
    if (len > 0 && memchr(obj->via.str.ptr, '\0', len))
        return refuse(why, "%s.%s: string with a NUL byte", type->name, field->name);
    char *copy = malloc(len + 1);
    if (!copy)
        return no_memory(why);
    if (len > 0)
        memcpy(copy, obj->via.str.ptr, len);
    copy[len] = '\0';
    *ret = copy;
    return 0;
}

static int decode_bin(const struct wire_struct *type, const struct wire_field *field,
                      const msgpack_object *obj, struct wire_bin *ret, struct wire_problem *why)
{
    if (obj->type != MSGPACK_OBJECT_BIN)
        return refuse(why, "%s.%s: not binary data", type->name, field->name);
    if (field->max && obj->via.bin.size > field->max)
        return refuse(why, "%s.%s: too many bytes", type->name, field->name);
    return wire_set_bin(ret, obj->via.bin.ptr, obj->via.bin.size) < 0 ? no_memory(why) : 0;
}

static int array_len(const struct wire_struct *type, const struct wire_field *field,
                     const msgpack_object *obj, size_t *ret, struct wire_problem *why)
{
    if (obj->type != MSGPACK_OBJECT_ARRAY)
        return refuse(why, "%s.%s: not an array", type->name, field->name);
    if (field->max && obj->via.array.size > field->max)
        return refuse(why, "%s.%s: too many elements", type->name, field->name);
    *ret = obj->via.array.size;
    return 0;
}

static int decode_strs(const struct wire_struct *type, const struct wire_field *field,
                       const msgpack_object *obj, struct wire_strs *ret, struct wire_problem *why)
{
    size_t len;
    int r = array_len(type, field, obj, &len, why);
    if (r < 0)
        return r;
    ret->items = calloc(len + 1, sizeof(*ret->items));
    if (!ret->items)
        return no_memory(why);
    ret->len = len;
    for (size_t i = 0; i < len; i++) {
        r = decode_text(type, field, &obj->via.array.ptr[i], 0, &ret->items[i], why);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Room for element i, zeroed: grown as elements come, not as the count promises. */
static int reserve_element(const struct wire_struct *sub, struct wire_structs *list, size_t *room,
                           size_t len)
{
    if (list->len < *room)
        return 0;
    size_t more = *room ? *room * 2 : ELEMENTS_AT_ONCE;
    more = more < len ? more : len;
    char *items = realloc(list->items, more * sub->size);
    if (!items)
        return -ENOMEM;
    memset(items + *room * sub->size, 0, (more - *room) * sub->size);
    list->items = items;
    *room = more;
    return 0;
}

static int decode_structs(const struct wire_struct *type, const struct wire_field *field,
                          const msgpack_object *obj, struct wire_structs *ret,
                          struct wire_problem *why)
{
    size_t len, room = 0;
    int r = array_len(type, field, obj, &len, why);
    for (size_t i = 0; r == 0 && i < len; i++) {
        if (reserve_element(field->sub, ret, &room, len) < 0)
            return no_memory(why);
        ret->len = i + 1;
        char *item = (char *)ret->items + i * field->sub->size;
        r = decode_struct(field->sub, &obj->via.array.ptr[i], item, why);
    }
    return r;
}

static int decode_substruct(const struct wire_field *field, const msgpack_object *obj, void **ret,
                            struct wire_problem *why)
{
    *ret = calloc(1, field->sub->size);
    return *ret ? decode_struct(field->sub, obj, *ret, why) : no_memory(why);
}

static int decode_value(const struct wire_struct *type, const struct wire_field *field,
                        const msgpack_object *obj, void *member, struct wire_problem *why)
{
    uint64_t number = 0;
    int r;
    switch (field->kind) {
    case WIRE_BOOL:
        if (obj->type != MSGPACK_OBJECT_BOOLEAN)
            return refuse(why, "%s.%s: not a boolean", type->name, field->name);
        *(bool *)member = obj->via.boolean;
        return 0;
    case WIRE_U32:
        r = decode_unsigned(type, field, obj, UINT32_MAX, &number, why);
        *(uint32_t *)member = (uint32_t)number;
        return r;
    case WIRE_U64:
        r = decode_unsigned(type, field, obj, UINT64_MAX, &number, why);
        *(uint64_t *)member = number;
        return r;
    case WIRE_I32:
        return decode_signed(type, field, obj, member, why);
    case WIRE_STR:
        return decode_text(type, field, obj, field->max, member, why);
    case WIRE_BIN:
        return decode_bin(type, field, obj, member, why);
    case WIRE_STRS:
        return decode_strs(type, field, obj, member, why);
    case WIRE_STRUCT:
        return decode_substruct(field, obj, member, why);
    case WIRE_STRUCTS:
        return decode_structs(type, field, obj, member, why);
    }
    return refuse(why, "%s.%s: unknown kind", type->name, field->name);
}

/* Fields come in table order from our encoder, so the search starts behind the last one found. */
static size_t find_field(const struct wire_struct *type, const msgpack_object *key, size_t hint)
{
    if (key->type != MSGPACK_OBJECT_STR)
        return type->count;
    for (size_t n = 0; n < type->count; n++) {
        size_t i = (hint + n) % type->count;
        const char *name = type->fields[i].name;
        if (strlen(name) == key->via.str.size && memcmp(name, key->via.str.ptr, strlen(name)) == 0)
            return i;
    }
    return type->count;
}

static int check_required(const struct wire_struct *type, uint64_t seen, struct wire_problem *why)
{
    for (size_t i = 0; i < type->count; i++)
        if (type->fields[i].required && !(seen & (UINT64_C(1) << i)))
            return refuse(why, "%s.%s: missing", type->name, type->fields[i].name);
    return 0;
}

/* On an error body holds what was decoded so far; the outermost caller clears it. */
static int decode_struct(const struct wire_struct *type, const msgpack_object *obj, void *body,
                         struct wire_problem *why)
{
    if (obj->type != MSGPACK_OBJECT_MAP)
        return refuse(why, "%s: fields are not a map", type->name);
    uint64_t seen = 0;
    size_t hint = 0;
    for (uint32_t n = 0; n < obj->via.map.size; n++) {
        const msgpack_object_kv *kv = &obj->via.map.ptr[n];
        size_t i = find_field(type, &kv->key, hint);
        if (i == type->count)
            continue;
        const struct wire_field *field = &type->fields[i];
        if (seen & (UINT64_C(1) << i))
            return refuse(why, "%s.%s: given twice", type->name, field->name);
        seen |= UINT64_C(1) << i;
        hint = i + 1;
        int r = decode_value(type, field, &kv->val, (char *)body + field->offset, why);
        if (r < 0)
            return r;
    }
    return check_required(type, seen, why);
}

static int decode_body(const struct wire_message *message, const msgpack_object *fields, void **ret,
                       struct wire_problem *why)
{
    void *body = calloc(1, message->body->size);
    if (!body)
        return no_memory(why);
    int r = decode_struct(message->body, fields, body, why);
    if (r < 0) {
        wire_clear(message->body, body);
        free(body);
        return r;
    }
    *ret = body;
    return 0;
}

static int decode_frame(const struct wire_table *table, const msgpack_object *obj,
                        struct wire_frame *ret, struct wire_problem *why)
{
    if (obj->type != MSGPACK_OBJECT_ARRAY || obj->via.array.size != 3)
        return refuse(why, "not an array of type, request id and fields");
    const msgpack_object *type = &obj->via.array.ptr[0];
    const msgpack_object *id = &obj->via.array.ptr[1];
    if (id->type != MSGPACK_OBJECT_POSITIVE_INTEGER || id->via.u64 > UINT32_MAX)
        return refuse(why, "the request id is not a number of 32 bits");
    why->has_request_id = true;
    why->request_id = (uint32_t)id->via.u64;
    if (type->type != MSGPACK_OBJECT_POSITIVE_INTEGER || type->via.u64 > UINT32_MAX)
        return refuse(why, "the type is not a number of 32 bits");

    struct wire_frame frame = {.type = (uint32_t)type->via.u64, .request_id = why->request_id};
    frame.message = wire_table_find(table, frame.type);
    if (frame.message) {
        int r = decode_body(frame.message, &obj->via.array.ptr[2], &frame.body, why);
        if (r < 0)
            return r;
    }
    *ret = frame;
    return 0;
}

int wire_decode(const struct wire_table *table, const uint8_t *payload, size_t len,
                struct wire_frame *ret, struct wire_problem *why)
{
    *why = (struct wire_problem){0};
    if (wire_check(payload, len) < 0)
        return refuse(why, "not one well-formed msgpack object of at most %u levels and %u values",
                      WIRE_DEPTH_MAX, WIRE_VALUES_MAX);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t off = 0;
    msgpack_unpack_return got = msgpack_unpack_next(&unpacked, (const char *)payload, len, &off);
    int r;
    if (got == MSGPACK_UNPACK_SUCCESS)
        r = decode_frame(table, &unpacked.data, ret, why);
    else if (got == MSGPACK_UNPACK_NOMEM_ERROR)
        r = no_memory(why);
    else
        r = refuse(why, "msgpack cannot be parsed");
    msgpack_unpacked_destroy(&unpacked);
    return r;
}

long wire_frame_size(const uint8_t *data, size_t len)
{
    if (len < WIRE_HEADER_SIZE)
        return 0;
    uint32_t size = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 |
                    (uint32_t)data[3];
    if (size == 0)
        return -EBADMSG;
    if (size > WIRE_FRAME_MAX)
        return -EMSGSIZE;
    return (long)size + (long)WIRE_HEADER_SIZE;
}
