/* The log: lines whole and escaped, topics, and a file that is bounded and followed. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "tests/harness/runner.h"

static char dir[] = "/tmp/js-test-log-XXXXXX";
static char path[64], old_path[64];

static void begin(void)
{
    strcpy(dir, "/tmp/js-test-log-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/log", dir);
    snprintf(old_path, sizeof(old_path), "%s/log.1", dir);
}

static void end(void)
{
    unlink(path);
    unlink(old_path);
    ck_assert_int_eq(rmdir(dir), 0);
}

static char *contents(const char *file)
{
    void *data = NULL;
    size_t len;
    ck_assert_int_eq(fd_read_file(AT_FDCWD, file, 4u << 20, &data, &len), 0);
    return data;
}

START_TEST(a_line_is_whole_and_escaped)
{
    log_init("tester");
    ck_assert_int_eq(log_to_file(path, true), 0);
    log_set_job(7);
    log_warn("bad \033[31m bytes\nand lines");
    log_set_job(0);
    char *text = contents(path);
    ck_assert_ptr_nonnull(strstr(text, " tester["));
    ck_assert_ptr_nonnull(strstr(text, "] warn job 7: bad \\x1b[31m bytes\\nand lines\n"));
    ck_assert_ptr_null(strchr(text, '\033'));
    free(text);
}
END_TEST

START_TEST(a_line_says_whom_it_is_about)
{
    log_init("tester");
    ck_assert_int_eq(log_to_file(path, true), 0);
    ck_assert_uint_eq(log_set_client(5), 0);
    log_info("one");
    log_about_job(3, log_info("two"));
    log_info("three");
    ck_assert_uint_eq(log_set_client(0), 5);
    log_about_client(6, log_warn("four"));
    log_info("five");
    char *text = contents(path);
    static const char *const ends[] = {"] info client 5: one\n", "] info client 5: job 3: two\n",
                                       "] info client 5: three\n", "] warn client 6: four\n",
                                       "] info five\n"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        ck_assert_msg(strstr(text, ends[i]) != NULL, "no '%s' in\n%s", ends[i], text);
    free(text);
}
END_TEST

START_TEST(lines_can_be_json)
{
    char expected[512];
    setenv("JS_LOG", "job", 1);
    log_init("tester");
    unsetenv("JS_LOG");
    ck_assert_int_eq(log_to_file(path, true), 0);
    log_set_json(true);
    log_set_client(5);
    log_about_job(3, log_debug(LOG_JOB, "\"quoted\" \\ \033[31m \xff\n\u00e9"));
    log_set_client(0);
    log_error("plain");
    log_set_json(false);
    char *text = contents(path);
    ck_assert_int_eq(strncmp(text, "{\"time\":\"20", 11), 0);
    snprintf(expected, sizeof(expected),
             "Z\",\"program\":\"tester\",\"pid\":%d,\"level\":\"debug\",\"topic\":\"job\","
             "\"client\":5,\"job\":3,\"text\":\"\\\"quoted\\\" \\\\ \\\\x1b[31m \\\\xff\\\\n"
             "\u00e9\"}\n",
             (int)getpid());
    ck_assert_msg(strstr(text, expected) != NULL, "no '%s' in\n%s", expected, text);
    snprintf(expected, sizeof(expected), "\"pid\":%d,\"level\":\"error\",\"text\":\"plain\"}\n",
             (int)getpid());
    ck_assert_msg(strstr(text, expected) != NULL, "no '%s' in\n%s", expected, text);
    free(text);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
    char *text = malloc(3 * LOG_LINE_MAX);
    memset(text, 'x', 3 * LOG_LINE_MAX - 1);
    text[3 * LOG_LINE_MAX - 1] = '\0';
    ck_assert_int_eq(log_to_file(path, true), 0);
    log_info("%s", text);
    free(text);
    text = contents(path);
    ck_assert_ptr_nonnull(strstr(text, "(cut, 12287 bytes)\n"));
    ck_assert_uint_lt(strlen(text), LOG_LINE_MAX + 200);
    free(text);
}
END_TEST

START_TEST(only_the_topics_asked_for_are_written)
{
    setenv("JS_LOG", "pty,wire", 1);
    log_init("tester");
    ck_assert(log_wants(LOG_WIRE) && log_wants(LOG_PTY));
    ck_assert(!log_wants(LOG_JOB) && !log_wants(LOG_SERVER));
    setenv("JS_LOG", "all", 1);
    log_init("tester");
    ck_assert(log_wants(LOG_JOB) && log_wants(LOG_SERVER));
    setenv("JS_LOG", "wires", 1);
    log_init("tester");
    ck_assert(!log_wants(LOG_WIRE));
    unsetenv("JS_LOG");
}
END_TEST

static void fill(void)
{
    struct stat st;
    char text[1000];
    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 1200; i++) {
        log_info("%d %s", i, text);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_lt(st.st_size, (off_t)LOG_FILE_MAX + 2000);
    }
}

START_TEST(a_full_file_gives_way_to_a_new_one)
{
    ck_assert_int_eq(log_to_file(path, true), 0);
    fill();
    char *old = contents(old_path), *text = contents(path);
    ck_assert_ptr_nonnull(strstr(old, "info 0 y"));
    ck_assert_ptr_nonnull(strstr(text, "info 1199 y"));
    free(old);
    free(text);
}
END_TEST

START_TEST(who_does_not_own_it_follows)
{
    ck_assert_int_eq(log_to_file(path, false), 0);
    log_info("into the first");
    ck_assert_int_eq(rename(path, old_path), 0);
    log_info("into the second");
    char *old = contents(old_path), *text = contents(path);
    ck_assert_ptr_nonnull(strstr(old, "into the first\n"));
    ck_assert_ptr_null(strstr(old, "second"));
    ck_assert_ptr_nonnull(strstr(text, "into the second\n"));
    free(old);
    free(text);
}
END_TEST

static Suite *log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_line_is_whole_and_escaped);
    tcase_add_test(tcase, a_line_says_whom_it_is_about);
    tcase_add_test(tcase, lines_can_be_json);
    tcase_add_test(tcase, a_long_line_is_cut);
    tcase_add_test(tcase, only_the_topics_asked_for_are_written);
    tcase_add_test(tcase, a_full_file_gives_way_to_a_new_one);
    tcase_add_test(tcase, who_does_not_own_it_follows);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(log_suite());
}
