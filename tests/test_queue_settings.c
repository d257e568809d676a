/* What users have set of queues, and the file that keeps it. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "server/queue_settings.h"
#include "tests/harness/runner.h"

static char dir[64], text[1024];

static void begin(void)
{
    strcpy(dir, "/tmp/js-test-queues-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void end(void)
{
    chmod(dir, 0700);
    ck_assert_int_eq(paths_remove_flat(dir), 0);
}

static int set(struct queue_settings *settings, const char *name, uint32_t slots, uint32_t pause)
{
    struct msg_set_queue request = {.name = (char *)name, .slots = slots, .pause = pause};
    return queue_settings_set(settings, &request, text, sizeof(text));
}

static void path_of(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", dir, name);
}

static void write_file(const char *name, const void *data, size_t len)
{
    char path[128];
    path_of(name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fd_write_all(fd, data, len), 0);
    fd_close(fd);
}

static bool exists(const char *name)
{
    char path[128];
    path_of(name, path);
    return access(path, F_OK) == 0;
}

START_TEST(what_is_set_is_found_again)
{
    struct queue_settings settings, again;
    queue_settings_open(&settings, dir);
    ck_assert_str_eq(settings.problem, "");
    ck_assert_ptr_null(queue_settings_find(&settings, "build"));
    ck_assert_int_eq(set(&settings, "build", 2, QUEUE_AS_IT_IS), 0);
    ck_assert_int_eq(set(&settings, "a", 0, QUEUE_PAUSE), 0);
    ck_assert_int_eq(set(&settings, "z", 4096, QUEUE_AS_IT_IS), 0);
    ck_assert_int_eq(set(&settings, "build", 0, QUEUE_PAUSE), 0);
    queue_settings_open(&again, dir);
    ck_assert_uint_eq(again.count, 3);
    const struct queue_setting *build = queue_settings_find(&again, "build");
    ck_assert_ptr_nonnull(build);
    ck_assert_uint_eq(build->slots, 2);
    ck_assert(build->paused);
    ck_assert_uint_eq(queue_settings_find(&again, "a")->slots, 1);
    ck_assert(queue_settings_find(&again, "a")->paused);
    ck_assert_uint_eq(queue_settings_find(&again, "z")->slots, 4096);
    ck_assert(!queue_settings_find(&again, "z")->paused);
    ck_assert(!exists("queues.new"));
    queue_settings_finish(&again);
    queue_settings_finish(&settings);
}
END_TEST

START_TEST(what_is_as_by_default_is_not_kept)
{
    struct queue_settings settings, again;
    queue_settings_open(&settings, dir);
    ck_assert_int_eq(set(&settings, "build", 3, QUEUE_PAUSE), 0);
    ck_assert_int_eq(set(&settings, "build", 1, QUEUE_AS_IT_IS), 0);
    ck_assert_uint_eq(settings.count, 1);
    ck_assert_int_eq(set(&settings, "build", 0, QUEUE_RESUME), 0);
    ck_assert_uint_eq(settings.count, 0);
    queue_settings_open(&again, dir);
    ck_assert_uint_eq(again.count, 0);
    ck_assert_str_eq(again.problem, "");
    queue_settings_finish(&again);
    queue_settings_finish(&settings);
}
END_TEST

/* Cut anywhere, changed anywhere: settings as they were written, or none and a word of it. */
START_TEST(damage_is_told_and_kept)
{
    struct queue_settings settings;
    void *data;
    size_t len;
    char path[128];
    queue_settings_open(&settings, dir);
    ck_assert_int_eq(set(&settings, "build", 2, QUEUE_PAUSE), 0);
    queue_settings_finish(&settings);
    path_of("queues", path);
    ck_assert_int_eq(fd_read_file(AT_FDCWD, path, 4096, &data, &len), 0);
    for (size_t cut = 0; cut < len; cut++) {
        write_file("queues", data, cut);
        queue_settings_open(&settings, dir);
        ck_assert_uint_eq(settings.count, 0);
        ck_assert_ptr_nonnull(strstr(settings.problem, "were damaged"));
        ck_assert(!exists("queues"));
        ck_assert(exists("queues.damaged"));
        queue_settings_finish(&settings);
    }
    free(data);
    /* It is told until it has been removed, whatever is set meanwhile. */
    queue_settings_open(&settings, dir);
    ck_assert_int_eq(set(&settings, "build", 2, QUEUE_PAUSE), 0);
    queue_settings_finish(&settings);
    queue_settings_open(&settings, dir);
    ck_assert_uint_eq(settings.count, 1);
    ck_assert_ptr_nonnull(strstr(settings.problem, "were damaged"));
    queue_settings_finish(&settings);
    path_of("queues.damaged", path);
    ck_assert_int_eq(unlink(path), 0);
    queue_settings_open(&settings, dir);
    ck_assert_str_eq(settings.problem, "");
    queue_settings_finish(&settings);
}
END_TEST

