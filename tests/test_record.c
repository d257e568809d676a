#include "common/fd.h"
#include "common/record.h"
#include "tests/harness/messages.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static int dir_fd = -1;
static int fds_before;
static struct job_info info;

static void make(struct job_info *ret, uint64_t seed)
{
    struct messages_random random = {.state = seed};
    *ret = (struct job_info){0};
    messages_fill(&job_info_fields, ret, &random);
}

static void open_directory(void)
{
    fds_before = runner_fd_count();
    snprintf(directory, sizeof(directory), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir_fd, 0);
    make(&info, 1);
}

static void close_directory(void)
{
    wire_clear(&job_info_fields, &info);
    dir_fd = fd_close(dir_fd);
    ck_assert_int_eq(runner_fd_count(), fds_before);
}

static void expect_record(const struct job_info *expected)
{
    struct job_info got = {0};
    ck_assert_int_eq(record_read(dir_fd, &got), 0);
    ck_assert(messages_equal(&job_info_fields, expected, &got));
    wire_clear(&job_info_fields, &got);
}

static void put_file(const char *name, const void *data, size_t len)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fd_write_all(fd, data, len), 0);
    fd_close(fd);
}

static void expect_damaged(void)
{
    struct job_info got = {0}, nothing = {0};
    ck_assert_int_eq(record_read(dir_fd, &got), -EBADMSG);
    ck_assert_mem_eq(&got, &nothing, sizeof(got));
}

