#include "common/schedule.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/cron.h"
#include "common/duration.h"

#define NS_PER_MS 1000000u

static int check_line(const char *text, char *why, size_t size)
{
    struct cron cron;
    char wrong[128];
    uint64_t next;
    int r = cron_parse(text, &cron, wrong, sizeof(wrong));
    if (r < 0)
        snprintf(why, size, "%s: " CRON_SYNTAX, wrong);
    else if (cron_next(&cron, clock_realtime_ns(), &next) < 0)
        snprintf(why, size, "that day never comes");
    else
        return 0;
    return -EINVAL;
}

int schedule_check(const char *schedule, char *why, size_t size)
{
    uint64_t ms;
    if (cron_is_line(schedule))
        return check_line(schedule, why, size);
    if (duration_parse(schedule, &ms) < 0)
        snprintf(why, size, DURATION_SYNTAX ", or a cron line: " CRON_SYNTAX);
    else if (ms < SCHEDULE_LEAST_MS)
        snprintf(why, size, "at least 1s; --restart always:TIME takes less");
    else
        return 0;
    return -EINVAL;
}

static int next_of_line(const char *line, uint64_t last_ns, uint64_t now_ns, uint64_t *ret_ns)
{
    struct cron cron;
    char why[128];
    int r = cron_parse(line, &cron, why, sizeof(why));
    return r < 0 ? r : cron_next(&cron, last_ns > now_ns ? last_ns : now_ns, ret_ns);
}

int schedule_next(const char *schedule, uint64_t last_ns, uint64_t now_ns, uint64_t *ret_ns)
{
    uint64_t ms;
    if (cron_is_line(schedule))
        return next_of_line(schedule, last_ns, now_ns, ret_ns);
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
