#include "client/plan_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "common/duration.h"

#define BACKOFF_FIRST_MS 200u
#define BACKOFF_MOST_MS  30000u

/* Decimal digits only, from 0 to most; *ret_end is behind them. -EINVAL when there are none. */
static int read_number(const char *text, unsigned long most, unsigned long *ret,
                       const char **ret_end)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    *ret = strtoul(text, &end, 10);
    *ret_end = end;
    return errno || *ret > most ? -EINVAL : 0;
}

/* What follows the word and a colon; "" when nothing does; NULL when text is another word. */
static const char *behind(const char *text, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(text, word, len) != 0)
        return NULL;
    if (text[len] == ':' && text[len + 1])
        return text + len + 1;
    return text[len] ? NULL : "";
}

static int read_times(const char *text, uint32_t *ret)
{
    unsigned long times = 0;
    const char *end = text;
    if (*text && (read_number(text, UINT32_MAX, &times, &end) < 0 || *end || times == 0))
        return -EINVAL;
    *ret = (uint32_t)times;
    return 0;
}

int plan_text_restart(const char *text, struct job_plan *plan)
{
    const char *times = behind(text, "on-failure"), *interval = behind(text, "always");
    struct job_plan new = *plan;
    if (strcmp(text, "never") == 0) {
        plan->restart = RESTART_NEVER;
        return 0;
    }
    new.restart = times ? RESTART_ON_FAILURE : RESTART_ALWAYS;
    new.interval_ms = BACKOFF_FIRST_MS;
    if (!new.backoff_first_ms) {
        new.backoff_first_ms = BACKOFF_FIRST_MS;
        new.backoff_most_ms = BACKOFF_MOST_MS;
        new.jitter = JITTER_EQUAL;
    }
    int r = times ? read_times(times, &new.restart_most) : interval ? 0 : -EINVAL;
    if (r == 0 && interval && *interval)
        r = duration_parse(interval, &new.interval_ms);
    if (r == 0)
        *plan = new;
    return r;
}

int plan_text_backoff(const char *text, struct job_plan *plan)
{
    const char *dots = strstr(text, "..");
    uint64_t first, most;
    if (!dots)
        return -EINVAL;
    char *left = strndup(text, (size_t)(dots - text));
    if (!left)
        return -ENOMEM;
    int r = duration_parse(left, &first);
    free(left);
    if (r == 0)
        r = duration_parse(dots + 2, &most);
    if (r < 0 || first == 0 || first > most)
        return -EINVAL;
    plan->backoff_first_ms = first;
    plan->backoff_most_ms = most;
    return 0;
}

/* The index of text among the names that name gives for 0, 1, ...; -EINVAL when it is none. */
static int find_name(const char *text, const char *(*name)(uint32_t), uint32_t count, uint32_t *ret)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(text, name(i)) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -EINVAL;
}

int plan_text_jitter(const char *text, struct job_plan *plan)
{
    return find_name(text, plan_jitter_name, JITTER_COUNT, &plan->jitter);
}

static int add_codes(const char **at, bool *wanted)
{
    unsigned long from, to;
    if (read_number(*at, 255, &from, at) < 0)
        return -EINVAL;
    to = from;
    if (**at == '-' && (read_number(*at + 1, 255, &to, at) < 0 || to < from))
        return -EINVAL;
    for (; from <= to; from++)
        wanted[from] = true;
    return 0;
}

int plan_text_codes(const char *text, struct job_plan *plan)
{
    bool wanted[256] = {false};
    uint8_t codes[PLAN_CODES_MAX];
    size_t count = 0;
    const char *at = text;
    for (;; at++) {
        if (add_codes(&at, wanted) < 0)
            return -EINVAL;
        if (*at == '\0')
            break;
        if (*at != ',')
            return -EINVAL;
    }
    for (unsigned code = 1; code < 256; code++) /* 0 is never a failure */
        if (wanted[code])
            codes[count++] = (uint8_t)code;
    return wire_set_bin(&plan->ok_codes, codes, count);
}

static const char *leftovers_name(uint32_t value)
{
    return plan_leftovers_name(1 + value);
}

int plan_text_leftovers(const char *text, struct job_plan *plan)
{
    uint32_t value;
    int r = find_name(text, leftovers_name, LEFTOVERS_KILL + 1, &value);
    if (r == 0)
        plan->leftovers = 1 + value;
    return r;
}
