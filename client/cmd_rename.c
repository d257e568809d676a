#include "client/commands.h"
#include "client/report.h"

static int run(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    if (argc < 1 || argc > 2) {
        report_error("rename: give the job and its new name; see js rename --help");
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
    .values = "job",
    .summary = "give a job a name, or take it away",
    .examples = "js rename 3 build\njs rename build",
    .run = run,
};
