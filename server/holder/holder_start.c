/* How a holder starts its job, and what it says when that fails. */
#include "server/holder/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/joblog.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/process.h"
#include "common/run_fds.h"
#include "common/sealed.h"
#include "common/size.h"
#include "common/tty.h"
#include "server/holder/start_text.h"

#define SCRIPT_FD    63 /* or the next free one: low numbers are the script's own to use */
#define ROWS_DEFAULT 24u
#define COLS_DEFAULT 80u

/* Leaves nothing behind, then says why: whoever hears of it finds it gone. */
static void vanish(struct holder *holder, const struct msg_error *body)
{
    holder_answer_waiters(holder, MSG_KILL, 0);
    journal_remove(&holder->journal);
    paths_remove_flat(holder->state_dir);
    live_env_remove(&holder->live);
    paths_remove_flat(holder->runtime_dir);
    if (holder->starter)
        channel_send(&holder->starter->channel, MSG_ERROR, holder->start_request, body, NULL, 0);
    if (holder->first_viewer) {
        struct viewer *viewer = holder->first_viewer;
        holder->first_viewer = NULL;
        viewer_leave_raw(viewer);
        channel_send(&viewer->channel, MSG_ERROR, holder->first_request, body, NULL, 0);
        viewer_end(viewer);
    }
    holder_maybe_exit(holder);
}

/* A job that others know of stays known, and its log says why it has failed. */
static void end_failed(struct holder *holder, const struct msg_error *error)
{
    struct bytes line = {0};
    struct job_end *end = calloc(1, sizeof(*end));
    if (end)
        *end = (struct job_end){.reason = END_SPAWN_FAILED,
                                .code = -1,
                                .stage = error->stage,
                                .os_error = error->os_error};
    holder->info.end = end;
    holder_close_attempt(holder);
    holder_changed(holder); /* before whoever asked hears of it, and looks */
    if (!holder->begun && holder->starter)
        channel_send(&holder->starter->channel, MSG_ERROR, holder->start_request, error, NULL, 0);
    holder->begun = true;
    if (bytes_printf(&line, "js: %s%s", error->text, holder->pipes ? "\n" : "\r\n") == 0)
        holder_say(holder, line.data, line.len);
    bytes_finish(&line);
    holder_end(holder);
}

void holder_fail_start(struct holder *holder, enum start_stage stage, int error)
{
    holder_leave_cgroup(holder);
    holder->state = state_after(holder->state, STATE_EXEC_FAILED);
    char text[PATHS_MAX];
    struct start_failure failure = {
        .stage = stage, .error = error, .resource = holder->launch.resource, .why = holder->why};
    start_text(holder->run, &failure, text, sizeof(text));
    wire_set_str(&holder->why, NULL);
    struct msg_error body = {
        .code = ERROR_START, .text = text, .os_error = (uint32_t)error, .stage = stage};
    if (holder->known)
        end_failed(holder, &body);
    else
        vanish(holder, &body);
}

static void greet_first_viewer(struct holder *holder)
{
    struct viewer *viewer = holder->first_viewer;
    holder->first_viewer = NULL;
    int fd = -1;
    if (holder_pass_input(holder, &fd) == 0) {
        viewer_enter_raw(viewer);
        viewer->shown = true;
        channel_send(&viewer->channel, MSG_ATTACHED, holder->first_request, &holder->info, &fd,
                     fd >= 0);
        holder_greet_waiting(holder, viewer, holder->note);
        return;
    }
    channel_send_error(&viewer->channel, holder->first_request, ERROR_OS,
                       "cannot pass the job's input: no descriptors left; the job runs detached");
    viewer_end(viewer);
}

/* The record is there before anybody hears of the job: no crash can lose it then. */
static void answer_start(struct holder *holder)
{
    holder->known = holder->begun = true;
    holder_changed(holder);
    if (holder->starter)
        channel_send(&holder->starter->channel, MSG_JOB, holder->start_request, &holder->info, NULL,
                     0);
    if (holder->first_viewer)
        greet_first_viewer(holder);
    free(holder->note);
    holder->note = NULL;
    holder_note_socket(holder);
    holder->pty.on_typed = holder_on_typed;
    int r = holder->pipes ? pipes_watch(holder->pipes, &holder->loop, holder_on_pipe, holder)
                          : pty_watch(&holder->pty, holder_on_output, holder);
    if (r < 0)
        log_error("cannot watch its output: %s", strerror(-r));
}

