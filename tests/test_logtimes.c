/* The times and sizes of output: what the journal notes, read back by logtimes. */
#include "common/fd.h"
#include "common/joblog.h"
#include "common/logtimes.h"
#include "server/holder/journal.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LIMIT JOURNAL_LEAST_LIMIT /* bytes; a segment has a quarter */
#define START UINT64_C(1763650800000000000)
#define S     UINT64_C(1000000000)
#define MS    UINT64_C(1000000)

static char directory[64];
static int dir_fd = -1;
static struct journal journal;
static struct logtimes times;
static int fds_before;

/* The time, in place of the C library's function: tests of days need no day. */
static uint64_t now_ns;

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    if (clock != CLOCK_REALTIME || now_ns == 0)
        return (int)syscall(SYS_clock_gettime, clock, ret);
    *ret = (struct timespec){.tv_sec = (time_t)(now_ns / S), .tv_nsec = (long)(now_ns % S)};
    return 0;
}

static void open_log(void)
{
    fds_before = runner_fd_count();
    snprintf(directory, sizeof(directory), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir_fd, 0);
    now_ns = START;
    journal_init(&journal, dir_fd, LIMIT);
    logtimes_init(&times, dir_fd);
}

static void close_log(void)
{
    logtimes_finish(&times);
    journal_finish(&journal);
    dir_fd = fd_close(dir_fd);
    ck_assert_int_eq(runner_fd_count(), fds_before);
}

static void print_at(uint64_t time_ns, size_t len)
{
    static const char bytes[65536];
    now_ns = time_ns;
    ck_assert_int_eq(journal_append(&journal, bytes, len), 0);
}

static void must_read(uint64_t from)
{
    ck_assert_int_eq(logtimes_read(&times, from), 0);
}

static void expect_time(uint64_t offset, uint64_t time_ns)
{
    uint64_t end;
    const struct logtimes_entry *entry = logtimes_at(&times, offset, &end);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(entry->time_ns, time_ns);
    ck_assert_uint_gt(end, offset);
}

static void expect_size(uint64_t offset, uint32_t rows, uint32_t cols)
{
    uint64_t end;
    const struct logtimes_entry *entry = logtimes_at(&times, offset, &end);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(entry->rows, rows);
    ck_assert_uint_eq(entry->cols, cols);
}

START_TEST(nothing_is_known_of_nothing)
{
    uint64_t end;
    must_read(0);
    ck_assert_ptr_null(logtimes_at(&times, 0, &end));
    ck_assert_uint_eq(end, UINT64_MAX);
    ck_assert_uint_eq(logtimes_find(&times, 0), UINT64_MAX);
}
END_TEST

START_TEST(output_has_its_time)
{
    for (unsigned i = 0; i < 50; i++)
        print_at(START + i * 10 * MS, 7);
    must_read(0);
    for (unsigned i = 0; i < 50; i++) {
        expect_time(7 * i, START + i * 10 * MS);
        expect_time(7 * i + 6, START + i * 10 * MS);
        ck_assert_uint_eq(logtimes_find(&times, START + i * 10 * MS), 7 * i);
        if (i > 0)
            ck_assert_uint_eq(logtimes_find(&times, START + i * 10 * MS - 1), 7 * i);
    }
    ck_assert_uint_eq(logtimes_find(&times, START + S), UINT64_MAX);
    expect_time(UINT64_MAX - 1, START + 490 * MS);
}
END_TEST

/* Within 10 ms there is one time: that of the first. */
START_TEST(times_are_ten_milliseconds_apart)
{
    for (unsigned i = 0; i < 30; i++)
        print_at(START + i * MS, 1);
    must_read(0);
    ck_assert_uint_eq(times.count, 3);
    expect_time(9, START);
    expect_time(10, START + 10 * MS);
    expect_time(29, START + 20 * MS);
}
END_TEST

START_TEST(a_clock_that_is_set_back_is_followed)
{
    print_at(START, 10);
    print_at(START - 3600 * S, 10);
    print_at(START - 3599 * S, 10);
    must_read(0);
    expect_time(5, START);
    expect_time(15, START - 3600 * S);
    expect_time(25, START - 3599 * S);
    ck_assert_uint_eq(logtimes_find(&times, START - 3599 * S), 0);
}
END_TEST

/* Every segment tells it, so that dropping one loses nothing. */
START_TEST(output_has_the_size_of_its_terminal)
{
    print_at(START, 100); /* not known yet */
    journal_set_size(&journal, 24, 80);
    journal_set_size(&journal, 43, 132); /* nothing was printed to the other one */
    print_at(START + MS, 100);
    journal_set_size(&journal, 43, 132);
    print_at(START + 2 * MS, 100);
    journal_set_size(&journal, 65535, 1);
    print_at(START + 3 * MS, 100);
    must_read(0);
    expect_size(0, 0, 0);
    expect_size(100, 43, 132);
    expect_size(299, 43, 132);
    expect_size(300, 65535, 1);
    ck_assert_uint_eq(times.count, 3);
    expect_time(100, START + MS);
    expect_time(300, START + 3 * MS);

    for (unsigned i = 0; i < 10; i++)
        print_at(START + S + i * S, LIMIT / 4);
    logtimes_finish(&times);
    logtimes_init(&times, dir_fd);
    must_read(0);
    ck_assert_uint_gt(journal.first, 400);
    ck_assert_uint_eq(times.entries[0].offset, journal.first);
    expect_size(journal.first, 65535, 1);
}
END_TEST

