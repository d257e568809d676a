/* The log of a job: what the journal writes, read back by joblog. */
#include "common/fd.h"
#include "common/joblog.h"
#include "server/holder/journal.h"
#include "tests/harness/deadline.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LIMIT JOURNAL_LEAST_LIMIT /* bytes; a segment has a quarter */

static char directory[64];
static int dir_fd = -1;
static struct journal journal;
static struct joblog reader;
static int fds_before;

static void open_log(void)
{
    fds_before = runner_fd_count();
    snprintf(directory, sizeof(directory), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir_fd, 0);
    journal_init(&journal, dir_fd, LIMIT);
    joblog_init(&reader, dir_fd, 0);
}

static void close_log(void)
{
    joblog_finish(&reader);
    journal_finish(&journal);
    dir_fd = fd_close(dir_fd);
    ck_assert_int_eq(runner_fd_count(), fds_before);
}

/* The byte of output at an offset: known everywhere, and no two neighbouring segments alike. */
static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset ^ offset >> 8 ^ offset >> 16);
}

/* Appends the next len bytes of output. */
static int append(size_t len)
{
    uint8_t *data = malloc(len);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < len; i++)
        data[i] = byte_at(journal.next + i);
    int r = journal_append(&journal, data, len);
    free(data);
    return r;
}

static void must_append(size_t len)
{
    ck_assert_int_eq(append(len), 0);
}

/* Reads to the end, comparing every byte. Returns the number of bytes; skipped ones are added. */
static uint64_t read_all(uint64_t *skipped_sum)
{
    uint64_t total = 0;
    uint8_t buf[5000];
    for (;;) {
        uint64_t skipped;
        ssize_t n = joblog_read(&reader, buf, sizeof(buf), &skipped);
        ck_assert_int_ge(n, 0);
        *skipped_sum += skipped;
        if (n == 0) {
            ck_assert_uint_eq(skipped, 0);
            return total;
        }
        total += (uint64_t)n;
        uint64_t from = reader.offset - (uint64_t)n;
        bool same = true;
        for (ssize_t i = 0; i < n; i++)
            same = same && buf[i] == byte_at(from + (uint64_t)i);
        ck_assert_msg(same, "bytes from %llu on differ", (unsigned long long)from);
    }
}

/* Expects that everything from `first` to the journal's end is there, read from offset 0. */
static void expect_kept(uint64_t first)
{
    uint64_t skipped = 0;
    joblog_seek(&reader, 0);
    ck_assert_uint_eq(read_all(&skipped), journal.next - first);
    ck_assert_uint_eq(skipped, first);
    ck_assert_uint_eq(reader.offset, journal.next);
}

static size_t count_files(const char *prefix)
{
    DIR *stream = opendir(directory);
    ck_assert_ptr_nonnull(stream);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(stream);
    return count;
}

static uint64_t bytes_on_disk(void)
{
    uint64_t *starts = NULL, sum = 0;
    ssize_t count = joblog_segments(dir_fd, &starts);
    ck_assert_int_ge(count, 0);
    for (ssize_t i = 0; i < count; i++) {
        char name[JOBLOG_NAME_SIZE];
        struct stat st;
        joblog_segment_name(name, starts[i]);
        ck_assert_int_eq(fstatat(dir_fd, name, &st, 0), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0600);
        sum += (uint64_t)st.st_size;
    }
    free(starts);
    return sum;
}

static void expect_bounds(uint64_t first, uint64_t next)
{
    uint64_t got_first, got_next;
    ck_assert_int_eq(joblog_bounds(dir_fd, &got_first, &got_next), 0);
    ck_assert_uint_eq(got_first, first);
    ck_assert_uint_eq(got_next, next);
    ck_assert_uint_eq(journal.first, first);
    ck_assert_uint_eq(journal.next, next);
}

START_TEST(an_empty_log_is_nothing)
{
    uint64_t skipped = 0;
    ck_assert_uint_eq(read_all(&skipped), 0);
    expect_bounds(0, 0);
    ck_assert_uint_eq(count_files("log."), 0);
    must_append(0);
    ck_assert_uint_eq(count_files("log."), 0);
}
END_TEST

