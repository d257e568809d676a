#include "client/labels.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The length of the name that text begins with; 0 when it begins with none. */
static size_t name_length(const char *text)
{
    size_t len = 0;
    while (isascii((unsigned char)text[len]) &&
           (isalnum((unsigned char)text[len]) || (text[len] && strchr("_-./", text[len]))))
        len++;
    return *text == '-' || len > LABEL_NAME_MAX ? 0 : len;
}

static bool is_value(const char *text)
{
    for (const char *at = text; *at; at++)
        if (iscntrl((unsigned char)*at))
            return false;
    return strlen(text) <= LABEL_VALUE_MAX;
}

/* Whether both begin with the same name, of that length in one of them. */
static bool has_name(const char *label, const char *name, size_t len)
{
    return strncmp(label, name, len) == 0 && label[len] == '=';
}

int labels_add(const char *label, struct job_plan *plan)
{
    struct wire_strs *labels = &plan->labels;
    size_t len = name_length(label), at = 0;
    if (len == 0 || label[len] != '=' || !is_value(label + len + 1))
        return -EINVAL;
    while (at < labels->len && !has_name(labels->items[at], label, len))
        at++;
    if (at < labels->len)
        return wire_set_str(&labels->items[at], label);
    if (at == PLAN_LABELS_MAX)
        return -EINVAL;
    /* One more for the NULL behind them. */
    char **items = reallocarray(labels->items, at + 2, sizeof(*items));
    if (!items)
        return -ENOMEM;
    labels->items = items;
    items[at] = items[at + 1] = NULL;
    int r = wire_set_str(&items[at], label);
    if (r == 0)
        labels->len++;
    return r;
}

bool labels_selector_is_valid(const char *selector)
{
    size_t len = name_length(selector);
    const char *rest = selector + len;
    if (len == 0)
        return false;
    rest += *rest == '!' && rest[1] == '=';
    return *rest == '\0' || (*rest == '=' && is_value(rest + 1));
}

bool labels_fit(const struct job_plan *plan, const char *selector)
{
    size_t len = name_length(selector);
    const char *rest = selector + len;
    bool differs = *rest == '!';
    for (size_t i = 0; plan && i < plan->labels.len; i++) {
        const char *label = plan->labels.items[i];
        if (!has_name(label, selector, len))
            continue;
        return *rest == '\0' || (strcmp(label + len + 1, rest + differs + 1) == 0) != differs;
    }
    return differs;
}
