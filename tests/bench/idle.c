/*
 * Wake-ups: context switches of all threads of a tool's processes (server, holders) while nothing
 * happens, with 20 idle jobs, from /proc/PID/task/TID/status. All tools in the same ten seconds.
 * Budget for js: none.
 */
#include "tests/bench/bench.h"

#include "tests/harness/proc.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS     20
#define WATCH_MS 10000

struct watched {
    pid_t *pids;
    size_t count;
    unsigned long long before;
};

/* Voluntary and involuntary switches of one thread. */
static unsigned long long thread_switches(pid_t pid, const char *thread)
{
    char path[300];
    snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    char line[200];
    unsigned long long sum = 0;
    while (fgets(line, sizeof(line), file)) {
        const char *found = strstr(line, "voluntary_ctxt_switches:");
        if (found)
            sum += strtoull(strchr(found, ':') + 1, NULL, 10);
    }
    fclose(file);
    return sum;
}

static unsigned long long process_switches(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    if (!threads)
        bench_fail("process %d has ended", pid);
    unsigned long long sum = 0;
    for (struct dirent *entry = readdir(threads); entry; entry = readdir(threads)) {
        if (entry->d_name[0] != '.')
            sum += thread_switches(pid, entry->d_name);
    }
    closedir(threads);
    return sum;
}

static unsigned long long switches(const struct watched *watched)
{
    unsigned long long sum = 0;
    for (size_t i = 0; i < watched->count; i++)
        sum += process_switches(watched->pids[i]);
    return sum;
}

static bool is_known(const struct watched *tools, pid_t pid)
{
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        for (size_t i = 0; i < tools[tool].count; i++) {
            if (tools[tool].pids[i] == pid)
                return true;
        }
    }
    return false;
}

/* All processes that are there now and were not before, without the jobs themselves. */
static void watch(struct watched *tools, enum bench_tool tool)
{
    struct proc_list list = {0};
    if (proc_reap_and_list(&list) < 0)
        bench_fail("cannot read /proc");
    pid_t *pids = calloc(list.count + 1, sizeof(*pids));
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++) {
        char command[200];
        pid_t pid = list.items[i].pid;
        proc_command(pid, command, sizeof(command));
        bool is_job = strncmp(command, "sleep ", 6) == 0;
        if (list.items[i].state != 'Z' && !is_job && !is_known(tools, pid))
            pids[count++] = pid;
    }
    proc_list_finish(&list);
    tools[tool].pids = pids;
    tools[tool].count = count;
}

int main(void)
{
    struct bench bench;
    struct watched tools[BENCH_TOOLS] = {{0}};
    const char *const program[] = {"sleep", "1000000", NULL};
    size_t jobs = 0;
    bench_begin(&bench, "wake-ups in 10 s with 20 idle jobs, all tools at once");
    for (int tool = BENCH_DTACH; tool < BENCH_TOOLS; tool++) {
        for (int i = 0; bench.present[tool] && i < JOBS; i++, jobs++) {
            struct bench_command command;
            (void)bench_detached(&bench, tool, program, &command);
            (void)bench_run(command.argv);
        }
        bench_await("sleep 1000000", jobs);
        if (bench.present[tool])
            watch(tools, tool);
    }
    /* What starting them has set off is over by then. */
    (void)poll(NULL, 0, 3000);
    for (int tool = 0; tool < BENCH_TOOLS; tool++)
        tools[tool].before = switches(&tools[tool]);
    (void)poll(NULL, 0, WATCH_MS);
    bench_header(&bench, "wake-ups   processes");
    for (int tool = BENCH_DTACH; tool < BENCH_TOOLS; tool++) {
        if (bench.present[tool])
            printf("%-8s %8llu %11zu%s\n", bench_name(tool),
                   switches(&tools[tool]) - tools[tool].before, tools[tool].count,
                   tool == BENCH_JS ? "   (budget 0)" : "");
        free(tools[tool].pids);
    }
    bench_end(&bench);
    return 0;
}
