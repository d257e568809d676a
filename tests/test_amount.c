#include "common/amount.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct {
    const char *text;
    uint64_t bytes;
} good_cases[] = {
    {"0", 0},
    {"1", 1},
    {"4096", 4096},
    {"007", 7},
    {"64k", 64u << 10},
    {"64K", 64u << 10},
    {"100M", 100u << 20},
    {"100m", 100u << 20},
    {"1.5G", UINT64_C(3) << 29},
    {"1g", UINT64_C(1) << 30},
    {"1T", UINT64_C(1) << 40},
    {"0.5T", UINT64_C(1) << 39},
    {"0.000000001T", 1099},
    {"0.999999999T", 1099511626676},
    {"0.0009k", 0},
    {"1.9", 1},
    {"2.0000000000000000001k", 2048},
    {"4194304T", UINT64_C(1) << 62},
    {"4611686018427387904", UINT64_C(1) << 62},
};

START_TEST(reads_what_people_write)
{
    uint64_t bytes = 47;
    ck_assert_int_eq(amount_parse(good_cases[_i].text, &bytes), 0);
    ck_assert_uint_eq(bytes, good_cases[_i].bytes);
}
END_TEST

static const char *const bad_cases[] = {
    "",
    "M",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1 M",
    "1MB",
    "1Mi",
    "1.M",
    ".5M",
    "1,5",
    "0x10",
    "1e3",
    "5P",
    "unlimited",
    "1..",
    "1.2.",
    "4194305T",
    "1k1",
    "9999999999999999999",
    "18446744073709551617",
};

START_TEST(refuses_what_is_no_amount)
{
    uint64_t bytes = 47;
    ck_assert_msg(amount_parse(bad_cases[_i], &bytes) == -EINVAL, "'%s'", bad_cases[_i]);
    ck_assert_uint_eq(bytes, 47);
}
END_TEST

static const struct {
    uint64_t bytes;
    const char *text;
} shown_cases[] = {
    {0, "0"},
    {1, "1"},
    {999, "999"},
    {1000, "1.0k"},
    {1024, "1.0k"},
    {1025, "1.1k"},
    {1536, "1.5k"},
    {100u << 10, "100k"},
    {102297, "99.9k"},
    {102298, "100k"},
    {999u << 10, "999k"},
    {(999u << 10) + 1, "1.0M"},
    {100u << 20, "100M"},
    {UINT64_C(3) << 29, "1.5G"},
    {UINT64_C(1) << 40, "1.0T"},
    {UINT64_C(1) << 50, "1.0P"},
    {UINT64_C(1) << 60, "1.0E"},
    {UINT64_MAX, "16.0E"},
};

START_TEST(is_shown_short)
{
    char buf[16];
    amount_format(shown_cases[_i].bytes, buf);
    ck_assert_str_eq(buf, shown_cases[_i].text);
}
END_TEST

static const struct {
    const char *text;
    uint64_t thousandths;
} good_cpus[] = {
    {"1", 1000}, {"0.5", 500}, {"2.25", 2250}, {"0.01", 10}, {"0.0109", 10}, {"8192", 8192000},
};

START_TEST(processors_are_read)
{
    uint64_t thousandths = 47;
    ck_assert_int_eq(amount_parse_cpus(good_cpus[_i].text, &thousandths), 0);
    ck_assert_uint_eq(thousandths, good_cpus[_i].thousandths);
}
END_TEST

static const char *const bad_cpus[] = {
    "", "0", "0.0", "0.009", "-1", "1.", ".5", "50%", "1k", "8192.001", "8193", "1e1", " 1", "all",
};

START_TEST(what_is_no_number_of_processors_is_refused)
{
    uint64_t thousandths = 47;
    ck_assert_msg(amount_parse_cpus(bad_cpus[_i], &thousandths) == -EINVAL, "'%s'", bad_cpus[_i]);
    ck_assert_uint_eq(thousandths, 47);
}
END_TEST

static Suite *amount_suite(void)
{
    Suite *suite = suite_create("amount");
    TCase *tc = tcase_create("amount");
    tcase_add_loop_test(tc, reads_what_people_write, 0, COUNT(good_cases));
    tcase_add_loop_test(tc, refuses_what_is_no_amount, 0, COUNT(bad_cases));
    tcase_add_loop_test(tc, is_shown_short, 0, COUNT(shown_cases));
    tcase_add_loop_test(tc, processors_are_read, 0, COUNT(good_cpus));
    tcase_add_loop_test(tc, what_is_no_number_of_processors_is_refused, 0, COUNT(bad_cpus));
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(amount_suite());
}
