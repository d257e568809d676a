/* Commands about several jobs: chosen by labels and other conditions, each tried, prune, the pager.
 */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its exit code, stdout and stderr. */
static void expect(const char *text, int code, const char *out, const char *err)
{
    line(text);
    ck_assert_str_eq(result.err, err);
    ck_assert_str_eq(result.out, out);
    fixture_expect_code(&result, code);
}

/* 1 and 2 run, 3 failed, 4 ended well; the first three have labels. */
static void begin_with_jobs(void)
{
    world_begin();
    must("js run -d -n web-1 -l app=web -l tier=1 sleep 600; js run -d -l app=db -l tier=1 sleep "
         "600; js run -d -n web-2 -l app=web -- sh -c 'echo out; exit 3'; js run -d true; "
         "js wait 3 4");
}

#define IDS " --json | jq -c '[.jobs[].id]'"

static const struct {
    const char *line;
    const char *ids;
} lists[] = {
    {"js ls", "[1,2]\n"},
    {"js ls -l app=web", "[1]\n"},
    {"js ls -a -l app=web", "[1,3]\n"},
    {"js ls -a -l app!=web", "[2,4]\n"},
    {"js ls -a -l app -l tier!=1", "[3]\n"},
    {"js ls -l app=web 2 1", "[1]\n"},
    {"js ls -l nobody", "[]\n"},
    {"js ls --failed", "[3]\n"},
    {"js ls --state ended", "[3,4]\n"},
    {"js ls --state running,stopped", "[1,2]\n"},
    {"js ls -a --state live", "[1,2]\n"},
    {"js ls -a -n 'web-*'", "[1,3]\n"},
    {"js ls --name 'web-*'", "[1]\n"},
    {"js ls -a --limit 2", "[3,4]\n"},
    {"js ls -a --limit 0", "[]\n"},
    {"js ls -a --limit 99", "[1,2,3,4]\n"},
};

START_TEST(ls_lists_what_fits)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s" IDS, lists[i].line);
        expect(text, 0, lists[i].ids, "");
    }
}
END_TEST

struct test_case {
    const char *line;
    int code;
    const char *out, *err;
};

/* Each leaves everything as it was. */
static const struct test_case cases[] = {
    /* What nothing fits is as when there is no such job. */
    {"js kill -l app=mail", 125, "", "js: no job fits -l app=mail\n"},
    {"js wait -l app=web -l tier=2", 125, "", "js: no job fits -l app=web -l tier=2\n"},
    {"js logs -l nobody", 125, "", "js: no job fits -l nobody\n"},
    {"js rm -l tier=1", 125, "", "js: no job fits -l tier=1\n"}, /* they run */
    {"js kill -l app=web 2", 125, "", "js: no job fits -l app=web\n"},
    {"js ls -l app=mail", 0, "", ""},
    /* Mistakes. */
    {"js ls -l '!x'", 2, "", "js: ls: --label '!x': write NAME=VALUE, NAME!=VALUE or NAME\n"},
    {"js stop -l ''", 2, "", "js: stop: --label '': write NAME=VALUE, NAME!=VALUE or NAME\n"},
    {"js rm", 2, "", "js: rm: name the jobs to forget, or --all; see js ls -a\n"},
    {"js rm --all 3", 2, "", "js: rm: either --all or the jobs to forget\n"},
    {"js prune --ok --failed", 2, "", "js: prune: either --failed or --ok\n"},
    {"js logs -f -l app", 2, "", "js: logs: --follow and --cast are for one job at a time\n"},
    /* Each of several jobs is tried, and told. */
    {"js kill 4 4", 0, "", "js: job 4 already exited (0)\njs: job 4 already exited (0)\n"},
    {"js kill 4 77 3", 1, "",
     "js: job 4 already exited (0)\njs: no job 77\njs: job 3 already exited (3)\n"},
    {"js kill 77", 125, "", "js: no job 77\n"},
    {"js stop 3 77; echo $?", 0, "1\n",
     "js: job 3 exited (3); its output: js logs 3\njs: no job 77\n"},
    {"js cont 1 2 77", 1, "",
     "js: job 1 is running already\njs: job 2 is running already\njs: no job 77\n"},
    {"js detach 77 1", 1, "", "js: no job 77\njs: job 1 was attached nowhere\n"},
    /* The logs of several jobs. */
    {"js logs -l app=web --plain", 0,
     "==> job 1: sleep 600 <==\n\n==> job 3: sh -c 'echo out; exit 3' <==\nout\n", ""},
    {"js logs --plain 3 4", 0,
     "==> job 3: sh -c 'echo out; exit 3' <==\nout\n\n==> job 4: true <==\n", ""},
    {"js logs --wait --plain 3", 0, "out\n", ""},
    /* The status of those that are waited for. */
    {"js wait -l app=web -l tier!=1", 3, "", ""},
    {"js wait 3 4", 0, "", ""},
    {"js wait --any -l app", 3, "", ""},
    /* A job is no command. */
    {"js 3", 2, "", "js: no such command: '3'; js fg 3?\n"},
    {"js %+", 2, "", "js: no such command: '%+'; js fg %+?\n"},
};

