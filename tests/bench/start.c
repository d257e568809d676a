/*
 * Start to end of a program that does nothing, in a terminal, with the tool's server running
 * already and not yet running. Budgets for js: 3 ms and 8 ms.
 */
#include "tests/bench/bench.h"

#include "tests/harness/proc.h"

#include <signal.h>
#include <stdio.h>

#define ROUNDS 100

static double measure(struct bench *bench, enum bench_tool tool)
{
    const char *const program[] = {"true", NULL};
    struct bench_command command;
    bench_attached(bench, tool, program, &command);
    double start = bench_now_ms();
    struct pty_driver *driver = bench_open(command.argv);
    int code = pty_driver_wait_code(driver, deadline_default());
    double ms = bench_now_ms() - start;
    pty_driver_destroy(driver);
    if (code != 0)
        bench_fail("%s: status %d", bench_name(tool), code);
    return ms;
}

/* Has a server run for tmux and js: a job that stays. */
static void start_servers(struct bench *bench)
{
    const char *const program[] = {"sleep", "1000000", NULL};
    struct bench_command command;
    for (int tool = BENCH_TMUX; tool < BENCH_TOOLS; tool++) {
        if (bench->present[tool] && bench_detached(bench, tool, program, &command))
            (void)bench_run(command.argv);
    }
}

static void measure_with_server(struct bench *bench, struct samples *samples)
{
    start_servers(bench);
    long rounds = bench_scaled(ROUNDS);
    for (long round = 0; round < rounds; round++) {
        for (int tool = 0; tool < BENCH_TOOLS; tool++) {
            if (bench->present[tool])
                samples_add(&samples[tool], measure(bench, tool));
        }
    }
}

static void measure_without(struct bench *bench, struct samples *samples)
{
    long rounds = bench_scaled(ROUNDS);
    for (long round = 0; round < rounds; round++) {
        for (int tool = 0; tool < BENCH_TOOLS; tool++) {
            if (!bench->present[tool])
                continue;
            bench_use_fresh_server(bench);
            samples_add(&samples[tool], measure(bench, tool));
            if (proc_kill_descendants(deadline_default()) < 0)
                bench_fail("a server does not die");
        }
    }
}

int main(void)
{
    struct bench bench;
    struct samples running[BENCH_TOOLS] = {{0}};
    struct samples fresh[BENCH_TOOLS] = {{0}};
    bench_begin(&bench, "start to end of `true` in a terminal, taking turns");
    measure_with_server(&bench, running);
    measure_without(&bench, fresh);
    bench_header(&bench, "server running: p50 ms  p90 ms    not running: p50 ms  p90 ms");
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        if (bench.present[tool])
            printf("%-8s %22.2f %7.2f %22.2f %7.2f%s\n", bench_name(tool),
                   samples_median(&running[tool]), samples_quantile(&running[tool], 0.9),
                   samples_median(&fresh[tool]), samples_quantile(&fresh[tool], 0.9),
                   tool == BENCH_JS ? "   (budgets 3, 8)" : "");
        samples_finish(&running[tool]);
        samples_finish(&fresh[tool]);
    }
    bench_end(&bench);
    return 0;
}
