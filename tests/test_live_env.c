/* The live environment: a job's links follow the newest client, and js env tells what it has. */
#include "tests/harness/await.h"
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUS "DBUS_SESSION_BUS_ADDRESS"

static void begin(void)
{
    fixture_init(&fixture);
    fixture_setenv(&fixture, "XDG_RUNTIME_DIR", "/xdg");
}

/* The link of that name of job 1 leads there. */
static void expect_link(const char *name, const char *target)
{
    char path[256], found[256];
    snprintf(path, sizeof(path), "%s/jobs/1/%s", fixture.run_dir, name);
    ssize_t n = readlink(path, found, sizeof(found) - 1);
    ck_assert_msg(n > 0, "no link %s", path);
    found[n] = '\0';
    ck_assert_str_eq(found, target);
}

/* Attaches to job 1 with an option (or "1" once more) and leaves it again. */
static void attach(const char *option)
{
    struct program client;
    fixture_start(&fixture, &client, fixture.js, "fg", option, "--", "1", NULL);
    jobs_await_viewers(&fixture, "1", 1);
    must("js detach 1");
    program_must_end(&client, deadline_default());
    ck_assert_int_eq(program_exit_code(&client), 0);
    program_finish(&client);
}

START_TEST(a_job_finds_links_in_its_environment)
{
    char expected[1024];
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.1");
    fixture_setenv(&fixture, "XAUTHORITY", "/tmp/xauth");
    fixture_setenv(&fixture, "WAYLAND_DISPLAY", "wayland-7");
    fixture_setenv(&fixture, BUS, "unix:path=/tmp/a%20bus,guid=12");
    fixture_setenv(&fixture, "DISPLAY", ":7");
    snprintf(expected, sizeof(expected),
             "%s/jobs/1/SSH_AUTH_SOCK\n%s/jobs/1/XAUTHORITY\n%s/jobs/1/WAYLAND_DISPLAY\n"
             "unix:path=%s/jobs/1/" BUS "\n:7\n",
             fixture.run_dir, fixture.run_dir, fixture.run_dir, fixture.run_dir);
    must_print_only(
        "js run -- sh -c 'echo $SSH_AUTH_SOCK; echo $XAUTHORITY; echo $WAYLAND_DISPLAY; "
        "echo $" BUS "; echo $DISPLAY'",
        expected);
    must_print_only("js run -- sh -c 'readlink $SSH_AUTH_SOCK $XAUTHORITY $WAYLAND_DISPLAY "
                    "${" BUS "#unix:path=}'",
                    "/tmp/agent.1\n/tmp/xauth\n/xdg/wayland-7\n/tmp/a bus\n");
}
END_TEST

/* They are there before the program can look, and nothing of them stays. */
START_TEST(the_links_live_as_long_as_the_job)
{
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.1");
    must_print_only(
        "for i in $(seq 20); do js run -- sh -c 'readlink $SSH_AUTH_SOCK'; done | uniq -c",
        "     20 /tmp/agent.1\n");
    must("js run -d -- pty_child hold; js kill 21");
    fixture_shell_line(&fixture, &result, "js run -- /nope");
    fixture_expect_code(&result, 127);
    for (int id = 1; id <= 22; id++) {
        char dir[128];
        snprintf(dir, sizeof(dir), "%s/jobs/%d", fixture.run_dir, id);
        ck_assert_int_eq(await_no_path(dir, deadline_default()), 0);
    }
}
END_TEST

START_TEST(what_is_no_path_is_left_alone)
{
    must_print_only("SSH_AUTH_SOCK=relative XAUTHORITY= js run -- sh -c 'echo [$SSH_AUTH_SOCK]"
                    "[$XAUTHORITY]'",
                    "[relative][]\n");
    must_print_only(BUS "=unix:abstract=/tmp/x js run -- sh -c 'echo $" BUS "'",
                    "unix:abstract=/tmp/x\n");
    must_print_only("js run -- sh -c 'echo ${SSH_AUTH_SOCK-unset}${DISPLAY-unset}'",
                    "unsetunset\n");
    must_print_only(
        "env -u XDG_RUNTIME_DIR WAYLAND_DISPLAY=w js run -- sh -c 'echo $WAYLAND_DISPLAY'", "w\n");
}
END_TEST

