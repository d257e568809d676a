#include "client/at.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Middle Europe: forward at 2:00 on the last Sunday of March, back at 3:00 on October's. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

/* "2026-11-20 18:30:00" of the zone UTC, in nanoseconds since the epoch. */
static uint64_t utc(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    ck_assert_msg(end && *end == '\0', "'%s'", text);
    return (uint64_t)timegm(&tm) * 1000000000u;
}

static const struct {
    const char *text, *now, *at; /* in UTC */
} cases[] = {
    {"18:30", "2026-11-20 12:00:00", "2026-11-20 17:30:00"},
    {"18:30", "2026-11-20 17:30:00", "2026-11-21 17:30:00"},
    {"18:30", "2026-11-20 17:29:59", "2026-11-20 17:30:00"},
    {"9:00", "2026-11-20 12:00:00", "2026-11-21 08:00:00"},
    {"09:00:30", "2026-11-20 12:00:00", "2026-11-21 08:00:30"},
    {"0:00", "2026-12-31 12:00:00", "2026-12-31 23:00:00"},
    {"today 18:30", "2026-11-20 12:00:00", "2026-11-20 17:30:00"},
    {"tomorrow 9:00", "2026-11-20 12:00:00", "2026-11-21 08:00:00"},
    {"tomorrow  09:00", "2026-11-20 12:00:00", "2026-11-21 08:00:00"},
    {"tomorrow", "2026-11-20 12:00:00", "2026-11-20 23:00:00"},
    {"tomorrow 23:59", "2026-02-28 12:00:00", "2026-03-01 22:59:00"},
    /* The day that the clocks are changed is none of 24 hours. */
    {"12:00", "2026-10-24 11:00:00", "2026-10-25 11:00:00"},
    {"tomorrow 12:00", "2026-03-28 12:00:00", "2026-03-29 10:00:00"},
    {"tomorrow 12:00", "2026-10-24 22:30:00", "2026-10-26 11:00:00"},
    {"2026-11-21 09:00", "2026-11-20 12:00:00", "2026-11-21 08:00:00"},
    {"2026-11-21", "2026-11-20 12:00:00", "2026-11-20 23:00:00"},
    {"2026-11-21T09:00:00Z", "2026-11-20 12:00:00", "2026-11-21 09:00:00"},
    {"2026-11-21T09:00:00-05:00", "2026-11-20 12:00:00", "2026-11-21 14:00:00"},
    {"@1795255200", "2026-11-20 12:00:00", "2026-11-21 10:00:00"},
};

START_TEST(reads_what_is_to_come)
{
    uint64_t ns = 0;
    setenv("TZ", BERLIN, 1);
    tzset();
    ck_assert_msg(at_parse(cases[_i].text, utc(cases[_i].now), &ns) == 0, "'%s'", cases[_i].text);
    ck_assert_msg(ns == utc(cases[_i].at), "'%s' is %" PRIu64, cases[_i].text, ns / 1000000000u);
}
END_TEST

static const struct {
    const char *text;
    int error;
} bad_cases[] = {
    {"", -EINVAL},
    {"10m", -EINVAL},
    {"90", -EINVAL},
    {"noon", -EINVAL},
    {"today", -EINVAL},
    {"today18:30", -EINVAL},
    {"tomorrow 9", -EINVAL},
    {"tomorrow 2026-11-21", -EINVAL},
    {"tomorrow 24:00", -EINVAL},
    {"24:00", -EINVAL},
    {"9:60", -EINVAL},
    {"123:00", -EINVAL},
    {"9:00 tomorrow", -EINVAL},
    {"2026-02-31 09:00", -EINVAL},
    {"@", -EINVAL},
    {"today 12:59", -ERANGE},
    {"2026-11-20", -ERANGE},
    {"2026-11-20 13:00", -ERANGE},
    {"2001-02-03T04:05:06Z", -ERANGE},
    {"@0", -ERANGE},
};

START_TEST(refuses_what_is_no_time_or_has_passed)
{
    uint64_t ns = 4711;
    setenv("TZ", BERLIN, 1);
    tzset();
    int r = at_parse(bad_cases[_i].text, utc("2026-11-20 12:00:00"), &ns);
    ck_assert_msg(r == bad_cases[_i].error, "'%s': %d", bad_cases[_i].text, r);
    ck_assert_uint_eq(ns, 4711);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("at");
    TCase *tcase = tcase_create("at");
    tcase_add_loop_test(tcase, reads_what_is_to_come, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_loop_test(tcase, refuses_what_is_no_time_or_has_passed, 0,
                        (int)(sizeof(bad_cases) / sizeof(bad_cases[0])));
    suite_add_tcase(suite, tcase);
    return runner_run(suite);
}