START_TEST(a_command_about_several_jobs)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(cases[i].line, cases[i].code, cases[i].out, cases[i].err);
}
END_TEST

/* Those that leave something else behind: each in a world of its own. */
static const struct test_case removals[] = {
    {"js rm 77 4 1", 1, "", "js: no job 77\njs: job 1 is running: end it first (js kill 1)\n"},
    {"js prune --older 1h", 0, "", "js: no ended job fits: nothing to forget\n"},
    {"js prune --older 0 --ok", 0, "", "js: 1 job forgotten\n"},
    {"js prune --failed; js ls -a" IDS, 0, "[1,2,4]\n", "js: 1 job forgotten\n"},
    {"js prune -l app; js ls -a" IDS, 0, "[1,2,4]\n", "js: 1 job forgotten\n"},
    {"js prune; js prune; js ls -a" IDS, 0, "[1,2]\n",
     "js: 2 jobs forgotten\njs: no ended job fits: nothing to forget\n"},
    {"js prune --dry-run | awk '{print $1}'; js ls -a" IDS, 0, "ID\n3\n4\n[1,2,3,4]\n", ""},
    {"js rm --all; js rm --all; js ls -a" IDS, 0, "[1,2]\n",
     "js: 2 jobs forgotten\njs: no ended job fits: nothing to forget\n"},
    {"js rm --all -l app; js ls -a" IDS, 0, "[1,2,4]\n", "js: 1 job forgotten\n"},
    {"js rm -l app; js ls -a" IDS, 0, "[1,2,4]\n", ""},
};

START_TEST(ended_jobs_are_forgotten)
{
    expect(removals[_i].line, removals[_i].code, removals[_i].out, removals[_i].err);
}
END_TEST

START_TEST(all_that_fit_are_stopped_continued_and_killed)
{
    must("js stop -l tier=1; js ls --state stopped" IDS);
    ck_assert_str_eq(result.out, "[1,2]\n");
    must("js cont -l app=web; js ls --state running" IDS);
    ck_assert_str_eq(result.out, "[1]\n");
    must("js kill -l app; js ls" IDS);
    ck_assert_str_eq(result.out, "[]\n");
    expect("js kill -l app", 125, "", "js: no job fits -l app\n");
}
END_TEST

START_TEST(labels_are_shown_and_kept)
{
    must("js server stop; js show 1 | grep ^label; js ls -a --json | jq -c '.jobs[].labels'");
    ck_assert_str_eq(result.out,
                     "label      app=web\nlabel      tier=1\n"
                     "{\"app\":\"web\",\"tier\":\"1\"}\n{\"app\":\"db\",\"tier\":\"1\"}\n"
                     "{\"app\":\"web\"}\n{}\n");
    line("js run -d -l broken -- true");
    fixture_expect_code(&result, 2);
    ck_assert_ptr_nonnull(strstr(result.err, "js: run: --label 'broken': write NAME=VALUE"));
    must("js run -d -l a=1 -l a=2 -- true; js ls -a -l a=2" IDS);
    ck_assert_str_eq(result.out, "5\n[5]\n");
}
END_TEST

START_TEST(a_job_does_not_wait_for_itself)
{
    static const char own[] = "js: this runs in job 5, which cannot wait for its own end\r\n125\n";
    must("js run -l app=web -- sh -c 'js wait $JS_JOB_ID; echo $?'");
    ck_assert_str_eq(result.out, own);
    must("js rm 5; js run -l app=web -- sh -c 'js wait -l app; echo $?'");
    ck_assert_ptr_nonnull(strstr(result.out, "this runs in job 6, which cannot wait"));
    ck_assert_ptr_nonnull(strstr(result.out, "125\n"));
}
END_TEST

START_TEST(without_jobs_nothing_fits)
{
    expect("js kill -l app=web", 125, "", "js: no job fits -l app=web\n");
    expect("js wait -l app", 125, "", "js: no job fits -l app\n");
    expect("js ls -l app", 0, "", "");
    expect("js ls --failed --json", 0, "{\"version\":1,\"jobs\":[]}\n", "");
    expect("js prune", 0, "", "js: no ended job fits: nothing to forget\n");
    expect("js rm --all", 0, "", "js: no ended job fits: nothing to forget\n");
    ck_assert_int_eq(fixture_server_pid(&fixture), -1);
}
END_TEST

