#include "common/cron.h"
#include "common/schedule.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Middle Europe: forward at 2:00 on the last Sunday of March, back at 3:00 on October's. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

/* "2026-03-29 01:59" of the zone UTC, in nanoseconds since the epoch. */
static uint64_t utc(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d %H:%M", &tm);
    ck_assert_msg(end && *end == '\0', "'%s'", text);
    return (uint64_t)timegm(&tm) * 1000000000u;
}

static void check_next(const char *line, const char *after, const char *expected)
{
    struct cron cron;
    char why[128], got[32];
    uint64_t next = 0;
    ck_assert_msg(cron_parse(line, &cron, why, sizeof(why)) == 0, "'%s': %s", line, why);
    ck_assert_msg(cron_next(&cron, utc(after), &next) == 0, "'%s' after %s", line, after);
    time_t seconds = (time_t)(next / 1000000000u);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(got, sizeof(got), "%Y-%m-%d %H:%M", &tm);
    ck_assert_msg(strcmp(got, expected) == 0 && next % 60000000000u == 0,
                  "'%s' after %s: %s, not %s", line, after, got, expected);
}

static const struct {
    const char *line, *after, *next;
} plain_cases[] = {
    {"* * * * *", "2026-11-20 18:30", "2026-11-20 18:31"},
    {"*/15 * * * *", "2026-11-20 18:30", "2026-11-20 18:45"},
    {"5-59/20 * * * *", "2026-11-20 18:46", "2026-11-20 19:05"},
    {"0 3 * * *", "2026-11-20 02:59", "2026-11-20 03:00"},
    {"0 3 * * *", "2026-11-20 03:00", "2026-11-21 03:00"},
    {" 0\t3 * * * ", "2026-11-20 03:00", "2026-11-21 03:00"},
    {"30 18 * * 5", "2026-11-20 18:30", "2026-11-27 18:30"},
    {"30 18 * * Fri", "2026-11-20 18:29", "2026-11-20 18:30"},
    {"0 9 * * mon-fri", "2026-11-20 10:00", "2026-11-23 09:00"},
    {"0 0 * * 7", "2026-11-20 00:00", "2026-11-22 00:00"},
    {"0 0 * * 5-7", "2026-11-21 00:00", "2026-11-22 00:00"},
    {"0 0 1 * *", "2026-11-20 00:00", "2026-12-01 00:00"},
    {"0 0 1 jan *", "2026-11-20 00:00", "2027-01-01 00:00"},
    {"0 0 31 * *", "2026-11-20 00:00", "2026-12-31 00:00"},
    {"0 0 29 2 *", "2026-11-20 00:00", "2028-02-29 00:00"},
    {"0 0 29 2 *", "2097-01-01 00:00", "2104-02-29 00:00"},
    /* One of the days is enough when both are given, not when one begins with "*". */
    {"0 0 13 * 5", "2026-11-20 00:00", "2026-11-27 00:00"},
    {"0 0 13 * 5", "2026-12-11 00:00", "2026-12-13 00:00"},
    {"0 0 13 * *", "2026-11-20 00:00", "2026-12-13 00:00"},
    {"0 0 */2 * 5", "2026-11-20 00:00", "2026-11-27 00:00"},
    {"0,30 8,20 * * *", "2026-11-20 08:30", "2026-11-20 20:00"},
    {"@hourly", "2026-11-20 18:30", "2026-11-20 19:00"},
    {"@Daily", "2026-11-20 18:30", "2026-11-21 00:00"},
    {"@weekly", "2026-11-20 18:30", "2026-11-22 00:00"},
    {"@monthly", "2026-11-20 18:30", "2026-12-01 00:00"},
    {"@yearly", "2026-11-20 18:30", "2027-01-01 00:00"},
};

START_TEST(finds_the_next_time)
{
    set_zone("UTC0");
    check_next(plain_cases[_i].line, plain_cases[_i].after, plain_cases[_i].next);
}
END_TEST

