/* The commands about jobs, without a terminal: run -d, ls, show, wait, rename, rm; JSON. */
#include "tests/harness/await.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fails with this code, nothing on stdout and this on stderr. */
static void expect_failure(const char *text, int code, const char *err)
{
    line(text);
    ck_assert_str_eq(result.err, err);
    ck_assert_int_eq(result.code, code);
    ck_assert_str_eq(result.out, "");
}

#define NO_JOBS "{\"version\":1,\"jobs\":[]}\n"

/* Without a server */

START_TEST(without_jobs_no_server_is_started)
{
    must_print_only("js ls", "");
    must_print_only("js", "");
    must_print_only("js ls --json", NO_JOBS);
    must_print_only("js ls -a", "");
    expect_failure("js fg", 125, "js: there is no current job\n");
    expect_failure("js wait 3", 125, "js: no job 3\n");
    expect_failure("js kill %1", 125, "js: no job %1\n");
    expect_failure("js show nobody", 125, "js: no job nobody\n");
    expect_failure("js rm 1", 125, "js: no job 1\n");
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
}
END_TEST

/* run -d */

START_TEST(a_detached_run_prints_the_number_alone)
{
    must_print_only("js run -d -- sleep 60", "1\n");
    must_print_only("js run -d sleep 60", "2\n");
    must_print_only("js run --detached -- true", "3\n");
    must_print_only("js wait 3", "");
    must("js kill 1 2");
    /* The number is not given out again. */
    must("js rm 3");
    must_print_only("js run -d -- true", "4\n");
}
END_TEST

/* Whoever reads its output must not wait for the job. */
START_TEST(a_detached_run_holds_nothing_open)
{
    must("x=$(js run -d -- sleep 60); echo got $x");
    ck_assert_str_eq(result.out, "got 1\n");
    ck_assert_double_lt(result.ms, 5000.0 * deadline_slowness());
    must("js kill 1");
}
END_TEST

START_TEST(a_detached_job_outlives_its_caller)
{
    must("setsid sh -c 'js run -d -- pty_child ready hold' | cat");
    fixture_js_until(&fixture, &result, "READY", "logs", "1", NULL);
    must("js ls --json | grep -c '\"state\":\"running\"'; js kill 1");
}
END_TEST

/* JSON */

START_TEST(json_describes_a_job)
{
    must("js run -d --json -n work -- sh -c 'echo out; exec sleep 60' >json; jq -c '[.version, "
         "(.jobs | length), (.jobs[0] | .id, .name, .state, .argv, .attached, .end, .ended, .size, "
         "(.pid > 1), (.uid | length), (.started | test(\"^20[0-9-]*T[0-9:.]*Z$\")))]' json");
    ck_assert_str_eq(result.out,
                     "[1,1,1,\"work\",\"running\",[\"sh\",\"-c\",\"echo out; exec sleep 60\"],[],"
                     "null,null,{\"rows\":24,\"cols\":80},true,16,true]\n");
    must("jq -r '.jobs[0].cwd' json");
    ck_assert_int_eq(strncmp(result.out, fixture.work, strlen(fixture.work)), 0);
    fixture_js_until(&fixture, &result, "\"next\":5", "show", "--json", "1", NULL);
    must("js kill 1; js show --json 1 | jq -c '.jobs[0] | [.state, .end, .pid, (.ended != null), "
         ".log]'");
    ck_assert_ptr_nonnull(
        strstr(result.out,
               "\"ended\",{\"reason\":\"killed\",\"code\":null,\"signal\":15,\"core\":false}"));
    ck_assert_ptr_nonnull(strstr(result.out, "true,{\"first\":0,\"next\":5}"));
}
END_TEST

static const struct {
    const char *command;
    const char *end;
} end_cases[] = {
    {"exit 0", "{\"reason\":\"exited\",\"code\":0,\"signal\":null,\"core\":false}\n"},
    {"exit 7", "{\"reason\":\"exited\",\"code\":7,\"signal\":null,\"core\":false}\n"},
    {"kill -9 $$", "{\"reason\":\"signaled\",\"code\":null,\"signal\":9,\"core\":false}\n"},
    {"kill -HUP $$", "{\"reason\":\"signaled\",\"code\":null,\"signal\":1,\"core\":false}\n"},
};

START_TEST(json_tells_the_end)
{
    char text[256];
    snprintf(text, sizeof(text),
             "ulimit -c 0; js run -- sh -c '%s' 2>/dev/null; js wait --json 1 | jq -c "
             "'.jobs[0].end'",
             end_cases[_i].command);
    must_print_only(text, end_cases[_i].end);
}
END_TEST

