/* js watch: what is watched of a directory, and what not. Real files, real processes. */
#include "tests/harness/jobs.h"
#include "tests/harness/runner.h"
#include "tests/harness/world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A job that says which attempt it is, in the directory d, and does no more. */
static void watch(const char *options)
{
    char text[512];
    snprintf(text, sizeof(text),
             "cd d && js watch -d %s -- sh -c 'echo READY $JS_ATTEMPT; exec sleep 600'", options);
    must(text);
    fixture_js_until(&fixture, &result, "READY 1", "logs", "1", NULL);
}

static void await_log(const char *text)
{
    fixture_js_until(&fixture, &result, text, "logs", "1", NULL);
}

static const struct {
    const char *options, *before, *action;
} no_changes[] = {
    {"", "echo >main.c", "chmod +x main.c; cat main.c; ls; test -w main.c"},
    {"", "", "mkdir empty; rmdir empty"},
    {"", "mkdir .git", "echo >.git/index; mkdir .git/refs; echo >.git/refs/HEAD"},
    {"", "", "echo >.main.c.swp; rm .main.c.swp; echo >main.c~; ln -s x '.#main.c'"},
    {"", "printf '*.o\\n/out/\\n' >.gitignore; mkdir out",
     "echo >main.o; mkdir -p a; echo >a/x.o; echo >out/x; mkdir out/y; echo >out/y/z"},
    {"",
     "mkdir a b; echo '*.log' >a/.gitignore; echo '!keep.log' >b/.gitignore; echo 'keep.log' "
     ">.gitignore",
     "echo >a/x.log; echo >a/keep.log; echo >keep.log"},
    {"-p '*.c' -p '!test_*'", "", "echo >main.h; echo >test_a.c"},
    {"-p 'src/**/*.c' -p end.c", "mkdir -p src/a other",
     "echo >main.c; echo >src/a/x.h; echo >other/x.c"},
    {"--ignore '*.log' --ignore tmp/", "mkdir tmp", "echo >x.log; echo >tmp/x; echo >tmp/y.c"},
    {"", "mkdir ../elsewhere; ln -s ../elsewhere link; ln -s . loop; ln -s .. up",
     "echo >../elsewhere/x; echo >../beside"},
};

START_TEST(what_is_no_change)
{
    char text[512];
    snprintf(text, sizeof(text), "mkdir d && cd d; %s", no_changes[_i].before);
    must(text);
    watch(no_changes[_i].options);
    snprintf(text, sizeof(text), "cd d; %s; echo >end.c", no_changes[_i].action);
    must(text);
    await_log("READY 2");
    ck_assert_msg(strstr(result.out, "[js: end.c changed; attempt 2]") != NULL, "%s: %s", text,
                  result.out);
}
END_TEST

/* Below the top of a repository, the rules above count; what they ignore is not even watched. */
START_TEST(rules_of_the_repository_above_count)
{
    must(
        "mkdir -p .git/info d/gen && echo 'd/*.log' >.gitignore && echo '*.tmp' >.git/info/exclude "
        "&& echo gen/ >>.gitignore");
    watch("");
    must("cd d; echo >x.log; echo >x.tmp; echo >gen/x; echo >end.c");
    await_log("[js: end.c changed; attempt 2]");
}
END_TEST

/* What was ignored is watched as soon as the rule has gone, and the other way round. */
START_TEST(a_new_gitignore_counts_at_once)
{
    must("mkdir -p d/out && echo out/ >d/.gitignore");
    watch("-p '*.c'");
    must("echo '*.h' >d/.gitignore");
    await_log("[js: .gitignore changed; attempt 2]");
    must("echo >d/out/x.c");
    await_log("[js: out/x.c changed; attempt 3]");
    must("echo out/ >d/.gitignore");
    await_log("[js: .gitignore changed; attempt 4]");
    must("echo >d/out/x.c; echo >d/end.c");
    await_log("[js: end.c changed; attempt 5]");
}
END_TEST

/* In a user namespace of its own, where the limit can be set (user_namespaces(7)). */
START_TEST(a_limit_of_watches_is_told)
{
    fixture_shell_line(&fixture, &result, "unshare -Ur true");
    if (result.code != 0) {
        fprintf(stderr, "# no user namespaces here: not tested\n");
        return;
    }
    must("mkdir -p d/1/2/3/4/5/6/7/8");
    must("cd d && unshare -Ur sh -c 'echo 4 >/proc/sys/user/max_inotify_watches; "
         "js watch -d -p \"*.c\" -- sh -c \"echo READY \\$JS_ATTEMPT; exec sleep 600\"'");
    await_log("directories are watched, the others are not: the limit of inotify watches is "
              "reached");
    ck_assert_ptr_nonnull(strstr(result.out, "raise it with sysctl fs.inotify.max_user_watches="));
    must("js show 1 | grep -c '^warning .* directories are watched, the others are not'");
    must("echo >d/1/x.c");
    await_log("[js: 1/x.c changed; attempt 2]");
}
END_TEST

START_TEST(unreadable_directories_are_told)
{
    must("mkdir -p d/private d/open && chmod 0 d/private");
    if (geteuid() == 0) {
        fprintf(stderr, "# root can read everything: not tested\n");
        return;
    }
    watch("");
    await_log("[js: cannot watch private: Permission denied; make them readable");
    must("echo >d/open/x");
    await_log("[js: open/x changed; attempt 2]");
    must("chmod 700 d/private; echo >d/private/x");
    await_log("[js: private/x changed; attempt 3]");
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *watch_rules_suite(void)
{
    Suite *suite = suite_create("watch_rules");
    TCase *tc = tcase_create("watch_rules");
    tcase_add_checked_fixture(tc, world_begin, world_end);
    tcase_add_loop_test(tc, what_is_no_change, 0, COUNT(no_changes));
    tcase_add_test(tc, rules_of_the_repository_above_count);
    tcase_add_test(tc, a_new_gitignore_counts_at_once);
    tcase_add_test(tc, a_limit_of_watches_is_told);
    tcase_add_test(tc, unreadable_directories_are_told);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(watch_rules_suite());
}
