/* Jobs that wait for their turn, their slot, or another job: from outside. */
#include "tests/harness/await.h"
#include "tests/harness/jobs.h"
#include "tests/harness/raw_client.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(void)
{
    char path[128];
    fixture_init(&fixture);
    snprintf(path, sizeof(path), "%s/config", fixture.root);
    fixture_setenv(&fixture, "JS_CONFIG", path);
    fixture_shell_line(&fixture, &result, "echo grace = 200ms >$JS_CONFIG");
}

/* Its stderr says so, and the exit status is this. */
static void refused(const char *text, int code, const char *words)
{
    line(text);
    fixture_expect_code(&result, code);
    ck_assert_str_eq(result.out, "");
    ck_assert_msg(strstr(result.err, words) != NULL, "%s", result.err);
}

/* The server's child that holders are forked from. */
static pid_t template_pid(void)
{
    char command[64];
    pid_t server = fixture_server_pid(&fixture);
    ck_assert_int_gt(server, 1);
    snprintf(command, sizeof(command), "pgrep -P %d js-template", (int)server);
    must(command);
    ck_assert_int_gt(atoi(result.out), 1);
    return (pid_t)atoi(result.out);
}

/* Queues */

/* R11 */
START_TEST(jobs_of_a_queue_start_in_the_order_in_which_they_came)
{
    must("js queue pause build");
    must("for i in `seq 100`; do js run -d -q build -- sh -c 'echo $JS_JOB_ID >>order'; done");
    must_print("js ls | grep -c queued", "100\n");
    must("js queue resume build && js wait `seq 100`");
    must_print("seq 100 | cmp - order", "");
}
END_TEST

START_TEST(higher_priority_comes_first)
{
    must("js queue pause build");
    must("for p in 0 5 -3 5 0; do js run -d -q build --priority $p -- "
         "sh -c 'echo $JS_JOB_ID >>order'; done");
    must("js queue resume build && js wait 1 2 3 4 5");
    must_print("tr '\\n' ' ' <order", "2 4 1 5 3 ");
}
END_TEST

START_TEST(as_many_run_as_the_queue_has_slots)
{
    must("js queue set build slots=2");
    must("for i in 1 2 3 4; do js run -d -q build -- pty_child ready hold; done");
    jobs_await_state(&fixture, "2", "running");
    must_print(
        "js show --json 3 4 | jq -r '.jobs[] | .state, .waits_for'",
        "queued\na place in queue build, where job 2 runs\nqueued\n1 job ahead in queue build\n");
    must_print("js queue ls --json | jq -c .queues",
               "[{\"name\":\"build\",\"slots\":2,\"paused\":false,\"running\":2,\"waiting\":2}]\n");
    must("js kill 1");
    jobs_await_state(&fixture, "3", "running");
    must_print("js show --json 4 | jq -r .jobs[0].state", "queued\n");
    /* More of them at once, as soon as it is said. */
    must("js queue set build slots=3");
    jobs_await_state(&fixture, "4", "running");
    must("js kill 2 3 4");
}
END_TEST

START_TEST(a_paused_queue_starts_nothing)
{
    must("js run -d -q build -- pty_child ready hold");
    must("js queue pause build && js run -d -q build true && js kill 1");
    must_print("js show --json 2 | jq -r '.jobs[0] | .state, .waits_for'",
               "queued\nqueue build is paused\n");
    must_print("js queue", "QUEUE  SLOTS  RUNNING  WAITING  STATE\n"
                           "build      1        0        1  paused\n");
    /* That is no server's to forget. */
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must_print("js show --json 2 | jq -r '.jobs[0] | .state, .waits_for'",
               "queued\nqueue build is paused\n");
    must("js run -d -q other true && js wait 3");
    must("js queue resume build && js wait 2");
}
END_TEST