START_TEST(what_was_written_is_read)
{
    struct stat st;
    ck_assert_int_eq(record_write(dir_fd, &info), 0);
    ck_assert_int_eq(record_sync(dir_fd), 0);
    expect_record(&info);
    ck_assert_int_eq(fstatat(dir_fd, RECORD_NAME, &st, 0), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(a_new_record_takes_the_place_of_the_old)
{
    for (uint64_t seed = 2; seed < 40; seed++) {
        struct job_info next;
        make(&next, seed);
        ck_assert_int_eq(record_write(dir_fd, &next), 0);
        expect_record(&next);
        wire_clear(&job_info_fields, &next);
    }
}
END_TEST

/* Who has the old one open, or reads just then, sees a whole one. */
START_TEST(an_open_record_does_not_change)
{
    struct job_info next;
    make(&next, 2);
    ck_assert_int_eq(record_write(dir_fd, &info), 0);
    int fd = openat(dir_fd, RECORD_NAME, O_RDONLY | O_CLOEXEC);
    struct stat before, after;
    ck_assert_int_eq(fstat(fd, &before), 0);
    ck_assert_int_eq(record_write(dir_fd, &next), 0);
    ck_assert_int_eq(fstat(fd, &after), 0);
    ck_assert_int_eq(before.st_size, after.st_size);
    ck_assert_int_eq(after.st_nlink, 0);
    fd_close(fd);
    wire_clear(&job_info_fields, &next);
}
END_TEST

START_TEST(there_may_be_none)
{
    struct job_info got = {0};
    ck_assert_int_eq(record_read(dir_fd, &got), -ENOENT);
}
END_TEST

START_TEST(every_truncation_is_damage)
{
    void *data = NULL;
    size_t len = 0;
    ck_assert_int_eq(record_write(dir_fd, &info), 0);
    ck_assert_int_eq(fd_read_file(dir_fd, RECORD_NAME, 1 << 20, &data, &len), 0);
    for (size_t cut = 0; cut < len; cut++) {
        put_file(RECORD_NAME, data, cut);
        expect_damaged();
    }
    put_file(RECORD_NAME, data, len);
    expect_record(&info);
    free(data);
}
END_TEST

static const struct {
    const char *data;
    size_t len;
} damaged_cases[] = {
    {"x\n", 2},
    {"\0\0\0\0", 4},
    {"\xff\xff\xff\xff\xff", 5},
    {"\0\0\0\1\xc1", 5},
    {"\0\0\0\4\x93\x0a\x00\x80", 8},            /* a job without anything */
    {"\0\0\0\x04\x93\x47\x00\x80", 8},          /* another message */
    {"\0\0\0\x06\x93\xcd\x27\x0f\x00\x80", 10}, /* one that is not known */
};

START_TEST(what_is_no_record_is_damage)
{
    put_file(RECORD_NAME, damaged_cases[_i].data, damaged_cases[_i].len);
    expect_damaged();
}
END_TEST

START_TEST(two_records_in_a_row_are_damage)
{
    void *data = NULL;
    size_t len = 0;
    ck_assert_int_eq(record_write(dir_fd, &info), 0);
    ck_assert_int_eq(fd_read_file(dir_fd, RECORD_NAME, 1 << 20, &data, &len), 0);
    char *twice = malloc(2 * len);
    ck_assert_ptr_nonnull(twice);
    memcpy(twice, data, len);
    memcpy(twice + len, data, len);
    put_file(RECORD_NAME, twice, 2 * len);
    expect_damaged();
    free(twice);
    free(data);
}
END_TEST

START_TEST(a_file_that_is_too_large_is_damage)
{
    put_file(RECORD_NAME, "", 0);
    int fd = openat(dir_fd, RECORD_NAME, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(ftruncate(fd, (off_t)1 << 40), 0);
    fd_close(fd);
    expect_damaged();
}
END_TEST

START_TEST(another_kind_of_file_does_not_hang)
{
    ck_assert_int_eq(mkfifoat(dir_fd, RECORD_NAME, 0600), 0);
    expect_damaged();
    ck_assert_int_eq(unlinkat(dir_fd, RECORD_NAME, 0), 0);
    ck_assert_int_eq(mkdirat(dir_fd, RECORD_NAME, 0700), 0);
    expect_damaged();
}
END_TEST

/* The disk is full: the old record stays, and nothing half-written beside it. */
START_TEST(a_record_that_cannot_be_written_changes_nothing)
{
    struct job_info next;
    struct rlimit limit;
    make(&next, 2);
    ck_assert_int_eq(record_write(dir_fd, &info), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit low = {.rlim_cur = 10, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    int r = record_write(dir_fd, &next);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(r, -EFBIG);
    expect_record(&info);
    ck_assert_int_eq(unlinkat(dir_fd, RECORD_NAME, 0), 0);
    ck_assert_int_eq(rmdir(directory), 0);
    ck_assert_int_eq(record_write(dir_fd, &next), -ENOENT);
    wire_clear(&job_info_fields, &next);
}
END_TEST

START_TEST(a_link_in_the_way_is_not_followed)
{
    put_file("victim", "precious", 8);
    ck_assert_int_eq(symlinkat("victim", dir_fd, "record.new"), 0);
    ck_assert_int_eq(symlinkat("victim", dir_fd, RECORD_LOCK), 0);
    (void)record_write(dir_fd, &info);
    ck_assert_int_eq(record_lock(dir_fd), -ELOOP);
    ck_assert(!record_is_locked(dir_fd));
    struct stat st;
    ck_assert_int_eq(fstatat(dir_fd, "victim", &st, 0), 0);
    ck_assert_int_eq(st.st_size, 8);
}
END_TEST

/* The lock */

START_TEST(one_at_a_time_has_the_lock)
{
    ck_assert(!record_is_locked(dir_fd));
    int fd = record_lock(dir_fd);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert(record_is_locked(dir_fd));
    ck_assert_int_eq(record_lock(dir_fd), -EWOULDBLOCK);
    fd_close(fd);
    ck_assert(!record_is_locked(dir_fd));
    fd = record_lock(dir_fd);
    ck_assert_int_ge(fd, 0);
    fd_close(fd);
}
END_TEST

/* Asking must not take it from whoever comes next, nor leave it taken. */
START_TEST(asking_does_not_lock)
{
    int fd = record_lock(dir_fd);
    fd_close(fd);
    for (int i = 0; i < 100; i++)
        ck_assert(!record_is_locked(dir_fd));
    fd = record_lock(dir_fd);
    ck_assert_int_ge(fd, 0);
    fd_close(fd);
}
END_TEST

START_TEST(the_lock_belongs_to_the_open_file)
{
    int fd = record_lock(dir_fd);
    ck_assert_int_ge(fd, 0);
    int copy = fd_dup(fd); /* as it is for a process that gets it passed */
    fd_close(fd);
    ck_assert(record_is_locked(dir_fd));
    fd_close(copy);
    ck_assert(!record_is_locked(dir_fd));
}
END_TEST

static Suite *record_suite(void)
{
    Suite *suite = suite_create("record");
    TCase *record = tcase_create("record");
    tcase_add_checked_fixture(record, open_directory, close_directory);
    tcase_add_test(record, what_was_written_is_read);
    tcase_add_test(record, a_new_record_takes_the_place_of_the_old);
    tcase_add_test(record, an_open_record_does_not_change);
    tcase_add_test(record, there_may_be_none);
    tcase_add_test(record, every_truncation_is_damage);
    tcase_add_loop_test(record, what_is_no_record_is_damage, 0,
                        sizeof(damaged_cases) / sizeof(damaged_cases[0]));
    tcase_add_test(record, two_records_in_a_row_are_damage);
    tcase_add_test(record, a_file_that_is_too_large_is_damage);
    tcase_add_test(record, another_kind_of_file_does_not_hang);
    tcase_add_test(record, a_record_that_cannot_be_written_changes_nothing);
    tcase_add_test(record, a_link_in_the_way_is_not_followed);
    tcase_add_test(record, one_at_a_time_has_the_lock);
    tcase_add_test(record, asking_does_not_lock);
    tcase_add_test(record, the_lock_belongs_to_the_open_file);
    suite_add_tcase(suite, record);
    return suite;
}

int main(void)
{
    return runner_run(record_suite());
}
