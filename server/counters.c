#include "server/counters.h"

#include "server/event_diff.h"

void counters_job_started(struct counters *counters)
{
    counters->started++;
}

static uint32_t known_reason(uint32_t reason)
{
    return reason > END_NONE && reason < END_REASON_COUNT ? reason : END_LOST;
}

static void count_duration(struct counters *counters, uint64_t ms)
{
    size_t group = 0;
    while (group < COUNTS_BOUND_COUNT && ms > counts_bounds[group])
        group++;
    counters->durations[group]++;
    counters->duration_ms += ms;
}

void counters_job_ended(struct counters *counters, const struct job_info *info)
{
    /* One that was started again may have the end of before. */
    uint32_t reason = info->state == JOB_FAILED ? END_SPAWN_FAILED
                      : info->end               ? known_reason(info->end->reason)
                                                : END_LOST;
    counters->ended[reason]++;
    /* When a lost job has ended nobody knows, and some never ran. */
    if (reason == END_LOST || !info->started_ns || info->ended_ns < info->started_ns)
        return;
    count_duration(counters, (info->ended_ns - info->started_ns) / 1000000u);
}

void counters_attempts(struct counters *counters, const struct job_info *before,
                       const struct job_info *after)
{
    uint32_t had = event_attempts(before), has = event_attempts(after);
    counters->attempts += has > had ? has - had : 0;
    const struct job_attempt *attempts = after->attempts.items;
    for (size_t i = 0; i < after->attempts.len; i++)
        if (attempts[i].end && !event_attempt_has_ended(before, attempts[i].number))
            counters->attempts_ended[known_reason(attempts[i].end->reason)]++;
    /* The only attempt of a plain job ends with it. */
    bool ends = job_state_is_final(after->state) && !job_state_is_final(before->state);
    if (after->attempts.len == 0 && ends && has > 0 && after->end)
        counters->attempts_ended[known_reason(after->end->reason)]++;
}

enum fault_kind counters_fault_of(uint32_t stage)
{
    return stage == START_CGROUP ? FAULT_CGROUP : FAULT_START;
}

void counters_fault(struct counters *counters, enum fault_kind kind)
{
    counters->faults[kind]++;
}

/* Those that are not 0, into items; what = index, or what `kinds` says. */
static struct wire_structs list(const uint64_t *counts, size_t len, struct server_tally *items,
                                const uint32_t *kinds, size_t kind_count)
{
    struct wire_structs ret = {.items = items};
    for (size_t i = 0; i < len; i++) {
        uint32_t what = !kinds ? (uint32_t)i : i < kind_count ? kinds[i] : 0;
        if (counts[i] > 0)
            items[ret.len++] = (struct server_tally){.what = what, .count = counts[i]};
    }
    return ret;
}

struct server_counters counters_describe(const struct counters *counters,
                                         struct counters_lists *lists)
{
    return (struct server_counters){
        .started = counters->started,
        .attempts = counters->attempts,
        .ended = list(counters->ended, END_REASON_COUNT, lists->ended, NULL, 0),
        .attempts_ended =
            list(counters->attempts_ended, END_REASON_COUNT, lists->attempts_ended, NULL, 0),
        .faults = list(counters->faults, FAULT_KIND_COUNT, lists->faults, NULL, 0),
        .durations = list(counters->durations, COUNTS_BOUND_COUNT + 1, lists->durations,
                          counts_bounds, COUNTS_BOUND_COUNT),
        .duration_ms = counters->duration_ms,
    };
}
