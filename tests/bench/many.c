/*
 * A thousand idle jobs: how long it takes to start them one by one, and then to list them. Budgets
 * for js: 3 s and 5 ms.
 */
#include "tests/bench/bench.h"

#include <stdio.h>

#define JOBS   1000
#define ROUNDS 50

static double start_all(struct bench *bench, enum bench_tool tool, long jobs)
{
    const char *const program[] = {"sleep", "1000000", NULL};
    double start = bench_now_ms();
    for (long i = 0; i < jobs; i++) {
        struct bench_command command;
        (void)bench_detached(bench, tool, program, &command);
        (void)bench_run(command.argv);
    }
    double seconds = (bench_now_ms() - start) / 1000;
    bench_await("sleep 1000000", (size_t)jobs);
    return seconds;
}

/* The listing's median, or a negative number for a tool that cannot list. */
static double list_ms(enum bench_tool tool)
{
    const char *const by_tmux[] = {"tmux", "ls", NULL};
    const char *const by_screen[] = {"sh", "-c", "screen -ls || true", NULL};
    const char *const by_js[] = {"js", "ls", NULL};
    const char *const *const commands[BENCH_TOOLS] = {NULL, NULL, NULL, by_tmux, by_screen, by_js};
    if (!commands[tool])
        return -1;
    struct samples samples = {0};
    for (long i = 0; i < bench_scaled(ROUNDS); i++)
        samples_add(&samples, bench_run(commands[tool]));
    double median = samples_median(&samples);
    samples_finish(&samples);
    return median;
}

int main(void)
{
    struct bench bench;
    char columns[80];
    long jobs = bench_scaled(JOBS);
    bench_begin(&bench, "many idle jobs, each tool alone");
    snprintf(columns, sizeof(columns), "start %ld, s   list them, ms", jobs);
    bench_header(&bench, columns);
    for (int tool = BENCH_DTACH; tool < BENCH_TOOLS; tool++) {
        if (!bench.present[tool])
            continue;
        double seconds = start_all(&bench, tool, jobs);
        double ms = list_ms(tool);
        printf("%-8s %13.2f   ", bench_name(tool), seconds);
        if (ms < 0)
            printf("%13s", "-");
        else
            printf("%13.2f", ms);
        printf("%s\n", tool == BENCH_JS ? "   (budgets 3, 5)" : "");
        bench_renew(&bench);
    }
    bench_end(&bench);
    return 0;
}
