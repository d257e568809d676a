#include "client/profiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/report.h"
#include "client/run_values.h"
#include "common/config.h"
#include "common/inifile.h"

#define OPTION_NAME "profile" /* cannot be in a profile */

/* Reading */

const struct profile *profiles_find(const struct profiles *profiles, const char *name)
{
    for (size_t i = 0; i < profiles->count; i++)
        if (strcmp(profiles->items[i].name, name) == 0)
            return &profiles->items[i];
    return NULL;
}

static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return len > 0 && len <= PROFILE_NAME_MAX && name[len] == '\0' && name[0] != '-';
}

/* The one with that name, which may be new; NULL = no memory. */
static struct profile *make_profile(struct profiles *profiles, const char *name)
{
    struct profile *found = (struct profile *)profiles_find(profiles, name);
    if (found)
        return found;
    struct profile *items =
        reallocarray(profiles->items, profiles->count + 1, sizeof(*profiles->items));
    if (!items)
        return NULL;
    profiles->items = items;
    items[profiles->count] = (struct profile){.name = strdup(name)};
    return items[profiles->count].name ? &items[profiles->count++] : NULL;
}

static int add_setting(struct profile *profile, const char *name, const char *value)
{
    struct profile_setting *settings =
        reallocarray(profile->settings, profile->count + 1, sizeof(*settings));
    if (!settings)
        return -ENOMEM;
    profile->settings = settings;
    struct profile_setting added = {.name = strdup(name), .value = strdup(value)};
    if (!added.name || !added.value) {
        free(added.name);
        free(added.value);
        return -ENOMEM;
    }
    settings[profile->count++] = added;
    return 0;
}

/* Sets it where it does not count. -ENOENT, or -EINVAL with what is wrong. */
static int try_setting(const char *name, const char *value, struct bytes *why)
{
    void *scratch = calloc(1, cmd_run.options_size);
    if (!scratch)
        return -ENOMEM;
    options_begin(&cmd_run, scratch);
    int r =
        strcmp(name, OPTION_NAME) == 0 ? -ENOENT : options_set(&cmd_run, scratch, name, value, why);
    options_finish(&cmd_run, scratch);
    free(scratch);
    if (r == 0) {
        r = bytes_printf(why, "'%s': '%s' is not allowed: ", name, value);
        r = r < 0 ? r : run_values_check(name, value, why);
    }
    return r;
}

static int check_setting(const struct inifile *file, struct profile *profile, const char *name,
                         const char *value)
{
    struct bytes why = {0};
    int r = try_setting(name, value, &why);
    if (r == -ENOENT)
        r = bytes_printf(&why, "js run has no option --%s", name) < 0 ? -ENOMEM : -EINVAL;
    if (r == -EINVAL && !profile->problem &&
        asprintf(&profile->problem, "%s, line %d: [profile %s] %.*s", file->path, file->line,
                 profile->name, (int)why.len, (const char *)why.data) < 0) {
        profile->problem = NULL;
        r = -ENOMEM;
    }
    bytes_finish(&why);
    return r == -EINVAL ? 0 : r;
}

static bool take(struct inifile *file, const char *section, const char *name, const char *value)
{
    char problem[128];
    file->skipping = strncmp(section, CONFIG_PROFILE, strlen(CONFIG_PROFILE)) != 0;
    if (file->skipping)
        return true;
    section += strlen(CONFIG_PROFILE);
    if (!is_name(section)) {
        snprintf(problem, sizeof(problem), "'%.40s' is no name for a profile", section);
        return inifile_complain(file, problem,
                                "write letters, digits, '_', '-' and '.', 32 at most");
    }
    struct profile *profile = make_profile(file->data, section);
    int r = profile ? 0 : -ENOMEM;
    if (r == 0 && name)
        r = check_setting(file, profile, name, value);
    if (r == 0 && name)
        r = add_setting(profile, name, value);
    return r == 0 || inifile_complain(file, "out of memory", NULL);
}

