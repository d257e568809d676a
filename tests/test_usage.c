#include "common/usage.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define MIB          (UINT64_C(1) << 20)

static const struct {
    uint64_t ms;
    const char *text;
} cpu_cases[] = {
    {0, "0.00s"},
    {9, "0.00s"},
    {10, "0.01s"},
    {1234, "1.23s"},
    {9999, "9.99s"},
    {10000, "10.0s"},
    {59999, "59.9s"},
    {60000, "1m00s"},
    {3599999, "59m59s"},
    {3600000, "1h00m"},
    {86399999, "23h59m"},
    {86400000, "1d00h"},
    {8640000000, "100d00h"},
    {90000000, "1d01h"},
};

START_TEST(processor_time_is_shown_short)
{
    char buf[24];
    usage_format_cpu(cpu_cases[_i].ms, buf);
    ck_assert_str_eq(buf, cpu_cases[_i].text);
}
END_TEST

/* Takes memory and time, and tells by its end of file that it has. */
static void use(size_t mib, int ms)
{
    char *memory = malloc(mib << 20);
    if (!memory)
        _exit(1);
    memset(memory, 1, mib << 20);
    clock_t until = clock() + ms * (CLOCKS_PER_SEC / 1000);
    while (clock() < until || memory[mib] != 1)
        continue;
}

/* A child that has used so much and then waits to be killed. */
static pid_t start_user(size_t mib, int ms)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        use(mib, ms);
        close(ready[1]);
        for (;;)
            pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    return pid;
}

static void end_user(pid_t pid)
{
    ck_assert_int_eq(proc_signal(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_process_tells_what_it_uses)
{
    struct job_usage usage = {0};
    pid_t pid = start_user(20, 100);
    ck_assert_int_eq(usage_add_process(&usage, pid), 0);
    ck_assert_uint_ge(usage.cpu_ms, 80); /* in clock ticks */
    ck_assert_uint_ge(usage.memory, 20 * MIB);
    ck_assert_uint_ge(usage.peak, 20 * MIB);
    ck_assert_uint_eq(usage.processes, 1);
    ck_assert_int_eq(usage_add_process(&usage, getpid()), 0);
    ck_assert_uint_eq(usage.processes, 2);
    end_user(pid);
    int r = usage_add_process(&usage, pid);
    ck_assert(r == -ENOENT || r == -ESRCH);
    ck_assert_uint_eq(usage.processes, 2);
}
END_TEST

/* What has ended still counts: times and bytes in all, memory as a peak. */
START_TEST(descendants_are_added_up)
{
    struct job_usage usage = {0};
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t first = start_user(10, 60), second = start_user(30, 60);
    ck_assert_int_eq(usage_of_descendants(&usage), 0);
    ck_assert_uint_eq(usage.processes, 2);
    ck_assert_uint_ge(usage.cpu_ms, 80);
    ck_assert_uint_ge(usage.memory, 40 * MIB);
    ck_assert_uint_ge(usage.peak, usage.memory);
    uint64_t cpu_ms = usage.cpu_ms, peak = usage.peak;
    end_user(first);
    end_user(second);
    ck_assert_int_eq(usage_of_descendants(&usage), 0);
    ck_assert_uint_eq(usage.processes, 0);
    ck_assert_uint_eq(usage.memory, 0);
    ck_assert_uint_eq(usage.peak, peak);
    ck_assert_uint_ge(usage.cpu_ms + 40, cpu_ms); /* ticks, rounded for each */
    /* Who has not looked before knows the largest single one. */
    usage = (struct job_usage){0};
    ck_assert_int_eq(usage_of_descendants(&usage), 0);
    ck_assert_uint_ge(usage.peak, 30 * MIB);
    ck_assert_uint_lt(usage.peak, peak);
}
END_TEST

static Suite *usage_suite(void)
{
    Suite *suite = suite_create("usage");
    TCase *tc = tcase_create("usage");
    tcase_add_loop_test(tc, processor_time_is_shown_short, 0, COUNT(cpu_cases));
    tcase_add_test(tc, a_process_tells_what_it_uses);
    tcase_add_test(tc, descendants_are_added_up);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(usage_suite());
}
