/* The holder and its viewers: who attaches, who leaves, whose size counts. */
#include "server/holder/holder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/size.h"

static int resize(struct holder *holder, unsigned rows, unsigned cols)
{
    int r = pty_resize(&holder->pty, rows, cols);
    if (r < 0)
        return r;
    holder->info.rows = rows;
    holder->info.cols = cols;
    tracker_resize(holder->tracker, rows, cols);
    journal_set_size(&holder->journal, rows, cols);
    return 0;
}

int holder_set_size(struct holder *holder, unsigned rows, unsigned cols)
{
    if (rows == holder->info.rows && cols == holder->info.cols)
        return 0;
    for (struct viewer *v = holder->viewers; v; v = v->next)
        viewer_size_changes(v, rows, cols);
    int r = resize(holder, rows, cols);
    for (struct viewer *v = holder->viewers; v; v = v->next)
        viewer_size_changed(v);
    holder_update_reading(holder);
    return r;
}

/* Whose terminal has a size that a job's may have; a pipe has none, a hidden window 1x1. */
static bool has_size(const struct viewer *viewer)
{
    return viewer_is_writer(viewer) && !viewer->leaving && !viewer->left &&
           size_is_valid(viewer->rows, viewer->cols);
}

const struct viewer *holder_size_owner(const struct holder *holder)
{
    return holder->size_owner && has_size(holder->size_owner) ? holder->size_owner : NULL;
}

/* Who types gets the size: whoever lost it has to say when that happens. */
static void tell_size_taken(struct viewer *viewer)
{
    struct msg_empty body = {0};
    if (viewer && has_size(viewer) && viewer->takes_size)
        channel_send(&viewer->channel, MSG_SIZE_TAKEN, 0, &body, NULL, 0);
}

/* From now on the job's terminal has the size of this viewer's. */
static void own_size(struct holder *holder, struct viewer *viewer)
{
    if (!has_size(viewer) || holder_set_size(holder, viewer->rows, viewer->cols) < 0)
        return;
    if (holder->size_owner != viewer)
        tell_size_taken(holder->size_owner);
    holder->size_owner = viewer;
}

/* The size is that of who stays, if anybody does; else it stays what it is. */
static void disown_size(struct holder *holder, const struct viewer *viewer)
{
    if (holder->size_owner != viewer)
        return;
    holder->size_owner = NULL;
    for (struct viewer *v = holder->viewers; v && holder->state == JOB_RUNNING; v = v->next) {
        if (v == viewer || !has_size(v))
            continue;
        own_size(holder, v);
        return;
    }
}

static void handle_resize(struct viewer *viewer, const struct msg_resize *size)
{
    struct holder *holder = viewer->data;
    /* A client whose terminal has none, or does not count, says 0x0. */
    if (size->rows > 0 && size->cols > 0) {
        viewer->rows = size->rows;
        viewer->cols = size->cols;
    }
    if (viewer->leaving || job_state_is_final(holder->state))
        return;
    own_size(holder, viewer);
    viewer_size_changed(viewer);
    holder_changed(holder);
}

/* Its terminal is what the holder stands in for from now on. */
static void take_profile(struct viewer *viewer, const struct msg_answers *answers)
{
    struct holder *holder = viewer->data;
    if (!viewer_is_writer(viewer))
        return;
    viewer->profile_until = 0;
    profile_set_pixels(&holder->profile, viewer->rows, viewer->cols, viewer->width, viewer->height);
    profile_take_answers(&holder->profile, answers->answers.data, answers->answers.len);
}

/* ^C and the like, of a client whose job has no terminal that would make signals of them. */
static void handle_raise(struct viewer *viewer, const struct msg_signal *request)
{
    struct holder *holder = viewer->data;
    bool runs = holder->state == JOB_RUNNING || holder->state == JOB_STOPPED;
    if (viewer_is_writer(viewer) && !viewer->leaving && runs && holder->pipes)
        kill(-(pid_t)holder->info.pid, (int)request->signal);
}

static void handle_input_ended(struct viewer *viewer)
{
    struct holder *holder = viewer->data;
    if (viewer_is_writer(viewer) && holder->pipes)
        pipes_end_input(holder->pipes);
}

