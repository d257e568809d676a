/* What the configuration changes, seen from outside: the file that is named, the log, leftovers,
 * the environment. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which file */

static const char *const ways[] = {"-c file",       "-cfile",       "--config file",
                                   "--config=file", "-c $PWD/file", "-c other -c file"};

/* The client reads it, and so does the server that it starts, which is elsewhere. */
START_TEST(a_file_can_be_named)
{
    char text[256];
    must("echo 'grace = 7s' >file; echo 'grace = 8s' >other");
    snprintf(text, sizeof(text), "js %s config | grep ^grace", ways[_i]);
    must(text);
    ck_assert_int_eq(strncmp(result.out, "grace        = 7s ", 18), 0);
    snprintf(text, sizeof(text), "js %s run -- sh -c 'echo \"${JS_CONFIG-none}\"'", ways[_i]);
    must(text);
    ck_assert_str_eq(result.out, "none\n");
    must("js server status --json | jq -r .server.config.values.grace");
    ck_assert_str_eq(result.out, "7s\n");
    must("echo 'grace = 9s' >file; js server reload; "
         "js server status --json | jq -r .server.config.values.grace");
    ck_assert_str_eq(result.out, "9s\n");
}
END_TEST

/* What js config prints is a configuration. */
START_TEST(what_is_printed_can_be_read)
{
    must("echo 'grace = 7s' >file; js -c file config | sed 's/ ;.*//' >one; "
         "js -c file config >whole; js -c whole config | sed 's/ ;.*//' >two; "
         "tail -n +2 one >a; tail -n +2 two | cmp - a; grep -c = a");
    ck_assert_int_gt(atoi(result.out), 8);
}
END_TEST

START_TEST(the_variable_names_it_too)
{
    must("echo 'grace = 7s' >file; export JS_CONFIG=file; js config | grep -c 'grace.*7s'; "
         "js -c /dev/null config | grep -c 'grace.*5s'; js run -d -- true; js wait 1; "
         "js server status --json | jq -r .server.config.values.grace");
    ck_assert_str_eq(result.out, "1\n1\n1\n7s\n");
}
END_TEST

static const struct {
    const char *line;
    int code;
    const char *err; /* the beginning of it */
} mistakes[] = {
    {"js -c", 2, "js: option '-c' needs a value; see js --help\n"},
    {"js --config= ls", 2, "js: option '--config=' needs a value"},
    {"js -c nope ls", 125, "js: cannot read nope: No such file or directory\n"},
    {"JS_CONFIG=/nope js config", 125, "js: cannot read /nope: No such file or directory\n"},
    {"echo 'grace=x' >f; js -c f config", 125, "js: /"},
    {"echo 'grace=x' >f; js -c f run -- true", 0, "js: /"},
    {"echo 'detach-keys=xyz' >f; js -c f run -- true", 0, "js: /"},
};

START_TEST(a_mistake_is_said_and_the_defaults_hold)
{
    line(mistakes[_i].line);
    fixture_expect_code(&result, mistakes[_i].code);
    ck_assert_int_eq(strncmp(result.err, mistakes[_i].err, strlen(mistakes[_i].err)), 0);
}
END_TEST

/* The log */

START_TEST(the_log_can_be_json)
{
    must("echo 'log-format = json' >file; JS_LOG=all js -c file run -- true; "
         "js run -d -- sleep 60; js kill 2; js server stop");
    must("jq -s 'all(.[]; .time and .program and .pid and .level and .text)' $JS_DIR/server.log");
    ck_assert_str_eq(result.out, "true\n");
    must("jq -c 'select(.program == \"holder\") | .job' $JS_DIR/server.log | sort -u");
    ck_assert_str_eq(result.out, "1\n2\n");
    must("jq -s '[.[] | select(.program == \"jsd\" and .topic == \"wire\")] | length > 5 and "
         "all(.[]; .client or .job)' $JS_DIR/server.log");
    ck_assert_str_eq(result.out, "true\n");
    must("js server start; tail -n 1 $JS_DIR/server.log | grep -c 'info js .* listens on'");
    ck_assert_str_eq(result.out, "1\n");
}
END_TEST

/* What a client sends is in the log as it can be read, and nothing else. */
START_TEST(the_log_has_no_control_bytes)
{
    must("JS_LOG=all js run -- printf '\\033]0;x\\007\\033[31m\\n' >out; "
         "js run -- true \"$(printf '\\033[2J\\t')\"; "
         "js server stop; LC_ALL=C grep -c '[[:cntrl:]]' $JS_DIR/server.log || true");
    ck_assert_str_eq(result.out, "0\n");
    must("grep -c 'x1b.2J' $JS_DIR/server.log");
}
END_TEST

