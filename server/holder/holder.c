#include "server/holder/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/process.h"
#include "common/record.h"
#include "common/tty.h"

#define READ_CHUNK   (64u << 10) /* output handled at once, at most */
#define READ_SHOWN   (8u << 10)  /* while somebody looks: job and terminal work side by side then */
#define READ_SMALL   1024u       /* after a read this short there is no more: do not ask again */
#define DRAIN_BYTES  (1u << 20)  /* read in one go when a job stops or ends; then the loop turns */
#define ROWS_DEFAULT 24u
#define COLS_DEFAULT 80u

/* One holder per process, so one buffer; only the pages that are used count. */
static uint8_t read_buf[READ_CHUNK];

/* Output */

void holder_update_reading(struct holder *holder)
{
    bool wait = false;
    for (struct viewer *v = holder->viewers; v; v = v->next)
        wait = wait || viewer_holds_job(v);
    /* An ended job's output goes to the log whoever is slow: nobody can hold it back any more. */
    pty_set_reading(&holder->pty, !wait || holder->state == JOB_EXITING);
}

static void note_log_failure(struct holder *holder, int error)
{
    if (holder->info.warning)
        return;
    char text[160];
    snprintf(text, sizeof(text), "some of its output is not in the log: %s", strerror(-error));
    log_warn("%s", text);
    wire_set_str(&holder->info.warning, text);
    holder_changed(holder);
}

/* Log first, then show (DESIGN section 5). */
static void handle_output(struct holder *holder, const uint8_t *data, size_t len)
{
    uint64_t offset = holder->journal.next;
    int r = journal_append(&holder->journal, data, len);
    if (r < 0)
        note_log_failure(holder, r);
    tracker_feed(holder->tracker, data, len);
    for (struct viewer *v = holder->viewers; v; v = v->next)
        viewer_output(v, offset, data, len);
    if (holder->waiters)
        holder_answer_waiters(holder, MSG_FOLLOW, holder->journal.next);
    if (holder->viewers)
        holder_update_reading(holder);
}

/*
 * Reads what there is, a chunk at most. Returns its length, or -errno as pty_read when there was
 * nothing. n_tty hands out at most 4 KiB a read: several reads share one write and one log entry.
 */
static ssize_t read_chunk(struct holder *holder)
{
    size_t len = 0;
    size_t most = holder->viewers ? READ_SHOWN : sizeof(read_buf);
    ssize_t n = 0;
    while (len < most) {
        n = pty_read(&holder->pty, read_buf + len, most - len);
        if (n < 0)
            break;
        len += (size_t)n;
        if (n < (ssize_t)READ_SMALL && !holder->pty.quiet && holder->state == JOB_RUNNING)
            break;
    }
    if (len == 0)
        return n;
    handle_output(holder, read_buf, len);
    return (ssize_t)len;
}

/* Reads to the end of what there is. Returns -EAGAIN, -EIO, or 0 when there may be more. */
static int drain(struct holder *holder)
{
    for (size_t total = 0; total < DRAIN_BYTES;) {
        ssize_t n = read_chunk(holder);
        if (n < 0)
            return n == -EAGAIN ? -EAGAIN : -EIO;
        total += (size_t)n;
    }
    return 0;
}

static void settle(struct holder *holder);

static void on_output(struct pty *pty)
{
    struct holder *holder = pty->data;
    if (holder->state == JOB_EXITING) {
        if (drain(holder) != 0)
            settle(holder);
        return;
    }
    ssize_t n = read_chunk(holder);
    if (n < 0 && n != -EAGAIN)
        pty_wait_for_reopen(pty);
}

/* What is told to others */

static bool is_attached(const struct holder *holder, const struct viewer *viewer)
{
    return !viewer->leaving && !viewer->left && !job_state_is_final(holder->state);
}

