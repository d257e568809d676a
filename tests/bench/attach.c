/*
 * Attaching to a job that has painted a terminal of 132 columns and 43 rows, from the start of the
 * client until the last cell is there again; once a job that has painted the screen in one go, and
 * once one that has changed bits of it for a megabyte since. Budgets for js: 2.5 ms and 15 ms.
 * dtach keeps no screen and is not here.
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ROUNDS  40
#define ROWS    43
#define COLS    132
#define UPDATES 1000000   /* bytes; js replays up to a megabyte */
#define LAST    "the-end" /* in the last row, and written last */

enum { PICTURES = 2 };
static const char *const pictures[PICTURES] = {"one", "updates"};

static FILE *create(const struct bench *bench, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", bench->root, name);
    FILE *file = fopen(path, "w");
    if (!file)
        bench_fail("cannot create %s: %s", path, strerror(errno));
    return file;
}

/* Each row full, in words of several colours; but for the end of the last. */
static void write_screen(FILE *file)
{
    fputs("\033[H\033[2J", file);
    for (int row = 1; row <= ROWS; row++) {
        fprintf(file, "\033[%d;1H", row);
        int len = row < ROWS ? COLS : COLS - (int)strlen(LAST) - 1;
        for (int col = 0; col < len; col++) {
            if (col % 11 == 0)
                fprintf(file, "\033[%d;%dm", col % 2, 31 + (row + col) % 7);
            fputc(col % 11 == 10 ? ' ' : 'a' + (row * 7 + col) % 26, file);
        }
    }
    fputs("\033[m", file);
}

/* All over the screen but for its first row, so that nothing before can be forgotten. */
static void write_updates(FILE *file)
{
    for (long i = 0; ftell(file) < UPDATES; i++)
        fprintf(file, "\033[%ld;%ldH\033[3%ldm%06ld\033[m", 2 + i % (ROWS - 2), 1 + i * 13 % 120,
                i % 8, i);
}

/* A program that paints the picture and stays; its path is `script`. */
static void make_program(const struct bench *bench, int picture, char *script, size_t size)
{
    char path[PATH_MAX], name[32];
    FILE *file = create(bench, pictures[picture], path, sizeof(path));
    write_screen(file);
    if (picture == 1)
        write_updates(file);
    fprintf(file, "\033[%d;%dH%s", ROWS, COLS - (int)strlen(LAST), LAST);
    fclose(file);
    snprintf(name, sizeof(name), "paint-%s", pictures[picture]);
    file = create(bench, name, script, size);
    fprintf(file, "#!/bin/sh\ncat %s\nexec sleep 1000000\n", path);
    fclose(file);
    if (chmod(script, 0755) < 0)
        bench_fail("cannot make %s executable: %s", script, strerror(errno));
}

static struct pty_driver *open_terminal(const char *const *argv)
{
    struct pty_driver *driver =
        pty_driver_start(&(struct pty_driver_options){.argv = argv, .rows = ROWS, .cols = COLS});
    if (!driver)
        bench_fail("cannot run %s", argv[0]);
    return driver;
}

/* Types what detaches, and waits until the client has gone. */
static void detach(enum bench_tool tool, struct pty_driver *driver)
{
    static const char *const keys[BENCH_TOOLS] = {
        [BENCH_TMUX] = "\002d", [BENCH_SCREEN] = "\001d", [BENCH_JS] = "\034d"};
    bench_read_until_quiet(pty_driver_fd(driver), 50);
    if (pty_driver_send(driver, keys[tool]) < 0 ||
        pty_driver_wait_code(driver, deadline_default()) != 0)
        bench_fail("%s does not detach", bench_name(tool));
    pty_driver_destroy(driver);
}

static double attach_ms(enum bench_tool tool, const char *name)
{
    const char *const by_tmux[] = {"tmux", "attach", NULL};
    const char *const by_screen[] = {"screen", "-r", name, NULL};
    const char *const by_js[] = {"js", "fg", NULL};
    const char *const *const commands[BENCH_TOOLS] = {
        [BENCH_TMUX] = by_tmux, [BENCH_SCREEN] = by_screen, [BENCH_JS] = by_js};
    double start = bench_now_ms();
    struct pty_driver *driver = open_terminal(commands[tool]);
    bench_read_until(pty_driver_fd(driver), LAST);
    double ms = bench_now_ms() - start;
    detach(tool, driver);
    return ms;
}

static void measure(struct bench *bench, const char *script, struct samples *samples)
{
    const char *const program[] = {script, NULL};
    struct bench_command commands[BENCH_TOOLS];
    for (int tool = BENCH_TMUX; tool < BENCH_TOOLS; tool++) {
        if (!bench->present[tool])
            continue;
        bench_attached(bench, tool, program, &commands[tool]);
        struct pty_driver *driver = open_terminal(commands[tool].argv);
        bench_read_until(pty_driver_fd(driver), LAST);
        detach(tool, driver);
    }
    for (long round = 0; round < bench_scaled(ROUNDS); round++) {
        for (int tool = BENCH_TMUX; tool < BENCH_TOOLS; tool++) {
            if (bench->present[tool])
                samples_add(&samples[tool], attach_ms(tool, commands[tool].words[1]));
        }
    }
}

int main(void)
{
    struct bench bench;
    struct samples samples[PICTURES][BENCH_TOOLS] = {{{0}}};
    bench_begin(&bench, "attaching to a full screen of 132x43 until it is painted, taking turns");
    for (int picture = 0; picture < PICTURES; picture++) {
        char script[PATH_MAX];
        make_program(&bench, picture, script, sizeof(script));
        measure(&bench, script, samples[picture]);
        bench_renew(&bench);
    }
    bench_header(&bench, "a screen: p50 ms  p90 ms    1 MB of updates: p50 ms  p90 ms");
    for (int tool = BENCH_TMUX; tool < BENCH_TOOLS; tool++) {
        struct samples *one = &samples[0][tool], *updates = &samples[1][tool];
        if (bench.present[tool])
            printf("%-8s %16.2f %7.2f %26.2f %7.2f%s\n", bench_name(tool), samples_median(one),
                   samples_quantile(one, 0.9), samples_median(updates),
                   samples_quantile(updates, 0.9), tool == BENCH_JS ? "   (budgets 2.5, 15)" : "");
        samples_finish(one);
        samples_finish(updates);
    }
    bench_end(&bench);
    return 0;
}
