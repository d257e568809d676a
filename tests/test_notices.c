/* Bells and notifications in output. */
#include "common/terminal/tracker.h"

#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char told[4096];
static unsigned bells;

/* "bell", "[title|text]", with "+" behind what goes on; told with spaces between. */
static void on_notice(void *user, const struct notice *notice)
{
    (void)user;
    struct bytes title = {0}, text = {0};
    char *at = told + strlen(told);
    size_t room = sizeof(told) - strlen(told);
    if (notice->sign == SIGN_BELL) {
        bells++;
        snprintf(at, room, "bell ");
        return;
    }
    ck_assert_int_eq(notice_append(&title, notice->title, notice->title_len, notice->base64, 40),
                     0);
    ck_assert_int_eq(notice_append(&text, notice->text, notice->text_len, notice->base64, 40), 0);
    snprintf(at, room, "[%.*s|%.*s]%s ", (int)title.len, (const char *)title.data, (int)text.len,
             (const char *)text.data, notice->goes_on ? "+" : "");
    bytes_finish(&title);
    bytes_finish(&text);
}

static struct tracker *create(void)
{
    struct tracker *tracker = tracker_create(24, 80);
    ck_assert_ptr_nonnull(tracker);
    tracker_set_notices(tracker, on_notice, NULL);
    told[0] = '\0';
    bells = 0;
    return tracker;
}

static const struct {
    const char *output, *told;
} cases[] = {
    {"text\r\nand more\r\n", ""},
    {"\a", "bell "},
    {"a\ab\a", "bell bell "},
    {"\033]2;title\a", ""}, /* a BEL that ends a string is none */
    {"\033]2;title\033\\\a", "bell "},
    {"\033[3\a1m", "bell "}, /* in a sequence it acts at once */
    /* iTerm2, not ConEmu */
    {"\033]9;all done\a", "[|all done] "},
    {"\033]9;all; done\033\\", "[|all; done] "},
    {"\033]9;5 files\a", "[|5 files] "},
    {"\033]9;4;1;50\a", ""},
    {"\033]9;4\a", ""},
    {"\033]9;12\a", ""},
    {"\033]9;9;/home\a", ""},
    {"\033]9;\a", ""},
    {"\033]9\a", ""},
    {"\033]9;gone\030", ""}, /* cancelled */
    /* rxvt-unicode */
    {"\033]777;notify;title;text\a", "[title|text] "},
    {"\033]777;notify;title;a;b\a", "[title|a;b] "},
    {"\033]777;notify;title\a", "[title|] "},
    {"\033]777;notify;;text\a", "[|text] "},
    {"\033]777;notify;;\a", ""},
    {"\033]777;notify\a", ""},
    {"\033]777;precmd\a", ""},
    {"\033]777;notify;\303\244\303\266;\303\274\a", "[\303\244\303\266|\303\274] "},
    /* kitty */
    {"\033]99;;hello\033\\", "[hello|] "},
    {"\033]99;i=1:d=0;title\033\\\033]99;i=1:p=body;text\033\\", "[title|]+ [|text] "},
    {"\033]99;i=1:d=0:p=title;a\a\033]99;i=1:d=1:p=title;b\a", "[a|]+ [b|] "},
    {"\033]99;e=1;aGVsbG8=\a", "[hello|] "},
    {"\033]99;e=1:p=body;aGVsbG8gd29ybGQ\a", "[|hello world] "},
    {"\033]99;e=1;AGEbYgpj\a", "[ab\nc|] "}, /* no control characters but line feeds */
    {"\033]99;i=x:p=?;\a", ""},
    {"\033]99;i=x:p=close;\a", ""},
    {"\033]99;i=x:p=icon;abcd\a", ""},
    {"\033]99;i=x:p=buttons;ok\a", ""},
    {"\033]99;no metadata\a", ""},
    {"\033]99\a", ""},
    /* Others */
    {"\033]8;;https://example.org/\a", ""},
    {"\033P9;text\033\\", ""},
    {"\033]0777;notify;a;b\a", "[a|b] "},
    /* Not longer than asked for, and not cut inside of a character. */
    {"\033]9;\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244"
     "\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244x\303\244y\a",
     "[|\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244"
     "\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244x] "},
};

/* Whole, and byte by byte. */
START_TEST(output_is_told_as_notices)
{
    for (int pieces = 0; pieces < 2; pieces++) {
        struct tracker *tracker = create();
        size_t len = strlen(cases[_i].output), piece = pieces ? 1 : len;
        for (size_t at = 0; at < len; at += piece)
            tracker_feed(tracker, cases[_i].output + at, piece);
        ck_assert_str_eq(told, cases[_i].told);
        tracker_destroy(tracker);
    }
}
END_TEST

/* A flood is not looked at byte by byte; a bell in it is told all the same. */
START_TEST(a_bell_in_a_flood_is_told)
{
    static char flood[60000];
    size_t len = 0;
    while (len + 64 < sizeof(flood))
        len += (size_t)sprintf(flood + len, "a line of plain text that is scrolled off\r\n");
    struct tracker *tracker = create();
    tracker_feed(tracker, flood, len);
    ck_assert_uint_eq(bells, 0);
    flood[1000] = '\a';
    tracker_feed(tracker, flood, len);
    ck_assert_uint_eq(bells, 1);
    flood[1000] = 'x';
    flood[len - 100] = '\a';
    tracker_feed(tracker, flood, len);
    ck_assert_uint_eq(bells, 2);
    tracker_destroy(tracker);
}
END_TEST

START_TEST(nobody_need_be_told)
{
    struct tracker *tracker = create();
    tracker_set_notices(tracker, NULL, NULL);
    tracker_feed(tracker, "\a\033]9;x\a", 7);
    ck_assert_str_eq(told, "");
    tracker_destroy(tracker);
}
END_TEST

static Suite *notices_suite(void)
{
    Suite *suite = suite_create("notices");
    TCase *tc = tcase_create("notices");
    tcase_add_loop_test(tc, output_is_told_as_notices, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, a_bell_in_a_flood_is_told);
    tcase_add_test(tc, nobody_need_be_told);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(notices_suite());
}
