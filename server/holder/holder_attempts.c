/*
 * The attempts of a job of which more was asked than a single run (common/plan.h): when its program
 * is started (again), and when it is ended because its time is over.
 *
 * The terminal stays the same over all of them. The holder of such a job keeps the slave open: once
 * nobody has it, the session has lost its controlling terminal for good (tty_release clears it, and
 * TIOCSCTTY takes the old session for the present one). So the end of an attempt's output is not
 * EIO but, after its leader's death, EAGAIN. So it is with the pipes of a job without a terminal.
 */
#include "server/holder/holder.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/schedule.h"
#include "server/holder/restart.h"

#define NS_PER_MS 1000000u

static const struct job_plan *plan_of(const struct holder *holder)
{
    return holder->info.plan;
}

/* Somebody has to say that it is this job's turn: the server. */
static bool needs_turn(const struct holder *holder)
{
    const struct job_plan *plan = plan_of(holder);
    return plan->queue || plan->slot || (plan->after.len > 0 && holder->info.attempt == 0);
}

static uint64_t chance(void)
{
    uint64_t number = 0;
    ssize_t n = getrandom(&number, sizeof(number), GRND_NONBLOCK);
    return n == (ssize_t)sizeof(number) ? number : clock_realtime_ns() / 1000;
}

/* Of the attempt that is over: there will be another one. */
static void forget_end(struct holder *holder)
{
    free(holder->info.end);
    holder->info.end = NULL;
    holder->info.pid = 0;
    holder->info.pid_start = 0;
}

/* Waiting */

static void launch_now(struct holder *holder)
{
    enum start_stage stage;
    uv_timer_stop(&holder->attempt_timer);
    alarm_clear(&holder->due);
    holder->info.due_ns = 0;
    holder->state = state_after(holder->state, STATE_BEGIN);
    int r = holder_launch(holder, &stage);
    if (r < 0)
        holder_fail_start(holder, stage, -r);
    else
        holder_changed(holder);
}

void holder_begin(struct holder *holder)
{
    if (holder->info.due_ns == 0)
        launch_now(holder);
}

static void on_expired(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    if (holder->state == JOB_QUEUED)
        holder_cancel(holder, END_EXPIRED);
}

/* From here on it may only wait so long. */
static void wait_for_turn(struct holder *holder)
{
    uint64_t expires_ms = plan_of(holder)->queue_timeout_ms;
    if (expires_ms > 0)
        uv_timer_start(&holder->attempt_timer, on_expired, expires_ms, 0);
}

/* It waited for its time: from here on for its turn, or for nothing. */
static void on_due(struct alarm *alarm)
{
    struct holder *holder = alarm->data;
    if (holder->state != JOB_QUEUED || holder->info.due_ns == 0)
        return;
    holder->info.due_ns = 0;
    if (!needs_turn(holder)) {
        launch_now(holder);
        return;
    }
    wait_for_turn(holder);
    holder_changed(holder);
}

/* In state queued from now on, and not to be started before due_ns (0 = at once). */
static void wait_for_start(struct holder *holder, uint64_t due_ns)
{
    holder->state = state_after(holder->state, STATE_WAIT);
    holder_watch_wait_no_more(holder);
    holder->info.due_ns = due_ns;
    if (holder->info.attempt > 0) /* the first one's turn counts from its submission */
        holder->info.queued_ns = clock_realtime_ns();
    int r = due_ns > 0 ? alarm_set(&holder->due, &holder->loop, due_ns) : 0;
    if (r < 0)
        log_error("cannot wait for the time to start: %s", strerror(-r));
    if (due_ns == 0)
        wait_for_turn(holder);
}

bool holder_waits(struct holder *holder)
{
    const struct job_plan *plan = plan_of(holder);
    if (!plan)
        return false;
    alarm_init(&holder->due, on_due, holder);
    uint64_t now = clock_realtime_ns();
    uint64_t due = plan->not_before_ns > now ? plan->not_before_ns : now;
    if (plan->every)
        schedule_next(plan->every, 0, due, &due);
    holder->scheduled_ns = due;
    if (due <= now && !needs_turn(holder))
        return false;
    wait_for_start(holder, due > now ? due : 0);
    return true;
}

