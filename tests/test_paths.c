#include "common/paths.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char root[64];
static char text[PATHS_MAX + 512];
static struct paths paths;

static void begin(void)
{
    static const char *const names[] = {"JS_DIR", "JS_STATE_DIR", "XDG_RUNTIME_DIR",
                                        "XDG_STATE_HOME"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    setenv("HOME", "/home/user", 1);
    text[0] = '\0';
    snprintf(root, sizeof(root), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static const char *below(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static int find(void)
{
    return paths_find(&paths, text, sizeof(text));
}

static const char *of(int length)
{
    static char path[5000];
    memset(path, 'd', (size_t)length);
    path[0] = '/';
    path[length] = '\0';
    return path;
}

/* Finding */

START_TEST(the_environment_says_where)
{
    setenv("JS_DIR", "/own/run", 1);
    setenv("JS_STATE_DIR", "/own/state", 1);
    setenv("XDG_RUNTIME_DIR", "/xdg/run", 1);
    setenv("XDG_STATE_HOME", "/xdg/state", 1);
    ck_assert_int_eq(find(), 0);
    ck_assert_str_eq(paths.runtime_dir, "/own/run");
    ck_assert_str_eq(paths.state_dir, "/own/state");
    setenv("JS_DIR", "", 1);
    unsetenv("JS_STATE_DIR");
    ck_assert_int_eq(find(), 0);
    ck_assert_str_eq(paths.runtime_dir, "/xdg/run/js");
    ck_assert_str_eq(paths.state_dir, "/xdg/state/js");
    /* The XDG base directory specification: relative values are invalid and ignored. */
    setenv("XDG_STATE_HOME", "xdg", 1);
    ck_assert_int_eq(find(), 0);
    ck_assert_str_eq(paths.state_dir, "/home/user/.local/state/js");
}
END_TEST

START_TEST(without_any_of_it_there_are_defaults)
{
    char user_dir[64], temporary[64];
    struct stat st;
    snprintf(user_dir, sizeof(user_dir), "/run/user/%u", (unsigned)geteuid());
    snprintf(temporary, sizeof(temporary), "/tmp/js-%u", (unsigned)geteuid());
    bool is_ours = lstat(user_dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
    strcat(user_dir, "/js");
    setenv("XDG_RUNTIME_DIR", "relative", 1);
    ck_assert_int_eq(find(), 0);
    ck_assert_str_eq(paths.runtime_dir, is_ours ? user_dir : temporary);
}
END_TEST

START_TEST(home_comes_from_the_user_database_in_the_end)
{
    const struct passwd *entry = getpwuid(geteuid());
    ck_assert_ptr_nonnull(entry);
    char expected[PATHS_MAX];
    snprintf(expected, sizeof(expected), "%s/.local/state/js", entry->pw_dir);
    unsetenv("HOME");
    ck_assert_int_eq(find(), 0);
    ck_assert_str_eq(paths.state_dir, expected);
    setenv("HOME", "not-absolute", 1);
    ck_assert_int_eq(find(), 0);
    ck_assert_str_eq(paths.state_dir, expected);
}
END_TEST

START_TEST(relative_directories_are_refused)
{
    setenv("JS_DIR", "run", 1);
    ck_assert_int_eq(find(), -EINVAL);
    ck_assert_str_eq(text, "JS_DIR is 'run': it must be an absolute path");
    setenv("JS_DIR", "/run", 1);
    setenv("JS_STATE_DIR", "./state", 1);
    ck_assert_int_eq(find(), -EINVAL);
    ck_assert_str_eq(text, "JS_STATE_DIR is './state': it must be an absolute path");
}
END_TEST

/* unix(7): 108 bytes with the NUL; below the directory comes /jobs/4294967295/sock at most. */
START_TEST(a_socket_path_must_fit)
{
    struct sockaddr_un addr;
    char socket_path[8192];
    int longest = (int)sizeof(addr.sun_path) - 1 - (int)strlen("/jobs/4294967295/sock");
    setenv("JS_DIR", of(longest), 1);
    ck_assert_int_eq(find(), 0);
    ck_assert_int_eq(paths_job(socket_path, sizeof(socket_path), paths.runtime_dir, UINT32_MAX), 0);
    strcat(socket_path, "/sock");
    ck_assert_uint_eq(strlen(socket_path), sizeof(addr.sun_path) - 1);
    for (int length = longest + 1; length < 4999; length += 61) {
        setenv("JS_DIR", of(length), 1);
        ck_assert_int_eq(find(), -ENAMETOOLONG);
        ck_assert_ptr_nonnull(strstr(text, "too long for a Unix socket (86 bytes at most)"));
        ck_assert_ptr_nonnull(strstr(text, "set JS_DIR"));
    }
    unsetenv("JS_DIR");
    setenv("XDG_RUNTIME_DIR", of(200), 1);
    ck_assert_int_eq(find(), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_state_directory_that_is_too_long_is_refused)
{
    static const char *const names[] = {"JS_STATE_DIR", "XDG_STATE_HOME", "HOME"};
    for (size_t i = 0; i < 3; i++) {
        begin();
        setenv(names[i], of(4200), 1);
        ck_assert_int_eq(find(), -ENAMETOOLONG);
        ck_assert_ptr_nonnull(strstr(text, "JS_STATE_DIR"));
        setenv(names[i], of(2000), 1);
        ck_assert_int_eq(find(), 0);
    }
}
END_TEST

/* Making */

static void use(const char *runtime, const char *state)
{
    snprintf(paths.runtime_dir, sizeof(paths.runtime_dir), "%s/%s", root, runtime);
    snprintf(paths.state_dir, sizeof(paths.state_dir), "%s/%s", root, state);
}

static int make(int *ret_state_error)
{
    *ret_state_error = 1;
    return paths_make(&paths, ret_state_error, text, sizeof(text));
}

static void expect_private(const char *name)
{
    struct stat st;
    ck_assert_int_eq(lstat(below(name), &st), 0);
    ck_assert(S_ISDIR(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    ck_assert_uint_eq(st.st_uid, geteuid());
}

START_TEST(directories_are_made_and_private)
{
    int state_error;
    mode_t mask = umask(0);
    use("a/b/run", "c/d/state");
    ck_assert_int_eq(make(&state_error), 0);
    ck_assert_int_eq(state_error, 0);
    /* And once more, as they are there. */
    ck_assert_int_eq(make(&state_error), 0);
    ck_assert_int_eq(state_error, 0);
    umask(mask);
    expect_private("a/b/run");
    expect_private("a/b/run/jobs");
    expect_private("c/d/state");
    expect_private("c/d/state/jobs");
    expect_private("a");
}
END_TEST

START_TEST(a_file_in_the_way_is_named_and_left)
{
    int state_error;
    struct stat st;
    use("run", "state");
    int fd = open(below("run"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(make(&state_error), -ENOTDIR);
    ck_assert_ptr_nonnull(strstr(text, paths.runtime_dir));
    ck_assert_ptr_nonnull(strstr(text, "not a directory"));
    ck_assert_int_eq(lstat(below("run"), &st), 0);
    ck_assert(S_ISREG(st.st_mode));
}
END_TEST

START_TEST(a_link_is_not_followed)
{
    int state_error;
    use("run", "state");
    ck_assert_int_eq(mkdir(below("elsewhere"), 0700), 0);
    ck_assert_int_eq(symlink("elsewhere", below("run")), 0);
    ck_assert_int_eq(make(&state_error), -ENOTDIR);
    ck_assert_int_eq(rmdir(below("elsewhere")), 0); /* still empty */
}
END_TEST

static const mode_t open_modes[] = {0755, 0750, 0705, 0701, 0710, 0770, 0777, 01777};

START_TEST(a_directory_that_is_open_to_others_is_refused)
{
    int state_error;
    use("run", "state");
    ck_assert_int_eq(mkdir(below("run"), 0700), 0);
    ck_assert_int_eq(chmod(below("run"), open_modes[_i]), 0);
    ck_assert_int_eq(make(&state_error), -EPERM);
    ck_assert_ptr_nonnull(strstr(text, "open to other users"));
    struct stat st;
    ck_assert_int_eq(stat(below("run"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, open_modes[_i]); /* refused, not repaired */
}
END_TEST

/* Only root can give a directory away; the same check of a link's owner is made for everybody. */
START_TEST(a_directory_of_another_user_is_refused)
{
    int state_error;
    use("run", "state");
    ck_assert_int_eq(mkdir(below("run"), 0700), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(below("run"), 65534, 65534), 0);
    } else {
        snprintf(paths.runtime_dir, sizeof(paths.runtime_dir), "/");
    }
    ck_assert_int_eq(make(&state_error), -EPERM);
    ck_assert_msg(strstr(text, "not to you") || strstr(text, "belongs to user"), "%s", text);
}
END_TEST

START_TEST(a_bad_jobs_directory_is_refused)
{
    int state_error;
    use("run", "state");
    ck_assert_int_eq(mkdir(below("run"), 0700), 0);
    ck_assert_int_eq(mkdir(below("run/jobs"), 0755), 0);
    ck_assert_int_eq(make(&state_error), -EPERM);
}
END_TEST

/* Jobs can run without a place for records: that is only reported. */
START_TEST(the_state_directory_is_best_effort)
{
    int state_error;
    use("run", "state");
    int fd = open(below("state"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(make(&state_error), 0);
    ck_assert_int_eq(state_error, -ENOTDIR);
    expect_private("run/jobs");
}
END_TEST

START_TEST(checking_makes_nothing)
{
    ck_assert_int_eq(paths_check_private(below("none"), text, sizeof(text)), -ENOENT);
    ck_assert_int_eq(mkdir(below("none"), 0700), 0);
    ck_assert_int_eq(paths_check_private(below("none"), text, sizeof(text)), 0);
}
END_TEST

/* Joining and removing */

START_TEST(paths_are_joined_or_refused)
{
    char buf[12];
    ck_assert_int_eq(paths_join(buf, sizeof(buf), "/abcde", "name"), 0);
    ck_assert_str_eq(buf, "/abcde/name");
    ck_assert_int_eq(paths_join(buf, sizeof(buf), "/abcdef", "name"), -ENAMETOOLONG);
    ck_assert_int_eq(paths_job(buf, sizeof(buf), "/abc", 7), 0);
    ck_assert_str_eq(buf, "/abc/jobs/7");
    ck_assert_int_eq(paths_job(buf, sizeof(buf), "/abc", 42), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_flat_directory_is_removed)
{
    ck_assert_int_eq(mkdir(below("job"), 0700), 0);
    ck_assert_int_eq(mkfifo(below("job/fifo"), 0600), 0);
    ck_assert_int_eq(symlink("/", below("job/link")), 0);
    int fd = open(below("job/.hidden"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    close(fd);
    ck_assert_int_eq(paths_remove_flat(below("job")), 0);
    ck_assert_int_eq(access(below("job"), F_OK), -1);
    ck_assert_int_eq(paths_remove_flat(below("job")), -ENOENT);
}
END_TEST

/* Somebody's directory, or a link to one, is no job's. */
START_TEST(nothing_below_is_removed)
{
    ck_assert_int_eq(mkdir(below("job"), 0700), 0);
    ck_assert_int_eq(mkdir(below("job/inner"), 0700), 0);
    ck_assert_int_eq(paths_remove_flat(below("job")), -ENOTEMPTY);
    ck_assert_int_eq(access(below("job/inner"), F_OK), 0);
    ck_assert_int_eq(symlink("job", below("link")), 0);
    ck_assert_int_lt(paths_remove_flat(below("link")), 0);
    ck_assert_int_eq(access(below("job/inner"), F_OK), 0);
}
END_TEST

static Suite *paths_suite(void)
{
    Suite *suite = suite_create("paths");
    TCase *finding = tcase_create("find");
    tcase_add_checked_fixture(finding, begin, NULL);
    tcase_add_test(finding, the_environment_says_where);
    tcase_add_test(finding, without_any_of_it_there_are_defaults);
    tcase_add_test(finding, home_comes_from_the_user_database_in_the_end);
    tcase_add_test(finding, relative_directories_are_refused);
    tcase_add_test(finding, a_socket_path_must_fit);
    tcase_add_test(finding, a_state_directory_that_is_too_long_is_refused);
    suite_add_tcase(suite, finding);

    TCase *making = tcase_create("make");
    tcase_add_checked_fixture(making, begin, NULL);
    tcase_add_test(making, directories_are_made_and_private);
    tcase_add_test(making, a_file_in_the_way_is_named_and_left);
    tcase_add_test(making, a_link_is_not_followed);
    tcase_add_loop_test(making, a_directory_that_is_open_to_others_is_refused, 0,
                        sizeof(open_modes) / sizeof(open_modes[0]));
    tcase_add_test(making, a_directory_of_another_user_is_refused);
    tcase_add_test(making, a_bad_jobs_directory_is_refused);
    tcase_add_test(making, the_state_directory_is_best_effort);
    tcase_add_test(making, checking_makes_nothing);
    suite_add_tcase(suite, making);

    TCase *others = tcase_create("others");
    tcase_add_checked_fixture(others, begin, NULL);
    tcase_add_test(others, paths_are_joined_or_refused);
    tcase_add_test(others, a_flat_directory_is_removed);
    tcase_add_test(others, nothing_below_is_removed);
    suite_add_tcase(suite, others);
    return suite;
}

int main(void)
{
    return runner_run(paths_suite());
}
