#include "client/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/labels.h"
#include "client/plan_text.h"
#include "client/report.h"
#include "common/config.h"
#include "common/spec.h"

const struct option_spec run_options_table[RUN_OPTIONS_COUNT] = {
    COMMAND_OPTION(run_options, 'd', "detached", NULL, OPTION_FLAG, detached,
                   "do not attach; print the job's number", NULL),
    COMMAND_OPTION(run_options, 'n', "name", "NAME", OPTION_TEXT, name, "name the job", NULL),
    COMMAND_OPTION(run_options, 'l', "label", "NAME=VALUE", OPTION_LIST, labels,
                   "give it a label, by which jobs can be chosen (may be repeated)", "label"),
    COMMAND_OPTION(run_options, '\0', "profile", "NAME", OPTION_TEXT, profile,
                   "with the options of that profile in the configuration file", "profile"),
    COMMAND_OPTION(run_options, 'c', "shell", NULL, OPTION_FLAG, shell,
                   "COMMAND is one line for your shell ($SHELL -c)", NULL),
    COMMAND_OPTION(run_options, 'C', "directory", "DIR", OPTION_TEXT, directory,
                   "start it in DIR instead of the current directory", "dir"),
    COMMAND_OPTION(run_options, 'e', "env", "NAME=VALUE", OPTION_LIST, set,
                   "set an environment variable (may be repeated)", NULL),
    COMMAND_OPTION(run_options, 'u', "unset", "NAME", OPTION_LIST, unset,
                   "take a variable out of the environment (may be repeated)", "variable"),
    COMMAND_OPTION(run_options, '\0', "clean-env", NULL, OPTION_FLAG, clean_env,
                   "start with HOME, LOGNAME, PATH, SHELL, TERM and USER only", NULL),
    COMMAND_OPTION(run_options, 's', "size", "COLSxROWS", OPTION_SIZE, size,
                   "size of its terminal, when it is not attached to one", NULL),
    COMMAND_OPTION(run_options, 'k', "detach-keys", "KEYS", OPTION_TEXT, detach_keys,
                   "keys that detach: '^\\ d' (default), one key, or none", NULL),
    COMMAND_OPTION(run_options, 'j', "json", NULL, OPTION_FLAG, json,
                   "with -d: describe it as JSON", NULL),
    COMMAND_OPTION(run_options, 't', "timeout", "TIME", OPTION_DURATION, timeout_ms,
                   "end an attempt that takes longer; exit status 124", NULL),
    COMMAND_OPTION(run_options, '\0', "grace", "TIME", OPTION_DURATION, grace_ms,
                   "from TERM to KILL when it is to end", NULL),
    COMMAND_OPTION(run_options, '\0', "leftovers", "WHAT", OPTION_TEXT, leftovers,
                   "what becomes of processes that it leaves: hup, keep or kill", "=hup|keep|kill"),
    COMMAND_OPTION(run_options, 'r', "restart", "WHEN", OPTION_TEXT, restart,
                   "start it again: never, on-failure[:TIMES], always[:INTERVAL]",
                   "=never|on-failure|always"),
    COMMAND_OPTION(run_options, '\0', "backoff", "FIRST..MOST", OPTION_TEXT, backoff,
                   "delay after the first failure, doubled up to MOST (200ms..30s)", NULL),
    COMMAND_OPTION(run_options, '\0', "jitter", "KIND", OPTION_TEXT, jitter,
                   "how much of the delay is left to chance: none, full, equal (default)",
                   "=none|full|equal"),
    COMMAND_OPTION(run_options, '\0', "ok-codes", "CODES", OPTION_TEXT, ok_codes,
                   "exit codes beside 0 that are no failure: 3,10-12", NULL),
    START_OPTIONS(run_options),
    RUN_LIMITS(run_options),
    COMMAND_OPTION(run_options, '\0', "script", "FILE", OPTION_TEXT, script,
                   "run what FILE (-: standard input) contains; operands are its arguments",
                   "file"),
    COMMAND_OPTION(run_options, '\0', "interp", "PROGRAM", OPTION_TEXT, interpreter,
                   "run the script by PROGRAM instead of what its #! line names",
                   "=sh|bash|zsh|python3|perl|ruby|node"),
    COMMAND_OPTION(run_options, '\0', "no-pty", NULL, OPTION_FLAG, no_pty,
                   "pipes instead of a terminal: standard output and error stay apart", NULL),
};

const struct run_options run_options_defaults = {.grace_ms = RUN_GRACE_UNSET};

/* Whether each item is a name with the character end (the NUL, or "=") behind it. */
static int check_variables(const struct option_list *list, char end, const char *syntax)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *entry = list->items[i];
        if (entry[0] != '=' && entry[0] && entry[strcspn(entry, "=")] == end)
            continue;
        report_of_command("'%s': write %s", entry, syntax);
        return EXIT_USAGE;
    }
    return 0;
}

