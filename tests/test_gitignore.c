/* What .gitignore and the patterns of js watch say of a path: pure, no files. */
#include "server/watcher/changes.h"
#include "server/watcher/filter.h"
#include "server/watcher/gitignore.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* A path with a slash at its end is a directory's. verdict: 'i'gnored, 'k'ept, '-' nothing said.
 * The rows were compared with git 2.39 (git check-ignore --no-index). */
static const struct {
    const char *text, *path;
    char verdict;
} rows[] = {
    /* names, at any depth */
    {"a.o", "a.o", 'i'},
    {"a.o", "x/y/a.o", 'i'},
    {"a.o", "a.oo", '-'},
    {"*.o", "x/a.o", 'i'},
    {"*.o", ".o", 'i'},
    {"*", ".hidden", 'i'},
    {"?.c", "a.c", 'i'},
    {"?.c", "ab.c", '-'},
    {"[ab].c", "b.c", 'i'},
    {"[!ab].c", "b.c", '-'},
    {"[^ab].c", "c.c", 'i'},
    {"[a-c]x", "bx", 'i'},
    {"[[:digit:]]x", "7x", 'i'},
    {"[]a]", "]", 'i'},
    {"foo.[co]", "foo.o", 'i'},
    /* directories */
    {"build/", "build/", 'i'},
    {"build/", "x/build/", 'i'},
    {"build/", "build", '-'},
    {"build", "build/", 'i'},
    {"a/b/", "a/b/", 'i'},
    {"a/b/", "a/b", '-'},
    /* from the top, as soon as there is a slash before the end */
    {"/a", "a", 'i'},
    {"/a", "x/a", '-'},
    {"a/b", "a/b", 'i'},
    {"a/b", "x/a/b", '-'},
    {"/a/b", "a/b", 'i'},
    {"a/*", "a/b", 'i'},
    {"a/*", "a/b/c", '-'},
    {"a/*.c", "a/b.c", 'i'},
    {"*/b", "a/b", 'i'},
    {"*/b", "b", '-'},
    {"a?b", "a/b", '-'},
    {"/*", "a", 'i'},
    {"/*", "a/b", '-'},
    /* ** */
    {"**/a", "a", 'i'},
    {"**/a", "x/y/a", 'i'},
    {"**/a/b", "x/a/b", 'i'},
    {"**/a/b", "x/a/c/b", '-'},
    {"a/**", "a/b/c", 'i'},
    {"a/**", "a/", '-'},
    {"a/**/b", "a/b", 'i'},
    {"a/**/b", "a/x/y/b", 'i'},
    {"a/**/b", "x/a/b", '-'},
    {"a/**/b/**/c", "a/b/x/b/y/c", 'i'},
    {"a/**/b/c", "a/b/d/b/c", 'i'},
    {"a/**/b/c", "a/b/c/d", '-'},
    {"/**", "a/b", 'i'},
    {"**", "a/b", 'i'},
    {"a/***/b", "a/x/y/b", 'i'},
    {"**/**/a", "x/a", 'i'},
    {"a/**.c", "a/b.c", 'i'},
    {"a/**.c", "a/x/b.c", '-'},
    /* the last one counts; ! makes exceptions */
    {"*.o\n!a.o", "a.o", 'k'},
    {"*.o\n!a.o", "b.o", 'i'},
    {"!a.o\n*.o", "a.o", 'i'},
    {"*\n!*/\n!*.c", "x/a.c", 'k'},
    {"*\n!*/\n!*.c", "x/", 'k'},
    {"*\n!*/\n!*.c", "x/a.h", 'i'},
    {"!a", "b", '-'},
    /* comments, blanks, quoting */
    {"#a", "#a", '-'},
    {"\\#a", "#a", 'i'},
    {"\\!a", "!a", 'i'},
    {"a b", "a b", 'i'},
    {"a   ", "a", 'i'},
    {"a\\ ", "a ", 'i'},
    {"a\\  ", "a ", 'i'},
    {"a\\\\ ", "a\\", 'i'},
    {"a\t", "a", '-'},
    {"\\*", "*", 'i'},
    {"\\*", "a", '-'},
    {"a\r\nb\r", "a", 'i'},
    {"a\r\nb\r", "b", 'i'},
    {"\xef\xbb\xbf"
     "a",
     "a", 'i'},
    {"\n\n  \na", "a", 'i'},
    {"a", "A", '-'},
    {"\xc3\xa4*", "\xc3\xa4.c", 'i'},
    /* what matches nothing */
    {"", "a", '-'},
    {"/", "a", '-'},
    {"//", "a", '-'},
    {"!", "a", '-'},
    {"a//b", "a/b", '-'},
    {"//a", "a", '-'},
    {"a\\", "a", '-'},
};

