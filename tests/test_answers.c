/*
 * What the stand-in terminal answers: to each question, in the state that the output before it has
 * made, as the default terminal and as one that was asked.
 */
#include "common/terminal/profile.h"
#include "common/terminal/tracker.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/terminal/palette.h"

enum { ROWS = 24, COLS = 80 };

struct asked {
    struct tracker *tracker;
    struct profile profile;
    struct bytes answers;
    unsigned questions;
    uint64_t begin, end; /* of the last one */
};

static void on_question(void *user, const struct question *question)
{
    struct asked *asked = user;
    asked->questions++;
    asked->begin = question->begin;
    asked->end = question->end;
    ck_assert_int_eq(tracker_answer(asked->tracker, question, &asked->profile, &asked->answers), 0);
}

static void asked_init(struct asked *asked)
{
    *asked = (struct asked){.tracker = tracker_create(ROWS, COLS)};
    ck_assert_ptr_nonnull(asked->tracker);
    profile_init(&asked->profile);
    tracker_set_questions(asked->tracker, on_question, asked);
}

static void asked_finish(struct asked *asked)
{
    tracker_destroy(asked->tracker);
    bytes_finish(&asked->answers);
}

static void expect_answers(struct asked *asked, const char *want)
{
    ck_assert_int_eq(bytes_append(&asked->answers, "", 1), 0);
    ck_assert_str_eq((char *)asked->answers.data, want);
    asked->answers.len = 0;
}

struct answer {
    const char *output, *want;
};

