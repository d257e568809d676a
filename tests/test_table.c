#include "client/table.h"
#include "common/escape.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct table jobs_table(void)
{
    struct table table = {0};
    ck_assert_int_eq(table_add_column(&table, "ID", TABLE_RIGHT), 0);
    ck_assert_int_eq(table_add_column(&table, "STATE", 0), 0);
    ck_assert_int_eq(table_add_column(&table, "NAME", TABLE_SHRINK), 0);
    ck_assert_int_eq(table_add_column(&table, "COMMAND", TABLE_SHRINK), 0);
    return table;
}

#define ROW(table, ...)                                                                            \
    ck_assert_int_eq(table_add_row((table), ((const char *const[]){__VA_ARGS__})), 0)

static void check_print(const struct table *table, unsigned width, const char *expected)
{
    struct bytes out = {0};
    ck_assert_int_eq(bytes_append_text(&out, "before\n"), 0);
    ck_assert_int_eq(table_print(table, width, &out), 0);
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    ck_assert_str_eq((char *)out.data + strlen("before\n"), expected);
    bytes_finish(&out);
}

START_TEST(aligns_columns_without_blanks_at_the_end)
{
    struct table table = jobs_table();
    ROW(&table, "3", "running", "", "vim notes");
    ROW(&table, "12", "stopped", "build", NULL);
    ROW(&table, "7", NULL, NULL, NULL);
    check_print(&table, 0,
                "ID  STATE    NAME   COMMAND\n"
                " 3  running         vim notes\n"
                "12  stopped  build\n"
                " 7\n");
    check_print(&table, 80,
                "ID  STATE    NAME   COMMAND\n"
                " 3  running         vim notes\n"
                "12  stopped  build\n"
                " 7\n");
    table_finish(&table);
}
END_TEST

START_TEST(prints_titles_alone_and_rows_without_titles)
{
    struct table table = jobs_table();
    check_print(&table, 0, "ID  STATE  NAME  COMMAND\n");
    table_finish(&table);
    check_print(&table, 0, "");
    ck_assert_int_eq(table_add_column(&table, "", 0), 0);
    ck_assert_int_eq(table_add_column(&table, "", TABLE_RIGHT), 0);
    check_print(&table, 0, "");
    ROW(&table, "pid", "4711");
    ROW(&table, "state", "");
    check_print(&table, 0, "pid    4711\nstate\n");
    table_finish(&table);
}
END_TEST

START_TEST(cuts_the_widest_first)
{
    struct table table = jobs_table();
    ROW(&table, "1", "running", "a-rather-long-name", "sleep 1000000000000000000000");
    ROW(&table, "2", "running", "short", "true");
    check_print(&table, 47,
                "ID  STATE    NAME              COMMAND\n"
                " 1  running  a-rather-long-n…  sleep 100000000…\n"
                " 2  running  short             true\n");
    check_print(&table, 31,
                "ID  STATE    NAME      COMMAND\n"
                " 1  running  a-rathe…  sleep 1…\n"
                " 2  running  short     true\n");
    table_finish(&table);
}
END_TEST

START_TEST(cuts_lines_when_columns_cannot_shrink_enough)
{
    struct table table = jobs_table();
    ROW(&table, "1", "running", "a-rather-long-name", "sleep 1000000000000000000000");
    check_print(&table, 20,
                "ID  STATE    NAME  …\n"
                " 1  running  a-rath…\n");
    check_print(&table, 1,
                "…\n"
                "…\n");
    table.ascii = true;
    check_print(&table, 20,
                "ID  STATE    NAME  >\n"
                " 1  running  a-rath>\n");
    table_finish(&table);
}
END_TEST

START_TEST(leaves_columns_out_when_cutting_is_not_enough)
{
    struct table table = {0};
    ck_assert_int_eq(table_add_column(&table, "ID", TABLE_RIGHT), 0);
    ck_assert_int_eq(table_add_column(&table, "STATE", TABLE_DROP(1)), 0);
    ck_assert_int_eq(table_add_column(&table, "NAME", TABLE_SHRINK | TABLE_DROP(2)), 0);
    ck_assert_int_eq(table_add_column(&table, "AGE", TABLE_RIGHT | TABLE_DROP(3)), 0);
    ck_assert_int_eq(table_add_column(&table, "COMMAND", TABLE_SHRINK), 0);
    ROW(&table, "1", "running", "a-rather-long-name", "12m", "sleep 100000");
    check_print(&table, 37,
                "ID  STATE    NAME      AGE  COMMAND\n"
                " 1  running  a-rathe…  12m  sleep 10…\n");
    /* Without one more column there is room for what had been cut. */
    check_print(&table, 35,
                "ID  STATE    NAME        COMMAND\n"
                " 1  running  a-rather-…  sleep 100…\n");
    check_print(&table, 30,
                "ID  STATE    COMMAND\n"
                " 1  running  sleep 100000\n");
    check_print(&table, 12,
                "ID  COMMAND\n"
                " 1  sleep 1…\n");
    check_print(&table, 8,
                "ID  COM…\n"
                " 1  sle…\n");
    table_finish(&table);
}
END_TEST

