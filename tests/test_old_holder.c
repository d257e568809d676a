/* A holder lives as long as its job: one of the first release under the server of today. */
#include "common/record.h"
#include "tests/harness/await.h"
#include "tests/harness/jobs.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct program holder;

/* Job 7 has been running since before this server. */
static void start_holder(const char *kind)
{
    char state_dir[160], runtime_dir[160], path[PATH_MAX];
    snprintf(state_dir, sizeof(state_dir), "%s/jobs/7", fixture.state_dir);
    snprintf(runtime_dir, sizeof(runtime_dir), "%s/jobs/7", fixture.run_dir);
    snprintf(path, sizeof(path), "%s/old_holder", getenv("JS_TEST_HELPERS"));
    must("mkdir -p -m 700 $JS_STATE_DIR $JS_DIR && mkdir -p -m 700 $JS_STATE_DIR/jobs "
         "$JS_DIR/jobs && mkdir -m 700 $JS_STATE_DIR/jobs/7 $JS_DIR/jobs/7");
    fixture_start(&fixture, &holder, path, state_dir, runtime_dir, kind, NULL);
    program_expect(&holder, "READY\n", deadline_default());
}

/* It has understood all that it was told, and its job has ended. */
static void holder_must_end(void)
{
    program_must_end(&holder, deadline_default());
    if (program_exit_code(&holder) != 0)
        program_print(&holder, stderr);
    ck_assert_int_eq(program_exit_code(&holder), 0);
    program_finish(&holder);
}

static void begin(void)
{
    fixture_init(&fixture);
    start_holder(NULL);
}

static void begin_newer(void)
{
    fixture_init(&fixture);
    start_holder("newer");
}

static void begin_silent(void)
{
    fixture_init(&fixture);
    start_holder("silent");
}

static void must_be_listed(void)
{
    must("js ls --json | jq -c '[.jobs[] | [.id, .uid, .name, .state, .argv]]'");
    ck_assert_str_eq(result.out,
                     "[[7,\"c0ffee0000000007\",\"old\",\"running\",[\"sleep\",\"60\"]]]\n");
}

START_TEST(it_is_listed_and_its_end_is_told)
{
    must_be_listed();
    must("js run -d -- true; js wait 8"); /* numbers go on behind it */
    must("js kill 7");
    holder_must_end();
    line("js wait 7");
    fixture_expect_code(&result, 143);
    must("js show --json 7 | jq -c '.jobs[0] | [.state, .end.reason, .end.signal, .log.next]'");
    ck_assert_str_eq(result.out, "[\"ended\",\"killed\",15,12]\n");
}
END_TEST

static struct pty_driver *attach(void)
{
    struct pty_driver *driver = fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "old", NULL);
    /* It does not enter raw mode itself, as holders do now: its line may end in the usual one. */
    pty_driver_expect(driver, "old output", deadline_default());
    ck_assert_int_eq(pty_driver_send(driver, "typed\n"), 0);
    pty_driver_expect(driver, "typed\r\n", deadline_default());
    jobs_await_viewers(&fixture, "7", 1);
    return driver;
}

START_TEST(it_is_attached_to_and_left)
{
    for (int i = 0; i < 2; i++) {
        struct pty_driver *driver = attach();
        ck_assert_int_eq(pty_driver_send(driver, "\034d"), 0);
        pty_driver_expect(driver, "[7]+ Detached", deadline_default());
        pty_driver_expect_exit(driver, 0, deadline_default());
        pty_driver_destroy(driver);
        jobs_await_viewers(&fixture, "7", 0);
    }
    struct pty_driver *driver = attach();
    must("js kill 7");
    pty_driver_expect_exit(driver, 143, deadline_default());
    pty_driver_destroy(driver);
    holder_must_end();
}
END_TEST

START_TEST(it_is_found_by_server_after_server)
{
    struct pty_driver *driver = attach();
    for (int i = 0; i < 5; i++) {
        must_be_listed();
        ck_assert(fixture_kill_server(&fixture, SIGKILL));
    }
    ck_assert_int_eq(pty_driver_send(driver, "still\n"), 0);
    pty_driver_expect(driver, "still\r\n", deadline_default());
    must("js kill 7");
    pty_driver_expect_exit(driver, 143, deadline_default());
    pty_driver_destroy(driver);
    holder_must_end();
}
END_TEST

