/* js server stop: with the jobs, and without them. */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <string.h>

START_TEST(jobs_live_on_without_the_server)
{
    must("js run -d -- sleep 60; js server stop; js server status >/dev/null; test $? = 3");
    must("js ls --json | jq -c '[.jobs[] | [.id, .state]]'; js kill 1");
    ck_assert_str_eq(result.out, "[[1,\"running\"]]\n");
}
END_TEST

/* One grace for all: the stubborn ones, the stopped ones, and who has left its session. */
START_TEST(all_jobs_end_within_one_grace)
{
    must("for i in 1 2 3; do js run -d -- sh -c 'trap \"\" TERM; echo on; sleep 60; sleep 60'; "
         "done; "
         "js run -d -- sleep 60; js stop 4; js run -d -- sh -c 'setsid sleep 61 & sleep 60'; "
         "for i in 1 2 3; do until js logs $i | grep -q on; do :; done; done");
    must("js server stop --kill-jobs --grace 1s");
    ck_assert_double_lt(result.ms, 20000); /* five of them one after the other, and no deadline */
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 6"), 0);
    must("js ls -a --json | jq -c '[.jobs[] | .end.reason] | unique'");
    ck_assert_str_eq(result.out, "[\"server-stop\"]\n");
}
END_TEST

/* Nothing new begins, or the end would never come. */
START_TEST(no_job_is_started_meanwhile)
{
    must("js run -d -- sh -c 'trap \"\" TERM; echo on; sleep 60; sleep 60'; "
         "until js logs 1 | grep -q on; do :; done");
    must("js server stop --kill-jobs --grace 3s & "
         "until js show 1 --json | jq -e '.jobs[0].state != \"running\"' >/dev/null || "
         "      { js run -d -- true 2>err >/dev/null; test $? = 75; }; do :; done; "
         "wait; cat err");
    ck_assert_ptr_nonnull(strstr(result.out, "the server is about to end"));
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 60"), 0);
}
END_TEST

static Suite *shutdown_suite(void)
{
    Suite *suite = suite_create("shutdown");
    TCase *stop = tcase_create("stop");
    tcase_add_checked_fixture(stop, world_begin, world_end);
    tcase_add_test(stop, jobs_live_on_without_the_server);
    tcase_add_test(stop, all_jobs_end_within_one_grace);
    tcase_add_test(stop, no_job_is_started_meanwhile);
    suite_add_tcase(suite, stop);
    return suite;
}

int main(void)
{
    return runner_run(shutdown_suite());
}
