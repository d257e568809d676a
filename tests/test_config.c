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
    {"\n\n[server]\ngrace = 1s\n", "line 4: there is no section [server]"},
    {"grace 5s\n", "line 1: not a line of the form key = value"},
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
    struct config config;
    config_init(&config);
    ck_assert_int_eq(config_read(&config, "/nonexistent/file", NULL, text, sizeof(text)), -ENOENT);
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
    tcase_add_test(tcase, the_place_of_the_file);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(config_suite());
}
