/* Leaving the login session, with a systemd that is made of files and a shell script. */
#include "server/scope.h"

#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/runner.h"
#include "tests/harness/world.h"

static char root[128];

/* A machine on which everything is there: systemd runs, the user lingers and is in a session. */
static void begin(void)
{
    char text[160];
    fixture_init(&fixture);
    const struct passwd *user = getpwuid(geteuid());
    ck_assert_ptr_nonnull(user);
    fixture_setenv(&fixture, "LINGERING", user->pw_name);
    snprintf(root, sizeof(root), "%s/root", fixture.work);
    fixture_setenv(&fixture, "ROOT", root);
    must("mkdir -p root/run/systemd/system root/proc/self root/var/lib/systemd/linger "
         "root/xdg/systemd root/bin; : >root/xdg/systemd/private; "
         ": >root/var/lib/systemd/linger/$LINGERING; "
         "echo 0::/user.slice/user-1000.slice/session-3.scope >root/proc/self/cgroup; "
         ": >root/bin/systemd-run; chmod +x root/bin/systemd-run");
    snprintf(text, sizeof(text), "%s/xdg", root);
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", text, 1), 0);
    fixture_setenv(&fixture, "XDG_RUNTIME_DIR", text);
    snprintf(text, sizeof(text), "%s/bin", root);
    ck_assert_int_eq(setenv("PATH", text, 1), 0);
}

static const struct {
    const char *change;
    enum scope_place place;
} places[] = {
    {"true", SCOPE_LEAVE},
    /* Version 1 of cgroups, and something below the session. */
    {"printf '9:cpu:/\\n1:name=systemd:/user.slice/session-c12.scope/x\\n' >root/proc/self/cgroup",
     SCOPE_LEAVE},
    {"rm root/xdg/systemd/private; : >root/xdg/bus", SCOPE_LEAVE},
    {"rm root/xdg/systemd/private", SCOPE_SESSION},
    {"rm root/var/lib/systemd/linger/*", SCOPE_SESSION},
    {"rm root/bin/systemd-run", SCOPE_SESSION},
    {"chmod -x root/bin/systemd-run", SCOPE_SESSION},
    {"rmdir root/run/systemd/system", SCOPE_FINE},
    {"rm root/proc/self/cgroup", SCOPE_FINE},
    {"echo 0::/user.slice/user@1000.service/js-1.scope >root/proc/self/cgroup", SCOPE_FINE},
    {"echo 0::/system.slice/session-3.service >root/proc/self/cgroup", SCOPE_FINE},
    {"echo 0::/session- >root/proc/self/cgroup", SCOPE_FINE},
    {"echo 0::/ >root/proc/self/cgroup", SCOPE_FINE},
};

START_TEST(what_is_there_tells_where_to_be)
{
    must(places[_i].change);
    ck_assert_int_eq(scope_look(root), places[_i].place);
}
END_TEST

/* What stands for systemd-run, the text that tells of its failure, and how long it may take. */
static const struct {
    const char *script;
    const char *text; /* NULL: it works */
    int wait_ms;
} runners[] = {
    {"echo \"$@\" >>args; while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"", NULL, 10000},
    {"exit 4", "systemd-run failed with status 4", 10000},
    {"kill -9 $$", "systemd-run did not start the server", 10000},
    {"exec /bin/sleep 60", "systemd-run does not answer: Connection timed out", 50},
};

static void write_runner(const char *script)
{
    char text[512];
    snprintf(text, sizeof(text), "cat >root/bin/systemd-run <<'END'\n#!/bin/sh\n%s\nEND\n", script);
    must(text);
}

/* The new server is a script that says that it is there, and is gone. */
START_TEST(a_scope_is_made_or_the_reason_told)
{
    char text[256] = "", program[160];
    write_runner(runners[_i].script);
    must("cat >server <<'END'\n#!/bin/sh\necho \"$1 $2 $3\" >started\n"
         "printf + >/proc/self/fd/$4\nEND\nchmod +x server");
    snprintf(program, sizeof(program), "%s/server", fixture.work);
    ck_assert_int_eq(chdir(fixture.work), 0);
    int r = scope_start(program, 3, runners[_i].wait_ms, text, sizeof(text));
    if (runners[_i].text) {
        ck_assert_int_lt(r, 0);
        ck_assert_str_eq(text, runners[_i].text);
        line("cat started args");
        ck_assert_str_eq(result.out, "");
        return;
    }
    ck_assert_int_eq(r, 0);
    must("cat started; sed 's/js-[0-9]*-[0-9a-f]*/UNIT/; s/ -- .*//' args");
    ck_assert_str_eq(result.out, "--ready-fd 3 --scope-fd\n"
                                 "--user --scope --quiet --collect -p Delegate=yes --unit=UNIT\n");
}
END_TEST

#define START                                                                                      \
    "PATH=$ROOT/bin:$PATH; jsd --system-root $ROOT --ready-fd 3 3>ready >/dev/null 2>&1 &"         \
    "until test -s ready; do :; done; cat ready; echo; "                                           \
    "js run -- echo works; grep -c 'login session' $JS_DIR/server.log; "

/* js is told by whoever serves in the end; the server that gave way is gone. */
START_TEST(a_server_moves)
{
    write_runner(runners[0].script);
    line(START "wait $!; echo $?; grep -c -- '--unit=' args");
    ck_assert_str_eq(result.out, "+\nworks\n0\n0\n1\n");
}
END_TEST

START_TEST(a_server_that_cannot_move_stays)
{
    write_runner(runners[1].script);
    line(START "grep -c 'failed with status 4' $JS_DIR/server.log; js server stop; wait $!; "
               "echo $?");
    ck_assert_str_eq(result.out, "+\nworks\n1\n1\n0\n");
}
END_TEST

static Suite *scope_suite(void)
{
    Suite *suite = suite_create("scope");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    TCase *scope = tcase_create("scope");
    tcase_add_checked_fixture(scope, begin, world_end);
    tcase_add_loop_test(scope, what_is_there_tells_where_to_be, 0, COUNT(places));
    tcase_add_loop_test(scope, a_scope_is_made_or_the_reason_told, 0, COUNT(runners));
    tcase_add_test(scope, a_server_moves);
    tcase_add_test(scope, a_server_that_cannot_move_stays);
    suite_add_tcase(suite, scope);
    return suite;
}

int main(void)
{
    return runner_run(scope_suite());
}