START_TEST(the_links_follow_the_newest_client)
{
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.1");
    fixture_setenv(&fixture, BUS, "unix:path=/tmp/bus.1");
    must("js run -d -- pty_child hold");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.1");
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.2");
    fixture_setenv(&fixture, BUS, "unix:path=/tmp/bus.2");
    attach("--share");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.2");
    expect_link(BUS, "/tmp/bus.2");
    /* Who has none leaves them as they are; who only looks does not count. */
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", NULL);
    fixture_setenv(&fixture, BUS, "unix:path=/tmp/bus.3");
    attach("--steal");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.2");
    expect_link(BUS, "/tmp/bus.3");
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.4");
    attach("--watch");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.2");
    /* What never was there at the start can come later. */
    fixture_setenv(&fixture, "XAUTHORITY", "/tmp/xauth");
    attach("--share");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.4");
    expect_link("XAUTHORITY", "/tmp/xauth");
    /* One that has been swept away is there again. */
    must("rm $JS_DIR/jobs/1/*_*");
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", NULL);
    attach("--share");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.4");
    expect_link(BUS, "/tmp/bus.3");
    /* Something else in the way is replaced, as xauth(1) puts a file there. */
    must("rm $JS_DIR/jobs/1/XAUTHORITY; echo >$JS_DIR/jobs/1/XAUTHORITY");
    attach("--share");
    expect_link("XAUTHORITY", "/tmp/xauth");
    char dir[128];
    snprintf(dir, sizeof(dir), "%s/jobs/1", fixture.run_dir);
    must("js kill 1");
    ck_assert_int_eq(await_no_path(dir, deadline_default()), 0);
}
END_TEST

/* A reader of the link finds one target or the other, never none. */
START_TEST(a_link_is_changed_at_once)
{
    struct program reader;
    must("echo one >agent.1; echo two >agent.2");
    must("SSH_AUTH_SOCK=$PWD/agent.1 js run -d -- pty_child hold");
    fixture_start(&fixture, &reader, "/bin/sh", "-c",
                  "echo ready; while [ ! -e stop ]; do read x <$JS_DIR/jobs/1/SSH_AUTH_SOCK || "
                  "echo failed; done",
                  NULL);
    program_expect(&reader, "ready", deadline_default());
    for (int i = 0; i < 10; i++) {
        char agent[128];
        snprintf(agent, sizeof(agent), "%s/agent.%d", fixture.work, 1 + i % 2);
        fixture_setenv(&fixture, "SSH_AUTH_SOCK", agent);
        attach("--share");
    }
    must("touch stop");
    program_must_end(&reader, deadline_default());
    ck_assert_uint_eq(reader.out.all.len, strlen("ready\n"));
    ck_assert_uint_eq(reader.err.all.len, 0);
    program_finish(&reader);
}
END_TEST

START_TEST(what_was_asked_for_stays)
{
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.1");
    fixture_setenv(&fixture, "DISPLAY", ":7");
    must("js run -d -e SSH_AUTH_SOCK=/mine -u DISPLAY -- sh -c 'echo $SSH_AUTH_SOCK; pty_child "
         "hold'; js env 1");
    ck_assert_str_eq(result.out, "1\nunset SSH_CONNECTION\nunset XAUTHORITY\n"
                                 "unset WAYLAND_DISPLAY\nunset " BUS "\nunset KRB5CCNAME\n");
    fixture_js_until(&fixture, &result, "/mine\r\n", "logs", "1", NULL);
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.2");
    attach("--share");
    must("ls $JS_DIR/jobs/1");
    ck_assert_str_eq(result.out, "sock\n");
    must("js run -d --clean-env -- pty_child hold; js env 2; js env --json 2");
    ck_assert_str_eq(result.out, "2\n{\"version\":1,\"id\":2,\"env\":{}}\n");
}
END_TEST

/* js env */

START_TEST(env_tells_what_the_newest_client_has)
{
    fixture_setenv(&fixture, "DISPLAY", ":7");
    must("js run -d -- pty_child hold");
    fixture_setenv(&fixture, "DISPLAY", NULL);
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/it's $HOME `x` \\");
    fixture_setenv(&fixture, "SSH_CONNECTION", "::1 9 ::1 22");
    attach("--share");
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/not/this");
    must_print_only(
        "DISPLAY=:9 SSH_CONNECTION=; eval \"$(js env)\"; printf '%s\\n' \"$SSH_AUTH_SOCK\" "
        "\"${DISPLAY-unset}\" \"$SSH_CONNECTION\"",
        "/tmp/it's $HOME `x` \\\nunset\n::1 9 ::1 22\n");
    must_print_only("js env --fish 1 | head -n 3",
                    "set -gx SSH_AUTH_SOCK '/tmp/it\\'s $HOME `x` \\\\'\n"
                    "set -gx SSH_CONNECTION '::1 9 ::1 22'\n"
                    "set -e DISPLAY\n");
    char expected[256];
    snprintf(expected, sizeof(expected), "%s/jobs/1/SSH_AUTH_SOCK\n", fixture.run_dir);
    must_print_only("eval \"$(js env --links 1)\"; echo $SSH_AUTH_SOCK", expected);
    must_print_only(
        "js env --json | jq -r '.id, .env.SSH_AUTH_SOCK.value, .env.SSH_CONNECTION.in_job, "
        ".env.DISPLAY.value'",
        "1\n/tmp/it's $HOME `x` \\\n::1 9 ::1 22\nnull\n");
    must("js env --json | jq -r .env.SSH_AUTH_SOCK.in_job");
    ck_assert_str_eq(result.out, expected);
}
END_TEST

