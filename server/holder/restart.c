#include "server/holder/restart.h"

bool restart_is_failure(const struct job_plan *plan, const struct job_end *end)
{
    return end->reason != END_EXITED || !plan_code_is_ok(plan, end->code);
}

/* Ends that nobody asked for. */
static bool may_be_followed(const struct job_end *end)
{
    switch ((enum end_reason)end->reason) {
    case END_EXITED:
    case END_SIGNALED:
    case END_TIMEOUT:
    case END_OUT_OF_MEMORY:
        return true;
    case END_NONE:
    case END_KILLED:
    case END_CANCELED:
    case END_SPAWN_FAILED:
    case END_LOST:
    case END_SERVER_STOP:
    case END_EXPIRED:
    case END_REPLACED:
    case END_REASON_COUNT:
        break;
    }
    return false;
}

/* The first one, doubled with each further failure in a row, and never more than the most. */
static uint64_t backoff(const struct job_plan *plan, uint32_t failures)
{
    uint64_t delay = plan->backoff_first_ms;
    for (uint32_t i = 1; i < failures && delay < plan->backoff_most_ms; i++)
        delay = delay > plan->backoff_most_ms / 2 ? plan->backoff_most_ms : delay * 2;
    return delay > plan->backoff_most_ms ? plan->backoff_most_ms : delay;
}

static uint64_t with_jitter(uint64_t delay, uint32_t jitter, uint64_t chance)
{
    uint64_t half = delay / 2;
    if (jitter == JITTER_FULL)
        return chance % (delay + 1);
    if (jitter == JITTER_EQUAL)
        return delay - half + chance % (half + 1);
    return delay;
}

struct restart restart_after(const struct job_plan *plan, const struct job_end *end,
                             uint32_t failures, uint64_t chance)
{
    struct restart next = {0};
    bool failed = restart_is_failure(plan, end);
    next.failures = !failed ? 0 : failures == UINT32_MAX ? failures : failures + 1;
    if (!plan || plan->restart == RESTART_NEVER || !may_be_followed(end))
        return next;
    if (failed) {
        next.again = plan->restart_most == 0 || next.failures <= plan->restart_most;
        next.delay_ms = with_jitter(backoff(plan, next.failures), plan->jitter, chance);
    } else {
        next.again = plan->restart == RESTART_ALWAYS;
        next.delay_ms = plan->interval_ms;
    }
    if (next.delay_ms < RESTART_LEAST_MS)
        next.delay_ms = RESTART_LEAST_MS;
    return next;
}
