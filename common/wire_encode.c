#include "common/wire.h"

#include <errno.h>
#include <msgpack.h>
#include <string.h>

static int write_bytes(void *data, const char *buf, size_t len)
{
    return bytes_append(data, buf, len);
}

static int pack_struct(msgpack_packer *pk, const struct wire_struct *type, const void *body);

static bool field_is_empty(const struct wire_field *field, const void *member)
{
    switch (field->kind) {
    case WIRE_BOOL:
        return !*(const bool *)member;
    case WIRE_U32:
    case WIRE_I32:
        return *(const uint32_t *)member == 0;
    case WIRE_U64:
        return *(const uint64_t *)member == 0;
    case WIRE_STR:
        return *(char *const *)member == NULL;
    case WIRE_BIN:
        return ((const struct wire_bin *)member)->len == 0;
    case WIRE_STRS:
        return ((const struct wire_strs *)member)->len == 0;
    case WIRE_STRUCT:
        return *(void *const *)member == NULL;
    case WIRE_STRUCTS:
        return ((const struct wire_structs *)member)->len == 0;
    }
    return true;
}

static int pack_text(msgpack_packer *pk, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    int r = msgpack_pack_str(pk, len);
    return r < 0 ? r : msgpack_pack_str_body(pk, text ? text : "", len);
}

static int pack_strs(msgpack_packer *pk, const struct wire_strs *strs)
{
    int r = msgpack_pack_array(pk, strs->len);
    for (size_t i = 0; r >= 0 && i < strs->len; i++)
        r = pack_text(pk, strs->items[i]);
    return r;
}

static int pack_structs(msgpack_packer *pk, const struct wire_struct *sub,
                        const struct wire_structs *list)
{
    int r = msgpack_pack_array(pk, list->len);
    for (size_t i = 0; r >= 0 && i < list->len; i++)
        r = pack_struct(pk, sub, (const char *)list->items + i * sub->size);
    return r;
}

static int pack_value(msgpack_packer *pk, const struct wire_field *field, const void *member)
{
    switch (field->kind) {
    case WIRE_BOOL:
        return *(const bool *)member ? msgpack_pack_true(pk) : msgpack_pack_false(pk);
    case WIRE_U32:
        return msgpack_pack_uint32(pk, *(const uint32_t *)member);
    case WIRE_U64:
        return msgpack_pack_uint64(pk, *(const uint64_t *)member);
    case WIRE_I32:
        return msgpack_pack_int32(pk, *(const int32_t *)member);
    case WIRE_STR:
        return pack_text(pk, *(char *const *)member);
    case WIRE_BIN: {
        const struct wire_bin *bin = member;
        int r = msgpack_pack_bin(pk, bin->len);
        return r < 0 ? r : msgpack_pack_bin_body(pk, bin->data ? (void *)bin->data : "", bin->len);
    }
    case WIRE_STRS:
        return pack_strs(pk, member);
    case WIRE_STRUCT:
        return pack_struct(pk, field->sub, *(void *const *)member);
    case WIRE_STRUCTS:
        return pack_structs(pk, field->sub, member);
    }
    return -EINVAL;
}

static int pack_struct(msgpack_packer *pk, const struct wire_struct *type, const void *body)
{
    size_t present = 0;
    for (size_t i = 0; i < type->count; i++) {
        const struct wire_field *field = &type->fields[i];
        if (field->required || !field_is_empty(field, (const char *)body + field->offset))
            present++;
    }
    int r = msgpack_pack_map(pk, present);
    for (size_t i = 0; r >= 0 && i < type->count; i++) {
        const struct wire_field *field = &type->fields[i];
        const void *member = (const char *)body + field->offset;
        if (!field->required && field_is_empty(field, member))
            continue;
        r = pack_text(pk, field->name);
        if (r >= 0)
            r = pack_value(pk, field, member);
    }
    return r;
}

int wire_encode(struct bytes *out, const struct wire_message *message, uint32_t request_id,
                const void *body)
{
    size_t start = out->len;
    static const uint8_t no_length[WIRE_HEADER_SIZE];
    msgpack_packer pk;
    msgpack_packer_init(&pk, out, write_bytes);

    int r = bytes_append(out, no_length, sizeof(no_length));
    if (r >= 0)
        r = msgpack_pack_array(&pk, 3);
    if (r >= 0)
        r = msgpack_pack_uint32(&pk, message->type);
    if (r >= 0)
        r = msgpack_pack_uint32(&pk, request_id);
    if (r >= 0)
        r = pack_struct(&pk, message->body, body);
    if (r < 0) {
        out->len = start;
        return -ENOMEM;
    }
    size_t len = out->len - start - WIRE_HEADER_SIZE;
    if (len > WIRE_FRAME_MAX) {
        out->len = start;
        return -EMSGSIZE;
    }
    for (unsigned i = 0; i < WIRE_HEADER_SIZE; i++)
        out->data[start + i] = (uint8_t)(len >> (8 * (WIRE_HEADER_SIZE - 1 - i)));
    return 0;
}