static int check_terminal(const struct run_options *opts)
{
    if (opts->no_pty && opts->size.rows)
        report_of_command("only one of --no-pty and --size: it has no terminal");
    else if (opts->no_pty && opts->detach_keys)
        report_of_command("only one of --no-pty and --detach-keys: no keys go to it");
    else
        return 0;
    return EXIT_USAGE;
}

static int check_command(const struct run_options *opts, int argc, char **argv)
{
    if (opts->script && opts->shell)
        report_of_command("only one of --script and --shell");
    else if (opts->interpreter && !opts->script)
        report_of_command("--interp is for --script");
    else if (!opts->script && (argc == 0 || argv[0][0] == '\0'))
        report_of_command("there is no command to run; see js run --help");
    else
        return 0;
    return EXIT_USAGE;
}

int run_options_check(const struct run_options *opts, int argc, char **argv)
{
    int status = check_command(opts, argc, argv);
    if (status == 0)
        status = check_terminal(opts);
    if (status == 0)
        status = check_variables(&opts->set, '=', "-e NAME=VALUE");
    if (status == 0)
        status = check_variables(&opts->unset, '\0', "-u NAME");
    if (status != 0)
        return status;
    char text[160];
    if (opts->name && !spec_name_is_valid(opts->name, text, sizeof(text))) {
        report_of_command("%s", text);
        return EXIT_USAGE;
    }
    if (!commands_check_keys("run", opts->detach_keys))
        return EXIT_USAGE;
    if (opts->json && !opts->detached) {
        report_of_command("--json is for -d");
        return EXIT_USAGE;
    }
    if (opts->size.rows && !opts->detached && isatty(1)) {
        report_of_command("--size is for -d, or for output that is not a terminal: an attached job "
                          "has the size of its terminal");
        return EXIT_USAGE;
    }
    if (opts->directory && chdir(opts->directory) < 0)
        return report_error("cannot enter %s: %s", opts->directory, strerror(errno));
    return 0;
}

/* A text that one of plan_text.h reads, and what to say when it cannot. */
static int take(const char *text, int (*read)(const char *text, struct job_plan *plan),
                const char *option, const char *syntax, struct job_plan *plan)
{
    if (!text || read(text, plan) == 0)
        return 0;
    report_of_command("--%s '%s': %s", option, text, syntax);
    return EXIT_USAGE;
}

static int take_restart(const struct run_options *opts, struct job_plan *plan)
{
    int status = take(opts->restart, plan_text_restart, "restart", PLAN_TEXT_RESTART, plan);
    if (status == 0)
        status = take(opts->backoff, plan_text_backoff, "backoff", PLAN_TEXT_BACKOFF, plan);
    if (status == 0)
        status = take(opts->jitter, plan_text_jitter, "jitter", PLAN_TEXT_JITTER, plan);
    if (status == 0)
        status = take(opts->ok_codes, plan_text_codes, "ok-codes", PLAN_TEXT_CODES, plan);
    if (status == 0 && plan->restart == RESTART_NEVER && (opts->backoff || opts->jitter)) {
        report_of_command("--backoff and --jitter are for --restart");
        return EXIT_USAGE;
    }
    return status;
}

static int take_labels(const struct option_list *labels, struct job_plan *plan)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < labels->count; i++)
        status = take(labels->items[i], labels_add, "label", LABELS_SYNTAX, plan);
    return status;
}

static int fill_plan(const struct run_options *opts, struct job_plan *plan)
{
    plan->no_pty = opts->no_pty;
    plan->timeout_ms = opts->timeout_ms;
    plan->own_grace = opts->grace_ms != RUN_GRACE_UNSET;
    plan->grace_ms = plan->own_grace ? opts->grace_ms : 0;
    int status = take(opts->leftovers, plan_text_leftovers, "leftovers", PLAN_TEXT_LEFTOVERS, plan);
    if (status == 0)
        status = start_options_plan(&opts->start, plan);
    if (status == 0)
        status = take_labels(&opts->labels, plan);
    if (status == 0)
        status = take_restart(opts, plan);
    return status ? status : run_limits_plan(&opts->limits, plan);
}

/* Whether anything is asked: a plan of zeros is none. */
static bool is_empty(const struct job_plan *plan)
{
    static const struct job_plan none;
    return memcmp(plan, &none, sizeof(none)) == 0;
}

int run_options_plan(const struct run_options *opts, struct msg_run *run)
{
    run->plan = calloc(1, sizeof(*run->plan));
    if (!run->plan)
        return report_of_command("out of memory");
    int status = fill_plan(opts, run->plan);
    if (status == 0 && is_empty(run->plan)) {
        free(run->plan);
        run->plan = NULL;
    }
    return status;
}
