#include "common/rlimits.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/amount.h"
#include "common/duration.h"

const struct rlimit_kind rlimit_kinds[] = {
    {"as", RLIMIT_AS, RLIMIT_UNIT_BYTES, 0, "address space of a process"},
    {"core", RLIMIT_CORE, RLIMIT_UNIT_BYTES, 0, "size of a core dump, 0 = none"},
    {"cpu", RLIMIT_CPU, RLIMIT_UNIT_SECONDS, 0, "processor time of a process"},
    {"data", RLIMIT_DATA, RLIMIT_UNIT_BYTES, 0, "data of a process"},
    {"fsize", RLIMIT_FSIZE, RLIMIT_UNIT_BYTES, 0, "size of a file that is written"},
    {"locks", RLIMIT_LOCKS, RLIMIT_UNIT_NUMBER, 0, "file locks"},
    {"memlock", RLIMIT_MEMLOCK, RLIMIT_UNIT_BYTES, 0, "memory that is locked"},
    {"msgqueue", RLIMIT_MSGQUEUE, RLIMIT_UNIT_BYTES, 0, "POSIX message queues of the user"},
    {"nice", RLIMIT_NICE, RLIMIT_UNIT_NUMBER, 40, "20 less the lowest nice value it may take"},
    {"nofile", RLIMIT_NOFILE, RLIMIT_UNIT_NUMBER, 0, "open files of a process"},
    {"nproc", RLIMIT_NPROC, RLIMIT_UNIT_NUMBER, 0, "processes of the user"},
    {"rss", RLIMIT_RSS, RLIMIT_UNIT_BYTES, 0, "resident memory; Linux has no use for it"},
    {"rtprio", RLIMIT_RTPRIO, RLIMIT_UNIT_NUMBER, 99, "real-time priority it may take"},
    {"rttime", RLIMIT_RTTIME, RLIMIT_UNIT_MICROSECONDS, 0,
     "microseconds that real-time work may take at once"},
    {"sigpending", RLIMIT_SIGPENDING, RLIMIT_UNIT_NUMBER, 0, "signals queued for the user"},
    {"stack", RLIMIT_STACK, RLIMIT_UNIT_BYTES, 0, "stack of a process"},
};
static_assert(RLIMIT_KINDS == RLIM_NLIMITS, "a resource limit has no name");

#define UNLIMITED "unlimited"

const struct rlimit_kind *rlimits_find(uint32_t resource)
{
    for (size_t i = 0; i < RLIMIT_KINDS; i++)
        if (rlimit_kinds[i].resource == resource)
            return &rlimit_kinds[i];
    return NULL;
}

static const struct rlimit_kind *find_name(const char *name)
{
    for (size_t i = 0; i < RLIMIT_KINDS; i++)
        if (strcmp(rlimit_kinds[i].name, name) == 0)
            return &rlimit_kinds[i];
    return NULL;
}

/* "'nofiles' is no limit: as, core, ... are" */
static int refuse_name(const char *name, char *error, size_t size)
{
    size_t len = (size_t)snprintf(error, size, "'%.32s' is no limit, write NAME=VALUE with", name);
    for (size_t i = 0; i < RLIMIT_KINDS && len < size; i++)
        len += (size_t)snprintf(error + len, size - len, "%s%s", i == 0 ? " " : ", ",
                                rlimit_kinds[i].name);
    return -EINVAL;
}

static const char *unit_syntax(const struct rlimit_kind *kind)
{
    switch (kind->unit) {
    case RLIMIT_UNIT_BYTES:
        return AMOUNT_SYNTAX;
    case RLIMIT_UNIT_SECONDS:
        return DURATION_SYNTAX;
    case RLIMIT_UNIT_MICROSECONDS:
        return "write a number of microseconds";
    case RLIMIT_UNIT_NUMBER:
        return "write a number";
    }
    assert(!"a unit without a case");
    return "";
}

static int refuse_value(const struct rlimit_kind *kind, const char *value, char *error, size_t size)
{
    char most[48] = "";
    if (kind->most)
        snprintf(most, sizeof(most), " up to %llu", (unsigned long long)kind->most);
    snprintf(error, size, "%s=%.40s is not allowed: %s%s%s, or " UNLIMITED "; or SOFT:HARD",
             kind->name, value, unit_syntax(kind), most,
             kind->resource == RLIMIT_CORE ? "" : ", not 0");
    return -EINVAL;
}