START_TEST(what_was_appended_is_read_back)
{
    uint64_t skipped = 0;
    for (size_t len = 1; len < 200; len++)
        must_append(len);
    expect_kept(0);
    expect_bounds(0, 199 * 100);
    /* A reader at the end gets what comes later, and nothing twice. */
    must_append(7);
    ck_assert_uint_eq(read_all(&skipped), 7);
    ck_assert_uint_eq(read_all(&skipped), 0);
    ck_assert_uint_eq(skipped, 0);
}
END_TEST

START_TEST(a_reader_may_start_anywhere)
{
    uint64_t skipped = 0;
    must_append(50000);
    for (uint64_t offset = 0; offset <= 50000; offset += 1250) {
        joblog_seek(&reader, offset);
        ck_assert_uint_eq(read_all(&skipped), 50000 - offset);
    }
    joblog_seek(&reader, 60000);
    ck_assert_uint_eq(read_all(&skipped), 0);
    ck_assert_uint_eq(skipped, 0);
}
END_TEST

static const size_t chunk_sizes[] = {1, 100, 4096, 16384, 40000, 65536, 200000};

START_TEST(the_log_is_bounded_and_keeps_its_end)
{
    size_t chunk = chunk_sizes[_i];
    size_t rounds = (chunk == 1 ? 2 : 10) * LIMIT / chunk + 1;
    for (size_t i = 0; i < rounds; i++) {
        must_append(chunk);
        if (chunk > 1 || i % 9973 == 0)
            ck_assert_uint_le(bytes_on_disk(), LIMIT);
    }
    ck_assert_uint_gt(journal.first, 0);
    ck_assert_uint_eq(journal.next, rounds * chunk);
    ck_assert_uint_eq(bytes_on_disk(), journal.next - journal.first);
    ck_assert_uint_ge(journal.next - journal.first, LIMIT / 2);
    expect_bounds(journal.first, rounds * chunk);
    expect_kept(journal.first);
    ck_assert_uint_eq(journal.whole_from, journal.first);
    ck_assert_uint_eq(count_files("index."), count_files("log."));
    ck_assert_uint_le(count_files("log."), 6);
}
END_TEST

START_TEST(a_reader_that_is_overtaken_is_told)
{
    uint64_t skipped = 0;
    must_append(1000);
    ck_assert_uint_eq(read_all(&skipped), 1000);
    /* Its segment is dropped while it has it open, and others behind that. */
    for (int i = 0; i < 100; i++)
        must_append(10000);
    uint64_t got = read_all(&skipped);
    ck_assert_uint_gt(skipped, 0);
    ck_assert_uint_eq(1000 + skipped + got, journal.next);
    /* And goes on as if nothing had been. */
    skipped = 0;
    must_append(10000);
    ck_assert_uint_eq(read_all(&skipped), 10000);
    ck_assert_uint_eq(skipped, 0);
}
END_TEST

START_TEST(a_reader_that_follows_misses_nothing)
{
    uint64_t total = 0, skipped = 0;
    for (int i = 0; i < 200; i++) {
        must_append(1 + (size_t)i * 53 % 8000);
        total += read_all(&skipped);
    }
    ck_assert_uint_gt(journal.first, 0);
    ck_assert_uint_eq(total, journal.next);
    ck_assert_uint_eq(skipped, 0);
}
END_TEST

START_TEST(the_default_limit_is_16_mib)
{
    journal_finish(&journal);
    journal_init(&journal, dir_fd, 0);
    ck_assert_uint_eq(journal.limit, 16u << 20);
    journal_init(&journal, dir_fd, 1);
    ck_assert_uint_eq(journal.limit, JOURNAL_LEAST_LIMIT);
}
END_TEST

