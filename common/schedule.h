/*
 * When a job with a schedule (job_plan::every) is started again.
 *
 *   schedule = duration            (common/duration.h; at least a second)
 *            | cron line           (common/cron.h)
 *
 * The first time of a duration is now. A time that has passed while the job ran, or while the
 * machine slept, is left out: it is started once, at the next time after now.
 */
#ifndef JS_COMMON_SCHEDULE_H
#define JS_COMMON_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_LEAST_MS 1000u /* shorter ones are a loop, and for --restart */

/* 0; -EINVAL with why (of size bytes): what is wrong with it, and what to write. */
int schedule_check(const char *schedule, char *why, size_t size);

/*
 * The first time of the schedule that is after now_ns, when the last one was last_ns. With last_ns
 * 0 there was none: of a duration now_ns itself is the first. Nanoseconds since the epoch. 0,
 * -EINVAL for what schedule_check refuses, or -ENOENT for a line whose day never comes (*ret_ns is
 * untouched).
 */
int schedule_next(const char *schedule, uint64_t last_ns, uint64_t now_ns, uint64_t *ret_ns);

#endif
