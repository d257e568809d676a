/* What a server asks a holder to do with its job. */
#include "server/holder/holder.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/paths.h"
#include "common/size.h"
#include "common/snapshot.h"

static void answer_done(struct control *control, uint32_t request_id, const char *note)
{
    struct msg_done body = {.note = (char *)note};
    channel_send(&control->channel, MSG_DONE, request_id, &body, NULL, 0);
}

/* "job 3 WHAT": done, and something to be told. */
static void answer_note(struct control *control, uint32_t request_id, const char *what)
{
    char note[64];
    snprintf(note, sizeof(note), "job %u %s", control->holder->info.id, what);
    answer_done(control, request_id, note);
}

static void answer_errno(struct control *control, uint32_t request_id, const char *what, int error)
{
    char text[256];
    snprintf(text, sizeof(text), "cannot %s job %u: %s", what, control->holder->info.id,
             strerror(error));
    struct msg_error body = {.code = ERROR_OS, .text = text, .os_error = (uint32_t)error};
    channel_send(&control->channel, MSG_ERROR, request_id, &body, NULL, 0);
}

static void answer_log(struct holder *holder, struct control *control, uint32_t request_id)
{
    struct msg_log body = {.first = holder->journal.first,
                           .next = holder->journal.next,
                           .ended = job_state_is_final(holder->state)};
    channel_send(&control->channel, MSG_LOG, request_id, &body, NULL, 0);
}

static void wait_for(struct holder *holder, struct control *control, uint32_t request_id,
                     enum message_type request, uint64_t offset)
{
    struct holder_waiter *waiter = malloc(sizeof(*waiter));
    if (!waiter) {
        channel_send_error(&control->channel, request_id, ERROR_INTERNAL, "out of memory");
        return;
    }
    *waiter = (struct holder_waiter){.next = holder->waiters,
                                     .control = control,
                                     .request_id = request_id,
                                     .request = request,
                                     .offset = offset};
    holder->waiters = waiter;
}

/* The job ended before it had read what was typed: that is not what was asked for. */
static void answer_sender(struct holder *holder, const struct holder_waiter *waiter)
{
    if (!job_state_is_final(holder->state)) {
        answer_done(waiter->control, waiter->request_id, NULL);
        return;
    }
    char text[128];
    snprintf(text, sizeof(text), "job %u ended before it had read what was sent", holder->info.id);
    channel_send_error(&waiter->control->channel, waiter->request_id, ERROR_ENDED, text);
}

void holder_answer_waiters(struct holder *holder, enum message_type request, uint64_t offset)
{
    struct holder_waiter **at = &holder->waiters;
    while (*at) {
        struct holder_waiter *waiter = *at;
        if (waiter->request != request || (request == MSG_FOLLOW && waiter->offset >= offset)) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        if (waiter->control && request == MSG_FOLLOW)
            answer_log(holder, waiter->control, waiter->request_id);
        else if (waiter->control && request == MSG_SEND)
            answer_sender(holder, waiter);
        else if (waiter->control)
            answer_done(waiter->control, waiter->request_id, NULL);
        free(waiter);
    }
}

void holder_forget_control(struct holder *holder, struct control *control)
{
    if (holder->starter == control)
        holder->starter = NULL;
    struct holder_waiter **at = &holder->waiters;
    while (*at) {
        struct holder_waiter *waiter = *at;
        if (waiter->control != control) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        free(waiter);
    }
}

static void on_stop_timer(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    if (holder->state == JOB_RUNNING)
        kill(-(pid_t)holder->info.pid, SIGSTOP);
}

static void handle_stop(struct holder *holder, struct control *control, uint32_t request_id,
                        const void *body)
{
    if (holder->state == JOB_STOPPED) {
        answer_note(control, request_id, "is stopped already");
        return;
    }
    if (kill(-(pid_t)holder->info.pid, SIGTSTP) < 0) {
        answer_errno(control, request_id, "stop", errno);
        return;
    }
    wait_for(holder, control, request_id, MSG_STOP, 0);
    /* A program may ignore or handle TSTP and go on. */
    uv_timer_start(&holder->stop_timer, on_stop_timer, HOLDER_STOP_MS, 0);
}

