#include "common/rlimits.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct wire_structs limits;
static char error[512];

/* The caller's: 1024 and 4096 open files, any core. */
static void begin(void)
{
    struct msg_rlimit *items = calloc(2, sizeof(*items));
    ck_assert_ptr_nonnull(items);
    items[0] = (struct msg_rlimit){.resource = RLIMIT_NOFILE, .soft = 1024, .hard = 4096};
    items[1] =
        (struct msg_rlimit){.resource = RLIMIT_CORE, .soft = RLIM_INFINITY, .hard = RLIM_INFINITY};
    limits = (struct wire_structs){.items = items, .len = 2};
    error[0] = '\0';
}

static void end(void)
{
    free(limits.items);
}

static const struct msg_rlimit *find(uint32_t resource)
{
    const struct msg_rlimit *items = limits.items, *found = NULL;
    for (size_t i = 0; i < limits.len; i++) {
        if (items[i].resource != resource)
            continue;
        ck_assert_ptr_null(found); /* once each */
        found = &items[i];
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

static const struct {
    const char *text;
    uint32_t resource;
    uint64_t soft, hard;
    bool keep_hard;
} good_cases[] = {
    {"nofile=77", RLIMIT_NOFILE, 77, 4096, true},
    {"nofile=4096", RLIMIT_NOFILE, 4096, 4096, true},
    {"nofile=5000", RLIMIT_NOFILE, 5000, 5000, true},
    {"nofile=unlimited", RLIMIT_NOFILE, RLIM_INFINITY, RLIM_INFINITY, true},
    {"nofile=77:128", RLIMIT_NOFILE, 77, 128, false},
    {"nofile=77:unlimited", RLIMIT_NOFILE, 77, RLIM_INFINITY, false},
    {"nofile=5,nofile=6", RLIMIT_NOFILE, 6, 4096, true},
    {"core=0", RLIMIT_CORE, 0, RLIM_INFINITY, true},
    {"core=0:0", RLIMIT_CORE, 0, 0, false},
    {"core=1k:1M", RLIMIT_CORE, 1024, 1048576, false},
    {"as=1.5G", RLIMIT_AS, UINT64_C(3) << 29, UINT64_C(3) << 29, true},
    {"cpu=90", RLIMIT_CPU, 90, 90, true},
    {"cpu=2m", RLIMIT_CPU, 120, 120, true},
    {"cpu=100ms", RLIMIT_CPU, 1, 1, true},
    {"data=64k", RLIMIT_DATA, 65536, 65536, true},
    {"fsize=1M", RLIMIT_FSIZE, 1048576, 1048576, true},
    {"locks=3", RLIMIT_LOCKS, 3, 3, true},
    {"memlock=1", RLIMIT_MEMLOCK, 1, 1, true},
    {"msgqueue=1T", RLIMIT_MSGQUEUE, UINT64_C(1) << 40, UINT64_C(1) << 40, true},
    {"nice=40", RLIMIT_NICE, 40, 40, true},
    {"nproc=10", RLIMIT_NPROC, 10, 10, true},
    {"rss=1", RLIMIT_RSS, 1, 1, true},
    {"rtprio=99", RLIMIT_RTPRIO, 99, 99, true},
    {"rttime=1000", RLIMIT_RTTIME, 1000, 1000, true},
    {"sigpending=8", RLIMIT_SIGPENDING, 8, 8, true},
    {"stack=8M:16M", RLIMIT_STACK, 8u << 20, 16u << 20, false},
    {"cpu=5,core=0,nofile=9:10", RLIMIT_NOFILE, 9, 10, false},
};

START_TEST(a_limit_takes_the_place_of_the_callers)
{
    ck_assert_int_eq(rlimits_parse(good_cases[_i].text, &limits, error, sizeof(error)), 0);
    const struct msg_rlimit *limit = find(good_cases[_i].resource);
    ck_assert_uint_eq(limit->soft, good_cases[_i].soft);
    ck_assert_uint_eq(limit->hard, good_cases[_i].hard);
    ck_assert_int_eq(limit->keep_hard, good_cases[_i].keep_hard);
    ck_assert_int_eq(limit->strict, true);
    ck_assert_str_eq(error, "");
}
END_TEST

START_TEST(what_is_not_named_stays)
{
    ck_assert_int_eq(rlimits_parse("cpu=5,stack=1M", &limits, error, sizeof(error)), 0);
    ck_assert_uint_eq(limits.len, 4);
    ck_assert_uint_eq(find(RLIMIT_NOFILE)->soft, 1024);
    ck_assert_int_eq(find(RLIMIT_NOFILE)->strict, false);
    ck_assert_int_eq(rlimits_parse("nofile=5", &limits, error, sizeof(error)), 0);
    ck_assert_uint_eq(limits.len, 4);
    ck_assert_uint_eq(find(RLIMIT_NOFILE)->soft, 5);
}
END_TEST

#define NAMES                                                                                      \
    "as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, "     \
    "rttime, sigpending, stack"

static const struct {
    const char *text, *error;
} bad_cases[] = {
    {"", "'' is no limit, write NAME=VALUE with " NAMES},
    {"nofile", "'nofile' is no limit, write NAME=VALUE with " NAMES},
    {"files=3", "'files' is no limit, write NAME=VALUE with " NAMES},
    {"NOFILE=3", "'NOFILE' is no limit, write NAME=VALUE with " NAMES},
    {"core=0,", "'' is no limit, write NAME=VALUE with " NAMES},
    {"nofile=0", "nofile=0 is not allowed: write a number, not 0, or unlimited; or SOFT:HARD"},
    {"nofile=0:5", "nofile=0:5 is not allowed: write a number, not 0, or unlimited; or SOFT:HARD"},
    {"nofile=5:4", "nofile=5:4 is not allowed: write a number, not 0, or unlimited; or SOFT:HARD"},
    {"nofile=1k", "nofile=1k is not allowed: write a number, not 0, or unlimited; or SOFT:HARD"},
    {"core=0,nofile=-1",
     "nofile=-1 is not allowed: write a number, not 0, or unlimited; or SOFT:HARD"},
    {"nofile=1:", "nofile=1: is not allowed: write a number, not 0, or unlimited; or SOFT:HARD"},
    {"nofile=:1", "nofile=:1 is not allowed: write a number, not 0, or unlimited; or SOFT:HARD"},
    {"nice=41",
     "nice=41 is not allowed: write a number up to 40, not 0, or unlimited; or SOFT:HARD"},
    {"core=much", "core=much is not allowed: write 4096 (bytes), 64k, 100M, 1.5G or 1T, or "
                  "unlimited; or SOFT:HARD"},
    {"as=0", "as=0 is not allowed: write 4096 (bytes), 64k, 100M, 1.5G or 1T, not 0, or "
             "unlimited; or SOFT:HARD"},
    {"cpu=0", "cpu=0 is not allowed: write 90 or 1.5 (seconds), 200ms, 5s, 3m, 2h or 1d, not 0, "
              "or unlimited; or SOFT:HARD"},
    {"rttime=5s", "rttime=5s is not allowed: write a number of microseconds, not 0, or "
                  "unlimited; or SOFT:HARD"},
};

START_TEST(nonsense_is_refused_with_what_is_allowed)
{
    ck_assert_int_eq(rlimits_parse(bad_cases[_i].text, &limits, error, sizeof(error)), -EINVAL);
    ck_assert_str_eq(error, bad_cases[_i].error);
    ck_assert_uint_eq(limits.len, 2);
    ck_assert_uint_eq(find(RLIMIT_NOFILE)->soft, 1024);
    ck_assert_uint_eq(find(RLIMIT_CORE)->soft, RLIM_INFINITY);
}
END_TEST

START_TEST(every_limit_of_the_kernel_has_a_name)
{
    const struct rlimit_kind *kind = rlimits_find((uint32_t)_i);
    ck_assert_ptr_nonnull(kind);
    ck_assert_uint_eq(kind->resource, (uint32_t)_i);
    ck_assert_ptr_null(rlimits_find(RLIMIT_KINDS));
    for (size_t i = 1; i < RLIMIT_KINDS; i++)
        ck_assert_int_lt(strcmp(rlimit_kinds[i - 1].name, rlimit_kinds[i].name), 0);
}
END_TEST

START_TEST(limits_are_shown)
{
    char buf[64];
    rlimits_format(77, 77, buf, sizeof(buf));
    ck_assert_str_eq(buf, "77");
    rlimits_format(77, RLIM_INFINITY, buf, sizeof(buf));
    ck_assert_str_eq(buf, "77 (hard limit unlimited)");
    rlimits_format(RLIM_INFINITY, RLIM_INFINITY, buf, sizeof(buf));
    ck_assert_str_eq(buf, "unlimited");
}
END_TEST

static Suite *rlimits_suite(void)
{
    Suite *suite = suite_create("rlimits");
    TCase *tc = tcase_create("rlimits");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, a_limit_takes_the_place_of_the_callers, 0, COUNT(good_cases));
    tcase_add_test(tc, what_is_not_named_stays);
    tcase_add_loop_test(tc, nonsense_is_refused_with_what_is_allowed, 0, COUNT(bad_cases));
    tcase_add_loop_test(tc, every_limit_of_the_kernel_has_a_name, 0, (int)RLIMIT_KINDS);
    tcase_add_test(tc, limits_are_shown);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(rlimits_suite());
}
