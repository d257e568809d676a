#include "client/columns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/report.h"
#include "common/amount.h"
#include "common/clock.h"
#include "common/duration.h"
#include "common/escape.h"
#include "common/usage.h"

/* The parameters of every column's function; most need only some of them. */
#define VALUE_OF                                                                                   \
    __attribute__((unused)) const struct jobs_view *view, const struct job_info *job,              \
        __attribute__((unused)) bool exact, struct bytes *out

static int append_number(struct bytes *out, uint64_t number)
{
    return bytes_printf(out, "%" PRIu64, number);
}

static int append_number_or_none(struct bytes *out, uint64_t number)
{
    return number ? append_number(out, number) : 0;
}

static int append_text(struct bytes *out, const char *text)
{
    return text ? bytes_append_text(out, text) : 0;
}

static int append_time(struct bytes *out, uint64_t ns)
{
    char buf[32];
    if (ns == 0)
        return 0;
    jobs_view_time(ns, buf);
    return bytes_append_text(out, buf);
}

static int append_amount(struct bytes *out, uint64_t bytes, bool exact)
{
    char buf[16];
    if (exact)
        return append_number(out, bytes);
    amount_format(bytes, buf);
    return bytes_append_text(out, buf);
}

static int append_id(VALUE_OF)
{
    return append_number(out, job->id);
}

static int append_mark(VALUE_OF)
{
    char mark[2] = {jobs_view_mark(view, job), '\0'};
    return exact && mark[0] == ' ' ? 0 : bytes_append_text(out, mark);
}

static int append_uid(VALUE_OF)
{
    return append_text(out, job->uid);
}

static int append_state(VALUE_OF)
{
    return append_text(out, exact ? job_state_name(job->state) : jobs_view_state(job));
}

static int append_name(VALUE_OF)
{
    return append_text(out, job->name);
}

static int append_labels(VALUE_OF)
{
    int r = 0;
    for (size_t i = 0; r == 0 && job->plan && i < job->plan->labels.len; i++) {
        r = i > 0 ? bytes_append_text(out, " ") : 0;
        r = r < 0 ? r : bytes_append_text(out, job->plan->labels.items[i]);
    }
    return r;
}

static int append_attached(VALUE_OF)
{
    char buf[128];
    jobs_view_attached(job, buf, sizeof(buf));
    return bytes_append_text(out, buf);
}

static int append_age(VALUE_OF)
{
    char buf[16];
    uint64_t now = clock_realtime_ns();
    uint64_t since = job->started_ns ? job->started_ns : job->created_ns;
    uint64_t ms = now > since ? (now - since) / 1000000u : 0;
    if (exact)
        return append_number(out, ms / 1000);
    duration_format(ms, buf);
    return bytes_append_text(out, buf);
}

static int append_exit(VALUE_OF)
{
    char buf[32];
    jobs_view_exit(job, buf, sizeof(buf));
    return bytes_append_text(out, buf);
}

static int append_reason(VALUE_OF)
{
    return job->end ? append_text(out, end_reason_name(job->end->reason)) : 0;
}

static int append_command(VALUE_OF)
{
    char *command = report_command(job);
    int r = command ? bytes_append_text(out, command) : -ENOMEM;
    free(command);
    return r;
}

static int append_cwd(VALUE_OF)
{
    return append_text(out, job->cwd);
}

static int append_title(VALUE_OF)
{
    return append_text(out, job->title);
}

static int append_pid(VALUE_OF)
{
    return append_number_or_none(out, job->pid);
}

static int append_holder(VALUE_OF)
{
    return job_state_is_final(job->state) ? 0 : append_number_or_none(out, job->holder_pid);
}

static int append_attempt(VALUE_OF)
{
    return append_number(out, job->attempt);
}

static int append_started(VALUE_OF)
{
    return append_time(out, job->started_ns);
}

static int append_ended(VALUE_OF)
{
    return append_time(out, job->ended_ns);
}

static int append_queue(VALUE_OF)
{
    return job->plan ? append_text(out, job->plan->queue) : 0;
}

static int append_slot(VALUE_OF)
{
    return job->plan ? append_text(out, job->plan->slot) : 0;
}

