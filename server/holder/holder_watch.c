/*
 * A job that is started again when files change (js watch): the watcher tells of a change, the
 * attempt under way is ended with all it has started, and when that is dead the next one begins. An
 * attempt that ends by itself is followed by the next change.
 *
 * A change is kept from the moment that it is told until an attempt begins, so that those which
 * come while the old one is dying, or has just been started, make one attempt and not several. To a
 * job that somebody has stopped nothing is done before it is continued.
 *
 * What is to be run before the program (plan->before) is the first part of an attempt: in the same
 * terminal, with the same limits, ended by the same means. The program starts when it has ended
 * with 0; if it fails the attempt is over.
 */
#include "server/holder/holder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/log.h"
#include "server/holder/watch_link.h"

struct watch {
    struct watch_link link;
    uv_signal_t sigint;
    bool open;      /* link and sigint are */
    char *changed;  /* what, as long as no attempt has begun since; owned; or NULL */
    bool preparing; /* what runs, or has run last, comes before the program */
    bool waits;     /* for a change, and for nothing else */
    bool over;      /* no change will be told */
};

static void forget_change(struct watch *watch)
{
    free(watch->changed);
    watch->changed = NULL;
}

static void end_attempt(struct holder *holder)
{
    enum end_reason before = holder->ending;
    if (holder->killer.active || holder->last)
        return; /* it is being ended already: not with more force for that */
    if (!before)
        holder->ending = END_KILLED;
    int r = killer_start(&holder->killer, holder->launch.pid, holder->grace_ms);
    if (r == 0) {
        uv_timer_stop(&holder->attempt_timer);
        return;
    }
    holder->ending = before;
    holder_say_line(holder, "%s changed, but the job cannot be ended: %s", holder->watch->changed,
                    strerror(-r));
    forget_change(holder->watch);
}

void holder_watch_check(struct holder *holder)
{
    if (!holder_watch_has_change(holder))
        return;
    if (holder->state == JOB_RUNNING)
        end_attempt(holder);
    else if (holder->state == JOB_BACKOFF)
        holder_start_next(holder);
    else if (holder->state == JOB_QUEUED)
        forget_change(holder->watch); /* it will be started with the files as they are then */
}

static void note_change(struct holder *holder, const char *what)
{
    struct watch *watch = holder->watch;
    if (!watch->changed)
        watch->changed = strdup(what);
    if (!watch->changed)
        log_error("no memory for a change");
    holder_watch_check(holder);
}

static void warn(struct holder *holder, const char *text)
{
    if (!holder->info.warning)
        wire_set_str(&holder->info.warning, text);
    holder_say_line(holder, "%s", text);
    holder_changed(holder);
}

/* What runs goes on to its end; what would have waited for a change for ever, ends. */
static void on_watch_end(struct holder *holder, const char *why)
{
    holder->watch->over = true;
    log_warn("%s", why);
    warn(holder, why);
    if (holder_watch_is_all(holder))
        holder_cancel(holder, END_CANCELED);
}

static void on_record(struct watch_link *link, enum watcher_record type, const char *text)
{
    struct holder *holder = link->data;
    switch (type) {
    case WATCHER_CHANGE:
        note_change(holder, text);
        break;
    case WATCHER_WARNING:
        log_warn("%s", text);
        warn(holder, text);
        break;
    case WATCHER_END:
        on_watch_end(holder, text);
        break;
    case WATCHER_READY:
        break;
    }
}

/* The terminal's ^C while nothing runs in it, see holder_watch_waits: the end that it asks for. */
static void on_sigint(uv_signal_t *signal, int number)
{
    (void)number;
    struct holder *holder = signal->data;
    if (holder_watch_is_all(holder))
        holder_cancel(holder, END_SIGNALED);
}

static int open_watch(struct holder *holder, struct watch *watch)
{
    int r = watch_link_open(&watch->link, &holder->loop, holder->info.id, holder->info.plan,
                            holder->info.cwd, on_record, holder);
    if (r < 0)
        return r;
    r = uv_signal_init(&holder->loop, &watch->sigint);
    if (r < 0) {
        watch_link_close(&watch->link);
        return r;
    }
    watch->sigint.data = holder;
    watch->open = true;
    return uv_signal_start(&watch->sigint, on_sigint, SIGINT);
}

int holder_watch_open(struct holder *holder)
{
    const struct job_plan *plan = holder->info.plan;
    if (holder->watch || !plan || plan->watch.len == 0)
        return 0;
    holder->watch = calloc(1, sizeof(*holder->watch));
    return holder->watch ? open_watch(holder, holder->watch) : -ENOMEM;
}

void holder_watch_wait_no_more(struct holder *holder)
{
    if (holder->watch)
        holder->watch->waits = false;
}

/* libuv leaves SIG_DFL behind, and the terminal may still be ours: a second ^C must not kill us. */
static void close_sigint(struct watch *watch)
{
    sigset_t interrupt, saved;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, &saved);
    uv_close((uv_handle_t *)&watch->sigint, NULL);
    signal(SIGINT, SIG_IGN);
    sigprocmask(SIG_SETMASK, &saved, NULL);
}

void holder_watch_close(struct holder *holder)
{
    struct watch *watch = holder->watch;
    if (!watch || !watch->open)
        return;
    watch->open = false;
    holder_watch_wait_no_more(holder);
    watch_link_close(&watch->link);
    close_sigint(watch);
}

void holder_watch_finish(struct holder *holder)
{
    if (!holder->watch)
        return;
    forget_change(holder->watch);
    free(holder->watch);
    holder->watch = NULL;
}

bool holder_watch_has_change(const struct holder *holder)
{
    return holder->watch && holder->watch->changed;
}

void holder_watch_begin(struct holder *holder)
{
    struct watch *watch = holder->watch;
    if (!watch)
        return;
    if (watch->changed)
        holder_say_line(holder, "%s changed; attempt %u", watch->changed, holder->info.attempt + 1);
    forget_change(watch);
    holder_watch_wait_no_more(holder);
    watch->preparing = holder->info.plan->before != NULL;
}

bool holder_watch_is_all(const struct holder *holder)
{
    return holder->state == JOB_BACKOFF && holder->watch && holder->watch->waits;
}

bool holder_watch_is_preparing(const struct holder *holder)
{
    return holder->watch && holder->watch->preparing;
}

bool holder_watch_goes_on(struct holder *holder)
{
    const struct job_end *end = holder->info.end;
    if (!holder_watch_is_preparing(holder) || holder->last || holder->watch->changed || !end ||
        end->reason != END_EXITED || end->code != 0)
        return false;
    holder->watch->preparing = false;
    holder_start_program(holder);
    return true;
}

bool holder_watch_waits(struct holder *holder)
{
    struct watch *watch = holder->watch;
    if (!watch || watch->over)
        return false;
    watch->waits = true;
    if (!holder->pipes) {
        /* Its keys are the terminal's, and not of a program that has left it raw; ^C comes to us */
        tcsetattr(holder->pts_fd, TCSANOW, &holder->settings);
        pty_set_foreground(&holder->pty, getpgrp());
    }
    holder_wait_for_event(holder,
                          holder->pipes ? "after a change" : "after a change (^C ends the job)");
    return true;
}
