/* The end of a fixture: what runs, what is left, and whether it may be. */
#include "tests/harness/fixture.h"

#include "tests/harness/await.h"
#include "tests/harness/proc.h"
#include "tests/harness/runner.h"
#include "tests/harness/tree.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAVE_MS 500
#define DIE_MS   5000

pid_t fixture_server_pid(struct fixture *fixture)
{
    char lock[128];
    snprintf(lock, sizeof(lock), "%s/lock", fixture->run_dir);
    struct proc_list list = {0};
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    pid_t found = -1;
    for (size_t i = 0; i < list.count && found < 0; i++) {
        if (list.items[i].state != 'Z' && proc_has_open(list.items[i].pid, lock))
            found = list.items[i].pid;
    }
    proc_list_finish(&list);
    return found;
}

bool fixture_kill_server(struct fixture *fixture, int signal_number)
{
    pid_t server = fixture_server_pid(fixture);
    if (server < 0)
        return false;
    ck_assert_int_eq(proc_signal(server, signal_number), 0);
    ck_assert_int_eq(await_process_end(server, deadline_default()), 0);
    return true;
}

size_t fixture_count_processes(struct fixture *fixture, const char *text)
{
    (void)fixture;
    struct proc_list list = {0};
    ck_assert_int_eq(proc_list_descendants(getpid(), &list), 0);
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++) {
        char command[4096];
        count += list.items[i].state != 'Z' &&
                 strstr(proc_command(list.items[i].pid, command, sizeof(command)), text) != NULL;
    }
    proc_list_finish(&list);
    return count;
}

static size_t count_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    size_t count = 0;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

size_t fixture_count_entries(struct fixture *fixture, const char *below_root)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", fixture->root, below_root);
    return count_directory(path);
}

/* A direct child that is no server and no holder: forgotten by the test, or orphaned by a holder
 * that should have ended it. */
static bool is_stray(const struct fixture *fixture, const struct proc *process)
{
    char executable[PATH_MAX];
    proc_executable(process->pid, executable, sizeof(executable));
    size_t len = strlen(fixture->jsd);
    /* " (deleted)" may follow, when a test swaps the binary. */
    return process->ppid == getpid() && strncmp(executable, fixture->jsd, len) != 0;
}

static size_t look_for_strays(const struct fixture *fixture, bool print)
{
    struct proc_list list = {0};
    ck_assert_int_eq(proc_reap_and_list(&list), 0);
    struct proc_list strays = {.items = list.items};
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].state != 'Z' && is_stray(fixture, &list.items[i]))
            strays.items[strays.count++] = list.items[i];
    }
    size_t count = strays.count;
    if (print)
        proc_list_print(&strays, "stray process");
    proc_list_finish(&list);
    return count;
}

/* A process on its way out has no executable any more, but is no zombie yet: it gets a moment. */
static size_t count_strays(const struct fixture *fixture)
{
    struct deadline leave = deadline_in_ms(fixture->may_leave_orphans ? 0 : LEAVE_MS);
    size_t count;
    do
        count = look_for_strays(fixture, false);
    while (count > 0 && !deadline_passed(leave));
    return count > 0 ? look_for_strays(fixture, true) : 0;
}

/* Who knows the directory although no descendant is alive any more; killed at once. */
static size_t kill_escaped(const struct fixture *fixture)
{
    struct proc_list list = {0};
    ck_assert_int_eq(proc_list_touching(fixture->root, &list), 0);
    size_t count = proc_list_alive(&list);
    proc_list_print(&list, "out of reach");
    for (size_t i = 0; i < list.count; i++) {
        proc_signal(list.items[i].pid, SIGKILL);
        (void)await_process_end(list.items[i].pid, deadline_in_ms(DIE_MS));
    }
    proc_list_finish(&list);
    return count;
}

static void free_environment(struct fixture *fixture)
{
    for (size_t i = 0; fixture->env[i]; i++) {
        free(fixture->env[i]);
        fixture->env[i] = NULL;
    }
}

void fixture_finish(struct fixture *fixture)
{
    size_t strays = count_strays(fixture);
    int killed = proc_kill_descendants(deadline_in_ms(DIE_MS));
    size_t escaped = kill_escaped(fixture);
    size_t in_home = count_directory(fixture->home);
    int removed = tree_remove(fixture->root);
    int fds = runner_fd_count();
    free_environment(fixture);
    if (fds != fixture->fds_before)
        runner_fd_print();

    ck_assert_int_eq(killed, 0);
    ck_assert_int_eq(removed, 0);
    ck_assert_uint_eq(escaped, 0);
    if (!fixture->may_leave_orphans)
        ck_assert_uint_eq(strays, 0);
    if (!fixture->may_change_home)
        ck_assert_uint_eq(in_home, 0);
    ck_assert_int_eq(fds, fixture->fds_before);
}
