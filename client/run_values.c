#include "client/run_values.h"

#include <errno.h>
#include <string.h>

#include "client/chord.h"
#include "client/labels.h"
#include "client/plan_text.h"
#include "common/spec.h"

/* As the readers of plan_text.h, for what is no part of a plan. */
static int read_chord(const char *text, struct job_plan *plan)
{
    struct chord_keys keys;
    (void)plan;
    return chord_parse(text, &keys);
}

static int read_name(const char *text, struct job_plan *plan)
{
    char why[160];
    (void)plan;
    return spec_name_is_valid(text, why, sizeof(why)) ? 0 : -EINVAL;
}

static int read_variable(const char *text, struct job_plan *plan)
{
    (void)plan;
    return text[0] && text[0] != '=' && strchr(text, '=') ? 0 : -EINVAL;
}

static int read_variable_name(const char *text, struct job_plan *plan)
{
    (void)plan;
    return text[0] && !strchr(text, '=') ? 0 : -EINVAL;
}

static const struct {
    const char *option;
    int (*read)(const char *text, struct job_plan *plan);
    const char *syntax;
} values[] = {
    {"name", read_name, "write a name that a job can have: no number, no % or - in front"},
    {"label", labels_add, LABELS_SYNTAX},
    {"env", read_variable, "write NAME=VALUE"},
    {"unset", read_variable_name, "write the NAME of a variable"},
    {"detach-keys", read_chord, CHORD_SYNTAX},
    {"leftovers", plan_text_leftovers, PLAN_TEXT_LEFTOVERS},
    {"restart", plan_text_restart, PLAN_TEXT_RESTART},
    {"backoff", plan_text_backoff, PLAN_TEXT_BACKOFF},
    {"jitter", plan_text_jitter, PLAN_TEXT_JITTER},
    {"ok-codes", plan_text_codes, PLAN_TEXT_CODES},
};

int run_values_check(const char *option, const char *value, struct bytes *syntax)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (strcmp(values[i].option, option) != 0)
            continue;
        struct job_plan plan = {0};
        int r = values[i].read(value, &plan);
        wire_clear(&job_plan_fields, &plan);
        if (r < 0 && r != -ENOMEM)
            r = bytes_append_text(syntax, values[i].syntax) < 0 ? -ENOMEM : -EINVAL;
        return r;
    }
    return 0;
}