static void handle_continue(struct holder *holder, struct control *control, uint32_t request_id,
                            const void *body)
{
    bool stopped = holder->state == JOB_STOPPED;
    int r = holder_continue(holder);
    if (r < 0)
        answer_errno(control, request_id, "continue", -r);
    else if (stopped)
        answer_done(control, request_id, NULL);
    else
        answer_note(control, request_id, "is running already");
}

static void handle_signal(struct holder *holder, struct control *control, uint32_t request_id,
                          const void *body)
{
    const struct msg_signal *request = body;
    pid_t pgid = (pid_t)holder->info.pid;
    int r = 0;
    if (request->signal == SIGCONT)
        r = holder_continue(holder);
    else if (kill(-pgid, (int)request->signal) < 0)
        r = -errno;
    if (r < 0) {
        answer_errno(control, request_id, "signal", -r);
        return;
    }
    /* As shells do: a stopped job could not act on these. */
    if (holder->state == JOB_STOPPED && (request->signal == SIGTERM || request->signal == SIGHUP))
        holder_continue(holder);
    answer_done(control, request_id, NULL);
}

/* Only some ends are a kill's to choose. */
static enum end_reason kill_reason(const struct msg_kill *request)
{
    bool known = request->reason == END_SERVER_STOP || request->reason == END_REPLACED ||
                 request->reason == END_CANCELED;
    return known ? (enum end_reason)request->reason : END_KILLED;
}

/* 0 when the end has begun, which it may do by being over; else -errno, and nothing has changed. */
static int begin_kill(struct holder *holder, const struct msg_kill *request)
{
    enum end_reason before = holder->ending;
    bool was_last = holder->last;
    /* The next server's word of the same replacement is no second kill, which would force it. */
    if (before == END_REPLACED && request->reason == END_REPLACED)
        return 0;
    if (job_state_is_waiting(holder->state)) {
        holder_cancel(holder, kill_reason(request));
        return 0;
    }
    holder->last = true;
    /* An end that is already there stays what it was. */
    if (!before && holder->state != JOB_EXITING)
        holder->ending = kill_reason(request);
    int r = killer_start(&holder->killer, holder->launch.pid,
                         request->default_grace ? holder->grace_ms : request->grace_ms);
    if (r == 0)
        return 0;
    holder->ending = before;
    holder->last = was_last;
    return r;
}

static void drop_newest_waiter(struct holder *holder)
{
    struct holder_waiter *waiter = holder->waiters;
    holder->waiters = waiter->next;
    free(waiter);
}

static void handle_kill(struct holder *holder, struct control *control, uint32_t request_id,
                        const void *body)
{
    const struct msg_kill *request = body;
    if (request->text && wire_set_str(&holder->info.warning, request->text) < 0)
        log_warn("out of memory: it is not told why it ends: %s", request->text);
    if (!request->no_wait)
        wait_for(holder, control, request_id, MSG_KILL, 0);
    int r = begin_kill(holder, request);
    if (r < 0 && !request->no_wait)
        drop_newest_waiter(holder);
    if (r < 0)
        answer_errno(control, request_id, "kill", -r);
    else if (request->no_wait) /* if that was its end, the server has answered */
        answer_done(control, request_id, NULL);
}

static void handle_detach(struct holder *holder, struct control *control, uint32_t request_id,
                          const void *body)
{
    unsigned count = 0;
    for (struct viewer *v = holder->viewers; v; v = v->next) {
        count += !v->leaving;
        viewer_leave(v, LEFT_DETACHED_FROM);
    }
    holder_update_reading(holder);
    if (count > 0)
        answer_done(control, request_id, NULL);
    else
        answer_note(control, request_id, "was attached nowhere");
}

