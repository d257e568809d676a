/* The runtime directory is swept away under a server and its jobs: all of it comes back. */
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
#include <sys/stat.h>
#include <unistd.h>

static struct pty_driver *driver; /* attached to job 1 */

static pid_t holder_of(unsigned job)
{
    char text[128];
    snprintf(text, sizeof(text), "js show %u | sed -n 's/^holder *//p'", job);
    must(text);
    ck_assert_int_gt(atoi(result.out), 1);
    return (pid_t)atoi(result.out);
}

/* What is typed to job 1 comes back twice: from the terminal, and from cat. */
static void must_be_attached(const char *text)
{
    char typed[32], seen[64];
    snprintf(typed, sizeof(typed), "%s\n", text);
    snprintf(seen, sizeof(seen), "%s\r\n", text);
    ck_assert_int_eq(pty_driver_send(driver, typed), 0);
    /* The echo and the answer; what the terminal is asked may come in between. */
    pty_driver_expect(driver, seen, deadline_default());
    pty_driver_expect(driver, seen, deadline_default());
}

static void begin(void)
{
    fixture_init(&fixture);
    must("js run -d -- cat; js run -d -- sleep 60; js run -d -n third -- sleep 60; js stop third");
    driver = fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "1", NULL);
    must_be_attached("before");
}

