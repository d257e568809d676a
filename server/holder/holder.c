#include "server/holder/holder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/process.h"
#include "common/record.h"

/* The job's life */

static void leave_writers(struct holder *holder, enum left_reason reason)
{
    for (struct viewer *v = holder->viewers; v; v = v->next)
        if (viewer_is_writer(v))
            viewer_leave(v, reason);
}

static void on_stopped(struct holder *holder)
{
    enum job_state before = holder->state;
    holder->state = state_after(before, STATE_STOPPED);
    if (holder->state == before)
        return;
    uv_timer_stop(&holder->stop_timer);
    holder_drain(holder); /* what it wrote before it stopped (vim leaves its screen) */
    holder->info.left_ns = holder->info.used_ns = clock_realtime_ns();
    leave_writers(holder, LEFT_STOPPED);
    holder_update_reading(holder);
    holder_changed(holder);
    holder_answer_waiters(holder, MSG_STOP, 0);
}

static void on_continued(struct holder *holder)
{
    enum job_state before = holder->state;
    holder->state = state_after(before, STATE_CONTINUED);
    if (holder->state == before)
        return;
    holder->info.used_ns = clock_realtime_ns();
    holder_changed(holder);
    holder_watch_asking(holder);
    holder_watch_check(holder);
}

int holder_continue(struct holder *holder)
{
    pid_t leader = (pid_t)holder->info.pid;
    pid_t front = pty_foreground(&holder->pty);
    /* Whoever was in front when the job stopped stays there, unless that group has ended. */
    if (front <= 0 || (kill(-front, 0) < 0 && errno == ESRCH))
        pty_set_foreground(&holder->pty, leader);
    if (front > 0 && front != leader)
        kill(-front, SIGCONT);
    if (kill(-leader, SIGCONT) < 0)
        return -errno;
    /* Not left to SIGCHLD: of a job that stops again at once, waitid only tells the second stop. */
    on_continued(holder);
    return 0;
}

static void note_end(struct holder *holder, const siginfo_t *si)
{
    struct job_end *end = calloc(1, sizeof(*end));
    if (!end) {
        log_error("no memory for how the job ended: code %d status %d", si->si_code, si->si_status);
        return;
    }
    bool exited = si->si_code == CLD_EXITED;
    end->code = exited ? si->si_status : -1;
    end->signal = exited ? 0 : (uint32_t)si->si_status;
    end->core = si->si_code == CLD_DUMPED;
    end->reason = holder->ending ? holder->ending : exited ? END_EXITED : END_SIGNALED;
    /* What it lost it may have done without: then it is no reason. */
    bool failed = !exited || si->si_status != 0;
    if (!holder->ending && failed && cgroup_oom_kills(&holder->cgroup) > 0)
        end->reason = END_OUT_OF_MEMORY;
    holder->info.end = end;
}

static void on_drain_timer(uv_timer_t *timer)
{
    holder_settle(timer->data);
}

static void on_exited(struct holder *holder, const siginfo_t *si)
{
    holder->leader_waits = true;
    holder->state = state_after(holder->state, STATE_EXITED);
    note_end(holder, si);
    uv_timer_stop(&holder->stop_timer);
    uv_timer_start(&holder->drain_timer, on_drain_timer, HOLDER_DRAIN_MS, 0);
    holder_update_reading(holder);
    if (holder_drain(holder) != 0)
        holder_settle(holder);
}

static void reap_adopted(struct holder *holder)
{
    for (;;) {
        siginfo_t si = {0};
        /* The zombie leader would be found first, again and again; so not while it waits. */
        if (holder->leader_waits || waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0)
            return;
        if (si.si_pid == 0 || si.si_pid == holder->launch.pid)
            return;
        waitpid(si.si_pid, NULL, WNOHANG);
    }
}

static void close_terminal(struct holder *holder)
{
    pty_close(&holder->pty, NULL);
    holder->pts_fd = fd_close(holder->pts_fd);
    if (holder->pipes)
        pipes_close(holder->pipes);
}

void holder_end(struct holder *holder)
{
    holder_flush_notices(holder);
    uv_timer_stop(&holder->attempt_timer);
    alarm_clear(&holder->due);
    holder_watch_close(holder);
    holder->info.due_ns = 0;
    holder->info.ended_ns = holder->info.used_ns = clock_realtime_ns();
    close_terminal(holder);
    journal_finish(&holder->journal);
    for (struct viewer *v = holder->viewers; v; v = v->next)
        if (v->leaving == 0)
            holder->info.left_ns = holder->info.ended_ns;
    holder_changed(holder);
    for (struct viewer *v = holder->viewers; v; v = v->next)
        viewer_leave(v, LEFT_ENDED);
    holder_answer_waiters(holder, MSG_KILL, 0);
    holder_answer_waiters(holder, MSG_SEND, 0);
    holder_answer_waiters(holder, MSG_FOLLOW, UINT64_MAX);
    holder_maybe_exit(holder);
}

