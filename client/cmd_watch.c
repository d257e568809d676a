#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/profiles.h"
#include "client/report.h"
#include "client/run_options.h"

struct watch_options {
    struct run_options run; /* what cmd_run's table sets */
    struct option_list patterns;
    struct option_list ignored;
    const char *before;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(watch_options, 'p', "pattern", "GLOB", OPTION_LIST, patterns,
                   "watch files that match, instead of all (may be repeated)", NULL),
    COMMAND_OPTION(watch_options, '\0', "ignore", "GLOB", OPTION_LIST, ignored,
                   "do not watch files or directories that match (may be repeated)", NULL),
    COMMAND_OPTION(watch_options, '\0', "pre", "LINE", OPTION_TEXT, before,
                   "shell line that must succeed before each start of COMMAND", NULL),
};

static int check_patterns(const char *option, const struct option_list *list)
{
    if (list->count > PLAN_LABELS_MAX) {
        report_error("watch: %zu times %s: at most %u are taken; a GLOB may stand for a directory",
                     list->count, option, PLAN_LABELS_MAX);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < list->count; i++) {
        const char *text = list->items[i];
        if (strcmp(text, "/") == 0 || text[strspn(text, " ")] == '\0' || strchr(text, '\n')) {
            report_error(
                "watch: %s '%s': write a pattern as in a .gitignore, such as '*.c', 'src/' "
                "or 'doc/**/*.md'",
                option, text);
            return EXIT_USAGE;
        }
    }
    return 0;
}

static int check(const struct watch_options *opts)
{
    int status = check_patterns("-p", &opts->patterns);
    if (status == 0)
        status = check_patterns("--ignore", &opts->ignored);
    if (status == 0 && opts->before && !opts->before[0]) {
        report_error("watch: --pre '': write a line for the shell, such as 'make'");
        status = EXIT_USAGE;
    }
    if (status == 0 && opts->before && strlen(opts->before) > PLAN_TEXT_MAX) {
        report_error("watch: --pre has %zu bytes, %u at most are taken: put it into a script",
                     strlen(opts->before), PLAN_TEXT_MAX);
        status = EXIT_USAGE;
    }
    return status;
}

static int set_patterns(struct wire_strs *to, const struct option_list *list)
{
    return wire_set_strs(to, (char *const *)list->items, list->count);
}

static int add_to_plan(struct msg_run *run, const void *context)
{
    static char *const all[] = {(char *)"*"};
    const struct watch_options *opts = context;
    if (!run->plan)
        run->plan = calloc(1, sizeof(*run->plan));
    if (!run->plan)
        return report_error("watch: out of memory");
    int r = opts->patterns.count > 0 ? set_patterns(&run->plan->watch, &opts->patterns)
                                     : wire_set_strs(&run->plan->watch, all, 1);
    if (r == 0)
        r = set_patterns(&run->plan->ignore, &opts->ignored);
    if (r == 0)
        r = wire_set_str(&run->plan->before, opts->before);
    return r < 0 ? report_error("watch: out of memory") : 0;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct watch_options *opts = options_;
    int status = check(opts);
    if (status == 0 && !opts->run.script && (argc == 0 || argv[0][0] == '\0')) {
        report_error("watch: there is no command to run; see js watch --help");
        status = EXIT_USAGE;
    }
    return status ? status : cmd_run_start(&opts->run, add_to_plan, opts, argc, argv);
}

const struct command cmd_watch = {
    .name = "watch",
    .operands = "COMMAND [ARGUMENT]...",
    .values = "command",
    .summary = "run a command, and again whenever files change",
    .description =
        "Runs COMMAND as js run does, and starts it again when a file in or below its directory "
        "has changed: what runs is ended first, with all that it has started. When COMMAND ends "
        "by itself, it is started again after the next change. It stays one job with one terminal "
        "and one log; js kill ends it, and so does ^C while it waits.\n\n"
        "Changes less than 200 ms apart count as one. What .gitignore lists is not watched, nor "
        "are .git and what editors leave beside a file. A GLOB is written as a line of .gitignore: "
        "it is for names or, with a slash in it, for paths below the directory; '!GLOB' makes an "
        "exception from those before it.\n\n"
        "When the line of --pre fails, COMMAND is not started before the next change.",
    .examples = "js watch -p '*.c' -p '*.h' --pre make -- ./server --port 8080\n"
                "js watch -p src/ --ignore '*.log' -c 'make check'\n"
                "js watch -d -n docs -- make html",
    .stop_at_operand = true,
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct watch_options),
    .extends = &cmd_run,
    .prepare = profiles_prepare,
    .run = run,
};
