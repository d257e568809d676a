/*
 * Whether a job's attempt is followed by another one, and when. Pure: no processes, no clock.
 *
 * A failure is an end by a signal, by its time limit, out of memory, or with a code that is not
 * among the plan's. What was killed by somebody, or could not be executed, is not started again.
 */
#ifndef JS_SERVER_HOLDER_RESTART_H
#define JS_SERVER_HOLDER_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "common/job_info.h"

#define RESTART_LEAST_MS 1u /* between two attempts: no hot loop */

struct restart {
    bool again;
    uint64_t delay_ms;
    uint32_t failures; /* in a row, this one included */
};

/* Whether an end counts as a failure. */
bool restart_is_failure(const struct job_plan *plan, const struct job_end *end);

/*
 * After an attempt that ended so. failures: of those before it, in a row; chance: any number,
 * evenly distributed, for the jitter. plan may be NULL (never again).
 */
struct restart restart_after(const struct job_plan *plan, const struct job_end *end,
                             uint32_t failures, uint64_t chance);

#endif
