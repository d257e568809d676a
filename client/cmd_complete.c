/*
 * For the shells' completions: what the word under the cursor may be. All that is to know about
 * commands, options and jobs is here; the shells' own files only ask and insert.
 *
 * `js complete -- WORD...` gets the words behind "js" up to the cursor, the last of which is the
 * one to be completed (it may be empty). It prints lines, none where there is nothing to offer:
 *
 *   word TAB explanation   a candidate for the whole word (whether it fits is for the shell)
 *   :files, :dirs          names of files, or of directories; of the part behind "--option="
 *   :command N             the words from N on (counted from 0) are somebody else's command line
 *
 * It is never an error that there is nothing, and nothing is said about it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/columns.h"
#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/labels.h"
#include "client/profiles.h"
#include "client/report.h"
#include "common/rlimits.h"
#include "common/signame.h"

#define ENDED_OFFERED 20u /* jobs, of what may be thousands */

static void candidate(const char *before, const char *word, const char *explanation)
{
    printf("%s%s\t%s\n", before, word, explanation);
}

static void complete_commands(void)
{
    for (const struct command *const *at = commands; *at; at++) {
        if ((*at)->hidden)
            continue;
        candidate("", (*at)->name, (*at)->summary);
        for (const char *const *alias = (*at)->aliases; alias && *alias; alias++)
            candidate("", *alias, (*at)->summary);
    }
    candidate("", "help", "show the help text, of all or of one command");
}

static void complete_options(const struct command *command)
{
    const struct option_spec *spec;
    for (size_t i = 0; (spec = options_row(command, i)); i++) {
        char letter[] = {spec->letter, '\0'};
        if (spec->name)
            candidate("--", spec->name, spec->help);
        if (spec->letter)
            candidate("-", letter, spec->help);
    }
}

/* Which jobs a command is about, by the values of its row. */
static bool is_wanted(const struct job_info *job, const char *values)
{
    bool ended = job_state_is_final(job->state);
    if (strcmp(values, "any") == 0)
        return true;
    if (strcmp(values, "ended") == 0)
        return ended;
    if (strcmp(values, "stopped") == 0)
        return job->state == JOB_STOPPED;
    if (strcmp(values, "running") == 0)
        return job->state == JOB_RUNNING;
    if (strcmp(values, "attached") == 0)
        return job->viewers.len > 0;
    return !ended;
}

static bool is_named(const struct job_info *job, const char *number, char **named, int count)
{
    for (int i = 0; i < count; i++) {
        const char *spec = named[i] + (named[i][0] == '%');
        if (strcmp(spec, number) == 0 || (job->name && strcmp(spec, job->name) == 0))
            return true;
    }
    return false;
}

static void job_candidates(const struct jobs_view *view, const struct job_info *job,
                           const char *number, const char *before)
{
    char *command = report_command(job);
    char text[256];
    snprintf(text, sizeof(text), "%s: %s", job_state_name(job->state), command ? command : "?");
    text[strcspn(text, "\n")] = '\0';
    candidate(before, number, text);
    if (job->name)
        candidate(before, job->name, text);
    if (before[0] == '%' && job->id == view->current)
        candidate("%", "+", text);
    if (before[0] == '%' && job->id == view->previous)
        candidate("%", "-", text);
    free(command);
}

/* Whether the word may become the number or the name of the job, as far as it is not quoted. */
static bool may_become(const char *word, const char *number, const char *name)
{
    size_t len = strlen(word);
    return word[strcspn(word, "\\'\"%")] != '\0' || strncmp(number, word, len) == 0 ||
           (name && strncmp(name, word, len) == 0);
}

/* What is offered of a list of jobs. */
struct offer {
    const char *values; /* of the command's row */
    const char *word;
    char **named; /* words before, whose jobs are not offered once more */
    int named_count;
    unsigned ended; /* so many may still be offered */
};

static void offer_job(const struct jobs_view *view, const struct job_info *job, struct offer *offer)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", job->id);
    if (!is_wanted(job, offer->values) || is_named(job, number, offer->named, offer->named_count) ||
        !may_become(offer->word, number, job->name))
        return;
    if (job_state_is_final(job->state) && offer->ended-- == 0) {
        offer->ended = 0;
        return;
    }
    job_candidates(view, job, number, offer->word[0] == '%' ? "%" : "");
}