/* Files that are none of ours are neither read nor removed, whatever their names. */
START_TEST(foreign_files_are_left_alone)
{
    static const char *const names[] = {
        "log.",
        "log.0000000000000000x",
        "log.000000000000000",
        "log.00000000000000000",
        "log. 00000000000000a",
        "log.-000000000000001",
        "log.+000000000000001",
        "log.0x00000000000001",
        "log.000000000000000A",
        "Log.0000000000000000",
        "xlog.0000000000000000",
        "index.zzzzzzzzzzzzzzzz",
        "record",
    };
    uint64_t *starts = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int fd = openat(dir_fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, "x", 1), 1);
        fd_close(fd);
    }
    ck_assert_int_eq(joblog_segments(dir_fd, &starts), 0);
    free(starts);
    uint64_t skipped = 0;
    ck_assert_uint_eq(read_all(&skipped), 0);
    must_append(3 * LIMIT);
    must_append(100);
    expect_kept(journal.first);
    journal_remove(&journal);
    ck_assert_uint_eq(count_files(""), sizeof(names) / sizeof(names[0]) + 2);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ck_assert_int_eq(faccessat(dir_fd, names[i], F_OK, 0), 0);
}
END_TEST

START_TEST(removing_leaves_nothing)
{
    must_append(50000);
    journal_remove(&journal);
    ck_assert_uint_eq(count_files(""), 2);
}
END_TEST

/* The times of output */

START_TEST(the_index_tells_when_output_was_read)
{
    char name[JOBLOG_NAME_SIZE];
    struct joblog_stamp *stamps;
    void *data = NULL;
    size_t len = 0, count = 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t before = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    /* Stamps are 10 ms apart: until there are three. */
    for (struct deadline end = deadline_default(); count < 3 && !deadline_passed(end);) {
        must_append(1);
        if (journal.next % 1000 != 0)
            continue;
        free(data);
        joblog_index_name(name, journal.segment);
        ck_assert_int_eq(fd_read_file(dir_fd, name, 1 << 20, &data, &len), 0);
        count = len / sizeof(*stamps);
    }
    stamps = data;
    ck_assert_uint_ge(count, 3);
    ck_assert_uint_eq(len % sizeof(*stamps), 0);
    ck_assert_uint_eq(stamps[0].offset, journal.segment);
    ck_assert_uint_ge(stamps[0].time_ns, before);
    for (size_t i = 1; i < count; i++) {
        ck_assert_uint_gt(stamps[i].offset, stamps[i - 1].offset);
        ck_assert_uint_ge(stamps[i].time_ns, stamps[i - 1].time_ns + 10000000u);
        ck_assert_uint_lt(stamps[i].offset, journal.next);
    }
    free(data);
}
END_TEST

/* Output that cannot be written */

/* No file of this process may grow beyond that, as if the disk ended there: EFBIG (setrlimit(2)).
 * It cannot be had by dropping what is old, and so it is lost. */
static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(what_cannot_be_written_is_a_gap)
{
    must_append(5000);
    limit_file_size(6000);
    int r = append(3000); /* 1000 of them fit */
    limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(r, -EFBIG);
    ck_assert_int_eq(journal.error, -EFBIG);
    ck_assert_uint_eq(journal.lost, 2000);
    ck_assert_uint_eq(journal.next, 8000);
    ck_assert_uint_eq(journal.whole_from, 8000);
    must_append(500);
    ck_assert_int_eq(journal.error, 0);
    ck_assert_uint_eq(journal.whole_from, 8000);
    expect_bounds(0, 8500);
    /* A reader gets what there is, and is told how much there is not. */
    uint64_t skipped = 0;
    ck_assert_uint_eq(read_all(&skipped), 6000 + 500);
    ck_assert_uint_eq(skipped, 2000);
}
END_TEST

START_TEST(a_log_that_cannot_begin_counts_all_the_same)
{
    uint64_t skipped = 0;
    limit_file_size(0);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(append(100), -EFBIG);
    limit_file_size(RLIM_INFINITY);
    ck_assert_uint_eq(journal.next, 5000);
    ck_assert_uint_eq(journal.lost, 5000);
    must_append(100);
    ck_assert_uint_eq(read_all(&skipped), 100);
    ck_assert_uint_eq(skipped, 5000);
}
END_TEST

