#include "common/terminal/screen_paint.h"
#include "tests/harness/runner.h"
#include "tests/harness/screens.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 4, COLS = 10, HISTORY = 20 };

static struct screen *show(const char *output)
{
    struct screen *screen = screen_create(ROWS, COLS, HISTORY);
    ck_assert_ptr_nonnull(screen);
    screen_feed(screen, output, strlen(output));
    return screen;
}

/* What is on the screen, and where the cursor is: "row,column" from 0. */
static const struct {
    const char *output, *text, *cursor;
} shown[] = {
    {"", "", "0,0"},
    {"ab", "ab\n", "0,2"},
    {"ab\r\ncd", "ab\ncd\n", "1,2"},
    /* wrapping */
    {"0123456789", "0123456789\n", "0,10"},
    {"0123456789a", "0123456789\na\n", "1,1"},
    {"\033[?7l0123456789ab", "012345678b\n", "0,10"},
    {"012345678\xe6\xbc\xa2", "012345678\n\xe6\xbc\xa2\n", "1,2"},
    {"0123456789\bx", "01234567x9\n", "0,9"},
    {"\033[?45h0123456789a\b\bx", "012345678x\na\n", "0,10"},
    /* scrolling */
    {"1\r\n2\r\n3\r\n4\r\n5", "2\n3\n4\n5\n", "3,1"},
    {"1\r\n2\033[H\033Mx", "x\n1\n2\n", "0,1"},
    {"1\r\n2\r\n3\r\n4\033[2;3r\033[3;1H\nx", "1\n3\nx\n4\n", "2,1"},
    {"1\r\n2\r\n3\r\n4\033[2;3r\033[4;1H\nx", "1\n2\n3\nx\n", "3,1"},
    {"1\r\n2\r\n3\r\n4\033[2S", "3\n4\n", "3,1"},
    {"1\r\n2\r\n3\r\n4\033[T", "\n1\n2\n3\n", "3,1"},
    /* erasing, inserting, deleting */
    {"abcdef\033[3D\033[K", "abc\n", "0,3"},
    {"abcdef\033[3D\033[1K", "    ef\n", "0,3"},
    {"abcdef\033[2K", "", "0,6"},
    {"1\r\n2\r\n3\033[2;1H\033[J", "1\n", "1,0"},
    {"1\r\n2\r\n3\033[2;1H\033[1J", "\n\n3\n", "1,0"},
    {"1\r\n2\r\n3\033[2J", "", "2,1"},
    {"abcdef\033[2G\033[2X", "a  def\n", "0,1"},
    {"abcdef\033[2G\033[2@", "a  bcdef\n", "0,1"},
    {"abcdef\033[2G\033[2P", "adef\n", "0,1"},
    {"1\r\n2\r\n3\033[2;1H\033[L", "1\n\n2\n3\n", "1,0"},
    {"1\r\n2\r\n3\033[2;1H\033[M", "1\n3\n", "1,0"},
    {"abc\r\ndef\033[1;2H\033[1'}", "a bc\nd ef\n", "0,1"},
    {"abc\r\ndef\033[1;2H\033[1'~", "ac\ndf\n", "0,1"},
    {"abc\r\ndef\033[ @", "bc\nef\n", "1,3"},
    {"abc\r\ndef\033[ A", " abc\n def\n", "1,3"},
    {"a\033[1\"qb\033[0\"qc\033[?2K", " b\n", "0,3"},
    {"a\033[1\"qb\033[0\"qc\033[H\033[?J", " b\n", "0,0"},
    {"abc\033[4h\033[Hxy", "xyabc\n", "0,2"},
    {"\033#8", "EEEEEEEEEE\nEEEEEEEEEE\nEEEEEEEEEE\nEEEEEEEEEE\n", "0,0"},
    {"ab\033[3b", "abbbb\n", "0,5"},
    {"ab\033[m\033[3b", "ab\n", "0,2"},
    /* wide characters are never there by half */
    {"\xe6\xbc\xa2\xe5\xad\x97\033[1;2Hx", " x\xe5\xad\x97\n", "0,2"},
    {"\xe6\xbc\xa2\xe5\xad\x97\033[1;3Hx", "\xe6\xbc\xa2x\n", "0,3"},
    {"\xe6\xbc\xa2\xe5\xad\x97\033[1;2H\033[2X", "", "0,1"},
    {"\xe6\xbc\xa2\xe5\xad\x97\033[1;2H\033[P", " \xe5\xad\x97\n", "0,1"},
    {"01234567\xe6\xbc\xa2\033[H\033[@", " 01234567\n", "0,0"},
    /* marks */
    {"e\xcc\x81x", "e\xcc\x81x\n", "0,2"},
    {"\xe6\xbc\xa2\xcc\x81x", "\xe6\xbc\xa2\xcc\x81x\n", "0,3"},
    {"0123456789\xcc\x81", "0123456789\xcc\x81\n", "0,10"},
    {"a\xff\xe6"
     "b",
     "ab\n", "0,2"},
    /* sets */
    {"\033(0lqk\033(Bq", "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x90q\n", "0,4"},
    {"\033)0a\016a\017a",
     "a\xe2\x96\x92"
     "a\n",
     "0,3"},
    {"\033*0\033NaNa", "\xe2\x96\x92Na\n", "0,3"},
    {"\033(K[\\]\033(A#", "\xc3\x84\xc3\x96\xc3\x9c\xc2\xa3\n", "0,4"},
    /* tabs */
    {"\tx", "        x\n", "0,9"},
    {"\t\tx", "         x\n", "0,10"},
    {"\033[3g\033[4G\033H\r\tx\033[Zy", "   y\n", "0,4"},
    /* cursor */
    {"\033[2;3Hx\0337\033[4;1Hy\0338z", "\n  xz\n\ny\n", "1,4"},
    {"\033[2;3r\033[?6h\033[1;2Hx", "\n x\n", "1,2"},
    {"\033[2;3r\033[?6h\033[9ex", "\n\nx\n", "2,1"},
    {"\033[2;3r\033[2H\033[9ex", "\n\n\nx\n", "3,1"},
    {"a\033[20h\nb", "a\nb\n", "1,1"},
    {"\033[3Bx\033[2Ay\033[Ez\033[Fw", "\nwy\nz\nx\n", "1,1"},
    /* screens */
    {"normal\033[?1049halt", "      alt\n", "0,9"},
    {"normal\033[?1049halt\033[?1049l!", "normal!\n", "0,7"},
    {"normal\033[?47halt\033[?47l!", "normal   !\n", "0,10"},
    {"abc\033[?1049hx\033c", "", "0,0"},
    /* nothing of these is shown */
    {"a\033]0;title\007b\033P$qm\033\\c\033[?1;2cd\033[6n\033[>4;2m", "abcd\n", "0,4"},
};

