#include "common/event.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/wire_tables.h"

static const struct wire_field event_table[] = {
    FIELD(job_event, seq, WIRE_U64, OPTIONAL, 0, "its number, 0 = it is a gap"),
    FIELD(job_event, time_ns, WIRE_U64, REQUIRED, 0, "when it happened"),
    FIELD(job_event, kind, WIRE_U32, REQUIRED, 0, "what happened"),
    FIELD(job_event, job, WIRE_U32, OPTIONAL, 0, "number of the job, 0 = it is about none"),
    FIELD(job_event, uid, WIRE_STR, OPTIONAL, 64, "unique id of the job"),
    FIELD(job_event, name, WIRE_STR, OPTIONAL, JOB_NAME_MAX, "name of the job"),
    FIELD(job_event, labels, WIRE_STRS, OPTIONAL, PLAN_LABELS_MAX, "labels of the job"),
    FIELD(job_event, state, WIRE_U32, OPTIONAL, 0, "state of the job after it"),
    FIELD(job_event, attempt, WIRE_U32, OPTIONAL, 0, "attempt that it is about"),
    NESTED(job_event, end, WIRE_STRUCT, OPTIONAL, 0, job_end_fields, "how it ended"),
    NESTED(job_event, viewer, WIRE_STRUCT, OPTIONAL, 0, job_viewer_fields, "who is (un)attached"),
    FIELD(job_event, text, WIRE_STR, OPTIONAL, EVENT_TEXT_MAX, "text that belongs to it"),
    FIELD(job_event, title, WIRE_STR, OPTIONAL, EVENT_TEXT_MAX, "title of a notification"),
    FIELD(job_event, count, WIRE_U64, OPTIONAL, 0, "bells; events missing, 0 = unknown"),
    FIELD(job_event, due_ns, WIRE_U64, OPTIONAL, 0, "the job is not started before that"),
};
STRUCT(job_event, event_table);

const char *event_kind_name(uint32_t kind)
{
    static const char *const names[] = {
        [EVENT_GAP] = "gap",           [EVENT_SERVER] = "server",
        [EVENT_FOUND] = "found",       [EVENT_QUEUED] = "queued",
        [EVENT_MOVED] = "moved",       [EVENT_STARTED] = "started",
        [EVENT_STOPPED] = "stopped",   [EVENT_CONTINUED] = "continued",
        [EVENT_EXITING] = "exiting",   [EVENT_ATTEMPT_ENDED] = "attempt-ended",
        [EVENT_BACKOFF] = "backoff",   [EVENT_ENDED] = "ended",
        [EVENT_FAILED] = "failed",     [EVENT_REMOVED] = "removed",
        [EVENT_ATTACHED] = "attached", [EVENT_DETACHED] = "detached",
        [EVENT_RENAMED] = "renamed",   [EVENT_TITLE] = "title",
        [EVENT_BELL] = "bell",         [EVENT_NOTIFICATION] = "notification",
        [EVENT_ASKS] = "asks",         [EVENT_ASKS_NO_MORE] = "asks-no-more",
        [EVENT_WARNING] = "warning",   [EVENT_GRACE_OVER] = "grace-over",
    };
    static_assert(COUNT(names) == EVENT_KIND_COUNT, "an event kind has no name");
    return kind < COUNT(names) && names[kind] ? names[kind] : "unknown";
}

uint32_t event_mark(uint64_t started_ns)
{
    uint32_t mark = (uint32_t)(started_ns / 1000000u);
    return mark ? mark : 1;
}

void event_cursor_format(const struct event_cursor *cursor, char ret[EVENT_CURSOR_SIZE])
{
    snprintf(ret, EVENT_CURSOR_SIZE, "%" PRIu32 "-%08" PRIx32 ":%" PRIu64, cursor->generation,
             cursor->mark, cursor->seq);
}

/* Digits of that base at *at, which moves behind them. false: none, or a number above most. */
static bool read_number(const char **at, int base, uint64_t most, uint64_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    char *end;
    bool any = false;
    for (int i = 0; i < base; i++)
        any = any || **at == digits[i]; /* no sign, no blank: strtoull(3) takes them */
    errno = 0;
    unsigned long long number = any ? strtoull(*at, &end, base) : 0;
    if (!any || errno || number > most)
        return false;
    *at = end;
    *ret = number;
    return true;
}

int event_cursor_parse(const char *text, struct event_cursor *ret)
{
    uint64_t generation, mark = 0, seq;
    if (!read_number(&text, 10, UINT32_MAX, &generation))
        return -EINVAL;
    if (*text == '-' && (text++, !read_number(&text, 16, UINT32_MAX, &mark)))
        return -EINVAL;
    if (*text++ != ':' || !read_number(&text, 10, UINT64_MAX, &seq) || *text)
        return -EINVAL;
    *ret = (struct event_cursor){
        .generation = (uint32_t)generation, .mark = (uint32_t)mark, .seq = seq};
    return 0;
}