static const struct answer answers[] = {
    /* Who it is: xterm ctlseqs, CSI c; DCS ! | of the VT420. */
    {"\033[c", "\033[?62;22c"},
    {"\033[0c", "\033[?62;22c"},
    {"\033Z", "\033[?62;22c"},
    {"\302\232", "\033[?62;22c"},
    {"\033[1c\033[>1;277;0c\033[>0;136;0c", ""},
    {"\033[>c", "\033[>1;277;0c"},
    {"\033[>0c", "\033[>1;277;0c"},
    {"\033[=c", "\033P!|00000000\033\\"},
    {"\033[x", "\033[2;1;1;128;128;1;0x"},
    {"\033[1x", "\033[3;1;1;128;128;1;0x"},
    {"\033[2x", ""},
    {"\005", ""},
    /* DSR. */
    {"\033[5n", "\033[0n"},
    {"\033[6n", "\033[1;1R"},
    {"abc\r\nde\033[6n", "\033[2;3R"},
    {"\033[99;99H\033[6n", "\033[24;80R"},
    {"\033[1;80Hx\033[6n", "\033[1;80R"},
    {"\033[1;80Hxy\033[6n", "\033[2;2R"},
    {"\033[5;10r\033[?6h\033[3;4H\033[6n", "\033[3;4R"},
    {"\033[5;10r\033[?6h\033[3;4H\033[?6l\033[7;4H\033[6n", "\033[7;4R"},
    {"\033[3;4H\033[?6n", "\033[?3;4R"},
    {"\346\274\242\033[6n", "\033[1;3R"},
    {"\033[?15n\033[?25n\033[?26n", "\033[?13n\033[?21n\033[?27;1;0;0n"},
    {"\033[?53n\033[?55n\033[?56n", "\033[?50n\033[?50n\033[?57;0n"},
    {"\033[?62n\033[?63;7n\033[?75n\033[?85n", "\033[0*{\033P7!~0000\033\\\033[?70n\033[?83n"},
    {"\033[?996n", "\033[?997;1n"},
    {"\033]11;#ffffff\007\033[?996n", "\033[?997;2n"},
    {"\033[7n\033[?7n", ""},
    /* DECRQM: 0 unknown, 1 set, 2 reset, 4 never set. */
    {"\033[4$p\033[4h\033[4$p", "\033[4;2$y\033[4;1$y"},
    {"\033[20h\033[20$p\033[12$p\033[12l\033[12$p", "\033[20;1$y\033[12;1$y\033[12;2$y"},
    {"\033[1$p\033[99$p\033[$p", "\033[1;4$y\033[99;0$y\033[0;0$y"},
    {"\033[?2004$p\033[?2004h\033[?2004$p", "\033[?2004;2$y\033[?2004;1$y"},
    {"\033[?1049h\033[?1049$p\033[?47$p\033[?1049l\033[?1049$p",
     "\033[?1049;1$y\033[?47;1$y\033[?1049;2$y"},
    {"\033[?25$p\033[?25l\033[?25$p", "\033[?25;1$y\033[?25;2$y"},
    {"\033[?7$p\033[?6$p\033[?66$p\033=\033[?66$p",
     "\033[?7;1$y\033[?6;2$y\033[?66;2$y\033[?66;1$y"},
    {"\033[?2026$p\033[?2026h\033[?2026$p", "\033[?2026;2$y\033[?2026;1$y"},
    {"\033[?1006;1003h\033[?1006$p\033[?1003$p\033[?1000$p",
     "\033[?1006;1$y\033[?1003;1$y\033[?1000;2$y"},
    {"\033[?12$p\033[?12h\033[?12$p", "\033[?12;2$y\033[?12;1$y"},
    {"\033[?1048$p\0337\033[?1048$p", "\033[?1048;2$y\033[?1048;1$y"},
    {"\033[?2027$p\033[?12345$p", "\033[?2027;0$y\033[?12345;0$y"},
    {"\033[?2h\033[?2$p\033[?3$p\033[?69$p", "\033[?2;1$y\033[?3;2$y\033[?69;2$y"},
    /* DECRQSS: 1 = valid, as xterm has it. */
    {"\033P$qm\033\\", "\033P1$r0m\033\\"},
    {"\033[1;3;31;48;5;100m\033P$qm\033\\", "\033P1$r0;1;3;31;48;5;100m\033\\"},
    {"\033[4:3;58:2::1:2:3;38;2;9;8;7m\033P$qm\033\\",
     "\033P1$r0;4:3;38;2;9;8;7;58:2::1:2:3m\033\\"},
    {"\033]8;;http://a\007\033[1\"q\033P$qm\033\\", "\033P1$r0m\033\\"},
    {"\033P$qr\033\\\033[3;9r\033P$qr\033\\", "\033P1$r1;24r\033\\\033P1$r3;9r\033\\"},
    {"\033P$qs\033\\\033[?69h\033[3;9s\033P$qs\033\\", "\033P1$r1;80s\033\\\033P1$r3;9s\033\\"},
    {"\033P$q q\033\\\033[5 q\033P$q q\033\\\033[?12l\033P$q q\033\\",
     "\033P1$r2 q\033\\\033P1$r5 q\033\\\033P1$r6 q\033\\"},
    {"\033P$q\"q\033\\\033[1\"q\033P$q\"q\033\\", "\033P1$r0\"q\033\\\033P1$r1\"q\033\\"},
    {"\033P$q\"p\033\\", "\033P1$r62;1\"p\033\\"},
    {"\033P$qt\033\\\033P$q$|\033\\\033P$q*|\033\\",
     "\033P1$r24t\033\\\033P1$r80$|\033\\\033P1$r24*|\033\\"},
    {"\033P$q$}\033\\\033P$q$~\033\\", "\033P1$r0$}\033\\\033P1$r0$~\033\\"},
    {"\033P$qz\033\\\033P$q\033\\\033P$qmm\033\\", "\033P0$r\033\\\033P0$r\033\\\033P0$r\033\\"},
    /* DECRQPSR: DECCIR and DECTABSR. */
    {"\033[2;3H\033[1$w", "\033P1$u2;3;1;@;@;@;0;2;@;BBBB\033\\"},
    {"\033[1;4;7m\033[?6h\033(0\016\033[1$w", "\033P1$u1;1;1;K;@;A;1;2;@;0BBB\033\\"},
    {"\033[1;80Hx\033-A\033[1$w", "\033P1$u1;80;1;@;@;H;0;2;B;BABB\033\\"},
    {"\033[2$w", "\033P2$u1/9/17/25/33/41/49/57/65/73\033\\"},
    {"\033[3g\033[1;5H\033H\033[2$w", "\033P2$u5\033\\"},
    {"\033[3g\033[2$w\033[3$w", "\033P2$u\033\\"},
    /* XTWINOPS: cells of 8 by 16. */
    {"\033[11t\033[13t\033[14t\033[15t\033[16t",
     "\033[1t\033[3;0;0t\033[4;384;640t\033[5;384;640t\033[6;16;8t"},
    {"\033[18t\033[19t", "\033[8;24;80t\033[9;24;80t"},
    {"\033]2;rm -rf\007\033[20t\033[21t", "\033]L\033\\\033]l\033\\"},
    {"\033[8;30;100t\033[22t\033[23t\033[1t", ""},
    /* XTVERSION, keys. */
    {"\033[?u", ""},
    {"\033[?4m\033[>4;2m\033[?4m", "\033[>4;0m\033[>4;2m"},
    {"\033[?1m\033[>1n\033[?1m\033[?9m\033[?m", "\033[>1;2m\033[>1m"},
    /* XTGETTCAP: 544e is TN, 436f Co, 524742 RGB. */
    {"\033P+q544e\033\\", "\033P1+r544E=787465726D2D323536636F6C6F72\033\\"},
    {"\033P+q436F\033\\\033P+q524742\033\\", "\033P1+r436F=323536\033\\\033P0+r524742\033\\"},
    {"\033P+q436f;4d73\033\\", "\033P1+r436F=323536\033\\\033P0+r4d73\033\\"},
    {"\033P+qzz\033\\\033P+q\033\\", "\033P0+r\033\\\033P0+r\033\\"},
    /* Colours: xterm's palette, ended as the question is. */
    {"\033]4;1;?\007", "\033]4;1;rgb:cdcd/0000/0000\007"},
    {"\033]4;1;?;16;?;231;?;232;?;255;?\033\\",
     "\033]4;1;rgb:cdcd/0000/0000\033\\\033]4;16;rgb:0000/0000/0000\033\\"
     "\033]4;231;rgb:ffff/ffff/ffff\033\\\033]4;232;rgb:0808/0808/0808\033\\"
     "\033]4;255;rgb:eeee/eeee/eeee\033\\"},
    {"\033]4;110;?\033\\", "\033]4;110;rgb:8787/afaf/d7d7\033\\"},
    {"\033]4;1;#123456\007\033]4;1;?\007", "\033]4;1;rgb:1212/3434/5656\007"},
    {"\033]4;1;rgb:f/80/000\007\033]4;1;?\007", "\033]4;1;rgb:ffff/8080/0000\007"},
    {"\033]4;1;#f00;2;?\007\033]4;1;?\007",
     "\033]4;2;rgb:0000/cdcd/0000\007\033]4;1;rgb:f0f0/0000/0000\007"},
    {"\033]4;256;?\007\033]4;x;?\007\033]4;?\007", ""},
    {"\033]5;0;?\007\033]5;8;?\007", "\033]5;0;rgb:e5e5/e5e5/e5e5\007"},
    {"\033]10;?\007\033]11;?\033\\",
     "\033]10;rgb:e5e5/e5e5/e5e5\007\033]11;rgb:0000/0000/0000\033\\"},
    {"\033]10;?;?;?\007",
     "\033]10;rgb:e5e5/e5e5/e5e5\007\033]11;rgb:0000/0000/0000\007\033]12;rgb:e5e5/e5e5/e5e5\007"},
    {"\033]11;#102030\007\033]11;?\007\033]111\007\033]11;?\007",
     "\033]11;rgb:1010/2020/3030\007\033]11;rgb:0000/0000/0000\007"},
    {"\033]19;?;?\007", "\033]19;rgb:0000/0000/0000\007"},
    /* The clipboard is empty. */
    {"\033]52;c;?\007\033]52;pc;?\033\\\033]52;;?\007",
     "\033]52;c;\007\033]52;pc;\033\\\033]52;;\007"},
    {"\033]52;c;aGVsbG8=\007", ""},
    /* What nobody has to answer. */
    {"\033[1;1;1;1;5;5*y\033[?1;1;0S\033[1$u\033[#R\033_Gi=1,a=q;AAAA\033\\", ""},
    {"\033]50;?\007\033]22;?pointer\007\033]21;foreground=?\007", ""},
    /* No questions. */
    {"\033[31m\033[2J\033]0;?\007\033[ct\033[\030c", "\033[?62;22c"},
    {"\033[5\030n\033]11;?\030\033P$qm\030", ""},
};

