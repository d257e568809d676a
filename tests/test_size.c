#include "common/size.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>

static const struct {
    const char *text;
    uint32_t cols, rows;
} good_cases[] = {
    {"80x24", 80, 24},
    {"132X43", 132, 43},
    {"4x2", 4, 2},
    {"4096x4096", 4096, 4096},
    {"0080x0000000000024", 80, 24},
};

START_TEST(reads_what_people_write)
{
    struct size size = {0};
    ck_assert_int_eq(size_parse(good_cases[_i].text, &size), 0);
    ck_assert_uint_eq(size.cols, good_cases[_i].cols);
    ck_assert_uint_eq(size.rows, good_cases[_i].rows);
}
END_TEST

static const char *const bad_cases[] = {
    "",          "x",         "80",           "80x",
    "x24",       "80x24x",    "80 x 24",      "+80x24",
    "-80x24",    "80x-24",    "80.5x24",      "80,24",
    "0x0",       "2x1",       "3x24",         "80x1",
    "0x24",      "80x0",      "4097x24",      "80x4097",
    " 80x24",    "80x24 ",    "80*24",        "0x1fx2",
    "65535x100", "100x65535", "4294967300x2", "80x18446744073709551640",
};

START_TEST(refuses_what_is_no_size_or_a_silly_one)
{
    struct size size = {47, 11};
    ck_assert_msg(size_parse(bad_cases[_i], &size) == -EINVAL, "'%s'", bad_cases[_i]);
    ck_assert_uint_eq(size.cols, 47);
    ck_assert_uint_eq(size.rows, 11);
}
END_TEST

START_TEST(the_bounds_are_those_of_the_message)
{
    char text[64];
    snprintf(text, sizeof(text), "write COLSxROWS, from %dx%d to %dx%d", SIZE_COLS_LEAST,
             SIZE_ROWS_LEAST, SIZE_MOST, SIZE_MOST);
    ck_assert_str_eq(SIZE_SYNTAX, text);
    ck_assert_int_eq(size_is_valid(SIZE_ROWS_LEAST, SIZE_COLS_LEAST), true);
    ck_assert_int_eq(size_is_valid(SIZE_ROWS_LEAST - 1, SIZE_COLS_LEAST), false);
    ck_assert_int_eq(size_is_valid(SIZE_ROWS_LEAST, SIZE_COLS_LEAST - 1), false);
    ck_assert_int_eq(size_is_valid(SIZE_MOST, SIZE_MOST), true);
    ck_assert_int_eq(size_is_valid(SIZE_MOST + 1, SIZE_MOST), false);
    ck_assert_int_eq(size_is_valid(SIZE_MOST, SIZE_MOST + 1), false);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *size_suite(void)
{
    Suite *suite = suite_create("size");
    TCase *tc = tcase_create("size");
    tcase_add_loop_test(tc, reads_what_people_write, 0, COUNT(good_cases));
    tcase_add_loop_test(tc, refuses_what_is_no_size_or_a_silly_one, 0, COUNT(bad_cases));
    tcase_add_test(tc, the_bounds_are_those_of_the_message);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(size_suite());
}
