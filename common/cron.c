#include "common/cron.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NS_PER_S   UINT64_C(1000000000)
#define DAYS_AHEAD (10 * 366)
#define HALF_DAY_S (12 * 60 * 60)

struct field {
    const char *name;
    unsigned least, most;
    const char *const *words; /* for least, least + 1, ...; NULL = numbers only */
    size_t word_count;
};

static const char *const month_words[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const day_words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct field fields[] = {
    {"minute", 0, 59, NULL, 0},
    {"hour", 0, 23, NULL, 0},
    {"day of the month", 1, 31, NULL, 0},
    {"month", 1, 12, month_words, 12},
    {"day of the week", 0, 7, day_words, 7},
};

static const struct {
    const char *name, *line;
} nicknames[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

bool cron_is_line(const char *text)
{
    return text[0] == '@' || strpbrk(text, " \t");
}

/* Parsing */

static bool read_number(const char **at, unsigned *ret)
{
    unsigned value = 0;
    const char *from = *at;
    for (; **at >= '0' && **at <= '9' && *at - from < 4; (*at)++)
        value = value * 10 + (unsigned)(**at - '0');
    *ret = value;
    return *at > from && !(**at >= '0' && **at <= '9');
}

/* A number of the field, or one of its words. */
static bool read_value(const struct field *field, const char **at, unsigned *ret)
{
    for (size_t i = 0; i < field->word_count; i++) {
        if (strncasecmp(*at, field->words[i], 3) != 0)
            continue;
        *at += 3;
        *ret = field->least + (unsigned)i;
        return true;
    }
    return read_number(at, ret) && *ret >= field->least && *ret <= field->most;
}

/* "/5", if it is there. */
static bool read_step(const char **at, unsigned *ret)
{
    *ret = 1;
    if (**at != '/')
        return true;
    (*at)++;
    return read_number(at, ret) && *ret > 0;
}

static bool read_item(const struct field *field, const char **at, uint64_t *bits)
{
    unsigned first = field->least, last = field->most, step = 1;
    if (**at == '*') {
        (*at)++;
        if (!read_step(at, &step))
            return false;
    } else {
        if (!read_value(field, at, &first))
            return false;
        last = first;
        if (**at == '-') {
            (*at)++;
            if (!read_value(field, at, &last) || last < first || !read_step(at, &step))
                return false;
        }
    }
    for (unsigned value = first; value <= last; value += step)
        *bits |= UINT64_C(1) << value;
    return true;
}

static bool read_field(const struct field *field, const char **at, uint64_t *ret)
{
    *ret = 0;
    do {
        if (!read_item(field, at, ret))
            return false;
    } while (**at == ',' && (*at)++);
    return **at == '\0' || **at == ' ' || **at == '\t';
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static int parse_fields(const char *text, struct cron *ret, char *why, size_t size)
{
    uint64_t bits[5];
    bool any[5];
    const char *at = skip_blanks(text);
    for (size_t i = 0; i < 5; i++) {
        const char *from = at;
        if (*at == '\0') {
            snprintf(why, size, "the %s is missing", fields[i].name);
            return -EINVAL;
        }
        any[i] = *at == '*';
        if (!read_field(&fields[i], &at, &bits[i])) {
            snprintf(why, size, "'%.*s' is no %s (%u to %u)", (int)strcspn(from, " \t"), from,
                     fields[i].name, fields[i].least, fields[i].most);
            return -EINVAL;
        }
        at = skip_blanks(at);
    }
    if (*at != '\0') {
        snprintf(why, size, "there is more than five fields: '%.40s'", at);
        return -EINVAL;
    }
    *ret = (struct cron){
        .minutes = bits[0],
        .hours = (uint32_t)bits[1],
        .days = (uint32_t)bits[2],
        .months = (uint32_t)bits[3],
        .weekdays = (uint32_t)((bits[4] | bits[4] >> 7) & 0x7f),
        .any_hour = any[1],
        .any_day = any[2],
        .any_weekday = any[4],
    };
    return 0;
}

int cron_parse(const char *text, struct cron *ret, char *why, size_t size)
{
    if (text[0] != '@')
        return parse_fields(text, ret, why, size);
    for (size_t i = 0; i < sizeof(nicknames) / sizeof(nicknames[0]); i++)
        if (strcasecmp(text, nicknames[i].name) == 0)
            return parse_fields(nicknames[i].line, ret, why, size);
    snprintf(why, size, "there is no '%.40s'", text);
    return -EINVAL;
}

/* The next time */

static bool fits_day(const struct cron *cron, const struct tm *tm)
{
    bool day = cron->days >> tm->tm_mday & 1, weekday = cron->weekdays >> tm->tm_wday & 1;
    if (!(cron->months >> (tm->tm_mon + 1) & 1))
        return false;
    return cron->any_day || cron->any_weekday ? day && weekday : day || weekday;
}

static bool fits_time(const struct cron *cron, int hour, int minute)
{
    return cron->hours >> hour & 1 && cron->minutes >> minute & 1;
}

/* Whether a fixed time is among those that the clock leaves out before tm, `minutes` of them. */
static bool fits_left_out(const struct cron *cron, const struct tm *tm, long minutes)
{
    int now = tm->tm_hour * 60 + tm->tm_min;
    for (int at = now - (int)minutes; at < now; at++)
        if (at >= 0 && fits_time(cron, at / 60, at % 60))
            return true;
    return false;
}

/*
 * The first moment after `after` on the local day that begins at `day`: every minute of it is
 * looked at, at most 1,500 of them, so that a change of the clock is seen where it happens.
 */
static bool next_on_day(const struct cron *cron, time_t day, time_t after, time_t *ret)
{
    struct tm begin, tm;
    time_t before = day - 60, again_until = day;
    if (!localtime_r(&day, &begin) || !localtime_r(&before, &tm))
        return false;
    long offset = tm.tm_gmtoff;
    for (time_t t = day; localtime_r(&t, &tm) && tm.tm_mday == begin.tm_mday; t += 60) {
        long moved = tm.tm_gmtoff - offset;
        offset = tm.tm_gmtoff;
        if (moved < 0)
            again_until = t - moved;
        bool fits = fits_time(cron, tm.tm_hour, tm.tm_min);
        if (!cron->any_hour)
            fits =
                (fits && t >= again_until) || (moved > 0 && fits_left_out(cron, &tm, moved / 60));
        if (fits && t > after) {
            *ret = t;
            return true;
        }
    }
    return false;
}

/* The beginning of the local day `days` behind that of tm; it need not be at midnight. */
static time_t day_begin(const struct tm *tm, int days)
{
    struct tm day = {.tm_year = tm->tm_year,
                     .tm_mon = tm->tm_mon,
                     .tm_mday = tm->tm_mday + days,
                     .tm_hour = 12,
                     .tm_isdst = -1};
    time_t noon = mktime(&day), begin = noon;
    int wanted = day.tm_mday;
    /* Minutes may be counted from either side of a change; whole minutes exist on both. */
    for (time_t back = HALF_DAY_S + 2 * 60 * 60; back > 0; back -= 15 * 60) {
        begin = noon - back;
        if (localtime_r(&begin, &day) && day.tm_mday == wanted)
            return begin;
    }
    return noon;
}

int cron_next(const struct cron *cron, uint64_t after_ns, uint64_t *ret_ns)
{
    time_t after = (time_t)(after_ns / NS_PER_S), found;
    struct tm today;
    if (!localtime_r(&after, &today))
        return -ENOENT;
    for (int i = 0; i < DAYS_AHEAD; i++) {
        struct tm day = {.tm_year = today.tm_year,
                         .tm_mon = today.tm_mon,
                         .tm_mday = today.tm_mday + i,
                         .tm_hour = 12};
        timegm(&day); /* brings date and weekday in order */
        if (fits_day(cron, &day) && next_on_day(cron, day_begin(&today, i), after, &found)) {
            *ret_ns = (uint64_t)found * NS_PER_S;
            return 0;
        }
    }
    return -ENOENT;
}
