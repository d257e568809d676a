/* js watch: which changes of files are one, and what is none. Real files, real processes. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static void await_log(int job, const char *text)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", job);
    fixture_js_until(&fixture, &result, text, "logs", number, NULL);
}

/* A job that says which attempt it is, in the directory of its number, and does no more. */
static void watch(int job)
{
    char text[512];
    snprintf(text, sizeof(text),
             "cd %d && js watch -d -p '*.c' -- sh -c 'echo READY $JS_ATTEMPT; exec sleep 600'",
             job);
    must(text);
    await_log(job, "READY 1");
}

/* In the job's directory. */
static void act(int job, const char *action)
{
    char text[512];
    snprintf(text, sizeof(text), "cd %d; %s", job, action);
    must(text);
}

/* In a directory with main.c and sub/x.c, beside outsideN/y.c, N being its own name; *.c is
 * watched. */
static const struct {
    const char *action, *told;
} changes[] = {
    {"echo x >main.c", "main.c"},
    {"echo x >>sub/x.c", "sub/x.c"},
    {"touch main.c", "main.c"},
    {"touch main.c; touch main.c", "main.c"},
    {"echo >new.c", "new.c"},
    {"echo x >main.c.new; mv main.c.new main.c", "main.c"},      /* vim, git */
    {"mv main.c main.c~; echo x >main.c; rm main.c~", "main.c"}, /* a backup */
    {"echo >4913; rm 4913; echo >.main.c.swp; echo >main.c; rm .main.c.swp", "main.c"},
    {"rm main.c", "main.c"},
    {"mv main.c ../away.c", "main.c"},
    {"ln -s nowhere link.c", "link.c"},
    {"ln main.c hard.c", "hard.c"},
    {"echo >main.c; echo >sub/x.c", "and another file"},
    {"echo >main.c; echo >sub/x.c; rm sub/x.c; echo >a.c", "and 2 other files"},
    {"mkdir -p a/b/c; echo >a/b/c/x.c", "a/b/c/x.c"},
    {"mv ../outside${PWD##*/} in", "in/y.c"},
    {"mv sub ../gone", "sub"},
    {"rm -r sub", "sub/x.c"},
    {"rm -r sub; mkdir sub; echo >sub/z.c", "and another file"},
    {"seq 1000 | split -l 1 -a 4 --additional-suffix=.c", "many files"},
    {"echo '*.h' >.gitignore", ".gitignore"},
    {"printf '' >\"$(printf 'a\\033b\\n.c')\"", "a\\x1bb\\n.c"},
};

static void check_told(int job, const char *what, unsigned attempt)
{
    char told[256];
    snprintf(told, sizeof(told), "%s changed; attempt %u]", what, attempt);
    ck_assert_msg(strstr(result.out, told) != NULL, "job %d: no %s in %s", job, told, result.out);
}

/* Each is one restart, which names it; and what comes next is seen as well. */
START_TEST(a_change_is_one_restart)
{
    for (int job = 1; job <= COUNT(changes); job++) {
        char text[128];
        snprintf(text, sizeof(text),
                 "mkdir -p %d/sub outside%d && echo >%d/main.c && echo >%d/sub/x.c && "
                 "echo >outside%d/y.c",
                 job, job, job, job, job);
        must(text);
        watch(job);
    }
    for (int job = 1; job <= COUNT(changes); job++)
        act(job, changes[job - 1].action);
    for (int job = 1; job <= COUNT(changes); job++) {
        await_log(job, "READY 2");
        check_told(job, changes[job - 1].told, 2);
        act(job, "mkdir -p sub; echo >sub/end.c");
    }
    for (int job = 1; job <= COUNT(changes); job++) {
        await_log(job, "READY 3");
        check_told(job, "[js: sub/end.c", 3);
    }
}
END_TEST

/* A directory that is renamed keeps its files watched, under the new name. */
START_TEST(a_directory_can_move)
{
    must("mkdir -p 1/a/b");
    watch(1);
    must("mv 1/a 1/z");
    await_log(1, "READY 2");
    must("echo >1/z/b/x.c");
    await_log(1, "[js: z/b/x.c changed; attempt 3]");
    must("mv 1/z/b away; echo >away/x.c");
    await_log(1, "[js: z/b changed; attempt 4]");
    must("echo >away/y.c; echo >1/end.c");
    await_log(1, "[js: end.c changed; attempt 5]");
}
END_TEST

static pid_t find_watcher(void)
{
    must("pgrep -f -- \"--watcher [0-9]* [0-9]* $PWD\"");
    int pid = 0;
    ck_assert_int_eq(sscanf(result.out, "%d", &pid), 1);
    return (pid_t)pid;
}

/* The kernel keeps 16384 events (fs.inotify.max_queued_events), and says when it lost some. */
START_TEST(lost_events_are_taken_for_a_change)
{
    must("mkdir 1");
    watch(1);
    pid_t watcher = find_watcher();
    ck_assert_int_eq(kill(watcher, SIGSTOP), 0);
    must("cd 1; n=$(cat /proc/sys/fs/inotify/max_queued_events); i=0; "
         "while [ $i -le $n ]; do : >f; : >g; i=$((i + 2)); done; mkdir -p late/er");
    ck_assert_int_eq(kill(watcher, SIGCONT), 0);
    await_log(1, "[js: many files changed; attempt 2]");
    must("echo >1/late/er/x.c");
    await_log(1, "[js: late/er/x.c changed; attempt 3]");
}
END_TEST

static Suite *watch_files_suite(void)
{
    Suite *suite = suite_create("watch_files");
    TCase *tc = tcase_create("watch_files");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_test(tc, a_change_is_one_restart);
    tcase_add_test(tc, a_directory_can_move);
    tcase_add_test(tc, lost_events_are_taken_for_a_change);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(watch_files_suite());
}
