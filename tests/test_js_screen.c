/* What of a job's screen others see: js screen, js logs --plain, and attaching by a snapshot. */
#include "common/terminal/screen.h"
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/screens.h"
#include "tests/harness/world.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Job 1 prints that (as of printf) and then lives on, or ends. */
static void print(const char *size, const char *text, bool lives)
{
    char line[1024];
    snprintf(line, sizeof(line), "js run -d --size %s -- sh -c \"printf '%s'; %s\"", size, text,
             lives ? "echo >done; exec sleep 1000" : ":");
    must(line);
    if (lives)
        must("until [ -s done ]; do sleep 0.01; done");
    else
        must("js wait 1");
}

/* A live job's holder tells, an ended job's log. */
static const bool both[] = {true, false};

START_TEST(js_screen_prints_what_is_shown)
{
    print("20x5",
          "one\\r\\ntwo\\r\\nthree\\r\\n\\033[1;31mfour\\033[m x\\r\\nfive\\r\\n\\033[2Csix",
          both[_i]);
    must_print_only("js screen 1", "two\nthree\nfour x\nfive\n  six\n");
    must_print_only("js screen", "two\nthree\nfour x\nfive\n  six\n");
    must_print_only("js screen --history 9 1", "one\ntwo\nthree\nfour x\nfive\n  six\n");
    must_print_only("js screen --ansi 1", "two\nthree\n\033[;1;31mfour\033[m x\nfive\n  six\n");
    if (both[_i])
        must("js kill 1");
}
END_TEST

START_TEST(the_alternate_screen_is_shown_while_it_is)
{
    print("20x5", "normal\\r\\n\\033[?1049h\\033[2;3Halternate", both[_i]);
    must_print_only("js screen 1", "\n  alternate\n");
    must_print_only(
        "js screen --json 1 | jq -c '.screen | [.alternate, .cursor.row, .cursor.column]'",
        "[true,1,11]\n");
    if (both[_i])
        must("js kill 1");
}
END_TEST

START_TEST(json_tells_all)
{
    print("20x3",
          "old\\r\\n\\r\\n\\r\\n\\033]2;title\\007\\033[?1h\\033[?2004h\\033[?1002h\\033[?1006h"
          "\\033[3 q\\033[?25l\\033]8;;http://a\\033\\\\\\\\A\\033]8;;\\033\\\\\\\\"
          "\\033[1;4:3;38;5;200;48;2;1;2;3mB\\033[m  C",
          both[_i]);
    must_print_only(
        "js screen --json --history 5 1 | jq -c '.version, (.screen | .rows, .columns, .title, "
        ".complete, .history, .lines, .cursor)'",
        "1\n3\n20\n\"title\"\ntrue\n"
        "[{\"continues\":false,\"runs\":[{\"text\":\"old\",\"columns\":3}]}]\n"
        "[{\"continues\":false,\"runs\":[]},{\"continues\":false,\"runs\":[]},"
        "{\"continues\":false,\"runs\":[{\"text\":\"A\",\"columns\":1,\"link\":\"http://a\"},"
        "{\"text\":\"B\",\"columns\":1,\"foreground\":200,\"background\":\"#010203\",\"bold\":"
        "true,\"underline\":\"curly\"},{\"text\":\"  C\",\"columns\":3}]}]\n"
        "{\"row\":2,\"column\":5,\"wraps\":false,\"visible\":false,\"style\":3}\n");
    must_print_only("js screen --json 1 | jq -c '.screen.modes | [.application_cursor_keys, "
                    ".bracketed_paste, .mouse, .mouse_encoding, .insert]'",
                    "[true,true,1002,1006,false]\n");
    if (both[_i])
        must("js kill 1");
}
END_TEST

START_TEST(html_is_safe)
{
    print("40x3",
          "\\033]2;<t>\\007<b>&\\\"\\033]8;;javascript:x\\033\\\\\\\\no\\033]8;;\\033\\\\\\\\ "
          "\\033]8;;http://a/?\\\"<\\033\\\\\\\\yes\\033]8;;\\033\\\\\\\\\\033[32mgreen",
          false);
    must("js screen --html 1");
    ck_assert_ptr_nonnull(strstr(result.out, "<title>&lt;t&gt;</title>"));
    ck_assert_ptr_nonnull(strstr(result.out, "&lt;b&gt;&amp;&quot;"));
    ck_assert_ptr_nonnull(
        strstr(result.out, "<a href=\"http://a/?&quot;&lt;\"><span style=\"\">yes</span></a>"));
    ck_assert_ptr_null(strstr(result.out, "javascript"));
    ck_assert_ptr_nonnull(strstr(result.out, "<span style=\"color:#00cd00;\">green</span>"));
}
END_TEST

