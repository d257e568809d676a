/*
 * Throughput, attached: how long it takes until a terminal that reads as fast as it can has got a
 * fixed amount of output, of four kinds. Budget: at least 0.95 of the same program in the same
 * terminal without a tool. (tmux and screen send less than the program prints.)
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <unistd.h>

#define ROUNDS 7
#define KINDS  BENCH_KINDS
#define MARK   "ALL-IS-OUT"

/* Megabytes each second, from the key that starts the output to the line behind it. */
static double measure(struct bench *bench, enum bench_tool tool, const struct bench_kind *kind)
{
    char amount[20];
    long bytes = bench_scaled(kind->attached_mb) * 1000000;
    snprintf(amount, sizeof(amount), "%ld", bytes);
    /* On a blank screen: who redraws sends no character that is there already. */
    const char *const program[] = {bench->pty_child, "ready",    "line",  "flood",
                                   amount,           kind->name, "print", "\033[2J\033[H" MARK,
                                   "line",           NULL};
    struct bench_command command;
    bench_attached(bench, tool, program, &command);
    struct pty_driver *driver = bench_open(command.argv);
    bench_read_until(pty_driver_fd(driver), "READY");
    bench_read_until_quiet(pty_driver_fd(driver), 50);
    double start = bench_now_ms();
    (void)pty_driver_send_key(driver, "Enter");
    bench_read_until(pty_driver_fd(driver), MARK);
    double ms = bench_now_ms() - start;
    (void)pty_driver_send_key(driver, "Enter");
    (void)pty_driver_wait(driver, deadline_default());
    pty_driver_destroy(driver);
    return (double)bytes / 1e6 / (ms / 1000);
}

static void print_results(const struct bench *bench, struct samples samples[BENCH_TOOLS][KINDS])
{
    bench_header(bench, "MB/s and share of bare: long lines, y\\n, coloured, cursor-addressed");
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        if (!bench->present[tool])
            continue;
        printf("%-8s", bench_name(tool));
        for (int kind = 0; kind < KINDS; kind++) {
            double speed = samples_median(&samples[tool][kind]);
            printf("   %8.1f  %5.2f ×", speed, speed / samples_median(&samples[BENCH_BARE][kind]));
        }
        printf("%s\n", tool == BENCH_JS ? "   (budget 0.95)" : "");
    }
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        for (int kind = 0; kind < KINDS; kind++)
            samples_finish(&samples[tool][kind]);
    }
}

int main(void)
{
    struct bench bench;
    struct samples samples[BENCH_TOOLS][KINDS] = {{{0}}};
    bench_begin(&bench, "throughput of an attached tool, medians of rounds that take turns");
    long rounds = bench_scaled(ROUNDS);
    for (long round = 0; round < rounds; round++) {
        for (int kind = 0; kind < KINDS; kind++) {
            for (int tool = 0; tool < BENCH_TOOLS; tool++) {
                if (bench.present[tool])
                    samples_add(&samples[tool][kind], measure(&bench, tool, &bench_kinds[kind]));
            }
        }
    }
    print_results(&bench, samples);
    bench_end(&bench);
    return 0;
}