static char letter(enum gitignore_verdict verdict)
{
    return verdict == GITIGNORE_IGNORED ? 'i' : verdict == GITIGNORE_INCLUDED ? 'k' : '-';
}

/* The path without its last slash, and whether it had one. */
static bool take_directory(const char *path, char *buf, size_t size)
{
    size_t len = strlen(path);
    bool is_directory = path[len - 1] == '/';
    snprintf(buf, size, "%.*s", (int)(len - is_directory), path);
    return is_directory;
}

START_TEST(each_rule_says_what_git_says)
{
    struct gitignore rules = {0};
    char path[256];
    bool is_directory = take_directory(rows[_i].path, path, sizeof(path));
    ck_assert_int_eq(gitignore_add_text(&rules, rows[_i].text, strlen(rows[_i].text)), 0);
    char got = letter(gitignore_verdict(&rules, path, is_directory));
    ck_assert_msg(got == rows[_i].verdict, "'%s' of '%s': %c", rows[_i].text, rows[_i].path, got);
    gitignore_finish(&rules);
}
END_TEST

/* Whoever writes such a thing must not get us to think for ever. */
START_TEST(many_stars_are_no_trouble)
{
    struct gitignore rules = {0};
    char text[4096] = "", path[2048] = "";
    for (int i = 0; i < 200; i++)
        strcat(text, "**/a/");
    strcat(text, "b");
    for (int i = 0; i < 500; i++)
        strcat(path, "a/");
    strcat(path, "c");
    ck_assert_int_eq(gitignore_add_text(&rules, text, strlen(text)), 0);
    ck_assert_uint_eq(rules.count, 1);
    ck_assert_int_eq(gitignore_verdict(&rules, path, false), GITIGNORE_UNDECIDED);
    path[strlen(path) - 1] = 'b';
    ck_assert_int_eq(gitignore_verdict(&rules, path, false), GITIGNORE_IGNORED);
    gitignore_finish(&rules);
}
END_TEST

START_TEST(a_path_may_be_longer_than_any_file)
{
    struct gitignore rules = {0};
    static char path[6000];
    memset(path, 'x', sizeof(path) - 1);
    ck_assert_int_eq(gitignore_add_line(&rules, "a/**", 4), 0);
    ck_assert_int_eq(gitignore_verdict(&rules, path, false), GITIGNORE_UNDECIDED);
    ck_assert_int_eq(gitignore_add_line(&rules, "x*", 2), 0);
    ck_assert_int_eq(gitignore_verdict(&rules, path, false), GITIGNORE_IGNORED);
    gitignore_finish(&rules);
}
END_TEST

/* The whole filter. Patterns with a blank between them; '+': it matters. */
static const struct {
    const char *watch, *ignore, *path;
    char verdict;
} filter_rows[] = {
    {"*", "", "a", '+'},
    {"*", "", "x/y", '+'},
    {"*.c", "", "x/a.c", '+'},
    {"*.c", "", "x/a.h", '-'},
    {"*.c *.h", "", "x/a.h", '+'},
    {"src/*.c", "", "src/a.c", '+'},
    {"src/*.c", "", "x/src/a.c", '-'},
    {"./src/*.c", "", "src/a.c", '+'},
    {"src/", "", "src/x/a", '+'},
    {"src/", "", "src", '-'},
    {"src", "", "x/src/a", '+'},
    {"*.c !test_*", "", "test_a.c", '-'},
    {"src !*.o", "", "src/a.o", '-'},
    {"src !*.o", "", "src/a.c", '+'},
    {"*", "*.log", "x/a.log", '-'},
    {"*", "./x/a", "x/a", '-'},
    {"*", "!.git", ".git", '-'},
    {"*", "", "x/.git", '-'},
    {"*", "", ".hg", '-'},
    {"*", "", ".gitignore", '+'},
    {"*", "", ".a.c.swp", '-'},
    {"*", "!*.swp", ".a.c.swp", '+'},
    {"*", "", "a~", '-'},
    {"*", "", "4913", '-'},
    {"*", "", ".#a", '-'},
    {"*", "", "#a#", '-'},
    /* the level above says "gen*", the nearer one (of x/) "!gen.c" and "/only" */
    {"*", "", "x/gen.h", '-'},
    {"*", "", "x/gen.c", '+'},
    {"*", "gen.c", "x/gen.c", '-'},
    {"*", "", "x/only", '-'},
    {"*", "", "x/y/only", '+'},
};

