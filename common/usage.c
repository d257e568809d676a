#include "common/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"

#define BLOCK 512u /* ru_inblock and ru_oublock count these (kernel: task_io_get_inblock) */

/* /proc/PID/NAME into buf, with a NUL. 0 or -errno. */
static int read_file(pid_t pid, const char *name, char *buf, size_t size)
{
    char path[48];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
    if (n < 0)
        return -errno;
    buf[n] = '\0';
    return 0;
}

/* The number behind "\nKEY:", 0 without one. */
static uint64_t number_of(const char *text, const char *key)
{
    char line[32];
    int len = snprintf(line, sizeof(line), "\n%s:", key);
    const char *at = strstr(text, line);
    return at ? strtoull(at + len, NULL, 10) : 0;
}

/* utime, stime, cutime and cstime are fields 14 to 17, counted behind the name's last ')'. */
static int add_times(struct job_usage *usage, pid_t pid)
{
    char buf[1024];
    unsigned long long utime, stime;
    long long cutime, cstime;
    int r = read_file(pid, "stat", buf, sizeof(buf));
    if (r < 0)
        return r;
    const char *rest = strrchr(buf, ')');
    if (!rest || sscanf(rest, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %lld %lld",
                        &utime, &stime, &cutime, &cstime) != 4)
        return -EBADMSG;
    uint64_t ticks = utime + stime + (uint64_t)cutime + (uint64_t)cstime;
    usage->cpu_ms += ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
    return 0;
}

int usage_add_process(struct job_usage *usage, pid_t pid)
{
    char buf[4096];
    int r = add_times(usage, pid);
    if (r < 0)
        return r;
    usage->processes++;
    if (read_file(pid, "status", buf, sizeof(buf)) == 0) {
        uint64_t peak = number_of(buf, "VmHWM") * 1024;
        usage->memory += number_of(buf, "VmRSS") * 1024;
        if (peak > usage->peak)
            usage->peak = peak;
    }
    if (read_file(pid, "io", buf, sizeof(buf)) == 0) {
        usage->read += number_of(buf, "read_bytes");
        usage->written += number_of(buf, "write_bytes");
    }
    return 0;
}

static uint64_t in_ms(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000;
}

static void add_reaped(struct job_usage *usage)
{
    struct rusage reaped;
    if (getrusage(RUSAGE_CHILDREN, &reaped) < 0)
        return;
    usage->cpu_ms += in_ms(reaped.ru_utime) + in_ms(reaped.ru_stime);
    usage->read += (uint64_t)reaped.ru_inblock * BLOCK;
    usage->written += (uint64_t)reaped.ru_oublock * BLOCK;
    uint64_t peak = (uint64_t)reaped.ru_maxrss * 1024; /* of the largest single one */
    if (peak > usage->peak)
        usage->peak = peak;
}

int usage_of_descendants(struct job_usage *usage)
{
    struct job_usage now = {.peak = usage->peak};
    pid_t *pids = NULL;
    ssize_t count = process_descendants(&pids);
    if (count < 0)
        return (int)count;
    for (ssize_t i = 0; i < count; i++)
        usage_add_process(&now, pids[i]); /* that has ended meanwhile is no error */
    free(pids);
    add_reaped(&now);
    if (now.memory > now.peak)
        now.peak = now.memory;
    *usage = now;
    return 0;
}

void usage_format_cpu(uint64_t ms, char buf[24])
{
    uint64_t s = ms / 1000, m = s / 60, h = m / 60;
    if (s < 10)
        snprintf(buf, 24, "%u.%02us", (unsigned)s, (unsigned)(ms % 1000 / 10));
    else if (s < 60)
        snprintf(buf, 24, "%u.%us", (unsigned)s, (unsigned)(ms % 1000 / 100));
    else if (h < 1)
        snprintf(buf, 24, "%um%02us", (unsigned)m, (unsigned)(s % 60));
    else if (h < 24)
        snprintf(buf, 24, "%uh%02um", (unsigned)h, (unsigned)(m % 60));
    else
        snprintf(buf, 24, "%llud%02uh", (unsigned long long)(h / 24), (unsigned)(h % 24));
}
