#include "server/event_diff.h"

#include <string.h>

/* A difference being told. */
struct diff {
    const struct job_info *before, *after;
    uint64_t now_ns;
    event_diff_fn tell;
    void *user;
};

struct job_event event_of(const struct job_info *info, enum event_kind kind, uint64_t time_ns)
{
    return (struct job_event){.time_ns = time_ns,
                              .kind = kind,
                              .job = info->id,
                              .uid = info->uid,
                              .name = info->name,
                              .labels = info->plan ? info->plan->labels : (struct wire_strs){0},
                              .state = info->state,
                              .attempt = event_attempts(info)};
}

static void tell(const struct diff *diff, const struct job_event *event)
{
    diff->tell(diff->user, event);
}

static void tell_text(const struct diff *diff, enum event_kind kind, char *text)
{
    struct job_event event = event_of(diff->after, kind, diff->now_ns);
    event.text = text;
    tell(diff, &event);
}

static bool differ(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) != 0 : a != b;
}

/* Attempts */

uint32_t event_attempts(const struct job_info *info)
{
    const struct job_attempt *attempts = info->attempts.items;
    if (info->attempts.len == 0)
        return info->started_ns ? (info->attempt ? info->attempt : 1) : 0;
    const struct job_attempt *last = &attempts[info->attempts.len - 1];
    return last->started_ns ? last->number : last->number - (last->number > 0);
}

static const struct job_attempt *find_attempt(const struct job_info *info, uint32_t number)
{
    const struct job_attempt *attempts = info->attempts.items;
    for (size_t i = 0; i < info->attempts.len; i++)
        if (attempts[i].number == number)
            return &attempts[i];
    return NULL;
}

/* A plain job has no list, and one that is started again has its last end until it tells more. */
bool event_attempt_has_ended(const struct job_info *info, uint32_t number)
{
    const struct job_attempt *attempt = find_attempt(info, number);
    uint32_t newest = event_attempts(info);
    return attempt ? attempt->end != NULL : number < newest || (number == newest && info->end);
}

static void tell_started(const struct diff *diff, uint32_t number)
{
    const struct job_attempt *attempt = find_attempt(diff->after, number);
    uint64_t time_ns = attempt ? attempt->started_ns : diff->after->started_ns;
    struct job_event event = event_of(diff->after, EVENT_STARTED, time_ns ? time_ns : diff->now_ns);
    event.attempt = number;
    tell(diff, &event);
}

static void tell_attempt_ended(const struct diff *diff, const struct job_attempt *attempt)
{
    uint64_t time_ns = attempt->ended_ns ? attempt->ended_ns : diff->now_ns;
    struct job_event event = event_of(diff->after, EVENT_ATTEMPT_ENDED, time_ns);
    event.attempt = attempt->number;
    event.end = attempt->end;
    tell(diff, &event);
}

/* Only the newest attempts are in a list: of those before it nothing is known but their number. */
static void diff_attempts(const struct diff *diff)
{
    const struct job_info *after = diff->after;
    uint32_t had = event_attempts(diff->before), has = event_attempts(after);
    const struct job_attempt *attempts = after->attempts.items;
    for (size_t i = 0; i < after->attempts.len; i++) {
        const struct job_attempt *attempt = &attempts[i];
        if (attempt->number > had && attempt->started_ns)
            tell_started(diff, attempt->number);
        /* The end of the last one is the job's own. */
        bool last = attempt->number == has && job_state_is_final(after->state);
        if (attempt->end && !last && !event_attempt_has_ended(diff->before, attempt->number))
            tell_attempt_ended(diff, attempt);
    }
    if (after->attempts.len == 0 && has > had)
        tell_started(diff, has);
}

/* States */

static bool waits_elsewhere(const struct job_info *before, const struct job_info *after)
{
    const struct job_plan *was = before->plan, *is = after->plan;
    if (before->due_ns != after->due_ns || before->queued_ns != after->queued_ns)
        return true;
    return was && is &&
           (differ(was->queue, is->queue) || was->priority != is->priority ||
            differ(was->slot, is->slot));
}

