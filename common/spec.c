#include "common/spec.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

/* How likely a user means this job without naming it; 0 = not at all. */
static unsigned rank(const struct job_info *job)
{
    if (job_state_is_final(job->state) || job->state == JOB_EXITING)
        return 0;
    for (size_t i = 0; i < job->viewers.len; i++)
        if (((const struct job_viewer *)job->viewers.items)[i].mode != ATTACH_WATCH)
            return 1;
    if (job->state == JOB_QUEUED && job->attempt == 0)
        return 2; /* there is nothing to be seen of it yet */
    return job->state == JOB_STOPPED || job->left_ns > 0 ? 4 : 3;
}

/* Whether a comes before b in that order. */
static bool precedes(const struct job_info *a, const struct job_info *b)
{
    unsigned rank_a = rank(a), rank_b = rank(b);
    if (rank_a != rank_b)
        return rank_a > rank_b;
    if (a->left_ns != b->left_ns)
        return a->left_ns > b->left_ns;
    if (a->started_ns != b->started_ns)
        return a->started_ns > b->started_ns;
    return a->id > b->id;
}

void spec_current(const struct spec_jobs *from, const struct job_info **ret_current,
                  const struct job_info **ret_previous)
{
    const struct job_info *first = NULL, *second = NULL;
    for (size_t i = 0; i < from->count; i++) {
        const struct job_info *job = from->jobs[i];
        if (rank(job) == 0)
            continue;
        if (!first || precedes(job, first)) {
            second = first;
            first = job;
        } else if (!second || precedes(job, second)) {
            second = job;
        }
    }
    *ret_current = first;
    *ret_previous = second;
}

/* The job that ended last: what "current" means to those who ask about ended jobs too. */
static const struct job_info *last_ended(const struct spec_jobs *from)
{
    const struct job_info *last = NULL;
    for (size_t i = 0; i < from->count; i++)
        if (job_state_is_final(from->jobs[i]->state) &&
            (!last || from->jobs[i]->ended_ns >= last->ended_ns))
            last = from->jobs[i];
    return last;
}

static int resolve_current(const struct spec_jobs *from, bool previous, bool live_only,
                           const struct job_info **ret, char *text, size_t size)
{
    const struct job_info *first, *second;
    spec_current(from, &first, &second);
    if (!first && !live_only && !previous)
        first = last_ended(from);
    *ret = previous ? second : first;
    if (*ret)
        return 0;
    snprintf(text, size, previous ? "there is no previous job" : "there is no current job");
    return -ENOENT;
}

typedef bool (*match_fn)(const struct job_info *job, const char *text);

static bool match_name(const struct job_info *job, const char *text)
{
    return job->name && strcmp(job->name, text) == 0;
}

static bool match_uid(const struct job_info *job, const char *text)
{
    return strlen(text) >= SPEC_UID_MIN && strncmp(job->uid, text, strlen(text)) == 0;
}

/* The command as one string, words joined by blanks: what POSIX's %string looks at. */
static char *command_line(const struct job_info *job)
{
    struct bytes line = {0};
    for (size_t i = 0; i < job->argv.len; i++) {
        if (i > 0)
            bytes_append_text(&line, " ");
        bytes_append_text(&line, job->argv.items[i]);
    }
    if (bytes_append(&line, "", 1) < 0)
        bytes_finish(&line);
    return (char *)line.data;
}

static bool match_prefix(const struct job_info *job, const char *text)
{
    char *line = command_line(job);
    bool found = line && strncmp(line, text, strlen(text)) == 0;
    free(line);
    return found;
}

static bool match_substring(const struct job_info *job, const char *text)
{
    char *line = command_line(job);
    bool found = line && strstr(line, text);
    free(line);
    return found;
}

/*
 * The one live job that matches, or else the newest ended one. 1 found, 0 none, -EEXIST several
 * (text lists them).
 */
static int choose(const struct spec_jobs *from, match_fn match, const char *wanted, bool live_only,
                  const struct job_info **ret, char *text, size_t size)
{
    const struct job_info *live = NULL, *ended = NULL;
    size_t live_count = 0;
    int len = snprintf(text, size, "'%s' matches several jobs:", wanted);
    for (size_t i = 0; i < from->count; i++) {
        const struct job_info *job = from->jobs[i];
        if (!match(job, wanted))
            continue;
        if (job_state_is_final(job->state)) {
            ended = job;
            continue;
        }
        live = job;
        live_count++;
        if (len > 0 && (size_t)len < size)
            len += snprintf(text + len, size - (size_t)len, " %" PRIu32, job->id);
    }
    if (live_count > 1)
        return -EEXIST;
    *ret = live ? live : live_only ? NULL : ended;
    return *ret != NULL;
}

static int resolve_number(const struct spec_jobs *from, const char *digits,
                          const struct job_info **ret)
{
    errno = 0;
    unsigned long id = strtoul(digits, NULL, 10);
    for (size_t i = 0; errno == 0 && i < from->count; i++) {
        if (from->jobs[i]->id == id) {
            *ret = from->jobs[i];
            return 1;
        }
    }
    return 0;
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* As spec_resolve, but 1 found, 0 no match. */
static int resolve_text(const struct spec_jobs *from, const char *spec, bool live_only,
                        const struct job_info **ret, char *text, size_t size)
{
    bool percent = *spec == '%';
    const char *rest = spec + percent;
    if (is_number(rest))
        return resolve_number(from, rest, ret);
    if (percent && *rest == '?')
        return choose(from, match_substring, rest + 1, live_only, ret, text, size);
    int r = choose(from, match_name, rest, false, ret, text, size);
    if (r == 0)
        r = percent ? choose(from, match_prefix, rest, live_only, ret, text, size)
                    : choose(from, match_uid, rest, false, ret, text, size);
    return r;
}

int spec_resolve(const struct spec_jobs *from, const char *spec, bool live_only,
                 const struct job_info **ret, char *text, size_t size)
{
    if (!spec || strcmp(spec, "%") == 0 || strcmp(spec, "%+") == 0 || strcmp(spec, "%%") == 0)
        return resolve_current(from, false, live_only, ret, text, size);
    if (strcmp(spec, "%-") == 0)
        return resolve_current(from, true, live_only, ret, text, size);
    int r = *spec ? resolve_text(from, spec, live_only, ret, text, size) : 0;
    if (r == 1)
        return 0;
    if (r == 0) {
        snprintf(text, size, "no job %s", *spec ? spec : "''");
        r = -ENOENT;
    }
    return r;
}

bool spec_name_is_valid(const char *name, char *text, size_t size)
{
    const char *why = NULL;
    if (*name == '\0')
        why = "be empty";
    else if (strlen(name) > JOB_NAME_MAX)
        why = "be longer than 64 bytes";
    else if (is_number(name))
        why = "be a number";
    else if (*name == '%' || *name == '-')
        why = "begin with '%' or '-'";
    for (const char *at = name; !why && *at; at++)
        if (iscntrl((unsigned char)*at))
            why = "contain control characters";
    if (why)
        snprintf(text, size, "a job's name cannot %s", why);
    return !why;
}
