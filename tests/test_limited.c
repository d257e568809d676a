/*
 * Jobs with limits of the whole job: a fork bomb and a memory hog hurt nobody but themselves, and
 * end as such. Where this process has no delegated cgroup v2, such jobs must be refused with the
 * reason; that is tested instead.
 */
#include "server/holder/cgroup_base.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char base_path[PATH_MAX];

/* Refused: with 125, that reason, and no job; also one that would have to wait first. */
static void expect_refusal(const char *option, const char *why)
{
    static const char *const forms[] = {"js run %s -- true", "js run -d %s -- true",
                                        "js run -d --delay 1h %s -- true"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char text[256], expected[4096];
        snprintf(text, sizeof(text), forms[i], option);
        line(text);
        fixture_expect_code(&result, 125);
        snprintf(expected, sizeof(expected), "js: %s\n", why);
        /* Which process is in the way may change from one look to the next. */
        size_t same = strcspn(expected, "0123456789");
        ck_assert_int_eq(strncmp(result.err, expected, same), 0);
        must("js ls -a");
        ck_assert_str_eq(result.out, "");
        ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
    }
}

/* Whether such a job can be; where it cannot, it is refused. */
static bool can_limit(unsigned controllers, const char *option)
{
    char why[2048] = "";
    struct cgroup_base base;
    int r = cgroup_base_open(&base, "", controllers, why, sizeof(why));
    if (r == 0) {
        snprintf(base_path, sizeof(base_path), "%s", base.path);
        r = cgroup_base_prepare(&base, controllers, why, sizeof(why));
        cgroup_base_close(&base);
    }
    if (r == 0)
        return true;
    fprintf(stderr, "# refused here: %s\n", why);
    expect_refusal(option, why);
    return false;
}

/* No cgroup of a job is left. (Those of other tests at the same time are none of our jobs'.) */
static void expect_no_cgroup(void)
{
    char text[PATH_MAX + 256];
    snprintf(text, sizeof(text),
             "for i in $(js ls -a --json | jq -r '.jobs[].uid'); do ls -d '%s'/js-$i-* 2>/dev/null;"
             "done; true",
             base_path);
    must(text);
    ck_assert_str_eq(result.out, "");
}

static void expect_end(const char *job, const char *end_text)
{
    char text[128];
    snprintf(text, sizeof(text), "js show --json %s | jq -c .jobs[0].end", job);
    must(text);
    ck_assert_str_eq(result.out, end_text);
}

START_TEST(memory_that_is_not_there_ends_the_job_alone)
{
    if (!can_limit(CGROUP_MEMORY, "--mem 32M"))
        return;
    must("js run -d -- pty_child ready hold");
    line("js run --mem 32M -- pty_child ready hog 200 hold");
    fixture_expect_code(&result, 137);
    ck_assert_str_eq(result.err,
                     "js: job 2 was out of memory: it may have 32.0M (--mem)\nKilled\n");
    expect_end("2", "{\"reason\":\"out-of-memory\",\"code\":null,\"signal\":9,\"core\":false}\n");
    /* A part of it: the shell goes on, and fails, or does not. */
    line("js run --mem 32M -- sh -c 'pty_child hog 200; exit 3'");
    fixture_expect_code(&result, 3);
    expect_end("3", "{\"reason\":\"out-of-memory\",\"code\":3,\"signal\":null,\"core\":false}\n");
    must("js run --mem 32M -- sh -c 'pty_child hog 200; echo fine'");
    expect_end("4", "{\"reason\":\"exited\",\"code\":0,\"signal\":null,\"core\":false}\n");
    /* With less than that it is like any other. */
    must("js run --mem 100M -- pty_child hog 10");
    expect_end("5", "{\"reason\":\"exited\",\"code\":0,\"signal\":null,\"core\":false}\n");
    must("js show --json 5 | jq -e '.jobs[0].usage | .peak >= 10485760 and .peak <= 104857600'");
    must("js ls --json | jq -c '[.jobs[] | [.id, .state]]'");
    ck_assert_str_eq(result.out, "[[1,\"running\"]]\n");
    expect_no_cgroup();
}
END_TEST

