/*
 * When a job with a schedule (job_plan::every) is started again.
 *
 *   schedule = duration            (common/duration.h; above zero)
 *
 * A time that has passed while the job ran, or while the machine slept, is left out: it is started
 * once, at the next time after now.
 */
#ifndef JS_COMMON_SCHEDULE_H
#define JS_COMMON_SCHEDULE_H

#include <stdint.h>

/*
 * The first time of the schedule that is after now_ns, when the last one was last_ns. With last_ns
 * 0 there was none: now_ns itself may be the first. Nanoseconds since the epoch. 0, or -EINVAL
 * (*ret_ns is untouched).
 */
int schedule_next(const char *schedule, uint64_t last_ns, uint64_t now_ns, uint64_t *ret_ns);

#endif