static void forget_run(struct holder *holder)
{
    wire_clear(&msg_run_fields, holder->run);
    free(holder->run);
    holder->run = NULL;
}

static void on_launched(struct launch *launch, enum start_stage stage, int error)
{
    struct holder *holder = launch->data;
    launch_close(launch);
    if (stage != START_NONE) {
        waitpid(launch->pid, NULL, 0); /* it has reported and exits at once */
        launch->pid = -1;
        holder_fail_start(holder, stage, error);
        return;
    }
    holder->state = state_after(holder->state, STATE_EXEC_OK);
    holder->info.pid = (uint32_t)launch->pid;
    holder->info.pid_start = process_start_time(launch->pid);
    holder_note_started(holder);
    if (!holder_may_start_again(holder))
        forget_run(holder);
    if (holder->begun)
        holder_changed(holder);
    else
        answer_start(holder);
    holder_watch_asking(holder);
    holder_watch_check(holder);
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
    initial_termios(holder, terminal, &holder->settings);
    bool sized = terminal && size_is_valid(terminal->rows, terminal->cols);
    holder->info.rows = sized ? terminal->rows : ROWS_DEFAULT;
    holder->info.cols = sized ? terminal->cols : COLS_DEFAULT;
    journal_set_size(&holder->journal, holder->info.rows, holder->info.cols);
    holder->tracker = tracker_create(holder->info.rows, holder->info.cols);
    if (!holder->tracker)
        return -ENOMEM;
    tracker_set_questions(holder->tracker, holder_on_question, holder);
    tracker_set_notices(holder->tracker, holder_on_notice, holder);
    if (holder->plain_opost)
        tracker_set_no_cr(holder->tracker, UINT64_MAX);
    holder->source.tracker = holder->tracker;
    return pty_open(&holder->pty, &holder->loop, &holder->settings, holder->info.rows,
                    holder->info.cols);
}

/* What stands for the terminal of a job that is to have none. */
static int open_pipes(struct holder *holder, const struct msg_terminal *terminal)
{
    int r = 0;
    holder->plain_opost = true; /* its output is somebody's data */
    holder->pipes = pipes_create(terminal && terminal->piped && !holder->run->detached, &r);
    return holder->pipes ? 0 : r;
}

static int fill_info(struct holder *holder, const struct msg_start *start)
{
    struct job_info *info = &holder->info;
    char boot_id[PROCESS_BOOT_ID_SIZE];
    process_boot_id(boot_id);
    info->holder_pid = (uint32_t)getpid();
    info->holder_start = process_start_time(getpid());
    info->created_ns = clock_realtime_ns();
    info->queued_ns = start->queued_ns ? start->queued_ns : info->created_ns;
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
    if (r == 0 && start->misplaced)
        r = wire_set_str(&info->state_dir, start->state_dir);
    if (r == 0)
        r = wire_set_str(&info->warning, start->misplaced);
    return r;
}

/* The links are there before the program can look. Without them it has the caller's own values. */
static void follow_caller(struct holder *holder)
{
    int r =
        live_env_start(&holder->live, holder->runtime_dir, &holder->run->live, &holder->run->env);
    if (r < 0)
        log_warn("cannot make the links for SSH_AUTH_SOCK and the like: %s", strerror(-r));
}

/* The part of the job's runtime directory that is its server's: the job is told the socket. */
static void server_socket(const struct holder *holder, char *path, size_t size)
{
    snprintf(path, size, "%s", holder->runtime_dir);
    char *jobs = NULL; /* the last one: the runtime directory may lie below another "jobs" */
    for (char *at = path; (at = strstr(at, "/jobs/")); at++)
        jobs = at;
    if (jobs)
        strcpy(jobs, "/sock");
}