int profiles_read(struct profiles *profiles, const char *path)
{
    char text[CONFIG_PATH_MAX + 512];
    struct inifile file = {.take = take, .data = profiles, .skipping = true};
    *profiles = (struct profiles){.path = strdup(path)};
    int r = profiles->path ? inifile_read(&file, path, text, sizeof(text)) : -ENOMEM;
    if (r == -ENOENT)
        return 0;
    if (r < 0 && r != -ENOMEM)
        profiles->problem = strdup(text);
    return r == -ENOMEM || (r < 0 && !profiles->problem) ? -ENOMEM : 0;
}

void profiles_finish(struct profiles *profiles)
{
    for (size_t i = 0; i < profiles->count; i++) {
        struct profile *profile = &profiles->items[i];
        for (size_t j = 0; j < profile->count; j++) {
            free(profile->settings[j].name);
            free(profile->settings[j].value);
        }
        free(profile->settings);
        free(profile->name);
        free(profile->problem);
    }
    free(profiles->items);
    free(profiles->path);
    free(profiles->problem);
    *profiles = (struct profiles){0};
}

const struct profiles *profiles_load(void)
{
    static struct profiles kept;
    static bool loaded;
    char path[CONFIG_PATH_MAX];
    if (!loaded && config_path(path) == 0 && profiles_read(&kept, path) < 0) {
        profiles_finish(&kept);
        return NULL;
    }
    loaded = true;
    return &kept;
}

/* Using */

/* What --profile has on the command line: parsed as it will be, but for nothing else. */
static int find_name(const struct command *command, int argc, char **argv, const char **ret)
{
    char **words = calloc((size_t)argc + 1, sizeof(*words)), **operands;
    void *scratch = calloc(1, command->options_size);
    int count, r = words && scratch ? 0 : -ENOMEM;
    *ret = NULL;
    if (r == 0) {
        memcpy(words, argv, (size_t)argc * sizeof(*words));
        options_begin(command, scratch);
        r = options_parse(command, argc, words, scratch, &operands, &count, NULL);
    }
    /* What is wrong with it is told when it is parsed for good. */
    const struct option_spec *spec;
    for (size_t i = 0; r == 0 && (spec = options_row(command, i)); i++)
        if (spec->name && strcmp(spec->name, OPTION_NAME) == 0)
            *ret = *(const char **)((char *)scratch + spec->offset);
    if (r == 0)
        options_finish(command, scratch);
    free(scratch);
    free(words);
    return r == -ENOMEM ? r : 0;
}

/* Appends "build, untrusted". */
static int append_names(const struct profiles *profiles, struct bytes *out)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < profiles->count; i++)
        r = bytes_printf(out, "%s%s", i > 0 ? ", " : "", profiles->items[i].name);
    return r == 0 && profiles->count == 0 ? bytes_append_text(out, "none") : r;
}

static int refuse_unknown(const struct command *command, const struct profiles *profiles,
                          const char *name)
{
    struct bytes names = {0};
    append_names(profiles, &names);
    report_error("%s: there is no profile '%s'; in %s there are: %.*s", command->name, name,
                 profiles->path ? profiles->path : "the configuration", (int)names.len,
                 names.len ? (const char *)names.data : "");
    bytes_finish(&names);
    return EXIT_USAGE;
}

static int apply(const struct command *command, const struct profile *profile, void *options)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < profile->count; i++) {
        const struct profile_setting *setting = &profile->settings[i];
        r = options_set(command, options, setting->name, setting->value, NULL);
        if (r != -ENOENT)
            continue;
        report_error("%s: the profile '%s' has --%s, which js %s has not", command->name,
                     profile->name, setting->name, command->name);
        return EXIT_USAGE;
    }
    return r < 0 ? report_error("out of memory") : 0;
}

int profiles_prepare(const struct command *command, void *options, int argc, char **argv)
{
    const char *name;
    if (find_name(command, argc, argv, &name) < 0)
        return report_error("out of memory");
    if (!name)
        return 0;
    const struct profiles *profiles = profiles_load();
    if (!profiles)
        return report_error("out of memory");
    const struct profile *profile = profiles_find(profiles, name);
    const char *problem = profile && profile->problem ? profile->problem : profiles->problem;
    if (problem) {
        report_error("%s: %s", command->name, problem);
        return EXIT_USAGE;
    }
    return profile ? apply(command, profile, options) : refuse_unknown(command, profiles, name);
}
