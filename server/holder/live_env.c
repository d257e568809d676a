#include "server/holder/live_env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/paths.h"

/* A holder is small, its stack, too: each page that is touched once is there for life. */
#define LINK_SIZE  640 /* of a link's path; the runtime directory leaves sockets room (paths.h) */
#define CHAIN_MAX  16  /* links of jobs in jobs that are followed to find a loop */
#define VALUE_SIZE (LIVEVAR_VALUE_MAX + 1)

static int link_path(const struct live_env *live, size_t i, char *buf, size_t size)
{
    return paths_join(buf, size, live->dir, livevars[i].name);
}

/* Whether the job would use this link: its path can be named in the variable. */
static bool name_link(const struct live_env *live, size_t i, char *value, size_t size)
{
    char path[LINK_SIZE];
    return link_path(live, i, path, sizeof(path)) == 0 &&
           livevar_name_path(&livevars[i], path, value, size);
}

/*
 * Whether target leads back to link. A client that runs in a job has that job's links: one link
 * may lead to another, so that the inner job follows the outer one, but never to itself.
 */
static bool leads_back(const char *link, const char *target)
{
    char path[VALUE_SIZE], next[VALUE_SIZE];
    snprintf(path, sizeof(path), "%s", target);
    for (int i = 0; i < CHAIN_MAX; i++) {
        if (strcmp(path, link) == 0)
            return true;
        ssize_t n = readlink(path, next, sizeof(next) - 1);
        if (n <= 0 || next[0] != '/')
            return false;
        next[n] = '\0';
        memcpy(path, next, (size_t)n + 1);
    }
    return true;
}

static bool is_link_to(const char *link, const char *target)
{
    char found[VALUE_SIZE];
    ssize_t n = readlink(link, found, sizeof(found));
    return n >= 0 && (size_t)n == strlen(target) && memcmp(found, target, (size_t)n) == 0;
}

/* Makes or changes the link at once: whoever opens it finds the old target or the new one. */
static int point_link(const char *link, const char *target)
{
    char fresh[LINK_SIZE + 8];
    if (symlink(target, link) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    if (is_link_to(link, target))
        return 0;
    if (snprintf(fresh, sizeof(fresh), "%s.new", link) >= (int)sizeof(fresh))
        return -ENAMETOOLONG;
    unlink(fresh);
    if (symlink(target, fresh) < 0)
        return -errno;
    if (rename(fresh, link) == 0)
        return 0;
    int r = -errno;
    unlink(fresh);
    return r;
}

/* Where the variable's link should lead: what its value names, if it names anything. 0 or -errno.
 */
static int choose_target(struct live_env *live, size_t i)
{
    struct live_env_var *var = &live->vars[i];
    char target[VALUE_SIZE], link[LINK_SIZE], value[VALUE_SIZE];
    if (!var->value || !livevar_path(&livevars[i], var->value, target, sizeof(target)))
        return 0;
    if (link_path(live, i, link, sizeof(link)) < 0 ||
        !livevar_name_path(&livevars[i], link, value, sizeof(value)) || leads_back(link, target))
        return 0;
    return wire_set_str(&var->target, target);
}

static int restore_link(const struct live_env *live, size_t i)
{
    char link[LINK_SIZE];
    int r = link_path(live, i, link, sizeof(link));
    return r < 0 ? r : point_link(link, live->vars[i].target);
}

/* The value is the client's; what may not be used counts as none. */
static int take_value(struct live_env_var *var, const char *entry)
{
    const char *value = livevar_value(entry);
    return wire_set_str(&var->value, value && livevar_is_valid(value) ? value : NULL);
}

static int replace_in_env(struct wire_strs *env, const char *name, const char *value)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < env->len; i++) {
        char *entry = NULL;
        if (strncmp(env->items[i], name, len) != 0 || env->items[i][len] != '=')
            continue;
        if (asprintf(&entry, "%s=%s", name, value) < 0)
            return -ENOMEM;
        free(env->items[i]);
        env->items[i] = entry;
    }
    return 0;
}

