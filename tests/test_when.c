/* Moments as people write them. */
#include "client/when.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define S   UINT64_C(1000000000)
#define NOW (UINT64_C(1763650800) * S + 500) /* 2025-11-20T15:00:00Z */

/* New York, by a rule that needs no zone files: UTC-5, and UTC-4 in summer. */
#define ZONE "EST5EDT,M3.2.0,M11.1.0"

static const struct {
    const char *text;
    uint64_t ns;
} good[] = {
    {"0", NOW},
    {"5m", NOW - 300 * S},
    {"1.5h", NOW - 5400 * S},
    {"90", NOW - 90 * S},
    {"2025", NOW - 2025 * S},
    {"200ms", NOW - S / 5},
    {"36500d", 0},
    {"@0", 0},
    {"@1763650800", 1763650800 * S},
    {"@1763650800.5", 1763650800 * S + S / 2},
    {"@1763650800.123456789123", 1763650800 * S + 123456789},
    {"2025-11-20", 1763614800 * S}, /* 05:00 UTC */
    {"2025-11-20 10:00", 1763650800 * S},
    {"2025-11-20T10:00", 1763650800 * S},
    {"2025-11-20 10:00:01", 1763650801 * S},
    {"2025-11-20 10:00:01.25", 1763650801 * S + S / 4},
    {"2025-07-01 10:00", 1751378400 * S}, /* summer: 14:00 UTC */
    {"2025-11-20T15:00:00Z", 1763650800 * S},
    {"2025-11-20t15:00:00.000z", 1763650800 * S},
    {"2025-11-20T15:00Z", 1763650800 * S},
    {"2025-11-20T16:30:00+01:30", 1763650800 * S},
    {"2025-11-20T14:00:00-0100", 1763650800 * S},
    {"2024-02-29", 1709182800 * S},
    {"10:00", 1763650800 * S},
    {"10:00:30", 1763650830 * S},
    {"10:00:30.5", 1763650830 * S + S / 2},
    {"23:59", 1763701140 * S}, /* later today */
    {"1970-01-01T00:00:00Z", 0},
};

START_TEST(a_moment_is_understood)
{
    uint64_t ns = 7;
    ck_assert_int_eq(when_parse(good[_i].text, NOW, &ns), 0);
    ck_assert_uint_eq(ns, good[_i].ns);
}
END_TEST

static const char *const bad[] = {
    "",
    "yesterday",
    "-5m",
    "5 m",
    "@",
    "@x",
    "@1.",
    "@-1",
    "@99999999999999999999",
    "@18446744073709551616",
    "10:0",
    "1:00",
    "24:00",
    "10:60",
    "10:00:61",
    "10:00:",
    "10:00x",
    "10:00Z",
    "10:00+01:00",
    "2025-11",
    "2025-11-20 ",
    "2025-11-20T",
    "2025-11-20Z",
    "2025-11-20  10:00",
    "2025-11-20 10:00:00.",
    "2025-11-20 10:00:00 Z",
    "2025-11-20T10:00:00+1",
    "2025-11-20T10:00:00+24:00",
    "2025-11-20T10:00:00+00:60",
    "2025-00-20",
    "2025-13-20",
    "2025-11-00",
    "2025-11-31",
    "2025-02-29",
    "1969-12-31",
    "1970-01-01T00:00:00+01:00",
    "9999-12-31",
    "2025-11-20T15:00:00Zx",
};

START_TEST(what_is_no_moment_is_refused)
{
    uint64_t ns = 7;
    ck_assert_int_eq(when_parse(bad[_i], NOW, &ns), -EINVAL);
    ck_assert_uint_eq(ns, 7);
}
END_TEST

static void set_zone(void)
{
    setenv("TZ", ZONE, 1);
    tzset();
}

static Suite *when_suite(void)
{
    Suite *suite = suite_create("when");
    TCase *when = tcase_create("when");
    tcase_add_checked_fixture(when, set_zone, NULL);
    tcase_add_loop_test(when, a_moment_is_understood, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(when, what_is_no_moment_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
    suite_add_tcase(suite, when);
    return suite;
}

int main(void)
{
    return runner_run(when_suite());
}
