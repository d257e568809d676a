/*
 * What the user reads about js: the manual pages as they are shown, and the help texts, against the
 * tables of commands and messages and what js prints.
 */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "common/config.h"

/* Pages with parts of their own are in the build directory, others in the source tree. */
static const struct {
    const char *variable;
    const char *name;
} pages[] = {
    {"JS_TEST_BINDIR", "js.1"},
    {"JS_TEST_SOURCE", "jsd.1"},
    {"JS_TEST_BINDIR", "js-protocol.7"},
};

enum { JS_1, JSD_1, JS_PROTOCOL_7, PAGES };

static const char *page_path(int page)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/man/%s", getenv(pages[page].variable), pages[page].name);
    return path;
}

/* Bold and underlined characters are written twice, with a backspace between. */
static void strip_overstrikes(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (*at == '\b' && to > text)
            to--;
        else
            *to++ = *at;
    }
    *to = '\0';
}

/* Words with one blank between them, so that line breaks do not matter. */
static void join_lines(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++)
        if (!isspace((unsigned char)*at))
            *to++ = *at;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
}

/* The page as a person reads it, in result.out. */
static void render(int page)
{
    fixture_run(&fixture, &result, "mandoc", "-T", "ascii", page_path(page), NULL);
    fixture_expect_code(&result, 0);
    strip_overstrikes(result.out);
}

/* The text of a section or subsection, without the next one, in static memory. */
static const char *section(const char *page, const char *heading, const char *indent)
{
    static char text[65536];
    char start[128], next[16];
    snprintf(start, sizeof(start), "\n%s%s\n", indent, heading);
    const char *from = strstr(page, start);
    ck_assert_msg(from != NULL, "there is no section '%s'", heading);
    from += strlen(start);
    snprintf(next, sizeof(next), "\n%s", indent);
    const char *to = from;
    while ((to = strstr(to, next)) && isspace((unsigned char)to[strlen(next)]))
        to++;
    size_t len = to ? (size_t)(to - from) : strlen(from);
    ck_assert_uint_lt(len, sizeof(text));
    memcpy(text, from, len);
    text[len] = '\0';
    return text;
}

static void expect_text(const char *text, const char *expected, const char *where)
{
    ck_assert_msg(strstr(text, expected) != NULL, "%s does not say '%s'", where, expected);
}

START_TEST(pages_are_clean)
{
    fixture_run(&fixture, &result, "mandoc", "-T", "lint", "-W", "warning", page_path(_i), NULL);
    ck_assert_str_eq(result.out, "");
    ck_assert_int_eq(result.code, 0);
}
END_TEST

/* "-n, --name=NAME", as the page and the help text both have it. */
static void option_label(const struct option_spec *spec, char *label, size_t size)
{
    char letter[8] = "", arg[64] = "";
    if (spec->letter)
        snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    if (spec->arg)
        snprintf(arg, sizeof(arg), "=%s", spec->arg);
    snprintf(label, size, "%s--%s%s", letter, spec->name, arg);
}

START_TEST(every_command_and_option_is_in_the_page)
{
    char label[256];
    render(JS_1);
    for (const struct command *const *at = commands; *at; at++) {
        if ((*at)->hidden)
            continue;
        snprintf(label, sizeof(label), "js %s", (*at)->name);
        const char *text = section(result.out, label, "   ");
        for (size_t i = 0; i < (*at)->option_count; i++) {
            option_label(&(*at)->options[i], label, sizeof(label));
            expect_text(text, label, (*at)->name);
        }
        for (const char *const *alias = (*at)->aliases; alias && *alias; alias++)
            expect_text(text, *alias, (*at)->name);
        join_lines((char *)text);
        expect_text(text, (*at)->summary + 1, (*at)->name);
    }
}
END_TEST

START_TEST(every_json_field_and_end_is_in_the_page)
{
    char expected[64];
    render(JS_1);
    struct fixture_result json = {0};
    fixture_js(&fixture, &json, "run", "-d", "--json", "true", NULL);
    fixture_js(&fixture, &json, "wait", "--json", NULL);
    fixture_expect_code(&json, 0);
    const char *text = section(result.out, "JSON", "");
    int count = 0;
    for (char *at = json.out; (at = strstr(at, "\":")); at++, count++) {
        char *name = at;
        while (name[-1] != '"')
            name--;
        snprintf(expected, sizeof(expected), "\"%.*s\":", (int)(at - name), name);
        expect_text(text, expected, "JSON");
    }
    ck_assert_int_gt(count, 20);
    for (uint32_t reason = END_EXITED; reason < END_REASON_COUNT; reason++)
        expect_text(text, end_reason_name(reason), "JSON");
    fixture_result_finish(&json);
}
END_TEST