START_TEST(each_question_has_its_answer)
{
    const struct answer *one = &answers[_i];
    struct asked asked;
    asked_init(&asked);
    tracker_feed(asked.tracker, one->output, strlen(one->output));
    expect_answers(&asked, one->want);
    asked_finish(&asked);
}
END_TEST

START_TEST(cuts_make_no_difference)
{
    const struct answer *one = &answers[_i];
    struct asked asked;
    asked_init(&asked);
    for (const char *at = one->output; *at; at++)
        tracker_feed(asked.tracker, at, 1);
    expect_answers(&asked, one->want);
    asked_finish(&asked);
}
END_TEST

START_TEST(questions_are_told_where_they_are)
{
    struct asked asked;
    asked_init(&asked);
    tracker_feed(asked.tracker, "abc\033[6", 6);
    ck_assert_uint_eq(asked.questions, 0);
    ck_assert_int_eq(tracker_is_between(asked.tracker), false);
    tracker_feed(asked.tracker, "ndef", 4);
    ck_assert_uint_eq(asked.questions, 1);
    ck_assert_int_eq(tracker_is_between(asked.tracker), true);
    ck_assert_uint_eq(asked.begin, 3);
    ck_assert_uint_eq(asked.end, 7);
    tracker_feed(asked.tracker, "\033]11;?\033\\\005", 9);
    ck_assert_uint_eq(asked.questions, 3);
    ck_assert_uint_eq(asked.begin, 18);
    ck_assert_uint_eq(asked.end, 19);
    tracker_set_questions(asked.tracker, NULL, NULL);
    tracker_feed(asked.tracker, "\033[c", 3);
    ck_assert_uint_eq(asked.questions, 3);
    asked_finish(&asked);
}
END_TEST

