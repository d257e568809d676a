#include "client/commands.h"
#include "client/report.h"
#include "common/size.h"

static int run(const struct command *command, void *options, int argc, char **argv)
{
    (void)command;
    (void)options;
    struct size size;
    if (argc != 2) {
        report_error("resize: give the job and its new size; see js resize --help");
        return EXIT_USAGE;
    }
    if (size_parse(argv[1], &size) < 0) {
        report_error("resize: '%s' is no size: " SIZE_SYNTAX, argv[1]);
        return EXIT_USAGE;
    }
    struct connection connection;
    int status = commands_connect(&connection, argv[0]);
    if (status != 0)
        return status;
    struct msg_set_size body = {.job = argv[0], .rows = size.rows, .cols = size.cols};
    status = connection_request(&connection, MSG_SET_SIZE, &body, NULL, 0);
    connection_finish(&connection);
    return status;
}

const struct command cmd_resize = {
    .name = "resize",
    .operands = "JOB COLSxROWS",
    .values = "job",
    .summary = "set the size of a job's terminal while nobody types",
    .description =
        "Gives the job's terminal so many columns and rows, from 4x2 to 4096x4096; its program is "
        "told (SIGWINCH). While somebody is attached and types, the size is that of their "
        "terminal, and this is refused. It becomes the terminal's again when somebody attaches.",
    .examples = "js resize 3 132x43",
    .run = run,
};
