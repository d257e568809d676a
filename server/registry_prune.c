/* How long ended jobs are kept. */
#include <string.h>

#include "common/clock.h"
#include "server/registry.h"

void registry_set_keep(struct registry *registry, uint64_t jobs, uint64_t ms)
{
    registry->keep_jobs = jobs;
    registry->keep_ns = ms > UINT64_MAX / 1000000u ? UINT64_MAX : ms * 1000000u;
}

static bool comes_after(const struct job_info *info, const char *uid)
{
    const struct plan_after *after = info->plan ? info->plan->after.items : NULL;
    for (size_t i = 0; after && i < info->plan->after.len; i++)
        if (strcmp(after[i].job, uid) == 0)
            return true;
    return false;
}

const struct job *registry_waiter(const struct registry *registry, const struct job *job)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct job_info *info = &registry->jobs[i]->info;
        if (!job_state_is_final(info->state) && info->attempt == 0 &&
            comes_after(info, job->info.uid))
            return registry->jobs[i];
    }
    return NULL;
}

void registry_prune(struct registry *registry)
{
    uint64_t now = clock_realtime_ns();
    size_t ended = 0;
    for (size_t i = 0; i < registry->count; i++)
        ended += job_state_is_final(registry->jobs[i]->info.state);
    for (size_t i = 0; i < registry->count;) {
        struct job *job = registry->jobs[i];
        bool old = now > job->info.ended_ns && now - job->info.ended_ns > registry->keep_ns;
        if (!job_state_is_final(job->info.state) || job->linked ||
            (ended <= registry->keep_jobs && !old) || registry_waiter(registry, job) ||
            registry_forget(registry, job) < 0)
            i++;
        else
            ended--;
    }
}
