/* Times: nanoseconds since the epoch for people and records; loops use uv_now for intervals. */
#ifndef JS_COMMON_CLOCK_H
#define JS_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_realtime_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