static void handle_rename(struct holder *holder, struct control *control, uint32_t request_id,
                          const void *body)
{
    const struct msg_rename *request = body;
    int r = wire_set_str(&holder->info.name, request->name);
    if (r < 0) {
        answer_errno(control, request_id, "rename", -r);
        return;
    }
    holder_changed(holder);
    answer_done(control, request_id, NULL);
}

static void refuse_size(struct holder *holder, struct control *control, uint32_t request_id,
                        const struct viewer *owner)
{
    char text[512];
    snprintf(
        text, sizeof(text),
        "cannot resize job %u: it has the size of %s (pid %d), which is attached; resize that, "
        "or detach it first (js detach %u)",
        holder->info.id, owner->name ? owner->name : "its client's terminal", (int)owner->pid,
        holder->info.id);
    channel_send_error(&control->channel, request_id, ERROR_ATTACHED, text);
}

/* What is about the job's terminal. Whether there is none, and the server was told. */
static bool refuse_without_terminal(struct holder *holder, struct control *control,
                                    uint32_t request_id)
{
    char text[160];
    if (!holder->pipes)
        return false;
    snprintf(text, sizeof(text),
             "job %u has no terminal (it was run with --no-pty); its output: js logs %u",
             holder->info.id, holder->info.id);
    channel_send_error(&control->channel, request_id, ERROR_NO_TERMINAL, text);
    return true;
}

static void handle_set_size(struct holder *holder, struct control *control, uint32_t request_id,
                            const void *body)
{
    const struct msg_set_size *request = body;
    const struct viewer *owner = holder_size_owner(holder);
    if (refuse_without_terminal(holder, control, request_id))
        return;
    if (!size_is_valid(request->rows, request->cols)) {
        channel_send_error(&control->channel, request_id, ERROR_MALFORMED,
                           "no terminal has that size: " SIZE_SYNTAX);
        return;
    }
    if (owner) {
        refuse_size(holder, control, request_id, owner);
        return;
    }
    int r = holder_set_size(holder, request->rows, request->cols);
    if (r < 0) {
        answer_errno(control, request_id, "resize", -r);
        return;
    }
    holder_changed(holder);
    answer_done(control, request_id, NULL);
}

void holder_on_typed(struct pty *pty)
{
    holder_answer_waiters(pty->data, MSG_SEND, 0);
}

static void handle_send(struct holder *holder, struct control *control, uint32_t request_id,
                        const void *body)
{
    const struct msg_send *request = body;
    char text[192];
    if (refuse_without_terminal(holder, control, request_id))
        return;
    int r = pty_type(&holder->pty, request->data.data, request->data.len);
    if (r == -ENOBUFS) {
        snprintf(text, sizeof(text),
                 "job %u does not read its input: there is no room for %zu bytes more behind what "
                 "waits to be read",
                 holder->info.id, request->data.len);
        channel_send_error(&control->channel, request_id, ERROR_BUSY, text);
    } else if (r < 0) {
        answer_errno(control, request_id, "type on the terminal of", -r);
    } else if (r == 1 && request->taken) {
        wait_for(holder, control, request_id, MSG_SEND, 0);
    } else {
        answer_done(control, request_id, NULL);
    }
}

static void handle_follow(struct holder *holder, struct control *control, uint32_t request_id,
                          const void *body)
{
    const struct msg_follow *request = body;
    if (holder->journal.next > request->offset)
        answer_log(holder, control, request_id);
    else
        wait_for(holder, control, request_id, MSG_FOLLOW, request->offset);
}

static void handle_get_env(struct holder *holder, struct control *control, uint32_t request_id,
                           const void *body)
{
    struct msg_env answer = {.id = holder->info.id};
    int r = live_env_describe(&holder->live, &answer);
    if (r < 0) {
        answer_errno(control, request_id, "tell the environment of", -r);
        return;
    }
    channel_send(&control->channel, MSG_ENV, request_id, &answer, NULL, 0);
    wire_clear(&msg_env_fields, &answer);
}

