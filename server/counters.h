/*
 * What the server counts (common/counts.h). Pure: whoever calls knows which job was counted
 * already.
 */
#ifndef JS_SERVER_COUNTERS_H
#define JS_SERVER_COUNTERS_H

#include "common/counts.h"
#include "common/job_info.h"

struct counters {
    uint64_t started, attempts;
    uint64_t ended[END_REASON_COUNT];
    uint64_t attempts_ended[END_REASON_COUNT];
    uint64_t faults[FAULT_KIND_COUNT];
    uint64_t durations[COUNTS_BOUND_COUNT + 1]; /* the last: longer than all bounds */
    uint64_t duration_ms;
};

/* A job is live from now on. */
void counters_job_started(struct counters *counters);

/*
 * It is not any more: info as it is at its end. A job that has no end, since it was never started,
 * counts as spawn-failed when that is its state, else as lost.
 */
void counters_job_ended(struct counters *counters, const struct job_info *info);

/* The attempts that were started and have ended between two states of a job. */
void counters_attempts(struct counters *counters, const struct job_info *before,
                       const struct job_info *after);

/* What a start that failed at that step (enum start_stage) counts as. */
enum fault_kind counters_fault_of(uint32_t stage);

void counters_fault(struct counters *counters, enum fault_kind kind);

/* Room for what counters_describe makes. */
struct counters_lists {
    struct server_tally ended[END_REASON_COUNT];
    struct server_tally attempts_ended[END_REASON_COUNT];
    struct server_tally faults[FAULT_KIND_COUNT];
    struct server_tally durations[COUNTS_BOUND_COUNT + 1];
};

/* As a message; its lists are in *lists, so it is not to be cleared. */
struct server_counters counters_describe(const struct counters *counters,
                                         struct counters_lists *lists);

#endif