START_TEST(output_is_shown)
{
    struct screen *screen = show(shown[_i].output);
    char *text = screens_text(screen, false), cursor[32];
    snprintf(cursor, sizeof(cursor), "%u,%u", screen_y(screen), screen_x(screen));
    ck_assert_str_eq(text, shown[_i].text);
    ck_assert_str_eq(cursor, shown[_i].cursor);
    free(text);
    screen_destroy(screen);
}
END_TEST

/* Cells with their pens, as SGR says them. */
static const struct {
    const char *output, *lines;
} drawn[] = {
    {"\033[1;31ma\033[mb", "\033[;1;31ma\033[mb\n"},
    {"\033[38;5;200;48;2;1;2;3;4:3;58:5:9mx", "\033[;4:3;38;5;200;48;2;1;2;3;58:5:9mx\033[m\n"},
    {"\033[2;8;9;53mx", "\033[;2;8;9;53mx\033[m\n"},
    {"\033]8;id=a;http://a\033\\x\033]8;;\033\\y", "\033]8;id=a;http://a\033\\x\033]8;;\033\\y\n"},
    {"\033[1\"qx", "\033[1\"qx\033[0\"q\n"},
    /* erased cells have the background, and nothing else of the pen */
    {"\033[1;4;44mx\033[1;3H\033[2X", "\033[;1;4;44mx\033[m \033[;44m  \033[m\n"},
    {"\033[44m\033[4;1H\n\033[m", "\033[;44m          \033[m\n"},
    /* the second half of a wide character goes with the first */
    {"\033[44m\xe6\xbc\xa2\033[45m\033[1;1Hx", "\033[;45mx \033[m\n"},
};