/* An attempt begins */

static void drop_oldest_attempt(struct wire_structs *list)
{
    struct job_attempt *items = list->items;
    wire_clear(&job_attempt_fields, &items[0]);
    memmove(items, items + 1, (list->len - 1) * sizeof(*items));
    list->len--;
}

/* The attempt that is being started gets an entry. Without memory for it, it goes without one. */
static void note_attempt(struct holder *holder)
{
    struct wire_structs *list = &holder->info.attempts;
    if (!plan_of(holder) && holder->info.attempt == 1)
        return;
    if (list->len >= JOB_ATTEMPTS_KEPT)
        drop_oldest_attempt(list);
    struct job_attempt *items = realloc(list->items, (list->len + 1) * sizeof(*items));
    if (!items)
        return;
    list->items = items;
    items[list->len++] =
        (struct job_attempt){.number = holder->info.attempt, .log_from = holder->journal.next};
}

static struct job_attempt *this_attempt(struct holder *holder)
{
    struct wire_structs *list = &holder->info.attempts;
    struct job_attempt *last = list->len ? (struct job_attempt *)list->items + list->len - 1 : NULL;
    return last && last->number == holder->info.attempt ? last : NULL;
}

/* Only the job has it from now on: the end of its output is seen by that. */
static void let_go_of_slave(struct holder *holder)
{
    holder->pts_fd = fd_close(holder->pts_fd);
    if (holder->pipes)
        pipes_close_job_fds(holder->pipes);
}

/* What has run before on this terminal has perhaps left it otherwise: that is not for this one. */
static int run_program(struct holder *holder, bool first, enum start_stage *ret_stage)
{
    *ret_stage = START_PTY;
    if (!first && !holder->pipes && tcsetattr(holder->pts_fd, TCSANOW, &holder->settings) < 0)
        return -errno;
    holder->ending = END_NONE;
    int r = holder_fork(holder, ret_stage);
    if (!holder_may_start_again(holder))
        let_go_of_slave(holder);
    return r;
}

int holder_launch(struct holder *holder, enum start_stage *ret_stage)
{
    bool first = holder->info.attempt == 0;
    *ret_stage = START_FORK;
    int r = holder_watch_open(holder);
    if (r < 0)
        return r;
    holder_watch_begin(holder);
    holder->info.attempt++;
    note_attempt(holder);
    return run_program(holder, first, ret_stage);
}

void holder_start_program(struct holder *holder)
{
    enum start_stage stage;
    forget_end(holder);
    holder->state = state_after(holder->state, STATE_DELAY);
    holder->state = state_after(holder->state, STATE_BEGIN);
    int r = run_program(holder, false, &stage);
    if (r < 0)
        holder_fail_start(holder, stage, -r);
    else
        holder_changed(holder);
}

static void on_timeout(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    /* Who is being killed already has the grace that was given with that. */
    if ((holder->state != JOB_RUNNING && holder->state != JOB_STOPPED) || holder->killer.active)
        return;
    enum end_reason before = holder->ending;
    if (!before)
        holder->ending = END_TIMEOUT;
    int r = killer_start(&holder->killer, holder->launch.pid, holder->grace_ms);
    if (r == 0)
        return;
    holder->ending = before;
    log_warn("its time is over, but it cannot be ended: %s", strerror(-r));
}

void holder_note_started(struct holder *holder)
{
    const struct job_plan *plan = plan_of(holder);
    struct job_attempt *attempt = this_attempt(holder);
    uint64_t now = clock_realtime_ns();
    if (holder->info.started_ns == 0)
        holder->info.started_ns = now;
    holder->info.used_ns = now;
    if (attempt && !holder_watch_is_preparing(holder))
        attempt->started_ns = now;
    if (plan && plan->timeout_ms > 0)
        uv_timer_start(&holder->attempt_timer, on_timeout, plan->timeout_ms, 0);
}