/* All in UTC: 2026-03-29 01:00 and 2026-10-25 01:00 are the changes. */
static const struct {
    const char *line, *after, *next;
} change_cases[] = {
    {"30 12 * * *", "2026-07-01 00:00", "2026-07-01 10:30"},
    {"30 12 * * *", "2026-12-01 00:00", "2026-12-01 11:30"},
    /* 2:30 is left out on that day: it comes at 3:00, and is 2:30 again on the next. */
    {"30 2 * * *", "2026-03-28 20:00", "2026-03-29 01:00"},
    {"30 2 * * *", "2026-03-29 01:00", "2026-03-30 00:30"},
    /* What is not in that hour is not touched. */
    {"30 1 * * *", "2026-03-28 20:00", "2026-03-29 00:30"},
    {"30 3 * * *", "2026-03-28 20:00", "2026-03-29 01:30"},
    {"0 3 * * *", "2026-03-29 00:00", "2026-03-29 01:00"},
    {"0 3 * * *", "2026-03-29 01:00", "2026-03-30 01:00"},
    /* 2:30 is there twice: the first counts, whenever one looks. */
    {"30 2 * * *", "2026-10-24 20:00", "2026-10-25 00:30"},
    {"30 2 * * *", "2026-10-25 00:30", "2026-10-26 01:30"},
    {"30 2 * * *", "2026-10-25 01:10", "2026-10-26 01:30"},
    {"30 3 * * *", "2026-10-25 01:10", "2026-10-25 02:30"},
    /* Every hour goes by the time that passes. */
    {"30 * * * *", "2026-10-25 00:30", "2026-10-25 01:30"},
    {"30 * * * *", "2026-10-25 01:30", "2026-10-25 02:30"},
    {"30 * * * *", "2026-03-29 00:30", "2026-03-29 01:30"},
    {"*/20 */1 * * *", "2026-03-29 00:40", "2026-03-29 01:00"},
    /* The days that such a change makes longer or shorter have one midnight each. */
    {"@daily", "2026-10-24 22:00", "2026-10-25 23:00"},
    {"@daily", "2026-03-28 23:00", "2026-03-29 22:00"},
};

START_TEST(knows_that_clocks_are_changed)
{
    set_zone(BERLIN);
    check_next(change_cases[_i].line, change_cases[_i].after, change_cases[_i].next);
}
END_TEST

/* Clocks that go from 24:00 to 1:00: the day has no midnight. */
START_TEST(takes_a_day_without_midnight)
{
    set_zone("<-03>3<-02>,M10.3.0/0,M2.3.0/0");
    check_next("@daily", "2026-10-17 12:00", "2026-10-18 03:00");
    check_next("@daily", "2026-10-18 03:00", "2026-10-19 02:00");
    check_next("30 0 * * *", "2026-10-17 12:00", "2026-10-18 03:00");
    check_next("30 1 * * *", "2026-10-17 12:00", "2026-10-18 03:30");
}
END_TEST

static const struct {
    const char *line, *why;
} bad_cases[] = {
    {"", "the minute is missing"},
    {"* * * *", "the day of the week is missing"},
    {"* * * * * *", "there is more than five fields: '*'"},
    {"60 * * * *", "'60' is no minute (0 to 59)"},
    {"* 24 * * *", "'24' is no hour (0 to 23)"},
    {"* * 0 * *", "'0' is no day of the month (1 to 31)"},
    {"* * * 13 *", "'13' is no month (1 to 12)"},
    {"* * * * 8", "'8' is no day of the week (0 to 7)"},
    {"* * * * montag", "'montag' is no day of the week (0 to 7)"},
    {"5-1 * * * *", "'5-1' is no minute (0 to 59)"},
    {"*/0 * * * *", "'*/0' is no minute (0 to 59)"},
    {"5/10 * * * *", "'5/10' is no minute (0 to 59)"},
    {"1,,2 * * * *", "'1,,2' is no minute (0 to 59)"},
    {"-1 * * * *", "'-1' is no minute (0 to 59)"},
    {"1- * * * *", "'1-' is no minute (0 to 59)"},
    {"00000 * * * *", "'00000' is no minute (0 to 59)"},
    {"*x * * * *", "'*x' is no minute (0 to 59)"},
    {"@reboot", "there is no '@reboot'"},
};

START_TEST(names_the_field_that_is_wrong)
{
    struct cron cron;
    char why[128] = "";
    ck_assert_int_eq(cron_parse(bad_cases[_i].line, &cron, why, sizeof(why)), -EINVAL);
    ck_assert_str_eq(why, bad_cases[_i].why);
}
END_TEST

START_TEST(some_days_never_come)
{
    struct cron cron;
    char why[128];
    uint64_t next = 4711;
    set_zone("UTC0");
    ck_assert_int_eq(cron_parse("0 0 30 2 *", &cron, why, sizeof(why)), 0);
    ck_assert_int_eq(cron_next(&cron, utc("2026-11-20 00:00"), &next), -ENOENT);
    ck_assert_uint_eq(next, 4711);
}
END_TEST