/* 0 or -errno; without a link the environment keeps what it has. */
static int begin_var(struct live_env *live, size_t i, const char *entry, struct wire_strs *env)
{
    struct live_env_var *var = &live->vars[i];
    char value[VALUE_SIZE];
    var->followed = true;
    int r = take_value(var, entry);
    if (r == 0)
        r = choose_target(live, i);
    if (r < 0 || !var->target)
        return r;
    r = restore_link(live, i);
    if (r == 0 && name_link(live, i, value, sizeof(value)))
        r = replace_in_env(env, livevars[i].name, value);
    if (r < 0)
        wire_set_str(&var->target, NULL);
    return r;
}

int live_env_start(struct live_env *live, const char *dir, const struct wire_strs *list,
                   struct wire_strs *env)
{
    int result = 0;
    live->dir = dir;
    for (size_t n = 0; n < list->len; n++) {
        int i = livevar_find(list->items[n]);
        int r = i < 0 ? 0 : begin_var(live, (size_t)i, list->items[n], env);
        result = result == 0 ? r : result;
    }
    return result;
}

int live_env_update(struct live_env *live, const struct wire_strs *list)
{
    int result = 0;
    for (size_t n = 0; n < list->len; n++) {
        int i = livevar_find(list->items[n]);
        if (i < 0 || !live->vars[i].followed)
            continue;
        int r = take_value(&live->vars[i], list->items[n]);
        if (r == 0)
            r = choose_target(live, (size_t)i);
        result = result == 0 ? r : result;
    }
    int r = live_env_restore(live);
    return result == 0 ? r : result;
}

int live_env_restore(struct live_env *live)
{
    int result = 0;
    for (size_t i = 0; i < LIVEVAR_COUNT; i++) {
        int r = live->vars[i].target ? restore_link(live, i) : 0;
        result = result == 0 ? r : result;
    }
    return result;
}

void live_env_remove(struct live_env *live)
{
    char link[LINK_SIZE];
    for (size_t i = 0; i < LIVEVAR_COUNT; i++)
        if (live->vars[i].target && link_path(live, i, link, sizeof(link)) == 0)
            unlink(link);
}

/* What a program of the job should use: the link, unless the newest client has something that no
 * link can stand for. */
static const char *job_value(const struct live_env *live, size_t i, char *buf, size_t size)
{
    const struct live_env_var *var = &live->vars[i];
    char target[VALUE_SIZE];
    if (var->value && !livevar_path(&livevars[i], var->value, target, sizeof(target)))
        return var->value;
    return var->target && name_link(live, i, buf, size) ? buf : var->value;
}

static int add_entry(struct wire_strs *list, const char *name, const char *value)
{
    char *entry = NULL;
    if ((value ? asprintf(&entry, "%s=%s", name, value) : asprintf(&entry, "%s", name)) < 0)
        return -ENOMEM;
    list->items[list->len++] = entry;
    return 0;
}

int live_env_describe(const struct live_env *live, struct msg_env *ret)
{
    char value[VALUE_SIZE];
    int r = 0;
    ret->values.items = calloc(LIVEVAR_COUNT + 1, sizeof(char *));
    ret->links.items = calloc(LIVEVAR_COUNT + 1, sizeof(char *));
    if (!ret->values.items || !ret->links.items)
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < LIVEVAR_COUNT; i++) {
        const struct live_env_var *var = &live->vars[i];
        if (!var->followed)
            continue;
        r = add_entry(&ret->values, livevars[i].name, var->value);
        if (r == 0)
            r = add_entry(&ret->links, livevars[i].name, job_value(live, i, value, sizeof(value)));
    }
    if (r < 0)
        wire_clear(&msg_env_fields, ret);
    return r;
}

void live_env_finish(struct live_env *live)
{
    for (size_t i = 0; i < LIVEVAR_COUNT; i++) {
        free(live->vars[i].value);
        free(live->vars[i].target);
    }
    *live = (struct live_env){0};
}
