#include "common/terminal/replay.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Feeds in pieces of that many bytes, the first one shorter. The caller frees the text. */
static char *filter(const char *input, size_t first, size_t piece)
{
    struct replay *replay = replay_create();
    struct bytes out = {0};
    size_t len = strlen(input);
    ck_assert_ptr_nonnull(replay);
    for (size_t at = 0; at < len;) {
        size_t want = at == 0 && first > 0 ? first : piece;
        size_t now = want < len - at ? want : len - at;
        void *copy = malloc(now);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, input + at, now);
        ck_assert_int_eq(replay_feed(replay, copy, now, &out), 0);
        free(copy);
        at += now;
    }
    ck_assert_int_eq(replay_end(replay, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    replay_destroy(replay);
    return (char *)out.data;
}

/* What passes as it is. */
static const char *const passing[] = {
    "",
    "text\r\n\ttabs\b\v\f and caf\303\251 \346\274\242 \360\237\230\200",
    "broken \303( \377\376 \200\n",
    "\016\017\001\002\177",
    "\0337\0338\033(0\033)B\033#8\033=\033>\033c\033M\033D\033E\033H\033%G\033 F",
    "\033[m\033[1;31m\033[38:2::1:2:3m\033[4:3m",
    "\033[H\033[5;5H\033[2J\033[J\033[K\033[5A\033[L\033[M\033[@\033[P\033[X\033[S\033[T\033[b",
    "\033[?1049h\033[?25l\033[?2004h\033[?1000;1006h\033[4h\033[20l\033[?1049l",
    "\033[2;10r\033[r\033[s\033[u\033[3g\033[!p\033[2 q\033[1\"q\033[?69h\033[2;9s",
    "\033[>4;2m\033[>4n\033[>1u\033[<u\033[=5;1u\033[>4m",
    "\033[22;0t\033[22;2t\033[23;0t\033[23t",
    "\033[?1s\033[?1r\033[$x\033[1;1;5;5$z\033[2*x",
    "\033]0;title\007\033]2;title\033\\\033]1;icon\033\\",
    ("\033]4;1;#102030\033\\\033]4;1;red;2;blue\007\033]104\007\033]10;#fff\033\\\033]11;"
     "red\007\033]110\007"),
    "\033]7;file:///tmp\033\\\033]8;id=1;http://a/?b\033\\link\033]8;;\033\\",
    "\033]133;A\007\033]1337;SetMark\007\033]1337;File=inline=1:AAAA\007",
    "\033]1337;CurrentDir=/tmp\007\033]50;font\007\033]22;pointer\007\033]21;foreground=red\033\\",
    "\033]Lold style\033\\\033]123456789;x\007",
    "\033P1;2|17/18\033\\\033P0;1q~~\033\\\033P0$t1\033\\\033P+p544e\033\\",
    "\033_other\033\\\033^pm\033\\\033Xsos\033\\",
    "\033_Ga=T,q=2,i=1;AAAA\033\\\033_Ga=T;AAAA\033\\\033_Gm=0;AAAA\033\\",
    "\302\2331m\302\2350;t\302\234\302\205",
    "\033[1?2h\033[ 1q\033[31",
    "\033]0;cancelled\030text",
};

START_TEST(lets_the_rest_pass)
{
    size_t len = strlen(passing[_i]);
    for (size_t first = 0; first < len; first++) {
        for (size_t piece = 1; piece <= len; piece = piece * 2 + 1) {
            char *text = filter(passing[_i], first, piece);
            ck_assert_str_eq(text, passing[_i]);
            free(text);
        }
    }
}
END_TEST

/* What goes altogether. */
static const char *const questions[] = {
    "\033[c",
    "\033[0c",
    "\033[>c",
    "\033[>0c",
    "\033[=c",
    "\033Z",
    "\302\232",
    "\033[5n",
    "\033[6n",
    "\033[?6n",
    "\033[?996n",
    "\033[4$p",
    "\033[?2004$p",
    "\033P$qm\033\\",
    "\033P$q q\033\\",
    "\033[1$w",
    "\033[2$u",
    "\033[&u",
    "\033[>q",
    "\033[>0q",
    "\033[?u",
    "\033[?4m",
    "\033[?1;1;0S",
    "\033[1;1;1;1;5;5*y",
    "\033[x",
    "\033[#|",
    "\033[#R",
    "\033['|",
    "\033[\"v",
    "\033P+q544e\033\\",
    "\033P+Q544e\033\\",
    "\302\220+q544e\302\234",
    "\033]4;1;?\007",
    "\033]4;1;?;2;?\033\\",
    "\033]10;?\007",
    "\033]11;?\033\\",
    "\033]10;?;?\007",
    "\033]5;0;?\007",
    "\033]21;foreground=?\033\\",
    "\033]22;?pointer\007",
    "\033]50;?\007",
    "\033]60\007",
    "\033]61;a\007",
    "\033[14t",
    "\033[18t",
    "\033[19t",
    "\033[21t",
    "\033[11t",
    "\033_Ga=q,i=1;AAAA\033\\",
    "\033_Gi=1,a=q\033\\",
    /* not questions, but not to be done twice */
    "\007",
    "\005",
    "\033]52;c;aGVsbG8=\007",
    "\033]52;c;?\033\\",
    "\033]9;done\007",
    "\033]9;4;1;50\033\\",
    "\033]99;i=1;body\033\\",
    "\033]777;notify;a;b\007",
    "\033]5522;x\033\\",
    "\033]1337;RequestAttention=yes\007",
    "\033]1337;CopyToClipboard=\007",
    "\033]1337;StealFocus\007",
    "\033]1337;Copy=:aGk=\007",
    "\033]1337;OpenURL=:x\007",
    "\033]1337;ReportCellSize\007",
    "\033[1t",
    "\033[2t",
    "\033[8;50;100t",
    "\033[3;0;0t",
    "\033[30t",
    "\033[9;1t",
    "\033[t",
    "\033[i",
    "\033[5i",
    "\033[?5i",
    "\033[3J",
    "\033[4;1y",
    "\033[132$|",
    "\033[24*|",
    "\033[?2026h",
    "\033[?2026l",
    "\033P=1s\033\\",
    "\033P=2s\033\\",
    "\033P@kitty-cmd{}\033\\",
};

START_TEST(takes_out_what_must_not_happen_twice)
{
    struct bytes input = {0};
    bytes_append_text(&input, "before");
    bytes_append_text(&input, questions[_i]);
    ck_assert_int_eq(bytes_append(&input, "after", 6), 0);
    size_t len = strlen((char *)input.data);
    for (size_t first = 0; first < len; first++) {
        for (size_t piece = 1; piece <= len; piece = piece * 2 + 1) {
            char *text = filter((char *)input.data, first, piece);
            ck_assert_str_eq(text, "beforeafter");
            free(text);
        }
    }
    bytes_finish(&input);
}
END_TEST

/* What goes in part, or in another form. */
static const struct {
    const char *input, *output;
} changes[] = {
    {"\033]0;a\007\007b\007", "\033]0;a\007b"},
    {"\033[?25;2026h\033[?2026;1;2004l", "\033[?25h\033[?1;2004l"},
    {"\033[?;2026hx\033[?2026;;2026lx", "xx"},
    {"\033]4;1;?;2;red;3;?\007", "\033]4;2;red\033\\"},
    {"\033]10;#fff;?;red\007", "\033]10;#fff\033\\\033]12;red\033\\"},
    {"\033_Ga=T,i=1,f=100;AAAA\033\\", "\033_Gq=2,a=T,i=1,f=100;AAAA\033\\"},
    {"\033_Ga=T,q=1,I=1\033\\", "\033_Gq=2,a=T,I=1\033\\"},
    {"\033_Ga=q,i=1,m=1;AA\033\\\033_Gm=1;AA\033\\\033_Gm=0;AA\033\\\033_Gm=0;BB\033\\",
     "\033_Gm=0;BB\033\\"},
    /* controls inside of a sequence */
    {"\033[\r\n6n", "\r\n"},
    {"\033[\r\0071m", "\033[\r1m"},
    {"\033\n]52;c;aGk=\007x", "\nx"},
    /* sequences broken off must not come back to life */
    {"\033[3\033[cm", "m"},
    {"\033[3\033[1mx", "\033[1mx"},
    {"\033]0;a\033[cb", "\033]0;a\033\\b"},
    {"\033]52;c;aGk\033[1mb", "\033[1mb"},
    /* the end: what is unfinished goes out, or what swallows the rest of what has been dropped */
    {"text\033[6", "text\033[6"},
    {"text\033]0;tit", "text\033]0;tit"},
    {"text\033]5", "text\033]5"},
    {"text\342\202", "text\342\202"},
};

START_TEST(changes_what_is_more)
{
    size_t len = strlen(changes[_i].input);
    for (size_t first = 0; first < len; first++) {
        for (size_t piece = 1; piece <= len; piece = piece * 2 + 1) {
            char *text = filter(changes[_i].input, first, piece);
            ck_assert_str_eq(text, changes[_i].output);
            free(text);
        }
    }
}
END_TEST

START_TEST(what_was_cut_goes_on_live)
{
    char *text = filter("a\033]52;c;aGVs", 0, 4);
    ck_assert_str_eq(text, "a\033]99999;");
    free(text);
    text = filter("a\033P$q", 0, 100);
    ck_assert_str_eq(text, "a\033_;");
    free(text);
}
END_TEST

START_TEST(is_as_new_after_the_end)
{
    struct replay *replay = replay_create();
    struct bytes out = {0};
    ck_assert_int_eq(replay_feed(replay, "a\033]52;c", 8, &out), 0);
    ck_assert_int_eq(replay_end(replay, &out), 0);
    out.len = 0;
    ck_assert_int_eq(replay_feed(replay, "b\033[6nc", 6, &out), 0);
    ck_assert_int_eq(replay_end(replay, &out), 0);
    ck_assert_mem_eq(out.data, "bc", 2);
    ck_assert_uint_eq(out.len, 2);
    bytes_finish(&out);
    replay_destroy(replay);
    replay_destroy(NULL);
}
END_TEST

/* Strings without end go through or are dropped, but are not kept. */
START_TEST(keeps_no_endless_strings)
{
    static const char *const starts[] = {"\033]0;",    "\033]52;c;", "\033P0q", "\033]4;1;",
                                         "\033_Ga=T;", "\033_",      "\033[1;"};
    static char filler[1 << 16];
    struct replay *replay = replay_create();
    struct bytes out = {0};
    memset(filler, '1', sizeof(filler));
    ck_assert_int_eq(replay_feed(replay, starts[_i], strlen(starts[_i]), &out), 0);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(replay_feed(replay, filler, sizeof(filler), &out), 0);
        out.len = 0;
    }
    ck_assert_int_eq(replay_end(replay, &out), 0);
    ck_assert_uint_le(out.len, 40000);
    bytes_finish(&out);
    replay_destroy(replay);
}
END_TEST