/* Of many ended jobs only the newest are offered, unless the beginning of their number is there. */
START_TEST(few_ended_jobs_are_offered)
{
    must("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do js run -d true; "
         "done >ids; js wait $(cat ids); js run -d -n last sleep 600");
    must("js complete -- wait '' | cut -f 1 | tr '\\n' ' '");
    ck_assert_str_eq(result.out, "24 last 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 ");
    must("js complete -- kill '' | cut -f 1 | tr '\\n' ' '");
    ck_assert_str_eq(result.out, "24 last ");
    must("js complete -- wait 2 | cut -f 1 | tr '\\n' ' '");
    ck_assert_str_eq(result.out, "24 last 23 22 21 20 2 ");
    must("js kill 24");
}
END_TEST

/* The pager */

static struct pty_driver *shell_with_jobs(const char *settings)
{
    must(
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do js run -d -- true; done >ids; js wait $(cat ids)");
    struct pty_driver *shell = fixture_shell(&fixture, 10, 80);
    ck_assert_int_eq(pty_driver_send(shell, settings), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    return shell;
}

/* The program is told by the number of lines that it got. */
#define COUNTS "'sh -c \"echo pages \\$(wc -l)\"'\n"

START_TEST(a_long_table_is_paged)
{
    struct pty_driver *shell = shell_with_jobs("export PAGER=false JS_PAGER=" COUNTS);
    ck_assert_int_eq(pty_driver_send(shell, "js ls -a\n"), 0);
    pty_driver_expect(shell, "pages 13\r\n", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "js ls -a --no-pager\n"), 0);
    pty_driver_expect(shell, "12 ", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    /* What the screen has room for is not. */
    ck_assert_int_eq(pty_driver_send(shell, "js ls -a --limit 5\n"), 0);
    pty_driver_expect(shell, "12 ", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "js ls -a | tail -n 1\n"), 0);
    pty_driver_expect(shell, "12 ", deadline_default());
    jobs_close(shell);
}
END_TEST

static const char *const no_pagers[] = {"JS_PAGER= PAGER=false", "JS_PAGER=cat", "PAGER=cat"};

START_TEST(without_a_pager_it_is_printed)
{
    char text[128];
    struct pty_driver *shell = shell_with_jobs("unset JS_PAGER PAGER\n");
    snprintf(text, sizeof(text), "%s js ls -a\n", no_pagers[_i]);
    ck_assert_int_eq(pty_driver_send(shell, text), 0);
    pty_driver_expect(shell, "STATE", deadline_default());
    pty_driver_expect(shell, "\r\n12 ", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

/* Whoever has seen enough need not read it all, and what the pager's name is wrong is its shell's
 * to say. */
START_TEST(a_pager_may_end_early)
{
    struct pty_driver *shell = shell_with_jobs("export JS_PAGER=true\n");
    ck_assert_int_eq(pty_driver_send(shell, "js ls -a\n"), 0);
    pty_driver_expect(shell, "<0>", deadline_default());
    ck_assert_int_eq(pty_driver_send(shell, "JS_PAGER=/nowhere/pager js ls -a\n"), 0);
    pty_driver_expect(shell, "not found", deadline_default());
    pty_driver_expect(shell, "<0>", deadline_default());
    jobs_close(shell);
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, sizeof(table) / sizeof((table)[0]))

static Suite *select_suite(void)
{
    Suite *suite = suite_create("select");
    TCase *tc = tcase_create("select");
    tcase_add_checked_fixture(tc, begin_with_jobs, world_end);
    tcase_add_test(tc, ls_lists_what_fits);
    tcase_add_test(tc, a_command_about_several_jobs);
    LOOP(tc, ended_jobs_are_forgotten, removals);
    tcase_add_test(tc, all_that_fit_are_stopped_continued_and_killed);
    tcase_add_test(tc, labels_are_shown_and_kept);
    tcase_add_test(tc, a_job_does_not_wait_for_itself);
    suite_add_tcase(suite, tc);
    tc = tcase_create("alone");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, without_jobs_nothing_fits);
    tcase_add_test(tc, few_ended_jobs_are_offered);
    tcase_add_test(tc, a_long_table_is_paged);
    LOOP(tc, without_a_pager_it_is_printed, no_pagers);
    tcase_add_test(tc, a_pager_may_end_early);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(select_suite());
}
