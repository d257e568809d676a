#include "server/holder/alarm.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/fd.h"

void alarm_init(struct alarm *alarm, alarm_due_fn on_due, void *data)
{
    *alarm = (struct alarm){.fd = -1, .on_due = on_due, .data = data};
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct alarm *alarm = poll->data;
    uint64_t times;
    if (read(alarm->fd, &times, sizeof(times)) == (ssize_t)sizeof(times))
        alarm->on_due(alarm);
}

static int open_timer(struct alarm *alarm, uv_loop_t *loop)
{
    _cleanup_fd_ int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    int r = uv_poll_init(loop, &alarm->poll, fd);
    if (r < 0)
        return r;
    alarm->fd = fd_take(&fd);
    alarm->poll.data = alarm;
    return uv_poll_start(&alarm->poll, UV_READABLE, on_poll);
}

int alarm_set(struct alarm *alarm, uv_loop_t *loop, uint64_t due_ns)
{
    /* A value of zero would disarm it. */
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(due_ns / 1000000000u),
                                           .tv_nsec = (long)(due_ns % 1000000000u) | 1}};
    int r = alarm->fd < 0 ? open_timer(alarm, loop) : 0;
    if (r == 0 && timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
        r = -errno;
    return r;
}

void alarm_clear(struct alarm *alarm)
{
    struct itimerspec never = {0};
    if (alarm->fd >= 0)
        timerfd_settime(alarm->fd, 0, &never, NULL);
}

void alarm_close(struct alarm *alarm)
{
    if (alarm->fd < 0)
        return;
    uv_close((uv_handle_t *)&alarm->poll, NULL);
    alarm->fd = fd_close(alarm->fd);
}
