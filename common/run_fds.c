#include "common/run_fds.h"

#include <errno.h>

#include "common/fd.h"

void run_fds_init(struct run_fds *set)
{
    *set = (struct run_fds){.output_fd = -1, .connection_fd = -1, .errors_fd = -1, .script_fd = -1};
}

void run_fds_finish(struct run_fds *set)
{
    fd_close(set->output_fd);
    fd_close(set->connection_fd);
    fd_close(set->errors_fd);
    fd_close(set->script_fd);
    run_fds_init(set);
}

bool run_fds_has_script(const struct msg_run *run)
{
    return run->plan && run->plan->script > 0;
}

bool run_fds_has_errors(const struct job_plan *plan, const struct msg_terminal *terminal)
{
    return plan && plan->no_pty && terminal && terminal->errors;
}

int run_fds_take(struct run_fds *set, const struct msg_run *run, bool with_connection,
                 struct channel_fds *fds)
{
    int *wanted[CHANNEL_FDS_MAX];
    size_t count = 0;
    run_fds_init(set);
    if (!run->detached)
        wanted[count++] = &set->output_fd;
    if (!run->detached && with_connection)
        wanted[count++] = &set->connection_fd;
    if (!run->detached && run_fds_has_errors(run->plan, run->terminal))
        wanted[count++] = &set->errors_fd;
    if (run_fds_has_script(run))
        wanted[count++] = &set->script_fd;
    if (fds->count < count)
        return -EBADMSG;
    for (size_t i = 0; i < count; i++)
        *wanted[i] = fd_take(&fds->fds[i]);
    return 0;
}

size_t run_fds_give(struct run_fds *set, int fds[CHANNEL_FDS_MAX])
{
    int *const all[] = {&set->output_fd, &set->connection_fd, &set->errors_fd, &set->script_fd};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (*all[i] >= 0)
            fds[count++] = fd_take(all[i]);
    return count;
}