START_TEST(all_queues_have_a_bound)
{
    must("echo max-running = 1 >>$JS_CONFIG && js run -d -q a -- pty_child ready hold");
    must("js run -d -q b true && js run -d --slot s true && js wait 3");
    must_print("js show --json 2 | jq -r '.jobs[0] | .state, .waits_for'",
               "queued\nanother job to end: as many run as may (max-running)\n");
    must("js kill 1 && js wait 2");
    must("echo max-running = 0 >>$JS_CONFIG");
    line("js server reload");
    ck_assert_int_ne(result.code, 0);
    ck_assert_ptr_nonnull(strstr(result.err, "max-running"));
    ck_assert_ptr_nonnull(strstr(result.err, "1 to 4096"));
}
END_TEST

/* R10: three jobs of a second each, one at a time. */
START_TEST(one_at_a_time_takes_its_time)
{
    must("echo max-running = 1 >>$JS_CONFIG");
    must("for q in a b c; do js run -d -q $q -- sh -c "
         "'date +%s%3N >>starts; sleep 0.3; date +%s%3N >>ends'; done; js wait 1 2 3");
    must("paste starts ends | awk '{ if (NR > 1 && $1 < last) print \"overlap\"; last = $2 }'");
    ck_assert_str_eq(result.out, "");
}
END_TEST

/* A failure waits for its next attempt: meanwhile others have the place, and then it queues anew.
 */
START_TEST(who_is_to_be_tried_again_has_no_place)
{
    must("js run -d -q build --restart on-failure:1 --backoff 100ms..100ms --jitter none -- "
         "sh -c 'echo $JS_JOB_ID >>order; test -e gate'");
    must("js run -d -q build -- sh -c 'echo $JS_JOB_ID >>order; touch gate; sleep 0.3'");
    must("js run -d -q build -- sh -c 'echo $JS_JOB_ID >>order'");
    must("js wait 1 2 3");
    must_print("head -n 2 order | tr '\\n' ' '", "1 2 ");
    must_print("sort order | tr '\\n' ' '", "1 1 2 3 ");
    must_print("js show --json 1 | jq .jobs[0].attempt", "2\n");
}
END_TEST

START_TEST(a_job_that_waits_can_be_killed)
{
    must("js run -d -q build -- pty_child ready hold");
    must("js run -d -q build -- sh -c 'echo ran >>order' && js kill 2");
    line("js wait 2");
    fixture_expect_code(&result, 143);
    must_print("js show --json 2 | jq -r '.jobs[0] | .end.reason, .attempt'", "canceled\n0\n");
    must("js kill 1 && ! test -e order");
}
END_TEST

/* R12: that clock is another one than that of --timeout. */
START_TEST(waiting_has_its_own_limit)
{
    must("js run -d --slot s -- pty_child ready hold");
    must("js run -d --slot s --queue-timeout 200ms --timeout 1h -- sh -c 'echo ran >>order'");
    line("js wait 2");
    fixture_expect_code(&result, 75);
    must_print("js show --json 2 | jq -r .jobs[0].end.reason", "expired\n");
    must("js kill 1 && ! test -e order");
    /* It does not run while the job waits for its time. */
    must("js run -d --slot s --queue-timeout 200ms --delay 500ms -- sh -c 'echo ran >>order'");
    must("js wait 3 && test -e order");
    /* It begins to when the time need not be waited for any more. */
    must("js run -d --slot s -- pty_child ready hold");
    must("js run -d --slot s --queue-timeout 200ms --delay 1h -- sh -c 'echo ran >>order'");
    must("js retry 5");
    line("js wait 5");
    fixture_expect_code(&result, 75);
    must_print("js show --json 5 | jq -r .jobs[0].end.reason", "expired\n");
    must("js kill 4");
}
END_TEST

/* After other jobs */

static const struct {
    const char *first, *how;
    bool starts;
} afters[] = {
    {"true", "", true},
    {"true", ":ok", true},
    {"true", ":any", true},
    {"true", ":fail", false},
    {"false", "", false},
    {"false", ":any", true},
    {"false", ":fail", true},
    {"sh -c 'kill -9 $$'", "", false},
    {"sh -c 'kill -9 $$'", ":fail", true},
};