static void on_frame(struct viewer *viewer, struct wire_frame *frame)
{
    switch (frame->type) {
    case MSG_RESIZE:
        handle_resize(viewer, frame->body);
        break;
    case MSG_LEAVE:
        viewer_leave(viewer, LEFT_DETACHED);
        holder_update_reading(viewer->data);
        break;
    case MSG_ASK:
        viewer_ask(viewer);
        break;
    case MSG_ANSWERS:
        take_profile(viewer, frame->body);
        break;
    case MSG_DRAINED:
        viewer_drained(viewer);
        break;
    case MSG_RAISE:
        handle_raise(viewer, frame->body);
        break;
    case MSG_INPUT_ENDED:
        handle_input_ended(viewer);
        break;
    case MSG_RESUMED:
        handle_resize(viewer, frame->body);
        viewer_resumed(viewer);
        break;
    default:
        channel_send_error(&viewer->channel, frame->request_id, ERROR_UNSUPPORTED,
                           "an attached client cannot ask for that on this connection");
        break;
    }
}

static void on_missing(struct viewer *viewer)
{
    struct holder *holder = viewer->data;
    holder_take_over_questions(holder, viewer);
}

static void on_caught_up(struct viewer *viewer)
{
    holder_update_reading(viewer->data);
}

static struct viewer *find_writer(struct holder *holder, const struct viewer *except)
{
    for (struct viewer *v = holder->viewers; v; v = v->next)
        if (v != except && viewer_is_writer(v) && !v->leaving && !v->left)
            return v;
    return NULL;
}

/* A writer goes: the job becomes the one that was left last. */
static void note_left(struct holder *holder, const struct viewer *viewer)
{
    if (!viewer_is_writer(viewer) || job_state_is_final(holder->state))
        return;
    disown_size(holder, viewer);
    holder->info.used_ns = clock_realtime_ns();
    if (viewer->leaving != LEFT_STOLEN)
        holder->info.left_ns = holder->info.used_ns;
}

static void on_left(struct viewer *viewer)
{
    struct holder *holder = viewer->data;
    if (viewer->lost) {
        viewer_end(viewer);
        return;
    }
    note_left(holder, viewer);
    if (!job_state_is_final(holder->state))
        holder_changed(holder);
    struct msg_left body = {.reason = viewer->leaving,
                            .by_tty = viewer->by_tty,
                            .by_pid = (uint32_t)viewer->by_pid,
                            .job = &holder->info};
    viewer_leave_raw(viewer); /* the client does it too, if it lives so long */
    channel_send(&viewer->channel, MSG_LEFT, 0, &body, NULL, 0);
    viewer_end(viewer);
    holder_update_reading(holder);
}

static void on_lost(struct viewer *viewer)
{
    struct holder *holder = viewer->data;
    log_about_client(viewer->pid, log_debug(LOG_JOB, "is gone without a word"));
    if (!viewer->leaving)
        holder_take_over_questions(holder, viewer);
    note_left(holder, viewer);
    viewer_rescue(viewer);
    if (!job_state_is_final(holder->state) && holder->state != JOB_STARTING)
        holder_changed(holder);
    holder_update_reading(holder);
}

static void on_closed(struct viewer *viewer)
{
    struct holder *holder = viewer->data;
    struct viewer **at = &holder->viewers;
    while (*at != viewer)
        at = &(*at)->next;
    *at = viewer->next;
    if (holder->first_viewer == viewer)
        holder->first_viewer = NULL;
    if (holder->size_owner == viewer)
        holder->size_owner = NULL;
    viewer_destroy(viewer);
    holder_maybe_exit(holder);
}

const struct viewer_ops holder_viewer_ops = {
    .on_frame = on_frame,
    .on_missing = on_missing,
    .on_caught_up = on_caught_up,
    .on_left = on_left,
    .on_lost = on_lost,
    .on_closed = on_closed,
};

static void refuse(struct viewer *viewer, uint32_t request_id, enum error_code code,
                   const char *text)
{
    viewer_leave_raw(viewer);
    channel_send_error(&viewer->channel, request_id, code, text);
    viewer_end(viewer);
}

