#include "common/escape.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(struct bytes *b)
{
    ck_assert_int_eq(bytes_append(b, "", 1), 0);
    return (char *)b->data;
}

static void check_escaped(const void *data, size_t len, const char *expected)
{
    struct bytes out = {0};
    ck_assert_int_eq(escape_append(&out, data, len), 0);
    ck_assert_str_eq(text_of(&out), expected);
    bytes_finish(&out);
}

static const struct {
    const char *data;
    const char *expected;
} display_cases[] = {
    {"", ""},
    {"vim notes", "vim notes"},
    {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
    {"\x1b[31mred\x7f", "\\x1b[31mred\\x7f"},
    {"\a\b\v\f\x01", "\\x07\\x08\\x0b\\x0c\\x01"},
    {"back\\slash", "back\\slash"},
    {"na\u00efve \u4f60\u597d \U0001f600 e\u0301", "na\u00efve \u4f60\u597d \U0001f600 e\u0301"},
    {"\xc2\x80\xc2\x9b\xc2\x9f\u00a0", "\\u0080\\u009b\\u009f\u00a0"},
    {"a\u202eb\u2066c\u200bd\ufeff", "a\\u202eb\\u2066c\\u200bd\\ufeff"},
    {"\u061c\u00ad\u2028\u200d\u180e", "\\u061c\\u00ad\\u2028\\u200d\\u180e"},
    {"\U000e0041\U0001fffe\uffff\ufffd", "\\U000e0041\\U0001fffe\\uffff\ufffd"},
    {"\u2764\ufe0f", "\u2764\ufe0f"},
    /* What is not UTF-8: stray, cut off, overlong, surrogate, beyond U+10FFFF. */
    {"\x80\xbf\xff\xfe", "\\x80\\xbf\\xff\\xfe"},
    {"\xe4\xbd", "\\xe4\\xbd"},
    {"\xe4\xbdx", "\\xe4\\xbdx"},
    {"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},
    {"\xc0\xaf\xc1\x9b", "\\xc0\\xaf\\xc1\\x9b"},
    {"\xe0\x82\x9b\xf0\x80\x82\x9b", "\\xe0\\x82\\x9b\\xf0\\x80\\x82\\x9b"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\xf4\x90\x80\x80\xf5\x80", "\\xf4\\x90\\x80\\x80\\xf5\\x80"},
    {"\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd"},
};

START_TEST(shows_text_without_its_controls)
{
    check_escaped(display_cases[_i].data, strlen(display_cases[_i].data),
                  display_cases[_i].expected);
}
END_TEST

START_TEST(escapes_a_nul_and_stops_at_len)
{
    check_escaped("a\0b", 3, "a\\x00b");
    check_escaped("\xe4\xbd\xa0", 2, "\\xe4\\xbd");
}
END_TEST

/* Whatever comes in, what goes out is printable UTF-8 that a second pass leaves alone. */
START_TEST(is_idempotent_for_every_pair_of_bytes)
{
    for (int i = 0; i < 0x10000; i++) {
        uint8_t pair[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        struct bytes once = {0}, twice = {0};
        ck_assert_int_eq(escape_append(&once, pair, 2), 0);
        ck_assert_int_eq(escape_append(&twice, once.data, once.len), 0);
        ck_assert_uint_eq(once.len, twice.len);
        ck_assert_mem_eq(once.data, twice.data, once.len);
        for (size_t k = 0; k < once.len; k++)
            ck_assert_uint_ge(once.data[k], 0x20);
        bytes_finish(&once);
        bytes_finish(&twice);
    }
}
END_TEST

static const struct {
    const char *argv[4];
    const char *expected;
} argv_cases[] = {
    {{"vim", "notes"}, "vim notes"},
    {{"a", ""}, "a ''"},
    {{"sh", "-c", "sleep 3 | cat"}, "sh -c 'sleep 3 | cat'"},
    {{"echo", "it's", "a'"}, "echo 'it'\\''s' 'a'\\'''"},
    {{"date", "+%s", "k=v"}, "date +%s k=v"},
    {{"k=v", "k=v", "=ls"}, "'k=v' k=v '=ls'"},
    {{"%1", "%1"}, "'%1' %1"},
    {{"if", "if", "time"}, "'if' if time"},
    {{"time"}, "'time'"},
    {{"ls", "~", "*.c", "$HOME"}, "ls '~' '*.c' '$HOME'"},
    {{"printf", "a\nb\x1b[0m"}, "printf $'a\\nb\\033[0m'"},
    {{"x", "\x01"
           "1\\'\xff"},
     "x $'\\0011\\\\\\'\\377'"},
    {{"x", "r\u00e9sum\u00e9.txt", "\u4f60"}, "x r\u00e9sum\u00e9.txt \u4f60"},
    {{"x", "a\u00a0b", "a\u3000b"}, "x 'a\u00a0b' 'a\u3000b'"},
    {{"x", "\u202e\u00e9"}, "x $'\\342\\200\\256\u00e9'"},
    {{"x", "\\"}, "x '\\'"},
};

START_TEST(writes_a_command_line_a_shell_reads_back)
{
    size_t argc = 0;
    while (argc < 4 && argv_cases[_i].argv[argc])
        argc++;
    struct bytes out = {0};
    ck_assert_int_eq(bytes_append_text(&out, "> "), 0);
    ck_assert_int_eq(escape_append_argv(&out, (char *const *)argv_cases[_i].argv, argc), 0);
    ck_assert_str_eq(text_of(&out) + 2, argv_cases[_i].expected);
    bytes_finish(&out);
}
END_TEST

static const struct {
    const char *text;
    size_t width;
} width_cases[] = {
    {"", 0},
    {"vim notes", 9},
    {"\u00e9", 1},
    {"e\u0301\u0327", 1},
    {"\u4f60\u597d", 4},
    {"\U0001f600x", 3},
    {"\uff21\uff71", 3},
    {"\u1112\u1161\u11ab", 2},
    {"\u2026", 1},
    {"\u200b\ufe0f", 0},
    {"\u0e01\u0e34", 1},
    {"\u231a\u231c", 3},
    {"\u2e80\ua4c6\uac00\ud7a3", 8},
    {"\U00020000\U0003fffd\U000e0100", 4},
    {"\xff\xe4", 2},
    {"\t\x1b", 0},
};

START_TEST(counts_columns_as_a_terminal_does)
{
    ck_assert_uint_eq(escape_width(width_cases[_i].text), width_cases[_i].width);
}
END_TEST

START_TEST(cuts_between_characters)
{
    static const char text[] = "ae\u0301\u4f60b";
    static const struct {
        size_t len, width;
    } expected[] = {{0, 0}, {1, 1}, {4, 2}, {4, 2}, {7, 4}, {8, 5}, {8, 5}};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        size_t width;
        ck_assert_uint_eq(escape_cut(text, i, &width), expected[i].len);
        ck_assert_uint_eq(width, expected[i].width);
        ck_assert_uint_eq(escape_cut(text, i, NULL), expected[i].len);
    }
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *escape_suite(void)
{
    Suite *suite = suite_create("escape");
    TCase *tc = tcase_create("escape");
    tcase_add_loop_test(tc, shows_text_without_its_controls, 0, COUNT(display_cases));
    tcase_add_test(tc, escapes_a_nul_and_stops_at_len);
    tcase_add_test(tc, is_idempotent_for_every_pair_of_bytes);
    tcase_add_loop_test(tc, writes_a_command_line_a_shell_reads_back, 0, COUNT(argv_cases));
    tcase_add_loop_test(tc, counts_columns_as_a_terminal_does, 0, COUNT(width_cases));
    tcase_add_test(tc, cuts_between_characters);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(escape_suite());
}