START_TEST(cuts_the_last_column_when_none_may_shrink)
{
    struct table table = {.ascii = true};
    ck_assert_int_eq(table_add_column(&table, "A", 0), 0);
    ck_assert_int_eq(table_add_column(&table, "B", 0), 0);
    ROW(&table, "one", "a long text");
    ROW(&table, "two", "text");
    check_print(&table, 12, "A    B\none  a long>\ntwo  text\n");
    table_finish(&table);
}
END_TEST

START_TEST(keeps_columns_straight_with_wide_characters)
{
    struct table table = {0};
    ck_assert_int_eq(table_add_column(&table, "NAME", TABLE_SHRINK), 0);
    ck_assert_int_eq(table_add_column(&table, "N", TABLE_RIGHT | TABLE_SHRINK), 0);
    ck_assert_int_eq(table_add_column(&table, "X", 0), 0);
    ROW(&table, "\u4f60\u597d", "5", "x");
    ROW(&table, "e\u0301", "\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60", "x");
    check_print(&table, 0,
                "NAME             N  X\n"
                "\u4f60\u597d             5  x\n"
                "e\u0301     \u4f60\u4f60\u4f60\u4f60\u4f60\u4f60  x\n");
    check_print(&table, 17,
                "NAME         N  X\n"
                "\u4f60\u597d         5  x\n"
                "e\u0301      \u4f60\u4f60\u4f60…  x\n");
    table_finish(&table);
}
END_TEST

START_TEST(shows_no_control_of_a_cell)
{
    struct table table = jobs_table();
    ROW(&table, "1", "\x1b[31mred", "a\nb\t\u202e",
        "\x9b"
        "2J ");
    check_print(&table, 0,
                "ID  STATE        NAME          COMMAND\n"
                " 1  \\x1b[31mred  a\\nb\\t\\u202e  \\x9b2J\n");
    table_finish(&table);
}
END_TEST

/* Whatever the width, no line is wider, none ends in a blank, and there is one line for each row.
 */
START_TEST(fits_every_width)
{
    struct table table = jobs_table();
    ROW(&table, "100", "running", "a name \u4f60\u597d\u4f60\u597d\u4f60\u597d with more",
        "sh -c 'x'");
    ROW(&table, "1", "stopped", "", "a command that goes on and on and on \u4f60\u597d");
    for (unsigned width = 1; width < 120; width++) {
        struct bytes out = {0};
        ck_assert_int_eq(table_print(&table, width, &out), 0);
        ck_assert_int_eq(bytes_append(&out, "", 1), 0);
        int lines = 0;
        for (char *line = strtok((char *)out.data, "\n"); line; line = strtok(NULL, "\n")) {
            ck_assert_uint_le(escape_width(line), width);
            ck_assert_int_ne(line[strlen(line) - 1], ' ');
            lines++;
        }
        ck_assert_int_eq(lines, 3);
        bytes_finish(&out);
    }
    table_finish(&table);
}
END_TEST

START_TEST(takes_a_cell_of_megabytes)
{
    struct table table = {.ascii = true};
    ck_assert_int_eq(table_add_column(&table, "C", TABLE_SHRINK), 0);
    size_t len = 4 << 20;
    char *text = malloc(len + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', len);
    text[len] = '\0';
    ROW(&table, text);
    check_print(&table, 10, "C\nxxxxxxxxx>\n");
    free(text);
    table_finish(&table);
}
END_TEST

static Suite *table_suite(void)
{
    Suite *suite = suite_create("table");
    TCase *tc = tcase_create("table");
    tcase_add_test(tc, aligns_columns_without_blanks_at_the_end);
    tcase_add_test(tc, prints_titles_alone_and_rows_without_titles);
    tcase_add_test(tc, cuts_the_widest_first);
    tcase_add_test(tc, cuts_lines_when_columns_cannot_shrink_enough);
    tcase_add_test(tc, leaves_columns_out_when_cutting_is_not_enough);
    tcase_add_test(tc, cuts_the_last_column_when_none_may_shrink);
    tcase_add_test(tc, keeps_columns_straight_with_wide_characters);
    tcase_add_test(tc, shows_no_control_of_a_cell);
    tcase_add_test(tc, fits_every_width);
    tcase_add_test(tc, takes_a_cell_of_megabytes);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(table_suite());
}