static void refuse_attached(struct viewer *viewer, uint32_t request_id, const struct viewer *owner)
{
    struct holder *holder = viewer->data;
    char text[512];
    snprintf(text, sizeof(text),
             "job %u is attached on %s, pid %d: use --steal, --share or --watch", holder->info.id,
             owner->name ? owner->name : "no terminal", (int)owner->pid);
    refuse(viewer, request_id, ERROR_ATTACHED, text);
}

/* What the job prints would be its own output again, and again. */
static bool is_own_terminal(const struct holder *holder, const struct viewer *viewer)
{
    char path[64];
    struct stat own, output;
    if (holder->pipes)
        return pipes_has(holder->pipes, viewer->out_fd);
    return ptsname_r(holder->pty.ptmx_fd, path, sizeof(path)) == 0 && stat(path, &own) == 0 &&
           fstat(viewer->out_fd, &output) == 0 && own.st_dev == output.st_dev &&
           own.st_ino == output.st_ino;
}

static void refuse_own_terminal(struct viewer *viewer, uint32_t request_id)
{
    struct holder *holder = viewer->data;
    char text[128];
    snprintf(text, sizeof(text), "job %u cannot be attached to its own %s: this is inside it",
             holder->info.id, holder->pipes ? "output" : "terminal");
    refuse(viewer, request_id, ERROR_ATTACHED, text);
}

static void steal(struct holder *holder, struct viewer *thief)
{
    struct viewer *owner;
    while ((owner = find_writer(holder, thief))) {
        wire_set_str(&owner->by_tty, thief->name);
        owner->by_pid = thief->pid;
        viewer_leave(owner, LEFT_STOLEN);
    }
}

/* The job's output goes to a file or pipe, whose bytes are to be the program's own. */
static bool has_plain_output(const struct holder *holder)
{
    const struct viewer *v = holder->viewers;
    while (v && (v->tty || !viewer_is_writer(v) || v->leaving || v->left))
        v = v->next;
    return v != NULL;
}

/* Once: from then on the settings are the job's own affair (it may have turned echo off). */
static void adapt_terminal(struct holder *holder, const struct viewer *viewer)
{
    bool echo = holder->plain_echo, opost = holder->plain_opost && !has_plain_output(holder);
    if (!viewer->keys || (!echo && !opost))
        return;
    pty_adapt(&holder->pty, &holder->settings, !echo, !opost);
    holder->plain_echo = false;
    if (!opost)
        return;
    holder->plain_opost = false;
    tracker_set_no_cr(holder->tracker, tracker_offset(holder->tracker));
}

static void follow_client(struct holder *holder, const struct msg_adopt *adopt)
{
    int r = live_env_update(&holder->live, &adopt->live);
    if (r < 0)
        log_warn("cannot point the links to what the client has: %s", strerror(-r));
}

int holder_pass_input(const struct holder *holder, int *ret_fd)
{
    *ret_fd = -1;
    if (holder->pipes && holder->pipes->input_fd < 0)
        return 0;
    int fd = holder->pipes ? fd_dup(holder->pipes->input_fd) : fd_dup(holder->pty.ptmx_fd);
    *ret_fd = fd < 0 ? -1 : fd;
    return fd < 0 ? fd : 0;
}

/* Everything is decided: the viewer is attached from here on. */
static void attach(struct holder *holder, struct viewer *viewer, const struct msg_adopt *adopt)
{
    int fd = -1;
    if (viewer_is_writer(viewer)) {
        if (holder_pass_input(holder, &fd) < 0) {
            refuse(viewer, adopt->client_request, ERROR_OS,
                   "cannot pass the job's input: no descriptors left");
            return;
        }
        own_size(holder, viewer);
        adapt_terminal(holder, viewer);
        follow_client(holder, adopt);
        holder->info.used_ns = clock_realtime_ns();
    }
    /* Before the client can type: SIGCONT would take back a ^Z typed to a job still stopped. */
    if (adopt->resume && holder->state == JOB_STOPPED && holder_continue(holder) < 0)
        log_warn("cannot continue the job: %s", strerror(errno));
    holder_changed(holder);
    viewer_enter_raw(viewer);
    channel_send(&viewer->channel, MSG_ATTACHED, adopt->client_request, &holder->info, &fd,
                 fd >= 0);
    holder_greet_waiting(holder, viewer, adopt->note);
    viewer->restore = adopt->restore;
    if (adopt->replay_limit > 0)
        viewer->replay_limit = adopt->replay_limit;
    viewer_restore(viewer, adopt->history);
    holder_update_reading(holder);
}