/*
 * A second one, of a server that did not know of the first, finds the attempt under way. One of an
 * earlier server, read when the next one has been told already that the job waits, does not count:
 * it is the next one's to say whose turn it is.
 */
static void handle_begin(struct holder *holder, struct control *control, uint32_t request_id,
                         const void *body)
{
    const struct msg_begin *request = body;
    if (holder->state == JOB_QUEUED && request->attempt == holder->info.attempt + 1 &&
        control == control_newest(holder))
        holder_begin(holder);
}

static void handle_retry(struct holder *holder, struct control *control, uint32_t request_id,
                         const void *body)
{
    char text[160];
    if (holder_hurry(holder) == 0) {
        channel_send(&control->channel, MSG_JOB, request_id, &holder->info, NULL, 0);
        return;
    }
    snprintf(text, sizeof(text), "job %u %s", holder->info.id,
             holder->state == JOB_QUEUED ? "waits for its turn already"
                                         : "has not ended: there is nothing to start again");
    channel_send_error(&control->channel, request_id, ERROR_LIVE, text);
}

static void handle_get_usage(struct holder *holder, struct control *control, uint32_t request_id,
                             const void *body)
{
    struct job_usage answer;
    holder_read_usage(holder, &answer);
    channel_send(&control->channel, MSG_USAGE, request_id, &answer, NULL, 0);
}

static void handle_repair(struct holder *holder, struct control *control, uint32_t request_id,
                          const void *body)
{
    char text[PATHS_MAX];
    if (holder_put_socket_back(holder, text, sizeof(text)) < 0)
        channel_send_error(&control->channel, request_id, ERROR_OS, text);
    else
        answer_done(control, request_id, NULL);
}

/* Paints with as many earlier lines as the message has room for. */
static int paint_screen(const struct holder *holder, unsigned history, struct bytes *out,
                        bool *ret_whole)
{
    struct snapshot snapshot = {.tracker = holder->tracker,
                                .dir_fd = holder->state_fd,
                                .first = holder->journal.whole_from,
                                .history = history};
    int r = snapshot_paint(&snapshot, 0, 0, out, ret_whole);
    while (r == 0 && out->len > SCREEN_PAINT_MAX && snapshot.history > 0) {
        snapshot.history /= 2;
        out->len = 0;
        r = snapshot_paint(&snapshot, 0, 0, out, ret_whole);
    }
    return r == 0 && out->len > SCREEN_PAINT_MAX ? -EMSGSIZE : r;
}

static void handle_get_screen(struct holder *holder, struct control *control, uint32_t request_id,
                              const void *body)
{
    const struct msg_get_screen *request = body;
    if (refuse_without_terminal(holder, control, request_id))
        return;
    struct bytes paint = {0};
    struct msg_screen answer = {.rows = holder->info.rows, .cols = holder->info.cols};
    int r = paint_screen(holder, request->history, &paint, &answer.whole);
    if (r < 0) {
        answer_errno(control, request_id, "show the screen of", -r);
    } else {
        answer.paint = (struct wire_bin){.data = paint.data, .len = paint.len};
        channel_send(&control->channel, MSG_SCREEN, request_id, &answer, NULL, 0);
    }
    bytes_finish(&paint);
    /* A screen's cells were in many small blocks: they go back, as an idle holder has little. */
    malloc_trim(0);
}

/* The server did not know yet. For whoever kills or follows a job its end is an answer. */
static void answer_ended(struct holder *holder, struct control *control,
                         const struct wire_frame *frame)
{
    if (frame->type == MSG_FOLLOW)
        answer_log(holder, control, frame->request_id);
    else if (frame->type == MSG_GET_SCREEN)
        channel_send(&control->channel, MSG_SCREEN, frame->request_id,
                     &(struct msg_screen){.ended = true}, NULL, 0);
    else if (frame->type == MSG_KILL || frame->type == MSG_SIGNAL)
        answer_done(control, frame->request_id, "the job has ended already");
    else
        channel_send_error(&control->channel, frame->request_id, ERROR_ENDED, "the job has ended");
}