/* A terminal that was asked */

#define KITTY                                                                                      \
    "\033P>|kitty(0.32)\033\\\033[>1;4000;32c\033[?0u"                                             \
    "\033]10;rgb:1111/2222/3333\033\\\033]11;rgb:ff/ff/ff\007\033]12;#abc\033\\"                   \
    "\033]4;0;rgb:0101/0202/0303\033\\\033]4;15;rgba:aaaa/bbbb/cccc/ffff\033\\\033[?62;4c"

START_TEST(a_terminal_that_was_asked_is_imitated)
{
    static const char output[] = "\033[c\033[>c\033[>q\033[?u\033[>5u\033[?u\033]10;?\007\033]11;"
                                 "?\007\033]12;?\007\033]4;0;?;1;?;15;?\007\033[?996n\033[16t";
    struct asked asked;
    asked_init(&asked);
    profile_set_pixels(&asked.profile, 24, 80, 800, 480);
    profile_take_answers(&asked.profile, KITTY, strlen(KITTY));
    tracker_feed(asked.tracker, output, strlen(output));
    expect_answers(&asked, "\033[?62;4c\033[>1;4000;32c\033P>|kitty(0.32)\033\\\033[?0u\033[?5u"
                           "\033]10;rgb:1111/2222/3333\007\033]11;rgb:ffff/ffff/ffff\007"
                           "\033]12;rgb:a0a0/b0b0/c0c0\007\033]4;0;rgb:0101/0202/0303\007"
                           "\033]4;1;rgb:cdcd/0000/0000\007\033]4;15;rgb:aaaa/bbbb/cccc\007"
                           "\033[?997;2n\033[6;20;10t");
    asked_finish(&asked);
}
END_TEST

