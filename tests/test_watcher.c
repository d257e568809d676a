/* js watch: the watcher beside its holder: what becomes of one without the other, and what it
 * costs. */
#include "tests/harness/await.h"
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void await_log(const char *text)
{
    fixture_js_until(&fixture, &result, text, "logs", "1", NULL);
}

#define READY "echo READY $JS_ATTEMPT; exec sleep 600"

/* Until no watcher is left: it ends by itself, a moment after its holder. */
static void await_no_watcher(void)
{
    struct deadline deadline = deadline_default();
    while (fixture_count_processes(&fixture, "--watcher") > 0)
        ck_assert_msg(!deadline_passed(deadline), "a watcher was left");
}

static pid_t find_watcher(void)
{
    int pid = 0;
    must("pgrep -f -- \"--watcher 1 [0-9]* $PWD\"");
    ck_assert_int_eq(sscanf(result.out, "%d", &pid), 1);
    return (pid_t)pid;
}

START_TEST(it_goes_on_without_a_server)
{
    must("js watch -d -p '*.c' -- sh -c 'echo $JS_ATTEMPT >>seen; exec sleep 600'");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("until grep -q 1 seen; do sleep 0.05; done; touch a.c; "
         "until grep -q 2 seen; do sleep 0.05; done; js kill 1");
    must_print("cat seen", "1\n2\n");
}
END_TEST

START_TEST(no_watcher_outlives_its_holder)
{
    must("js watch -d -- sh -c '" READY "'");
    await_log("READY 1");
    pid_t watcher = find_watcher();
    fixture.may_leave_orphans = true;
    must("kill -9 $(js show 1 | awk '$1 == \"holder\" {print $2}')");
    ck_assert_int_eq(await_process_end(watcher, deadline_default()), 0);
}
END_TEST

/* What changed meanwhile nobody knows; so it is started again, and watched on. */
START_TEST(a_dead_watcher_is_replaced)
{
    must("js watch -d -p '*.c' -- sh -c '" READY "'");
    await_log("READY 1");
    /* One that dies in its first second is not: it would go on so. */
    must("until [ $(ps -o etimes= -p $(pgrep -f -- \"--watcher 1 [0-9]* $PWD\")) -ge 2 ]; do "
         "sleep 0.1; done");
    ck_assert_int_eq(kill(find_watcher(), SIGKILL), 0);
    await_log("[js: perhaps something changed; attempt 2]");
    await_log("READY 2");
    must("touch a.c");
    await_log("[js: a.c changed; attempt 3]");
}
END_TEST

static const struct {
    const char *program, *action, *state;
} gone[] = {
    {"true", "rm -r d", "ended"},
    {"true", "mv d e", "ended"},
    {"echo RUNS; exec sleep 600", "mv d e", "running"},
};

/* Nothing can come that it would wait for; what runs, runs on. */
START_TEST(without_its_directory_it_waits_no_more)
{
    char text[256];
    snprintf(text, sizeof(text), "mkdir d && touch d/a && js watch -d -C d -- sh -c '%s'",
             gone[_i].program);
    must(text);
    if (strcmp(gone[_i].state, "ended") == 0)
        jobs_await_state(&fixture, "1", "backoff");
    must(gone[_i].action);
    await_log("/d was removed or renamed: nothing is watched any more]");
    jobs_await_state(&fixture, "1", gone[_i].state);
    must_print("js show 1 | grep -c '^warning .*/d was removed or renamed'", "1\n");
    await_no_watcher();
}
END_TEST

/* Documented: what it writes itself counts, but never more often than the quiet time. */
START_TEST(its_own_output_is_a_change)
{
    must("js watch -d -- sh -c 'echo $JS_ATTEMPT >out; echo READY $JS_ATTEMPT'");
    await_log("READY 4");
    must("js kill 1; js show --json 1 | jq -c '[.jobs[0].attempts[].started[17:23] | tonumber] | "
         "[range(1; length) as $i | .[$i] - .[$i - 1] | if . < 0 then . + 60 else . end] | "
         "min >= 0.19'");
    ck_assert_str_eq(result.out, "true\n");
}
END_TEST

static unsigned long switches(pid_t pid)
{
    char path[64], text[256];
    unsigned long sum = 0, count;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(text, sizeof(text), file)) {
        const char *found = strstr(text, "voluntary_ctxt_switches:");
        if (found && sscanf(found, "voluntary_ctxt_switches: %lu", &count) == 1)
            sum += count;
    }
    fclose(file);
    return sum;
}

/* Job 2 is started again, which takes longer than the quiet time. */
static void let_time_pass(unsigned attempt)
{
    char text[32];
    must("touch e/a");
    snprintf(text, sizeof(text), "READY %u", attempt);
    fixture_js_until(&fixture, &result, text, "logs", "2", NULL);
}

/* Neither the watcher nor the holder wakes up while nothing happens. */
START_TEST(an_idle_watch_costs_nothing)
{
    must("mkdir d e && js watch -d -C d -- sh -c '" READY "'");
    await_log("READY 1");
    must("js watch -d -C e -- sh -c '" READY "'");
    pid_t watcher = find_watcher();
    int holder = 0;
    must("js show 1 | awk '$1 == \"holder\" {print $2}'");
    ck_assert_int_eq(sscanf(result.out, "%d", &holder), 1);
    unsigned long before = 0, now = 1;
    /* What it still had to do after the start is done at some time. */
    for (unsigned attempt = 2; now != before && attempt < 8; attempt++) {
        before = switches(watcher) + switches((pid_t)holder);
        let_time_pass(attempt);
        now = switches(watcher) + switches((pid_t)holder);
    }
    ck_assert_uint_eq(now, before);
}
END_TEST

START_TEST(other_jobs_have_no_watcher)
{
    must("js run -d --restart always -- sleep 600");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "--watcher"), 0);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *watcher_suite(void)
{
    Suite *suite = suite_create("watcher");
    TCase *tc = tcase_create("watcher");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, it_goes_on_without_a_server);
    tcase_add_test(tc, no_watcher_outlives_its_holder);
    tcase_add_test(tc, a_dead_watcher_is_replaced);
    tcase_add_loop_test(tc, without_its_directory_it_waits_no_more, 0, COUNT(gone));
    tcase_add_test(tc, its_own_output_is_a_change);
    tcase_add_test(tc, an_idle_watch_costs_nothing);
    tcase_add_test(tc, other_jobs_have_no_watcher);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(watcher_suite());
}
