#include "server/holder/killer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/process.h"

/*
 * A descendant that forked between our walk and the signal shows in the next walk. Returns how many
 * are not another user's (sudo): those nobody but their user can end.
 */
static ssize_t signal_all(const pid_t *pids, ssize_t count, int sig)
{
    ssize_t ours = 0;
    for (ssize_t i = 0; i < count; i++)
        ours += kill(pids[i], sig) == 0 || errno != EPERM;
    return ours;
}

static void on_timer(uv_timer_t *timer)
{
    struct killer *killer = timer->data;
    killer->forced = true;
    if (killer->on_grace_over)
        killer->on_grace_over(killer);
    killer_check(killer);
}

int killer_init(struct killer *killer, uv_loop_t *loop, const struct cgroup *cgroup,
                killer_gone_fn on_gone, void *data)
{
    *killer = (struct killer){.cgroup = cgroup, .on_gone = on_gone, .data = data};
    int r = uv_timer_init(loop, &killer->timer);
    killer->timer.data = killer;
    return r;
}

int killer_start(struct killer *killer, pid_t pgid, uint64_t grace_ms)
{
    if (killer->active) {
        killer->forced = true;
        killer_check(killer);
        return 0;
    }
    /* ESRCH: the whole group has ended; there may be descendants in other groups. */
    if (kill(-pgid, SIGTERM) < 0 && errno != ESRCH)
        return -errno;
    killer->active = true;
    killer->pgid = pgid;
    killer->forced = grace_ms == 0;
    kill(-pgid, SIGCONT);
    pid_t *pids = NULL;
    ssize_t count = process_descendants(&pids);
    signal_all(pids, count, SIGTERM);
    signal_all(pids, count, SIGCONT);
    free(pids);
    if (!killer->forced)
        uv_timer_start(&killer->timer, on_timer, grace_ms, 0);
    killer_check(killer);
    return 0;
}

/* Returns how many of these will end: all in a cgroup, whoever's they are. */
static ssize_t kill_all(struct killer *killer, const pid_t *pids, ssize_t count)
{
    bool all = cgroup_kill(killer->cgroup) == 0;
    kill(-killer->pgid, SIGKILL);
    ssize_t ours = signal_all(pids, count, SIGKILL);
    if (all)
        return count;
    if (ours == 0)
        log_warn("%zd processes of other users are left: they cannot be killed", count);
    return ours;
}

void killer_check(struct killer *killer)
{
    if (!killer->active)
        return;
    pid_t *pids = NULL;
    ssize_t count = process_descendants(&pids);
    if (killer->forced && count > 0)
        count = kill_all(killer, pids, count);
    free(pids);
    if (count < 0)
        log_warn("cannot list the job's processes: %s", uv_strerror((int)count));
    if (count > 0)
        return; /* each end is a SIGCHLD, and brings us back here */
    killer->active = false;
    uv_timer_stop(&killer->timer);
    killer->on_gone(killer);
}

void killer_close(struct killer *killer, uv_close_cb on_closed)
{
    uv_close((uv_handle_t *)&killer->timer, on_closed);
}

unsigned killer_hang_up_leftovers(bool only_count)
{
    pid_t *pids = NULL;
    ssize_t count = process_descendants(&pids);
    pid_t session = getsid(0);
    unsigned found = 0;
    for (ssize_t i = 0; i < count; i++) {
        if (getsid(pids[i]) != session)
            continue; /* it made itself a daemon: a closing terminal would not reach it */
        found++;
        if (only_count)
            continue;
        kill(pids[i], SIGHUP);
        kill(pids[i], SIGCONT);
    }
    free(pids);
    return found;
}
