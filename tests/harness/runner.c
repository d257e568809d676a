#include "tests/harness/runner.h"

#include "tests/harness/await.h"
#include "tests/harness/deadline.h"
#include "tests/harness/proc.h"
#include "tests/harness/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TEST_SECONDS "20"

/* How long a process may take to end by itself after the last test, and to die once killed. */
#define LEAVE_MS 500
#define DIE_MS   5000

static char directory[] = "/tmp/jst-XXXXXX";
static bool directory_made;

/* Check reads these when a TCase is created, which is before runner_run is called. */
__attribute__((constructor)) static void set_default_timeout(void)
{
    char multiplier[16];
    snprintf(multiplier, sizeof(multiplier), "%d", deadline_slowness());
    setenv("CK_DEFAULT_TIMEOUT", TEST_SECONDS, 0);
    setenv("CK_TIMEOUT_MULTIPLIER", multiplier, 0);
}

/* A person may run the tests inside a job of js: its variables are no business of the tests. */
static void forget_outer_js(void)
{
    static const char *const names[] = {"JS_DIR",     "JS_STATE_DIR", "JS_JOB_ID", "JS_JOB_UID",
                                        "JS_ATTEMPT", "JS_SOCKET",    "JS_CONFIG", "JS_LOG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

const char *runner_directory(void)
{
    if (!directory_made && !mkdtemp(directory)) {
        fprintf(stderr, "# cannot make %s: %s\n", directory, strerror(errno));
        exit(1);
    }
    directory_made = true;
    return directory;
}

/* Calls back for each open descriptor but the one that reads the directory. */
static int walk_fds(void (*on_fd)(const char *number))
{
    DIR *fds = opendir("/proc/self/fd");
    if (!fds)
        return 0;
    int count = 0;
    for (struct dirent *entry = readdir(fds); entry; entry = readdir(fds)) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(fds))
            continue;
        count++;
        if (on_fd)
            on_fd(entry->d_name);
    }
    closedir(fds);
    return count;
}

int runner_fd_count(void)
{
    return walk_fds(NULL);
}

static void print_fd(const char *number)
{
    char link[64];
    char target[256];
    snprintf(link, sizeof(link), "/proc/self/fd/%.20s", number);
    ssize_t len = readlink(link, target, sizeof(target) - 1);
    target[len < 0 ? 0 : len] = '\0';
    fprintf(stderr, "# fd %s -> %s\n", number, target);
}

void runner_fd_print(void)
{
    (void)walk_fds(print_fd);
}

/* Gives what still runs a moment to end; the number of those that did not, printed and killed. */
static size_t kill_leftovers(void)
{
    struct deadline leave = deadline_in_ms(LEAVE_MS);
    for (;;) {
        struct proc_list list = {0};
        if (proc_reap_and_list(&list) < 0)
            return 1;
        size_t alive = proc_list_alive(&list);
        if (alive > 0 && !deadline_passed(leave)) {
            pid_t first = 0;
            for (size_t i = 0; i < list.count && first == 0; i++)
                first = list.items[i].state != 'Z' ? list.items[i].pid : 0;
            proc_list_finish(&list);
            (void)await_process_end(first, leave);
            continue;
        }
        proc_list_print(&list, "left over");
        proc_list_finish(&list);
        if (proc_kill_descendants(deadline_in_ms(DIE_MS)) < 0)
            fprintf(stderr, "# some of them did not die\n");
        return alive;
    }
}

static bool chosen_by_hand(void)
{
    return getenv("CK_RUN_CASE") || getenv("CK_RUN_SUITE");
}

int runner_run(Suite *suite)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return 1;
    forget_outer_js();
    (void)runner_directory();

    SRunner *runner = srunner_create(suite);
    const char *tap = getenv("CK_TAP_LOG_FILE_NAME");
    srunner_set_tap(runner, tap ? tap : "-");
    setvbuf(stdout, NULL, _IOLBF, 0);
    srunner_run_all(runner, CK_SILENT);
    int ran = srunner_ntests_run(runner);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);

    size_t left = kill_leftovers();
    if (left > 0)
        printf("Bail out! %zu processes were left over\n", left);
    int r = tree_remove(directory);
    if (r < 0)
        fprintf(stderr, "# cannot remove %s: %s\n", directory, strerror(-r));
    bool nothing_ran = ran == 0 && !chosen_by_hand();
    if (nothing_ran)
        fprintf(stderr, "# no test ran\n");
    return failed > 0 || left > 0 || nothing_ran || r < 0;
}