static int copy_viewers(struct holder *holder)
{
    size_t count = 0;
    for (struct viewer *v = holder->viewers; v; v = v->next)
        count += is_attached(holder, v);
    struct wire_structs list = {.items = count ? calloc(count, sizeof(struct job_viewer)) : NULL};
    if (count && !list.items)
        return -ENOMEM;
    for (struct viewer *v = holder->viewers; v; v = v->next) {
        if (!is_attached(holder, v))
            continue;
        struct job_viewer *to = (struct job_viewer *)list.items + list.len++;
        to->pid = (uint32_t)v->pid;
        to->mode = v->mode;
        to->rows = v->rows;
        to->cols = v->cols;
        wire_set_str(&to->tty, v->tty);
    }
    struct job_info scratch = {.viewers = holder->info.viewers};
    holder->info.viewers = list;
    wire_clear(&job_info_fields, &scratch);
    return 0;
}

void holder_refresh_info(struct holder *holder)
{
    struct job_info *info = &holder->info;
    info->state = holder->state;
    info->log_first = holder->journal.first;
    info->log_next = holder->journal.next;
    copy_viewers(holder);
    if (holder->tracker)
        wire_set_str(&info->title, tracker_title(holder->tracker));
}

void holder_changed(struct holder *holder)
{
    holder_refresh_info(holder);
    if (holder->state_fd >= 0 && holder->state != JOB_FAILED) {
        int r = record_write(holder->state_fd, &holder->info);
        if (r < 0 && !holder->info.warning) {
            char text[160];
            snprintf(text, sizeof(text), "its record is not saved: %s", strerror(-r));
            log_warn("%s", text);
            wire_set_str(&holder->info.warning, text);
        }
    }
    control_publish(holder);
}

/* The start */

