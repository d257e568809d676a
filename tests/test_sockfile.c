/* The file of a listening socket: put back when it is gone, never taken from anybody else. */
#include "common/sockfile.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fd.h"
#include "tests/harness/runner.h"

static uv_loop_t loop;
static struct listener listener;
static struct sockfile file;
static unsigned accepted;
static char dir[64], path[80];

static void on_accept(struct listener *of, int fd)
{
    (void)of;
    accepted++;
    fd_close(fd);
}

static void on_closed(struct listener *of)
{
    (void)of;
}

static void begin(void)
{
    snprintf(dir, sizeof(dir), "%s/XXXXXX", runner_directory());
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/sock", dir);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    int fd = listener_bind(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(listener_open(&listener, &loop, fd, on_accept, on_closed, NULL), 0);
    ck_assert_int_eq(sockfile_note(&file, path), 0);
}

static void end(void)
{
    listener_close(&listener);
    ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

/* Connects, and the listener hears of it. */
static void must_answer(void)
{
    unsigned before = accepted;
    int fd = channel_connect(path, false);
    ck_assert_int_ge(fd, 0);
    while (accepted == before)
        uv_run(&loop, UV_RUN_ONCE);
    fd_close(fd);
}

static void make_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    fd_close(fd);
}

START_TEST(a_file_that_is_gone_is_put_back)
{
    struct stat st;
    ck_assert_int_eq(sockfile_look(&file), SOCKFILE_OURS);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(sockfile_look(&file), SOCKFILE_MISSING);
        ck_assert_int_eq(sockfile_put_back(&file, &listener), 0);
        ck_assert_int_eq(sockfile_look(&file), SOCKFILE_OURS);
        ck_assert_int_eq(lstat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
        must_answer();
    }
    sockfile_remove(&file);
    ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left in it */
}
END_TEST

/* Whoever connected before the file was removed is not lost. */
START_TEST(who_waits_is_accepted)
{
    int fds[3];
    for (int i = 0; i < 3; i++)
        ck_assert_int_ge(fds[i] = channel_connect(path, false), 0);
    ck_assert_uint_eq(accepted, 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(sockfile_put_back(&file, &listener), 0);
    ck_assert_uint_eq(accepted, 3);
    for (int i = 0; i < 3; i++)
        fd_close(fds[i]);
    must_answer();
}
END_TEST

START_TEST(another_file_is_left_alone)
{
    ck_assert_int_eq(unlink(path), 0);
    make_file(path);
    ck_assert_int_eq(sockfile_look(&file), SOCKFILE_FOREIGN);
    ck_assert_int_eq(sockfile_put_back(&file, &listener), -EEXIST);
    sockfile_remove(&file);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

/* What a process left that was killed in the middle of it does not keep the next one from it. */
START_TEST(half_of_a_repair_is_no_hindrance)
{
    char aside[80];
    snprintf(aside, sizeof(aside), "%s/new", dir);
    ck_assert_int_eq(unlink(path), 0);
    fd_close(listener_bind(aside));
    ck_assert_int_eq(sockfile_put_back(&file, &listener), 0);
    ck_assert_int_eq(access(aside, F_OK), -1);
    must_answer();
}
END_TEST

START_TEST(only_a_dead_socket_gives_way)
{
    char text[256] = "", other[80];
    snprintf(other, sizeof(other), "%s/other", dir);
    ck_assert_int_eq(sockfile_clear(other, text, sizeof(text)), 0); /* nothing is there */
    ck_assert_int_eq(sockfile_clear(path, text, sizeof(text)), -EADDRINUSE);
    ck_assert_ptr_nonnull(strstr(text, "/sock is in the way: another program listens there"));
    make_file(other);
    ck_assert_int_eq(sockfile_clear(other, text, sizeof(text)), -EADDRINUSE);
    ck_assert_ptr_nonnull(strstr(text, "/other is in the way: it is not a socket"));
    ck_assert_int_eq(unlink(other), 0);
    fd_close(listener_bind(other));
    ck_assert_int_eq(sockfile_clear(other, text, sizeof(text)), 0);
    ck_assert_int_eq(access(other, F_OK), -1);
    ck_assert_int_eq(sockfile_look(&file), SOCKFILE_OURS);
}
END_TEST

static Suite *sockfile_suite(void)
{
    Suite *suite = suite_create("sockfile");
    TCase *tcase = tcase_create("sockfile");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_file_that_is_gone_is_put_back);
    tcase_add_test(tcase, who_waits_is_accepted);
    tcase_add_test(tcase, another_file_is_left_alone);
    tcase_add_test(tcase, half_of_a_repair_is_no_hindrance);
    tcase_add_test(tcase, only_a_dead_socket_gives_way);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(sockfile_suite());
}
