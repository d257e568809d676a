#include "tests/harness/world.h"

#include <check.h>

struct fixture fixture;
struct fixture_result result;

void world_begin(void)
{
    fixture_init(&fixture);
}

void world_end(void)
{
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

void line(const char *text)
{
    fixture_shell_line(&fixture, &result, text);
}

void must(const char *text)
{
    line(text);
    fixture_expect_code(&result, 0);
}

void must_print(const char *text, const char *output)
{
    must(text);
    ck_assert_str_eq(result.out, output);
}

void must_print_only(const char *text, const char *output)
{
    must_print(text, output);
    ck_assert_str_eq(result.err, "");
}
