#include "client/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/jobs_view.h"
#include "common/amount.h"
#include "common/duration.h"
#include "common/escape.h"
#include "common/signame.h"
#include "common/usage.h"

void show_line(const char *name, const char *value)
{
    struct bytes text = {0};
    escape_append(&text, value, strlen(value));
    printf("%-10s %.*s\n", name, (int)text.len, (const char *)text.data);
    bytes_finish(&text);
}

void show_number(const char *name, uint64_t value)
{
    printf("%-10s %" PRIu64 "\n", name, value);
}

void show_time(const char *name, uint64_t ns)
{
    char buf[32];
    if (ns == 0)
        return;
    jobs_view_time(ns, buf);
    show_line(name, buf);
}

static void describe_end(const struct job_end *end, char *buf, size_t size)
{
    if (end->signal)
        snprintf(buf, size, "%s, signal %u (%s)%s", end_reason_name(end->reason), end->signal,
                 signame_describe((int)end->signal), end->core ? ", core dumped" : "");
    else if (end->code >= 0)
        snprintf(buf, size, "%s, code %d", end_reason_name(end->reason), end->code);
    else if (end->reason == END_SPAWN_FAILED)
        snprintf(buf, size, "%s: cannot %s: %s", end_reason_name(end->reason),
                 start_stage_text(end->stage), strerror((int)end->os_error));
    else
        snprintf(buf, size, "%s", end_reason_name(end->reason));
}

void show_end(const char *name, const struct job_end *end)
{
    char buf[256];
    if (!end)
        return;
    describe_end(end, buf, sizeof(buf));
    show_line(name, buf);
}

/* "200ms", "1.5s", "90s": exact, and what common/duration.h reads. */
static void exact(uint64_t ms, char *buf, size_t size)
{
    if (ms % 1000 == 0)
        snprintf(buf, size, "%" PRIu64 "s", ms / 1000);
    else
        snprintf(buf, size, "%" PRIu64 "ms", ms);
}

static void show_duration(const char *name, uint64_t ms)
{
    char buf[32];
    exact(ms, buf, sizeof(buf));
    show_line(name, buf);
}

static void show_restart(const struct job_plan *plan)
{
    char buf[256], first[32], most[32], interval[32], times[64] = "";
    if (plan->restart == RESTART_NEVER)
        return;
    exact(plan->backoff_first_ms, first, sizeof(first));
    exact(plan->backoff_most_ms, most, sizeof(most));
    exact(plan->interval_ms, interval, sizeof(interval));
    if (plan->restart_most > 0)
        snprintf(times, sizeof(times), ", up to %" PRIu32 " time%s in a row", plan->restart_most,
                 plan->restart_most == 1 ? "" : "s");
    snprintf(buf, sizeof(buf), "%s%s, after %s..%s, jitter %s%s%s",
             plan_restart_name(plan->restart), times, first, most, plan_jitter_name(plan->jitter),
             plan->restart == RESTART_ALWAYS ? "; after a success " : "",
             plan->restart == RESTART_ALWAYS ? interval : "");
    show_line("restart", buf);
}

static void show_script(uint64_t size)
{
    char buf[64];
    snprintf(buf, sizeof(buf), "%" PRIu64 " bytes, kept in memory only", size);
    show_line("script", buf);
}

static void show_attempt(const struct job_attempt *attempt)
{
    char buf[320], started[32] = "not started", how[256] = "under way";
    if (attempt->started_ns > 0)
        jobs_view_time(attempt->started_ns, started);
    if (attempt->end)
        describe_end(attempt->end, how, sizeof(how));
    snprintf(buf, sizeof(buf), "%" PRIu32 ", %s: %s", attempt->number, started, how);
    show_line("attempt", buf);
}

static void show_patterns(const char *name, const struct wire_strs *patterns)
{
    for (size_t i = 0; i < patterns->len; i++)
        show_line(name, patterns->items[i]);
}

static void show_watch(const struct job_plan *plan)
{
    show_patterns("watches", &plan->watch);
    show_patterns("ignores", &plan->ignore);
    if (plan->before)
        show_line("before", plan->before);
}

void show_plan(const struct job_info *job)
{
    const struct job_plan *plan = job->plan;
    if (job->waits_for)
        show_line("waits for", job->waits_for);
    show_time("due", job->due_ns);
    if (plan && plan->timeout_ms > 0)
        show_duration("timeout", plan->timeout_ms);
    if (plan && plan->script > 0)
        show_script(plan->script);
    if (plan)
        show_restart(plan);
    if (plan)
        show_watch(plan);
    const struct job_attempt *attempts = job->attempts.items;
    for (size_t i = 0; job->attempt > 1 && i < job->attempts.len; i++)
        show_attempt(&attempts[i]);
}

void show_limits(const struct job_info *job)
{
    const struct job_plan *plan = job->plan;
    char buf[160] = "", memory[16];
    size_t len = 0;
    if (plan && plan->memory) {
        amount_format(plan->memory, memory);
        len += (size_t)snprintf(buf, sizeof(buf), ", memory %s", memory);
    }
    if (plan && plan->cpu)
        len += (size_t)snprintf(buf + len, sizeof(buf) - len, ", %g processors",
                                (double)plan->cpu / 1000);
    if (plan && plan->pids)
        len +=
            (size_t)snprintf(buf + len, sizeof(buf) - len, ", %" PRIu64 " processes", plan->pids);
    if (plan && plan->no_new_privs)
        snprintf(buf + len, sizeof(buf) - len, ", no new privileges");
    if (buf[0])
        show_line("limits", buf + 2);
    if (job->cgroup)
        show_line("cgroup", job->cgroup);
}

void show_usage(const struct job_usage *usage)
{
    char buf[160], cpu[24], memory[16], peak[16], read[16], written[16];
    if (!usage)
        return;
    usage_format_cpu(usage->cpu_ms, cpu);
    amount_format(usage->memory, memory);
    amount_format(usage->peak, peak);
    amount_format(usage->read, read);
    amount_format(usage->written, written);
    snprintf(buf, sizeof(buf), "processor %s, memory %s, peak %s, read %s, written %s, %u %s", cpu,
             memory, peak, read, written, usage->processes,
             usage->processes == 1 ? "process" : "processes");
    show_line("usage", buf);
}