static int parse_number(const char *text, uint64_t *ret)
{
    if (strspn(text, "0123456789") != strlen(text))
        return -EINVAL;
    return amount_parse(text, ret);
}

static int parse_seconds(const char *text, uint64_t *ret)
{
    uint64_t ms;
    if (duration_parse(text, &ms) < 0)
        return -EINVAL;
    *ret = (ms + 999) / 1000;
    return 0;
}

/* One value of text. 0 or -EINVAL. */
static int parse_value(const struct rlimit_kind *kind, const char *text, uint64_t *ret)
{
    int r;
    if (strcmp(text, UNLIMITED) == 0) {
        *ret = RLIM_INFINITY;
        return 0;
    }
    if (kind->unit == RLIMIT_UNIT_BYTES)
        r = amount_parse(text, ret);
    else if (kind->unit == RLIMIT_UNIT_SECONDS)
        r = parse_seconds(text, ret);
    else
        r = parse_number(text, ret);
    if (r < 0 || (*ret == 0 && kind->resource != RLIMIT_CORE) || (kind->most && *ret > kind->most))
        return -EINVAL;
    return 0;
}

/* "77" or "77:128" of the kind into *ret. */
static int parse_values(const struct rlimit_kind *kind, const char *text, struct msg_rlimit *ret)
{
    char soft[64];
    size_t len = strcspn(text, ":");
    if (len >= sizeof(soft))
        return -EINVAL;
    memcpy(soft, text, len);
    soft[len] = '\0';
    ret->keep_hard = text[len] == '\0';
    if (parse_value(kind, soft, &ret->soft) < 0)
        return -EINVAL;
    ret->hard = ret->soft;
    if (text[len] && parse_value(kind, text + len + 1, &ret->hard) < 0)
        return -EINVAL;
    return ret->soft > ret->hard ? -EINVAL : 0;
}

/* Reads one limit, changing text. */
static int parse_one(char *text, struct msg_rlimit *ret, char *error, size_t size)
{
    char *value = strchr(text, '=');
    if (value)
        *value++ = '\0';
    const struct rlimit_kind *kind = value ? find_name(text) : NULL;
    if (!kind)
        return refuse_name(text, error, size);
    *ret = (struct msg_rlimit){.resource = kind->resource, .strict = true};
    return parse_values(kind, value, ret) < 0 ? refuse_value(kind, value, error, size) : 0;
}

/* There is room for it. */
static void put(struct wire_structs *limits, const struct msg_rlimit *limit)
{
    struct msg_rlimit *items = limits->items;
    size_t i = 0;
    while (i < limits->len && items[i].resource != limit->resource)
        i++;
    bool known = i < limits->len;
    uint64_t hard = known ? items[i].hard : 0;
    limits->len += !known;
    items[i] = *limit;
    if (limit->keep_hard && hard > limit->hard)
        items[i].hard = hard;
}

static int make_room(struct wire_structs *limits)
{
    size_t room = limits->len + RLIMIT_KINDS;
    struct msg_rlimit *items = reallocarray(limits->items, room, sizeof(*items));
    if (!items)
        return -ENOMEM;
    limits->items = items;
    return 0;
}

int rlimits_parse(const char *text, struct wire_structs *limits, char *error, size_t size)
{
    struct msg_rlimit parsed[RLIMIT_KINDS];
    struct wire_structs all = {.items = parsed};
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    int r = 0;
    char *rest = copy;
    for (char *one; r == 0 && (one = strsep(&rest, ","));) {
        struct msg_rlimit limit;
        r = parse_one(one, &limit, error, size);
        if (r == 0)
            put(&all, &limit);
    }
    free(copy);
    if (r == 0)
        r = make_room(limits);
    for (size_t i = 0; r == 0 && i < all.len; i++)
        put(limits, &parsed[i]);
    return r;
}

static void format_one(uint64_t value, char buf[24])
{
    if (value == RLIM_INFINITY)
        snprintf(buf, 24, UNLIMITED);
    else
        snprintf(buf, 24, "%llu", (unsigned long long)value);
}

void rlimits_format(uint64_t soft, uint64_t hard, char *buf, size_t size)
{
    char a[24], b[24];
    format_one(soft, a);
    format_one(hard, b);
    if (soft == hard)
        snprintf(buf, size, "%s", a);
    else
        snprintf(buf, size, "%s (hard limit %s)", a, b);
}
