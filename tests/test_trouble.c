/* A world that is not as it should be: each time a message that says what, on what, why and what
 * to do, and jobs that go on wherever they can. */
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static char disk[PATH_MAX]; /* a file system of its own, "" = there is none */

static void begin(void)
{
    fixture_init(&fixture);
    disk[0] = '\0';
}

static void end(void)
{
    if (disk[0])
        ck_assert_int_eq(umount2(disk, MNT_DETACH), 0);
    fixture_result_finish(&result);
    fixture_finish(&fixture);
}

/* A small disk, for this test's processes alone, with the state directory on it. Only root can. */
static bool have_disk(const char *options)
{
    char path[PATH_MAX], state[PATH_MAX + 8];
    snprintf(path, sizeof(path), "%s/disk", fixture.work);
    must("mkdir disk");
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", path, "tmpfs", 0, options) < 0)
        return false;
    strcpy(disk, path);
    snprintf(state, sizeof(state), "%s/state", disk);
    fixture_setenv(&fixture, "JS_STATE_DIR", state);
    return true;
}

static void expect_err(const char *expected)
{
    ck_assert_msg(strstr(result.err, expected) != NULL, "no '%s' in '%s'", expected, result.err);
}

static void expect_warning(const char *job, const char *expected)
{
    char text[128];
    snprintf(text, sizeof(text), "js show --json %s | jq -r '.jobs[0].warning'", job);
    must(text);
    ck_assert_msg(strstr(result.out, expected) != NULL, "no '%s' in '%s'", expected, result.out);
}

/* A full disk */

