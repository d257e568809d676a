#include "common/plan.h"

#include <string.h>

#include "common/config.h"
#include "common/wire_tables.h"

static const struct wire_field after_table[] = {
    FIELD(plan_after, job, WIRE_STR, REQUIRED, TEXT_LIMIT, "spec; unique id in a record"),
    FIELD(plan_after, condition, WIRE_U32, OPTIONAL, AFTER_COUNT - 1, "0 ok, 1 any end, 2 failed"),
};
STRUCT(plan_after, after_table);

static const struct wire_field plan_table[] = {
    FIELD(job_plan, queue, WIRE_STR, OPTIONAL, PLAN_NAME_MAX, "queue it waits in, none = none"),
    FIELD(job_plan, priority, WIRE_I32, OPTIONAL, 0, "higher starts earlier in its queue"),
    NESTED(job_plan, after, WIRE_STRUCTS, OPTIONAL, PLAN_AFTER_MAX, plan_after_fields,
           "jobs that must have ended before"),
    FIELD(job_plan, not_before_ns, WIRE_U64, OPTIONAL, 0, "time before which it is not started"),
    FIELD(job_plan, every, WIRE_STR, OPTIONAL, PLAN_TEXT_MAX,
          "duration or cron line: when it is started again"),
    FIELD(job_plan, queue_timeout_ms, WIRE_U64, OPTIONAL, 0, "how long it waits, 0 = for ever"),
    FIELD(job_plan, slot, WIRE_STR, OPTIONAL, PLAN_NAME_MAX, "what one job at a time can have"),
    FIELD(job_plan, if_busy, WIRE_U32, OPTIONAL, IF_BUSY_COUNT - 1,
          "the slot is taken: 0 wait, 1 be refused, 2 replace who has it"),
    FIELD(job_plan, once, WIRE_STR, OPTIONAL, PLAN_TEXT_MAX, "key that one live job can have"),
    FIELD(job_plan, timeout_ms, WIRE_U64, OPTIONAL, 0, "milliseconds of an attempt, 0 = any"),
    FIELD(job_plan, own_grace, WIRE_BOOL, OPTIONAL, 0, "grace_ms is not the configuration's"),
    FIELD(job_plan, grace_ms, WIRE_U64, OPTIONAL, 0, "milliseconds between TERM and KILL"),
    FIELD(job_plan, leftovers, WIRE_U32, OPTIONAL, 3,
          "processes left at its end: 0 as configured, 1 SIGHUP, 2 keep, 3 kill"),
    FIELD(job_plan, restart, WIRE_U32, OPTIONAL, RESTART_COUNT - 1,
          "started again: 0 never, 1 after a failure, 2 always"),
    FIELD(job_plan, restart_most, WIRE_U32, OPTIONAL, 0, "failures in a row at most, 0 = any"),
    FIELD(job_plan, interval_ms, WIRE_U64, OPTIONAL, 0, "milliseconds after a success"),
    FIELD(job_plan, backoff_first_ms, WIRE_U64, OPTIONAL, 0, "milliseconds after a failure"),
    FIELD(job_plan, backoff_most_ms, WIRE_U64, OPTIONAL, 0, "milliseconds after many, doubled"),
    FIELD(job_plan, jitter, WIRE_U32, OPTIONAL, JITTER_COUNT - 1, "0 none, 1 full, 2 equal"),
    FIELD(job_plan, ok_codes, WIRE_BIN, OPTIONAL, PLAN_CODES_MAX, "codes that are no failure"),
    FIELD(job_plan, no_new_privs, WIRE_BOOL, OPTIONAL, 0, "no privileges by set-user-id programs"),
    FIELD(job_plan, own_nice, WIRE_BOOL, OPTIONAL, 0, "the nice value was asked for"),
    FIELD(job_plan, memory, WIRE_U64, OPTIONAL, 0, "bytes of its processes, 0 = any"),
    FIELD(job_plan, cpu, WIRE_U64, OPTIONAL, 0, "thousandths of a processor, 0 = any"),
    FIELD(job_plan, pids, WIRE_U64, OPTIONAL, 0, "processes and threads, 0 = any"),
    FIELD(job_plan, no_pty, WIRE_BOOL, OPTIONAL, 0, "pipes instead of a terminal"),
    FIELD(job_plan, script, WIRE_U64, OPTIONAL, 0, "bytes of its script, 0 = none"),
    FIELD(job_plan, watch, WIRE_STRS, OPTIONAL, PLAN_LABELS_MAX, "patterns of files it follows"),
    FIELD(job_plan, ignore, WIRE_STRS, OPTIONAL, PLAN_LABELS_MAX, "patterns of files it does not"),
    FIELD(job_plan, before, WIRE_STR, OPTIONAL, PLAN_TEXT_MAX, "shell line before each attempt"),
    FIELD(job_plan, labels, WIRE_STRS, OPTIONAL, PLAN_LABELS_MAX, "NAME=VALUE"),
};
STRUCT(job_plan, plan_table);

static const char *name_of(const char *const *names, size_t count, uint32_t value)
{
    return value < count && names[value] ? names[value] : "unknown";
}

const char *plan_condition_name(uint32_t condition)
{
    static const char *const names[AFTER_COUNT] = {"ok", "any", "fail"};
    return name_of(names, COUNT(names), condition);
}

const char *plan_if_busy_name(uint32_t if_busy)
{
    static const char *const names[IF_BUSY_COUNT] = {"queue", "drop", "replace"};
    return name_of(names, COUNT(names), if_busy);
}

const char *plan_restart_name(uint32_t restart)
{
    static const char *const names[RESTART_COUNT] = {"never", "on-failure", "always"};
    return name_of(names, COUNT(names), restart);
}

const char *plan_jitter_name(uint32_t jitter)
{
    static const char *const names[JITTER_COUNT] = {"none", "full", "equal"};
    return name_of(names, COUNT(names), jitter);
}

const char *plan_leftovers_name(uint32_t leftovers)
{
    static const char *const names[] = {[0] = "as configured",
                                        [1 + LEFTOVERS_HUP] = "hup",
                                        [1 + LEFTOVERS_KEEP] = "keep",
                                        [1 + LEFTOVERS_KILL] = "kill"};
    return name_of(names, COUNT(names), leftovers);
}

bool plan_code_is_ok(const struct job_plan *plan, int code)
{
    if (code == 0)
        return true;
    return plan && code > 0 && code < 256 && plan->ok_codes.len > 0 &&
           memchr(plan->ok_codes.data, code, plan->ok_codes.len);
}