/* The live ones first, then the ended ones, the newest first. */
static void offer_jobs(const struct jobs_view *view, struct offer *offer)
{
    const struct job_info *jobs = view->jobs.items;
    for (size_t i = 0; i < view->jobs.len; i++)
        if (!job_state_is_final(jobs[i].state))
            offer_job(view, &jobs[i], offer);
    for (size_t i = view->jobs.len; i-- > 0;)
        if (job_state_is_final(jobs[i].state))
            offer_job(view, &jobs[i], offer);
}

/* named: the words before, whose jobs are not offered once more. */
static void complete_jobs(const char *values, const char *word, char **named, int count)
{
    struct connection connection;
    struct jobs_view view;
    if (connection_open(&connection, CONNECTION_START_IF_JOBS) != 0)
        return;
    struct msg_list body = {.all = true};
    if (jobs_view_fetch(&view, &connection, MSG_LIST, &body) == 0) {
        struct offer offer = {.values = values,
                              .word = word,
                              .named = named,
                              .named_count = count,
                              .ended = ENDED_OFFERED};
        offer_jobs(&view, &offer);
        jobs_view_finish(&view);
    }
    connection_finish(&connection);
}

/* The labels that jobs have: as selectors, each once. */
static void complete_labels(const char *before)
{
    struct connection connection;
    struct jobs_view view;
    struct job_plan seen = {0};
    if (connection_open(&connection, CONNECTION_START_IF_JOBS) != 0)
        return;
    struct msg_list body = {.all = true};
    if (jobs_view_fetch(&view, &connection, MSG_LIST, &body) == 0) {
        const struct job_info *jobs = view.jobs.items;
        for (size_t i = 0; i < view.jobs.len; i++)
            for (size_t j = 0; jobs[i].plan && j < jobs[i].plan->labels.len; j++)
                if (!labels_fit(&seen, jobs[i].plan->labels.items[j]) &&
                    labels_add(jobs[i].plan->labels.items[j], &seen) == 0)
                    candidate(before, jobs[i].plan->labels.items[j], "");
        jobs_view_finish(&view);
    }
    wire_clear(&job_plan_fields, &seen);
    connection_finish(&connection);
}

static void complete_profiles(const char *before)
{
    const struct profiles *profiles = profiles_load();
    for (size_t i = 0; profiles && i < profiles->count; i++)
        candidate(before, profiles->items[i].name, "");
}

static void complete_signals(const char *before)
{
    for (int sig = 1; sig < SIGRTMIN; sig++)
        if (signame_of(sig))
            candidate(before, signame_of(sig), signame_describe(sig));
}

static void complete_variables(const char *before)
{
    for (char **at = environ; *at; at++)
        printf("%s%.*s\t\n", before, (int)strcspn(*at, "="), *at);
}

/* "=one|two": these words. */
static void complete_choices(const char *before, const char *values)
{
    for (const char *at = values + 1; *at;) {
        size_t len = strcspn(at, "|");
        printf("%s%.*s\t\n", before, (int)len, at);
        at += len + (at[len] == '|');
    }
}

/* The items of a list with commas; text: what is there of it. */
static void complete_columns(const char *before, const char *text)
{
    const char *comma = strrchr(text, ',');
    for (size_t i = 0; i < column_count; i++)
        printf("%s%.*s%s\t%s\n", before, comma ? (int)(comma + 1 - text) : 0, text,
               column_table[i].name, column_table[i].doc);
}

static void complete_rlimits(const char *before, const char *text)
{
    const char *comma = strrchr(text, ',');
    for (size_t i = 0; i < RLIMIT_KINDS; i++)
        printf("%s%.*s%s=\t%s\n", before, comma ? (int)(comma + 1 - text) : 0, text,
               rlimit_kinds[i].name, rlimit_kinds[i].doc);
}

