#include "client/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "client/labels.h"
#include "client/report.h"
#include "common/escape.h"

uint32_t filter_final_states(void)
{
    uint32_t bits = 0;
    for (uint32_t state = JOB_QUEUED; state < JOB_STATE_COUNT; state++)
        bits |= job_state_is_final(state) ? 1u << state : 0;
    return bits;
}

uint32_t filter_live_states(void)
{
    uint32_t all = 0;
    for (uint32_t state = JOB_QUEUED; state < JOB_STATE_COUNT; state++)
        all |= 1u << state;
    return all & ~filter_final_states();
}

/* The bits of the word, 0 when it is none. */
static uint32_t read_state(const char *word, size_t len)
{
    if (len == 4 && strncmp(word, "live", len) == 0)
        return filter_live_states();
    for (uint32_t state = JOB_QUEUED; state < JOB_STATE_COUNT; state++) {
        const char *name = job_state_name(state);
        if (strlen(name) == len && strncmp(name, word, len) == 0)
            return 1u << state;
    }
    return 0;
}

int filter_read_states(const char *text, uint32_t *ret)
{
    uint32_t bits = 0;
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        uint32_t more = read_state(at, len);
        if (more == 0)
            return -EINVAL;
        bits |= more;
        at += len;
        if (*at == '\0')
            break;
    }
    *ret = bits;
    return 0;
}

bool filter_is_valid(const struct filter *filter, const char *command)
{
    for (size_t i = 0; filter->labels && i < filter->labels->count; i++) {
        if (labels_selector_is_valid(filter->labels->items[i]))
            continue;
        report_error("%s: --label '%s': %s", command, filter->labels->items[i],
                     LABELS_SELECTOR_SYNTAX);
        return false;
    }
    return true;
}

bool filter_is_empty(const struct filter *filter)
{
    return (!filter->labels || filter->labels->count == 0) && filter->states == 0 &&
           !filter->name && !filter->failed && !filter->ok && filter->ended_before_ns == 0;
}

bool filter_passes(const struct filter *filter, const struct job_info *job)
{
    bool final = job_state_is_final(job->state);
    if (filter->states && (job->state >= 32 || !(filter->states & 1u << job->state)))
        return false;
    if (filter->name && (!job->name || fnmatch(filter->name, job->name, 0) != 0))
        return false;
    if (filter->failed && !job_has_failed(job))
        return false;
    if (filter->ok && (!final || job_has_failed(job)))
        return false;
    if (filter->ended_before_ns && (!final || job->ended_ns >= filter->ended_before_ns))
        return false;
    for (size_t i = 0; filter->labels && i < filter->labels->count; i++)
        if (!labels_fit(job->plan, filter->labels->items[i]))
            return false;
    return true;
}

/* " --name web*" */
static int describe(struct bytes *out, const char *option, const char *value)
{
    int r = bytes_printf(out, " %s ", option);
    return r < 0 ? r : escape_append(out, value, strlen(value));
}

int filter_describe_none(const struct filter *filter, struct bytes *out)
{
    int r = bytes_append_text(out, "no job fits");
    for (size_t i = 0; r == 0 && filter->labels && i < filter->labels->count; i++)
        r = describe(out, "-l", filter->labels->items[i]);
    if (r == 0 && filter->state_words)
        r = describe(out, "--state", filter->state_words);
    if (r == 0 && filter->name)
        r = describe(out, "--name", filter->name);
    if (r == 0 && filter->failed)
        r = bytes_append_text(out, " --failed");
    if (r == 0 && filter->ok)
        r = bytes_append_text(out, " --ok");
    return r;
}