START_TEST(a_line_that_wraps_is_told_to_go_on)
{
    print("10x4", "0123456789abc\\r\\nx", both[_i]);
    must_print_only("js screen --json 1 | jq -c '[.screen.lines[].continues]'",
                    "[false,true,false,false]\n");
    if (both[_i])
        must("js kill 1");
}
END_TEST

START_TEST(wrong_uses_are_refused)
{
    fixture_js(&fixture, &result, "screen", "1", NULL);
    fixture_expect_code(&result, 125);
    must("js run -- true");
    fixture_js(&fixture, &result, "screen", "1", "2", NULL);
    fixture_expect_code(&result, 2);
    fixture_js(&fixture, &result, "screen", "--html", "--ansi", "1", NULL);
    fixture_expect_code(&result, 2);
    fixture_js(&fixture, &result, "fg", "--restore", "magic", NULL);
    fixture_expect_code(&result, 2);
    ck_assert_str_eq(result.err, "js: fg: --restore magic: it is auto, replay or snapshot\n");
}
END_TEST

/* What js logs --plain makes of output. */
static const struct {
    const char *size, *output, *lines;
} plain_cases[] = {
    {"80x24", "one\\r\\ntwo\\r\\n", "one\ntwo\n"},
    {"80x24", "one\\r\\ntwo", "one\ntwo\n"},
    {"80x24", "", ""},
    {"80x24", "\\r\\n\\r\\nx\\r\\n", "\n\nx\n"},
    {"80x24", "50%%\\r100%%\\r\\ndone\\r\\n", "100%\ndone\n"},
    {"80x24", "spin |\\b/\\b-\\bdone\\r\\n", "spin done\n"},
    {"80x24", "long line\\r\\033[Kshort\\r\\n", "short\n"},
    {"80x24",
     "\\033[1;31mred\\033[m \\033]8;;http://a\\033\\\\\\\\link\\033]8;;\\033\\\\\\\\\\r\\n",
     "red link\n"},
    {"80x24", "a 1\\r\\nb 1\\r\\n\\033[2Aa 2\\r\\nb 2\\r\\n", "a 2\nb 2\n"},
    /* a wrapped line is one, with its blanks */
    {"10x5", "0123456789abc   xyz end\\r\\nnext\\r\\n", "0123456789abc   xyz end\nnext\n"},
    /* more than the screen, and what was cleared */
    {"10x3", "1\\r\\n2\\r\\n3\\r\\n4\\r\\n5\\r\\n", "1\n2\n3\n4\n5\n"},
    {"80x24", "before\\r\\n\\033[H\\033[2J\\033[3Jafter\\r\\n", "before\nafter\n"},
    {"80x24", "before\\r\\n\\033cafter\\r\\n", "before\nafter\n"},
    {"80x24", "before\\r\\n\\033[?1049h\\033[Hfull screen\\033[?1049lafter\\r\\n",
     "before\nafter\n"},
};

START_TEST(plain_logs_are_lines)
{
    for (size_t i = 0; i < sizeof(plain_cases) / sizeof(plain_cases[0]); i++) {
        char line[512];
        snprintf(line, sizeof(line),
                 "id=$(js run -d --size %s -- sh -c \"printf '%s'\"); js wait $id; js logs --plain "
                 "$id",
                 plain_cases[i].size, plain_cases[i].output);
        must_print_only(line, plain_cases[i].lines);
    }
}
END_TEST

START_TEST(plain_logs_end_where_asked)
{
    must("js run -d -- sh -c 'seq 1 3000 | sed s/^/x\\\\r/'; js wait 1");
    must_print_only("js logs --plain -n 3 1", "2998\n2999\n3000\n");
    must_print_only("js logs --plain -n 0 1", "");
    must_print_only("js logs --plain 1 | md5sum", "ee9762749fc5338b6c9b0948d14219c7  -\n");
}
END_TEST

START_TEST(plain_logs_of_what_was_no_terminal_are_lines)
{
    must_print_only("js run -- printf 'a\\nb\\n' >/dev/null; js logs --plain 1", "a\nb\n");
    must_print_only("js logs --raw 1", "a\nb\n");
}
END_TEST