/* Frames of messages, each its payload's length in front: [type, 0, {...}]. */
static const struct {
    const char *bytes;
    size_t len;
} strange[] = {
#define FRAME(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
    FRAME("\0\0\0\4\x93\x03\0\x80"), /* done */
    /* The same name twice, and names that are none. */
    FRAME("\0\0\0\x1c\x93\x50\0\x81\xa6queues\x92\x81\xa4name\xa1"
          "a\x81\xa4name\xa1"
          "a"),
    FRAME("\0\0\0\x14\x93\x50\0\x81\xa6queues\x91\x81\xa4name\xa1="),
    FRAME("\0\0\0\x13\x93\x50\0\x81\xa6queues\x91\x81\xa4name\xa0"),
};

START_TEST(a_file_of_something_else_is_damaged)
{
    struct queue_settings settings;
    write_file("queues", strange[_i].bytes, strange[_i].len);
    queue_settings_open(&settings, dir);
    ck_assert_uint_eq(settings.count, 0);
    ck_assert_ptr_nonnull(strstr(settings.problem, "were damaged"));
    queue_settings_finish(&settings);
}
END_TEST

/* So that it is for what is in them that the others are refused. */
START_TEST(a_frame_by_hand_is_read)
{
    static const char frame[] = "\0\0\0\x14\x93\x50\0\x81\xa6queues\x91\x81\xa4name\xa1"
                                "a";
    struct queue_settings settings;
    write_file("queues", frame, sizeof(frame) - 1);
    queue_settings_open(&settings, dir);
    ck_assert_str_eq(settings.problem, "");
    ck_assert_ptr_nonnull(queue_settings_find(&settings, "a"));
    queue_settings_finish(&settings);
}
END_TEST

START_TEST(what_cannot_be_kept_holds_all_the_same)
{
    struct queue_settings settings;
    queue_settings_open(&settings, NULL);
    ck_assert_str_eq(settings.problem, "");
    ck_assert_int_eq(set(&settings, "build", 2, QUEUE_AS_IT_IS), -ENOENT);
    ck_assert_ptr_nonnull(strstr(text, "until the server ends"));
    ck_assert_uint_eq(queue_settings_find(&settings, "build")->slots, 2);
    queue_settings_finish(&settings);
}
END_TEST

START_TEST(names_of_queues)
{
    static const struct {
        const char *name, *why; /* NULL: it is one */
    } cases[] = {
        {"build", NULL},
        {"3", NULL},
        {"a.b/c:d", NULL},
        {"caf\xc3\xa9", NULL},
        {"", "a queue's name cannot be empty"},
        {"-x", "a queue's name cannot begin with '-'"},
        {"a b", "a queue's name cannot contain blanks, control characters, '=' or ','"},
        {"a=b", "a queue's name cannot contain blanks, control characters, '=' or ','"},
        {"a\n", "a queue's name cannot contain blanks, control characters, '=' or ','"},
        {"12345678901234567890123456789012345678901234567890123456789012345",
         "a queue's name cannot be longer than 64 bytes"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool valid = queue_name_is_valid(cases[i].name, "queue", text, sizeof(text));
        ck_assert_int_eq(valid, !cases[i].why);
        if (!valid)
            ck_assert_str_eq(text, cases[i].why);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue_settings");
    TCase *tcase = tcase_create("queue_settings");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, what_is_set_is_found_again);
    tcase_add_test(tcase, what_is_as_by_default_is_not_kept);
    tcase_add_test(tcase, damage_is_told_and_kept);
    tcase_add_loop_test(tcase, a_file_of_something_else_is_damaged, 0,
                        (int)(sizeof(strange) / sizeof(strange[0])));
    tcase_add_test(tcase, a_frame_by_hand_is_read);
    tcase_add_test(tcase, what_cannot_be_kept_holds_all_the_same);
    tcase_add_test(tcase, names_of_queues);
    suite_add_tcase(suite, tcase);
    return runner_run(suite);
}
