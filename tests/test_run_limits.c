/* Limits that `js run` is asked for: what the job gets, and what is said when it cannot be. */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct {
    const char *line, *out;
} got_cases[] = {
    {"js run --rlimit nofile=77 -- sh -c 'ulimit -n'", "77\n"},
    {"ulimit -n 200; js run --rlimit nofile=77 -- sh -c 'ulimit -Sn; ulimit -Hn'", "77\n200\n"},
    {"js run --rlimit nofile=77:100 -- sh -c 'ulimit -Sn; ulimit -Hn'", "77\n100\n"},
    {"js run --rlimit core=0:0,fsize=1M --rlimit cpu=1h:2h -- sh -c "
     "'ulimit -c; ulimit -f; ulimit -t; ulimit -Ht'",
     "0\n2048\n3600\n7200\n"},
    {"js run --rlimit nofile=4 -- sh -c 'ulimit -n'", "4\n"},
    {"js run --nice 19 -- nice", "19\n"},
    {"nice -n 3 js run --nice 19 -- nice", "19\n"},
    {"js run --no-new-privs -- grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1\n"},
    {"js run -- grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t0\n"},
};

START_TEST(the_job_gets_it)
{
    line(got_cases[_i].line);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.out, got_cases[_i].out);
    ck_assert_str_eq(result.err, "");
}
END_TEST

static const struct {
    const char *line, *err;
} refused_cases[] = {
    {"js run --rlimit nofile=0 -- true",
     "js: run: --rlimit: nofile=0 is not allowed: write a number, not 0, or unlimited; or "
     "SOFT:HARD\n"},
    {"js run --rlimit core=0 --rlimit files=4 -- true",
     "js: run: --rlimit: 'files' is no limit, write NAME=VALUE with as, core, cpu, data, fsize, "
     "locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack\n"},
    {"js run --nice x -- true",
     "js: run: --nice 'x': write a number from -20 (first) to 19 (last)\n"},
    {"js run --nice 20 -- true",
     "js: run: --nice '20': write a number from -20 (first) to 19 (last)\n"},
    {"js run --nice ' 5' -- true",
     "js: run: --nice ' 5': write a number from -20 (first) to 19 (last)\n"},
    {"js run --nice -21 -- true",
     "js: run: --nice '-21': write a number from -20 (first) to 19 (last)\n"},
    {"js run --mem 0 -- true",
     "js: run: --mem '0': write 4096 (bytes), 64k, 100M, 1.5G or 1T, not 0\n"},
    {"js run --mem much -- true",
     "js: run: --mem 'much': write 4096 (bytes), 64k, 100M, 1.5G or 1T, not 0\n"},
    {"js run --cpus 0 -- true",
     "js: run: --cpus '0': write 0.5, 1 or 2.25 (processors), from 0.01 to 8192\n"},
    {"js run --pids 0 -- true", "js: run: --pids '0': write a number from 1 to 4194304\n"},
    {"js run --pids 1k -- true", "js: run: --pids '1k': write a number from 1 to 4194304\n"},
};

START_TEST(nonsense_is_refused_and_no_job_is_there)
{
    line(refused_cases[_i].line);
    fixture_expect_code(&result, 2);
    ck_assert_str_eq(result.err, refused_cases[_i].err);
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
}
END_TEST

/* What the kernel refuses, whoever asks: more open files than fs.nr_open. */
START_TEST(a_limit_that_cannot_be_had_is_a_failed_start)
{
    line("js run --rlimit nofile=1T -- true");
    fixture_expect_code(&result, 2);
    line("js run --rlimit nofile=4000000000 -- true");
    fixture_expect_code(&result, 125);
    const char *begins = "js: cannot set the limit nofile (open files of a process) to 4000000000: "
                         "Operation not permitted; without privileges ";
    ck_assert_int_eq(strncmp(result.err, begins, strlen(begins)), 0);
    line("js run -d --rlimit nofile=4000000000 -- true");
    fixture_expect_code(&result, 125);
    ck_assert_int_eq(strncmp(result.err, begins, strlen(begins)), 0);
    line("js ls -a");
    ck_assert_str_eq(result.out, "");
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
}
END_TEST

/* Without CAP_SYS_NICE and CAP_SYS_RESOURCE, whoever runs the tests. */
START_TEST(without_privileges_the_reason_is_said)
{
    const char *drop = geteuid() == 0 ? "setpriv --bounding-set=-sys_nice,-sys_resource "
                                        "--inh-caps=-sys_nice,-sys_resource "
                                      : "";
    char text[512];
    snprintf(text, sizeof(text), "%sjs run --nice -20 -- true", drop);
    line(text);
    fixture_expect_code(&result, 125);
    snprintf(text, sizeof(text),
             "js: cannot set the nice value -20: Permission denied; the jobs' server has %d, and "
             "only with privileges it can be less\n",
             getpriority(PRIO_PROCESS, 0));
    ck_assert_str_eq(result.err, text);
    snprintf(text, sizeof(text), "js server stop; ulimit -n 200; %sjs run --rlimit nofile=300 true",
             drop);
    line(text);
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err,
                     "js: cannot set the limit nofile (open files of a process) to 300: Operation "
                     "not permitted; without privileges 200 is the most\n");
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
}
END_TEST

/* A server with a lower hard limit than its client: the soft one that was asked for fits below. */
START_TEST(the_hard_limit_need_not_be_had)
{
    const char *drop = geteuid() == 0 ? "setpriv --bounding-set=-sys_resource "
                                        "--inh-caps=-sys_resource "
                                      : "";
    char text[512];
    snprintf(text, sizeof(text),
             "(ulimit -n 200; %sjs run -- true); js run --rlimit nofile=77 "
             "sh -c 'ulimit -Sn; ulimit -Hn'",
             drop);
    line(text);
    fixture_expect_code(&result, 0);
    ck_assert_str_eq(result.out, "77\n200\n");
}
END_TEST

static Suite *run_limits_suite(void)
{
    Suite *suite = suite_create("run_limits");
    TCase *tc = tcase_create("run_limits");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_loop_test(tc, the_job_gets_it, 0, COUNT(got_cases));
    tcase_add_loop_test(tc, nonsense_is_refused_and_no_job_is_there, 0, COUNT(refused_cases));
    tcase_add_test(tc, a_limit_that_cannot_be_had_is_a_failed_start);
    tcase_add_test(tc, without_privileges_the_reason_is_said);
    tcase_add_test(tc, the_hard_limit_need_not_be_had);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(run_limits_suite());
}
