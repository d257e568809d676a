#include "client/json_plan.h"

#include <string.h>

#include "client/json_value.h"

/* The exit codes. */
static json_t *bytes_value(const struct wire_bin *bin)
{
    json_t *array = json_array();
    for (size_t i = 0; i < bin->len; i++)
        json_array_append_new(array, json_integer(bin->data[i]));
    return array;
}

static json_t *after_value(const struct wire_structs *list)
{
    json_t *array = json_array();
    const struct plan_after *items = list->items;
    for (size_t i = 0; i < list->len; i++) {
        json_t *after = json_object();
        json_object_set_new(after, "uid", json_value_text(items[i].job));
        json_object_set_new(after, "end", json_string(plan_condition_name(items[i].condition)));
        json_array_append_new(array, after);
    }
    return array;
}

/* The word for a member that is one of several; NULL when it is none of these. */
static const char *word_of(const char *name, uint32_t value)
{
    static const struct {
        const char *name;
        const char *(*word)(uint32_t value);
    } words[] = {{"restart", plan_restart_name},
                 {"jitter", plan_jitter_name},
                 {"if_busy", plan_if_busy_name},
                 {"leftovers", plan_leftovers_name}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(name, words[i].name) == 0)
            return words[i].word(value);
    return NULL;
}

static json_t *number_value(const char *name, uint64_t value)
{
    const char *word = word_of(name, (uint32_t)value);
    return word ? json_string(word) : json_value_number(value);
}

/* NULL for what is not asked for: zero, or empty. */
static json_t *member_value(const struct wire_field *field, const void *member)
{
    switch (field->kind) {
    case WIRE_BOOL:
        return *(const bool *)member ? json_true() : NULL;
    case WIRE_U32:
        return *(const uint32_t *)member ? number_value(field->name, *(const uint32_t *)member)
                                         : NULL;
    case WIRE_U64:
        return *(const uint64_t *)member ? json_value_number(*(const uint64_t *)member) : NULL;
    case WIRE_I32:
        return *(const int32_t *)member ? json_integer(*(const int32_t *)member) : NULL;
    case WIRE_STR:
        return *(char *const *)member ? json_value_text(*(char *const *)member) : NULL;
    case WIRE_BIN:
        return ((const struct wire_bin *)member)->len ? bytes_value(member) : NULL;
    case WIRE_STRS:
        return ((const struct wire_strs *)member)->len ? json_value_strs(member) : NULL;
    case WIRE_STRUCTS:
        return ((const struct wire_structs *)member)->len ? after_value(member) : NULL;
    case WIRE_STRUCT:
        break;
    }
    return NULL;
}

/* The table that the wire uses names the members here, too: none is forgotten. */
json_t *json_plan(const struct job_plan *plan)
{
    json_t *object = json_object();
    for (size_t i = 0; i < job_plan_fields.count; i++) {
        const struct wire_field *field = &job_plan_fields.fields[i];
        json_t *value = member_value(field, (const char *)plan + field->offset);
        if (value)
            json_object_set_new(object, field->name, value);
    }
    return object;
}
