/* Which descriptor of a request is which, and that a script is what nobody can change. */
#include "common/fd.h"
#include "common/run_fds.h"
#include "common/sealed.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Sealed */

static int make(const char *text)
{
    int fd = sealed_create("test");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
    return fd;
}

START_TEST(sealed_means_that_nothing_changes)
{
    runner_fds_begin();
    uint64_t size = 0;
    int fd = make("abc");
    ck_assert_int_eq(sealed_check(fd, 3, &size), -EPERM);
    ck_assert_int_eq(sealed_finish(fd), 0);
    ck_assert_int_eq(sealed_check(fd, 2, &size), -EFBIG);
    ck_assert_int_eq(sealed_check(fd, 3, &size), 0);
    ck_assert_uint_eq(size, 3);
    ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(fd, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(fd, 9), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_ptr_eq(mmap(NULL, 3, PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    ck_assert_int_eq(errno, EPERM);
    fd_close(fd);
    runner_fds_end();
}
END_TEST

START_TEST(what_is_no_sealed_file_is_refused)
{
    uint64_t size = 0;
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(sealed_check(fds[0], 9, &size), -EINVAL);
    close(fds[0]);
    close(fds[1]);
    ck_assert_int_eq(sealed_check(-1, 9, &size), -EINVAL);
    int empty = make("");
    ck_assert_int_eq(sealed_finish(empty), 0);
    ck_assert_int_eq(sealed_check(empty, 9, &size), -ENODATA);
    fd_close(empty);
    /* All seals but one. */
    static const int seals[] = {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE};
    for (size_t left = 0; left < 4; left++) {
        int fd = make("abc"), sum = 0;
        for (size_t i = 0; i < 4; i++)
            sum |= i == left ? 0 : seals[i];
        ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, sum), 0);
        ck_assert_int_eq(sealed_check(fd, 9, &size), -EPERM);
        fd_close(fd);
    }
}
END_TEST

START_TEST(it_is_opened_anew_to_be_read)
{
    runner_fds_begin();
    char text[8] = "";
    int fd = make("abc");
    ck_assert_int_eq(sealed_finish(fd), 0);
    int again = sealed_reopen(fd, 63);
    ck_assert_int_ge(again, 63);
    ck_assert_int_eq(fcntl(again, F_GETFL) & O_ACCMODE, O_RDONLY);
    ck_assert_int_eq(fcntl(again, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(read(again, text, sizeof(text)), 3);
    ck_assert_str_eq(text, "abc");
    fd_close(again);
    fd_close(fd);
    runner_fds_end();
}
END_TEST

/* Which is which */

static const struct {
    bool detached, errors, script, start;
    size_t count;
    int output, connection, errors_fd, script_fd; /* index, -1 = none */
} cases[] = {
    {true, false, false, false, 0, -1, -1, -1, -1}, {false, false, false, false, 1, 0, -1, -1, -1},
    {true, false, true, false, 1, -1, -1, -1, 0},   {false, false, true, false, 2, 0, -1, -1, 1},
    {true, false, false, true, 0, -1, -1, -1, -1},  {false, false, false, true, 2, 0, 1, -1, -1},
    {true, false, true, true, 1, -1, -1, -1, 0},    {false, false, true, true, 3, 0, 1, -1, 2},
    {true, true, true, true, 1, -1, -1, -1, 0},     {false, true, false, false, 2, 0, -1, 1, -1},
    {false, true, true, false, 3, 0, -1, 1, 2},     {false, true, false, true, 3, 0, 1, 2, -1},
    {false, true, true, true, 4, 0, 1, 2, 3},
};

static void fill(struct channel_fds *fds, size_t count)
{
    channel_fds_init(fds);
    for (fds->count = 0; fds->count < count; fds->count++)
        fds->fds[fds->count] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void expect(int fd, const struct channel_fds *came, int index)
{
    ck_assert_int_eq(fd, index < 0 ? -1 : came->fds[index]);
}

START_TEST(the_message_says_which_is_which)
{
    runner_fds_begin();
    struct job_plan plan = {.script = cases[_i].script ? 5 : 0, .no_pty = cases[_i].errors};
    struct msg_terminal terminal = {.errors = true}; /* which no other job's can have */
    struct msg_run run = {.detached = cases[_i].detached, .plan = &plan, .terminal = &terminal};
    struct channel_fds fds;
    struct run_fds set;
    for (size_t count = 0; count < cases[_i].count; count++) {
        fill(&fds, count);
        ck_assert_int_eq(run_fds_take(&set, &run, cases[_i].start, &fds), -EBADMSG);
        run_fds_finish(&set);
        channel_fds_finish(&fds);
    }
    /* One too many is left to whoever closes it. */
    fill(&fds, CHANNEL_FDS_MAX);
    struct channel_fds came = fds;
    ck_assert_int_eq(run_fds_take(&set, &run, cases[_i].start, &fds), 0);
    expect(set.output_fd, &came, cases[_i].output);
    expect(set.connection_fd, &came, cases[_i].connection);
    expect(set.errors_fd, &came, cases[_i].errors_fd);
    expect(set.script_fd, &came, cases[_i].script_fd);
    for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
        ck_assert_int_eq(fds.fds[i] == -1, i < cases[_i].count);
    int given[CHANNEL_FDS_MAX];
    ck_assert_uint_eq(run_fds_give(&set, given), cases[_i].count);
    for (size_t i = 0; i < cases[_i].count; i++) {
        ck_assert_int_eq(given[i], came.fds[i]);
        fd_close(given[i]);
    }
    run_fds_finish(&set);
    channel_fds_finish(&fds);
    runner_fds_end();
}
END_TEST

static Suite *run_fds_suite(void)
{
    Suite *suite = suite_create("run_fds");
    TCase *tcase = tcase_create("sealed");
    tcase_add_test(tcase, sealed_means_that_nothing_changes);
    tcase_add_test(tcase, what_is_no_sealed_file_is_refused);
    tcase_add_test(tcase, it_is_opened_anew_to_be_read);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("which");
    tcase_add_loop_test(tcase, the_message_says_which_is_which, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(run_fds_suite());
}
