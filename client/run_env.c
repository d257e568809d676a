#include "client/run_env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/caller.h"

static size_t name_length(const char *entry)
{
    return strcspn(entry, "=");
}

static bool same_variable(const char *a, const char *b)
{
    return name_length(a) == name_length(b) && strncmp(a, b, name_length(a)) == 0;
}

static bool is_basic(const char *entry)
{
    static const char *const basic[] = {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"};
    for (size_t i = 0; i < sizeof(basic) / sizeof(basic[0]); i++)
        if (same_variable(entry, basic[i]))
            return true;
    return false;
}

static bool is_listed(const struct option_list *list, const char *entry)
{
    for (size_t i = 0; i < list->count; i++)
        if (same_variable(entry, list->items[i]))
            return true;
    return false;
}

/* Whether an option says something else about the caller's variable than to pass it on. */
static bool is_overruled(const struct run_options *opts, const char *entry)
{
    return (opts->clean_env && !is_basic(entry)) || is_listed(&opts->unset, entry) ||
           is_listed(&opts->set, entry);
}

/* An environment being put together. The configuration's variables are copies. */
struct environment {
    char **items;
    size_t count;
    char *own[CONFIG_LIST_MAX / 3];
    size_t own_count;
};

static int add_own(const char *variable, size_t len, void *data)
{
    struct environment *env = data;
    char *copy = strndup(variable, len);
    if (!copy)
        return -ENOMEM;
    env->own[env->own_count++] = env->items[env->count++] = copy;
    return 0;
}

/* The caller's as the configuration lets it pass. */
static int pass_environment(struct environment *env, const struct wire_strs *caller,
                            const struct config *config)
{
    for (size_t i = 0; i < caller->len; i++)
        if (config_lets_pass(config, caller->items[i]))
            env->items[env->count++] = caller->items[i];
    return config_each_variable(config, add_own, env);
}

/* Of a variable that is given twice the last value counts, as everywhere in options. */
static bool is_set_later(const struct option_list *set, size_t i)
{
    for (size_t later = i + 1; later < set->count; later++)
        if (same_variable(set->items[later], set->items[i]))
            return true;
    return false;
}

/* Less what was asked to go, plus what was asked to be. */
static void apply_options(struct environment *env, const struct run_options *opts)
{
    size_t count = 0;
    for (size_t i = 0; i < env->count; i++)
        if (!is_overruled(opts, env->items[i]))
            env->items[count++] = env->items[i];
    env->count = count;
    for (size_t i = 0; i < opts->set.count; i++)
        if (!is_set_later(&opts->set, i))
            env->items[env->count++] = (char *)opts->set.items[i];
}

static int make_env(const struct run_options *opts, const struct config *config,
                    struct wire_strs *ret)
{
    struct environment env = {0};
    size_t room = ret->len + opts->set.count + sizeof(env.own) / sizeof(env.own[0]);
    env.items = calloc(room, sizeof(*env.items));
    if (!env.items)
        return -ENOMEM;
    int r = pass_environment(&env, ret, config);
    if (r == 0) {
        apply_options(&env, opts);
        r = wire_set_strs(ret, env.items, env.count);
    }
    for (size_t i = 0; i < env.own_count; i++)
        free(env.own[i]);
    free(env.items);
    return r;
}

/* What the job is to follow: a variable that was asked for by an option stays as it was asked. */
static int make_live_env(const struct run_options *opts, const struct config *config,
                         struct wire_strs *live)
{
    int r = caller_live_env(config, live);
    size_t count = 0;
    for (size_t i = 0; i < live->len; i++) {
        if (is_overruled(opts, live->items[i]))
            free(live->items[i]);
        else
            live->items[count++] = live->items[i];
    }
    if (live->items)
        live->items[live->len = count] = NULL;
    return r;
}

int run_env_fill(const struct run_options *opts, const struct config *config, struct msg_run *run)
{
    int r = make_env(opts, config, &run->env);
    return r < 0 ? r : make_live_env(opts, config, &run->live);
}
