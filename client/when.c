#include "client/when.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/duration.h"

#define NS_PER_S UINT64_C(1000000000)
#define LATEST   (INT64_MAX / (int64_t)NS_PER_S) /* seconds that still fit */

/* count digits, a number of at most `most`. Moves *at behind them. */
static bool read_digits(const char **at, int count, int most, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += count;
    *ret = value;
    return value <= most;
}

static bool skip(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* ".5": the point and the digits behind it, if they are there. What is below 1 ns is dropped. */
static bool read_fraction(const char **at, uint64_t *ret_ns)
{
    uint64_t scale = NS_PER_S;
    *ret_ns = 0;
    if (!skip(at, '.'))
        return true;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        scale /= 10;
        *ret_ns += scale * (uint64_t)(**at - '0');
    }
    return true;
}

static bool read_date(const char **at, struct tm *tm)
{
    int year, month;
    if (!read_digits(at, 4, 9999, &year) || !skip(at, '-') || !read_digits(at, 2, 12, &month) ||
        !skip(at, '-') || !read_digits(at, 2, 31, &tm->tm_mday))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    return year >= 1970 && month >= 1 && tm->tm_mday >= 1;
}

static bool read_time(const char **at, struct tm *tm, uint64_t *ret_ns)
{
    *ret_ns = 0;
    if (!read_digits(at, 2, 23, &tm->tm_hour) || !skip(at, ':') ||
        !read_digits(at, 2, 59, &tm->tm_min))
        return false;
    if (!skip(at, ':'))
        return true;
    return read_digits(at, 2, 60, &tm->tm_sec) && read_fraction(at, ret_ns);
}

/* "Z", "+01:00", "-0530", or nothing for local time. */
static bool read_zone(const char **at, bool *ret_local, int64_t *ret_offset)
{
    int hours, minutes;
    *ret_offset = 0;
    *ret_local = **at == '\0';
    if (*ret_local || skip(at, 'Z') || skip(at, 'z'))
        return true;
    bool west = **at == '-';
    if (!skip(at, '+') && !skip(at, '-'))
        return false;
    if (!read_digits(at, 2, 23, &hours))
        return false;
    skip(at, ':');
    if (!read_digits(at, 2, 59, &minutes))
        return false;
    *ret_offset = (west ? -1 : 1) * (hours * 60 + minutes) * 60;
    return true;
}

/* The day was there: 31 February is not. */
static bool to_seconds(struct tm *tm, bool local, int64_t *ret)
{
    int day = tm->tm_mday;
    tm->tm_isdst = -1;
    time_t seconds = local ? mktime(tm) : timegm(tm);
    *ret = seconds;
    return tm->tm_mday == day;
}

static bool read_calendar(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
    const char *at = text;
    time_t now = (time_t)(now_ns / NS_PER_S);
    struct tm tm;
    uint64_t fraction = 0;
    int64_t seconds, offset = 0;
    bool local = true, has_date = strchr(text, '-') != NULL, has_time = true;
    if (!localtime_r(&now, &tm))
        return false;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    if (has_date) {
        if (!read_date(&at, &tm))
            return false;
        has_time = skip(&at, 'T') || skip(&at, 't') || skip(&at, ' ');
    }
    if (has_time && !read_time(&at, &tm, &fraction))
        return false;
    if (has_date && has_time && !read_zone(&at, &local, &offset))
        return false;
    if (*at != '\0' || !to_seconds(&tm, local, &seconds))
        return false;
    seconds -= offset;
    if (seconds < 0 || seconds >= LATEST)
        return false;
    *ret_ns = (uint64_t)seconds * NS_PER_S + fraction;
    return true;
}

static bool read_epoch(const char *text, uint64_t *ret_ns)
{
    const char *at = text;
    uint64_t seconds = 0, fraction;
    if (!skip(&at, '@') || *at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        seconds = seconds * 10 + (uint64_t)(*at - '0');
        if (seconds >= (uint64_t)LATEST)
            return false;
    }
    if (!read_fraction(&at, &fraction) || *at != '\0')
        return false;
    *ret_ns = seconds * NS_PER_S + fraction;
    return true;
}

int when_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
    uint64_t ms;
    if (read_epoch(text, ret_ns) || read_calendar(text, now_ns, ret_ns))
        return 0;
    if (duration_parse(text, &ms) < 0)
        return -EINVAL;
    uint64_t ago = ms * (NS_PER_S / 1000);
    *ret_ns = ago < now_ns ? now_ns - ago : 0;
    return 0;
}