/* Everything is dealt with: the attempt is over, and with it, most times, the job. */
static void finish(struct holder *holder)
{
    uv_timer_stop(&holder->drain_timer);
    uv_timer_stop(&holder->attempt_timer);
    waitpid(holder->launch.pid, NULL, 0);
    holder->leader_waits = false;
    holder->launch.pid = -1;
    reap_adopted(holder);
    holder_note_usage(holder);
    holder_leave_cgroup(holder);
    holder_answer_waiters(holder, MSG_STOP, 0);
    if (holder_goes_on(holder))
        return;
    holder->state = state_after(holder->state, STATE_FINISHED);
    holder_end(holder);
}

/*
 * What the leader left goes on, but its terminal goes with us: the kernel hangs up the foreground
 * group then (tty_ioctl(4), a session leader's end), so that had better be ours.
 */
static void keep_leftovers(struct holder *holder)
{
    if (holder->info.leftovers_found > 0)
        pty_set_foreground(&holder->pty, getpgrp());
}

/* The leader is dead and its output read. What is left of the job? */
void holder_settle(struct holder *holder)
{
    if (holder->state != JOB_EXITING || holder->killer.active)
        return; /* on_tree_gone goes on */
    bool hang_up = holder->leftovers == LEFTOVERS_HUP;
    holder->info.leftovers_found = killer_hang_up_leftovers(!hang_up);
    if (holder->leftovers == LEFTOVERS_KEEP)
        keep_leftovers(holder);
    /* The leader's number is still ours. When its group is gone there may be others left. */
    if (holder->leftovers == LEFTOVERS_KILL &&
        killer_start(&holder->killer, (pid_t)holder->info.pid, holder->grace_ms) == 0)
        return; /* on_tree_gone goes on, or has been here already */
    finish(holder);
}

static void on_tree_gone(struct killer *killer)
{
    struct holder *holder = killer->data;
    if (holder->state != JOB_EXITING)
        return;
    holder_drain(holder);
    finish(holder);
}

static void reap_leader(struct holder *holder)
{
    siginfo_t si;
    pid_t pid = holder->launch.pid;
    if (pid <= 0)
        return; /* between two attempts */
    do {
        si.si_pid = 0;
        if (waitid(P_PID, (id_t)pid, &si, WSTOPPED | WCONTINUED | WNOHANG) < 0 || si.si_pid == 0)
            break;
        if (si.si_code == CLD_STOPPED)
            on_stopped(holder);
        else if (si.si_code == CLD_CONTINUED)
            on_continued(holder);
    } while (true);
    si.si_pid = 0;
    if (!holder->leader_waits && waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        si.si_pid == pid)
        on_exited(holder, &si);
}

static void on_sigchld(uv_signal_t *signal, int number)
{
    (void)number;
    struct holder *holder = signal->data;
    /* A program that ends at once may be seen here before its exec is. */
    if (holder->state == JOB_STARTING && holder->launch.pid > 0)
        launch_check(&holder->launch);
    if (holder->state == JOB_STARTING || job_state_is_final(holder->state))
        return;
    reap_leader(holder);
    reap_adopted(holder);
    killer_check(&holder->killer);
}

/* The process */

static void on_sigusr1(uv_signal_t *signal, int number)
{
    (void)number;
    holder_check_socket(signal->data);
}

static void on_accept(struct listener *listener, int fd)
{
    int r = control_create(listener->data, fd);
    if (r < 0)
        log_error("cannot serve a connection: %s", strerror(-r));
}

static void on_listener_closed(struct listener *listener)
{
    (void)listener;
}

