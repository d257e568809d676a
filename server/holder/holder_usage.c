/* What the job's processes have used: of the attempt that runs, and of those before. */
#include "server/holder/holder.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/usage.h"

void holder_read_usage(struct holder *holder, struct job_usage *ret)
{
    *ret = (struct job_usage){.peak = holder->peak};
    int r = usage_of_descendants(ret);
    if (r < 0)
        log_warn("cannot tell what the job's processes use: %s", strerror(-r));
    struct job_usage cgroup = *ret;
    if (cgroup_read_usage(&holder->cgroup, &cgroup)) {
        /* Its times have those, too, that nobody has waited for. */
        uint64_t cpu_ms = holder->cgroup_cpu_ms + cgroup.cpu_ms;
        uint64_t peak = cgroup.peak > holder->peak ? cgroup.peak : holder->peak;
        *ret = cgroup;
        ret->cpu_ms = cpu_ms;
        ret->peak = peak;
    }
    holder->peak = ret->peak;
}

void holder_note_usage(struct holder *holder)
{
    struct job_usage *usage = holder->info.usage;
    if (!usage)
        usage = holder->info.usage = calloc(1, sizeof(*usage));
    if (!usage)
        return;
    holder_read_usage(holder, usage);
    if (holder->cgroup.path)
        holder->cgroup_cpu_ms = usage->cpu_ms;
    usage->memory = 0;
    usage->processes = 0;
}
