#include "client/commands.h"
#include "client/report.h"
#include "common/spec.h"

static int run(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    if (argc < 1 || argc > 2) {
        report_error("rename: give the job and its new name; see js rename --help");
        return EXIT_USAGE;
    }
    char text[160];
    if (argc == 2 && !spec_name_is_valid(argv[1], text, sizeof(text))) {
        report_error("rename: %s", text);
        return EXIT_USAGE;
    }
    struct connection connection;
    int status = commands_connect(&connection, argv[0]);
    if (status != 0)
        return status;
    struct msg_rename body = {.job = argv[0], .name = argc == 2 ? argv[1] : NULL};
    status = connection_request(&connection, MSG_RENAME, &body, NULL, 0);
    connection_finish(&connection);
    return status;
}

const struct command cmd_rename = {
    .name = "rename",
    .operands = "JOB [NAME]",
    .values = "any",
    .summary = "give a job a name, or take it away",
    .examples = "js rename 3 build\njs rename build",
    .run = run,
};
