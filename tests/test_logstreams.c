/* Which stream output came from: what the journal notes, read back by logstreams. */
#include "common/fd.h"
#include "common/joblog.h"
#include "common/logstreams.h"
#include "server/holder/journal.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT JOURNAL_LEAST_LIMIT /* bytes; a segment has a quarter */

static char directory[64];
static int dir_fd = -1;
static struct journal journal;
static struct logstreams streams;
static int fds_before;
static char printed[LIMIT * 8]; /* the stream of each byte, as it was */

static void open_log(void)
{
    fds_before = runner_fd_count();
    snprintf(directory, sizeof(directory), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir_fd, 0);
    journal_init(&journal, dir_fd, LIMIT);
    logstreams_init(&streams, dir_fd);
}

static void close_log(void)
{
    logstreams_finish(&streams);
    journal_finish(&journal);
    dir_fd = fd_close(dir_fd);
    ck_assert_int_eq(runner_fd_count(), fds_before);
}

static void print(enum logstreams_stream stream, size_t len)
{
    static const char bytes[LIMIT];
    memset(printed + journal.next, (int)stream, len);
    journal_set_stream(&journal, stream);
    ck_assert_int_eq(journal_append(&journal, bytes, len), 0);
}

static void expect_stream(uint64_t offset, enum logstreams_stream stream)
{
    uint64_t end;
    ck_assert_int_eq(logstreams_at(&streams, offset, &end), stream);
    ck_assert_uint_gt(end, offset);
}

/* Every byte from there on has the stream that it was printed to, and ends are where they are. */
static void expect_all(uint64_t from)
{
    uint64_t end;
    ck_assert_int_eq(logstreams_read(&streams, from), 0);
    for (uint64_t offset = from; offset < journal.next; offset = end) {
        enum logstreams_stream stream = logstreams_at(&streams, offset, &end);
        ck_assert_uint_gt(end, offset);
        for (uint64_t i = offset; i < end && i < journal.next; i++)
            ck_assert_msg(printed[i] == (char)stream, "byte %llu of %llu: %d for %d",
                          (unsigned long long)i, (unsigned long long)journal.next, (int)stream,
                          printed[i]);
    }
}

START_TEST(nothing_is_known_of_nothing)
{
    uint64_t end;
    ck_assert_int_eq(logstreams_read(&streams, 0), 0);
    ck_assert_int_eq(logstreams_at(&streams, 0, &end), LOGSTREAMS_UNKNOWN);
    ck_assert_ptr_null(logstreams_name(LOGSTREAMS_UNKNOWN));
    ck_assert_str_eq(logstreams_name(LOGSTREAMS_OUT), "stdout");
    ck_assert_str_eq(logstreams_name(LOGSTREAMS_ERR), "stderr");
}
END_TEST

START_TEST(lengths_are_written_as_described)
{
    static const struct {
        uint64_t length;
        size_t size;
        uint8_t bytes[LOGSTREAMS_LENGTH_MAX];
    } lengths[] = {
        {0, 1, {0}},
        {127, 1, {127}},
        {128, 2, {0x80, 1}},
        {300, 2, {0xac, 2}},
        {16384, 3, {0x80, 0x80, 1}},
        {UINT64_MAX, 10, {255, 255, 255, 255, 255, 255, 255, 255, 255, 1}},
    };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t bytes[LOGSTREAMS_LENGTH_MAX] = {0};
        ck_assert_uint_eq(logstreams_encode(lengths[i].length, bytes), lengths[i].size);
        ck_assert_mem_eq(bytes, lengths[i].bytes, sizeof(bytes));
    }
}
END_TEST

START_TEST(a_terminal_has_no_index_of_streams)
{
    char name[JOBLOG_NAME_SIZE];
    print(LOGSTREAMS_UNKNOWN, 100);
    joblog_streams_name(name, 0);
    ck_assert_int_eq(faccessat(dir_fd, name, F_OK, 0), -1);
    expect_all(0);
}
END_TEST

START_TEST(each_byte_has_its_stream)
{
    print(LOGSTREAMS_ERR, 5);
    print(LOGSTREAMS_ERR, 5);
    print(LOGSTREAMS_OUT, 300);
    print(LOGSTREAMS_ERR, 1);
    print(LOGSTREAMS_OUT, 1);
    expect_all(0);
    /* Backwards, too. */
    expect_stream(311, LOGSTREAMS_OUT);
    expect_stream(9, LOGSTREAMS_ERR);
    expect_stream(310, LOGSTREAMS_ERR);
    expect_stream(10, LOGSTREAMS_OUT);
    expect_stream(0, LOGSTREAMS_ERR);
}
END_TEST

