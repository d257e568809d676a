#include "client/start_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/at.h"
#include "client/report.h"
#include "common/clock.h"
#include "common/queues.h"
#include "common/schedule.h"

#define NS_PER_MS 1000000u

static int usage(const char *text)
{
    report_of_command("%s", text);
    return EXIT_USAGE;
}

static int take_text(char **member, const char *text)
{
    return wire_set_str(member, text) < 0 ? report_of_command("out of memory") : 0;
}

static int take_name(char **member, const char *name, const char *what)
{
    char text[160];
    if (name && !queue_name_is_valid(name, what, text, sizeof(text)))
        return usage(text);
    return take_text(member, name);
}

static int take_priority(const char *text, struct job_plan *plan)
{
    char *end;
    if (!text)
        return 0;
    errno = 0;
    long priority = strtol(text, &end, 10);
    if (errno || end == text || *end || priority > INT32_MAX || priority < INT32_MIN) {
        report_of_command("--priority '%s': write a whole number, 0 is what others have", text);
        return EXIT_USAGE;
    }
    plan->priority = (int32_t)priority;
    return 0;
}

/* "JOB" or "JOB:HOW". 0 or -ENOMEM. */
static int read_after(const char *text, struct plan_after *ret)
{
    const char *colon = strrchr(text, ':');
    size_t len = strlen(text);
    ret->condition = AFTER_OK;
    for (uint32_t i = 0; colon && i < AFTER_COUNT; i++) {
        if (strcmp(colon + 1, plan_condition_name(i)) != 0)
            continue;
        ret->condition = i;
        len = (size_t)(colon - text);
    }
    ret->job = strndup(text, len);
    return ret->job ? 0 : -ENOMEM;
}

static int take_after(const struct option_list *list, struct job_plan *plan)
{
    if (list->count > PLAN_AFTER_MAX)
        return usage("--after: at most 256 jobs");
    struct plan_after *items = list->count ? calloc(list->count, sizeof(*items)) : NULL;
    plan->after = (struct wire_structs){.items = items};
    for (size_t i = 0; items && i < list->count; i++) {
        plan->after.len++;
        if (read_after(list->items[i], &items[i]) < 0)
            return report_of_command("out of memory");
    }
    return list->count && !items ? report_of_command("out of memory") : 0;
}

static int take_time(const struct start_options *opts, struct job_plan *plan)
{
    uint64_t now = clock_realtime_ns();
    if (opts->delay_ms && opts->at)
        return usage("only one of --delay and --at");
    if (opts->delay_ms)
        plan->not_before_ns = now + opts->delay_ms * NS_PER_MS;
    int r = opts->at ? at_parse(opts->at, now, &plan->not_before_ns) : 0;
    if (r == 0)
        return 0;
    report_of_command("--at '%s': %s", opts->at,
                      r == -ERANGE ? "that has passed; " AT_SYNTAX : AT_SYNTAX);
    return EXIT_USAGE;
}

static int take_every(const char *text, struct job_plan *plan)
{
    char why[512];
    if (text && schedule_check(text, why, sizeof(why)) < 0) {
        report_of_command("--every '%s': %s", text, why);
        return EXIT_USAGE;
    }
    return take_text(&plan->every, text);
}

static int take_if_busy(const struct start_options *opts, struct job_plan *plan)
{
    uint32_t value = IF_BUSY_QUEUE;
    if (!opts->if_busy)
        return 0;
    if (!opts->slot)
        return usage("--if-busy is for --slot");
    while (value < IF_BUSY_COUNT && strcmp(opts->if_busy, plan_if_busy_name(value)) != 0)
        value++;
    if (value == IF_BUSY_COUNT) {
        report_of_command("--if-busy '%s': write queue, drop or replace", opts->if_busy);
        return EXIT_USAGE;
    }
    plan->if_busy = value;
    return 0;
}

static int check_together(const struct start_options *opts)
{
    if (opts->priority && !opts->queue && !opts->slot)
        return usage("--priority is for --queue and --slot");
    if (opts->queue_timeout_ms && !opts->queue && !opts->slot && opts->after.count == 0)
        return usage("--queue-timeout is for --queue, --slot and --after");
    if (opts->once && (!*opts->once || strlen(opts->once) > PLAN_TEXT_MAX))
        return usage("--once: the key is to have 1 to 1024 bytes");
    return 0;
}

int start_options_plan(const struct start_options *opts, struct job_plan *plan)
{
    int status = check_together(opts);
    if (status == 0)
        status = take_name(&plan->queue, opts->queue, "queue");
    if (status == 0)
        status = take_name(&plan->slot, opts->slot, "slot");
    if (status == 0)
        status = take_priority(opts->priority, plan);
    if (status == 0)
        status = take_if_busy(opts, plan);
    if (status == 0)
        status = take_time(opts, plan);
    if (status == 0)
        status = take_every(opts->every, plan);
    if (status == 0)
        status = take_after(&opts->after, plan);
    if (status == 0)
        status = take_text(&plan->once, opts->once);
    plan->queue_timeout_ms = opts->queue_timeout_ms;
    return status;
}
