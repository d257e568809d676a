/* --help of every command: at most 80 columns, on stdout alone, the same as -h. */
#include "common/escape.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 64
#define COLUMNS      80

static void end(void)
{
    /* Help needs no server, no directory, no home. */
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state"), 0);
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void expect_help(const char *what)
{
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    ck_assert_msg(strstr(result.out, "sage:") != NULL, "%s says no usage", what);
    ck_assert_int_eq(result.out[result.out_len - 1], '\n');
    char *copy = strdup(result.out), *rest = copy;
    ck_assert_ptr_nonnull(copy);
    for (char *line; (line = strsep(&rest, "\n"));) {
        ck_assert_msg(escape_width(line) <= COLUMNS, "%s: too wide: %s", what, line);
        size_t len = strlen(line);
        ck_assert_msg(len == 0 || line[len - 1] != ' ', "%s: blank at the end: %s", what, line);
        ck_assert_msg(!strchr(line, '\t'), "%s: a tab: %s", what, line);
    }
    free(copy);
}

/* The names in the list that `js --help` shows: two blanks, the name, its summary. */
static size_t list_commands(char *names[COMMANDS_MAX])
{
    size_t count = 0;
    fixture_js(&fixture, &result, "--help", NULL);
    char *at = strstr(result.out, "\nCommands:\n");
    ck_assert_ptr_nonnull(at);
    at += strlen("\nCommands:\n");
    while (strncmp(at, "  ", 2) == 0) {
        size_t len = strcspn(at + 2, " \n");
        ck_assert_uint_lt(count, COMMANDS_MAX);
        if (len > 0)
            names[count++] = strndup(at + 2, len);
        at += strcspn(at, "\n") + 1;
    }
    ck_assert_uint_gt(count, 10);
    return count;
}

START_TEST(the_whole_has_help)
{
    fixture_js(&fixture, &result, "--help", NULL);
    expect_help("js --help");
    char *help = strdup(result.out);
    fixture_js(&fixture, &result, "-h", NULL);
    ck_assert_str_eq(result.out, help);
    fixture_js(&fixture, &result, "help", NULL);
    ck_assert_str_eq(result.out, help);
    free(help);
    fixture_run(&fixture, &result, fixture.jsd, "--help", NULL);
    expect_help("jsd --help");
    help = strdup(result.out);
    fixture_run(&fixture, &result, fixture.jsd, "-h", NULL);
    ck_assert_str_eq(result.out, help);
    free(help);
}
END_TEST

START_TEST(every_command_has_help)
{
    char *names[COMMANDS_MAX];
    size_t count = list_commands(names);
    for (size_t i = 0; i < count; i++) {
        fixture_js(&fixture, &result, names[i], "--help", NULL);
        expect_help(names[i]);
        ck_assert_ptr_nonnull(strstr(result.out, names[i]));
        ck_assert_ptr_nonnull(strstr(result.out, "--help"));
        char *help = strdup(result.out);
        fixture_js(&fixture, &result, names[i], "-h", NULL);
        ck_assert_str_eq(result.out, help);
        fixture_js(&fixture, &result, "help", names[i], NULL);
        ck_assert_str_eq(result.out, help);
        free(help);
        free(names[i]);
    }
}
END_TEST

/* What a script says about a pipe that nobody reads, or a disk that is full. */
START_TEST(help_that_cannot_be_written_is_a_failure)
{
    fixture_shell_line(&fixture, &result, "js --help >/dev/full");
    fixture_expect_code(&result, 125);
    fixture_shell_line(&fixture, &result, "js run --help >/dev/full");
    fixture_expect_code(&result, 125);
    fixture_shell_line(&fixture, &result, "js help nonsense");
    fixture_expect_code(&result, 2);
    ck_assert_str_eq(result.err, "js: unknown command 'nonsense'; see js --help\n");
}
END_TEST

START_TEST(versions_are_told)
{
    fixture_js(&fixture, &result, "--version", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_int_eq(strncmp(result.out, "js ", 3), 0);
    char *version = strdup(result.out + 3);
    fixture_run(&fixture, &result, fixture.jsd, "--version", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_int_eq(strncmp(result.out, "jsd ", 4), 0);
    ck_assert_str_eq(result.out + 4, version);
    free(version);
}
END_TEST

START_TEST(jsd_refuses_what_it_does_not_know)
{
    fixture_run(&fixture, &result, fixture.jsd, "--bogus", NULL);
    fixture_expect_code(&result, 2);
    ck_assert_str_eq(result.out, "");
    ck_assert_ptr_nonnull(strstr(result.err, "unknown option '--bogus'"));
}
END_TEST

static Suite *help_suite(void)
{
    Suite *suite = suite_create("help");
    TCase *help = tcase_create("help");
    tcase_add_checked_fixture(help, world_begin, end);
    tcase_add_test(help, the_whole_has_help);
    tcase_add_test(help, every_command_has_help);
    tcase_add_test(help, help_that_cannot_be_written_is_a_failure);
    tcase_add_test(help, versions_are_told);
    tcase_add_test(help, jsd_refuses_what_it_does_not_know);
    suite_add_tcase(suite, help);
    return suite;
}

int main(void)
{
    return runner_run(help_suite());
}