/* Each attempt needs a file to try with; none of them may stay. */
START_TEST(failures_do_not_leave_files)
{
    must_append(100);
    limit_file_size(0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(append(1), -EFBIG);
    limit_file_size(RLIM_INFINITY);
    ck_assert_uint_eq(count_files("log."), 1);
    ck_assert_uint_eq(count_files("index."), 1);
    must_append(100);
    uint64_t skipped = 0;
    ck_assert_uint_eq(read_all(&skipped), 200);
    ck_assert_uint_eq(skipped, 1000);
}
END_TEST

START_TEST(a_directory_that_is_gone_is_an_error)
{
    ck_assert_int_eq(rmdir(directory), 0);
    ck_assert_int_eq(append(100), -ENOENT);
    ck_assert_uint_eq(journal.next, 100);
    ck_assert_uint_eq(journal.lost, 100);
    journal_remove(&journal);
}
END_TEST

/*
 * A full disk. Only who may mount can have a small one; so this stands in front of the C library's
 * function, for the segment being written: what the segments may have together (0 = anything).
 */
static uint64_t disk_size;

ssize_t write(int fd, const void *data, size_t len)
{
    if (disk_size > 0 && fd == journal.log_fd) {
        uint64_t used = bytes_on_disk();
        if (used >= disk_size) {
            errno = ENOSPC;
            return -1;
        }
        len = len < disk_size - used ? len : (size_t)(disk_size - used);
    }
    return syscall(SYS_write, fd, data, len);
}

START_TEST(on_a_full_disk_old_output_makes_room)
{
    disk_size = LIMIT / 2; /* two segments */
    for (int i = 0; i < 100; i++) {
        must_append(4000);
        expect_kept(journal.first);
    }
    ck_assert_uint_gt(journal.first, 0);
    ck_assert_uint_eq(journal.next, 400000);
    ck_assert_uint_eq(journal.lost, 0);
    ck_assert_uint_eq(journal.whole_from, journal.first);
    ck_assert_uint_ge(journal.next - journal.first, disk_size / 4);
}
END_TEST

/* One segment that fills the disk alone: there is nothing older to drop. */
START_TEST(on_a_full_disk_without_old_output_the_new_is_lost)
{
    disk_size = 10000;
    must_append(4000);
    must_append(4000);
    ck_assert_int_eq(append(4000), -ENOSPC);
    ck_assert_uint_eq(journal.lost, 2000);
    ck_assert_uint_eq(journal.whole_from, 12000);
    /* The next attempt may drop that, and goes on. */
    must_append(4000);
    ck_assert_uint_eq(journal.first, 12000);
    uint64_t skipped = 0;
    ck_assert_uint_eq(read_all(&skipped), 4000);
    ck_assert_uint_eq(skipped, 12000);
    disk_size = 1;
    for (int i = 0; i < 500; i++)
        (void)append(4000);
    ck_assert_uint_le(count_files("log."), 2);
    ck_assert_uint_le(count_files("index."), 2);
    ck_assert_uint_eq(journal.next, 16000 + 500 * 4000);
}
END_TEST

static Suite *journal_suite(void)
{
    Suite *suite = suite_create("journal");
    TCase *log = tcase_create("log");
    tcase_add_checked_fixture(log, open_log, close_log);
    tcase_add_test(log, an_empty_log_is_nothing);
    tcase_add_test(log, what_was_appended_is_read_back);
    tcase_add_test(log, a_reader_may_start_anywhere);
    tcase_add_loop_test(log, the_log_is_bounded_and_keeps_its_end, 0,
                        sizeof(chunk_sizes) / sizeof(chunk_sizes[0]));
    tcase_add_test(log, a_reader_that_is_overtaken_is_told);
    tcase_add_test(log, a_reader_that_follows_misses_nothing);
    tcase_add_test(log, the_default_limit_is_16_mib);
    tcase_add_test(log, foreign_files_are_left_alone);
    tcase_add_test(log, removing_leaves_nothing);
    tcase_add_test(log, the_index_tells_when_output_was_read);
    suite_add_tcase(suite, log);

    TCase *full = tcase_create("no room");
    tcase_add_checked_fixture(full, open_log, close_log);
    tcase_add_test(full, what_cannot_be_written_is_a_gap);
    tcase_add_test(full, a_log_that_cannot_begin_counts_all_the_same);
    tcase_add_test(full, failures_do_not_leave_files);
    tcase_add_test(full, a_directory_that_is_gone_is_an_error);
    tcase_add_test(full, on_a_full_disk_old_output_makes_room);
    tcase_add_test(full, on_a_full_disk_without_old_output_the_new_is_lost);
    suite_add_tcase(suite, full);
    return suite;
}

int main(void)
{
    return runner_run(journal_suite());
}
