/* A terminal's answers among the keys. */
#include "client/ask.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARKED "\033[0n"
#define DA1    "\033[?62;22c"

static const struct reading {
    const char *input, *keys, *answers;
    bool complete;
} readings[] = {
    {"", "", "", false},
    {"abc", "abc", "", false},
    {MARKED DA1, "", DA1, true},
    {"a" MARKED "b" DA1 "c", "abc", DA1, true},
    /* Answers to the job's own questions: before the marker, and behind the last one. */
    {DA1 MARKED "\033[>1;2;3c" DA1 "\033[?1;2c", DA1 "\033[?1;2c", "\033[>1;2;3c" DA1, true},
    {"\033]11;rgb:0/0/0\a" MARKED DA1, "\033]11;rgb:0/0/0\a", DA1, true},
    {MARKED "\033P>|kitty\033\\\033[?5u\033]10;rgb:1/2/3\033\\\033]4;1;rgb:1/2/3\a" DA1, "",
     "\033P>|kitty\033\\\033[?5u\033]10;rgb:1/2/3\033\\\033]4;1;rgb:1/2/3\a" DA1, true},
    /* Keys, mouse and focus reports, cursor positions in between. */
    {MARKED "\033[A\033OP\033[97;5u\033[27;5;9~\033[<0;1;2M\033[I\033[3;4R\033x" DA1,
     "\033[A\033OP\033[97;5u\033[27;5;9~\033[<0;1;2M\033[I\033[3;4R\033x", DA1, true},
    {MARKED "\033]x\033Px\033\033[B" DA1, "\033]x\033Px\033\033[B", DA1, true},
    {MARKED "\033]\r\033P\r" DA1, "\033]\r\033P\r", DA1, true},
    {MARKED "\033P1$r0m\033\\\033]52;c;\a" DA1, "\033P1$r0m\033\\\033]52;c;\a", DA1, true},
    {"\033[200~"
     "pasted\033[201~" MARKED DA1,
     "\033[200~pasted\033[201~", DA1, true},
    {"\303\251" MARKED "\346\274\242" DA1, "\303\251\346\274\242", DA1, true},
};

static void read_all(struct ask *ask, const struct reading *reading, size_t piece)
{
    struct bytes keys = {0};
    bool complete = false;
    size_t len = strlen(reading->input);
    ask_begin(ask);
    for (size_t at = 0; at < len; at += piece) {
        size_t now = len - at < piece ? len - at : piece;
        void *copy = malloc(now);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, reading->input + at, now);
        complete |= ask_feed(ask, copy, now, &keys);
        free(copy);
    }
    ask_flush(ask, &keys);
    bytes_append(&keys, "", 1);
    bytes_append(&ask->answers, "", 1);
    ck_assert_str_eq((char *)keys.data, reading->keys);
    ck_assert_str_eq((char *)ask->answers.data, reading->answers);
    ck_assert_int_eq(complete, reading->complete);
    ck_assert_int_eq(ask->state == ASK_OFF, reading->complete);
    bytes_finish(&keys);
}

START_TEST(answers_are_taken_and_keys_pass)
{
    for (size_t piece = 1; piece < 80; piece++) {
        struct ask ask = {0};
        read_all(&ask, &readings[_i], piece);
        ask_finish(&ask);
    }
}
END_TEST

static const struct holding {
    const char *input, *keys;
    bool holds;
} holdings[] = {
    {"a", "a", false},           {"a\033", "a", true},
    {"\033[", "", true},         {"\033[?62", "", true},
    {"\033]", "", true},         {"\033]11;rgb", "", true},
    {"\033P>|x\033", "", true},  {"\033x", "\033x", false},
    {"\033[A", "\033[A", false}, {"\033]\r", "\033]\r", false},
};

START_TEST(only_what_may_be_an_answer_is_held)
{
    const struct holding *h = &holdings[_i];
    struct ask ask = {.state = ASK_TAKING};
    struct bytes keys = {0};
    ck_assert_int_eq(ask_feed(&ask, (const uint8_t *)h->input, strlen(h->input), &keys), false);
    ck_assert_int_eq(ask_is_holding(&ask), h->holds);
    ck_assert_uint_eq(keys.len, strlen(h->keys));
    ask_flush(&ask, &keys);
    ck_assert_uint_eq(keys.len, strlen(h->input));
    ck_assert_mem_eq(keys.data, h->input, keys.len);
    ck_assert_int_eq(ask_is_holding(&ask), false);
    bytes_finish(&keys);
    ask_finish(&ask);
}
END_TEST