START_TEST(jobs_come_after_others)
{
    char text[256];
    must("js queue pause q");
    snprintf(text, sizeof(text), "js run -d -q q %s && js run -d --after 1%s touch ran",
             afters[_i].first, afters[_i].how);
    must(text);
    must("js show --json 2 | jq -e '.jobs[0] | .state == \"queued\" and "
         "(.waits_for | startswith(\"job 1 to \"))'");
    must("js queue resume q");
    line("js wait 2");
    fixture_expect_code(&result, afters[_i].starts ? 0 : 143);
    line("test -e ran");
    fixture_expect_code(&result, afters[_i].starts ? 0 : 1);
    if (!afters[_i].starts) {
        must("js show --json 2 | jq -r '.jobs[0] | .end.reason, .warning'");
        ck_assert_msg(strncmp(result.out, "canceled\njob 1", 14) == 0, "%s", result.out);
    }
    /* What has ended already decides at once. */
    snprintf(text, sizeof(text), "js run -d --after 1%s true && js wait 3", afters[_i].how);
    line(text);
    fixture_expect_code(&result, afters[_i].starts ? 0 : 75);
    ck_assert(afters[_i].starts || strstr(result.err, "not started: job 1"));
}
END_TEST

START_TEST(what_others_come_after_is_not_forgotten)
{
    must("echo keep-jobs = 0 >>$JS_CONFIG");
    must("for i in 1 2; do js run -d -- pty_child ready hold; done");
    must("js run -d -q q -- pty_child ready hold");
    must("js run -d -q q --after 2:fail --after 1:any touch ran && js kill 2");
    refused("js rm 2", 125, "job 4 waits for it");
    /* Others are forgotten, but not this one; nor by the next server. */
    must("for i in 5 6 7; do js run -d true && js wait $i; done");
    must("until js show 5 2>&1 | grep -q 'no job'; do js run -d true; done");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("js show 2 && js kill 1 3");
    char path[128];
    snprintf(path, sizeof(path), "%s/ran", fixture.work);
    ck_assert_int_eq(await_path(path, deadline_default()), 0);
    must("until js show 2 2>&1 | grep -q 'no job'; do js run -d true; done");
}
END_TEST

START_TEST(nobody_comes_after_a_job_that_is_not_there)
{
    refused("js run -d --after 7 true", 125, "7");
    refused("js run -d --after nobody:any true", 125, "no job nobody\n");
    refused("js run -d --after 7:good true", 125,
            "no job 7:good; --after takes JOB, JOB:ok, JOB:any or JOB:fail\n");
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
}
END_TEST

/* Slots */

START_TEST(a_slot_is_for_one_job_at_a_time)
{
    must("js run -d --slot db -- pty_child ready hold");
    must("js run -d --slot db -- sh -c 'echo 2 >>order' && "
         "js run -d --slot db -- sh -c 'echo 3 >>order'");
    must_print("js show --json 2 3 | jq -r '.jobs[].waits_for'",
               "its slot, which job 1 has\nits slot, which job 1 has\n");
    must_print("js ls -o id,slot,waits", "ID  SLOT  WAITS FOR\n"
                                         " 1  db\n"
                                         " 2  db    its slot, which job 1 has\n"
                                         " 3  db    its slot, which job 1 has\n");
    refused("js run -d --slot db --if-busy drop true", 75,
            "js: not started: slot db is taken: job 1 has it");
    must("js run -d --slot other true && js wait 4");
    must("js kill 1 && js wait 2 3");
    must_print("tr '\\n' ' ' <order", "2 3 ");
    must("js run -d --slot db --if-busy drop true && js wait 5");
}
END_TEST

/* Also R13: it ignores TERM, so its end takes a while, and the slot is not free before. */
START_TEST(the_newest_replaces_whoever_has_the_slot)
{
    must("js run -d --slot db -- pty_child ignore-term ready hold");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js run -d --slot db -- sh -c 'echo 2 >>order'");
    must("js run -d --slot db --if-busy replace -- sh -c 'echo 3 >>order' && js wait 3");
    must_print("cat order", "3\n");
    must_print("js show --json 1 2 | jq -r '.jobs[] | .end.reason, .warning'",
               "replaced\njob 3 takes slot db\nreplaced\njob 3 takes slot db\n");
    must("js show --json 1 3 | jq -e '.jobs | .[0].ended and .[0].ended <= .[1].started'");
    line("js wait 1");
    fixture_expect_code(&result, 137);
}
END_TEST