START_TEST(json_and_exit_status_agree)
{
    line("js run -d -- sh -c 'exit 9'; js wait --json 1");
    fixture_expect_code(&result, 9);
    must("js wait --json 1 | jq .jobs[0].end.code");
    ck_assert_str_eq(result.out, "9\n");
    /* One array, in the order asked for. */
    must("js run -d -- true; js run -d -- true; js wait --json 3 1 2 | jq -c '[.jobs[].id]'");
    ck_assert_str_eq(result.out, "2\n3\n[3,1,2]\n");
}
END_TEST

/* Bytes that are no UTF-8, and control characters, make no invalid JSON. */
START_TEST(json_is_valid_whatever_the_words_are)
{
    must("js run -d -- printf \"$(printf 'a\\377b\\033\\001\"\\\\')\" '\t' >/dev/null; js wait 1");
    must("js ls -a --json | jq -r '.jobs[0].argv | length'");
    ck_assert_str_eq(result.out, "3\n");
}
END_TEST

/* Names */

START_TEST(a_job_can_be_named)
{
    must("js run -d -n build -- sleep 60");
    must_print_only("js ls --json build | jq .jobs[0].id", "1\n");
    expect_failure("js run -d -n build -- true", 125, "js: job 1 is named 'build' already\n");
    expect_failure("js run -n 7 -- true", 2, "js: run: a job's name cannot be a number\n");
    must("js rename build other; js show other | grep ^name");
    ck_assert_str_eq(result.out, "name       other\n");
    expect_failure("js show build", 125, "js: no job build\n");
    must("js rename other; js ls --json | jq .jobs[0].name");
    ck_assert_str_eq(result.out, "null\n");
    must("js rename 1 again; js kill again");
    /* An ended job can be renamed, too, and its name is free for another. */
    must("js run -d -n again -- true; js rename 1 first; js show first | grep ^id");
    ck_assert_str_eq(result.out, "2\nid         1\n");
}
END_TEST

START_TEST(bad_names_are_refused)
{
    must("js run -d -n one -- sleep 60; js run -d -n two -- sleep 60");
    expect_failure("js rename one two", 125, "js: job 2 is named 'two' already\n");
    must("js rename one one");
    line("js rename one 5");
    fixture_expect_code(&result, 2);
    line("js rename one '%x'");
    fixture_expect_code(&result, 2);
    line("js rename one ''");
    fixture_expect_code(&result, 2);
    line("js rename");
    fixture_expect_code(&result, 2);
    line("js rename one two three");
    fixture_expect_code(&result, 2);
    must_print_only("js show one | grep ^name", "name       one\n");
    must("js kill one two");
}
END_TEST

/* Specs */

START_TEST(a_job_is_found_by_whatever_names_it)
{
    must("js run -d -n work -- sleep 61; js run -d -- sleep 62");
    must("js show --json 1 | jq -r '.jobs[0].uid[:8]' >uid");
    must("for spec in 1 %1 work %work '%sleep 61' '%?61' $(cat uid) %-; do js show $spec --json "
         "2>&1 | jq -r .jobs[0].id; done | uniq -c");
    ck_assert_str_eq(result.out, "      7 1\n"); /* '%sleep 61' is two words here */
    must_print_only("js show '%sleep 61' --json | jq .jobs[0].id", "1\n");
    expect_failure("js show %sleep", 125, "js: 'sleep' matches several jobs: 1 2\n");
    expect_failure("js show %?nothing", 125, "js: no job %?nothing\n");
    expect_failure("js kill 99", 125, "js: no job 99\n");
    must("js kill 1 2");
}
END_TEST

START_TEST(every_operand_is_tried)
{
    must("js run -d -- sleep 60; js run -d -- sleep 60");
    line("js kill 1 99 2");
    fixture_expect_code(&result, 1);
    ck_assert_str_eq(result.err, "js: no job 99\n");
    must_print_only("js ls", "");
}
END_TEST

/* wait */

START_TEST(wait_takes_the_last_of_several)
{
    must("js run -d -- sh -c 'exit 3'; js run -d -- sh -c 'sleep 0.2; exit 4'");
    line("js wait 1 2");
    ck_assert_int_eq(result.code, 4);
    line("js wait 2 1");
    ck_assert_int_eq(result.code, 3);
}
END_TEST

