#include "client/json_value.h"

#include <string.h>

#include "client/jobs_view.h"
#include "client/labels.h"
#include "common/escape.h"

json_t *json_value_text(const char *value)
{
    if (!value)
        return json_null();
    json_t *string = json_string(value);
    if (string)
        return string;
    struct bytes escaped = {0};
    escape_append(&escaped, value, strlen(value));
    string = json_stringn((const char *)escaped.data, escaped.len);
    bytes_finish(&escaped);
    return string ? string : json_null();
}

json_t *json_value_number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

json_t *json_value_number_or_null(uint64_t value)
{
    return value ? json_value_number(value) : json_null();
}

json_t *json_value_time(uint64_t ns)
{
    char buf[32];
    if (ns == 0)
        return json_null();
    jobs_view_time(ns, buf);
    return json_string(buf);
}

json_t *json_value_strs(const struct wire_strs *words)
{
    json_t *array = json_array();
    for (size_t i = 0; i < words->len; i++)
        json_array_append_new(array, json_value_text(words->items[i]));
    return array;
}

json_t *json_value_end(const struct job_end *how)
{
    if (!how)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "reason", json_string(end_reason_name(how->reason)));
    json_object_set_new(object, "code", how->code >= 0 ? json_integer(how->code) : json_null());
    json_object_set_new(object, "signal", json_value_number_or_null(how->signal));
    json_object_set_new(object, "core", json_boolean(how->core));
    return object;
}

json_t *json_value_labels(const struct job_plan *plan)
{
    json_t *object = json_object();
    for (size_t i = 0; plan && i < plan->labels.len; i++) {
        const char *label = plan->labels.items[i];
        char name[LABEL_NAME_MAX + 1];
        size_t len = strcspn(label, "=");
        snprintf(name, sizeof(name), "%.*s", (int)len, label);
        json_object_set_new(object, name, json_value_text(label[len] ? label + len + 1 : ""));
    }
    return object;
}
