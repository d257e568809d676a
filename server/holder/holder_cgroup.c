/* The cgroup of a job's attempt: from before its program is there until all of it is gone. */
#include "server/holder/holder.h"

#include <errno.h>

#define WHY_SIZE 2048

int holder_check_cgroup(struct holder *holder)
{
    char text[WHY_SIZE];
    const struct job_plan *plan = holder->info.plan;
    int r = cgroup_is_asked(plan) ? cgroup_check("", plan, text, sizeof(text)) : 0;
    if (r < 0)
        wire_set_str(&holder->why, text);
    return r;
}

int holder_make_cgroup(struct holder *holder, int *ret_fd)
{
    char text[WHY_SIZE];
    const struct job_info *info = &holder->info;
    *ret_fd = -1;
    if (!cgroup_is_asked(info->plan))
        return 0;
    int r =
        cgroup_open(&holder->cgroup, "", info->plan, info->uid, info->attempt, text, sizeof(text));
    if (r < 0) {
        wire_set_str(&holder->why, text); /* without memory errno has to do */
        return r;
    }
    r = wire_set_str(&holder->info.cgroup, holder->cgroup.path);
    if (r == 0)
        r = *ret_fd = cgroup_open_procs(&holder->cgroup);
    return r < 0 ? r : 0;
}

void holder_leave_cgroup(struct holder *holder)
{
    /* With leftovers of the job in it, it is for the server to remove some time. */
    if (cgroup_close(&holder->cgroup) == 0)
        wire_set_str(&holder->info.cgroup, NULL);
}