/* Whoever reads along sees each change. */
START_TEST(what_is_added_is_seen)
{
    for (unsigned i = 0; i < 200; i++) {
        uint64_t from = journal.next;
        print(i % 3 == 0 ? LOGSTREAMS_ERR : LOGSTREAMS_OUT, 1 + i % 7 * 40);
        ck_assert_int_eq(logstreams_read(&streams, from), 0);
        for (uint64_t at = from; at < journal.next; at++)
            expect_stream(at, (enum logstreams_stream)printed[at]);
    }
    expect_all(0);
}
END_TEST

/* Old segments go, and what is known of them. */
START_TEST(indexes_go_with_their_segments)
{
    srandom(7);
    while (journal.next < LIMIT * 7) {
        print(random() % 2 ? LOGSTREAMS_ERR : LOGSTREAMS_OUT, 1 + (size_t)random() % 700);
        if (random() % 64 == 0)
            expect_all(journal.first);
    }
    expect_all(journal.first);
    expect_stream(0, LOGSTREAMS_UNKNOWN);
    uint64_t *starts = NULL;
    ssize_t count = joblog_segments(dir_fd, &starts);
    char line[128], text[16];
    snprintf(line, sizeof(line), "ls %s | grep -c ^streams", directory);
    FILE *list = popen(line, "r");
    ck_assert_ptr_nonnull(fgets(text, sizeof(text), list));
    pclose(list);
    ck_assert_int_eq(atoi(text), (int)count);
    free(starts);
}
END_TEST

/* One byte each: the index is no longer than the output. */
START_TEST(an_index_is_not_larger_than_its_segment)
{
    char name[JOBLOG_NAME_SIZE];
    struct stat st;
    for (unsigned i = 0; i < 5000; i++)
        print(i % 2 ? LOGSTREAMS_ERR : LOGSTREAMS_OUT, 1);
    expect_all(0);
    joblog_streams_name(name, 0);
    ck_assert_int_eq(fstatat(dir_fd, name, &st, 0), 0);
    ck_assert_int_le(st.st_size, 5000);
}
END_TEST

/* Damage makes nothing certain that is not, and no reader hang. */
START_TEST(a_damaged_index_is_passed_over)
{
    static const uint8_t damage[] = {0, 7, 255, LOGSTREAMS_OUT};
    char name[JOBLOG_NAME_SIZE];
    uint64_t end;
    for (unsigned i = 0; i < 40; i++)
        print(i % 2 ? LOGSTREAMS_ERR : LOGSTREAMS_OUT, 3);
    joblog_streams_name(name, 0);
    for (size_t i = 0; i < sizeof(damage); i++) {
        uint8_t bytes[64];
        memset(bytes, 0xff, sizeof(bytes));
        bytes[0] = damage[i];
        int fd = openat(dir_fd, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
        ck_assert_int_eq(fd_write_all(fd, bytes, sizeof(bytes)), 0);
        fd_close(fd);
        logstreams_finish(&streams);
        logstreams_init(&streams, dir_fd);
        ck_assert_int_eq(logstreams_read(&streams, 0), 0);
        ck_assert_int_eq(logstreams_at(&streams, 20, &end),
                         damage[i] == LOGSTREAMS_OUT ? LOGSTREAMS_OUT : LOGSTREAMS_UNKNOWN);
        ck_assert_uint_eq(end, UINT64_MAX);
    }
    ck_assert_int_eq(unlinkat(dir_fd, name, 0), 0);
    logstreams_finish(&streams);
    logstreams_init(&streams, dir_fd);
    ck_assert_int_eq(logstreams_read(&streams, 0), 0);
    expect_stream(0, LOGSTREAMS_UNKNOWN);
}
END_TEST

static Suite *logstreams_suite(void)
{
    Suite *suite = suite_create("logstreams");
    TCase *tcase = tcase_create("streams");
    tcase_add_checked_fixture(tcase, open_log, close_log);
    tcase_add_test(tcase, nothing_is_known_of_nothing);
    tcase_add_test(tcase, lengths_are_written_as_described);
    tcase_add_test(tcase, a_terminal_has_no_index_of_streams);
    tcase_add_test(tcase, each_byte_has_its_stream);
    tcase_add_test(tcase, what_is_added_is_seen);
    tcase_add_test(tcase, indexes_go_with_their_segments);
    tcase_add_test(tcase, an_index_is_not_larger_than_its_segment);
    tcase_add_test(tcase, a_damaged_index_is_passed_over);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(logstreams_suite());
}