START_TEST(tells_lines_from_durations)
{
    ck_assert(cron_is_line("0 3 * * *"));
    ck_assert(cron_is_line("@daily"));
    ck_assert(!cron_is_line("1h"));
    ck_assert(!cron_is_line("90"));
}
END_TEST

static const struct {
    const char *text, *why; /* NULL: it is right */
} schedules[] = {
    {"1h", NULL},
    {"1", NULL},
    {"0 3 * * *", NULL},
    {"@daily", NULL},
    {"999ms", "at least 1s; --restart always:TIME takes less"},
    {"0", "at least 1s; --restart always:TIME takes less"},
    {"0 0 30 2 *", "that day never comes"},
    {"0 3 * *", "the day of the week is missing: "},
    {"hourly", "write 90 or 1.5 (seconds)"},
};

START_TEST(takes_durations_and_lines)
{
    char why[512] = "";
    const char *expected = schedules[_i].why;
    int r = schedule_check(schedules[_i].text, why, sizeof(why));
    ck_assert_int_eq(r, expected ? -EINVAL : 0);
    ck_assert_msg(!expected || strncmp(why, expected, strlen(expected)) == 0, "%s", why);
}
END_TEST

static const struct {
    const char *schedule, *last, *now, *next; /* last: NULL = there was none */
} times[] = {
    {"1m", NULL, "2026-11-20 18:30", "2026-11-20 18:30"},
    {"1m", "2026-11-20 18:30", "2026-11-20 18:30", "2026-11-20 18:31"},
    {"10m", "2026-11-20 18:30", "2026-11-20 18:39", "2026-11-20 18:40"},
    {"10m", "2026-11-20 18:30", "2026-11-20 18:40", "2026-11-20 18:50"},
    {"10m", "2026-11-20 18:30", "2026-11-20 19:05", "2026-11-20 19:10"},
    {"10m", "2026-11-20 18:30", "2026-11-20 18:00", "2026-11-20 18:30"},
    {"0 3 * * *", NULL, "2026-11-20 18:30", "2026-11-21 03:00"},
    {"0 3 * * *", "2026-11-21 03:00", "2026-11-21 03:00", "2026-11-22 03:00"},
    {"0 3 * * *", "2026-11-21 03:00", "2026-11-24 12:00", "2026-11-25 03:00"},
    {"0 3 * * *", "2026-11-21 03:00", "2026-11-21 02:59", "2026-11-22 03:00"},
};

START_TEST(tells_when_it_is_due_again)
{
    uint64_t next = 0, last = times[_i].last ? utc(times[_i].last) : 0;
    set_zone("UTC0");
    ck_assert_int_eq(schedule_next(times[_i].schedule, last, utc(times[_i].now), &next), 0);
    ck_assert_msg(next == utc(times[_i].next), "%d: %" PRIu64, _i, next);
}
END_TEST

START_TEST(some_schedules_have_no_time)
{
    uint64_t next = 4711;
    ck_assert_int_eq(schedule_next("soon", 0, 0, &next), -EINVAL);
    ck_assert_int_eq(schedule_next("0", 0, 0, &next), -EINVAL);
    ck_assert_int_eq(schedule_next("0 3 * *", 0, 0, &next), -EINVAL);
    ck_assert_int_eq(schedule_next("0 0 30 2 *", 0, 0, &next), -ENOENT);
    ck_assert_uint_eq(next, 4711);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cron");
    TCase *tcase = tcase_create("cron");
    tcase_add_loop_test(tcase, finds_the_next_time, 0,
                        sizeof(plain_cases) / sizeof(plain_cases[0]));
    tcase_add_loop_test(tcase, knows_that_clocks_are_changed, 0,
                        sizeof(change_cases) / sizeof(change_cases[0]));
    tcase_add_test(tcase, takes_a_day_without_midnight);
    tcase_add_loop_test(tcase, names_the_field_that_is_wrong, 0,
                        sizeof(bad_cases) / sizeof(bad_cases[0]));
    tcase_add_test(tcase, some_days_never_come);
    tcase_add_test(tcase, tells_lines_from_durations);
    tcase_add_loop_test(tcase, takes_durations_and_lines, 0,
                        sizeof(schedules) / sizeof(schedules[0]));
    tcase_add_loop_test(tcase, tells_when_it_is_due_again, 0,
                        (int)(sizeof(times) / sizeof(times[0])));
    tcase_add_test(tcase, some_schedules_have_no_time);
    suite_add_tcase(suite, tcase);
    return runner_run(suite);
}
