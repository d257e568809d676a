#include "client/command.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <string.h>

static const char *const fg_aliases[] = {"attach", "resume", NULL};
static const char *const show_aliases[] = {"sh", NULL};

static const struct command commands[] = {
    {.name = "run"},    {.name = "fg", .aliases = fg_aliases},
    {.name = "stop"},   {.name = "server"},
    {.name = "send"},   {.name = "show", .aliases = show_aliases},
    {.name = "screen"}, {.name = "sends"},
};

static const struct command *const table[] = {
    &commands[0], &commands[1], &commands[2], &commands[3], &commands[4],
    &commands[5], &commands[6], &commands[7], NULL,
};

static const struct {
    const char *name;
    const char *found;   /* the command, or NULL */
    const char *message; /* then */
} cases[] = {
    {"run", "run", ""},
    {"ru", "run", ""},
    {"attach", "fg", ""},
    {"a", "fg", ""},
    {"res", "fg", ""},
    {"f", "fg", ""},
    {"sh", "show", ""},
    {"sho", "show", ""},
    {"send", "send", ""},
    {"sends", "sends", ""},
    {"r", NULL, "'r' is ambiguous: run, resume"},
    {"se", NULL, "'se' is ambiguous: server, send, sends"},
    {"s", NULL, "'s' is ambiguous: stop, server, send, show, screen, sends"},
    {"frob", NULL, "unknown command 'frob'"},
    {"runs", NULL, "unknown command 'runs'"},
    {"Run", NULL, "unknown command 'Run'"},
    {"", NULL, "unknown command ''"},
    {"\x1b[A", NULL, "unknown command '\\x1b[A'"},
};

START_TEST(finds_names_aliases_and_beginnings)
{
    struct bytes error = {0};
    const struct command *found = command_find(table, cases[_i].name, &error);
    ck_assert_int_eq(bytes_append(&error, "", 1), 0);
    ck_assert_str_eq((char *)error.data, cases[_i].message);
    ck_assert_pstr_eq(found ? found->name : NULL, cases[_i].found);
    bytes_finish(&error);
}
END_TEST

static Suite *command_suite(void)
{
    Suite *suite = suite_create("command");
    TCase *tc = tcase_create("find");
    tcase_add_loop_test(tc, finds_names_aliases_and_beginnings, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(command_suite());
}
