/* What encoder and decoder share: the table, and the life of decoded structs. */
#include "common/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct wire_message *wire_table_find(const struct wire_table *table, uint32_t type)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].type == type)
            return &table->rows[i];
    return NULL;
}

int wire_set_str(char **member, const char *value)
{
    char *copy = NULL;
    if (value && !(copy = strdup(value)))
        return -ENOMEM;
    free(*member);
    *member = copy;
    return 0;
}

static void strs_clear(struct wire_strs *strs)
{
    for (size_t i = 0; i < strs->len; i++)
        free(strs->items[i]);
    free(strs->items);
    *strs = (struct wire_strs){0};
}

int wire_set_strs(struct wire_strs *member, char *const *items, size_t len)
{
    struct wire_strs copy = {.items = calloc(len + 1, sizeof(*copy.items)), .len = len};
    if (!copy.items)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        copy.items[i] = strdup(items[i] ? items[i] : "");
        if (!copy.items[i]) {
            strs_clear(&copy);
            return -ENOMEM;
        }
    }
    strs_clear(member);
    *member = copy;
    return 0;
}

int wire_set_bin(struct wire_bin *member, const void *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        return -ENOMEM;
    if (len > 0)
        memcpy(copy, data, len);
    free(member->data);
    *member = (struct wire_bin){.data = copy, .len = len};
    return 0;
}

static void structs_clear(const struct wire_struct *sub, struct wire_structs *list)
{
    for (size_t i = 0; list->items && i < list->len; i++)
        wire_clear(sub, (char *)list->items + i * sub->size);
    free(list->items);
    *list = (struct wire_structs){0};
}

static void field_clear(const struct wire_field *field, void *member)
{
    switch (field->kind) {
    case WIRE_BOOL:
    case WIRE_U32:
    case WIRE_U64:
    case WIRE_I32:
        break;
    case WIRE_STR:
        free(*(char **)member);
        break;
    case WIRE_BIN:
        free(((struct wire_bin *)member)->data);
        break;
    case WIRE_STRS:
        strs_clear(member);
        break;
    case WIRE_STRUCT:
        if (*(void **)member)
            wire_clear(field->sub, *(void **)member);
        free(*(void **)member);
        break;
    case WIRE_STRUCTS:
        structs_clear(field->sub, member);
        break;
    }
}

void wire_clear(const struct wire_struct *type, void *body)
{
    for (size_t i = 0; i < type->count; i++)
        field_clear(&type->fields[i], (char *)body + type->fields[i].offset);
    memset(body, 0, type->size);
}

static int copy_substruct(const struct wire_struct *sub, void **dst, const void *src)
{
    if (!src)
        return 0;
    *dst = calloc(1, sub->size);
    return *dst ? wire_copy(sub, *dst, src) : -ENOMEM;
}

static int copy_structs(const struct wire_struct *sub, struct wire_structs *dst,
                        const struct wire_structs *src)
{
    if (src->len == 0)
        return 0;
    dst->items = calloc(src->len, sub->size);
    if (!dst->items)
        return -ENOMEM;
    dst->len = src->len;
    for (size_t i = 0; i < src->len; i++) {
        size_t at = i * sub->size;
        int r = wire_copy(sub, (char *)dst->items + at, (const char *)src->items + at);
        if (r < 0)
            return r;
    }
    return 0;
}

static int field_copy(const struct wire_field *field, void *dst, const void *src)
{
    switch (field->kind) {
    case WIRE_BOOL:
        *(bool *)dst = *(const bool *)src;
        return 0;
    case WIRE_U32:
    case WIRE_I32:
        *(uint32_t *)dst = *(const uint32_t *)src;
        return 0;
    case WIRE_U64:
        *(uint64_t *)dst = *(const uint64_t *)src;
        return 0;
    case WIRE_STR:
        return wire_set_str(dst, *(char *const *)src);
    case WIRE_BIN:
        return wire_set_bin(dst, ((const struct wire_bin *)src)->data,
                            ((const struct wire_bin *)src)->len);
    case WIRE_STRS:
        return wire_set_strs(dst, ((const struct wire_strs *)src)->items,
                             ((const struct wire_strs *)src)->len);
    case WIRE_STRUCT:
        return copy_substruct(field->sub, dst, *(void *const *)src);
    case WIRE_STRUCTS:
        return copy_structs(field->sub, dst, src);
    }
    return -EINVAL;
}

int wire_copy(const struct wire_struct *type, void *dst, const void *src)
{
    for (size_t i = 0; i < type->count; i++) {
        size_t at = type->fields[i].offset;
        int r = field_copy(&type->fields[i], (char *)dst + at, (const char *)src + at);
        if (r < 0) {
            wire_clear(type, dst);
            return r;
        }
    }
    return 0;
}

void wire_frame_finish(struct wire_frame *frame)
{
    if (frame->body)
        wire_clear(frame->message->body, frame->body);
    free(frame->body);
    *frame = (struct wire_frame){0};
}