/* An attempt is over */

void holder_say_line(struct holder *holder, const char *format, ...)
{
    struct bytes text = {0};
    char *line = NULL;
    va_list args;
    if (holder->plain_opost)
        return; /* the output is somebody's data */
    va_start(args, format);
    int n = vasprintf(&line, format, args);
    va_end(args);
    if (n < 0)
        return;
    tracker_settle(holder->tracker);
    if (tracker_undo(holder->tracker, &text) == 0 && bytes_printf(&text, "[js: %s]\r\n", line) == 0)
        holder_say(holder, text.data, text.len);
    bytes_finish(&text);
    free(line);
}

static void say_next(struct holder *holder, const char *when)
{
    char how[JOB_END_TEXT_MAX];
    job_end_text(holder->info.end, how);
    if (holder_watch_is_preparing(holder))
        holder_say_line(holder, "%.200s %s: attempt %" PRIu32 " is not started; the next one %s",
                        plan_of(holder)->before, how, holder->info.attempt, when);
    else
        holder_say_line(holder, "attempt %" PRIu32 " %s; the next one %s", holder->info.attempt,
                        how, when);
}

void holder_close_attempt(struct holder *holder)
{
    struct job_attempt *attempt = this_attempt(holder);
    if (!attempt || attempt->end)
        return;
    attempt->ended_ns = clock_realtime_ns();
    attempt->log_to = holder->journal.next;
    attempt->end = malloc(sizeof(*attempt->end));
    if (attempt->end && holder->info.end)
        *attempt->end = *holder->info.end;
}

void holder_start_next(struct holder *holder)
{
    uv_timer_stop(&holder->attempt_timer);
    holder->info.due_ns = 0;
    if (holder->state == JOB_EXITING)
        holder->state = state_after(holder->state, STATE_DELAY);
    if (!needs_turn(holder)) {
        launch_now(holder);
        return;
    }
    wait_for_start(holder, 0);
    holder_changed(holder);
}

static void on_delay_over(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    if (holder->state != JOB_BACKOFF)
        return;
    holder_start_next(holder);
}

static void delay(struct holder *holder, uint64_t delay_ms)
{
    char when[64];
    if (delay_ms < 60000)
        snprintf(when, sizeof(when), "in %.1f s", (double)delay_ms / 1000);
    else
        snprintf(when, sizeof(when), "in %" PRIu64 " min", delay_ms / 60000);
    say_next(holder, when);
    holder->state = state_after(holder->state, STATE_DELAY);
    holder->info.due_ns = clock_realtime_ns() + delay_ms * NS_PER_MS;
    uv_timer_start(&holder->attempt_timer, on_delay_over, delay_ms, 0);
}

void holder_wait_for_event(struct holder *holder, const char *when)
{
    say_next(holder, when);
    holder->state = state_after(holder->state, STATE_DELAY);
}

/* A job with a schedule, until its next time. */
static void wait_for_time(struct holder *holder)
{
    uint64_t due = holder->scheduled_ns, now = clock_realtime_ns();
    char when[64] = "";
    /* An attempt that `retry` has asked for is one more: the one that was due is due still. */
    if (!holder->hurried || due <= now)
        schedule_next(plan_of(holder)->every, holder->scheduled_ns, now, &due);
    holder->hurried = false;
    time_t at = (time_t)(due / 1000000000u);
    struct tm local;
    if (localtime_r(&at, &local))
        strftime(when, sizeof(when), "at %F %T", &local);
    say_next(holder, when);
    holder->scheduled_ns = due;
    wait_for_start(holder, due);
}

