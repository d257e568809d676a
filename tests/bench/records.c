/*
 * Ten thousand jobs that have ended, all kept: how long the server takes to start with them, and
 * how long it takes to list the live ones, all, those that failed, and to find one. Budgets: 300 ms
 * for the start, 5 ms for the live ones.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/record.h"

#define JOBS   10000
#define ROUNDS 20
#define CONFIG "keep-jobs = 1000000\n"

static void must(bool ok, const char *what)
{
    if (!ok)
        bench_fail("cannot %s", what);
}

/* What the holder of a job that printed a little leaves, under another number. */
static void write_job(const struct job_info *sample, uint32_t id)
{
    char path[PATH_MAX], uid[17];
    struct job_info info = *sample; /* borrowed: only encoded */
    snprintf(path, sizeof(path), "%s/jobs/%u", getenv("JS_STATE_DIR"), id);
    snprintf(uid, sizeof(uid), "%016x", id);
    info.id = id;
    info.uid = uid;
    must(mkdir(path, 0700) == 0, path);
    _cleanup_fd_ int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(dir_fd >= 0 && record_write(dir_fd, &info) == 0, "write a record");
    static const char *const files[] = {"lock", "log.0000000000000000", "index.0000000000000000"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        _cleanup_fd_ int fd = openat(dir_fd, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        must(fd >= 0 && (i == 0 || fd_write_all(fd, "some output\n", 12) == 0), "write a file");
    }
}

/* One real job, and as many like it as are wanted. */
static void make_jobs(long jobs)
{
    const char *const run[] = {"js", "run", "-d", "--", "sh", "-c", "echo out; exit 3", NULL};
    const char *const wait[] = {"sh", "-c", "js wait 1 || js server stop", NULL};
    char path[PATH_MAX];
    struct job_info sample = {0};
    (void)bench_run(run);
    (void)bench_run(wait);
    snprintf(path, sizeof(path), "%s/jobs/1", getenv("JS_STATE_DIR"));
    _cleanup_fd_ int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(dir_fd >= 0 && record_read(dir_fd, &sample) == 0, "read the sample's record");
    for (long id = 2; id <= jobs; id++)
        write_job(&sample, (uint32_t)id);
    wire_clear(&job_info_fields, &sample);
}

static const struct {
    const char *label;
    const char *argv[8];
    const char *before[4]; /* each time, not measured */
    double budget;         /* ms, 0 = none */
} cases[] = {
    {"js ls, server starting", {"js", "ls"}, {"js", "server", "stop"}, 300},
    {"js ls", {"js", "ls"}, {NULL}, 5},
    {"js ls -a", {"js", "ls", "-a"}, {NULL}, 0},
    {"js ls -a --json", {"js", "ls", "-a", "--json"}, {NULL}, 0},
    {"js ls --failed --limit 20", {"js", "ls", "--failed", "--limit", "20"}, {NULL}, 0},
    {"js show 5", {"js", "show", "5"}, {NULL}, 0},
    {"js run true", {"js", "run", "true"}, {NULL}, 0},
    {"js complete -- wait ''", {"js", "complete", "--", "wait", ""}, {NULL}, 0},
};

static void measure(size_t i, long rounds)
{
    struct samples samples = {0};
    for (long round = 0; round < rounds; round++) {
        if (cases[i].before[0])
            (void)bench_run(cases[i].before);
        samples_add(&samples, bench_run(cases[i].argv));
    }
    printf("%-27s %9.2f %9.2f", cases[i].label, samples_median(&samples),
           samples_quantile(&samples, 0.9));
    if (cases[i].budget > 0)
        printf("   (budget %.0f)", cases[i].budget);
    putchar('\n');
    samples_finish(&samples);
}

int main(void)
{
    const char *const prune[] = {"js", "prune", NULL};
    struct bench bench;
    char path[PATH_MAX];
    bench_begin(&bench, "many ended jobs");
    snprintf(path, sizeof(path), "%s/config", bench.root);
    FILE *file = fopen(path, "we");
    must(file && fputs(CONFIG, file) >= 0 && fclose(file) == 0, "write the configuration");
    setenv("JS_CONFIG", path, 1);
    make_jobs(bench_scaled(JOBS));
    printf("%-27s %9s %9s, ms\n", "", "median", "90 %");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        measure(i, bench_scaled(ROUNDS));
    printf("%-27s %9.2f\n", "js prune, all of them", bench_run(prune));
    bench_end(&bench);
    return 0;
}