/* REP repeats what was printed just before it, and nothing after a question. */
START_TEST(what_was_dropped_still_parts)
{
    static const char input[] = "a\033[c\033[5ba\033[5ba\033\033[5ba\033[5\007b",
                      expected[] = "a\0\033[5ba\033[5ba\033[5ba\0\033[5b";
    for (size_t piece = 1; piece < sizeof(input); piece++) {
        struct replay *replay = replay_create();
        struct bytes out = {0};
        ck_assert_ptr_nonnull(replay);
        for (size_t at = 0; at < sizeof(input) - 1; at += piece) {
            size_t left = sizeof(input) - 1 - at;
            ck_assert_int_eq(replay_feed(replay, input + at, piece < left ? piece : left, &out), 0);
        }
        ck_assert_int_eq(replay_end(replay, &out), 0);
        ck_assert_uint_eq(out.len, sizeof(expected) - 1);
        ck_assert_mem_eq(out.data, expected, sizeof(expected) - 1);
        bytes_finish(&out);
        replay_destroy(replay);
    }
}
END_TEST

/* A piece of a character that a dropped sequence ends stays one: the next bytes must not complete
 * it. */
START_TEST(pieces_of_characters_stay_pieces)
{
    static const char input[] = "\355\007\236\276", expected[] = "\355\0\236\276";
    struct replay *replay = replay_create();
    struct bytes out = {0};
    ck_assert_ptr_nonnull(replay);
    ck_assert_int_eq(replay_feed(replay, input, sizeof(input) - 1, &out), 0);
    ck_assert_int_eq(replay_end(replay, &out), 0);
    ck_assert_uint_eq(out.len, sizeof(expected) - 1);
    ck_assert_mem_eq(out.data, expected, sizeof(expected) - 1);
    bytes_finish(&out);
    replay_destroy(replay);
}
END_TEST

