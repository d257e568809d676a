#include "common/terminal/tracker.h"
#include "common/terminal/tracker_internal.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 24, COLS = 40 };

static void feed(struct tracker *tracker, const char *output)
{
    tracker_feed(tracker, output, strlen(output));
}

static struct tracker *track(const char *output)
{
    struct tracker *tracker = tracker_create(ROWS, COLS);
    ck_assert_ptr_nonnull(tracker);
    feed(tracker, output);
    return tracker;
}

/* The undo as text that the caller frees. */
static char *undo(const struct tracker *tracker)
{
    struct bytes out = {0};
    ck_assert_int_eq(tracker_undo(tracker, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    return (char *)out.data;
}

static const struct {
    const char *output, *undo;
} undos[] = {
    /* nothing to undo, the cursor at the start of a fresh line */
    {"", ""},
    {"line\r\n", ""},
    {"\033[1mx\033[m\r\n\033[?25l\033[?25h", ""},
    {"\033[?1049h\033[?1049l", ""},
    {"\033[r\033[5;1H", ""},
    /* a fresh line */
    {"$ ", "\r\n"},
    {"a\r\nb\r\nc\033[A\r", "\033[1B\r\n"},
    {"top\033[5;1Hbelow\033[1;1H", "\033[4B\r\n"},
    {"\033[5;1Hbelow\033[1;1H\033[J", ""},
    {"\033[10;10H", "\r\n"},
    /* pen, sets */
    {"\033[1;31m\r\n", "\033[m"},
    {"\033]8;;http://a\033\\\r\n", "\033]8;;\033\\"},
    {"\033[1\"q\r\n", "\033[0\"q"},
    {"\033(0\016\r\n", "\033(B\017"},
    {"\033)0\r\n", "\033)B"},
    {"\033|\r\n", "\033}\017"},
    /* modes */
    {"\033[?1h\033=\033[?2004h\r\n", "\033>\033[?1l\033[?2004l"},
    {"\033[?1000h\033[?1006h\r\n", "\033[?1000l\033[?1006l"},
    {"\033[?1000h\033[?1000l\r\n", ""},
    {"\033[4h\033[20h\033[2h\033[12l\r\n", "\033[2l\033[4l\033[12h\033[20l"},
    {"\033[?7l\r\n", "\033[?7h"},
    {"\033[?25l\r\n", "\033[?25h"},
    {"\033[?5h\033[?2031h\r\n", "\033[?5l\033[?2031l"},
    {"\033[?8l\r\n", "\033[?8h"},
    {"\033[?2026h\r\n", "\033[?2026l"},
    /* margins and DECOM */
    {"\033[3;9r\r\n\r", "\0337\033[r\0338"},
    {"\033[3;9r\033[?6h\r", "\033[?6l\033[r\033[24B\r\n"},
    {"\033[?69h\033[3;9s\r", "\033[?69l\0337\033[r\0338\r\n"},
    /* keyboard, cursor style, titles, colours, tab stops, progress */
    {"\033[>1u\033[>5u\r\n", "\033[<2u"},
    {"\033[=1u\r\n", "\033[<1u"},
    {"\033[=1u\033[=0u\r\n", "\033[<1u"},
    {"\033[>4;2m\r\n", "\033[>4m"},
    {"\033[4 q\r\n", "\033[0 q"},
    {"\033[4 q\033[0 q\r\n", ""},
    {"\033[?12h\r\n", "\033[?12l"},
    {"\033]2;title\a\r\n", "\033[23;0t"},
    {"\033[22;2t\033]2;title\a\r\n", "\033[23;2t\033[23;0t"},
    {"\033]4;1;red\a\033]11;#000\a\r\n", "\033]104;1\033\\\033]111\033\\"},
    {"\033[3g\r\n", "\033[3g\033[1G\033H\033[9G\033H\033[17G\033H\033[25G\033H\033[33G\033H\r\n"},
    {"\033[5W\r\n", "\033[3g\033[1G\033H\033[9G\033H\033[17G\033H\033[25G\033H\033[33G\033H\r\n"},
    {"\033]9;4;1;50\a\r\n", "\033]9;4;0\033\\"},
    {"\033]9;4;1;50\a\033]9;4;0\a\r\n", ""},
    /* the alternate screen */
    {"\033[?1049h\033[2J\033[5;5Htext", "\033[?1049l"},
    {"$ \033[?1049h\033[2J\033[5;5Htext", "\033[?1049l\r\n"},
    {"\033[?47htext", "\033[?47l\r\n"},
    {"\033[?1049h\033[>5u\033[?1h\033[m", "\033[<1u\033[?1049l\033[?1l"},
    {"\033[31m\033[?1049h\033[m", "\033[?1049l\033[m"},
    {"\033[>1u\033[?1049h\033[>5u", "\033[<1u\033[?1049l\033[<1u"},
    {"\033[?1049h\033[>5u\033[?1049l", "\033[?47h\033[<1u\033[?47l"},
    /* in the middle of something */
    {"\r\n\033[3", "\030\033\\\r\n"},
    {"\r\n\033]2;titl", "\030\033\\\r\n"},
    {"\r\n\342\202", "\r\n"},
    /* what terminals disagree on is made sure */
    {"\033[4:3m\0337\033[m\0338\r\n", "\033[m\033[m\033[0\"q\033]8;;\033\\"},
    {"\033[?2004h\033[!p\r\n", "\033[?2004l"},
    {"\033[?25l\033[20h\033c", "\033[20l\033[?25h"},
    {"\033[?25l\033[20h\033c\033[?25h\033[20l", ""},
    {"\033[?25l\033c\033[!p", ""},
    /* it may have moved up */
    {"\033Pq~\033\\text\033M", "\033[24B\r\n"},
    {"\033[?45h\r\n\b\033[?45l", "\033[24B\r\n"},
};

START_TEST(undoes_what_is_set)
{
    struct tracker *tracker = track(undos[_i].output);
    char *text = undo(tracker);
    ck_assert_str_eq(text, undos[_i].undo);
    free(text);
    tracker_destroy(tracker);
}
END_TEST

START_TEST(nothing_is_left_after_an_undo)
{
    struct tracker *tracker = track(undos[_i].output);
    char *text = undo(tracker);
    feed(tracker, text);
    free(text);
    text = undo(tracker);
    /* A title stays touched: nobody can tell what it was before. */
    ck_assert_str_eq(text, tracker->canvas.state.titles.touched ? "\033[23;0t" : "");
    free(text);
    tracker_destroy(tracker);
}
END_TEST

static const char *const never_sent[] = {"\033c",  "\033[3J", "\033[2J",
                                         "\033[J", "\033]52", "\033]7;"};

START_TEST(an_undo_resets_and_clears_nothing)
{
    for (size_t i = 0; i < sizeof(undos) / sizeof(undos[0]); i++)
        ck_assert_ptr_null(strstr(undos[i].undo, never_sent[_i]));
    ck_assert_ptr_null(strstr(tracker_undo_unknown(), never_sent[_i]));
}
END_TEST

START_TEST(undoes_an_unknown_state)
{
    struct tracker *tracker = track(undos[_i].output);
    feed(tracker, tracker_undo_unknown());
    const struct state *state = &tracker->canvas.state;
    static const struct pen plain;
    ck_assert(!state->alternate && state->visible && state->autowrap && !state->origin &&
              !state->insert);
    ck_assert(!state->keypad && !state->newline && !state->synchronized && !state->side_margins);
    ck_assert_uint_eq(state->keyboard.stack[0].count, 0);
    ck_assert_uint_eq(state->style, 1);
    ck_assert_int_eq(tracker->canvas.cursor.most, 0);
    ck_assert_int_eq(tracker->canvas.cursor.y, ROWS - 1);
    ck_assert(pen_equal(&state->pen, &plain) || state->pen.flags == PEN_PROTECTED);
    static const unsigned modes[] = {1,    5,    9,    1000, 1002, 1003, 1004,
                                     1005, 1006, 1015, 1016, 2004, 2031};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        ck_assert(!modes_get(&state->modes, modes[i]));
    tracker_destroy(tracker);
}
END_TEST

START_TEST(knows_title_and_screen)
{
    struct tracker *tracker = track("text");
    ck_assert_ptr_null(tracker_title(tracker));
    ck_assert(!tracker_alternate(tracker));
    feed(tracker, "\033]2;caf\303\251\033\\\033[?1049h");
    ck_assert_str_eq(tracker_title(tracker), "caf\303\251");
    ck_assert(tracker_alternate(tracker));
    feed(tracker, "\033]1;icon\a\033[22t\033]0;second\a");
    ck_assert_str_eq(tracker_title(tracker), "second");
    feed(tracker, "\033[23t\033c");
    ck_assert_str_eq(tracker_title(tracker), "caf\303\251");
    ck_assert(!tracker_alternate(tracker));
    /* What would end a string or mean something on a terminal is not kept. */
    feed(tracker, "\033]2;a\001b\302\033\\");
    ck_assert_str_eq(tracker_title(tracker), "ab\302");
    tracker_destroy(tracker);
}
END_TEST

START_TEST(counts_bytes)
{
    struct tracker *tracker = track("12345");
    ck_assert_uint_eq(tracker_offset(tracker), 5);
    feed(tracker, "\033[");
    ck_assert_uint_eq(tracker_offset(tracker), 7);
    tracker_gap(tracker, 3);
    ck_assert_uint_eq(tracker_offset(tracker), 7);
    tracker_gap(tracker, 1000);
    ck_assert_uint_eq(tracker_offset(tracker), 1000);
    feed(tracker, "m");
    ck_assert_uint_eq(tracker_offset(tracker), 1001);
    tracker_destroy(tracker);
}
END_TEST

START_TEST(takes_any_size)
{
    static const unsigned sizes[][2] = {{0, 0},   {1, 1},       {1, 200},
                                        {200, 1}, {5000, 5000}, {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct tracker *tracker = tracker_create(sizes[i][0], sizes[i][1]);
        ck_assert_ptr_nonnull(tracker);
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            feed(tracker, "text \346\274\242 more "
                          "text\r\n\033[?1049h\033[9;9H\n\n\033[L\033M\033[3;4r\n\n\n\t\t\tx");
            tracker_resize(tracker, sizes[k][0], sizes[k][1]);
            feed(tracker,
                 "\033[?1049l\0338\033[999;999H\033[99999b\033[99999S\033[99999L\033[99999I");
            ck_assert_uint_lt(tracker->canvas.cursor.y, tracker->canvas.rows);
            ck_assert_uint_le(tracker->canvas.cursor.most, tracker->canvas.cols);
        }
        tracker_destroy(tracker);
    }
    tracker_destroy(NULL);
}
END_TEST

/* Where the cursor is after some output: column and row from 0, -1 for not known. */
static const struct {
    const char *output;
    int x, y;
} cursors[] = {
    {"", 0, 0},
    {"abc", 3, 0},
    {"abc\r\ndef\n", 3, 2},
    {"a\tb", 9, 0},
    {"abc\b\b", 1, 0},
    {"\033[5;6H", 5, 4},
    {"\033[99;99H", COLS - 1, ROWS - 1},
    {"\033[99B", 0, ROWS - 1},
    {"\033[5;6H\033[2A\033[3C\033[D", 7, 2},
    {"\033[5;6H\033[E", 0, 5},
    {"\033[5;6H\033[F", 0, 3},
    {"\033[5;6H\033[9G\033[2d", 8, 1},
    {"\033[5;6H\033[2I", 16, 4},
    {"\033[5;20H\033[2Z", 8, 4},
    {"\033[5;6H\0337\033[H\0338", 5, 4},
    {"\033[5;6H\033[s\033[H\033[u", 5, 4},
    {"\033[5;6H\033[?1049h\033[H\033[?1049l", 5, 4},
    {"\033[5;6H\033[?47h\033[2;2H\033[?47l", 1, 1},
    {"\033[3;5r\033[5;1H\n\n", 0, 4},
    {"\033[3;5r\033[3;1H\033[9A", 0, 2},
    {"\033[3;5r\033[?6h\033[2;2H", 1, 3},
    {"\033[3;5r\033[?6h\033[99;2H", 1, 4},
    {"\033[3;5r", 0, 0},
    {"\n\033[20h\nabc\n", 0, 3},
    {"\303\251\342\202\254", 2, 0},
    {"\346\274\242\345\255\227", 4, 0},
    {"e\314\201", 1, 0},
    {"e\314\201\314\243", 1, 0},
    {"abc\033[4b", 7, 0},
    /* wrapping */
    {"0123456789012345678901234567890123456789", -1, 0},
    {"0123456789012345678901234567890123456789a", 1, 1},
    {"0123456789012345678901234567890123456789\r", 0, 0},
    {"0123456789012345678901234567890123456789\n", COLS - 1, 1},
    {"012345678901234567890123456789012345678\346\274\242", 2, 1},
    {"\033[?7l0123456789012345678901234567890123456789abc\rx", 1, 0},
    {"\033[1;38Habc\033[4bx", 5, 1},
    /* what terminals do not agree on */
    {"\360\237\230\200", -1, 0},
    {"\360\237\230\200\r\n", 0, 1},
    {"\377", -1, 0},
    {"\314\201", -1, 0},
    {"e\033[m\314\201", -1, 0},
    {"e\033[m\314\201\r", 0, 0},
    {"0123456789012345678901234567890123456789\b", -1, 0},
    {"0123456789012345678901234567890123456789\t", -1, 0},
    {"0123456789012345678901234567890123456\360\237\230\200\360\237\230\200x", -1, -1},
    {"\033[9L", 0, 0},
    {"abc\033[L", -1, 0},
    {"\033P0q~~\033\\", -1, -1},
    {"\033P0q~~\033\\\033[2;3H", 2, 1},
    {"\033P0q~~\033\\\r\033[23B", 0, ROWS - 1},
    {"\033P0q~~\033\\\r\033[22B", 0, -1},
    {"\033P0q~~\033\\\r\033[23A", 0, 0},
    {"\033[2;9r\033P0q~~\033\\\r\033[99B\033[99A", 0, -1},
    {"\033_Ga=T;AAAA\033\\", -1, -1},
    {"\033]1337;File=inline=1:AA\a", -1, -1},
};

START_TEST(knows_where_the_cursor_is)
{
    struct tracker *tracker = track(cursors[_i].output);
    const struct cursor *cursor = &tracker->canvas.cursor;
    bool known = cursor->least == cursor->most && cursor->most < COLS;
    ck_assert_int_eq(known ? cursor->most : -1, cursors[_i].x);
    ck_assert_int_eq(cursor->y_known ? cursor->y : -1, cursors[_i].y);
    tracker_destroy(tracker);
}
END_TEST

START_TEST(finds_the_cursor_again_at_the_bottom)
{
    struct tracker *tracker = track("\033P0q~~\033\\\r");
    for (int i = 0; i < ROWS; i++)
        feed(tracker, "line\r\n");
    ck_assert(tracker->canvas.cursor.y_known);
    ck_assert_int_eq(tracker->canvas.cursor.y, ROWS - 1);
    tracker_destroy(tracker);
}
END_TEST

/* A flood in one piece is skipped, line by line it is not: what is known afterwards is the same. */
START_TEST(floods_leave_what_lines_leave)
{
    static const char *const lines[] = {"y\r\n", "a longer line of text\r\n",
                                        "\033[1;32mok\033[0m text\r\n",
                                        "\303\251t\303\251\ttab\r\n"};
    struct tracker *at_once = track(""), *by_lines = track("");
    struct bytes flood = {0};
    for (int i = 0; i < 20000; i++) {
        bytes_append_text(&flood, lines[_i]);
        feed(by_lines, lines[_i]);
    }
    tracker_feed(at_once, flood.data, flood.len);
    ck_assert(state_equal(&at_once->canvas.state, &by_lines->canvas.state));
    ck_assert_int_eq(at_once->canvas.cursor.most, 0);
    ck_assert_int_eq(at_once->canvas.cursor.y, ROWS - 1);
    ck_assert(at_once->canvas.cursor.y_known);
    ck_assert_uint_eq(at_once->canvas.lines, by_lines->canvas.lines);
    for (unsigned y = 0; y < ROWS; y++)
        ck_assert_uint_eq(rows_at(canvas_rows(&at_once->canvas), y)->since,
                          rows_at(canvas_rows(&by_lines->canvas), y)->since);
    bytes_finish(&flood);
    tracker_destroy(at_once);
    tracker_destroy(by_lines);
}
END_TEST

/*
 * A flood of coloured lines that is cut inside of sequences, and put off: what it leaves is the
 * same.
 */
START_TEST(pieces_put_off_leave_what_one_piece_leaves)
{
    static const size_t pieces[] = {1, 7, 4093, 8192, 70001};
    struct bytes flood = {0};
    for (int i = 0; i < 4000; i++)
        bytes_append_text(&flood, "\033[1;31merror\033[0m: \033[4munused\033[24m variable\r\n");
    bytes_append_text(&flood, "\033]0;a title\a\033[?25l\033[3");
    struct tracker *at_once = track(""), *later = track("");
    tracker_feed(at_once, flood.data, flood.len);
    for (size_t at = 0; at < flood.len; at += pieces[_i]) {
        size_t left = flood.len - at;
        tracker_feed_later(later, flood.data + at, left < pieces[_i] ? left : pieces[_i]);
        if (at % 3 == 0)
            tracker_settle(later);
    }
    ck_assert_uint_eq(tracker_offset(later), flood.len);
    ck_assert_str_eq(tracker_title(later), "a title");
    ck_assert(state_equal(&at_once->canvas.state, &later->canvas.state));
    ck_assert_int_eq(later->canvas.cursor.y, ROWS - 1);
    ck_assert_uint_eq(at_once->canvas.lines, later->canvas.lines);
    for (unsigned y = 0; y < ROWS; y++)
        ck_assert_uint_eq(rows_at(canvas_rows(&at_once->canvas), y)->since,
                          rows_at(canvas_rows(&later->canvas), y)->since);
    bytes_finish(&flood);
    tracker_destroy(at_once);
    tracker_destroy(later);
}
END_TEST

START_TEST(stays_small)
{
    size_t before = mallinfo2().uordblks;
    struct tracker *tracker = track("\033]0;user@host: ~\a\033[?2004h$ ");
    for (int i = 0; i < 1000; i++) {
        char command[256];
        snprintf(command, sizeof(command),
                 "ls %d\r\n\033[?2004l\r\033[0m\033[01;34mdir\033[0m  \033[01;32mrun\033[0m\r\n"
                 "\033]0;user@host: ~/%d\a\033[?2004h\033[1;32mhost\033[m:\033[1;34m~\033[m$ ",
                 i, i % 7);
        feed(tracker, command);
        if (i % 50 == 0)
            feed(tracker, "\033[?1049h\033[?1h\033=\033[2J\033[1;1Hfile\033[?1l\033>\033[?1049l");
    }
    feed(tracker, "\033[?1049h\033[?1h\033=\033[2J\033[1;1Hfile");
    ck_assert_uint_le(mallinfo2().uordblks - before, 16 * 1024);
    tracker_destroy(tracker);
}
END_TEST

static Suite *tracker_suite(void)
{
    Suite *suite = suite_create("tracker");
    TCase *tracker = tcase_create("tracker");
    int undo_count = sizeof(undos) / sizeof(undos[0]);
    tcase_add_loop_test(tracker, undoes_what_is_set, 0, undo_count);
    tcase_add_loop_test(tracker, nothing_is_left_after_an_undo, 0, undo_count);
    tcase_add_loop_test(tracker, an_undo_resets_and_clears_nothing, 0,
                        sizeof(never_sent) / sizeof(never_sent[0]));
    tcase_add_loop_test(tracker, undoes_an_unknown_state, 0, undo_count);
    tcase_add_test(tracker, knows_title_and_screen);
    tcase_add_test(tracker, counts_bytes);
    tcase_add_test(tracker, takes_any_size);
    tcase_add_loop_test(tracker, knows_where_the_cursor_is, 0,
                        sizeof(cursors) / sizeof(cursors[0]));
    tcase_add_test(tracker, finds_the_cursor_again_at_the_bottom);
    tcase_add_loop_test(tracker, floods_leave_what_lines_leave, 0, 4);
    tcase_add_loop_test(tracker, pieces_put_off_leave_what_one_piece_leaves, 0, 5);
    tcase_add_test(tracker, stays_small);
    suite_add_tcase(suite, tracker);
    return suite;
}

int main(void)
{
    return runner_run(tracker_suite());
}
