#include "common/every.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/cron.h"
#include "common/duration.h"

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

int every_check(const char *text, char *why, size_t size)
{
    uint64_t ms;
    if (cron_is_line(text))
        return check_line(text, why, size);
    if (duration_parse(text, &ms) < 0)
        snprintf(why, size, DURATION_SYNTAX ", or a cron line: " CRON_SYNTAX);
    else if (ms < EVERY_LEAST_MS)
        snprintf(why, size, "at least 1s; --restart always:TIME takes less");
    else
        return 0;
    return -EINVAL;
}

int every_next(const char *text, uint64_t after_ns, uint64_t *ret_ns)
{
    struct cron cron;
    char why[128];
    uint64_t ms;
    if (cron_is_line(text)) {
        int r = cron_parse(text, &cron, why, sizeof(why));
        return r < 0 ? r : cron_next(&cron, after_ns, ret_ns);
    }
    int r = duration_parse(text, &ms);
    if (r == 0)
        *ret_ns = after_ns + ms * 1000000u;
    return r;
}