/* One that only knows DA1: nothing of another one stays. */
START_TEST(what_a_terminal_does_not_answer_is_not_answered)
{
    struct asked asked;
    asked_init(&asked);
    profile_take_answers(&asked.profile, KITTY, strlen(KITTY));
    profile_take_answers(&asked.profile, "\033[?1;2c", 7);
    static const char output[] = "\033[c\033[>q\033[?u\033[>c\033]10;?\007";
    tracker_feed(asked.tracker, output, strlen(output));
    expect_answers(&asked, "\033[?1;2c\033[>1;277;0c\033]10;rgb:e5e5/e5e5/e5e5\007");
    asked_finish(&asked);
}
END_TEST

static const char *const rubbish[] = {
    "",
    "\033",
    "\033[?",
    "\033[?c",
    "\033P>|",
    "\033]4;300;rgb:1/2/3\007\033]4;-1;#fff\007\033]4;1\007\033]4\007\033]10\007\033]10;\007",
    "\033]10;rgb:1/2\007\033]10;rgb:1/2/\007\033]10;#12\007\033]10;rgb:12345/1/1\007",
    "\033]10;red\007\033]10;#gggggg\007\033]13;#ffffff\007",
    "\033P>|cut\030\033[?1 c\033[>1$c",
};

START_TEST(rubbish_for_an_answer_changes_nothing)
{
    struct profile profile, fresh;
    profile_init(&profile);
    profile_init(&fresh);
    profile_take_answers(&profile, rubbish[_i], strlen(rubbish[_i]));
    fresh.version[0] = '\0';
    ck_assert_str_eq(profile.attributes, fresh.attributes);
    ck_assert_str_eq(profile.secondary, fresh.secondary);
    ck_assert_str_eq(profile.version, fresh.version);
    ck_assert_int_eq(profile.keyboard, false);
    ck_assert_mem_eq(profile.color, fresh.color, sizeof(fresh.color));
}
END_TEST

/* Whatever a terminal says, it fits, and cannot end the string that it comes back in. */
START_TEST(long_answers_are_cut)
{
    struct bytes data = {0};
    struct asked asked;
    asked_init(&asked);
    bytes_append_text(&data, "\033P>|\033\\\033P>|a\001\n\x7f");
    for (int i = 0; i < 400; i++)
        bytes_append_text(&data, "xy");
    bytes_append_text(&data, "\033\\\033[?");
    for (int i = 0; i < 40; i++)
        bytes_append_text(&data, "99999;");
    bytes_append_text(&data, "1c");
    profile_take_answers(&asked.profile, data.data, data.len);
    ck_assert_uint_eq(strlen(asked.profile.version), sizeof(asked.profile.version) - 1);
    ck_assert_int_eq(strncmp(asked.profile.version, "axyxy", 5), 0);
    ck_assert_uint_lt(strlen(asked.profile.attributes), sizeof(asked.profile.attributes));
    ck_assert_int_eq(strncmp(asked.profile.attributes, "99999;99999;", 12), 0);
    bytes_finish(&data);
    asked_finish(&asked);
}
END_TEST

static const struct pixels {
    unsigned rows, cols, width, height;
    unsigned cell_width, cell_height;
} pixels[] = {
    {24, 80, 800, 480, 10, 20}, {24, 80, 805, 490, 10, 20}, {24, 80, 0, 0, 8, 16},
    {24, 80, 79, 480, 8, 16},   {24, 80, 800, 0, 8, 16},    {0, 0, 800, 480, 8, 16},
};