/* What was pushed before the replay may be popped, but not the title that the user's terminal had.
 */
START_TEST(takes_no_more_titles_than_there_are)
{
    static const struct {
        unsigned icons, titles;
        const char *output, *passes;
    } cases[] = {
        {0, 0, "a\033[23;0tb\033[23tc", "abc"},
        {1, 1, "a\033[23;0tb\033[23;0tc", "a\033[23;0tbc"},
        {0, 0, "\033[22;0ta\033[23;2tb\033[23;1tc\033[23;1td",
         "\033[22;0ta\033[23;2tb\033[23;1tcd"},
        {0, 1, "\033[23;1ta\033[23;2tb\033[23;2tc", "a\033[23;2tbc"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes out = {0};
        struct replay *replay = replay_create();
        replay_set_titles(replay, cases[i].icons, cases[i].titles);
        ck_assert_int_eq(replay_feed(replay, cases[i].output, strlen(cases[i].output), &out), 0);
        ck_assert_int_eq(replay_end(replay, &out), 0);
        bytes_append(&out, "", 1);
        ck_assert_str_eq((char *)out.data, cases[i].passes);
        bytes_finish(&out);
        replay_destroy(replay);
    }
}
END_TEST

static Suite *replay_suite(void)
{
    Suite *suite = suite_create("replay");
    TCase *replay = tcase_create("replay");
    tcase_add_loop_test(replay, lets_the_rest_pass, 0, sizeof(passing) / sizeof(passing[0]));
    tcase_add_loop_test(replay, takes_out_what_must_not_happen_twice, 0,
                        sizeof(questions) / sizeof(questions[0]));
    tcase_add_loop_test(replay, changes_what_is_more, 0, sizeof(changes) / sizeof(changes[0]));
    tcase_add_test(replay, what_was_cut_goes_on_live);
    tcase_add_test(replay, is_as_new_after_the_end);
    tcase_add_test(replay, takes_no_more_titles_than_there_are);
    tcase_add_test(replay, pieces_of_characters_stay_pieces);
    tcase_add_test(replay, what_was_dropped_still_parts);
    tcase_add_loop_test(replay, keeps_no_endless_strings, 0, 7);
    suite_add_tcase(suite, replay);
    return suite;
}

int main(void)
{
    return runner_run(replay_suite());
}