START_TEST(a_fork_bomb_has_so_many_processes)
{
    if (!can_limit(CGROUP_PIDS, "--pids 20"))
        return;
    must("js run -d --pids 20 -- pty_child ignore-term ignore-hup swarm 400");
    fixture_js_until(&fixture, &result, "FULL EAGAIN", "logs", "1", NULL);
    must("cat $(js show --json 1 | jq -r .jobs[0].cgroup)/pids.current");
    ck_assert_str_eq(result.out, "20\n");
    must("js show -o procs 1");
    ck_assert_str_eq(result.out, "20\n");
    must("js run -- echo others can");
    ck_assert_str_eq(result.out, "others can\n");
    must("js kill --grace 0 1");
    ck_assert_double_lt(result.ms, 5000.0 * deadline_slowness());
    expect_end("1", "{\"reason\":\"killed\",\"code\":null,\"signal\":9,\"core\":false}\n");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "swarm"), 0);
    expect_no_cgroup();
}
END_TEST

START_TEST(limits_are_those_of_its_cgroup)
{
    if (!can_limit(CGROUP_MEMORY | CGROUP_CPU | CGROUP_PIDS, "--mem 64M --cpus 0.25 --pids 9"))
        return;
    must("js run -d --mem 64M --cpus 0.25 --pids 9 -- pty_child ready hold");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("cd $(js show --json 1 | jq -r .jobs[0].cgroup); cat memory.max cpu.max pids.max; "
         "test \"$(cat cgroup.procs)\" = $(js show --json 1 | jq .jobs[0].pid)");
    ck_assert_str_eq(result.out, "67108864\n25000 100000\n9\n");
    must("js kill 1");
    expect_no_cgroup();
}
END_TEST

/* Each attempt has a cgroup of its own: what the last one left in its has nothing to do with it. */
START_TEST(attempts_do_not_share_it)
{
    if (!can_limit(CGROUP_PIDS, "--pids 20"))
        return;
    line("js run --pids 20 --restart on-failure:2 --backoff 1ms..1ms --leftovers kill -- sh -c "
         "'sed s,.*/,, /proc/self/cgroup | tail -n 1; pty_child setsid-quiet; exit 4'");
    fixture_expect_code(&result, 4);
    must("js logs 1 | tr -d '\\r' | grep -c '^js-'; "
         "js logs 1 | tr -d '\\r' | grep '^js-' | sort -u | wc -l");
    const char *count = strchr(result.out, '\n');
    ck_assert_ptr_nonnull(count);
    ck_assert_uint_eq(strlen(count + 1), (size_t)(count + 1 - result.out));
    ck_assert_int_eq(strncmp(count + 1, result.out, (size_t)(count + 1 - result.out)), 0);
    expect_no_cgroup();
}
END_TEST

/* Its job's processes go on or die with the terminal; the directory goes as soon as it can. */
START_TEST(a_killed_holder_leaves_no_cgroup)
{
    if (!can_limit(CGROUP_PIDS, "--pids 20"))
        return;
    fixture.may_leave_orphans = true;
    must("js run -d --pids 20 -- pty_child ready hold; js run -d --pids 20 -- pty_child "
         "ignore-hup ready hold");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    fixture_js_until(&fixture, &result, "READY", "logs", "2", NULL);
    must("js show --json 1 2 | jq -r '.jobs[].cgroup'");
    char paths[1500];
    snprintf(paths, sizeof(paths), "%s", result.out);
    paths[strcspn(paths, "\n")] = ' ';
    paths[strcspn(paths, "\n")] = '\0';
    must("kill -9 $(js show 1 2 | sed -n 's/^holder *//p')");
    fixture_js_until(&fixture, &result, "lost", "show", "1", NULL);
    fixture_js_until(&fixture, &result, "lost", "show", "2", NULL);
    char text[5000];
    snprintf(text, sizeof(text),
             "for i in %s; do echo 1 >$i/cgroup.kill; done 2>/dev/null; for i in %s; do until ! "
             "grep -q 'populated 1' $i/cgroup.events 2>/dev/null; do :; done; done; "
             "js run --pids 20 -- true && ! ls -d %s 2>/dev/null",
             paths, paths, paths);
    must(text);
    ck_assert_str_eq(result.out, "");
}
END_TEST

static Suite *limited_suite(void)
{
    Suite *suite = suite_create("limited");
    TCase *tc = tcase_create("limited");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, memory_that_is_not_there_ends_the_job_alone);
    tcase_add_test(tc, a_fork_bomb_has_so_many_processes);
    tcase_add_test(tc, limits_are_those_of_its_cgroup);
    tcase_add_test(tc, attempts_do_not_share_it);
    tcase_add_test(tc, a_killed_holder_leaves_no_cgroup);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(limited_suite());
}