/* After an attempt that was not ended for a change. */
static bool wait_for_next(struct holder *holder)
{
    const struct job_plan *plan = plan_of(holder);
    struct restart next = {.failures = holder->info.failures};
    /* What comes before the program fails for a reason in the files: time does not mend that. */
    if (!holder_watch_is_preparing(holder))
        next = restart_after(plan, holder->info.end, holder->info.failures, chance());
    holder->info.failures = next.failures;
    if (next.again)
        delay(holder, next.delay_ms);
    else if (plan->every)
        wait_for_time(holder);
    else
        return holder_watch_waits(holder);
    return true;
}

bool holder_goes_on(struct holder *holder)
{
    if (holder_watch_goes_on(holder))
        return true;
    holder_close_attempt(holder);
    if (!plan_of(holder) || holder->last || !holder->info.end)
        return false;
    if (holder_watch_has_change(holder)) {
        forget_end(holder);
        holder_start_next(holder);
        return true;
    }
    if (!wait_for_next(holder))
        return false;
    forget_end(holder);
    holder_changed(holder);
    return true;
}

int holder_hurry(struct holder *holder)
{
    bool waits =
        holder->state == JOB_BACKOFF || (holder->state == JOB_QUEUED && holder->info.due_ns > 0);
    if (!waits)
        return -EBUSY;
    holder->hurried = holder->state == JOB_QUEUED;
    holder->info.due_ns = 0;
    alarm_clear(&holder->due);
    if (!needs_turn(holder)) {
        launch_now(holder);
        return 0;
    }
    if (holder->state == JOB_BACKOFF)
        wait_for_start(holder, 0);
    else
        wait_for_turn(holder);
    holder_changed(holder);
    return 0;
}

/* Of a job whose attempts were not noted there was one, and the whole log is of it. */
static int note_first_attempt(struct holder *holder, const struct job_info *before)
{
    struct job_attempt *attempt = calloc(1, sizeof(*attempt));
    if (!attempt)
        return -ENOMEM;
    *attempt = (struct job_attempt){.number = before->attempt,
                                    .log_to = before->log_next,
                                    .started_ns = before->started_ns,
                                    .ended_ns = before->ended_ns};
    attempt->end = before->end ? malloc(sizeof(*attempt->end)) : NULL;
    if (attempt->end)
        *attempt->end = *before->end;
    holder->info.attempts = (struct wire_structs){.items = attempt, .len = 1};
    return 0;
}

int holder_resume(struct holder *holder, const struct job_info *before)
{
    struct job_info copy = {0};
    int r = wire_copy(&job_info_fields, &copy, before);
    if (r < 0)
        return r;
    holder->known = true;
    holder->info.created_ns = copy.created_ns;
    holder->info.attempt = copy.attempt;
    holder->info.attempts = copy.attempts;
    holder->info.plan = copy.plan;
    holder->info.usage = copy.usage;
    if (copy.usage)
        holder->earlier = *copy.usage;
    copy.usage = NULL;
    copy.attempts = (struct wire_structs){0};
    copy.plan = NULL;
    if (holder->info.attempts.len == 0 && before->attempt > 0)
        r = note_first_attempt(holder, before);
    wire_clear(&job_info_fields, &copy);
    return r;
}

bool holder_may_start_again(const struct holder *holder)
{
    const struct job_plan *plan = plan_of(holder);
    return plan && (plan->restart != RESTART_NEVER || plan->every || plan->watch.len > 0);
}

void holder_cancel(struct holder *holder, enum end_reason reason)
{
    struct job_end *end = calloc(1, sizeof(*end));
    bool never_ran = holder->info.attempt == 0;
    if (end) {
        end->reason = reason == END_KILLED && never_ran ? END_CANCELED : reason;
        end->code = -1;
        /* As if it had been there to get it; END_SIGNALED: it was the terminal's ^C. */
        end->signal = reason == END_EXPIRED ? 0 : reason == END_SIGNALED ? SIGINT : SIGTERM;
    }
    holder->info.end = end;
    holder->state = state_after(holder->state, STATE_CANCEL);
    holder_end(holder);
}