static int append_priority(VALUE_OF)
{
    return job->plan && job->plan->queue ? bytes_printf(out, "%" PRId32, job->plan->priority) : 0;
}

static int append_waits(VALUE_OF)
{
    return append_text(out, job->waits_for);
}

static int append_size(VALUE_OF)
{
    return bytes_printf(out, "%" PRIu32 "x%" PRIu32, job->cols, job->rows);
}

static int append_log(VALUE_OF)
{
    return append_amount(out, job->log_next, exact);
}

static int append_cgroup(VALUE_OF)
{
    return append_text(out, job->cgroup);
}

/* Seconds with thousandths, when exact. */
static int append_cpu(VALUE_OF)
{
    char buf[24];
    if (!job->usage)
        return 0;
    uint64_t ms = job->usage->cpu_ms;
    if (exact)
        return bytes_printf(out, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
    usage_format_cpu(ms, buf);
    return bytes_append_text(out, buf);
}

static int append_mem(VALUE_OF)
{
    return job->usage ? append_amount(out, job->usage->memory, exact) : 0;
}

static int append_peak(VALUE_OF)
{
    return job->usage ? append_amount(out, job->usage->peak, exact) : 0;
}

static int append_read(VALUE_OF)
{
    return job->usage ? append_amount(out, job->usage->read, exact) : 0;
}

static int append_written(VALUE_OF)
{
    return job->usage ? append_amount(out, job->usage->written, exact) : 0;
}

static int append_io(VALUE_OF)
{
    if (!job->usage)
        return 0;
    int r = append_amount(out, job->usage->read, exact);
    if (r == 0)
        r = bytes_append_text(out, "/");
    return r < 0 ? r : append_amount(out, job->usage->written, exact);
}

static int append_procs(VALUE_OF)
{
    return job->usage ? append_number(out, job->usage->processes) : 0;
}

const struct column column_table[] = {
    {"id", "ID", TABLE_RIGHT, false, "its number", append_id},
    {"mark", " ", 0, false, "+ for the current job, - for the previous one", append_mark},
    {"uid", "UID", 0, false, "its unique id", append_uid},
    {"state", "STATE", TABLE_DROP(1), false, "as under States", append_state},
    {"name", "NAME", TABLE_SHRINK | TABLE_DROP(2), false, "its name", append_name},
    {"labels", "LABELS", TABLE_SHRINK, false, "its labels", append_labels},
    {"attached", "ATTACHED", TABLE_DROP(5), false, "the terminal that shows it", append_attached},
    {"age", "AGE", TABLE_RIGHT | TABLE_DROP(4), false, "since it was started", append_age},
    {"exit", "EXIT", TABLE_RIGHT | TABLE_DROP(3), false, "how it ended, in short", append_exit},
    {"reason", "REASON", 0, false, "why it ended, as in JSON", append_reason},
    {"command", "COMMAND", TABLE_SHRINK, false, "its command line", append_command},
    {"cwd", "DIRECTORY", TABLE_SHRINK, false, "the directory it was started in", append_cwd},
    {"title", "TITLE", TABLE_SHRINK, false, "of its terminal", append_title},
    {"pid", "PID", TABLE_RIGHT, false, "process id of the program", append_pid},
    {"holder", "HOLDER", TABLE_RIGHT, false, "process id of its holder", append_holder},
    {"attempt", "ATTEMPT", TABLE_RIGHT, false, "how often it was started", append_attempt},
    {"started", "STARTED", 0, false, "when it was started first", append_started},
    {"ended", "ENDED", 0, false, "when it ended", append_ended},
    {"size", "SIZE", 0, false, "of its terminal, columns and rows", append_size},
    {"log", "LOG", TABLE_RIGHT, false, "bytes that it has printed", append_log},
    {"queue", "QUEUE", TABLE_SHRINK, false, "the queue that it is in", append_queue},
    {"priority", "PRIORITY", TABLE_RIGHT, false, "in that queue", append_priority},
    {"slot", "SLOT", TABLE_SHRINK, false, "the slot that it needs", append_slot},
    {"waits", "WAITS FOR", TABLE_SHRINK, false, "what it waits for", append_waits},
    {"cgroup", "CGROUP", TABLE_SHRINK, false, "directory of its own cgroup", append_cgroup},
    {"cpu", "CPU", TABLE_RIGHT, true, "processor time", append_cpu},
    {"mem", "MEM", TABLE_RIGHT, true, "memory now", append_mem},
    {"peak", "PEAK", TABLE_RIGHT, true, "the most memory that was seen", append_peak},
    {"read", "READ", TABLE_RIGHT, true, "bytes read from storage", append_read},
    {"written", "WRITTEN", TABLE_RIGHT, true, "bytes written to storage", append_written},
    {"io", "IO", TABLE_RIGHT, true, "both, read/written", append_io},
    {"procs", "PROCS", TABLE_RIGHT, true, "processes now", append_procs},
};
const size_t column_count = sizeof(column_table) / sizeof(column_table[0]);

static const struct column *find(const char *name, size_t len)
{
    for (size_t i = 0; i < column_count; i++)
        if (strlen(column_table[i].name) == len && strncmp(column_table[i].name, name, len) == 0)
            return &column_table[i];
    return NULL;
}

static int refuse(const char *name, size_t len, const char *command)
{
    struct bytes text = {0};
    int r = escape_append(&text, name, len);
    if (r == 0)
        r = bytes_append_text(&text, "' is no column; there are");
    for (size_t i = 0; r == 0 && i < column_count; i++)
        r = bytes_printf(&text, "%s%s", i == 0 ? " " : ", ", column_table[i].name);
    if (r == 0)
        report_error("%s: '%.*s", command, (int)text.len, (const char *)text.data);
    bytes_finish(&text);
    return -EINVAL;
}

int columns_parse(const char *text, const char *command, struct columns_list *ret)
{
    *ret = (struct columns_list){0};
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        const struct column *column = find(at, len);
        if (!column)
            return refuse(at, len, command);
        if (ret->count == COLUMNS_MOST) {
            report_error("%s: more than %u columns", command, COLUMNS_MOST);
            return -EINVAL;
        }
        ret->items[ret->count++] = column;
        ret->usage = ret->usage || column->usage;
        at += len;
        if (*at == '\0')
            return 0;
    }
}

