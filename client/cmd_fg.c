#include <string.h>

#include "client/attach.h"
#include "client/caller.h"
#include "client/commands.h"
#include "client/report.h"
#include "common/config.h"

#define HISTORY_UNSET UINT64_MAX

struct fg_options {
    bool steal, share, watch, no_history;
    uint64_t history;
    const char *restore;
    const char *detach_keys;
};

static const struct fg_options defaults = {.history = HISTORY_UNSET};

static const struct option_spec options[] = {
    COMMAND_OPTION(fg_options, 's', "steal", NULL, OPTION_FLAG, steal,
                   "take it over from whoever is attached", NULL),
    COMMAND_OPTION(fg_options, 'S', "share", NULL, OPTION_FLAG, share,
                   "attach beside whoever is attached; both can type", NULL),
    COMMAND_OPTION(fg_options, 'w', "watch", NULL, OPTION_FLAG, watch,
                   "only look: nothing you type reaches the job; ^C leaves", NULL),
    COMMAND_OPTION(fg_options, 'H', "history", "LINES", OPTION_COUNT, history,
                   "earlier lines to show first (default 1000, 0 = none)", NULL),
    COMMAND_OPTION(fg_options, 'R', "restore", "HOW", OPTION_TEXT, restore,
                   "how the screen comes back: auto (default), replay or snapshot",
                   "=auto|replay|snapshot"),
    COMMAND_OPTION(fg_options, '\0', "no-history", NULL, OPTION_FLAG, no_history,
                   "show the screen only; the same as --history 0", NULL),
    COMMAND_OPTION(fg_options, 'k', "detach-keys", "KEYS", OPTION_TEXT, detach_keys,
                   "keys that detach: '^\\ d' (default), one key, or none", NULL),
};

/* RESTORE_MODE_COUNT for a word that is none. */
static uint32_t restore_mode_of(const char *word)
{
    uint32_t mode = RESTORE_AUTO;
    while (word && mode < RESTORE_MODE_COUNT && strcmp(word, restore_mode_name(mode)) != 0)
        mode++;
    return mode;
}

static int check(const struct fg_options *opts, int argc)
{
    if (argc > 1)
        report_error("fg: one job at a time");
    else if (opts->steal + opts->share + opts->watch > 1)
        report_error("fg: only one of --steal, --share and --watch");
    else if (opts->no_history && opts->history != HISTORY_UNSET && opts->history > 0)
        report_error("fg: only one of --history and --no-history");
    else if (restore_mode_of(opts->restore) == RESTORE_MODE_COUNT)
        report_error("fg: --restore %s: it is auto, replay or snapshot", opts->restore);
    else
        return commands_check_keys("fg", opts->detach_keys) ? 0 : EXIT_USAGE;
    return EXIT_USAGE;
}

static uint32_t history_lines(const struct fg_options *opts, const struct config *config)
{
    if (opts->no_history)
        return 0;
    uint64_t lines = opts->history == HISTORY_UNSET ? config->scrollback : opts->history;
    return lines < UINT32_MAX ? (uint32_t)lines : UINT32_MAX;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct fg_options *opts = options_;
    struct connection connection;
    int status = check(opts, argc);
    if (status != 0)
        return status;
    status = commands_connect(&connection, argc ? argv[0] : NULL);
    if (status != 0)
        return status;
    struct config config;
    commands_read_config(&config);
    struct msg_attach body = {.history = history_lines(opts, &config),
                              .mode = opts->steal   ? ATTACH_STEAL
                                      : opts->share ? ATTACH_SHARE
                                      : opts->watch ? ATTACH_WATCH
                                                    : ATTACH_OWN,
                              .resume = !opts->watch,
                              .restore = restore_mode_of(opts->restore),
                              .replay_limit = config.replay_limit};
    struct attach_options attach = {.detach_keys =
                                        opts->detach_keys ? opts->detach_keys : config.detach_keys,
                                    .watch = opts->watch};
    /* Who only looks does not bring the job another environment. */
    if (wire_set_str(&body.job, argc ? argv[0] : NULL) < 0 ||
        (!opts->watch && caller_live_env(&config, &body.live) < 0))
        status = report_error("out of memory");
    else
        status = attach_run(&connection, MSG_ATTACH, &body, &body.terminal, &attach);
    wire_clear(&msg_attach_fields, &body);
    return status;
}

static const char *const aliases[] = {"attach", NULL};

const struct command cmd_fg = {
    .name = "fg",
    .aliases = aliases,
    .operands = "[JOB]",
    .values = "job",
    .summary = "attach to a job; continue it if it is stopped",
    .description = "Brings a job to this terminal, from wherever it was started. Its size becomes "
                   "this terminal's. The exit status is as for js run.",
    .examples = "js fg\njs fg %vim\njs fg --watch build",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct fg_options),
    .defaults = &defaults,
    .run = run,
};