/* A value is there to be executed: what could not be told on one line is not told. */
START_TEST(env_tells_nothing_that_breaks_a_line)
{
    must("DISPLAY=\"$(printf 'a\\nb')\" SSH_AUTH_SOCK=\"$(printf '/a\\nb')\" js run -d -- sh -c "
         "'echo \"$DISPLAY\"; pty_child hold'; js env 1 | grep -E 'DISPLAY|AUTH_SOCK'");
    ck_assert_str_eq(result.out, "1\nunset SSH_AUTH_SOCK\nunset DISPLAY\nunset WAYLAND_DISPLAY\n");
    fixture_js_until(&fixture, &result, "a\r\nb\r\n", "logs", "1", NULL); /* the job has it still */
}
END_TEST

START_TEST(env_in_a_job_is_about_that_job)
{
    must("DISPLAY=:1 js run -d -- pty_child hold; DISPLAY=:2 js run -d -- pty_child hold");
    must_print_only("DISPLAY=:3 js run -- js env | grep 'DISPLAY='", "export DISPLAY=':3'\n");
    must_print_only("DISPLAY=:3 js run -- js env 1 | grep 'DISPLAY='", "export DISPLAY=':1'\n");
}
END_TEST

START_TEST(env_of_no_live_job_is_an_error)
{
    fixture_js(&fixture, &result, "env", NULL);
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: there is no current job\n");
    must("js run -- true");
    fixture_js(&fixture, &result, "env", "1", NULL);
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, "js: job 1 exited (0); its output: js logs 1\n");
    fixture_js(&fixture, &result, "env", "1", "2", NULL);
    fixture_expect_code(&result, 2);
    fixture_js(&fixture, &result, "env", "--json", "--fish", NULL);
    fixture_expect_code(&result, 2);
}
END_TEST

/* Jobs in jobs: the inner one follows the outer one's links, and never in a circle. */
START_TEST(a_job_in_a_job_follows_it)
{
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.1");
    must("js run -d -- sh -c 'js run -d -- pty_child hold; pty_child hold'");
    jobs_await_state(&fixture, "2", "running");
    char outer[128];
    snprintf(outer, sizeof(outer), "%s/jobs/1/SSH_AUTH_SOCK", fixture.run_dir);
    must("readlink $JS_DIR/jobs/2/SSH_AUTH_SOCK | tr -d '\\n'");
    ck_assert_str_eq(result.out, outer);
    char inner[128];
    snprintf(inner, sizeof(inner), "%s/jobs/2/SSH_AUTH_SOCK", fixture.run_dir);
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", inner);
    attach("--share");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.1");
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", outer);
    attach("--share");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.1");
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.2");
    attach("--share");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.2");
}
END_TEST

/* The holder has it all: a new server changes nothing. */
START_TEST(the_live_environment_outlives_the_server)
{
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.1");
    must("js run -d -- pty_child hold");
    ck_assert(fixture_kill_server(&fixture, SIGKILL));
    must_print_only("js env 1 | head -n 1", "export SSH_AUTH_SOCK='/tmp/agent.1'\n");
    expect_link("SSH_AUTH_SOCK", "/tmp/agent.1");
}
END_TEST

/* A holder that was killed could not take its links away: the server does. */
START_TEST(a_dead_holders_links_are_removed)
{
    char dir[128];
    fixture.may_leave_orphans = true;
    fixture_setenv(&fixture, "SSH_AUTH_SOCK", "/tmp/agent.1");
    must("js run -d -- pty_child hold; ln -s / $JS_DIR/jobs/1/SSH_AUTH_SOCK.new");
    must("kill -9 $(js show 1 | sed -n 's/^holder *//p')");
    snprintf(dir, sizeof(dir), "%s/jobs/1", fixture.run_dir);
    ck_assert_int_eq(await_no_path(dir, deadline_default()), 0);
    jobs_await_state(&fixture, "1", "ended");
}
END_TEST

static Suite *live_env_suite(void)
{
    Suite *suite = suite_create("live_env");
    TCase *links = tcase_create("links");
    TCase *env = tcase_create("env");
    tcase_add_checked_fixture(links, begin, world_end);
    tcase_add_test(links, a_job_finds_links_in_its_environment);
    tcase_add_test(links, the_links_live_as_long_as_the_job);
    tcase_add_test(links, what_is_no_path_is_left_alone);
    tcase_add_test(links, the_links_follow_the_newest_client);
    tcase_add_test(links, a_link_is_changed_at_once);
    tcase_add_test(links, what_was_asked_for_stays);
    tcase_add_test(links, a_job_in_a_job_follows_it);
    tcase_add_test(links, the_live_environment_outlives_the_server);
    tcase_add_test(links, a_dead_holders_links_are_removed);
    suite_add_tcase(suite, links);
    tcase_add_checked_fixture(env, begin, world_end);
    tcase_add_test(env, env_tells_what_the_newest_client_has);
    tcase_add_test(env, env_tells_nothing_that_breaks_a_line);
    tcase_add_test(env, env_in_a_job_is_about_that_job);
    tcase_add_test(env, env_of_no_live_job_is_an_error);
    suite_add_tcase(suite, env);
    return suite;
}

int main(void)
{
    return runner_run(live_env_suite());
}