/* What is not there is said; what is there is waited for. */
START_TEST(wait_goes_on_without_a_job_that_is_not_there)
{
    must("mkfifo f; js run -d -- sh -c 'read x <f; exit 3'");
    struct program waiting;
    fixture_start(&fixture, &waiting, fixture.js, "wait", "98", "1", "nobody", NULL);
    ck_assert(program_await_err(&waiting, "js: no job nobody\n", deadline_default()));
    must("js ls --json | jq '.jobs | length'; echo >f");
    ck_assert_str_eq(result.out, "1\n");
    program_must_end(&waiting, deadline_default());
    ck_assert_int_eq(program_exit_code(&waiting), 125);
    program_finish(&waiting);
    line("js wait --any 98 1");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: no job 98\n");
    line("js wait --json 98 1 | jq .jobs[].end.code");
    ck_assert_str_eq(result.out, "3\n");
    line("js wait 98 99");
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: no job 98\njs: no job 99\n");
}
END_TEST

START_TEST(wait_any_takes_the_first_to_end)
{
    must("js run -d -- sleep 60; js run -d -- sh -c 'sleep 0.1; exit 5'; js run -d -- sleep 60");
    line("js wait --any 1 2 3");
    ck_assert_int_eq(result.code, 5);
    must("js wait --any --json 3 2 1 | jq -c '[.jobs[] | [.id, .state]]' || true");
    ck_assert_str_eq(result.out, "[[3,\"running\"],[2,\"ended\"],[1,\"running\"]]\n");
    must("js kill 1 3");
}
END_TEST

/* With nothing named it is the current job; one that ends meanwhile is still the one. */
START_TEST(wait_without_operand_is_for_the_current_job)
{
    must("js run -d -- sh -c 'sleep 0.3; exit 6'");
    line("js wait");
    ck_assert_int_eq(result.code, 6);
    line("js wait");
    ck_assert_int_eq(result.code, 6);
}
END_TEST

START_TEST(waiting_for_a_job_that_is_removed_ends)
{
    must("js run -d -- sleep 60; (js wait 1; echo waited $?) >waited 2>&1 & js kill 1; js rm 1; "
         "wait; cat waited");
    ck_assert_ptr_nonnull(strstr(result.out, "waited"));
}
END_TEST

/* rm */

START_TEST(a_removed_job_leaves_nothing)
{
    must("js run -- echo hi; js rm 1; js ls -a --json");
    ck_assert_str_eq(result.out, "hi\n" NO_JOBS);
    ck_assert_uint_eq(fixture_count_entries(&fixture, "state/jobs"), 0);
    char path[128];
    snprintf(path, sizeof(path), "%s/jobs/1", fixture.run_dir);
    ck_assert_int_eq(await_no_path(path, deadline_default()), 0);
    expect_failure("js logs 1", 125, "js: no job 1\n");
    line("js rm");
    fixture_expect_code(&result, 2);
}
END_TEST

START_TEST(a_living_job_is_not_removed)
{
    must("js run -d -- sleep 60");
    expect_failure("js rm 1", 125, "js: job 1 is running: end it first (js kill 1)\n");
    must("js stop 1");
    expect_failure("js rm 1", 125, "js: job 1 is stopped: end it first (js kill 1)\n");
    must("js kill 1; js rm 1");
}
END_TEST

/* ls and show */

START_TEST(the_list_has_living_jobs_and_with_a_all)
{
    must("js run -- true; js run -d -n nap -- sleep 60; js ls | sed 's/  */ /g'");
    ck_assert_int_eq(
        strncmp(result.out, "2\nID STATE NAME ATTACHED AGE EXIT COMMAND\n 2 + running nap ", 57),
        0);
    ck_assert_ptr_nonnull(strstr(result.out, " sleep 60\n"));
    must("js ls -a --json | jq -c '[.jobs[].id]'");
    ck_assert_str_eq(result.out, "[1,2]\n");
    must("js ls 1 --json | jq -c '[.jobs[].id]'");
    ck_assert_str_eq(result.out, "[1]\n");
    expect_failure("js ls 1 9", 125, "js: no job 9\n");
    must("js kill 2");
}
END_TEST

