/* What the job's processes have used: of the attempt that runs, and of those before. */
#include "server/holder/holder.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/usage.h"

/* Of the attempts that this holder has had. */
static void read_own(struct holder *holder, struct job_usage *ret)
{
    *ret = (struct job_usage){.peak = holder->peak};
    int r = usage_of_descendants(ret);
    if (r < 0)
        log_warn("cannot tell what the job's processes use: %s", strerror(-r));
    struct job_usage cgroup = *ret;
    if (cgroup_read_usage(&holder->cgroup, &cgroup)) {
        /* Its times have those, too, that nobody has waited for. */
        cgroup.cpu_ms += holder->cgroup_cpu_ms;
        cgroup.peak = cgroup.peak > holder->peak ? cgroup.peak : holder->peak;
        *ret = cgroup;
    }
    holder->peak = ret->peak;
}

static void add_earlier(const struct holder *holder, struct job_usage *usage)
{
    usage->cpu_ms += holder->earlier.cpu_ms;
    usage->read += holder->earlier.read;
    usage->written += holder->earlier.written;
    if (holder->earlier.peak > usage->peak)
        usage->peak = holder->earlier.peak;
}

void holder_read_usage(struct holder *holder, struct job_usage *ret)
{
    read_own(holder, ret);
    add_earlier(holder, ret);
}

void holder_note_usage(struct holder *holder)
{
    struct job_usage *usage = holder->info.usage;
    if (!usage)
        usage = holder->info.usage = calloc(1, sizeof(*usage));
    if (!usage)
        return;
    read_own(holder, usage);
    if (holder->cgroup.path)
        holder->cgroup_cpu_ms = usage->cpu_ms;
    add_earlier(holder, usage);
    usage->memory = 0;
    usage->processes = 0;
}