START_TEST(plain_logs_can_be_followed)
{
    must("js run -d -- sh -c 'printf \"a\\r1\\nb\\n\"; until [ -e go ]; do sleep 0.01; done; echo "
         "c'");
    must("(js logs --plain -f 1 >out; echo end >>out) & until grep -q b out 2>/dev/null; do sleep "
         "0.01; done; cat out; touch go; wait; cat out");
    ck_assert_str_eq(result.out, "1\nb\n1\nb\nc\nend\n");
}
END_TEST

/* Attaching */

/* What a terminal of that size shows that got the output of `js fg`. */
static char *attached_text(int rows, int cols, const char *restore, const char *last)
{
    struct pty_driver *terminal =
        fixture_terminal(&fixture, rows, cols, fixture.js, "fg", "--restore", restore, "1", NULL);
    pty_driver_expect(terminal, last, deadline_default());
    struct screen *screen = screen_create((unsigned)rows, (unsigned)cols, 100);
    ck_assert_ptr_nonnull(screen);
    const struct transcript *transcript = pty_driver_transcript(terminal);
    screen_feed(screen, transcript->all.data, transcript->all.len);
    char *text = screens_text(screen, false);
    screen_destroy(screen);
    pty_driver_destroy(terminal);
    return text;
}

START_TEST(attaching_by_a_snapshot_shows_the_same)
{
    static const char *const how[] = {"replay", "snapshot", "auto"};
    print("20x5", "gone\\r\\n\\033[H\\033[2Jtop\\033[4;4Hnear the end\\033[2;1Hmiddle\\033[?2026l",
          true);
    char *text = attached_text(5, 20, how[_i], "\033[?2026l");
    ck_assert_str_eq(text, "top\nmiddle\n\n   near the end\n");
    free(text);
    must("js kill 1");
}
END_TEST

/* A terminal of another size: what was written for this one is not wrapped or scrolled anew. */
START_TEST(another_size_gets_a_snapshot)
{
    print("20x5", "\\033[H\\033[2J12345678901234567890\\033[5;1Hlast\\033[3;1Hmiddle", true);
    char *text = attached_text(8, 12, "auto", "\033[?2026l");
    ck_assert_str_eq(text, "123456789012\n\nmiddle\n\nlast\n");
    free(text);
    must("js kill 1");
}
END_TEST

/* What was printed once is shown for as long as it is there, however little the log keeps. */
START_TEST(what_the_log_no_longer_has_is_still_shown)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/config", fixture.root);
    fixture_setenv(&fixture, "JS_CONFIG", path);
    must("echo log-size = 64k >$JS_CONFIG");
    must(
        "js run -d --size 20x5 -- sh -c \"printf '\\033[H\\033[2Jheader'; awk 'BEGIN { for (i = 0; "
        "i < 60000; i++) printf \\\"\\033[%d;%dH%d\\\", 2 + i % 4, 1 + i % 15, i % 10 }'; "
        "printf '\\033[2;1H\\033[Jend'; echo >done; exec sleep 1000\"");
    must("until [ -s done ]; do sleep 0.01; done");
    must("test ! -e $JS_STATE_DIR/jobs/*/log.0000000000000000");
    must_print_only("js screen 1", "header\nend\n");
    char *text = attached_text(5, 20, "auto", "\033[?2026l");
    ck_assert_str_eq(text, "header\nend\n");
    free(text);
    must("js kill 1");
    must_print_only("js screen 1", "header\nend\n");
}
END_TEST

static Suite *js_screen_suite(void)
{
    Suite *suite = suite_create("js_screen");
    TCase *tcase = tcase_create("js_screen");
    tcase_add_checked_fixture(tcase, world_begin, world_end);
    tcase_add_loop_test(tcase, js_screen_prints_what_is_shown, 0, 2);
    tcase_add_loop_test(tcase, the_alternate_screen_is_shown_while_it_is, 0, 2);
    tcase_add_loop_test(tcase, json_tells_all, 0, 2);
    tcase_add_test(tcase, html_is_safe);
    tcase_add_loop_test(tcase, a_line_that_wraps_is_told_to_go_on, 0, 2);
    tcase_add_test(tcase, wrong_uses_are_refused);
    tcase_add_test(tcase, plain_logs_are_lines);
    tcase_add_test(tcase, plain_logs_end_where_asked);
    tcase_add_test(tcase, plain_logs_of_what_was_no_terminal_are_lines);
    tcase_add_test(tcase, plain_logs_can_be_followed);
    tcase_add_loop_test(tcase, attaching_by_a_snapshot_shows_the_same, 0, 3);
    tcase_add_test(tcase, another_size_gets_a_snapshot);
    tcase_add_test(tcase, what_the_log_no_longer_has_is_still_shown);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(js_screen_suite());
}
