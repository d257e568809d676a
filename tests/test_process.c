#include "common/fd.h"
#include "common/process.h"
#include "tests/harness/await.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that has called prepare (may be NULL) and waits for a signal. */
static pid_t start_child(void (*prepare)(void))
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (prepare)
            prepare();
        close(ready[0]);
        close(ready[1]);
        for (;;)
            pause();
    }
    ck_assert_int_gt(pid, 0);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    return pid;
}

static void end_child(pid_t pid)
{
    proc_signal(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_process_is_described)
{
    struct process_stat stat;
    ck_assert_int_eq(process_stat(getpid(), &stat), 0);
    ck_assert_int_eq(stat.state, 'R');
    ck_assert_int_eq(stat.ppid, getppid());
    ck_assert_int_eq(stat.pgid, getpgrp());
    ck_assert_int_eq(stat.sid, getsid(0));
    ck_assert_uint_gt(stat.start, 0);
    ck_assert_uint_eq(process_start_time(getpid()), stat.start);
}
END_TEST

static void change_name(void)
{
    prctl(PR_SET_NAME, ") T 1 (x) Z 1");
}

/* The name may hold anything, and stands unescaped among the fields. */
START_TEST(a_name_does_not_confuse)
{
    struct process_stat stat;
    pid_t pid = start_child(change_name);
    ck_assert_int_eq(process_stat(pid, &stat), 0);
    ck_assert(stat.state == 'S' || stat.state == 'R'); /* it may not sleep yet */
    ck_assert_int_eq(stat.ppid, getpid());
    ck_assert_int_eq(stat.pgid, getpgrp());
    ck_assert_uint_ge(stat.start, process_start_time(getpid()));
    int fd = process_open_stat(pid);
    ck_assert_int_ge(fd, 0);
    ck_assert(!process_is_stopped(fd));
    fd_close(fd);
    end_child(pid);
}
END_TEST

START_TEST(no_process_is_an_error)
{
    struct process_stat stat;
    pid_t pid = start_child(NULL);
    end_child(pid);
    int r = process_stat(pid, &stat);
    ck_assert_msg(r == -ENOENT || r == -ESRCH, "%d", r);
    ck_assert_uint_eq(process_start_time(pid), 0);
    ck_assert_int_eq(process_open_stat(pid), -ENOENT);
    ck_assert_uint_eq(process_start_time(0), 0);
    ck_assert_uint_eq(process_start_time(-1), 0);
}
END_TEST

START_TEST(a_stopped_process_is_told_from_a_running_one)
{
    pid_t pid = start_child(NULL);
    int fd = process_open_stat(pid);
    siginfo_t si;
    ck_assert_int_ge(fd, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(!process_is_stopped(fd));
        proc_signal(pid, SIGSTOP);
        ck_assert_int_eq(waitid(P_PID, (id_t)pid, &si, WSTOPPED), 0);
        ck_assert(process_is_stopped(fd));
        proc_signal(pid, SIGCONT);
        ck_assert_int_eq(waitid(P_PID, (id_t)pid, &si, WCONTINUED), 0);
    }
    proc_signal(pid, SIGSTOP);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &si, WSTOPPED), 0);
    end_child(pid);
    ck_assert(!process_is_stopped(fd)); /* gone, whoever has the number now */
    fd_close(fd);
    ck_assert(!process_is_stopped(-1));
}
END_TEST

START_TEST(the_boot_has_an_id)
{
    char id[PROCESS_BOOT_ID_SIZE], again[PROCESS_BOOT_ID_SIZE];
    process_boot_id(id);
    process_boot_id(again);
    ck_assert_uint_eq(strlen(id), 36); /* random(4): a UUID */
    ck_assert_uint_eq(strspn(id, "0123456789abcdef-"), 36);
    ck_assert_str_eq(id, again);
}
END_TEST

/* Descendants */

static bool contains(const pid_t *pids, ssize_t count, pid_t pid)
{
    for (ssize_t i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

static int family_pipe[2];

/* This process and depth - 1 generations below it tell their pids; every other in a new session. */
static void start_family(int depth)
{
    for (int i = depth; i > 0; i--) {
        pid_t pid = getpid();
        if (i % 2 == 0)
            setsid();
        if (write(family_pipe[1], &pid, sizeof(pid)) != sizeof(pid))
            _exit(1);
        if (i == 1 || fork() != 0)
            break;
    }
    for (;;)
        pause();
}

START_TEST(descendants_are_found_at_any_depth_and_in_any_session)
{
    enum { DEPTH = 5 };
    pid_t family[DEPTH], *pids = NULL;
    ck_assert_int_eq(pipe(family_pipe), 0);
    ck_assert_int_eq(process_descendants(&pids), 0);
    free(pids);
    pid_t child = fork();
    if (child == 0)
        start_family(DEPTH);
    for (int i = 0; i < DEPTH; i++)
        ck_assert_int_eq(read(family_pipe[0], &family[i], sizeof(pid_t)), sizeof(pid_t));
    ssize_t count = process_descendants(&pids);
    ck_assert_int_eq(count, DEPTH);
    for (int i = 0; i < DEPTH; i++)
        ck_assert(contains(pids, count, family[i]));
    ck_assert(!contains(pids, count, getpid()));
    free(pids);
    for (int i = 0; i < DEPTH; i++)
        proc_signal(family[i], SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

/* kill(2) succeeds for them, and waiting for them to end would take for ever. */
START_TEST(zombies_do_not_count)
{
    pid_t *pids = NULL;
    pid_t living = start_child(NULL);
    pid_t zombie = start_child(NULL);
    proc_signal(zombie, SIGKILL);
    ck_assert_int_eq(await_process_end(zombie, deadline_default()), 0);
    ssize_t count = process_descendants(&pids);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(pids[0], living);
    free(pids);
    end_child(zombie);
    end_child(living);
}
END_TEST

START_TEST(many_children_are_found)
{
    enum { MANY = 150 };
    pid_t children[MANY], *pids = NULL;
    for (int i = 0; i < MANY; i++)
        children[i] = start_child(NULL);
    ssize_t count = process_descendants(&pids);
    ck_assert_int_eq(count, MANY);
    for (int i = 0; i < MANY; i++)
        ck_assert(contains(pids, count, children[i]));
    free(pids);
    for (int i = 0; i < MANY; i++)
        end_child(children[i]);
}
END_TEST

static Suite *process_suite(void)
{
    Suite *suite = suite_create("process");
    TCase *facts = tcase_create("facts");
    tcase_add_test(facts, a_process_is_described);
    tcase_add_test(facts, a_name_does_not_confuse);
    tcase_add_test(facts, no_process_is_an_error);
    tcase_add_test(facts, a_stopped_process_is_told_from_a_running_one);
    tcase_add_test(facts, the_boot_has_an_id);
    suite_add_tcase(suite, facts);
    TCase *descendants = tcase_create("descendants");
    tcase_add_test(descendants, descendants_are_found_at_any_depth_and_in_any_session);
    tcase_add_test(descendants, zombies_do_not_count);
    tcase_add_test(descendants, many_children_are_found);
    suite_add_tcase(suite, descendants);
    return suite;
}

int main(void)
{
    return runner_run(process_suite());
}