int holder_fork(struct holder *holder, enum start_stage *ret_stage)
{
    char socket[sizeof(holder->runtime_dir) + 16];
    server_socket(holder, socket, sizeof(socket));
    *ret_stage = START_CGROUP;
    _cleanup_fd_ int cgroup_fd = -1;
    int r = holder_make_cgroup(holder, &cgroup_fd);
    if (r < 0)
        return r;
    bool prepares = holder_watch_is_preparing(holder);
    struct launch_env env = {.id = holder->info.id,
                             .uid = holder->info.uid,
                             .socket = socket,
                             .attempt = holder->info.attempt,
                             .plan = holder->info.plan,
                             .cgroup_fd = cgroup_fd,
                             .script_fd = prepares ? -1 : holder->script_fd};
    struct child_stdio stdio = {.fds = {holder->pts_fd, holder->pts_fd, holder->pts_fd},
                                .tty_fd = holder->pts_fd};
    for (int i = 0; holder->pipes && i < 3; i++)
        stdio.fds[i] = holder->pipes->job_fds[i];
    struct msg_run run = *holder->run;
    char *before[] = {(char *)"/bin/sh", (char *)"-c", NULL, NULL};
    if (prepares) {
        before[2] = holder->info.plan->before;
        run.argv = (struct wire_strs){.items = before, .len = 3};
    }
    return launch_start(&holder->launch, &holder->loop, &run, &env, &stdio, on_launched, holder,
                        ret_stage);
}

static int take_plan(struct holder *holder, const struct msg_start *start)
{
    int r = start->before ? holder_resume(holder, start->before) : 0;
    if (!start->before) {
        holder->info.plan = holder->run->plan;
        holder->run->plan = NULL;
    }
    const struct job_plan *plan = holder->info.plan;
    holder->grace_ms = plan && plan->own_grace ? plan->grace_ms : start->grace_ms;
    holder->leftovers = plan && plan->leftovers ? plan->leftovers - 1 : start->leftovers;
    return r;
}

/* What its terminal had been shown: all that the log still has. */
static void remember_output(struct holder *holder)
{
    static uint8_t buf[64u << 10];
    struct joblog log;
    uint64_t skipped;
    ssize_t n;
    joblog_init(&log, holder->state_fd, holder->journal.first);
    tracker_gap(holder->tracker, holder->journal.first);
    while ((n = joblog_read(&log, buf, sizeof(buf), &skipped)) > 0) {
        if (skipped > 0) {
            holder->journal.whole_from = log.offset - (uint64_t)n;
            tracker_gap(holder->tracker, holder->journal.whole_from);
        }
        tracker_feed(holder->tracker, buf, (size_t)n);
    }
    joblog_finish(&log);
    if (tracker_offset(holder->tracker) < holder->journal.next)
        tracker_gap(holder->tracker, holder->journal.next);
}

/* The terminal, and the log, of a job that was there before go on where they ended. */
static int resume_terminal(struct holder *holder, const struct job_info *before)
{
    int r = journal_resume(&holder->journal);
    if (r < 0)
        return r;
    tracker_set_questions(holder->tracker, NULL, NULL); /* they have been answered long ago */
    tracker_resize(holder->tracker, before->rows, before->cols);
    remember_output(holder);
    tracker_resize(holder->tracker, holder->info.rows, holder->info.cols);
    tracker_set_questions(holder->tracker, holder_on_question, holder);
    struct bytes text = {0};
    r = tracker_undo(holder->tracker, &text);
    if (r == 0)
        r = bytes_append_text(&text, "[js: started again]\r\n");
    if (r == 0 && !holder->plain_opost)
        holder_say(holder, text.data, text.len);
    bytes_finish(&text);
    return r;
}

/* Nobody else has to be trusted with what the job's record will say. */
static int check_script(const struct holder *holder, int script_fd)
{
    const struct msg_run *run = holder->run;
    uint64_t size;
    int r = sealed_check(script_fd, SEALED_SCRIPT_MAX, &size);
    if (r < 0)
        return r;
    bool fits =
        size == holder->info.plan->script && run->script_at > 0 && run->script_at < run->argv.len;
    return fits ? 0 : -EINVAL;
}

