#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chord.h"
#include "client/commands.h"
#include "client/profiles.h"
#include "client/report.h"
#include "common/config.h"

/* What is wrong with profiles. How much that was. */
static unsigned tell_profiles(const char *consequence)
{
    const struct profiles *profiles = profiles_load();
    unsigned count = 0;
    if (profiles && profiles->problem) {
        report_error("%s%s", profiles->problem, consequence);
        return 1;
    }
    for (size_t i = 0; profiles && i < profiles->count; i++) {
        if (!profiles->items[i].problem)
            continue;
        report_error("%s%s", profiles->items[i].problem, consequence);
        count++;
    }
    return count;
}

/*
 * Mistakes are told once: a command that reads the file may start a server, too, which does.
 * missing: a file that is named should be there.
 */
static void read_config(struct config *config, bool missing)
{
    static bool told;
    char path[CONFIG_PATH_MAX], text[CONFIG_PATH_MAX + 512];
    struct chord_keys keys;
    config_init(config);
    if (config_path(path) < 0)
        return;
    int r = config_read(config, path, NULL, text, sizeof(text));
    bool wrong = r < 0 && (r != -ENOENT || missing), keys_wrong = false;
    if (wrong && !told)
        report_error("%s; the defaults are used", text);
    if (chord_parse(config->detach_keys, &keys) < 0) {
        keys_wrong = true;
        if (!told)
            report_error("%s: detach-keys = '%s' is not allowed: %s", path, config->detach_keys,
                         CHORD_SYNTAX);
        strcpy(config->detach_keys, CHORD_DEFAULT);
    }
    bool profiles_wrong = r == 0 && !told && tell_profiles("; it is not used") > 0;
    told = told || wrong || keys_wrong || profiles_wrong;
}

void commands_read_config(struct config *config)
{
    read_config(config, config_file_is_named());
}

void commands_tell_config(void)
{
    struct config config;
    read_config(&config, false);
}

static void print_profiles(void)
{
    const struct profiles *profiles = profiles_load();
    for (size_t i = 0; profiles && i < profiles->count; i++) {
        const struct profile *profile = &profiles->items[i];
        printf("\n[" CONFIG_PROFILE "%s]\n", profile->name);
        for (size_t j = 0; j < profile->count; j++)
            printf("%-12s = %s\n", profile->settings[j].name, profile->settings[j].value);
    }
}

static int run(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    (void)argc;
    (void)argv;
    char path[CONFIG_PATH_MAX], text[CONFIG_PATH_MAX + 512];
    struct config config;
    bool *given = calloc(config_key_count, sizeof(*given));
    config_init(&config);
    int r = given ? config_path(path) : -ENOMEM;
    if (r == 0)
        r = config_read(&config, path, given, text, sizeof(text));
    bool wrong = r < 0 && (r != -ENOENT || config_file_is_named());
    int status = wrong ? report_error("%s", text) : 0;
    if (status == 0)
        printf("; %s%s\n", r == -ENOENT ? "no file, these are the defaults: " : "", path);
    for (size_t i = 0; status == 0 && i < config_key_count; i++) {
        struct bytes value = {0};
        config_format(&config, &config_keys[i], &value);
        printf("%-12s = %-10.*s ; %s (%s)\n", config_keys[i].name, (int)value.len,
               (const char *)value.data, config_keys[i].doc, given[i] ? "file" : "default");
        bytes_finish(&value);
    }
    free(given);
    if (status == 0) {
        print_profiles();
        fflush(stdout);
        status = tell_profiles("") > 0 ? EXIT_JS_FAILED : 0;
    }
    return status;
}

const struct command cmd_config = {
    .name = "config",
    .summary = "print and check the configuration",
    .description =
        "The file is what js -c FILE names, else $JS_CONFIG, else $XDG_CONFIG_HOME/js/config, else "
        "~/.config/js/config: lines of key = value. What this prints can be put there. "
        "A running server takes changes over with js server reload.\n\n"
        "Sections [profile NAME] have options of js run by their long names, as in timeout = 90s "
        "or clean-env = yes, for js run --profile NAME.",
    .run = run,
};
