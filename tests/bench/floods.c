/*
 * What detached floods cost: eight jobs at once, each printing a fixed amount with nobody
 * attached; user and system time of the tool's processes and of the jobs themselves. Budget for js:
 * at most 1.15 times dtach, which keeps nothing of the output.
 */
#include "tests/bench/bench.h"

#include "tests/harness/await.h"
#include "tests/harness/proc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FLOODS    8
#define ROUNDS    3
#define WAIT_MS   120000
#define QUIET_MS  400 /* without any processor time: more than the clock ticks of the kernel */
#define SAMPLE_MS 20
#define KINDS     BENCH_KINDS

/* User and system time of one process and of the children it has waited for, in seconds. */
static double process_seconds(pid_t pid)
{
    char path[64];
    char text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *after_name = strrchr(text, ')');
    unsigned long long user = 0;
    unsigned long long system = 0;
    unsigned long long waited_user = 0;
    unsigned long long waited_system = 0;
    if (!after_name ||
        sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
               &user, &system, &waited_user, &waited_system) != 4)
        return 0;
    return (double)(user + system + waited_user + waited_system) / (double)sysconf(_SC_CLK_TCK);
}

/*
 * All processor time below this program: what it has reaped, and what still lives. A process whose
 * parent ignores SIGCHLD takes its time with it: so floods are held alive until they were measured.
 */
static double total_seconds(void)
{
    struct proc_list list = {0};
    if (proc_reap_and_list(&list) < 0)
        bench_fail("cannot read /proc");
    struct rusage reaped;
    getrusage(RUSAGE_CHILDREN, &reaped);
    double sum = (double)(reaped.ru_utime.tv_sec + reaped.ru_stime.tv_sec) +
                 (double)(reaped.ru_utime.tv_usec + reaped.ru_stime.tv_usec) / 1e6;
    for (size_t i = 0; i < list.count; i++)
        sum += process_seconds(list.items[i].pid);
    proc_list_finish(&list);
    return sum;
}

static void await_end(pid_t pid)
{
    if (await_process_end(pid, deadline_in_ms(WAIT_MS)) < 0)
        bench_fail("process %d does not end", pid);
}

/*
 * Waits until nothing below us uses the processor any more: all is printed, read and kept. Returns
 * the processor time by then, and *ret_ms = when the last of it was used.
 */
static double await_quiet(double *ret_ms)
{
    double last = total_seconds();
    *ret_ms = bench_now_ms();
    while (bench_now_ms() - *ret_ms < QUIET_MS) {
        usleep(SAMPLE_MS * 1000);
        double now = total_seconds();
        if (now > last)
            *ret_ms = bench_now_ms();
        last = now;
    }
    return last;
}

/* Ends the floods, and waits for them and the processes above them. */
static void end_floods(const char *child)
{
    pid_t *floods = NULL;
    size_t count = bench_find(child, &floods);
    pid_t *holders = calloc(count + 1, sizeof(*holders));
    for (size_t i = 0; i < count; i++) {
        struct proc process = {.ppid = 0};
        if (proc_read(floods[i], &process) == 0)
            holders[i] = process.ppid;
    }
    for (size_t i = 0; i < count; i++)
        kill(floods[i], SIGKILL);
    for (size_t i = 0; i < count; i++)
        await_end(floods[i]);
    for (size_t i = 0; i < count; i++) {
        if (holders[i] > 0 && holders[i] != getpid())
            await_end(holders[i]);
    }
    free(floods);
    free(holders);
}

struct cost {
    double cpu_seconds;
    double seconds;
};

static struct cost measure(struct bench *bench, enum bench_tool tool, const struct bench_kind *kind)
{
    char amount[20];
    snprintf(amount, sizeof(amount), "%ld", bench_scaled(kind->detached_mb) * 1000000);
    const char *const program[] = {bench->pty_child, "flood", amount, kind->name, "hold", NULL};
    double before = total_seconds();
    double start = bench_now_ms();
    for (int i = 0; i < FLOODS; i++) {
        struct bench_command command;
        (void)bench_detached(bench, tool, program, &command);
        (void)bench_run(command.argv);
    }
    double end = start;
    struct cost cost = {.cpu_seconds = await_quiet(&end) - before};
    cost.seconds = (end - start) / 1000;
    end_floods(bench->pty_child);
    return cost;
}

static void print_results(const struct bench *bench, struct samples cpu[BENCH_TOOLS][KINDS],
                          struct samples wall[BENCH_TOOLS][KINDS])
{
    bench_header(bench,
                 "CPU s, share of dtach's, wall s: long lines, y\\n, coloured, cursor-addressed");
    for (int tool = BENCH_DTACH; tool < BENCH_TOOLS; tool++) {
        if (!bench->present[tool])
            continue;
        printf("%-8s", bench_name(tool));
        for (int kind = 0; kind < KINDS; kind++) {
            double seconds = samples_median(&cpu[tool][kind]);
            printf("  %7.2f %6.2f × %7.2f", seconds,
                   seconds / samples_median(&cpu[BENCH_DTACH][kind]),
                   samples_median(&wall[tool][kind]));
        }
        printf("%s\n", tool == BENCH_JS ? "   (budget 1.15)" : "");
    }
}

int main(void)
{
    struct bench bench;
    struct samples cpu[BENCH_TOOLS][KINDS] = {{{0}}};
    struct samples wall[BENCH_TOOLS][KINDS] = {{{0}}};
    bench_begin(&bench, "processor time of 8 detached floods at once, rounds that take turns");
    long rounds = bench_scaled(ROUNDS);
    for (long round = 0; round < rounds; round++) {
        for (int kind = 0; kind < KINDS; kind++) {
            for (int tool = BENCH_DTACH; tool < BENCH_TOOLS; tool++) {
                if (!bench.present[tool])
                    continue;
                struct cost cost = measure(&bench, tool, &bench_kinds[kind]);
                samples_add(&cpu[tool][kind], cost.cpu_seconds);
                samples_add(&wall[tool][kind], cost.seconds);
            }
        }
    }
    print_results(&bench, cpu, wall);
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        for (int kind = 0; kind < KINDS; kind++) {
            samples_finish(&cpu[tool][kind]);
            samples_finish(&wall[tool][kind]);
        }
    }
    bench_end(&bench);
    return 0;
}