/* What a job calls itself must not reach the user's terminal as anything but text. */
START_TEST(control_bytes_are_shown_and_not_sent)
{
    must("js run -d -n \"$(printf 'a b')\" -- printf '\\033]0;title \\a\\033[31m' >/dev/null;"
         "js run -d -- sh -c \"$(printf 'echo \\033[31mred\\a; exit\\n')\" >/dev/null; js wait 1 2;"
         "js ls -a; js show 1 2; js ls -a --json; js server status >/dev/null 2>&1; true");
    for (const char *at = result.out; *at; at++)
        ck_assert_msg(*at == '\n' || !iscntrl((unsigned char)*at), "byte %d in: %s", *at,
                      result.out);
    must("cat $JS_DIR/server.log");
    for (const char *at = result.out; *at; at++)
        ck_assert(*at == '\n' || !iscntrl((unsigned char)*at));
}
END_TEST

START_TEST(a_stopped_job_is_shown_as_such)
{
    must("js run -d -- sleep 60; js stop 1; js ls --json | jq -r .jobs[0].state");
    ck_assert_str_eq(result.out, "1\nstopped\n");
    must("js stop 1 2>&1");
    ck_assert_str_eq(result.out, "js: job 1 is stopped already\n");
    must("js bg; js ls --json | jq -r .jobs[0].state; js stop; js cont 1");
    ck_assert_str_eq(result.out, "running\n");
    must("js cont 2>&1");
    ck_assert_str_eq(result.out, "js: job 1 is running already\n");
    must("js kill");
}
END_TEST

/* Somebody else stops and continues it: the list follows, and nothing breaks. */
START_TEST(stops_from_outside_are_seen)
{
    must("js run -d -- sleep 60; js show --json | jq .jobs[0].pid >pid");
    for (int i = 0; i < 5; i++) {
        must("kill -STOP $(cat pid)");
        fixture_js_until(&fixture, &result, "\"stopped\"", "ls", "--json", NULL);
        must("kill -CONT $(cat pid)");
        fixture_js_until(&fixture, &result, "\"running\"", "ls", "--json", NULL);
    }
    must("js kill; js wait 1 || echo $?");
    ck_assert_str_eq(result.out, "143\n");
}
END_TEST

/* Those of the test itself do not count: it is the parent of all orphans, and reaps at its end. */
static size_t count_zombies(void)
{
    struct proc_list list = {0};
    size_t count = 0;
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    for (size_t i = 0; i < list.count; i++)
        count += list.items[i].state == 'Z' && list.items[i].ppid != getpid();
    proc_list_finish(&list);
    return count;
}

START_TEST(many_jobs_leave_no_zombies)
{
    must("for i in $(seq 100); do js run -d -- true; done | wc -l; js wait $(seq 100); js ls");
    ck_assert_str_eq(result.out, "100\n");
    struct deadline deadline = deadline_default();
    while (count_zombies() > 0 && !deadline_passed(deadline))
        continue;
    ck_assert_uint_eq(count_zombies(), 0);
}
END_TEST

/* The command line itself */

static const struct {
    const char *line;
    int code;
    const char *err;
} usage_cases[] = {
    {"js run --bogus -- true", 2, "js: run: unknown option '--bogus'; see js run --help\n"},
    {"js run -Z -- true", 2, "js: run: unknown option '-Z'; see js run --help\n"},
    {"js ls --bogus", 2, "js: ls: unknown option '--bogus'; see js ls --help\n"},
    {"js --bogus", 2, "js: unknown option '--bogus'; see js --help\n"},
    {"js -x", 2, "js: unknown option '-x'; see js --help\n"},
    {"js frobnicate", 2, "js: unknown command 'frobnicate'; see js --help\n"},
    {"js l", 2, "js: 'l' is ambiguous: ls, logs, list; see js --help\n"},
    {"js kill --grace -1 1", 2, NULL},
    {"js kill --grace x 1", 2, NULL},
    {"js kill --grace 1s --signal HUP 1", 2, NULL},
    {"js kill -s NOPE 1", 2, NULL},
    {"js logs -n x", 2, NULL},
    {"js logs -f 1 2", 2, NULL},
    {"js fg 1 2", 2, NULL},
    {"js fg --steal --watch 1", 2, NULL},
    {"js run --json -- true", 2, NULL},
    {"js run -k nonsense -- true", 2, NULL},
};

