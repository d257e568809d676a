/*
 * One call at a time of the wall clock, also when the clock is set or the machine sleeps meanwhile
 * (timerfd_create(2), CLOCK_REALTIME; libuv's timers count CLOCK_MONOTONIC, which stands still in a
 * sleep).
 */
#ifndef JS_SERVER_HOLDER_ALARM_H
#define JS_SERVER_HOLDER_ALARM_H

#include <stdbool.h>
#include <uv.h>

struct alarm;

typedef void (*alarm_due_fn)(struct alarm *alarm);

struct alarm {
    uv_poll_t poll;
    int fd; /* owned; -1 = not open */
    alarm_due_fn on_due;
    void *data; /* the owner's */
};

/* Nothing is open before the first alarm_set. */
void alarm_init(struct alarm *alarm, alarm_due_fn on_due, void *data);

/* Calls on_due once, at due_ns (nanoseconds since the epoch), or soon when that is past; instead of
 * what was set before. 0 or -errno. */
int alarm_set(struct alarm *alarm, uv_loop_t *loop, uint64_t due_ns);

/* Takes it back. */
void alarm_clear(struct alarm *alarm);

/* Closes it (asynchronous, as uv_close). Safe to call twice. */
void alarm_close(struct alarm *alarm);

#endif
