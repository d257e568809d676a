/*
 * Cron lines: five fields, as in crontab(5).
 *
 *   minute hour day-of-month month day-of-week
 *
 *   field = "*" [ "/" step ] | item { "," item }
 *   item  = value [ "-" value [ "/" step ] ]
 *
 * Months and days of the week may be named (jan, mon; case does not matter), 0 and 7 are Sunday.
 * When both days are restricted (neither begins with "*"), one of them is enough. @hourly, @daily,
 * @midnight, @weekly, @monthly, @yearly and @annually stand for the lines that crontab(5) gives.
 *
 * Times are local. When clocks are put forward, what a fixed hour has in the hour that is left out
 * comes at the moment of the change; when they are put back, only the first of two equal times
 * counts. Lines whose hour is "*" go by the time that passes: nothing is left out or made up.
 */
#ifndef JS_COMMON_CRON_H
#define JS_COMMON_CRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRON_SYNTAX                                                                                \
    "write five fields, minute hour day month weekday ('0 3 * * mon-fri'), or @hourly, @daily, "   \
    "@weekly, @monthly, @yearly"

/* Bit n: the value n. */
struct cron {
    uint64_t minutes;
    uint32_t hours, days, months, weekdays;
    bool any_hour, any_day, any_weekday; /* the field begins with "*" */
};

/* Reads all of text. 0, or -EINVAL with why (of size bytes): the field and what is wrong. */
int cron_parse(const char *text, struct cron *ret, char *why, size_t size);

/*
 * The first moment after after_ns (nanoseconds since the epoch) that fits the line. 0, or -ENOENT:
 * there is none within ten years, as on 30 February.
 */
int cron_next(const struct cron *cron, uint64_t after_ns, uint64_t *ret_ns);

/* Whether text is meant as a cron line, and not as a duration: it has a blank or begins with "@".
 */
bool cron_is_line(const char *text);

#endif