/* The kind of event that the change to the new state is; 0 when something else tells it. */
static enum event_kind state_event(const struct job_info *before, const struct job_info *after)
{
    bool same = before->state == after->state;
    switch ((enum job_state)after->state) {
    case JOB_QUEUED:
        return !same ? EVENT_QUEUED : waits_elsewhere(before, after) ? EVENT_MOVED : 0;
    case JOB_BACKOFF:
        return !same || before->due_ns != after->due_ns ? EVENT_BACKOFF : 0;
    case JOB_RUNNING:
        return before->state == JOB_STOPPED ? EVENT_CONTINUED : 0;
    case JOB_STOPPED:
        return same ? 0 : EVENT_STOPPED;
    case JOB_EXITING:
        return same ? 0 : EVENT_EXITING;
    case JOB_ENDED:
        return same ? 0 : EVENT_ENDED;
    case JOB_FAILED:
        return same ? 0 : EVENT_FAILED;
    case JOB_STARTING:
    case JOB_STATE_COUNT:
        break;
    }
    return 0;
}

static void diff_state(const struct diff *diff)
{
    const struct job_info *after = diff->after;
    enum event_kind kind = state_event(diff->before, after);
    if (kind == 0)
        return;
    bool ended = kind == EVENT_ENDED;
    struct job_event event =
        event_of(after, kind, ended && after->ended_ns ? after->ended_ns : diff->now_ns);
    if (ended)
        event.end = after->end;
    if (kind == EVENT_QUEUED || kind == EVENT_MOVED || kind == EVENT_BACKOFF)
        event.due_ns = after->due_ns;
    if (kind == EVENT_QUEUED || kind == EVENT_MOVED)
        event.text = after->waits_for;
    tell(diff, &event);
}

/* Viewers */

static bool same_viewer(const struct job_viewer *a, const struct job_viewer *b)
{
    return a->pid == b->pid && attach_mode_name(a->mode) == attach_mode_name(b->mode) &&
           !differ(a->tty, b->tty);
}

static size_t count_viewer(const struct job_viewer *viewers, size_t len,
                           const struct job_viewer *like)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += same_viewer(&viewers[i], like);
    return count;
}

/* Tells those of `from` that are not in `others`. */
static void tell_viewers(const struct diff *diff, enum event_kind kind,
                         const struct wire_structs *from, const struct wire_structs *others)
{
    struct job_viewer *viewers = from->items;
    for (size_t i = 0; i < from->len; i++) {
        size_t before = count_viewer(viewers, i, &viewers[i]);
        if (before < count_viewer(others->items, others->len, &viewers[i]))
            continue;
        struct job_event event = event_of(diff->after, kind, diff->now_ns);
        event.viewer = &viewers[i];
        tell(diff, &event);
    }
}

void event_diff(const struct job_info *before, const struct job_info *after, uint64_t now_ns,
                event_diff_fn tell_fn, void *user)
{
    const struct diff diff = {
        .before = before, .after = after, .now_ns = now_ns, .tell = tell_fn, .user = user};
    bool ended = job_state_is_final(after->state);
    diff_attempts(&diff);
    tell_viewers(&diff, EVENT_DETACHED, &before->viewers, &after->viewers);
    tell_viewers(&diff, EVENT_ATTACHED, &after->viewers, &before->viewers);
    if (differ(before->name, after->name))
        tell_text(&diff, EVENT_RENAMED, before->name);
    if (differ(before->title, after->title) && after->title)
        tell_text(&diff, EVENT_TITLE, after->title);
    if (differ(before->warning, after->warning) && after->warning)
        tell_text(&diff, EVENT_WARNING, after->warning);
    if (before->asks != after->asks && !ended)
        tell_text(&diff, after->asks ? EVENT_ASKS : EVENT_ASKS_NO_MORE, NULL);
    diff_state(&diff);
}