START_TEST(wrong_usage_says_what_is_wrong)
{
    line(usage_cases[_i].line);
    ck_assert_int_eq(result.code, usage_cases[_i].code);
    ck_assert_str_eq(result.out, "");
    ck_assert_int_eq(strncmp(result.err, "js: ", 4), 0);
    ck_assert_ptr_eq(strchr(result.err, '\n'), result.err + strlen(result.err) - 1);
    if (usage_cases[_i].err && strcmp(usage_cases[_i].line, "js l") != 0)
        ck_assert_str_eq(result.err, usage_cases[_i].err);
    if (!strstr(usage_cases[_i].line, " -k ")) /* which is looked at with the terminal */
        ck_assert_int_eq(fixture_server_pid(&fixture), -1);
}
END_TEST

START_TEST(commands_may_be_shortened)
{
    must_print_only("js ru -d -- sh -c 'exit 3'", "1\n");
    line("js wa 1");
    ck_assert_int_eq(result.code, 3);
    must_print_only("js list -a --json | jq .jobs[0].id", "1\n");
    must_print_only("js sho --js 1 | jq .jobs[0].id", "1\n");
    must_print_only("js --version | cut -d' ' -f1", "js\n");
}
END_TEST

/* More than may be queued for one client. */
START_TEST(a_list_may_be_long)
{
    must(
        "word=$(head -c 120000 /dev/zero | tr '\\0' x); "
        "for i in $(seq 20); do js run -d -- true $word $word $word $word $word $word $word $word; "
        "done >/dev/null; js wait $(seq 20)");
    must("js ls -a --json >list; wc -c <list; jq -c '[.jobs[].id]' list");
    ck_assert_int_gt(atoi(result.out), 19000000);
    ck_assert_ptr_nonnull(
        strstr(result.out, "\n[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]\n"));
    must("js rm $(seq 20)");
}
END_TEST

static Suite *jobs_suite(void)
{
    Suite *suite = suite_create("jobs");
    TCase *jobs = tcase_create("jobs");
    tcase_add_checked_fixture(jobs, world_begin, world_end);
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    tcase_add_test(jobs, without_jobs_no_server_is_started);
    tcase_add_test(jobs, a_detached_run_prints_the_number_alone);
    tcase_add_test(jobs, a_detached_run_holds_nothing_open);
    tcase_add_test(jobs, a_detached_job_outlives_its_caller);
    tcase_add_test(jobs, json_describes_a_job);
    tcase_add_loop_test(jobs, json_tells_the_end, 0, COUNT(end_cases));
    tcase_add_test(jobs, json_and_exit_status_agree);
    tcase_add_test(jobs, json_is_valid_whatever_the_words_are);
    suite_add_tcase(suite, jobs);

    TCase *names = tcase_create("names");
    tcase_add_checked_fixture(names, world_begin, world_end);
    tcase_add_test(names, a_job_can_be_named);
    tcase_add_test(names, bad_names_are_refused);
    tcase_add_test(names, a_job_is_found_by_whatever_names_it);
    tcase_add_test(names, every_operand_is_tried);
    suite_add_tcase(suite, names);

    TCase *waiting = tcase_create("wait");
    tcase_add_checked_fixture(waiting, world_begin, world_end);
    tcase_add_test(waiting, wait_takes_the_last_of_several);
    tcase_add_test(waiting, wait_goes_on_without_a_job_that_is_not_there);
    tcase_add_test(waiting, wait_any_takes_the_first_to_end);
    tcase_add_test(waiting, wait_without_operand_is_for_the_current_job);
    tcase_add_test(waiting, waiting_for_a_job_that_is_removed_ends);
    suite_add_tcase(suite, waiting);

    TCase *list = tcase_create("list");
    tcase_add_checked_fixture(list, world_begin, world_end);
    tcase_add_test(list, a_removed_job_leaves_nothing);
    tcase_add_test(list, a_living_job_is_not_removed);
    tcase_add_test(list, the_list_has_living_jobs_and_with_a_all);
    tcase_add_test(list, control_bytes_are_shown_and_not_sent);
    tcase_add_test(list, a_stopped_job_is_shown_as_such);
    tcase_add_test(list, stops_from_outside_are_seen);
    tcase_add_test(list, a_list_may_be_long);
    tcase_add_test(list, many_jobs_leave_no_zombies);
    suite_add_tcase(suite, list);

    TCase *usage = tcase_create("usage");
    tcase_add_checked_fixture(usage, world_begin, world_end);
    tcase_add_loop_test(usage, wrong_usage_says_what_is_wrong, 0, COUNT(usage_cases));
    tcase_add_test(usage, commands_may_be_shortened);
    suite_add_tcase(suite, usage);
    return suite;
}

int main(void)
{
    return runner_run(jobs_suite());
}
