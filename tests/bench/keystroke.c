/*
 * Keystroke round trip: a byte is typed into the terminal, goes through the tool to a program that
 * sends back each byte in raw mode, and has come back when the terminal shows it. Budget: p50 at
 * most 1.1 times that of script(1).
 */
#include "tests/bench/bench.h"

#include "tests/harness/await.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 4000
#define WARM   200

/* Bytes that stand in no escape sequence that a tool may print around them. */
static const char keys[] = "%&+~|_";

static double round_trip_us(int fd, char key)
{
    double start = bench_now_ms();
    struct deadline deadline = deadline_in_ms(5000);
    if (write(fd, &key, 1) != 1)
        bench_fail("cannot type: %s", strerror(errno));
    for (;;) {
        char data[4096];
        if (await_readable(fd, deadline) < 0)
            bench_fail("a key did not come back");
        ssize_t n = read(fd, data, sizeof(data));
        if (n > 0 && memchr(data, key, (size_t)n))
            return (bench_now_ms() - start) * 1000;
        if (n == 0 || (n < 0 && errno != EAGAIN))
            bench_fail("the terminal was closed");
    }
}

static struct pty_driver *open_echo(struct bench *bench, enum bench_tool tool)
{
    const char *const program[] = {bench->pty_child, "echo", NULL};
    struct bench_command command;
    bench_attached(bench, tool, program, &command);
    struct pty_driver *driver = bench_open(command.argv);
    bench_read_until(pty_driver_fd(driver), "READY");
    bench_read_until_quiet(pty_driver_fd(driver), 200);
    return driver;
}

static void print_results(const struct bench *bench, struct samples *samples)
{
    bench_header(bench, "  p50 µs   p90 µs   p99 µs   p50 / script's");
    double base = samples_median(&samples[BENCH_SCRIPT]);
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        if (bench->present[tool])
            printf("%-8s %8.1f %8.1f %8.1f   %8.2f%s\n", bench_name(tool),
                   samples_median(&samples[tool]), samples_quantile(&samples[tool], 0.9),
                   samples_quantile(&samples[tool], 0.99), samples_median(&samples[tool]) / base,
                   tool == BENCH_JS ? "   (budget 1.10)" : "");
        samples_finish(&samples[tool]);
    }
}

int main(void)
{
    struct bench bench;
    struct pty_driver *drivers[BENCH_TOOLS] = {NULL};
    struct samples samples[BENCH_TOOLS] = {{0}};
    bench_begin(&bench, "keystroke round trip through an attached tool, taking turns");
    for (int tool = 0; tool < BENCH_TOOLS; tool++) {
        if (bench.present[tool])
            drivers[tool] = open_echo(&bench, tool);
    }
    long rounds = bench_scaled(ROUNDS);
    for (long i = 0; i < rounds + WARM; i++) {
        for (int tool = 0; tool < BENCH_TOOLS; tool++) {
            if (!drivers[tool])
                continue;
            double us = round_trip_us(pty_driver_fd(drivers[tool]), keys[i % 6]);
            if (i >= WARM)
                samples_add(&samples[tool], us);
        }
    }
    print_results(&bench, samples);
    for (int tool = 0; tool < BENCH_TOOLS; tool++)
        pty_driver_destroy(drivers[tool]);
    bench_end(&bench);
    return 0;
}
