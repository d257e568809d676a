/* For the shells' completions: what there is, straight from the tables and the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/jobs_view.h"
#include "client/report.h"

/* Lines of "word TAB explanation". */
static void candidate(const char *prefix, const char *word, const char *explanation)
{
    printf("%s%s\t%s\n", prefix, word, explanation ? explanation : "");
}

static int complete_commands(void)
{
    for (const struct command *const *at = commands; *at; at++)
        if ((*at)->summary)
            candidate("", (*at)->name, (*at)->summary);
    return 0;
}

static int complete_options(const struct command *of)
{
    for (size_t i = 0; i < of->option_count; i++)
        candidate("--", of->options[i].name, of->options[i].help);
    candidate("--", "help", "show help");
    return 0;
}

/* What kind of word follows an option, or is an operand: "job", "dir", ... or nothing. */
static int complete_kind(const struct command *of, const char *option)
{
    const char *kind = of->values;
    for (size_t i = 0; option && i < of->option_count; i++) {
        const struct option_spec *spec = &of->options[i];
        bool matches = (strncmp(option, "--", 2) == 0 && strcmp(option + 2, spec->name) == 0) ||
                       (option[0] == '-' && spec->letter && option[1] == spec->letter && !option[2]);
        if (matches && spec->arg)
            kind = spec->values ? spec->values : "text";
    }
    printf("%s\n", kind ? kind : "");
    return 0;
}

/* which: "job" live ones, "ended" ended ones, "any" all. Never an error: completion is silent. */
static int complete_jobs(const char *which)
{
    struct connection connection;
    struct jobs_view view;
    if (connection_open(&connection, CONNECTION_START_IF_JOBS) != 0)
        return 0;
    struct msg_list body = {.all = strcmp(which, "job") != 0};
    if (jobs_view_fetch(&view, &connection, MSG_LIST, &body) == 0) {
        const struct job_info *jobs = view.jobs.items;
        for (size_t i = 0; i < view.jobs.len; i++) {
            char number[16];
            char *line = report_command(&jobs[i]);
            snprintf(number, sizeof(number), "%u", jobs[i].id);
            if (strcmp(which, "ended") != 0 || job_state_is_final(jobs[i].state)) {
                candidate("", number, line);
                if (jobs[i].name)
                    candidate("", jobs[i].name, line);
            }
            free(line);
        }
        jobs_view_finish(&view);
    }
    connection_finish(&connection);
    return 0;
}

static int run(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    struct bytes error = {0};
    const struct command *of = argc > 1 ? command_find(commands, argv[1], &error) : NULL;
    bytes_finish(&error);
    if (argc > 0 && strcmp(argv[0], "commands") == 0)
        return complete_commands();
    if (argc > 1 && strcmp(argv[0], "jobs") == 0)
        return complete_jobs(argv[1]);
    if (of && strcmp(argv[0], "options") == 0)
        return complete_options(of);
    if (of && strcmp(argv[0], "kind") == 0)
        return complete_kind(of, argc > 2 ? argv[2] : NULL);
    report_error("complete: commands, options COMMAND, kind COMMAND [OPTION], or jobs KIND");
    return EXIT_USAGE;
}

const struct command cmd_complete = {
    .name = "complete",
    .operands = "commands|options COMMAND|kind COMMAND [OPTION]|jobs KIND",
    .run = run,
};
