#include "server/holder/title_find.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *data;
    int at; /* -1: nowhere */
} cases[] = {
    {"", -1},
    {"]", -1},
    {"plain ]0; text", -1},
    {"\033]2;title\007", 0},
    {"text\033]0;title\033\\", 4},
    {"[1/2] [2/2]\033]1;icon\007\033]2;title\007", 11},
    {"\033]8;;http://a\007\033]2;t\007", 14},
    {"\033]10;?\007\033]22;x\007", -1},
    {"\033]2", -1},
    {"\033]2;", 0},
    {"\033", -1},
    {"\033]", -1},
    {"\033Ptmux;\033\033]2;t\007\033\\", -1},
    {"\033Ptmux;\033\033]2;t\007\033\\\033]2;u\007", 16},
};

START_TEST(finds_the_first_title)
{
    size_t len = strlen(cases[_i].data);
    size_t at = title_find((const uint8_t *)cases[_i].data, len);
    ck_assert_int_eq(at == len ? -1 : (int)at, cases[_i].at);
}
END_TEST

START_TEST(guards_the_first_title_only)
{
    struct bytes out = {0};
    bytes_append_text(&out, "\033]2;a\007");
    ck_assert(!title_guard(&out, out.len));
    bytes_append_text(&out, "text\033]2;b\007\033]2;c\007");
    ck_assert(title_guard(&out, 6));
    bytes_append(&out, "", 1);
    ck_assert_str_eq((char *)out.data, "\033]2;a\007text\033[22;0t\033]2;b\007\033]2;c\007");
    bytes_finish(&out);
}
END_TEST

static Suite *title_find_suite(void)
{
    Suite *suite = suite_create("title_find");
    TCase *tc = tcase_create("title_find");
    tcase_add_loop_test(tc, finds_the_first_title, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, guards_the_first_title_only);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(title_find_suite());
}