static int take_script(struct holder *holder, const struct run_fds *fds)
{
    if (fds->script_fd < 0)
        return 0;
    int r = check_script(holder, fds->script_fd);
    if (r == 0)
        r = holder->script_fd = sealed_reopen(fds->script_fd, SCRIPT_FD);
    return r < 0 ? r : 0;
}

/* Every step of the start up to the first attempt. 0 or -errno with *ret_stage. */
static int prepare(struct holder *holder, const struct msg_start *start, const struct run_fds *fds,
                   enum start_stage *ret_stage)
{
    *ret_stage = START_DIRECTORY;
    snprintf(holder->runtime_dir, sizeof(holder->runtime_dir), "%s", start->runtime_dir);
    snprintf(holder->state_dir, sizeof(holder->state_dir), "%s", start->state_dir);
    int r = fill_info(holder, start);
    if (r == 0)
        r = take_plan(holder, start);
    if (r < 0)
        return r;
    holder->state_fd = open(holder->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (holder->state_fd < 0)
        return -errno;
    holder->source.dir_fd = holder->state_fd;
    journal_init(&holder->journal, holder->state_fd, start->log_limit);
    log_set_json(start->log_json);
    *ret_stage = START_SCRIPT;
    r = take_script(holder, fds);
    if (r < 0)
        return r;
    *ret_stage = START_PTY;
    if (holder->info.plan && holder->info.plan->no_pty)
        r = open_pipes(holder, holder->run->terminal);
    else
        r = holder->pts_fd = open_terminal(holder, holder->run->terminal);
    if (r < 0)
        return r;
    follow_caller(holder);
    if (start->before)
        r = holder->pipes ? journal_resume(&holder->journal)
                          : resume_terminal(holder, start->before);
    return r < 0 ? r : 0;
}

static int take_first_viewer(struct holder *holder, const struct msg_start *start,
                             struct run_fds *fds)
{
    int error = 0;
    struct viewer *viewer = viewer_create(
        &holder->loop, &holder->source, holder->run->terminal, ATTACH_OWN, (pid_t)start->client_pid,
        fd_take(&fds->output_fd), fd_take(&fds->connection_fd), &holder_viewer_ops, holder, &error);
    if (!viewer)
        return error;
    if (holder->pipes && viewer_set_streams(viewer, fd_take(&fds->errors_fd)) < 0)
        log_warn("cannot keep its standard error apart");
    viewer->number = ++holder->viewer_number;
    viewer->next = holder->viewers;
    holder->viewers = viewer;
    holder->first_viewer = viewer;
    holder->size_owner = viewer;
    holder->first_request = start->client_request;
    return 0;
}

void holder_start(struct holder *holder, struct control *starter, uint32_t request_id,
                  struct msg_start *start, struct channel_fds *fds)
{
    struct run_fds mine;
    if (holder->run || holder->state != JOB_STARTING || start->run->argv.len == 0 ||
        (!start->run->detached && !start->run->terminal) ||
        run_fds_take(&mine, start->run, true, fds) < 0) {
        channel_send_error(&starter->channel, request_id, ERROR_MALFORMED,
                           "start: this job has been started, or there is nothing to start");
        return;
    }
    holder->run = start->run;
    start->run = NULL;
    holder->note = start->note;
    start->note = NULL;
    holder->starter = starter;
    holder->start_request = request_id;
    enum start_stage stage;
    int r = prepare(holder, start, &mine, &stage);
    if (r == 0 && (r = holder_check_cgroup(holder)) < 0)
        stage = START_CGROUP;
    bool waits = r == 0 && holder_waits(holder);
    if (r == 0 && !waits)
        r = holder_launch(holder, &stage);
    if (mine.connection_fd >= 0) {
        int viewer_error = take_first_viewer(holder, start, &mine);
        if (viewer_error < 0)
            log_warn("cannot attach the client that runs this job: %s", strerror(-viewer_error));
    }
    run_fds_finish(&mine);
    if (r < 0)
        holder_fail_start(holder, stage, -r);
    else if (waits)
        answer_start(holder);
}