START_TEST(every_key_of_the_configuration_is_in_the_page)
{
    char expected[256];
    render(JS_1);
    char *text = (char *)section(result.out, "CONFIGURATION", "");
    join_lines(text);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        int len = snprintf(expected, sizeof(expected), " %s = %s", key->name, key->initial);
        if (!key->initial[0])
            expected[len - 1] = '\0';
        expect_text(text, expected, "CONFIGURATION");
        expect_text(text, key->doc + 1, key->name);
        snprintf(expected, sizeof(expected), "Allowed: %s.", key->bounds);
        expect_text(text, expected, key->name);
    }
}
END_TEST

START_TEST(every_field_of_the_server_is_in_the_page)
{
    char expected[64];
    render(JS_1);
    struct fixture_result json = {0};
    fixture_shell_line(&fixture, &json,
                       "js server start && "
                       "js server status --json | jq -r '.server | del(.config.values) | "
                       "[paths | .[-1] | strings] | unique[]'");
    fixture_expect_code(&json, 0);
    const char *text = section(result.out, "JSON", "");
    int count = 0;
    for (char *name = strtok(json.out, "\n"); name; name = strtok(NULL, "\n"), count++) {
        snprintf(expected, sizeof(expected), "\"%s\":", name);
        expect_text(text, expected, "JSON");
    }
    ck_assert_int_gt(count, 25);
    fixture_result_finish(&json);
}
END_TEST

/* Fields of a message, or of a structure, in its section. */
static void expect_fields(const struct wire_struct *type, const char *text)
{
    char label[128];
    for (size_t i = 0; i < type->count; i++) {
        snprintf(label, sizeof(label), "     %s (", type->fields[i].name);
        expect_text(text, label, type->name);
    }
}

START_TEST(every_message_and_field_is_in_the_page)
{
    char heading[128];
    render(JS_PROTOCOL_7);
    for (size_t i = 0; i < protocol.count; i++) {
        const struct wire_message *message = &protocol.rows[i];
        snprintf(heading, sizeof(heading), "%u %s", message->type, message->name);
        const char *text = section(result.out, heading, "   ");
        const char *shared = strstr(text, "The fields are those of ");
        if (shared) {
            int len = (int)strcspn(shared + 24, ".");
            snprintf(heading, sizeof(heading), "Structure %.*s", len, shared + 24);
            text = section(result.out, heading, "   ");
        }
        expect_fields(message->body, text);
        for (size_t j = 0; j < message->body->count; j++) {
            const struct wire_struct *sub = message->body->fields[j].sub;
            if (!sub)
                continue;
            bool whole = strncmp(sub->name, "job_", 4) != 0 && strncmp(sub->name, "msg_", 4) != 0;
            snprintf(heading, sizeof(heading), "Structure %s", sub->name + (whole ? 0 : 4));
            expect_fields(sub, section(result.out, heading, "   "));
        }
    }
}
END_TEST

/* No line is longer than a terminal is wide. */
static void expect_narrow(const char *text)
{
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        ck_assert_msg(len <= 80, "%zu columns: %.*s", len, (int)len, line);
        line += len + (line[len] == '\n');
    }
}

START_TEST(help_texts_are_whole)
{
    char label[256];
    struct fixture_result other = {0};
    for (const struct command *const *at = commands; *at; at++) {
        fixture_js(&fixture, &result, (*at)->name, "--help", NULL);
        fixture_expect_code(&result, 0);
        ck_assert_str_eq(result.err, "");
        expect_narrow(result.out);
        for (size_t i = 0; i < (*at)->option_count; i++) {
            option_label(&(*at)->options[i], label, sizeof(label));
            expect_text(result.out, label, (*at)->name);
        }
        fixture_js(&fixture, &other, (*at)->name, "-h", NULL);
        ck_assert_str_eq(other.out, result.out);
        fixture_js(&fixture, &other, "help", (*at)->name, NULL);
        ck_assert_str_eq(other.out, result.out);
    }
    fixture_result_finish(&other);
}
END_TEST

START_TEST(the_list_of_commands_is_whole)
{
    char line[128];
    fixture_js(&fixture, &result, "--help", NULL);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.err, "");
    expect_narrow(result.out);
    for (const struct command *const *at = commands; *at; at++) {
        snprintf(line, sizeof(line), "\n  %-8s %s\n", (*at)->name, (*at)->summary);
        ck_assert_msg(!strstr(result.out, line) == (*at)->hidden, "%s", (*at)->name);
    }
}
END_TEST

static Suite *manual_suite(void)
{
    Suite *suite = suite_create("manual");
    TCase *tc = tcase_create("manual");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_loop_test(tc, pages_are_clean, 0, PAGES);
    tcase_add_test(tc, every_command_and_option_is_in_the_page);
    tcase_add_test(tc, every_json_field_and_end_is_in_the_page);
    tcase_add_test(tc, every_key_of_the_configuration_is_in_the_page);
    tcase_add_test(tc, every_field_of_the_server_is_in_the_page);
    tcase_add_test(tc, every_message_and_field_is_in_the_page);
    tcase_add_test(tc, help_texts_are_whole);
    tcase_add_test(tc, the_list_of_commands_is_whole);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(manual_suite());
}
