/*
 * What it costs to show the screen of a job that has printed a lot, for each kind of output: the
 * processor time of a snapshot (the log read back, a screen made, painted with up to a thousand
 * earlier lines), the time that passes, and how much of the log it goes through. Budget: 10 ms
 * after 1 GB.
 *
 * The output goes through tracker and log as in a holder, in this process. JS_BENCH_KIND: only the
 * kinds whose names contain that.
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/keyframe.h"
#include "common/snapshot.h"
#include "server/holder/journal.h"
#include "tests/bench/outputs.h"

#define AMOUNT  1000000000 /* bytes */
#define PERIOD  (8u << 20) /* of what is repeated */
#define CHUNK   (64u << 10)
#define ROUNDS  5
#define HISTORY 1000

struct job {
    int dir_fd;
    struct journal journal;
    struct tracker *tracker;
    uint64_t kept; /* when the last keyframe was thought of */
    unsigned keyframes;
    double most_ms; /* that one took */
};

/* As a holder does. */
static void keep(struct job *job)
{
    if (job->journal.next - job->kept < 256u << 10)
        return;
    struct snapshot_keeping keeping = {.tracker = job->tracker,
                                       .dir_fd = job->dir_fd,
                                       .first = job->journal.whole_from,
                                       .most = 512u << 10,
                                       .reach = 8u << 20};
    double before = bench_cpu_ms();
    int r = snapshot_keep(&keeping);
    double spent = bench_cpu_ms() - before;
    if (r == -EAGAIN)
        return;
    if (r < 0)
        bench_fail("no keyframe: %s", strerror(-r));
    job->keyframes += (unsigned)r;
    job->most_ms = spent > job->most_ms ? spent : job->most_ms;
    job->kept = job->journal.next;
}

static void print(struct job *job, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t piece = len < CHUNK ? len : CHUNK;
        if (journal_append(&job->journal, data, piece) < 0)
            bench_fail("cannot write the log");
        tracker_feed(job->tracker, data, piece);
        keep(job);
        data += piece;
        len -= piece;
    }
}

/* Returns the processor time that all of the output took. */
static double print_all(struct job *job, const struct output_kind *kind)
{
    struct bytes start = {0}, period = {0};
    if (kind->start)
        kind->start(&start);
    output_make(kind, PERIOD, &period);
    double before = bench_cpu_ms();
    print(job, start.data, start.len);
    for (long left = bench_scaled(AMOUNT / 1000000) * 1000000; left > 0; left -= (long)period.len)
        print(job, period.data, (size_t)left < period.len ? (size_t)left : period.len);
    double spent = bench_cpu_ms() - before;
    bytes_finish(&start);
    bytes_finish(&period);
    return spent;
}

static void measure(struct job *job, const struct output_kind *kind)
{
    double spent = print_all(job, kind);
    struct samples cpu = {0}, wall = {0};
    bool whole = false;
    struct snapshot snapshot = {.tracker = job->tracker,
                                .dir_fd = job->dir_fd,
                                .first = job->journal.whole_from,
                                .history = HISTORY};
    for (int i = 0; i < ROUNDS; i++) {
        struct bytes out = {0};
        double cpu_before = bench_cpu_ms(), before = bench_now_ms();
        int r = snapshot_paint(&snapshot, 0, 0, &out, &whole);
        samples_add(&wall, bench_now_ms() - before);
        samples_add(&cpu, bench_cpu_ms() - cpu_before);
        if (r < 0)
            bench_fail("no snapshot: %s", strerror(-r));
        bytes_finish(&out);
    }
    printf("%-20s %9.0f %10.2f %10.2f %9u %10.2f   %s\n", kind->name,
           (double)job->journal.next / 1e3 / spent, samples_median(&cpu),
           samples_quantile(&wall, 1), job->keyframes, job->most_ms, whole ? "yes" : "no");
    samples_finish(&cpu);
    samples_finish(&wall);
}

/* In an empty directory. */
static void start(const struct bench *bench, struct job *job)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/log", bench->root);
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        bench_fail("cannot make %s: %s", path, strerror(errno));
    *job = (struct job){.dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                        .tracker = tracker_create(OUTPUT_ROWS, OUTPUT_COLS)};
    if (job->dir_fd < 0 || !job->tracker)
        bench_fail("no log or tracker");
    journal_init(&job->journal, job->dir_fd, 0);
}

static void finish(struct job *job)
{
    journal_remove(&job->journal);
    keyframe_remove(job->dir_fd);
    close(job->dir_fd);
    tracker_destroy(job->tracker);
}

int main(void)
{
    struct bench bench;
    const char *only = getenv("JS_BENCH_KIND");
    bench_begin(&bench, "a snapshot of a job that has printed 1 GB, on 132x43");
    printf("\n%-20s %9s %10s %10s %9s %10s   %s\n", "output", "seen MB/s", "CPU ms", "most wall",
           "keyframes", "most ms", "whole (budget 10 ms)");
    for (int i = 0; i < OUTPUT_KINDS; i++) {
        struct job job;
        if (only && !strstr(output_kinds[i].name, only))
            continue;
        start(&bench, &job);
        measure(&job, &output_kinds[i]);
        finish(&job);
    }
    bench_end(&bench);
    return 0;
}