START_TEST(a_slot_is_free_when_all_of_its_job_is_dead)
{
    must("js run -d --slot x --timeout 200ms -- pty_child ignore-term ready hold");
    must("js run -d --slot x true && js wait 2");
    must("js show --json 1 2 | "
         "jq -e '.jobs | .[0].end.reason == \"timeout\" and .[0].ended <= .[1].started'");
}
END_TEST

START_TEST(a_hundred_wait_for_a_slot_and_no_more)
{
    must("js run -d --slot x -- pty_child ready hold");
    must("for i in `seq 100`; do js run -d --slot x true; done");
    refused("js run -d --slot x true", 75,
            "js: not started: slot x is taken, and 100 jobs wait for it already");
    must("js run -d --slot x --if-busy replace true; js wait `seq 101` 102");
    must_print("js ls -a --json | jq '[.jobs[] | select(.end.reason == \"replaced\")] | length'",
               "101\n");
}
END_TEST

START_TEST(a_key_is_for_one_live_job)
{
    must_print("js run -d --once nightly -- pty_child ready hold", "1\n");
    must("js run -d --once nightly -- pty_child ready hold");
    ck_assert_str_eq(result.out, "1\n");
    ck_assert_str_eq(result.err, "js: nothing was started: job 1 has the key 'nightly'\n");
    must("js run --once nightly -- pty_child ready hold");
    ck_assert_str_eq(result.out, "1\n");
    ck_assert_str_eq(result.err, "js: nothing was started: job 1 has the key 'nightly'\n");
    must_print("js run -d --once other true", "2\n");
    must("js kill 1 && js run -d --once nightly true && js wait 3");
    must("js run -d --once nightly -- pty_child ready hold");
    refused("js retry 3", 75,
            "job 3 cannot be started again now: job 4 has its key 'nightly' (--once)");
    must_print("js kill 4; js retry 3; js wait 3", "3\n");
}
END_TEST

/* Times */

START_TEST(a_time_is_waited_for_without_a_server)
{
    must("js run -d --delay 700ms -- touch ran");
    must_print("js show --json 1 | jq -r '.jobs[0].state'", "queued\n");
    must("js show --json 1 | jq -e '.jobs[0].waits_for | test(\"^[0-9][0-9]:[0-9][0-9]\")'");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    char path[128];
    snprintf(path, sizeof(path), "%s/ran", fixture.work);
    ck_assert_int_eq(await_path(path, deadline_default()), 0);
    must("js wait 1");
}
END_TEST

START_TEST(a_time_holds_up_nobody_else)
{
    must("js run -d -q q --delay 1h -- touch late && js run -d -q q true && js wait 2");
    must_print("js show --json 1 | jq -r .jobs[0].state", "queued\n");
    must("js kill 1 && ! test -e late");
}
END_TEST

START_TEST(again_and_again)
{
    must("js run -d --every 1s -- sh -c 'echo $JS_ATTEMPT >>times'");
    char path[128];
    snprintf(path, sizeof(path), "%s/times", fixture.work);
    ck_assert_int_eq(await_file_text(path, "1\n2\n3\n", deadline_default()), 0);
    must("js run -d --every '0 3 * * *' -- touch night");
    must_print("js show --json 2 | jq -r '.jobs[0] | .state, .waits_for[-5:]'", "queued\n03:00\n");
    must("js kill 1 2 && ! test -e night");
}
END_TEST

/* Servers that die */