START_TEST(on_a_full_disk_jobs_run)
{
    if (!have_disk("size=64k"))
        return;
    must("js run -- true; dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null || true");
    line("js run -- sh -c 'echo hi; exit 3'");
    fixture_expect_code(&result, 3);
    ck_assert_str_eq(result.out, "hi\n");
    expect_err("js: job 2: its record is not saved in ");
    expect_err("/disk/state/jobs/2: No space left on device; ");
    must("js run -d -- seq 1 9999");
    ck_assert_str_eq(result.out, "3\n");
    expect_err("No space left on device");
    must("js wait 3");
    expect_warning("3", "No space left on device");
    must("js ls -a --json | jq -c '[.jobs[] | [.id, .end.code]]'");
    ck_assert_str_eq(result.out, "[[1,0],[2,3],[3,0]]\n");
    /* With room again everything is as it was. */
    must("rm disk/fill; js run -- echo again; js logs 4; js show --json 4 | jq .jobs[0].warning");
    ck_assert_str_eq(result.out, "again\nagain\nnull\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

/* A disk that fills up under a job: what could not be written is a gap, and is said. */
START_TEST(a_disk_that_fills_up_costs_output_only)
{
    if (!have_disk("size=256k"))
        return;
    must("mkfifo go; js run -d -- sh -c 'echo start; read x <go; seq 1 100000; echo end; exit 5'; "
         "until js logs 1 | grep -q start; do :; done; "
         "dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null || true; echo >go");
    line("js wait 1");
    fixture_expect_code(&result, 5);
    expect_warning("1", "some of its output is not in the log, in ");
    expect_warning("1", "/disk/state/jobs/1: No space left on device");
    must("rm disk/fill; js logs 1 >out; js run -- echo again; js logs 2");
    ck_assert_str_eq(result.out, "again\nagain\n");
}
END_TEST

/* No file may grow: as good as a full disk, and anybody can have it. The server's own files too. */
START_TEST(where_no_file_may_grow_jobs_run)
{
    line("ulimit -f 0; js run -- sh -c 'echo hi; exit 3'");
    fixture_expect_code(&result, 3);
    ck_assert_str_eq(result.out, "hi\n");
    expect_err(": its record is not saved in ");
    expect_err(": File too large; ");
    must("js run -d -- sleep 60; js ls --json | jq '.jobs | length'");
    ck_assert_str_eq(result.out, "2\n1\n");
    must("js kill 2; js server status --json | jq -r .server.state");
    ck_assert_str_eq(result.out, "running\n");
    /* Without a record on the disk the next server has only what is in a log. */
    must("js server restart; js ls -a --json | jq -c .jobs");
    ck_assert_str_eq(result.out, "[]\n");
}
END_TEST

/* A state directory that cannot be used */

#define MISPLACED ": its record and log are in "

/* Whatever is wrong with it, the job runs, is listed and logged, and survives a new server. */
static void expect_misplaced(const char *setup, const char *why)
{
    if (setup)
        must(setup);
    line("js run -- sh -c 'echo hi; exit 3'");
    fixture_expect_code(&result, 3);
    ck_assert_str_eq(result.out, "hi\n");
    expect_err(MISPLACED);
    expect_err("/run/state for now, which may not outlive a restart of the machine: ");
    expect_err(why);
    must("js run -d -- sleep 60");
    expect_err(why);
    must("js server restart; js ls -a --json | jq -c '[.jobs[-2:][] | [.state, .end.code]]'");
    ck_assert_str_eq(result.out, "[[\"ended\",3],[\"running\",null]]\n");
    must("js logs $(js ls -a --json | jq '.jobs[-2].id')");
    ck_assert_str_eq(result.out, "hi\n");
    must("js show | grep -c '^log .*/run/state/jobs/'; js kill; js rm $(js ls -a --json | jq "
         "'.jobs[-2:][].id')");
    ck_assert_uint_eq(fixture_count_entries(&fixture, "run/state/jobs"), 0);
}

static const struct {
    const char *setup;
    const char *why;
} unusable[] = {
    {"echo file >$JS_STATE_DIR", "/state is in the way: it is not a directory; remove it or set "
                                 "JS_STATE_DIR\n"},
    {"mkdir -m 755 $JS_STATE_DIR",
     "/state is open to other users (mode 0755): chmod 700 it, or set "
     "JS_STATE_DIR\n"},
    {"ln -s /tmp $JS_STATE_DIR", "/state is in the way: it is not a directory; "},
    {"mkdir -m 700 $JS_STATE_DIR; echo file >$JS_STATE_DIR/jobs", "/state/jobs is in the way: "},
};

START_TEST(without_a_state_directory_jobs_run)
{
    expect_misplaced(unusable[_i].setup, unusable[_i].why);
    must("js server status --json | jq -r .server.warning");
    ck_assert_ptr_nonnull(strstr(result.out, "JS_STATE_DIR"));
    /* It is only looked at when a server starts. */
    must("rm -f $JS_STATE_DIR $JS_STATE_DIR/jobs 2>/dev/null; rmdir $JS_STATE_DIR 2>/dev/null; "
         "js server restart; js run -- true; js server status --json | jq .server.warning");
    ck_assert_str_eq(result.out, "null\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

START_TEST(a_state_directory_that_cannot_be_made_is_told)
{
    fixture_setenv(&fixture, "JS_STATE_DIR", "/proc/none/state");
    expect_misplaced(NULL, "cannot make the directory /proc/none/state: No such file or directory; "
                           "set JS_STATE_DIR to another one\n");
}
END_TEST

START_TEST(on_a_read_only_disk_jobs_run)
{
    bool root = geteuid() == 0;
    if (root && !have_disk("size=1m"))
        return;
    must("js run -- true; js run -- true; js ls");
    struct deadline deadline = deadline_default();
    if (!root)
        must("chmod 500 $JS_STATE_DIR/jobs");
    else /* a holder that has told its job's end may still have its lock open */
        while (mount("none", disk, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
            ck_assert(errno == EBUSY && !deadline_passed(deadline));
    expect_misplaced(NULL, root ? "/disk/state: Read-only file system\n" : ": Permission denied\n");
    /* What was there before is there. */
    must("js ls -a --json | jq -c '[.jobs[].id]'; js wait 1");
    ck_assert_str_eq(result.out, "[1,2]\n");
    if (root)
        ck_assert_int_eq(mount("none", disk, NULL, MS_REMOUNT, NULL), 0);
    else
        must("chmod 700 $JS_STATE_DIR/jobs");
    must("js run -- echo again");
    ck_assert_str_eq(result.err, "");
}
END_TEST

/* Few descriptors */

START_TEST(with_32_descriptors_jobs_run)
{
    must("ulimit -n 32; js run -- echo hi; js run -d -- sleep 60; js run -d -- sleep 60; js ls "
         "--json | jq '.jobs | length'; js kill 2 3");
    ck_assert_str_eq(result.out, "hi\n2\n3\n2\n");
    must("js server status --json | jq -r .server.state");
    ck_assert_str_eq(result.out, "running\n");
}
END_TEST

static const struct {
    const char *line;
    const char *err;
} few_descriptors[] = {
    {"ulimit -n 10; js run -- true",
     "js: js may open 10 files only (ulimit -n): it needs 16; raise the limit and try again\n"},
    {"ulimit -n 20; js run -- true",
     "js: the server may open 20 files only (ulimit -Hn): it needs 24, and one more for each job; "
     "raise the limit and try again\n"},
};

START_TEST(too_few_descriptors_are_told)
{
    line(few_descriptors[_i].line);
    fixture_expect_code(&result, 125);
    ck_assert_str_eq(result.err, few_descriptors[_i].err);
    must("js run -- echo works");
}
END_TEST

/* Directories that are not there, or too long */

/* As a user that nobody knows of, in a world of its own; root only. */
#define AS_STRANGER                                                                                \
    "d=$(mktemp -d /tmp/js-XXXXXX); cp $JS_TEST_BINDIR/js $JS_TEST_BINDIR/jsd $d; "                \
    "chown -R 54321:54321 $d; cd $d; unset JS_DIR JS_STATE_DIR XDG_RUNTIME_DIR HOME USER "         \
    "LOGNAME; "                                                                                    \
    "export PATH=$d:/usr/bin:/bin; as='setpriv --reuid 54321 --regid 54321 --clear-groups'; "

START_TEST(without_a_home_js_says_what_to_do)
{
    if (geteuid() != 0)
        return;
    line(AS_STRANGER "$as js run -- echo hi; echo $?; JS_STATE_DIR=$d/s $as js run -- echo hi; "
                     "echo $?; ls -d /tmp/js-54321; XDG_STATE_HOME=$d/x $as js server restart; "
                     "XDG_STATE_HOME=$d/x $as js run -- echo ho; ls x/js/jobs; "
                     "JS_STATE_DIR=$d/s $as js server stop; rm -rf $d /tmp/js-54321");
    ck_assert_str_eq(result.err,
                     "js: there is no home directory for logs and records: set JS_STATE_DIR\n");
    ck_assert_str_eq(result.out, "125\nhi\n0\n/tmp/js-54321\nho\n1\n");
}
END_TEST

START_TEST(somebody_elses_server_is_not_used)
{
    if (geteuid() != 0)
        return;
    must("js run -d -- sleep 60; chmod 755 $JS_DIR $JS_DIR/.. $JS_DIR/../..; chmod 666 "
         "$JS_DIR/sock");
    line("export HOME=/nonexistent; d=$(mktemp -d /tmp/js-XXXXXX); cp $JS_TEST_BINDIR/js $d; "
         "chmod 755 $d; cd $d; setpriv --reuid 54321 --regid 54321 --clear-groups $d/js ls; "
         "echo $?; rm -rf $d");
    ck_assert_str_eq(result.out, "125\n");
    expect_err("/run belongs to user 0, not to you: remove it or set JS_DIR\n");
    must("chmod 700 $JS_DIR; js ls --json | jq '.jobs | length'; js kill");
    ck_assert_str_eq(result.out, "1\n");
}
END_TEST

START_TEST(a_long_tmpdir_does_not_matter)
{
    must("export TMPDIR=/tmp/$(printf '%0200d' 7); js run -- sh -c 'echo ${#TMPDIR}'; "
         "js run -d -- true; js wait");
    ck_assert_str_eq(result.out, "205\n2\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

START_TEST(a_long_runtime_directory_is_told)
{
    line("unset JS_DIR; export XDG_RUNTIME_DIR=/tmp/$(printf '%0200d' 7); js run -- true");
    fixture_expect_code(&result, 125);
    expect_err("js: the runtime directory /tmp/000");
    expect_err(
        "/js is too long for a Unix socket (86 bytes at most): set JS_DIR to a shorter one\n");
}
END_TEST

static Suite *trouble_suite(void)
{
    Suite *suite = suite_create("trouble");
#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))
    TCase *full = tcase_create("full");
    tcase_add_checked_fixture(full, begin, end);
    tcase_add_test(full, on_a_full_disk_jobs_run);
    tcase_add_test(full, a_disk_that_fills_up_costs_output_only);
    tcase_add_test(full, where_no_file_may_grow_jobs_run);
    suite_add_tcase(suite, full);

    TCase *state = tcase_create("state");
    tcase_add_checked_fixture(state, begin, end);
    tcase_add_loop_test(state, without_a_state_directory_jobs_run, 0, COUNT(unusable));
    tcase_add_test(state, a_state_directory_that_cannot_be_made_is_told);
    tcase_add_test(state, on_a_read_only_disk_jobs_run);
    suite_add_tcase(suite, state);

    TCase *descriptors = tcase_create("descriptors");
    tcase_add_checked_fixture(descriptors, begin, end);
    tcase_add_test(descriptors, with_32_descriptors_jobs_run);
    tcase_add_loop_test(descriptors, too_few_descriptors_are_told, 0, COUNT(few_descriptors));
    suite_add_tcase(suite, descriptors);

    TCase *places = tcase_create("places");
    tcase_add_checked_fixture(places, begin, end);
    tcase_add_test(places, without_a_home_js_says_what_to_do);
    tcase_add_test(places, somebody_elses_server_is_not_used);
    tcase_add_test(places, a_long_tmpdir_does_not_matter);
    tcase_add_test(places, a_long_runtime_directory_is_told);
    suite_add_tcase(suite, places);
    return suite;
}

int main(void)
{
    return runner_run(trouble_suite());
}