START_TEST(cells_have_pens)
{
    struct screen *screen = show(drawn[_i].output);
    struct bytes out = {0};
    ck_assert_int_eq(screen_write_lines(screen, 0, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    const char *text = (const char *)out.data;
    while (*text == '\n')
        text++;
    ck_assert_str_eq(text, drawn[_i].lines);
    bytes_finish(&out);
    screen_destroy(screen);
}
END_TEST

START_TEST(lines_that_scroll_off_are_kept)
{
    struct screen *screen = screen_create(2, COLS, 3);
    ck_assert_ptr_nonnull(screen);
    for (int i = 0; i < 10; i++) {
        char line[16];
        int len = snprintf(line, sizeof(line), "%d\r\n", i);
        screen_feed(screen, line, (size_t)len);
    }
    ck_assert_uint_eq(screen_history(screen), 3);
    char *text = screens_text(screen, true);
    ck_assert_str_eq(text, "6\n7\n8\n9\n");
    free(text);
    /* What scrolls inside of margins or on the alternate screen is not. */
    const char *more = "\033[?1049h\r\n\r\n\r\n\033[?1049l\033[H\033[2L\033[2M";
    screen_feed(screen, more, strlen(more));
    ck_assert_uint_eq(screen_history(screen), 3);
    screen_feed(screen, "\033[3J", 4);
    ck_assert_uint_eq(screen_history(screen), 0);
    screen_destroy(screen);
}
END_TEST

/* A flood of lines is skipped where nothing of it is left: the same as line by line. */
START_TEST(floods_come_out_the_same)
{
    struct bytes flood = {0};
    for (int i = 0; i < 5000; i++)
        ck_assert_int_eq(bytes_printf(&flood, "%s line %d, rather long\r\n",
                                      i % 7 ? "a" : "\xe6\xbc\xa2\xcc\x81", i),
                         0);
    struct screen *whole = show("\033[44m\xe6\xbc\xa2start"),
                  *single = show("\033[44m\xe6\xbc\xa2start");
    screen_feed(whole, flood.data, flood.len);
    for (size_t i = 0; i < flood.len; i++)
        screen_feed(single, flood.data + i, 1);
    char text[200] = "";
    ck_assert_msg(screens_equal(whole, single, text, sizeof(text)), "%s", text);
    ck_assert_msg(screens_equal_history(whole, single, HISTORY, text, sizeof(text)), "%s", text);
    bytes_finish(&flood);
    screen_destroy(whole);
    screen_destroy(single);
}
END_TEST

/* More pens and clusters than are kept at once: those in use stay. */
START_TEST(pens_and_clusters_do_not_run_out)
{
    struct screen *screen = show("\033[38;2;1;2;3ma\xcc\x81\033[4;1H");
    for (unsigned i = 0; i < 70000; i++) {
        char text[64];
        int len = snprintf(text, sizeof(text), "\r\033[38;2;%u;%u;%umx\xcc%c%c%c", i & 255,
                           i >> 8 & 255, i >> 16, 0x80 + i % 64, 0xcc, 0x80 + i / 64 % 64);
        screen_feed(screen, text, (size_t)len);
    }
    struct bytes out = {0};
    ck_assert_int_eq(screen_write_lines(screen, 0, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    static const char first[] = "\033[;38;2;1;2;3ma\xcc\x81\033[m\n";
    ck_assert_mem_eq(out.data, first, sizeof(first) - 1);
    ck_assert_ptr_nonnull(strstr((const char *)out.data, "\033[;38;2;111;17;1mx"));
    bytes_finish(&out);
    screen_destroy(screen);
}
END_TEST

static const struct {
    const char *output;
    unsigned rows, cols;
    const char *text, *cursor;
} resized[] = {
    {"1\r\n2\r\n3", 2, 10, "2\n3\n", "1,1"},    {"1\r\n2\r\n3\033[H", 2, 10, "1\n2\n", "0,0"},
    {"1\r\n2\r\n3", 6, 20, "1\n2\n3\n", "2,1"}, {"0123456789\r\nab", 4, 5, "01234\nab\n", "1,2"},
    {"012\xe6\xbc\xa2", 4, 4, "012\n", "0,3"},  {"a\033[?1049hb\033[?1049l", 5, 10, "a\n", "0,1"},
};

START_TEST(another_size_keeps_what_fits)
{
    struct screen *screen = show(resized[_i].output);
    screen_resize(screen, resized[_i].rows, resized[_i].cols);
    char *text = screens_text(screen, false), cursor[32];
    snprintf(cursor, sizeof(cursor), "%u,%u", screen_y(screen), screen_x(screen));
    ck_assert_str_eq(text, resized[_i].text);
    ck_assert_str_eq(cursor, resized[_i].cursor);
    free(text);
    screen_destroy(screen);
}
END_TEST

/* Painted on a terminal of another size: a part with the cursor, or all of it at the top left. */
static const struct {
    const char *output;
    unsigned rows, cols;
    const char *text, *cursor;
} painted[] = {
    {"1\r\n2\r\n3\r\n4\r\n5", 4, 10, "2\n3\n4\n5\n", "3,1"},
    {"1\r\n2\r\n3\r\n4\r\n5", 2, 10, "4\n5\n", "1,1"},
    {"1\r\n2\r\n3\r\n4\r\n5\033[2A", 2, 10, "2\n3\n", "1,1"},
    {"1\r\n2\r\n3\r\n4\r\n5", 6, 10, "2\n3\n4\n5\n", "3,1"},
    {"0123456789\r\nab", 4, 5, "01234\nab\n", "1,2"},
    {"0123456789", 4, 5, "56789\n", "0,4"},
    {"normal\033[?1049h\033[2;3Halt", 3, 4, "\nalt\n", "1,3"},
    {"normal\033[?1049h\033[2;3Halt", 5, 12, "\n  alt\n", "1,5"},
};

START_TEST(other_terminals_see_a_part)
{
    struct screen *screen = show(painted[_i].output);
    struct screen_paint how = {.rows = painted[_i].rows, .cols = painted[_i].cols, .history = 9};
    struct bytes out = {0};
    ck_assert_int_eq(screen_paint(screen, &how, &out), 0);
    struct screen *view = screen_create(how.rows, how.cols, HISTORY);
    ck_assert_ptr_nonnull(view);
    screen_feed(view, out.data, out.len);
    char *text = screens_text(view, false), cursor[32];
    snprintf(cursor, sizeof(cursor), "%u,%u", screen_y(view), screen_x(view));
    ck_assert_str_eq(text, painted[_i].text);
    ck_assert_str_eq(cursor, painted[_i].cursor);
    free(text);
    bytes_finish(&out);
    screen_destroy(view);
    screen_destroy(screen);
}
END_TEST

START_TEST(a_paint_is_one_update_with_the_title_pushed)
{
    static const char begin[] = "\033[?2026h\033[22;0t", end[] = "\033[?2026l";
    struct screen *screen = show("x");
    struct screen_paint how = {0};
    struct bytes out = {0};
    ck_assert_int_eq(screen_paint(screen, &how, &out), 0);
    ck_assert_uint_gt(out.len, sizeof(begin) + sizeof(end));
    ck_assert_mem_eq(out.data, begin, sizeof(begin) - 1);
    ck_assert_mem_eq(out.data + out.len - (sizeof(end) - 1), end, sizeof(end) - 1);
    bytes_finish(&out);
    screen_destroy(screen);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *screen_suite(void)
{
    Suite *suite = suite_create("screen");
    TCase *cells = tcase_create("cells");
    tcase_add_loop_test(cells, output_is_shown, 0, COUNT(shown));
    tcase_add_loop_test(cells, cells_have_pens, 0, COUNT(drawn));
    tcase_add_test(cells, lines_that_scroll_off_are_kept);
    tcase_add_test(cells, floods_come_out_the_same);
    tcase_add_test(cells, pens_and_clusters_do_not_run_out);
    tcase_add_loop_test(cells, another_size_keeps_what_fits, 0, COUNT(resized));
    suite_add_tcase(suite, cells);
    TCase *paint = tcase_create("paint");
    tcase_add_loop_test(paint, other_terminals_see_a_part, 0, COUNT(painted));
    tcase_add_test(paint, a_paint_is_one_update_with_the_title_pushed);
    suite_add_tcase(suite, paint);
    return suite;
}

int main(void)
{
    return runner_run(screen_suite());
}