/* The cells one behind the other in text, each with a NUL. */
static int add_row(const struct columns_list *list, const struct jobs_view *view,
                   const struct job_info *job, struct bytes *text, struct table *table)
{
    size_t at[COLUMNS_MOST];
    const char *cells[COLUMNS_MOST];
    int r = 0;
    text->len = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        at[i] = text->len;
        r = list->items[i]->append(view, job, false, text);
        if (r == 0)
            r = bytes_append(text, "", 1);
    }
    for (size_t i = 0; r == 0 && i < list->count; i++)
        cells[i] = (const char *)text->data + at[i];
    return r < 0 ? r : table_add_row(table, cells);
}

int columns_table(const struct columns_list *list, const struct jobs_view *view, unsigned width,
                  bool drops, struct bytes *out)
{
    struct table table = {0};
    struct bytes text = {0};
    const struct job_info *jobs = view->jobs.items;
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        unsigned flags = list->items[i]->flags;
        r = table_add_column(&table, list->items[i]->title,
                             drops ? flags : flags & (TABLE_RIGHT | TABLE_SHRINK));
    }
    for (size_t i = 0; r == 0 && i < view->jobs.len; i++)
        r = add_row(list, view, &jobs[i], &text, &table);
    if (r == 0)
        r = table_print(&table, width, out);
    bytes_finish(&text);
    table_finish(&table);
    return r;
}

int columns_values(const struct columns_list *list, const struct jobs_view *view, struct bytes *out)
{
    struct bytes text = {0};
    const struct job_info *jobs = view->jobs.items;
    int r = 0;
    for (size_t job = 0; r == 0 && job < view->jobs.len; job++) {
        for (size_t i = 0; r == 0 && i < list->count; i++) {
            text.len = 0;
            r = list->items[i]->append(view, &jobs[job], true, &text);
            if (r == 0 && i > 0)
                r = bytes_append_text(out, "\t");
            if (r == 0)
                r = escape_append(out, text.data, text.len);
        }
        if (r == 0)
            r = bytes_append_text(out, "\n");
    }
    bytes_finish(&text);
    return r;
}
