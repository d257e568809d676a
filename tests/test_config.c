/* The configuration file: the table, each kind of value, and every mistake told. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "tests/harness/runner.h"

static char path[] = "/tmp/js-test-config-XXXXXX";
static char text[1024];

static int read_lines(struct config *config, bool *given, const char *lines)
{
    strcpy(path, "/tmp/js-test-config-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, lines, strlen(lines)), (ssize_t)strlen(lines));
    close(fd);
    config_init(config);
    text[0] = '\0';
    int r = config_read(config, path, given, text, sizeof(text));
    unlink(path);
    return r;
}

START_TEST(defaults_are_allowed_and_read_back)
{
    struct config config, again;
    config_init(&config);
    struct bytes lines = {0};
    for (size_t i = 0; i < config_key_count; i++) {
        bytes_printf(&lines, "%s = ", config_keys[i].name);
        ck_assert_int_eq(config_format(&config, &config_keys[i], &lines), 0);
        bytes_append_text(&lines, "\n");
    }
    bytes_append(&lines, "", 1);
    bool *given = calloc(config_key_count, sizeof(*given));
    ck_assert_int_eq(read_lines(&again, given, (const char *)lines.data), 0);
    ck_assert_mem_eq(&again, &config, sizeof(config));
    for (size_t i = 0; i < config_key_count; i++)
        ck_assert(given[i]);
    free(given);
    bytes_finish(&lines);
}
END_TEST

START_TEST(values_are_read)
{
    struct config config;
    ck_assert_int_eq(read_lines(&config, NULL,
                                "# a comment\ngrace = 250ms\nlog-size = 64k\n"
                                "keep-jobs=7 ; another\ndetach-keys = ^]\n"),
                     0);
    ck_assert_uint_eq(config.grace_ms, 250);
    ck_assert_uint_eq(config.log_size, 65536);
    ck_assert_uint_eq(config.keep_jobs, 7);
    ck_assert_str_eq(config.detach_keys, "^]");
    ck_assert_uint_eq(config.scrollback, 1000);
}
END_TEST

#define FIFTY "12345678901234567890123456789012345678901234567890"
#define LONG  FIFTY FIFTY FIFTY FIFTY

static const struct {
    const char *lines, *message;
} mistakes[] = {
    {"grace = 1s\ngrase = 2s\n", "line 2: unknown key 'grase'"},
    {"grace = -1\n", "line 1: grace = '-1' is not allowed"},
    {"log-size = 1k\n", "line 1: log-size = '1k' is not allowed: 64k to 1024G"},
    {"log-size = 99999999999999999999G\n", "line 1: log-size"},
    {"log-size = 16Q\n", "line 1: log-size"},
    {"keep-jobs = many\n", "line 1: keep-jobs = 'many' is not allowed"},
    {"keep-jobs =\n", "line 1: keep-jobs = '' is not allowed"},
    {"\n\n[server]\ngrace = 1s\n", "line 3: there is no section [server]: [profile NAME] is"},
    {"grace 5s\n", "line 1: not a line of the form key = value"},
    {"leftovers = burn\n", "line 1: leftovers = 'burn' is not allowed: hup, keep, kill"},
    {"leftovers = hu\n", "line 1: leftovers = 'hu' is not allowed"},
    {"leftovers =\n", "line 1: leftovers = '' is not allowed"},
    {"log-format = xml\n", "line 1: log-format = 'xml' is not allowed: text, json"},
    {"environment = -A B\n",
     "line 1: environment = '-A B' is not allowed: words -NAME, -BEGINNING* or NAME=VALUE"},
    {"environment = -\n", "line 1: environment"},
    {"environment = -A*B\n", "line 1: environment"},
    {"environment = =x\n", "line 1: environment"},
    {"grace = 1s\nenvironment = A=" LONG "\n", "line 2: it is longer than 198 bytes"},
};

START_TEST(a_mistake_is_told_and_changes_nothing)
{
    struct config config, initial;
    config_init(&initial);
    ck_assert_int_eq(read_lines(&config, NULL, mistakes[_i].lines), -EINVAL);
    ck_assert_mem_eq(&config, &initial, sizeof(config));
    if (!strstr(text, mistakes[_i].message) || strncmp(text, "/tmp/", 5) != 0)
        ck_abort_msg("'%s' does not say '%s'", text, mistakes[_i].message);
}
END_TEST

START_TEST(the_place_of_the_file)
{
    char found[CONFIG_PATH_MAX];
    setenv("HOME", "/home/me", 1);
    unsetenv("JS_CONFIG");
    unsetenv("XDG_CONFIG_HOME");
    ck_assert_int_eq(config_path(found), 0);
    ck_assert_str_eq(found, "/home/me/.config/js/config");
    setenv("XDG_CONFIG_HOME", "relative/is/ignored", 1);
    ck_assert_int_eq(config_path(found), 0);
    ck_assert_str_eq(found, "/home/me/.config/js/config");
    setenv("XDG_CONFIG_HOME", "/etc/xdg", 1);
    ck_assert_int_eq(config_path(found), 0);
    ck_assert_str_eq(found, "/etc/xdg/js/config");
    setenv("JS_CONFIG", "/my/own", 1);
    ck_assert_int_eq(config_path(found), 0);
    ck_assert_str_eq(found, "/my/own");
    ck_assert(config_file_is_named());
    config_set_file("/given");
    ck_assert_int_eq(config_path(found), 0);
    ck_assert_str_eq(found, "/given");
    unsetenv("JS_CONFIG");
    ck_assert(config_file_is_named());
    config_set_file(NULL);
    ck_assert(!config_file_is_named());
    struct config config;
    config_init(&config);
    ck_assert_int_eq(config_read(&config, "/nonexistent/file", NULL, text, sizeof(text)), -ENOENT);
}
END_TEST

START_TEST(choices_and_lists_are_read)
{
    struct config config;
    ck_assert_int_eq(read_lines(&config, NULL, "leftovers = kill\nlog-format=json\n"), 0);
    ck_assert_uint_eq(config.leftovers, LEFTOVERS_KILL);
    ck_assert_uint_eq(config.log_format, LOG_FORMAT_JSON);
    ck_assert_str_eq(config.environment, "");
    ck_assert_int_eq(read_lines(&config, NULL,
                                "environment = -A  B=c\nenvironment = -AWS_*\ngrace = 1s\n"
                                "environment = C=\n"),
                     0);
    ck_assert_str_eq(config.environment, "-A  B=c -AWS_* C=");
}
END_TEST

static const struct {
    const char *variable;
    bool passes;
} variables[] = {
    {"HOME=/", true},     {"A=1", false},       {"AB=1", true},  {"B=1", false},
    {"BB=1", true},       {"AWS_KEY=1", false}, {"AWS=1", true}, {"AWS_=1", false},
    {"XAWS_KEY=1", true}, {"C=", false},        {"C", false},    {"", true},
};

static int take(const char *variable, size_t len, void *data)
{
    return bytes_append(data, variable, len);
}

START_TEST(the_environment_is_changed_by_rules)
{
    struct config config;
    struct bytes all = {0};
    ck_assert_int_eq(read_lines(&config, NULL, "environment = -A B=c -AWS_* C=\n"), 0);
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        ck_assert_msg(config_lets_pass(&config, variables[i].variable) == variables[i].passes, "%s",
                      variables[i].variable);
    ck_assert_int_eq(config_each_variable(&config, take, &all), 0);
    ck_assert_uint_eq(all.len, 5);
    ck_assert_mem_eq(all.data, "B=cC=", 5);
    bytes_finish(&all);
    config_init(&config);
    ck_assert(config_lets_pass(&config, "A=1"));
    ck_assert_int_eq(config_each_variable(&config, take, &all), 0);
    ck_assert_uint_eq(all.len, 0);
}
END_TEST

/* Equal exactly when every value is: checked against the lines that it is made of. */
START_TEST(the_fingerprint_tells_configurations_apart)
{
    static const char *const files[] = {"",
                                        "grace = 6s\n",
                                        "grace = 6001ms\n",
                                        "keep-jobs = 6\n",
                                        "log-format = json\n",
                                        "leftovers = keep\n",
                                        "environment = -A\n",
                                        "detach-keys = none\n"};
    enum { FILES = sizeof(files) / sizeof(files[0]) };
    char prints[FILES][CONFIG_FINGERPRINT_SIZE], again[CONFIG_FINGERPRINT_SIZE];
    struct config config;
    for (size_t i = 0; i < FILES; i++) {
        ck_assert_int_eq(read_lines(&config, NULL, files[i]), 0);
        config_fingerprint(&config, prints[i]);
        ck_assert_uint_eq(strspn(prints[i], "0123456789abcdef"), 16);
        for (size_t other = 0; other < i; other++)
            ck_assert_str_ne(prints[i], prints[other]);
    }
    ck_assert_int_eq(read_lines(&config, NULL, "; x\n grace=6000ms\n"), 0);
    config_fingerprint(&config, again);
    ck_assert_str_eq(again, prints[1]);
    /* FNV-1a of the lines, computed apart. */
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < config_key_count; i++) {
        struct bytes line = {0};
        config_line(&config, &config_keys[i], &line);
        bytes_append_text(&line, "\n");
        for (size_t at = 0; at < line.len; at++) {
            hash ^= line.data[at];
            hash *= UINT64_C(1099511628211);
        }
        bytes_finish(&line);
    }
    snprintf(again, sizeof(again), "%016llx", (unsigned long long)hash);
    ck_assert_str_eq(again, prints[1]);
}
END_TEST

static Suite *config_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("config");
    tcase_add_test(tcase, defaults_are_allowed_and_read_back);
    tcase_add_test(tcase, values_are_read);
    tcase_add_loop_test(tcase, a_mistake_is_told_and_changes_nothing, 0,
                        (int)(sizeof(mistakes) / sizeof(mistakes[0])));
    tcase_add_test(tcase, choices_and_lists_are_read);
    tcase_add_test(tcase, the_environment_is_changed_by_rules);
    tcase_add_test(tcase, the_fingerprint_tells_configurations_apart);
    tcase_add_test(tcase, the_place_of_the_file);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(config_suite());
}
