/*
 * Private memory of an idle job, page by page: what the process above an idle program (the holder,
 * dtach's or screen's process, a share of tmux's server) has that nobody shares with it, from
 * smaps_rollup and smaps (proc(5)). Medians over many. Budget for js: 128 KiB.
 */
#include "tests/bench/bench.h"

#include "tests/harness/proc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS         50
#define MAPPINGS_MAX 400

/* Private_Clean + Private_Dirty of a file of /proc in smaps' form, in KiB. */
static double private_kib(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "re");
    if (!file)
        bench_fail("cannot read %s", path);
    char line[400];
    double sum = 0;
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "Private_Clean:", 14) == 0 || strncmp(line, "Private_Dirty:", 14) == 0)
            sum += strtod(line + 14, NULL);
    }
    fclose(file);
    return sum;
}

/* What one mapping costs. */
struct mapping {
    char name[80]; /* permissions and file */
    double private_kib;
    double shared_kib;
};

/* Takes over a mapping's name from its first line: "7f…-7f… rw-p offset dev inode   /path". */
static void name_mapping(struct mapping *mapping, const char *line)
{
    char permissions[5] = "";
    int path_at = 0;
    (void)sscanf(line, "%*s %4s %*s %*s %*s %n", permissions, &path_at);
    const char *path = path_at > 0 ? line + path_at : "";
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    int len = (int)strcspn(file, "\n");
    *mapping = (struct mapping){0};
    if (len == 0)
        snprintf(mapping->name, sizeof(mapping->name), "%s (anonymous)", permissions);
    else
        snprintf(mapping->name, sizeof(mapping->name), "%s %.60s", permissions, file);
    mapping->name[strcspn(mapping->name, "\n")] = '\0';
}

static size_t read_mappings(pid_t pid, struct mapping *mappings)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        bench_fail("cannot read %s", path);
    char line[4400];
    size_t count = 0;
    while (fgets(line, sizeof(line), file)) {
        double kib = strchr(line, ':') ? strtod(strchr(line, ':') + 1, NULL) : 0;
        if (strncmp(line, "Private_", 8) == 0 && count > 0)
            mappings[count - 1].private_kib += kib;
        else if (strncmp(line, "Shared_", 7) == 0 && count > 0)
            mappings[count - 1].shared_kib += kib;
        else if (isxdigit(line[0]) && !isupper(line[0]) && count < MAPPINGS_MAX)
            name_mapping(&mappings[count++], line);
    }
    fclose(file);
    return count;
}

/* The tool's process above each of the programs; the number of different ones. */
static size_t find_holders(const char *program, pid_t *holders, size_t *ret_jobs)
{
    pid_t *pids = NULL;
    size_t jobs = bench_find(program, &pids);
    size_t count = 0;
    for (size_t i = 0; i < jobs; i++) {
        struct proc process;
        if (proc_read(pids[i], &process) < 0)
            continue;
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || holders[k] == process.ppid;
        if (!known)
            holders[count++] = process.ppid;
    }
    free(pids);
    *ret_jobs = jobs;
    return count;
}

static void print_mappings(pid_t pid)
{
    static struct mapping mappings[MAPPINGS_MAX];
    size_t count = read_mappings(pid, mappings);
    for (size_t i = 0; i < count; i++) {
        if (mappings[i].private_kib > 0)
            printf("  %8.0f KiB private %8.0f shared  %s\n", mappings[i].private_kib,
                   mappings[i].shared_kib, mappings[i].name);
    }
}

/* The holder nearest to the median, whose mappings are shown. */
static pid_t most_typical(const pid_t *holders, size_t count, double median)
{
    pid_t best = holders[0];
    double best_distance = -1;
    for (size_t i = 0; i < count; i++) {
        double distance = private_kib(holders[i], "smaps_rollup") - median;
        distance = distance < 0 ? -distance : distance;
        if (best_distance < 0 || distance < best_distance) {
            best = holders[i];
            best_distance = distance;
        }
    }
    return best;
}

static pid_t measure(struct bench *bench, enum bench_tool tool, long jobs)
{
    const char *const program[] = {"sleep", "1000000", NULL};
    for (long i = 0; i < jobs; i++) {
        struct bench_command command;
        (void)bench_detached(bench, tool, program, &command);
        (void)bench_run(command.argv);
    }
    bench_await("sleep 1000000", (size_t)jobs);

    pid_t *holders = calloc((size_t)jobs + 1, sizeof(*holders));
    size_t found = 0;
    size_t count = find_holders("sleep 1000000", holders, &found);
    struct samples samples = {0};
    for (size_t i = 0; i < count; i++)
        samples_add(&samples, private_kib(holders[i], "smaps_rollup"));
    double share = (double)count / (double)found;
    printf("%-8s %10.1f %10.1f %10zu%s\n", bench_name(tool), samples_median(&samples) * share,
           samples_quantile(&samples, 1) * share, count, tool == BENCH_JS ? "   (budget 128)" : "");
    pid_t typical = most_typical(holders, count, samples_median(&samples));
    samples_finish(&samples);
    free(holders);
    return typical;
}

int main(void)
{
    struct bench bench;
    long jobs = bench_scaled(JOBS);
    bench_begin(&bench, "private memory for each idle job");
    bench_header(&bench, "median KiB    max KiB  processes");
    pid_t dtach = 0;
    pid_t js = 0;
    for (int tool = BENCH_DTACH; tool < BENCH_TOOLS; tool++) {
        if (!bench.present[tool])
            continue;
        pid_t typical = measure(&bench, tool, jobs);
        dtach = tool == BENCH_DTACH ? typical : dtach;
        js = tool == BENCH_JS ? typical : js;
        if (typical == js || typical == dtach) {
            printf("page by page, a typical one of %s:\n", bench_name(tool));
            print_mappings(typical);
        }
        bench_renew(&bench);
    }
    bench_end(&bench);
    return 0;
}