/* While a job waits for a change of files, its terminal's keys mean something all the same. */
static bool is_waiting(const struct holder *holder)
{
    return holder->state == JOB_QUEUED ||
           (holder->state == JOB_BACKOFF && (holder->pipes || !holder_watch_is_all(holder)));
}

static void tell_waiting(struct viewer *viewer, bool waits, const char *text)
{
    struct msg_waiting body = {.waits = waits, .text = (char *)text};
    if (!viewer->leaving && !viewer->left && !viewer->lost)
        channel_send(&viewer->channel, MSG_WAITING, 0, &body, NULL, 0);
}

void holder_tell_waiting(struct holder *holder)
{
    bool waits = is_waiting(holder);
    if (waits == holder->waits_told)
        return;
    holder->waits_told = waits;
    for (struct viewer *v = holder->viewers; v; v = v->next)
        if (v != holder->first_viewer)
            tell_waiting(v, waits, NULL);
}

void holder_greet_waiting(struct holder *holder, struct viewer *viewer, const char *note)
{
    if (is_waiting(holder))
        tell_waiting(viewer, true, note);
}

/* Ended, or just about to. */
static bool is_over(const struct holder *holder)
{
    return job_state_is_final(holder->state) ||
           (holder->state == JOB_EXITING && (holder->last || !holder_may_start_again(holder)));
}

/* What cannot be kept apart goes to the one output that there is. */
static void set_streams(struct viewer *viewer, const struct msg_adopt *adopt,
                        struct channel_fds *fds)
{
    bool apart = adopt->terminal->errors && fds->count > 2;
    int r = viewer_set_streams(viewer, apart ? fd_take(&fds->fds[2]) : -1);
    if (r < 0)
        log_warn("cannot keep standard error apart: %s", strerror(-r));
}

void holder_adopt(struct holder *holder, struct control *control, uint32_t request_id,
                  const struct msg_adopt *adopt, struct channel_fds *fds)
{
    int error = 0;
    /* What was printed by now was printed without OPOST: adapt_terminal changes that. */
    if (holder->plain_opost && adopt->mode != ATTACH_WATCH &&
        (holder->state == JOB_RUNNING || holder->state == JOB_STOPPED))
        holder_drain(holder);
    struct viewer *viewer = viewer_create(
        &holder->loop, &holder->source, adopt->terminal, adopt->mode, (pid_t)adopt->client_pid,
        fd_take(&fds->fds[0]), fd_take(&fds->fds[1]), &holder_viewer_ops, holder, &error);
    if (!viewer) {
        channel_send_error(&control->channel, request_id, ERROR_OS, strerror(-error));
        return;
    }
    if (holder->tracker)
        tracker_settle(holder->tracker); /* what was asked before is not for its terminal */
    else
        set_streams(viewer, adopt, fds);
    viewer->number = ++holder->viewer_number;
    viewer->next = holder->viewers;
    holder->viewers = viewer;
    struct msg_done done = {0};
    channel_send(&control->channel, MSG_DONE, request_id, &done, NULL, 0);

    const struct viewer *owner = find_writer(holder, viewer);
    if (!holder->known)
        refuse(viewer, adopt->client_request, ERROR_BUSY, "the job is being started");
    else if (is_over(holder))
        refuse(viewer, adopt->client_request, ERROR_ENDED, "the job has just ended");
    else if (is_own_terminal(holder, viewer))
        refuse_own_terminal(viewer, adopt->client_request);
    else if (adopt->mode == ATTACH_OWN && owner)
        refuse_attached(viewer, adopt->client_request, owner);
    else {
        if (adopt->mode == ATTACH_STEAL)
            steal(holder, viewer);
        attach(holder, viewer, adopt);
    }
}
