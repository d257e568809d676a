#include "common/terminal/tracker_internal.h"
#include "common/terminal/transition.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 24, COLS = 40 };

static struct tracker *track(const char *output)
{
    struct tracker *tracker = tracker_create(ROWS, COLS);
    ck_assert_ptr_nonnull(tracker);
    tracker_feed(tracker, output, strlen(output));
    return tracker;
}

static struct station station_of(const struct tracker *tracker)
{
    ck_assert(cursor_is_exact(&tracker->canvas.cursor, COLS));
    return (struct station){&tracker->canvas.state, tracker->canvas.cursor};
}

/* What brings a terminal that got `from` to one that got `to`. The caller frees it. */
static char *transition(const char *from, const char *to)
{
    struct tracker *a = track(from), *b = track(to);
    struct bytes out = {0};
    struct writer writer = {.out = &out};
    struct station start = station_of(a), end = station_of(b);
    transition_write(&start, &end, ROWS, COLS, false, &writer);
    ck_assert_int_eq(writer.error, 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    tracker_destroy(a);
    tracker_destroy(b);
    return (char *)out.data;
}

/* A terminal that gets `from` and then the transition knows what one knows that gets `to`. */
static const struct {
    const char *from, *to;
    const char *told;
} cases[] = {
    {"", "", ""},
    {"\033[1m\033[m", "", ""},
    /* pen */
    {"", "\033[1;3;4m", "\033[;1;3;4m"},
    {"\033[1m", "\033[1;31m", "\033[;1;31m"},
    {"\033[1;31m", "", "\033[m"},
    {"\033[1;2;3;4;5;6;7;8;9;53m", "\033[22;23;24;25;27;28;29;55m", "\033[m"},
    {"", "\033[1;2;3;5;6;7;8;9;26;51;52;53;73m\033[74m", "\033[;1;2;3;5;6;7;8;9;26;51;52;53;74m"},
    {"", "\033[4:3m", "\033[;4:3m"},
    {"", "\033[4:0m\033[4:9m", "\033[;4m"},
    {"", "\033[21m", "\033[;21m"},
    {"", "\033[90;107m", "\033[;90;107m"},
    {"", "\033[38;5;200;48;5;7m", "\033[;38;5;200;48;5;7m"},
    {"", "\033[38;2;1;2;3m", "\033[;38;2;1;2;3m"},
    {"", "\033[38:2::1:2:3m", "\033[;38;2;1;2;3m"},
    {"", "\033[38:2:1:2:3m", "\033[;38:2:1:2:3m"},
    {"", "\033[58:5:9m", "\033[;58:5:9m"},
    {"", "\033[58;2;1;2;3m", "\033[;58:2::1:2:3m"},
    {"", "\033[11;20m", "\033[;20m"},
    {"", "\033[31;;32m", "\033[;32m"},
    {"", "\033[1\"q", "\033[1\"q"},
    {"", "\033]8;id=1;http://a\033\\", "\033]8;id=1;http://a\033\\"},
    {"\033]8;;http://a\033\\", "\033]8;;http://a\033\\\033]8;;\033\\", "\033]8;;\033\\"},
    /* character sets */
    {"", "\033(0", "\033(0"},
    {"\033(0", "\033(0\033(B", "\033(B"},
    {"", "\033)0\016", "\033)0\016"},
    {"", "\033*A\033+>\033n", "\033*A\033+>\033n"},
    {"", "\033-A\033(%5", "\033(%5\033-A"},
    {"", "\033|\033o\017", "\033|\017"},
    {"", "\033|\033o", "\033|\033o"},
    {"\033|\017", "", "\033}\017"},
    /* modes */
    {"", "\033[?1h\033[?2004h", "\033[?1h\033[?2004h"},
    {"", "\033[?1h\033[?1l", "\033[?1l"},
    {"\033[?1h\033[?2004h", "\033[?2004h", "\033[?1l"},
    {"", "\033[?7l\033[?25l\033[?66h", "\033[?7l\033[?25l\033="},
    {"", "\033[?9999h", "\033[?9999h"},
    {"", "\033[?1000h\033[?1002h\033[?1006h\033[?1000l", "\033[?1002h\033[?1006h\033[?1000l"},
    {"\033[?1002h", "\033[?1002h\033[?1000h\033[?1002h", "\033[?1000h\033[?1002h"},
    {"", "\033[2;4;12;20h", "\033[2h\033[4h\033[20h"},
    {"", "\033[12l", "\033[12l"},
    {"", "\033[?1h\033[?1s\033[?1l", "\033[?1h\033[?1s\033[?1l"},
    {"", "\033[?2026h", ""},
    {"\033=", "\033>", "\033>"},
    /* keyboard */
    {"", "\033[>1u\033[>5u", "\033[>1u\033[>5u"},
    {"\033[>1u\033[>5u", "\033[>1u\033[>7u\033[>8u", "\033[<1u\033[>7u\033[>8u"},
    {"\033[>1u\033[>5u", "", "\033[<2u"},
    {"", "\033[=5u", "\033[=5u"},
    {"", "\033[=5u\033[=2;2u\033[=1;3u", "\033[=6u"},
    {"", "\033[=5u\033[=0u", "\033[=1u\033[=0u"},
    {"", "\033[=0u", ""},
    {"", "\033[>1u\033[<9u", ""},
    {"", "\033[>4;2m\033[>1;0m", "\033[>1;0m\033[>4;2m"},
    {"\033[>4;2m", "\033[>4;2m\033[>4m", "\033[>4m"},
    {"\033[>4;2m", "\033[>4n", "\033[>4n"},
    {"\033[>4;2m\033[>1;1m", "\033[>4;2m\033[>m", "\033[>1m\033[>4m"},
    /* cursor */
    {"", "\033[5 q", "\033[5 q"},
    {"\033[5 q", "\033[0 q", "\033[0 q"},
    {"", "\033[2 q\033[?12h", "\033[?12h\033[2 q\033[?12h"},
    {"", "\033[?12h\033[2 q", "\033[?12h\033[2 q"},
    {"", "\033[5;7H", "\033[5;7H"},
    {"\033[5;7H", "\033[5;7H", ""},
    {"\033[5;7H", "abc\r\n", "\033[2;1H"},
    /* titles */
    {"", "\033]0;both\a", "\033]0;both\033\\"},
    {"", "\033]1;icon\a\033]2;title\a", "\033]1;icon\033\\\033]2;title\033\\"},
    {"", "\033]2;a\a\033[22;0t\033]2;b\a", "\033]2;a\033\\\033[22;0t\033]2;b\033\\"},
    {"\033]2;a\a\033[22;2t", "\033]2;a\a", "\033[23;2t"},
    {"\033]2;a\a", "", "\033[23;0t\033[22;0t"},
    {"", "\033]0;a\a\033[22;2t\033[22;1t\033]0;b\a\033[23;2t\033[23;1t", "\033]0;a\033\\"},
    {"\033[22;0t\033]2;a\a", "\033[22;0t\033]2;a\a\033[23;0t", "\033[23;0t\033[23;0t\033[22;0t"},
    {"", "\033]2;a\a\033[22t\033]2;b\a\033[23t", "\033]2;a\033\\"},
    {"", "\033]7;file://h/tmp\a", "\033]7;file://h/tmp\033\\"},
    /* colours */
    {"", "\033]4;1;#102030;2;red\a", "\033]4;1;#102030\033\\\033]4;2;red\033\\"},
    {"\033]4;1;red\a", "", "\033]104;1\033\\"},
    {"", "\033]4;1;red;2;?\a\033]104\a\033]4;300;red\a", ""},
    {"", "\033]5;0;red\a\033]10;#fff;#000\a\033]12;?\a",
     "\033]5;0;red\033\\\033]10;#fff\033\\\033]11;#000\033\\"},
    {"\033]10;#fff\a\033]5;1;red\a", "", "\033]105;1\033\\\033]110\033\\"},
    {"", "\033]11;red\a\033]111\a", ""},
    {"", "\033]4;1;this is no name of a colour, or too long\a", ""},
    /* tab stops */
    {"", "\033[3g\033[5G\033H\033[9G\033H\r", "\033[3g\033[5G\033H\033[9G\033H\033[1;1H"},
    {"", "\033[9G\033[g\r", "\033[3g\033[1G\033H\033[17G\033H\033[25G\033H\033[33G\033H\033[1;1H"},
    {"\033[3g", "",
     "\033[3g\033[1G\033H\033[9G\033H\033[17G\033H\033[25G\033H\033[33G\033H\033[1;1H"},
    {"", "\033[9G\033H\r", ""},
    /* margins, origin, saved cursor */
    {"", "\033[3;9r", "\033[3;9r\033[1;1H"},
    {"\033[3;9r", "\033[3;9r\033[r", "\033[1;24r\033[1;1H"},
    {"", "\033[3;9r\033[?6h", "\033[3;9r\033[?6h\033[1;1H"},
    {"", "\033[3;9r\033[?6h\033[2;2H", "\033[3;9r\033[?6h\033[2;2H"},
    {"", "\033[9;2r\033[0;0r", "\033[1;24r\033[1;1H"},
    {"", "\033[?69h\033[2;9s", "\033[?69h\033[2;9s\033[1;1H"},
    {"", "\033[4;4H\033[1m\0337\033[m\033[H", "\033[;1m\033[4;4H\0337\033[m\033[1;1H"},
    {"", "\033(0\0337\033(B", "\033(0\0337\033(B"},
    {"\033[4;4H\0337\r", "\033[4;4H\0337\r\033[!p", "\033[1;1H\0337\033[4;1H\033[?1l"},
    /* the alternate screen */
    {"", "\033[?1049h", "\033[?1049h"},
    {"", "\033[?1047h", "\033[?1047h"},
    {"", "\033[5;5H\033[31m\033[?1049h\033[H\033[m",
     "\033[;31m\033[5;5H\033[?1049h\033[m\033[1;1H"},
    {"\033[5;5H", "\033[5;5H\033[?1049h\033[3;9r\033[>5u", "\033[?1049h\033[3;9r\033[>5u\033[1;1H"},
    {"\033[?1049h", "\033[?1049h\033[2;2H\0337", "\033[2;2H\0337"},
    {"", "\033[?1049h\033[>5u\033[2;2H\0337\033[?1049l",
     "\0337\033[?47h\033[2;2H\0337\033[>5u\033[?47l\033[1;1H"},
    {"", "\033[5;5H\0337\033[?47h\033[H", "\033[5;5H\0337\033[?47h\033[1;1H"},
};

START_TEST(tells_the_difference)
{
    char *told = transition(cases[_i].from, cases[_i].to);
    ck_assert_str_eq(told, cases[_i].told);
    free(told);
}
END_TEST

/* As text that the caller frees. */
static char *join(const char *first, const char *second, const char *third)
{
    struct bytes out = {0};
    ck_assert_int_eq(bytes_append_text(&out, first), 0);
    ck_assert_int_eq(bytes_append_text(&out, second), 0);
    ck_assert_int_eq(bytes_append(&out, third, strlen(third) + 1), 0);
    return (char *)out.data;
}

/* The transition means what it says, after the title that every plan pushes: then there is nothing
 * to tell. */
START_TEST(brings_about_the_state)
{
    static const char pushed[] = "\033[22;0t";
    char *told = transition(cases[_i].from, cases[_i].to);
    char *have = join(pushed, cases[_i].from, told), *want = join(pushed, cases[_i].to, "");
    char *left = transition(have, want);
    ck_assert_str_eq(left, "");
    free(left);
    free(want);
    free(have);
    free(told);
}
END_TEST

/* Each thing is bounded: many times as many as fit, and what is left is still told. */
static const struct {
    const char *format;
    int count;
    size_t most; /* bytes told */
} many[] = {
    {"\033[?%dh", 3000, MODES_MAX * 9},
    {"\033[?%ds", 3000, MODES_SAVED_MAX * 30},
    {"\033[>%du", 1000, KEYBOARD_STACK * 8},
    {"\033]2;title %d\a\033[22;0t", 1000, TITLES_STACK * 30 + 30},
    {"\033]4;%d;#aabbcc\a", 3000, 256 * 20},
    {"\033]10;%d\a", 3000, 40},
    {"\033[?%dh\033[?1002h", 3000, MODES_MAX * 9},
};

START_TEST(keeps_a_bounded_number)
{
    struct bytes output = {0};
    for (int i = 0; i < many[_i].count; i++) {
        char piece[64];
        snprintf(piece, sizeof(piece), many[_i].format, 3000 + i % 1500);
        if (strchr(many[_i].format, ']'))
            snprintf(piece, sizeof(piece), many[_i].format, i % 256);
        bytes_append_text(&output, piece);
    }
    ck_assert_int_eq(bytes_append(&output, "", 1), 0);
    char *told = transition("", (char *)output.data);
    ck_assert_uint_gt(strlen(told), 0);
    ck_assert_uint_le(strlen(told), many[_i].most);
    free(told);
    bytes_finish(&output);
}
END_TEST

START_TEST(cuts_long_texts)
{
    struct bytes output = {0};
    bytes_append_text(&output, "\033]2;");
    for (int i = 0; i < 9000; i++)
        bytes_append_text(&output, "x");
    ck_assert_int_eq(bytes_append(&output, "\a", 2), 0);
    char *told = transition("", (char *)output.data);
    ck_assert_uint_eq(strlen(told), strlen("\033]2;\033\\") + TITLES_LEN_MAX);
    free(told);
    bytes_finish(&output);
}
END_TEST

static Suite *transition_suite(void)
{
    Suite *suite = suite_create("transition");
    TCase *transitions = tcase_create("transition");
    int count = sizeof(cases) / sizeof(cases[0]);
    tcase_add_loop_test(transitions, tells_the_difference, 0, count);
    tcase_add_loop_test(transitions, brings_about_the_state, 0, count);
    tcase_add_loop_test(transitions, keeps_a_bounded_number, 0, sizeof(many) / sizeof(many[0]));
    tcase_add_test(transitions, cuts_long_texts);
    suite_add_tcase(suite, transitions);
    return suite;
}

int main(void)
{
    return runner_run(transition_suite());
}
