/* Carriage returns before line feeds. */
#include "common/newlines.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *text;
    size_t from;
    const char *want;
} cases[] = {
    {"", 0, ""},
    {"a", 0, "a"},
    {"\n", 0, "\r\n"},
    {"a\nb", 0, "a\r\nb"},
    {"\n\n\n", 0, "\r\n\r\n\r\n"},
    {"one\ntwo\n", 0, "one\r\ntwo\r\n"},
    {"one\ntwo\n", 4, "one\ntwo\r\n"},
    {"one\ntwo\n", 8, "one\ntwo\n"},
    {"a\r\n\v\f", 0, "a\r\r\n\v\f"},
};

START_TEST(each_line_feed_gets_one)
{
    struct bytes bytes = {0};
    ck_assert_int_eq(bytes_append_text(&bytes, cases[_i].text), 0);
    ck_assert_int_eq(newlines_return(&bytes, cases[_i].from), 0);
    ck_assert_uint_eq(bytes.len, strlen(cases[_i].want));
    ck_assert(bytes.len == 0 || memcmp(bytes.data, cases[_i].want, bytes.len) == 0);
    bytes_finish(&bytes);
}
END_TEST

static Suite *newlines_suite(void)
{
    Suite *suite = suite_create("newlines");
    TCase *tcase = tcase_create("newlines");
    tcase_add_loop_test(tcase, each_line_feed_gets_one, 0, sizeof(cases) / sizeof(cases[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(newlines_suite());
}
