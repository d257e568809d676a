#include "common/terminal/utf8.h"
#include "common/terminal/width.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *bytes;
    uint32_t point;
    unsigned taken;
} characters[] = {
    {"a", 'a', 1},
    {"\177", 0x7f, 1},
    {"\302\200", 0x80, 2},
    {"\337\277", 0x7ff, 2},
    {"\340\240\200", 0x800, 3},
    {"\342\202\254x", 0x20ac, 3},
    {"\355\237\277", 0xd7ff, 3},
    {"\356\200\200", 0xe000, 3},
    {"\360\220\200\200", 0x10000, 4},
    {"\364\217\277\277", 0x10ffff, 4},
    /* overlong, surrogates, too large, cut off, not a start */
    {"\300\200", UTF8_BROKEN, 1},
    {"\301\277", UTF8_BROKEN, 1},
    {"\340\237\277", UTF8_BROKEN, 1},
    {"\355\240\200", UTF8_BROKEN, 1},
    {"\360\217\277\277", UTF8_BROKEN, 1},
    {"\364\220\200\200", UTF8_BROKEN, 1},
    {"\365\200\200\200", UTF8_BROKEN, 1},
    {"\200", UTF8_BROKEN, 1},
    {"\303", UTF8_BROKEN, 1},
    {"\303(", UTF8_BROKEN, 1},
    {"\342\202", UTF8_BROKEN, 2},
    {"\342\202(", UTF8_BROKEN, 2},
    {"\360\237\230", UTF8_BROKEN, 3},
    {"\360\237\230a", UTF8_BROKEN, 3},
};

START_TEST(decodes)
{
    uint32_t point;
    const uint8_t *bytes = (const uint8_t *)characters[_i].bytes;
    ck_assert_uint_eq(utf8_decode(bytes, strlen(characters[_i].bytes), &point),
                      characters[_i].taken);
    ck_assert_uint_eq(point, characters[_i].point);
}
END_TEST

static const struct {
    const char *bytes;
    unsigned unfinished;
} endings[] = {
    {"", 0},
    {"a", 0},
    {"a\303", 1},
    {"a\303\251", 0},
    {"\342", 1},
    {"x\342\202", 2},
    {"x\342\202\254", 0},
    {"\360\237\230", 3},
    {"\360\237", 2},
    {"\360", 1},
    {"\360\237\230\200", 0},
    {"\200\200\200", 0},
    {"\340\200", 0},
    {"\377", 0},
    {"\302", 1},
    {"\342\202(", 0},
    {"\355\240", 0},
    {"\364\220", 0},
    {"\365", 0},
    {"\303\303", 1},
};

START_TEST(sees_unfinished_endings)
{
    const uint8_t *bytes = (const uint8_t *)endings[_i].bytes;
    ck_assert_uint_eq(utf8_unfinished(bytes, strlen(endings[_i].bytes)), endings[_i].unfinished);
}
END_TEST

static const struct {
    uint32_t point;
    unsigned least, most;
} widths[] = {
    {'a', 1, 1},     {0xe9, 1, 1},   {0xad, 0, 1},        {0x301, 0, 0},  {0x3b1, 1, 1},
    {0x416, 1, 1},   {0x2026, 1, 1}, {0x20ac, 1, 1},      {0x2500, 1, 1}, {0x2588, 1, 1},
    {0x28ff, 1, 1},  {0xe0b0, 1, 1}, {0x3042, 2, 2},      {0x6f22, 2, 2}, {0xac00, 2, 2},
    {0xff21, 2, 2},  {0xff71, 1, 1}, {0x20000, 2, 2},     {0x200d, 0, 2}, {0xfe0f, 0, 2},
    {0x1f600, 0, 2}, {0x2764, 0, 2}, {UTF8_BROKEN, 0, 2}, {0x5d0, 0, 2},
};

START_TEST(knows_sure_widths)
{
    struct width width = width_of(widths[_i].point);
    ck_assert_uint_eq(width.least, widths[_i].least);
    ck_assert_uint_eq(width.most, widths[_i].most);
}
END_TEST

static Suite *utf8_suite(void)
{
    Suite *suite = suite_create("utf8");
    TCase *utf8 = tcase_create("utf8");
    tcase_add_loop_test(utf8, decodes, 0, sizeof(characters) / sizeof(characters[0]));
    tcase_add_loop_test(utf8, sees_unfinished_endings, 0, sizeof(endings) / sizeof(endings[0]));
    tcase_add_loop_test(utf8, knows_sure_widths, 0, sizeof(widths) / sizeof(widths[0]));
    suite_add_tcase(suite, utf8);
    return suite;
}

int main(void)
{
    return runner_run(utf8_suite());
}
