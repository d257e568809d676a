#include "client/metrics.h"

#include <inttypes.h>
#include <stdio.h>

/* Metrics being written. */
struct metrics {
    struct bytes *out;
    int error;
};

static void begin(struct metrics *metrics, const char *name, const char *type, const char *help)
{
    if (metrics->error == 0)
        metrics->error =
            bytes_printf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct metrics *metrics, const char *name, uint64_t value)
{
    if (metrics->error == 0)
        metrics->error = bytes_printf(metrics->out, "%s %" PRIu64 "\n", name, value);
}

static void thousandths(struct metrics *metrics, const char *name, uint64_t value)
{
    if (metrics->error == 0)
        metrics->error = bytes_printf(metrics->out, "%s %" PRIu64 ".%03u\n", name, value / 1000u,
                                      (unsigned)(value % 1000u));
}

static void labeled(struct metrics *metrics, const char *name, const char *label, const char *value,
                    uint64_t number_)
{
    if (metrics->error == 0)
        metrics->error =
            bytes_printf(metrics->out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, number_);
}

/* Every value of the label from first on. */
static void each(struct metrics *metrics, const char *name, const char *label,
                 const struct wire_structs *counts, uint32_t first, uint32_t end,
                 const char *(*word)(uint32_t))
{
    for (uint32_t what = first; what < end; what++)
        labeled(metrics, name, label, word(what), counts_of(counts, what));
}

static void jobs(struct metrics *metrics, const struct msg_status *status)
{
    const struct job_count *counts = status->counts.items;
    begin(metrics, "js_jobs", "gauge",
          "Jobs in the list, by state; ended ones while they are kept.");
    for (uint32_t state = JOB_QUEUED; state < JOB_STATE_COUNT; state++) {
        uint64_t count = 0;
        for (size_t i = 0; i < status->counts.len; i++)
            count += counts[i].state == state ? counts[i].jobs : 0;
        labeled(metrics, "js_jobs", "state", job_state_name(state), count);
    }
    begin(metrics, "js_jobs_started_total", "counter",
          "Jobs since the server began, with the live ones that it found then.");
    number(metrics, "js_jobs_started_total", status->counters->started);
    begin(metrics, "js_jobs_ended_total", "counter",
          "Of these, those that have ended, by reason; the others are live.");
    each(metrics, "js_jobs_ended_total", "reason", &status->counters->ended, END_EXITED,
         END_REASON_COUNT, end_reason_name);
}

static void attempts(struct metrics *metrics, const struct server_counters *counters)
{
    begin(metrics, "js_attempts_started_total", "counter",
          "Times that a job's program was started.");
    number(metrics, "js_attempts_started_total", counters->attempts);
    begin(metrics, "js_attempts_ended_total", "counter", "Times that it has ended, by reason.");
    each(metrics, "js_attempts_ended_total", "reason", &counters->attempts_ended, END_EXITED,
         END_REASON_COUNT, end_reason_name);
}

/* The groups of a histogram add up, that is their definition. */
static void durations(struct metrics *metrics, const struct server_counters *counters)
{
    static const char name[] = "js_job_duration_seconds";
    uint64_t below = 0;
    begin(metrics, name, "histogram", "From a job's start to its end.");
    for (size_t i = 0; i < COUNTS_BOUND_COUNT; i++) {
        char bound[32];
        snprintf(bound, sizeof(bound), "%g", counts_bounds[i] / 1000.0);
        below += counts_of(&counters->durations, counts_bounds[i]);
        labeled(metrics, "js_job_duration_seconds_bucket", "le", bound, below);
    }
    uint64_t all = counts_sum(&counters->durations);
    labeled(metrics, "js_job_duration_seconds_bucket", "le", "+Inf", all);
    thousandths(metrics, "js_job_duration_seconds_sum", counters->duration_ms);
    number(metrics, "js_job_duration_seconds_count", all);
}

static void server(struct metrics *metrics, const struct msg_status *status, uint64_t now_ns)
{
    uint64_t up = now_ns > status->started_ns ? now_ns - status->started_ns : 0;
    begin(metrics, "js_errors_total", "counter", "What went wrong, by kind.");
    each(metrics, "js_errors_total", "kind", &status->counters->faults, FAULT_SPAWN,
         FAULT_KIND_COUNT, fault_kind_name);
    begin(metrics, "js_events_total", "counter", "Events, see js events.");
    number(metrics, "js_events_total", status->counters->events);
    begin(metrics, "js_clients", "gauge", "Open connections of clients, with that of this one.");
    number(metrics, "js_clients", status->clients);
    begin(metrics, "js_server_generation", "gauge", "Servers that have run in this place.");
    number(metrics, "js_server_generation", status->generation);
    begin(metrics, "js_server_start_time_seconds", "gauge", "When the server began, since 1970.");
    thousandths(metrics, "js_server_start_time_seconds", status->started_ns / 1000000u);
    begin(metrics, "js_server_uptime_seconds", "gauge", "How long the server has run.");
    thousandths(metrics, "js_server_uptime_seconds", up / 1000000u);
}

int metrics_format(const struct msg_status *status, uint64_t now_ns, struct bytes *out)
{
    struct metrics metrics = {.out = out};
    jobs(&metrics, status);
    attempts(&metrics, status->counters);
    durations(&metrics, status->counters);
    server(&metrics, status, now_ns);
    return metrics.error;
}