START_TEST(the_next_server_knows_whose_turn_it_is)
{
    must("js queue set build slots=2 && js queue pause build");
    must("for i in `seq 12`; do js run -d -q build --priority $((i % 3)) -- "
         "sh -c 'echo $JS_JOB_ID >>order; sleep 0.1'; done");
    must("js queue set build slots=1 && js queue resume build");
    for (int i = 0; i < 5; i++) {
        fixture_kill_server(&fixture, SIGKILL);
        must("js ls");
    }
    must("js wait `seq 12`");
    must_print("tr '\\n' ' ' <order", "2 5 8 11 1 4 7 10 3 6 9 12 ");
}
END_TEST

/* Connects to the holder of job 1 as the next server does. */
static void come(struct raw_client *server)
{
    raw_client_open_holder(server, &fixture, 1);
    raw_client_say_hello(server);
    raw_client_expect(server, MSG_CHANGED, 0);
}

/* Says that it is the turn of that attempt, and waits until the holder has read it. */
static void say_begin(struct raw_client *server, uint32_t attempt)
{
    struct msg_begin body = {.attempt = attempt};
    struct msg_on_job sentinel = {0};
    ck_assert(raw_client_send(server, MSG_BEGIN, 0, &body, NULL, 0));
    ck_assert(raw_client_send(server, MSG_DETACH, 1, &sentinel, NULL, 0));
    raw_client_expect(server, MSG_DONE, 1);
}

/*
 * What an earlier server has said last may be read after the next one has been told that the job
 * waits: then two could be told to start where there is one place.
 */
START_TEST(the_newest_server_says_whose_turn_it_is)
{
    struct raw_client first, second;
    must("js queue pause q && js run -d -q q -- pty_child ready hold");
    come(&first);
    come(&second);
    say_begin(&first, 1);
    must_print("js show --json 1 | jq -r .jobs[0].state", "queued\n");
    say_begin(&second, 2); /* nor does an attempt that is not the next one */
    must_print("js show --json 1 | jq -r .jobs[0].state", "queued\n");
    raw_client_close(&second);
    come(&second);
    struct msg_begin body = {.attempt = 1};
    ck_assert(raw_client_send(&second, MSG_BEGIN, 0, &body, NULL, 0));
    jobs_await_state(&fixture, "1", "running");
    raw_client_close(&first);
    raw_client_close(&second);
    must("js kill 1");
    must_print("js show --json 1 | jq .jobs[0].attempt", "1\n");
}
END_TEST

/* Nobody asks anything of js meanwhile. */
START_TEST(a_server_that_dies_is_replaced_while_jobs_wait)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/order", fixture.work);
    must("js run -d -q build -- sh -c 'until test -e gate; do sleep 0.05; done; echo 1 >>order'");
    must("js run -d -q build -- sh -c 'echo 2 >>order; sleep 0.2'");
    must("js run -d -q build -- sh -c 'echo 3 >>order'");
    pid_t server = fixture_server_pid(&fixture);
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must("touch gate");
    ck_assert_int_eq(await_file_text(path, "1\n2\n3\n", deadline_default()), 0);
    ck_assert_int_ne(fixture_server_pid(&fixture), server);
    must("js wait 1 2 3 && js run -d true && js wait 4");
    char expected[64];
    snprintf(expected, sizeof(expected), "running\n%d\n", (int)server);
    must_print("js server status --json | jq -r '.server | .state, .last_failure.pid'", expected);
}
END_TEST

/* Neither without a reason, nor when somebody wants it to end. */
START_TEST(a_server_that_nobody_waits_for_is_not_replaced)
{
    must("js run -d -- pty_child ready hold && js run -d --delay 1h true");
    must("js run -d -q build -- pty_child ready hold");
    pid_t template = template_pid();
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    ck_assert_int_eq(await_process_end(template, deadline_default()), 0);
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
    must("js run -d -q build true");
    template = template_pid();
    must("js server stop");
    ck_assert_int_eq(await_process_end(template, deadline_default()), 0);
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
    must("js kill 3 && js wait 4 && js kill 1 2");
}
END_TEST