void holder_maybe_exit(struct holder *holder)
{
    /* Another server may have found it meanwhile, but has nothing for it to run. */
    bool orphan = holder->state == JOB_STARTING && !holder->run && holder->abandoned;
    if (holder->closing || (!job_state_is_final(holder->state) && !orphan) || holder->viewers)
        return;
    holder->closing = true;
    if (holder->known) {
        int r = record_sync(holder->state_fd);
        if (r < 0)
            log_warn("its record may not survive a power failure: %s", strerror(-r));
        live_env_remove(&holder->live);
        holder_remove_socket(holder);
    }
    listener_close(&holder->listener);
    uv_close((uv_handle_t *)&holder->sigchld, NULL);
    uv_close((uv_handle_t *)&holder->sigusr1, NULL);
    uv_close((uv_handle_t *)&holder->drain_timer, NULL);
    uv_close((uv_handle_t *)&holder->stop_timer, NULL);
    uv_close((uv_handle_t *)&holder->title_timer, NULL);
    holder_close_notices(holder);
    uv_close((uv_handle_t *)&holder->attempt_timer, NULL);
    alarm_close(&holder->due);
    holder_watch_close(holder);
    killer_close(&holder->killer, NULL);
    launch_close(&holder->launch);
    close_terminal(holder);
    control_end_all(holder);
}

/*
 * The template ignores SIGCHLD; a job's holder waits for it. What a terminal sends is not for us.
 * XFSZ: the server may have been started under a ulimit -f; a log that cannot grow is no death.
 */
static void set_signals(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR2, SIGXFSZ};
    signal(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int init_handles(struct holder *holder)
{
    int r = uv_loop_init(&holder->loop);
    if (r == 0)
        r = uv_signal_init(&holder->loop, &holder->sigchld);
    if (r == 0)
        r = uv_signal_init(&holder->loop, &holder->sigusr1);
    if (r == 0)
        r = uv_timer_init(&holder->loop, &holder->drain_timer);
    if (r == 0)
        r = uv_timer_init(&holder->loop, &holder->stop_timer);
    if (r == 0)
        r = uv_timer_init(&holder->loop, &holder->title_timer);
    if (r == 0)
        r = holder_open_notices(holder);
    if (r == 0)
        r = uv_timer_init(&holder->loop, &holder->attempt_timer);
    if (r == 0)
        r = killer_init(&holder->killer, &holder->loop, &holder->cgroup, on_tree_gone, holder);
    holder->killer.on_grace_over = holder_on_grace_over;
    holder->sigusr1.data = holder;
    holder->sigchld.data = holder->drain_timer.data = holder->stop_timer.data = holder;
    holder->title_timer.data = holder->attempt_timer.data = holder;
    if (r == 0)
        r = uv_signal_start(&holder->sigchld, on_sigchld, SIGCHLD);
    if (r == 0)
        r = uv_signal_start(&holder->sigusr1, on_sigusr1, SIGUSR1);
    return r;
}

int holder_init(struct holder *holder)
{
    *holder = (struct holder){
        .state = JOB_STARTING, .lock_fd = -1, .state_fd = -1, .pts_fd = -1, .script_fd = -1};
    holder->pty.ptmx_fd = holder->pty.typed_fd = -1;
    alarm_init(&holder->due, NULL, NULL);
    holder->launch.status_fd = -1;
    cgroup_init(&holder->cgroup);
    journal_init(&holder->journal, -1, 0);
    holder->source =
        (struct viewer_source){.journal = &holder->journal, .asked = &holder->asked, .dir_fd = -1};
    profile_init(&holder->profile);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    set_signals();
    return init_handles(holder);
}

static void holder_finish(struct holder *holder)
{
    if (holder->run) {
        wire_clear(&msg_run_fields, holder->run);
        free(holder->run);
    }
    wire_clear(&job_info_fields, &holder->info);
    holder_watch_finish(holder);
    live_env_finish(&holder->live);
    tracker_destroy(holder->tracker);
    cgroup_close(&holder->cgroup);
    free(holder->why);
    pipes_destroy(holder->pipes);
    asked_finish(&holder->asked);
    journal_finish(&holder->journal);
    holder->state_fd = fd_close(holder->state_fd);
    holder->script_fd = fd_close(holder->script_fd);
    holder->lock_fd = fd_close(holder->lock_fd);
}

int holder_run(struct holder *holder, uint32_t id, int listen_fd, int lock_fd)
{
    char name[16];
    snprintf(name, sizeof(name), "js-holder-%u", id);
    prctl(PR_SET_NAME, name);
    log_set_job(id);
    holder->info.id = id;
    holder->lock_fd = lock_fd;
    int r = record_wait_lock(lock_fd);
    if (r == 0)
        r = listener_open(&holder->listener, &holder->loop, listen_fd, on_accept,
                          on_listener_closed, holder);
    if (r < 0) {
        log_error("cannot lock the job, or listen: %s", uv_strerror(r));
        return r;
    }
    uv_run(&holder->loop, UV_RUN_DEFAULT);
    holder_finish(holder);
    r = uv_loop_close(&holder->loop);
    if (r < 0)
        log_error("the holder left something open: %s", uv_strerror(r));
    return r;
}