START_TEST(topics_can_be_chosen)
{
    /* The server hears of the end when the client does, or a moment later. */
    must("JS_LOG=job js run -- true; "
         "until grep -q ' job .*has ended: exited' $JS_DIR/server.log; do :; done; "
         "grep -c ' job .*has ended: exited' $JS_DIR/server.log; "
         "grep -c ' wire ' $JS_DIR/server.log || true");
    ck_assert_str_eq(result.out, "1\n0\n");
}
END_TEST

/* What a job leaves behind */

static void start_with_leftovers(const char *policy)
{
    char text[256];
    snprintf(text, sizeof(text),
             "echo 'leftovers = %s' >file; js -c file run -- sh -c 'sleep 61 & echo left'", policy);
    must(text);
    ck_assert_str_eq(result.out, "left\n");
}

START_TEST(leftovers_are_hung_up)
{
    start_with_leftovers("hup");
    must("js show --json 1 | jq .jobs[0].leftovers");
    ck_assert_str_eq(result.out, "1\n");
    struct deadline deadline = deadline_default();
    while (fixture_count_processes(&fixture, "sleep 61") > 0 && !deadline_passed(deadline))
        continue;
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 61"), 0);
}
END_TEST

/* They outlive job, holder and terminal. */
START_TEST(leftovers_are_kept)
{
    start_with_leftovers("keep");
    must("js show --json 1 | jq .jobs[0].leftovers");
    ck_assert_str_eq(result.out, "1\n");
    must("js server stop; js run -- true; js wait 2");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 61"), 1);
    fixture.may_leave_orphans = true;
}
END_TEST

/* Also what ignores the hang-up and has gone into a session of its own: when the end is told, it is
 * gone. */
START_TEST(leftovers_are_killed)
{
    must("printf 'leftovers = kill\\ngrace = 200ms\\n' >file");
    must("js -c file run -- sh -c 'trap \"\" HUP TERM; sleep 61 & setsid sleep 61 & echo left'");
    ck_assert_str_eq(result.out, "left\n");
    ck_assert_uint_eq(fixture_count_processes(&fixture, "sleep 61"), 0);
    must("js show --json 1 | jq -c '.jobs[0].end | [.reason, .code]'");
    ck_assert_str_eq(result.out, "[\"exited\",0]\n");
    must("js -c file run -- true; js -c file run -- sh -c 'exit 3' || echo $?");
    ck_assert_str_eq(result.out, "3\n");
}
END_TEST

/* The environment */

START_TEST(the_environment_follows_the_rules)
{
    must("printf 'environment = -SECRET -AWS_* EDITOR=ed\\nenvironment = PAGER=\\n' >file");
    must("SECRET=1 AWS_KEY=2 AWSOME=3 EDITOR=vim js -c file run -- sh -c "
         "'echo ${SECRET-no} ${AWS_KEY-no} $AWSOME $EDITOR ${PAGER-no}.'");
    ck_assert_str_eq(result.out, "no no 3 ed .\n");
    /* What is asked for on the command line is what counts. */
    must("SECRET=1 js -c file run -e SECRET=4 -e EDITOR=em -u PAGER -- sh -c "
         "'echo $SECRET $EDITOR ${PAGER-no}'");
    ck_assert_str_eq(result.out, "4 em no\n");
    must("js -c file run --clean-env -- env | grep -c EDITOR || true");
    ck_assert_str_eq(result.out, "0\n");
    must("SECRET=1 js -c file run -d -- sh -c 'echo ${SECRET-no}'; js wait; js logs");
    ck_assert_str_eq(strchr(result.out, '\n') + 1, "no\r\n");
}
END_TEST

static Suite *configured_suite(void)
{
    Suite *suite = suite_create("configured");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    TCase *file = tcase_create("file");
    tcase_add_checked_fixture(file, world_begin, world_end);
    tcase_add_loop_test(file, a_file_can_be_named, 0, COUNT(ways));
    tcase_add_test(file, what_is_printed_can_be_read);
    tcase_add_test(file, the_variable_names_it_too);
    tcase_add_loop_test(file, a_mistake_is_said_and_the_defaults_hold, 0, COUNT(mistakes));
    suite_add_tcase(suite, file);

    TCase *log = tcase_create("log");
    tcase_add_checked_fixture(log, world_begin, world_end);
    tcase_add_test(log, the_log_can_be_json);
    tcase_add_test(log, the_log_has_no_control_bytes);
    tcase_add_test(log, topics_can_be_chosen);
    suite_add_tcase(suite, log);

    TCase *jobs = tcase_create("jobs");
    tcase_add_checked_fixture(jobs, world_begin, world_end);
    tcase_add_test(jobs, leftovers_are_hung_up);
    tcase_add_test(jobs, leftovers_are_kept);
    tcase_add_test(jobs, leftovers_are_killed);
    tcase_add_test(jobs, the_environment_follows_the_rules);
    suite_add_tcase(suite, jobs);
    return suite;
}

int main(void)
{
    return runner_run(configured_suite());
}