START_TEST(damaged_settings_are_told)
{
    must("js queue set build slots=2 && js server stop");
    must("printf damaged >$JS_STATE_DIR/queues && js queue");
    ck_assert_ptr_nonnull(strstr(result.err, "the settings of queues were damaged"));
    must("test -e $JS_STATE_DIR/queues.damaged");
    must("js queue set build slots=3 && rm $JS_STATE_DIR/queues.damaged && js server restart");
    must_print("js queue ls --json | jq .queues[0].slots", "3\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

/* Attached to what waits */

START_TEST(who_is_attached_waits_with_the_job)
{
    must("js run -d -q q -- pty_child ready hold");
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    struct deadline deadline = deadline_default();
    jobs_type(shell, "js run -q q -- sh -c 'read x; echo got $x'");
    pty_driver_expect(shell,
                      "js: job 2 waits for a place in queue q, where job 1 runs; ^C leaves it "
                      "waiting",
                      deadline);
    ck_assert_int_eq(pty_driver_send(shell, "\003"), 0);
    pty_driver_expect(shell, "[2]+ Detached  sh -c ", deadline);
    pty_driver_expect(shell, "<0>", deadline);
    jobs_type(shell, "js fg 2");
    pty_driver_expect(shell, "waits for a place in queue q, where job 1 runs", deadline);
    /* What is typed is for the job, when it comes. */
    ck_assert_int_eq(pty_driver_send(shell, "ahead\n"), 0);
    must("js kill 1");
    pty_driver_expect(shell, "got ahead", deadline);
    pty_driver_expect(shell, "<0>", deadline);
    jobs_close(shell);
}
END_TEST

/* Whoever waits with a job is told why nothing comes of it. */
static const struct {
    const char *options, *words;
    int code;
} given_up[] = {
    {"--after 1", "js: job 2 was canceled: job 1, which it was to come after, did not end well",
     143},
    {"--slot s", "js: job 2 was replaced: job 3 takes slot s", 143},
    {"--slot t --queue-timeout 100ms",
     "js: job 2 has waited longer than it was to (--queue-timeout)", 75},
};

START_TEST(who_is_attached_is_told_why_nothing_comes)
{
    char text[128];
    struct program waiting;
    must("js run -d --slot t -- pty_child ready hold");
    snprintf(text, sizeof(text), "js run %s%s true", _i == 1 ? "--after 1 " : "",
             given_up[_i].options);
    fixture_start(&fixture, &waiting, "/bin/sh", "-c", text, NULL);
    jobs_await_state(&fixture, "2", _i == 2 ? "ended" : "queued");
    if (_i == 1)
        must("js run -d --slot s --if-busy replace true");
    must("js kill 1");
    program_must_end(&waiting, deadline_default());
    ck_assert_int_eq(program_exit_code(&waiting), given_up[_i].code);
    ck_assert(program_await_err(&waiting, given_up[_i].words, deadline_default()));
    program_finish(&waiting);
}
END_TEST

/* From then on ^C is the job's. */
START_TEST(once_it_runs_it_can_be_interrupted)
{
    must("js run -d -q q -- pty_child ready hold");
    struct pty_driver *shell = fixture_shell(&fixture, 24, 80);
    struct deadline deadline = deadline_default();
    jobs_type(shell, "js run -q q -- pty_child ready hold");
    pty_driver_expect(shell, "^C leaves it waiting", deadline);
    must("js kill 1");
    pty_driver_expect(shell, "READY", deadline);
    ck_assert_int_eq(pty_driver_send(shell, "\003"), 0);
    pty_driver_expect(shell, "<130>", deadline);
    jobs_close(shell);
}
END_TEST

/* What is not understood */

static const struct {
    const char *line, *words;
} mistakes[] = {
    {"js run -d -q 'a b' true", "a queue's name cannot contain blanks"},
    {"js run -d --slot '' true", "a slot's name cannot be empty"},
    {"js run -d -q q --priority high true", "--priority 'high': write a whole number"},
    {"js run -d --priority 3 true", "--priority is for --queue and --slot"},
    {"js run -d --if-busy drop true", "--if-busy is for --slot"},
    {"js run -d --slot x --if-busy wait true", "--if-busy 'wait': write queue, drop or replace"},
    {"js run -d --queue-timeout 1s true", "--queue-timeout is for --queue, --slot and --after"},
    {"js run -d --delay 1s --at 18:30 true", "only one of --delay and --at"},
    {"js run -d --at 10m true", "--at '10m': write 18:30"},
    {"js run -d --at 2001-02-03 true", "that has passed"},
    {"js run -d --every 1ms true", "--every '1ms': at least 1s"},
    {"js run -d --every '0 25 * * *' true", "'25' is no hour (0 to 23)"},
    {"js run -d --once '' true", "--once: the key is to have 1 to 1024 bytes"},
    {"js queue set build slots=0", "'slots=0': 1 to 4096 jobs run at once"},
    {"js queue set build slots=4097", "1 to 4096"},
    {"js queue set build slots=two", "1 to 4096"},
    {"js queue set build 2", "write slots=N"},
    {"js queue set build", "give the queue and slots=N"},
    {"js queue pause", "queue pause: give the queue"},
    {"js queue drop build", "'drop' is none of ls, set, pause and resume"},
    {"js queue pause a=b", "a queue's name cannot contain"},
    {"js queue ls build", "it takes no operands"},
};

START_TEST(mistakes_are_named)
{
    refused(mistakes[_i].line, 2, mistakes[_i].words);
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
}
END_TEST

#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))

static Suite *queues_suite(void)
{
    Suite *suite = suite_create("queues");
    TCase *tcase = tcase_create("queues");
    tcase_add_checked_fixture(tcase, begin, world_end);
    tcase_add_test(tcase, jobs_of_a_queue_start_in_the_order_in_which_they_came);
    tcase_add_test(tcase, higher_priority_comes_first);
    tcase_add_test(tcase, as_many_run_as_the_queue_has_slots);
    tcase_add_test(tcase, a_paused_queue_starts_nothing);
    tcase_add_test(tcase, all_queues_have_a_bound);
    tcase_add_test(tcase, one_at_a_time_takes_its_time);
    tcase_add_test(tcase, who_is_to_be_tried_again_has_no_place);
    tcase_add_test(tcase, a_job_that_waits_can_be_killed);
    tcase_add_test(tcase, waiting_has_its_own_limit);
    tcase_add_loop_test(tcase, jobs_come_after_others, 0, COUNT(afters));
    tcase_add_test(tcase, what_others_come_after_is_not_forgotten);
    tcase_add_test(tcase, nobody_comes_after_a_job_that_is_not_there);
    tcase_add_test(tcase, a_slot_is_for_one_job_at_a_time);
    tcase_add_test(tcase, the_newest_replaces_whoever_has_the_slot);
    tcase_add_test(tcase, a_slot_is_free_when_all_of_its_job_is_dead);
    tcase_add_test(tcase, a_hundred_wait_for_a_slot_and_no_more);
    tcase_add_test(tcase, a_key_is_for_one_live_job);
    tcase_add_test(tcase, a_time_is_waited_for_without_a_server);
    tcase_add_test(tcase, a_time_holds_up_nobody_else);
    tcase_add_test(tcase, again_and_again);
    tcase_add_test(tcase, the_next_server_knows_whose_turn_it_is);
    tcase_add_test(tcase, the_newest_server_says_whose_turn_it_is);
    tcase_add_test(tcase, a_server_that_dies_is_replaced_while_jobs_wait);
    tcase_add_test(tcase, a_server_that_nobody_waits_for_is_not_replaced);
    tcase_add_test(tcase, damaged_settings_are_told);
    tcase_add_test(tcase, who_is_attached_waits_with_the_job);
    tcase_add_loop_test(tcase, who_is_attached_is_told_why_nothing_comes, 0, COUNT(given_up));
    tcase_add_test(tcase, once_it_runs_it_can_be_interrupted);
    tcase_add_loop_test(tcase, mistakes_are_named, 0, COUNT(mistakes));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(queues_suite());
}