static void add_each(struct filter *filter, int (*add)(struct filter *, const char *),
                     const char *patterns)
{
    char copy[256], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", patterns);
    for (char *pattern; (pattern = strsep(&rest, " "));)
        ck_assert_int_eq(add(filter, pattern), 0);
}

START_TEST(the_filter_asks_in_order)
{
    struct filter filter;
    struct ignore_level above = {0}, near = {.above = &above, .skip = 2};
    ck_assert_int_eq(filter_init(&filter), 0);
    add_each(&filter, filter_watch, filter_rows[_i].watch);
    add_each(&filter, filter_ignore, filter_rows[_i].ignore);
    ck_assert_int_eq(gitignore_add_line(&above.rules, "gen*", 4), 0);
    ck_assert_int_eq(gitignore_add_text(&near.rules, "!gen.c\n/only", 12), 0);
    const char *path = filter_rows[_i].path;
    const struct ignore_level *level = strncmp(path, "x/", 2) == 0 ? &near : &above;
    bool wanted = !filter_ignores(&filter, level, path, false) && filter_wants(&filter, path);
    ck_assert_msg(wanted == (filter_rows[_i].verdict == '+'), "row %d: %s", _i, path);
    gitignore_finish(&above.rules);
    gitignore_finish(&near.rules);
    filter_finish(&filter);
}
END_TEST

/* The rules of a directory above the watched one see the whole path. */
START_TEST(rules_from_above_have_longer_paths)
{
    struct filter filter;
    struct ignore_level above = {.prefix = (char *)"src/lib/"};
    ck_assert_int_eq(filter_init(&filter), 0);
    ck_assert_int_eq(gitignore_add_text(&above.rules, "/src/lib/a\n/b", 13), 0);
    ck_assert(filter_ignores(&filter, &above, "a", false));
    ck_assert(!filter_ignores(&filter, &above, "b", false));
    gitignore_finish(&above.rules);
    filter_finish(&filter);
}
END_TEST

static void expect_text(const struct changes *changes, size_t named, const char *expected)
{
    struct bytes text = {0};
    ck_assert_int_eq(changes_text(changes, named, &text), 0);
    ck_assert_int_eq(bytes_append(&text, "", 1), 0);
    ck_assert_str_eq((const char *)text.data, expected);
    bytes_finish(&text);
}

START_TEST(changes_are_named)
{
    struct changes changes = {0};
    ck_assert(!changes_any(&changes));
    changes_add(&changes, "main.c");
    changes_add(&changes, "main.c");
    ck_assert(changes_any(&changes));
    expect_text(&changes, 0, "main.c");
    changes_add(&changes, "evil\033[2J\n");
    expect_text(&changes, 1, "evil\\x1b[2J\\n and another file");
    changes_add(&changes, "x/y");
    expect_text(&changes, 2, "x/y and 2 other files");
    for (int i = 0; i < 200; i++) {
        char path[16];
        snprintf(path, sizeof(path), "%d", i);
        changes_add(&changes, path);
    }
    expect_text(&changes, 0, "many files");
    changes_clear(&changes);
    ck_assert(!changes_any(&changes));
    changes_add_unknown(&changes);
    ck_assert(changes_any(&changes));
    expect_text(&changes, 0, "many files");
    changes_clear(&changes);
}
END_TEST

START_TEST(of_a_long_path_the_end_is_told)
{
    struct changes changes = {0};
    char path[1200] = "", expected[256] = "...";
    for (int i = 0; i < 500; i++)
        strcat(path, "\xc3\xa4");
    strcat(path, "/a.c"); /* 4 bytes: with 98 characters of two that makes 200 */
    for (int i = 0; i < 98; i++)
        strcat(expected, "\xc3\xa4");
    strcat(expected, "/a.c");
    changes_add(&changes, path);
    expect_text(&changes, 0, expected);
    changes_clear(&changes);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *gitignore_suite(void)
{
    Suite *suite = suite_create("gitignore");
    TCase *tc = tcase_create("gitignore");
    tcase_add_loop_test(tc, each_rule_says_what_git_says, 0, COUNT(rows));
    tcase_add_test(tc, many_stars_are_no_trouble);
    tcase_add_test(tc, a_path_may_be_longer_than_any_file);
    tcase_add_loop_test(tc, the_filter_asks_in_order, 0, COUNT(filter_rows));
    tcase_add_test(tc, rules_from_above_have_longer_paths);
    tcase_add_test(tc, changes_are_named);
    tcase_add_test(tc, of_a_long_path_the_end_is_told);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(gitignore_suite());
}