/* When a request can be carried out. */
enum when {
    AT_START = 1 << 0, /* no process yet */
    FORKED = 1 << 1,   /* a process, that may not be the program yet */
    RUNNING = 1 << 2,  /* or stopped */
    WAITING = 1 << 3,  /* to be started, or for the next attempt */
    EXITING = 1 << 4,
    ENDED = 1 << 5,
    LIVE = RUNNING | WAITING | EXITING,
    STARTED = LIVE | AT_START | FORKED,
    EVER = STARTED | ENDED,
};

static enum when now(const struct holder *holder)
{
    switch (holder->state) {
    case JOB_STARTING:
        return holder->launch.pid > 0 ? FORKED : AT_START;
    case JOB_RUNNING:
    case JOB_STOPPED:
        return RUNNING;
    case JOB_QUEUED:
    case JOB_BACKOFF:
        return WAITING;
    case JOB_EXITING:
        return EXITING;
    case JOB_ENDED:
    case JOB_FAILED:
    case JOB_STATE_COUNT:
        break;
    }
    return ENDED;
}

static const struct {
    enum message_type type;
    enum when when;
    void (*handle)(struct holder *holder, struct control *control, uint32_t request_id,
                   const void *body);
} handlers[] = {
    {MSG_REPAIR, EVER, handle_repair},
    {MSG_BEGIN, EVER, handle_begin},
    {MSG_RENAME, EVER, handle_rename},
    {MSG_GET_USAGE, STARTED, handle_get_usage},
    {MSG_KILL, LIVE | FORKED, handle_kill},
    {MSG_RETRY, LIVE, handle_retry},
    {MSG_DETACH, LIVE, handle_detach},
    {MSG_GET_SCREEN, LIVE, handle_get_screen},
    {MSG_FOLLOW, LIVE, handle_follow},
    {MSG_GET_ENV, LIVE, handle_get_env},
    {MSG_SET_SIZE, RUNNING | WAITING, handle_set_size},
    {MSG_CONTINUE, RUNNING | EXITING, handle_continue},
    {MSG_SIGNAL, RUNNING | EXITING, handle_signal},
    {MSG_STOP, RUNNING, handle_stop},
    {MSG_SEND, RUNNING, handle_send},
};

/* It cannot be carried out now, whatever it asks for. */
static void refuse_now(struct holder *holder, struct control *control,
                       const struct wire_frame *frame)
{
    char text[128];
    if (now(holder) & (AT_START | FORKED)) {
        channel_send_error(&control->channel, frame->request_id, ERROR_BUSY,
                           "the job is being started");
    } else if (now(holder) == WAITING) {
        snprintf(text, sizeof(text), "job %u is not running: it waits %s", holder->info.id,
                 holder->state == JOB_QUEUED ? "to be started" : "for its next attempt");
        channel_send_error(&control->channel, frame->request_id, ERROR_WAITING, text);
    } else {
        answer_ended(holder, control, frame);
    }
}

void holder_request(struct holder *holder, struct control *control, struct wire_frame *frame)
{
    if (frame->type == MSG_HELLO || frame->type == MSG_DONE || frame->type == MSG_ERROR)
        return; /* answers to what we never ask: an error of theirs is for their log */
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (handlers[i].type != frame->type)
            continue;
        if (handlers[i].when & now(holder))
            handlers[i].handle(holder, control, frame->request_id, frame->body);
        else
            refuse_now(holder, control, frame);
        return;
    }
    channel_send_error(&control->channel, frame->request_id, ERROR_UNSUPPORTED,
                       "a holder does not take that message");
}