static void end(void)
{
    must_be_attached("after");
    must("js kill 1 2 3; js ls");
    ck_assert_str_eq(result.out, "");
    pty_driver_expect_exit(driver, 143, deadline_default());
    pty_driver_destroy(driver);
    /* A holder goes a moment after its job. */
    must("until rmdir $JS_DIR/jobs 2>/dev/null; do :; done");
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void begin_idle(void)
{
    fixture_init(&fixture);
    must("js run -d -- true; js wait 1");
}

static void end_idle(void)
{
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

static void must_know_all_jobs(void)
{
    must("js ls --json | jq -c '[.jobs[] | [.id, .state, .name]]'");
    ck_assert_str_eq(result.out,
                     "[[1,\"running\",null],[2,\"running\",null],[3,\"stopped\",\"third\"]]\n");
}

/* No event tells when the last of them is there. */
static void await_sockets(void)
{
    must("cd $JS_DIR; until test -S sock && test -f lock && test -S jobs/1/sock && "
         "test -S jobs/2/sock && test -S jobs/3/sock; do cd /; cd $JS_DIR 2>/dev/null; done; "
         "stat -c %a . jobs jobs/1 jobs/1/sock sock | tr '\\n' ' '");
    ck_assert_str_eq(result.out, "700 700 700 600 600 ");
}

/* How many servers there are; the template has the same program. */
static void await_one_server(void)
{
    struct deadline deadline = deadline_default();
    while (fixture_count_processes(&fixture, "jsd --ready-fd") != 1)
        ck_assert(!deadline_passed(deadline));
    ck_assert_int_gt(fixture_server_pid(&fixture), 1);
}

/* That a job can be attached to is only known from doing it. */
static void must_attach_anew(void)
{
    jobs_await_viewers(&fixture, "1", 1);
    struct pty_driver *other =
        fixture_terminal(&fixture, 24, 80, fixture.js, "fg", "--share", "1", NULL);
    jobs_await_viewers(&fixture, "1", 2);
    ck_assert_int_eq(pty_driver_send(other, "shared\n"), 0);
    pty_driver_expect(other, "shared\r\n", deadline_default());
    pty_driver_expect(other, "shared\r\n", deadline_default());
    ck_assert_int_eq(pty_driver_send(other, "\034d"), 0);
    pty_driver_expect_exit(other, 0, deadline_default());
    pty_driver_destroy(other);
    pty_driver_expect(driver, "shared\r\n", deadline_default());
    pty_driver_expect(driver, "shared\r\n", deadline_default());
}

/* rm meets what comes back while it is at it, and may say so. */
static const char *const sweepings[] = {
    "rm $JS_DIR/sock",
    "rm $JS_DIR/lock",
    "rm $JS_DIR/sock $JS_DIR/lock",
    "rm $JS_DIR/jobs/2/sock",
    "rm -r $JS_DIR/jobs/2 || true",
    "rm $JS_DIR/jobs/*/sock",
    "mv $JS_DIR/jobs old",
    "mv $JS_DIR old",
    "rm -rf $JS_DIR || true",
    "mv $JS_DIR old; rm -rf old",
};

START_TEST(what_is_swept_away_comes_back)
{
    pid_t server = fixture_server_pid(&fixture);
    must(sweepings[_i]);
    await_sockets();
    ck_assert_int_eq(fixture_server_pid(&fixture), server);
    await_one_server();
    must_know_all_jobs();
    must_attach_anew();
    /* The sockets are not only there. */
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must_know_all_jobs();
    must_attach_anew();
    must("rm -rf old; js run -d -- true; js wait 4");
}
END_TEST

/* With the server gone as well, the next one calls the holders. The first command works. */
static const char *const first_commands[] = {
    "js ls --json | jq '.jobs | length' | grep -x 3",
    "js cont 3 && js stop 3",
    "js rename 3 third",
    "js run -d -- true; js wait 4; js rm 4",
};

START_TEST(a_new_server_finds_jobs_that_have_no_socket)
{
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("rm -rf $JS_DIR");
    must(first_commands[_i]);
    await_sockets();
    must_know_all_jobs();
    must_attach_anew();
}
END_TEST

/* A holder that hangs delays nobody but whoever wants its job, and is found when it goes on. */
START_TEST(a_hung_holder_is_found_when_it_goes_on)
{
    pid_t holder = holder_of(2);
    ck_assert_int_eq(proc_signal(holder, SIGSTOP), 0);
    jobs_await_process(holder, 'T');
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("rm -rf $JS_DIR");
    must_know_all_jobs();
    must("js cont 3; js stop 3");
    line("js stop 2");
    fixture_expect_code(&result, 125);
    ck_assert_ptr_nonnull(strstr(result.err, "the holder of job 2 (pid "));
    ck_assert_ptr_nonnull(strstr(result.err, "kill -USR1"));
    must_know_all_jobs();
    ck_assert_int_eq(proc_signal(holder, SIGCONT), 0);
    await_sockets();
    must("until js cont 2 2>&1 | grep 'running already'; do :; done");
}
END_TEST

START_TEST(a_hung_server_gives_way_to_the_next)
{
    pid_t old = fixture_server_pid(&fixture);
    ck_assert_int_eq(proc_signal(old, SIGSTOP), 0);
    jobs_await_process(old, 'T');
    must("mv $JS_DIR old");
    must_know_all_jobs();
    pid_t new = fixture_server_pid(&fixture);
    ck_assert_int_ne(new, old);
    must_attach_anew();
    ck_assert_int_eq(proc_signal(old, SIGCONT), 0);
    ck_assert_int_eq(await_process_end(old, deadline_default()), 0);
    ck_assert_int_eq(fixture_server_pid(&fixture), new);
    must_know_all_jobs();
    must_attach_anew();
    must("grep -c 'another server has the lock' $JS_DIR/../work/old/server.log "
         "$JS_DIR/server.log | grep -c :1");
    must("rm -rf old");
}
END_TEST

/* The directory above is moved, and no event tells the server that it cannot be found any more. */
START_TEST(a_server_that_is_out_of_reach_gives_way)
{
    char dir[128];
    snprintf(dir, sizeof(dir), "%s/deep/run", fixture.work);
    fixture_setenv(&fixture, "JS_DIR", dir);
    fixture_setenv(&fixture, "JS_STATE_DIR", fixture.home);
    must("js run -d -- sleep 60; js server status | sed -n 's/^pid *//p'");
    pid_t old = (pid_t)atoi(strchr(result.out, '\n'));
    ck_assert_int_gt(old, 1);
    must("mv deep old; js run -d -- sleep 60; js ls --json | jq -c '[.jobs[] | [.id, .state]]'");
    ck_assert_str_eq(result.out, "2\n[[1,\"running\"],[2,\"running\"]]\n");
    ck_assert_int_eq(await_process_end(old, deadline_default()), 0);
    must("js kill 1 2; js server stop; rm -r old deep; rm -r $JS_STATE_DIR/jobs");
    fixture_setenv(&fixture, "JS_DIR", fixture.run_dir);
    fixture_setenv(&fixture, "JS_STATE_DIR", fixture.state_dir);
}
END_TEST

/* Whoever comes just then finds the server, or starts the one that there is in the end. */
START_TEST(clients_that_come_meanwhile_agree_on_one_server)
{
    must("for i in $(seq 8); do (for k in $(seq 5); do js ls --json | jq '.jobs | length'; done) & "
         "mv $JS_DIR old.$i 2>/dev/null; done >counts 2>errors; wait; cat errors; sort counts | "
         "uniq -c | "
         "tr -s ' '; rm -rf old.*");
    ck_assert_str_eq(result.out, " 40 3\n");
    await_one_server();
    must_know_all_jobs();
}
END_TEST

static const char *const targets[] = {"sock", "jobs/2/sock"};

/* Named, left alone, and when it goes, all is as before. */
START_TEST(a_foreign_file_in_the_way_is_left_alone)
{
    char text[512];
    pid_t server = fixture_server_pid(&fixture);
    pid_t to_call = _i == 0 ? server : holder_of(2);
    snprintf(text, sizeof(text), "echo mine >file; mv -f file $JS_DIR/%s", targets[_i]);
    must(text);
    ck_assert_int_eq(proc_signal(to_call, SIGUSR1), 0);
    snprintf(text, sizeof(text), "until grep -q '%s is in the way' $JS_DIR/server.log; do :; done",
             targets[_i]);
    must(text);
    snprintf(text, sizeof(text), "cat $JS_DIR/%s", targets[_i]);
    must(text);
    ck_assert_str_eq(result.out, "mine\n");
    if (_i == 0) { /* whoever looks for the server hears where it is not */
        line("js ls");
        fixture_expect_code(&result, 125);
        ck_assert_ptr_nonnull(strstr(result.err, "run/sock is in the way: it is not a socket"));
    }
    snprintf(text, sizeof(text), "rm $JS_DIR/%s", targets[_i]);
    must(text);
    if (_i == 1)
        ck_assert_int_eq(proc_signal(to_call, SIGUSR1), 0);
    await_sockets();
    ck_assert_int_eq(fixture_server_pid(&fixture), server);
    must_know_all_jobs();
}
END_TEST

START_TEST(an_ending_job_removes_nothing_but_its_own)
{
    must("js run -d -- sleep 60; js cont 4; echo mine >file; mv -f file $JS_DIR/jobs/4/sock; js "
         "kill 4");
    must("cat $JS_DIR/jobs/4/sock; rm -rf $JS_DIR/jobs/4"); /* the holder may be at it as well */
    ck_assert_str_eq(result.out, "mine\n");
}
END_TEST

/* A job's agent, display and bus are found through links beside its socket. */
START_TEST(the_links_of_a_job_come_back)
{
    static const char *const changes[] = {/* rm may find that something is there again already */
                                          "rm $JS_DIR/jobs/4/SSH_AUTH_SOCK",
                                          "rm -r $JS_DIR/jobs/4 || :", "mv $JS_DIR old; rm -r old",
                                          "js server stop; rm $JS_DIR/jobs/4/*; js ls"};
    must(": >agent; SSH_AUTH_SOCK=$PWD/agent js run -d -- sleep 60; "
         "readlink $JS_DIR/jobs/4/SSH_AUTH_SOCK >before");
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        must(changes[i]);
        must("until readlink $JS_DIR/jobs/4/SSH_AUTH_SOCK >after; do :; done; cmp before after; "
             "until test -S $JS_DIR/jobs/4/sock; do :; done");
    }
    must("js kill 4");
}
END_TEST

/* Without a server the holders can be called by hand. */
START_TEST(holders_put_their_sockets_back_when_told)
{
    pid_t holders[] = {holder_of(1), holder_of(2), holder_of(3)};
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("rm -rf $JS_DIR; mkdir -m 700 $JS_DIR");
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(proc_signal(holders[i], SIGUSR1), 0);
    must("cd $JS_DIR; for i in 1 2 3; do until test -S jobs/$i/sock; do :; done; done");
    must_know_all_jobs();
}
END_TEST

/* The path of the runtime directory is taken: the server ends, the next one finds all. */
START_TEST(a_server_without_a_place_ends)
{
    char file[128];
    pid_t server = fixture_server_pid(&fixture);
    must("echo mine >file");
    snprintf(file, sizeof(file), "%s/file", fixture.work);
    ck_assert_int_eq(renameat2(AT_FDCWD, file, AT_FDCWD, fixture.run_dir, RENAME_EXCHANGE), 0);
    ck_assert_int_eq(await_process_end(server, deadline_default()), 0);
    must("cat $JS_DIR; grep -c 'run is in the way: it is not a directory; .*: the server ends' "
         "file/server.log");
    ck_assert_str_eq(result.out, "mine\n1\n");
    line("js ls");
    fixture_expect_code(&result, 125);
    ck_assert_ptr_nonnull(strstr(result.err, "run is in the way: it is not a directory"));
    must("rm -r $JS_DIR file");
    must_know_all_jobs();
    await_sockets();
}
END_TEST

/* With nothing to do it does not put back what somebody is just removing. */
static const char *const removed_first[] = {"jobs", "lock", "sock", "server.log", "."};

START_TEST(an_idle_server_ends_with_its_directory)
{
    char text[128];
    pid_t server = fixture_server_pid(&fixture);
    snprintf(text, sizeof(text), "rm -rf \"$JS_DIR/%s\" 2>/dev/null; rm -rf $JS_DIR",
             removed_first[_i]);
    must(text);
    ck_assert_int_eq(await_process_end(server, deadline_default()), 0);
    line("ls -d $JS_DIR");
    fixture_expect_code(&result, 2);
}
END_TEST

static Suite *swept_suite(void)
{
    Suite *suite = suite_create("swept");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    TCase *swept = tcase_create("swept");
    tcase_add_checked_fixture(swept, begin, end);
    tcase_add_loop_test(swept, what_is_swept_away_comes_back, 0, COUNT(sweepings));
    tcase_add_loop_test(swept, a_new_server_finds_jobs_that_have_no_socket, 0,
                        COUNT(first_commands));
    tcase_add_test(swept, a_hung_holder_is_found_when_it_goes_on);
    tcase_add_test(swept, a_hung_server_gives_way_to_the_next);
    tcase_add_test(swept, a_server_that_is_out_of_reach_gives_way);
    tcase_add_test(swept, clients_that_come_meanwhile_agree_on_one_server);
    tcase_add_loop_test(swept, a_foreign_file_in_the_way_is_left_alone, 0, COUNT(targets));
    tcase_add_test(swept, an_ending_job_removes_nothing_but_its_own);
    tcase_add_test(swept, the_links_of_a_job_come_back);
    tcase_add_test(swept, holders_put_their_sockets_back_when_told);
    tcase_add_test(swept, a_server_without_a_place_ends);
    suite_add_tcase(suite, swept);
    TCase *idle = tcase_create("idle");
    tcase_add_checked_fixture(idle, begin_idle, end_idle);
    tcase_add_loop_test(idle, an_idle_server_ends_with_its_directory, 0, COUNT(removed_first));
    suite_add_tcase(suite, idle);
    return suite;
}

int main(void)
{
    return runner_run(swept_suite());
}