START_TEST(the_size_of_cells_is_known_or_usual)
{
    struct profile profile;
    const struct pixels *p = &pixels[_i];
    profile_init(&profile);
    profile_set_pixels(&profile, p->rows, p->cols, p->width, p->height);
    ck_assert_uint_eq(profile.cell_width, p->cell_width);
    ck_assert_uint_eq(profile.cell_height, p->cell_height);
}
END_TEST

/* The questions are ones that the stand-in itself answers, and nothing else. */
START_TEST(what_is_asked_is_answered_from_marker_to_da1)
{
    struct asked asked;
    asked_init(&asked);
    struct bytes before = {0}, after = {0};
    asked.profile.keyboard = true;
    ck_assert_int_eq(tracker_undo(asked.tracker, &before), 0);
    tracker_feed(asked.tracker, profile_questions, strlen(profile_questions));
    ck_assert_int_eq(tracker_undo(asked.tracker, &after), 0);
    ck_assert_uint_eq(after.len, before.len);
    const char *text = (const char *)asked.answers.data;
    size_t marked = strlen(PROFILE_MARKED), len = asked.answers.len;
    ck_assert_mem_eq(text, PROFILE_MARKED, marked);
    ck_assert_uint_gt(len, 20);
    ck_assert_mem_eq(text + len - 9, "\033[?62;22c", 9);
    ck_assert_uint_le(len, PROFILE_ANSWERS_MAX);

    struct profile taken;
    profile_init(&taken);
    profile_take_answers(&taken, text + marked, len - marked);
    ck_assert_str_eq(taken.attributes, asked.profile.attributes);
    ck_assert_str_eq(taken.secondary, asked.profile.secondary);
    ck_assert_str_eq(taken.version, asked.profile.version);
    ck_assert_int_eq(taken.keyboard, true);
    ck_assert_mem_eq(taken.color, asked.profile.color, sizeof(taken.color));
    bytes_finish(&before);
    bytes_finish(&after);
    asked_finish(&asked);
}
END_TEST

/* Many slots in one question: the answer ends somewhere. */
START_TEST(answers_are_bounded)
{
    static const char *const units[] = {"1;?;", "?;", "544e;"};
    static const char *const heads[] = {"\033]4;", "\033]10;", "\033P+q"};
    struct asked asked;
    asked_init(&asked);
    struct bytes output = {0};
    bytes_append_text(&output, heads[_i]);
    while (output.len < 8000)
        bytes_append_text(&output, units[_i]);
    bytes_append_text(&output, "\033\\");
    tracker_feed(asked.tracker, output.data, output.len);
    ck_assert_uint_eq(asked.questions, 1);
    ck_assert_uint_gt(asked.answers.len, 0);
    ck_assert_uint_le(asked.answers.len, 8192);
    bytes_finish(&output);
    asked_finish(&asked);
}
END_TEST

static Suite *answers_suite(void)
{
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    Suite *suite = suite_create("answers");
    TCase *tcase = tcase_create("questions");
    tcase_add_loop_test(tcase, each_question_has_its_answer, 0, COUNT(answers));
    tcase_add_loop_test(tcase, cuts_make_no_difference, 0, COUNT(answers));
    tcase_add_test(tcase, questions_are_told_where_they_are);
    tcase_add_loop_test(tcase, answers_are_bounded, 0, 3);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("profile");
    tcase_add_test(tcase, a_terminal_that_was_asked_is_imitated);
    tcase_add_test(tcase, what_a_terminal_does_not_answer_is_not_answered);
    tcase_add_loop_test(tcase, rubbish_for_an_answer_changes_nothing, 0, COUNT(rubbish));
    tcase_add_test(tcase, long_answers_are_cut);
    tcase_add_loop_test(tcase, the_size_of_cells_is_known_or_usual, 0, COUNT(pixels));
    tcase_add_test(tcase, what_is_asked_is_answered_from_marker_to_da1);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(answers_suite());
}
