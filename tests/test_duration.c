#include "common/duration.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    uint64_t ms;
} good_cases[] = {
    {"0", 0},
    {"0ms", 0},
    {"0e99d", 0},
    {"90", 90000},
    {"1.5", 1500},
    {"5s", 5000},
    {"200ms", 200},
    {"3m", 180000},
    {"2h", 7200000},
    {"1d", 86400000},
    {".5s", 500},
    {"5.", 5000},
    {"0.1", 100},
    {"0.007", 7},
    {"1.1", 1100},
    {"2.675", 2675},
    {"0.29h", 1044000},
    {"1e3", 1000000},
    {"1E+2ms", 100},
    {"15e-1", 1500},
    {"007", 7000},
    {"0.4ms", 1},
    {"1e-300", 1},
    {"1.4ms", 1},
    {"1.6ms", 2},
    {"0.00000000000000000000000000000000000000000000001", 1},
    {"100000000000000000000000000000000000e-32", 1000000},
    {"1.000000000000000000000000000000000000", 1000},
    {"36500d", DURATION_MAX},
    {"36499d", DURATION_MAX - 86400000},
    {"36501d", DURATION_MAX},
    {"1e100s", DURATION_MAX},
    {"1e99999999999999999999", DURATION_MAX},
    {"1e-99999999999999999999", 1},
    {"18446744073709551616", DURATION_MAX},
    {"999999999999999999999999999999999999999999999999999999999999999999999999d", DURATION_MAX},
};

START_TEST(reads_what_people_write)
{
    uint64_t ms = 4711;
    ck_assert_msg(duration_parse(good_cases[_i].text, &ms) == 0, "'%s'", good_cases[_i].text);
    ck_assert_uint_eq(ms, good_cases[_i].ms);
}
END_TEST

static const char *const bad_cases[] = {
    "",     "-1",   "-0",   "+1",  "nan", "NaN",  "inf", "infinity", "1e999x", " 1",   "1 ",
    "1 s",  "s",    "ms",   ".",   ".s",  "e5",   "1e",  "1e+",      "1e-s",   "0x10", "1,5",
    "1.5.", "1..5", "1s1s", "1hm", "1ns", "1min", "5S",  "1e5.5",    "1d ",    "--1",  "1h30m",
};

START_TEST(refuses_what_is_no_duration)
{
    uint64_t ms = 4711;
    ck_assert_msg(duration_parse(bad_cases[_i], &ms) == -EINVAL, "'%s'", bad_cases[_i]);
    ck_assert_uint_eq(ms, 4711);
}
END_TEST

START_TEST(takes_thousands_of_digits)
{
    char text[20003];
    memset(text, '0', sizeof(text));
    text[0] = '1';
    strcpy(text + 20000, "d");
    uint64_t ms;
    ck_assert_int_eq(duration_parse(text, &ms), 0);
    ck_assert_uint_eq(ms, DURATION_MAX);
    text[0] = '.';
    strcpy(text + 20000, "1d");
    ck_assert_int_eq(duration_parse(text, &ms), 0);
    ck_assert_uint_eq(ms, 1);
}
END_TEST

static const struct {
    uint64_t ms;
    const char *text;
} format_cases[] = {
    {0, "0s"},
    {999, "0s"},
    {1000, "1s"},
    {59999, "59s"},
    {60000, "1m"},
    {200000, "3m"},
    {3599999, "59m"},
    {3600000, "1h"},
    {18000000, "5h"},
    {86399999, "23h"},
    {86400000, "1d"},
    {345600000, "4d"},
    {DURATION_MAX, "36500d"},
    {UINT64_MAX, "36500d"},
};

START_TEST(formats_a_short_age)
{
    char buf[16];
    duration_format(format_cases[_i].ms, buf);
    ck_assert_str_eq(buf, format_cases[_i].text);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *duration_suite(void)
{
    Suite *suite = suite_create("duration");
    TCase *tc = tcase_create("duration");
    tcase_add_loop_test(tc, reads_what_people_write, 0, COUNT(good_cases));
    tcase_add_loop_test(tc, refuses_what_is_no_duration, 0, COUNT(bad_cases));
    tcase_add_test(tc, takes_thousands_of_digits);
    tcase_add_loop_test(tc, formats_a_short_age, 0, COUNT(format_cases));
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(duration_suite());
}