/* Rubbish that never ends is let go, and answers without end are not kept. */
START_TEST(memory_is_bounded)
{
    struct ask ask = {.state = ASK_TAKING};
    struct bytes keys = {0};
    ask_feed(&ask, (const uint8_t *)"\033]11;", 5, &keys);
    for (int i = 0; i < 5000; i++) {
        ask_feed(&ask, (const uint8_t *)"x", 1, &keys);
        ck_assert_uint_le(ask.held.len, 1100);
    }
    ck_assert_uint_eq(keys.len, 5005);
    for (int i = 0; i < 1000; i++)
        ask_feed(&ask, (const uint8_t *)"\033]11;rgb:0/0/0\a", 15, &keys);
    ck_assert_uint_le(ask.answers.len, 4096);
    bytes_finish(&keys);
    ask_finish(&ask);
}
END_TEST

static const struct draining {
    const char *input;
    enum ask_state state;
    uint32_t markers;
    const char *answers;
    uint32_t marked;
} drainings[] = {
    /* The last marker, behind what the job has asked; typed keys are gone. */
    {"a\033[3;4R\033[A" MARKED "left", ASK_OFF, 1, "\033[3;4R", 1},
    {"\033]11;rgb:0/0/0\a" DA1 MARKED, ASK_OFF, 1, "\033]11;rgb:0/0/0\a" DA1, 1},
    /* Our own answers are still to come. */
    {DA1 MARKED "\033[>1;2;3c" DA1 "\033[5;6R" MARKED, ASK_AWAITED, 2, DA1 "\033[5;6R", 2},
    {"\033[?5u" DA1 MARKED, ASK_TAKING, 1, "", 1},
    /* It says nothing any more. */
    {"abc", ASK_OFF, 1, "", 0},
};

START_TEST(the_last_answers_are_awaited)
{
    const struct draining *d = &drainings[_i];
    struct ask ask = {.state = d->state};
    struct bytes answers = {0};
    int fds[2];
    /* Half of it was read with the keys before. */
    size_t len = strlen(d->input), half = len / 2;
    struct bytes before = {0};
    ck_assert_int_eq(bytes_append(&before, d->input, half), 0);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(write(fds[1], d->input + half, len - half), (ssize_t)(len - half));
    ask_drain(&ask, fds[0], &before, d->markers, &answers);
    bytes_finish(&before);
    bytes_append(&answers, "", 1);
    ck_assert_str_eq((char *)answers.data, d->answers);
    ck_assert_uint_eq(ask.marked, d->marked);
    close(fds[0]);
    close(fds[1]);
    bytes_finish(&answers);
    ask_finish(&ask);
}
END_TEST

static const struct term {
    const char *term;
    bool safe;
} terms[] = {
    {"xterm", true},
    {"xterm-256color", true},
    {"xterm-kitty", true},
    {"screen.xterm-new", true},
    {"tmux-256color", true},
    {"foot", true},
    {"alacritty", true},
    {"rxvt-unicode", true},
    {"linux", false},
    {"dumb", false},
    {"vt100", false},
    {"eterm-color", false},
    {"", false},
    {NULL, false},
    {"unknown", false},
    {"st-256color", false},
};

START_TEST(only_emulators_are_asked)
{
    ck_assert_int_eq(ask_is_safe(terms[_i].term), terms[_i].safe);
}
END_TEST

static Suite *ask_suite(void)
{
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    Suite *suite = suite_create("ask");
    TCase *tcase = tcase_create("ask");
    tcase_add_loop_test(tcase, answers_are_taken_and_keys_pass, 0, COUNT(readings));
    tcase_add_loop_test(tcase, only_what_may_be_an_answer_is_held, 0, COUNT(holdings));
    tcase_add_test(tcase, memory_is_bounded);
    tcase_add_loop_test(tcase, the_last_answers_are_awaited, 0, COUNT(drainings));
    tcase_add_loop_test(tcase, only_emulators_are_asked, 0, COUNT(terms));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(ask_suite());
}