/* What it has not learned it says; nothing else comes of that. */
START_TEST(it_is_asked_what_it_does_not_know)
{
    must_be_listed();
    line("js resize 7 30x100");
    ck_assert_int_ne(result.code, 0);
    pid_t server = fixture_server_pid(&fixture);
    must("rm $JS_DIR/jobs/7/sock");
    ck_assert_int_eq(proc_signal(server, SIGUSR1), 0);
    must("until grep -q 'job 7: this type is not known here' $JS_DIR/server.log; do :; done");
    must_be_listed();
    ck_assert_int_eq(fixture_server_pid(&fixture), server);
    must("js kill 7");
    holder_must_end();
}
END_TEST

START_TEST(its_end_is_known_without_a_server)
{
    must_be_listed();
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    ck_assert_int_eq(proc_signal(holder.pid, SIGTERM), 0);
    holder_must_end();
    line("js wait 7");
    fixture_expect_code(&result, 143);
}
END_TEST

/* What its job uses nobody can tell; who asks hears of the others. */
START_TEST(it_is_listed_without_what_it_uses)
{
    must("js run -d -- pty_child ready hold >/dev/null; js ls -o id,procs");
    ck_assert_str_eq(result.out, "ID  PROCS\n 7\n 8      1\n");
    must("js kill 7");
    holder_must_end();
}
END_TEST

START_TEST(nobody_waits_long_for_its_answer)
{
    must("js run -d -- pty_child ready hold >/dev/null; js ls -o id,procs");
    ck_assert_str_eq(result.out, "ID  PROCS\n 7\n 8      1\n");
    must("js ls -o id,procs");
    ck_assert_str_eq(result.out, "ID  PROCS\n 7\n 8      1\n");
    ck_assert_double_ge(result.ms, 700);
    ck_assert_double_lt(result.ms, 700 + 3000.0 * deadline_slowness());
    must("js show 7 | grep -c '^usage'; test $? = 1");
    must("js kill 7");
    holder_must_end();
}
END_TEST

/* One that a later server left behind is none of ours, but it is no dead one either. */
START_TEST(a_newer_one_is_shown_and_left_alone)
{
    static const char *const commands[] = {"js fg 7", "js kill 7", "js stop 7",
                                           "js kill -s KILL 7"};
    must_be_listed();
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        line(commands[i]);
        fixture_expect_code(&result, 125);
        ck_assert_ptr_nonnull(strstr(result.err, "speaks protocol 9..9"));
    }
    must("js show 7 | grep -c 'speaks protocol 9..9'");
    must_be_listed();
    must("js run -d -- true; js wait 8; js rm 8");
    ck_assert_int_eq(proc_signal(holder.pid, SIGTERM), 0);
    program_expect(&holder, "servers 1\n", deadline_default());
    holder_must_end();
    line("js wait 7"); /* the server sees its directory go */
    fixture_expect_code(&result, 143);
}
END_TEST

static Suite *old_holder_suite(void)
{
    Suite *suite = suite_create("old holder");
    TCase *old = tcase_create("old");
    tcase_add_checked_fixture(old, begin, world_end);
    tcase_add_test(old, it_is_listed_and_its_end_is_told);
    tcase_add_test(old, it_is_attached_to_and_left);
    tcase_add_test(old, it_is_found_by_server_after_server);
    tcase_add_test(old, it_is_asked_what_it_does_not_know);
    tcase_add_test(old, its_end_is_known_without_a_server);
    tcase_add_test(old, it_is_listed_without_what_it_uses);
    suite_add_tcase(suite, old);

    TCase *silent = tcase_create("silent");
    tcase_add_checked_fixture(silent, begin_silent, world_end);
    tcase_add_test(silent, nobody_waits_long_for_its_answer);
    suite_add_tcase(suite, silent);

    TCase *newer = tcase_create("newer");
    tcase_add_checked_fixture(newer, begin_newer, world_end);
    tcase_add_test(newer, a_newer_one_is_shown_and_left_alone);
    suite_add_tcase(suite, newer);
    return suite;
}

int main(void)
{
    return runner_run(old_holder_suite());
}