/* A follower reads again and again, and sees what one that comes later sees. */
START_TEST(what_is_new_is_read)
{
    for (unsigned i = 0; i < 2000; i++) {
        print_at(START + i * 20 * MS, 70);
        if (i == 1000)
            journal_set_size(&journal, 10, 20);
        if (i % 7 == 0) {
            must_read(journal.next - 70);
            expect_time(journal.next - 1, START + i * 20 * MS);
        }
    }
    must_read(journal.next);
    expect_size(journal.next - 1, 10, 20);
    ck_assert_uint_lt(times.count, 1100); /* the rest is forgotten */
}
END_TEST

static uint64_t size_of(uint64_t segment)
{
    char name[JOBLOG_NAME_SIZE];
    struct stat st;
    joblog_index_name(name, segment);
    ck_assert_int_eq(fstatat(dir_fd, name, &st, 0), 0);
    return (uint64_t)st.st_size;
}

/* A spinner: a little every 100 ms, for days. Its index is no larger than a third of its log, and
 * no time is wrong by more than a minute. */
START_TEST(an_index_does_not_outgrow_its_log)
{
    static const size_t len = 3;
    for (unsigned i = 0; i < 30000; i++)
        print_at(START + i * 100 * MS, len);
    uint64_t *starts = NULL;
    ssize_t count = joblog_segments(dir_fd, &starts);
    ck_assert_int_ge(count, 4);
    for (ssize_t i = 0; i < count; i++)
        ck_assert_uint_le(size_of(starts[i]), LIMIT / 4 / 3);
    free(starts);
    must_read(0);
    bool exact = true;
    for (uint64_t offset = journal.first; offset < journal.next; offset++) {
        uint64_t end, real = START + offset / len * 100 * MS;
        const struct logtimes_entry *entry = logtimes_at(&times, offset, &end);
        exact = exact && entry && entry->time_ns <= real && real - entry->time_ns < 60 * S;
    }
    ck_assert(exact);
}
END_TEST

/* Next to nothing, for long: what comes after a silence has its time. */
START_TEST(output_after_a_silence_has_its_time)
{
    for (unsigned i = 0; i < 3000; i++)
        print_at(START + i * 60 * S, 1);
    must_read(0);
    for (unsigned i = 0; i < 3000; i++)
        expect_time(i, START + i * 60 * S);
}
END_TEST

/* Indexes are an aid: what is wrong with them costs times, never the reader. */
static void write_index(uint64_t segment, const void *data, size_t len, int flags)
{
    char name[JOBLOG_NAME_SIZE];
    joblog_index_name(name, segment);
    _cleanup_fd_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
}

START_TEST(an_index_that_is_not_there_is_passed_over)
{
    char name[JOBLOG_NAME_SIZE];
    uint64_t end;
    for (unsigned i = 0; i < 3; i++)
        print_at(START + i * S, LIMIT / 4);
    joblog_index_name(name, LIMIT / 4);
    ck_assert_int_eq(unlinkat(dir_fd, name, 0), 0);
    must_read(0);
    expect_time(LIMIT / 4, START); /* the last that is known */
    expect_time(LIMIT / 2, START + 2 * S);
    joblog_index_name(name, 0);
    ck_assert_int_eq(unlinkat(dir_fd, name, 0), 0);
    logtimes_finish(&times);
    logtimes_init(&times, dir_fd);
    must_read(0);
    ck_assert_ptr_null(logtimes_at(&times, 0, &end));
    ck_assert_uint_eq(end, LIMIT / 2);
}
END_TEST

START_TEST(half_an_entry_waits_for_the_rest)
{
    struct joblog_stamp stamp = {.time_ns = START + S, .offset = 100};
    print_at(START, 200);
    write_index(0, &stamp, 9, O_APPEND);
    must_read(0);
    expect_time(150, START);
    write_index(0, (char *)&stamp + 9, sizeof(stamp) - 9, O_APPEND);
    must_read(0);
    expect_time(150, START + S);
    expect_time(99, START);
}
END_TEST

START_TEST(damage_is_passed_over)
{
    static const struct joblog_stamp stamps[] = {
        {START + 1, 500}, {START + 2, 400}, {0, UINT64_MAX}, {START + 3, 600}, {1, UINT64_MAX},
    };
    print_at(START, 1000);
    write_index(0, stamps, sizeof(stamps), O_APPEND);
    must_read(0);
    expect_time(450, START);
    expect_time(550, START + 1);
    expect_time(650, START + 3);
    expect_size(650, 65535, 65535);
    char noise[4096];
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i * i >> 3);
    write_index(0, noise, sizeof(noise), O_TRUNC);
    logtimes_finish(&times);
    logtimes_init(&times, dir_fd);
    must_read(0);
}
END_TEST

static Suite *logtimes_suite(void)
{
    Suite *suite = suite_create("logtimes");
    TCase *noted = tcase_create("noted");
    TCase *damaged = tcase_create("damaged");
    tcase_add_checked_fixture(noted, open_log, close_log);
    tcase_add_test(noted, nothing_is_known_of_nothing);
    tcase_add_test(noted, output_has_its_time);
    tcase_add_test(noted, times_are_ten_milliseconds_apart);
    tcase_add_test(noted, a_clock_that_is_set_back_is_followed);
    tcase_add_test(noted, output_has_the_size_of_its_terminal);
    tcase_add_test(noted, what_is_new_is_read);
    tcase_add_test(noted, an_index_does_not_outgrow_its_log);
    tcase_add_test(noted, output_after_a_silence_has_its_time);
    suite_add_tcase(suite, noted);
    tcase_add_checked_fixture(damaged, open_log, close_log);
    tcase_add_test(damaged, an_index_that_is_not_there_is_passed_over);
    tcase_add_test(damaged, half_an_entry_waits_for_the_rest);
    tcase_add_test(damaged, damage_is_passed_over);
    suite_add_tcase(suite, damaged);
    return suite;
}

int main(void)
{
    return runner_run(logtimes_suite());
}