/* Looks at the program as the job would have found it: a relative name begins at its directory. */
static bool stat_program(const struct msg_run *run, struct stat *ret)
{
    _cleanup_fd_ int cwd_fd = open(run->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return cwd_fd >= 0 && fstatat(cwd_fd, run->argv.items[0], ret, 0) == 0;
}

/* Names are cut, so that the reason behind them is not. */
static void start_text(const struct holder *holder, char *text, size_t size)
{
    const char *name = holder->run->argv.items[0];
    const char *why = strerror(holder->start_error);
    struct stat st;
    bool is_path = strchr(name, '/') != NULL;
    if (holder->start_stage == START_CWD)
        snprintf(text, size, "cannot enter %.2000s: %s", holder->run->cwd, why);
    else if (holder->start_stage != START_EXEC)
        snprintf(text, size, "cannot %s: %s", start_stage_text(holder->start_stage), why);
    else if (holder->start_error == ENOENT && !is_path)
        snprintf(text, size, "%.2000s: command not found", name);
    else if (holder->start_error == ENOENT && stat_program(holder->run, &st))
        snprintf(text, size, "%.2000s: the interpreter it names was not found", name);
    else if (holder->start_error == EACCES && is_path && stat_program(holder->run, &st) &&
             S_ISDIR(st.st_mode))
        snprintf(text, size, "%.2000s: Is a directory", name);
    else
        snprintf(text, size, "%.2000s: %s", name, why);
}

/* Leaves nothing behind, then says why: whoever hears of it finds it gone. */
static void fail_start(struct holder *holder, enum start_stage stage, int error)
{
    holder->start_stage = stage;
    holder->start_error = error;
    holder->state = state_after(holder->state, STATE_EXEC_FAILED);
    char text[PATHS_MAX];
    start_text(holder, text, sizeof(text));
    struct msg_error body = {
        .code = ERROR_START, .text = text, .os_error = (uint32_t)error, .stage = stage};
    journal_remove(&holder->journal);
    paths_remove_flat(holder->state_dir);
    paths_remove_flat(holder->runtime_dir);
    if (holder->starter)
        channel_send(&holder->starter->channel, MSG_ERROR, holder->start_request, &body, NULL, 0);
    if (holder->first_viewer) {
        struct viewer *viewer = holder->first_viewer;
        holder->first_viewer = NULL;
        channel_send(&viewer->channel, MSG_ERROR, holder->first_request, &body, NULL, 0);
        viewer_end(viewer);
    }
    holder_maybe_exit(holder);
}

static void greet_first_viewer(struct holder *holder)
{
    struct viewer *viewer = holder->first_viewer;
    holder->first_viewer = NULL;
    int fd = fd_dup(holder->pty.ptmx_fd);
    if (fd >= 0)
        channel_send(&viewer->channel, MSG_ATTACHED, holder->first_request, &holder->info, &fd, 1);
}

static void on_launched(struct launch *launch, enum start_stage stage, int error)
{
    struct holder *holder = launch->data;
    if (stage != START_NONE) {
        waitpid(launch->pid, NULL, 0); /* it has reported and exits at once */
        fail_start(holder, stage, error);
        return;
    }
    holder->state = state_after(holder->state, STATE_EXEC_OK);
    holder->info.pid = (uint32_t)launch->pid;
    holder->info.pid_start = process_start_time(launch->pid);
    holder->info.started_ns = holder->info.used_ns = clock_realtime_ns();
    wire_clear(&msg_run_fields, holder->run);
    free(holder->run);
    holder->run = NULL;
    /* The record is there before anybody hears of the job: no crash can lose it then. */
    holder_changed(holder);
    if (holder->starter)
        channel_send(&holder->starter->channel, MSG_JOB, holder->start_request, &holder->info, NULL,
                     0);
    if (holder->first_viewer)
        greet_first_viewer(holder);
    int r = pty_watch(&holder->pty, on_output, holder);
    if (r < 0)
        log_error("cannot watch the PTY: %s", strerror(-r));
}

static void initial_termios(struct holder *holder, const struct msg_terminal *terminal,
                            struct termios *ret)
{
    bool attached = terminal && !holder->run->detached;
    if (terminal && terminal->original)
        tty_from_message(terminal->original, ret);
    else
        tty_sane(ret);
    /* Without a keyboard nobody types what would need an echo; without a screen no CR is needed. */
    holder->plain_echo = attached && !terminal->keys;
    holder->plain_opost = attached && !terminal->tty;
    if (holder->plain_echo) {
        ret->c_lflag &= ~(tcflag_t)ECHO;
        ret->c_iflag &= ~(tcflag_t)IXON; /* a ^S in a file is data */
    }
    if (holder->plain_opost)
        ret->c_oflag &= ~(tcflag_t)OPOST;
}

static int open_terminal(struct holder *holder, const struct msg_terminal *terminal)
{
    struct termios tio;
    initial_termios(holder, terminal, &tio);
    holder->info.rows = terminal && terminal->rows ? terminal->rows : ROWS_DEFAULT;
    holder->info.cols = terminal && terminal->cols ? terminal->cols : COLS_DEFAULT;
    holder->tracker = tracker_create(holder->info.rows, holder->info.cols);
    if (!holder->tracker)
        return -ENOMEM;
    holder->source.tracker = holder->tracker;
    return pty_open(&holder->pty, &holder->loop, &tio, holder->info.rows, holder->info.cols);
}

static int fill_info(struct holder *holder, const struct msg_start *start)
{
    struct job_info *info = &holder->info;
    char boot_id[PROCESS_BOOT_ID_SIZE];
    process_boot_id(boot_id);
    info->holder_pid = (uint32_t)getpid();
    info->holder_start = process_start_time(getpid());
    info->created_ns = clock_realtime_ns();
    info->attempt = 1;
    int r = wire_set_str(&info->uid, start->uid);
    if (r == 0)
        r = wire_set_str(&info->name, holder->run->name);
    if (r == 0)
        r = wire_set_str(&info->cwd, holder->run->cwd);
    if (r == 0)
        r = wire_set_str(&info->boot_id, boot_id);
    if (r == 0)
        r = wire_set_str(&info->runtime_dir, start->runtime_dir);
    if (r == 0)
        r = wire_set_strs(&info->argv, holder->run->argv.items, holder->run->argv.len);
    return r;
}

/* Every step of the start up to the fork. 0 or -errno with *ret_stage. */
static int begin(struct holder *holder, const struct msg_start *start, enum start_stage *ret_stage)
{
    *ret_stage = START_DIRECTORY;
    snprintf(holder->runtime_dir, sizeof(holder->runtime_dir), "%s", start->runtime_dir);
    snprintf(holder->state_dir, sizeof(holder->state_dir), "%s", start->state_dir);
    int r = fill_info(holder, start);
    if (r < 0)
        return r;
    holder->state_fd = open(holder->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (holder->state_fd < 0)
        return -errno;
    holder->source.dir_fd = holder->state_fd;
    journal_init(&holder->journal, holder->state_fd, start->log_limit);
    holder->grace_ms = start->grace_ms;

    *ret_stage = START_PTY;
    _cleanup_fd_ int pts_fd = open_terminal(holder, holder->run->terminal);
    if (pts_fd < 0)
        return pts_fd;
    char socket[sizeof(holder->runtime_dir) + 16];
    snprintf(socket, sizeof(socket), "%s", holder->runtime_dir);
    char *jobs = strstr(socket, "/jobs/");
    if (jobs)
        strcpy(jobs, "/sock");
    struct launch_env env = {.id = holder->info.id,
                             .uid = holder->info.uid,
                             .socket = socket,
                             .attempt = holder->info.attempt};
    return launch_start(&holder->launch, &holder->loop, holder->run, &env, pts_fd, on_launched,
                        holder, ret_stage);
}

static int take_first_viewer(struct holder *holder, const struct msg_start *start,
                             struct channel_fds *fds)
{
    int error = 0;
    struct viewer *viewer = viewer_create(
        &holder->loop, &holder->source, holder->run->terminal, ATTACH_OWN, (pid_t)start->client_pid,
        fd_take(&fds->fds[0]), fd_take(&fds->fds[1]), &holder_viewer_ops, holder, &error);
    if (!viewer)
        return error;
    viewer->next = holder->viewers;
    holder->viewers = viewer;
    holder->first_viewer = viewer;
    holder->first_request = start->client_request;
    return 0;
}

void holder_start(struct holder *holder, struct control *starter, uint32_t request_id,
                  struct msg_start *start, struct channel_fds *fds)
{
    if (holder->run || holder->state != JOB_STARTING || start->run->argv.len == 0 ||
        (fds->count == 2 && !start->run->terminal)) {
        channel_send_error(&starter->channel, request_id, ERROR_MALFORMED,
                           "start: this job has been started, or there is nothing to start");
        return;
    }
    holder->run = start->run;
    start->run = NULL;
    holder->starter = starter;
    holder->start_request = request_id;
    enum start_stage stage;
    int r = begin(holder, start, &stage);
    if (fds->count == 2) {
        int viewer_error = take_first_viewer(holder, start, fds);
        if (viewer_error < 0)
            log_warn("cannot attach the client that runs this job: %s", strerror(-viewer_error));
    }
    if (r < 0)
        fail_start(holder, stage, -r);
}

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
    drain(holder); /* what it wrote before it stopped (vim leaves its screen) */
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
    end->reason = holder->killed ? END_KILLED : exited ? END_EXITED : END_SIGNALED;
    holder->info.end = end;
}

static void on_drain_timer(uv_timer_t *timer)
{
    settle(timer->data);
}

static void on_exited(struct holder *holder, const siginfo_t *si)
{
    holder->leader_waits = true;
    holder->state = state_after(holder->state, STATE_EXITED);
    note_end(holder, si);
    uv_timer_stop(&holder->stop_timer);
    uv_timer_start(&holder->drain_timer, on_drain_timer, HOLDER_DRAIN_MS, 0);
    holder_update_reading(holder);
    if (drain(holder) != 0)
        settle(holder);
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

/* Everything is dealt with: the job has ended, and may be told so. */
static void finish(struct holder *holder)
{
    uv_timer_stop(&holder->drain_timer);
    waitpid(holder->launch.pid, NULL, 0);
    holder->leader_waits = false;
    reap_adopted(holder);
    holder->state = state_after(holder->state, STATE_FINISHED);
    holder->info.ended_ns = holder->info.used_ns = clock_realtime_ns();
    pty_close(&holder->pty, NULL);
    journal_finish(&holder->journal);
    for (struct viewer *v = holder->viewers; v; v = v->next)
        if (v->leaving == 0)
            holder->info.left_ns = holder->info.ended_ns;
    holder_changed(holder);
    for (struct viewer *v = holder->viewers; v; v = v->next)
        viewer_leave(v, LEFT_ENDED);
    holder_answer_waiters(holder, MSG_KILL, 0);
    holder_answer_waiters(holder, MSG_STOP, 0);
    holder_answer_waiters(holder, MSG_FOLLOW, UINT64_MAX);
    holder_maybe_exit(holder);
}

/* The leader is dead and its output read. What is left of the job? */
static void settle(struct holder *holder)
{
    if (holder->state != JOB_EXITING || holder->killer.active)
        return; /* on_tree_gone goes on */
    holder->info.leftovers_found = killer_hang_up_leftovers();
    finish(holder);
}

static void on_tree_gone(struct killer *killer)
{
    struct holder *holder = killer->data;
    if (holder->state != JOB_EXITING)
        return;
    drain(holder);
    finish(holder);
}

static void reap_leader(struct holder *holder)
{
    siginfo_t si;
    pid_t pid = holder->launch.pid;
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
    bool orphan = holder->state == JOB_STARTING && !holder->run && !holder->controls;
    if (holder->closing || (!job_state_is_final(holder->state) && !orphan) || holder->viewers)
        return;
    holder->closing = true;
    if (holder->state == JOB_ENDED) {
        int r = record_sync(holder->state_fd);
        if (r < 0)
            log_warn("its record may not survive a power failure: %s", strerror(-r));
        paths_remove_flat(holder->runtime_dir);
    }
    listener_close(&holder->listener);
    uv_close((uv_handle_t *)&holder->sigchld, NULL);
    uv_close((uv_handle_t *)&holder->drain_timer, NULL);
    uv_close((uv_handle_t *)&holder->stop_timer, NULL);
    killer_close(&holder->killer, NULL);
    launch_close(&holder->launch);
    pty_close(&holder->pty, NULL);
    control_end_all(holder);
}

/* The template ignores SIGCHLD; a job's holder waits for it. What a terminal sends is not for us.
 */
static void set_signals(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
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
        r = uv_timer_init(&holder->loop, &holder->drain_timer);
    if (r == 0)
        r = uv_timer_init(&holder->loop, &holder->stop_timer);
    if (r == 0)
        r = killer_init(&holder->killer, &holder->loop, on_tree_gone, holder);
    holder->sigchld.data = holder->drain_timer.data = holder->stop_timer.data = holder;
    if (r == 0)
        r = uv_signal_start(&holder->sigchld, on_sigchld, SIGCHLD);
    return r;
}

int holder_init(struct holder *holder)
{
    *holder = (struct holder){.state = JOB_STARTING, .lock_fd = -1, .state_fd = -1};
    holder->pty.ptmx_fd = -1;
    holder->launch.status_fd = -1;
    journal_init(&holder->journal, -1, 0);
    holder->source = (struct viewer_source){.journal = &holder->journal, .dir_fd = -1};
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
    tracker_destroy(holder->tracker);
    journal_finish(&holder->journal);
    holder->state_fd = fd_close(holder->state_fd);
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
    int r = listener_open(&holder->listener, &holder->loop, listen_fd, on_accept,
                          on_listener_closed, holder);
    if (r < 0) {
        log_error("cannot listen: %s", uv_strerror(r));
        return r;
    }
    uv_run(&holder->loop, UV_RUN_DEFAULT);
    holder_finish(holder);
    r = uv_loop_close(&holder->loop);
    if (r < 0)
        log_error("the holder left something open: %s", uv_strerror(r));
    return r;
}