/* before: "--option=" when the value, of which text is there, stands behind it in the same word. */
static void complete_value(const struct option_spec *spec, const char *before, const char *text)
{
    const char *values = spec->values ? spec->values : "";
    if (strcmp(values, "dir") == 0)
        puts(":dirs");
    else if (strcmp(values, "file") == 0)
        puts(":files");
    else if (strcmp(values, "signal") == 0)
        complete_signals(before);
    else if (strcmp(values, "any") == 0 && !*before)
        complete_jobs(values, "", NULL, 0);
    else if (strcmp(values, "label") == 0)
        complete_labels(before);
    else if (strcmp(values, "profile") == 0)
        complete_profiles(before);
    else if (strcmp(values, "variable") == 0)
        complete_variables(before);
    else if (strcmp(values, "rlimit") == 0)
        complete_rlimits(before, text);
    else if (strcmp(values, "column") == 0)
        complete_columns(before, text);
    else if (values[0] == '=')
        complete_choices(before, values);
}

/* The word begins with a dash where an option can stand. */
static void complete_option(const struct command *command, const char *word)
{
    size_t len = strcspn(word, "=");
    const struct option_spec *spec;
    if (word[len] == '\0') {
        complete_options(command);
        return;
    }
    for (size_t i = 0; (spec = options_row(command, i)); i++) {
        char before[64];
        if (!spec->name || !spec->arg)
            continue;
        int n = snprintf(before, sizeof(before), "--%s=", spec->name);
        if ((size_t)n == len + 1 && strncmp(word, before, len + 1) == 0)
            complete_value(spec, before, word + len + 1);
    }
}

/* Whether the operands are no command line, but arguments of a script. */
static bool runs_script(const struct options_place *place, char **argv)
{
    for (int i = 1; i < place->first_operand; i++)
        if (strcmp(argv[i], "--script") == 0 || strncmp(argv[i], "--script=", 9) == 0)
            return true;
    return false;
}

static void complete_operand(const struct command *command, const struct options_place *place,
                             int argc, char **argv)
{
    size_t len = command->operands ? strlen(command->operands) : 0;
    bool several = len > 3 && strcmp(command->operands + len - 3, "...") == 0;
    if (command->stop_at_operand && runs_script(place, argv))
        puts(":files");
    else if (command->stop_at_operand)
        printf(":command %d\n", place->first_operand);
    else if (command->values && command->values[0] == '=' && place->operands == 0)
        complete_choices("", command->values);
    else if (command->values && (several || place->operands == 0))
        complete_jobs(command->values, argv[argc - 1], argv + 1, argc - 2);
}

/* Options before the command: how many words they are; -1 when the last word belongs to them. */
static int skip_config(int argc, char **argv)
{
    int at = 0;
    while (at < argc - 1 && argv[at][0] == '-') {
        bool apart = strcmp(argv[at], "-c") == 0 || strcmp(argv[at], "--config") == 0;
        if (apart && at == argc - 2) {
            puts(":files");
            return -1;
        }
        at += apart ? 2 : 1;
    }
    return at;
}

static void complete_global_option(const char *word)
{
    if (strncmp(word, "--config=", 9) == 0) {
        puts(":files");
        return;
    }
    candidate("--", "config", "use this configuration file");
    candidate("-", "c", "use this configuration file");
    candidate("--", "help", "show the list of commands");
    candidate("--", "version", "show the version");
}

/* argv: the words; the last one is to be completed. */
static void complete(int argc, char **argv)
{
    int skipped = skip_config(argc, argv);
    if (skipped < 0)
        return;
    argc -= skipped;
    argv += skipped;
    const char *word = argv[argc - 1];
    if (argc == 1 && word[0] == '-') {
        complete_global_option(word);
        return;
    }
    if (argc == 1 || (argc == 2 && strcmp(argv[0], "help") == 0)) {
        complete_commands();
        return;
    }
    struct bytes error = {0};
    const struct command *command = command_find(commands, argv[0], &error);
    bytes_finish(&error);
    if (!command)
        return;
    struct options_place place;
    options_locate(command, argc - 1, argv, &place);
    if (place.value_of)
        complete_value(place.value_of, "", word);
    else if (word[0] == '-' && !place.options_ended)
        complete_option(command, word);
    else
        complete_operand(command, &place, argc, argv);
}

static int run(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    if (argc > 0)
        complete(argc, argv);
    return 0;
}

const struct command cmd_complete = {
    .name = "complete",
    .operands = "[WORD]...",
    .summary = "what a word of a command line of js may be, for shells",
    .hidden = true,
    .stop_at_operand = true,
    .run = run,
};
