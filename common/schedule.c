#include "common/schedule.h"

#include <errno.h>

#include "common/duration.h"

#define NS_PER_MS 1000000u

int schedule_next(const char *schedule, uint64_t last_ns, uint64_t now_ns, uint64_t *ret_ns)
{
    uint64_t ms;
    if (duration_parse(schedule, &ms) < 0 || ms == 0)
        return -EINVAL;
    uint64_t interval = ms * NS_PER_MS;
    if (last_ns == 0)
        *ret_ns = now_ns;
    else if (last_ns > now_ns) /* the clock was set back */
        *ret_ns = last_ns;
    else
        *ret_ns = last_ns + ((now_ns - last_ns) / interval + 1) * interval;
    return 0;
}
