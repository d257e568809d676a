#include "client/run_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/chord.h"
#include "client/labels.h"
#include "client/plan_text.h"
#include "client/run_limits.h"
#include "common/amount.h"
#include "common/queues.h"
#include "common/rlimits.h"
#include "common/schedule.h"
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

static int read_whole(const char *text, long least, long most)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno || end == text || *end || value < least || value > most ? -EINVAL : 0;
}

static int read_nice(const char *text, struct job_plan *plan)
{
    (void)plan;
    return read_whole(text, RUN_LIMITS_NICE_LEAST, RUN_LIMITS_NICE_MOST);
}

static int read_priority(const char *text, struct job_plan *plan)
{
    (void)plan;
    return read_whole(text, INT32_MIN, INT32_MAX);
}

static int read_memory(const char *text, struct job_plan *plan)
{
    return amount_parse(text, &plan->memory) < 0 || plan->memory == 0 ? -EINVAL : 0;
}

static int read_cpus(const char *text, struct job_plan *plan)
{
    return amount_parse_cpus(text, &plan->cpu) < 0 || plan->cpu == 0 ? -EINVAL : 0;
}

static int read_pids(const char *text, struct job_plan *plan)
{
    (void)plan;
    return read_whole(text, 1, 1 << 22);
}

static int read_rlimits(const char *text, struct job_plan *plan)
{
    char why[512];
    struct msg_run scratch = {0};
    (void)plan;
    int r = rlimits_parse(text, &scratch.limits, why, sizeof(why));
    wire_clear(&msg_run_fields, &scratch);
    return r;
}

static int read_queue(const char *text, struct job_plan *plan)
{
    char why[160];
    (void)plan;
    return queue_name_is_valid(text, "queue", why, sizeof(why)) ? 0 : -EINVAL;
}

static int read_schedule(const char *text, struct job_plan *plan)
{
    char why[256];
    (void)plan;
    return schedule_check(text, why, sizeof(why));
}

static int read_if_busy(const char *text, struct job_plan *plan)
{
    (void)plan;
    for (uint32_t i = 0; i < IF_BUSY_COUNT; i++)
        if (strcmp(text, plan_if_busy_name(i)) == 0)
            return 0;
    return -EINVAL;
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
    {"rlimit", read_rlimits,
     "write NAME=SOFT or NAME=SOFT:HARD with commas between: nofile=64,core=0"},
    {"nice", read_nice, "write a number from -20 (first) to 19 (last)"},
    {"mem", read_memory, AMOUNT_SYNTAX ", not 0"},
    {"cpus", read_cpus, AMOUNT_CPUS_SYNTAX},
    {"pids", read_pids, "write a number from 1 to 4194304"},
    {"queue", read_queue, "write a name of 1 to 64 bytes without blanks, '=' and ','"},
    {"slot", read_queue, "write a name of 1 to 64 bytes without blanks, '=' and ','"},
    {"priority", read_priority, "write a whole number, 0 is what others have"},
    {"every", read_schedule, "write a duration of at least a second, or a cron line: '0 3 * * *'"},
    {"if-busy", read_if_busy, "write queue, drop or replace"},
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
