#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chord.h"
#include "client/commands.h"
#include "client/report.h"
#include "common/config.h"

/* Said once: a command that reads the file may start a server, too, which does. */
static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
    static bool told;
    char text[CONFIG_PATH_MAX + 1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!told)
        report_error("%s", text);
    told = true;
}

/* missing: a file that is named should be there. */
static void read_config(struct config *config, bool missing)
{
    char path[CONFIG_PATH_MAX], text[CONFIG_PATH_MAX + 512];
    struct chord_keys keys;
    config_init(config);
    if (config_path(path) < 0)
        return;
    int r = config_read(config, path, NULL, text, sizeof(text));
    if (r < 0 && (r != -ENOENT || missing))
        tell("%s; the defaults are used", text);
    if (chord_parse(config->detach_keys, &keys) == 0)
        return;
    tell("%s: detach-keys = '%s' is not allowed: %s", path, config->detach_keys, CHORD_SYNTAX);
    strcpy(config->detach_keys, CHORD_DEFAULT);
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
    return status;
}

const struct command cmd_config = {
    .name = "config",
    .summary = "print the configuration and where each value comes from",
    .description =
        "The file is what js -c FILE names, else $JS_CONFIG, else $XDG_CONFIG_HOME/js/config, else "
        "~/.config/js/config: lines of key = value. What this prints can be put there. "
        "A running server takes changes over with js server reload.",
    .run = run,
};
