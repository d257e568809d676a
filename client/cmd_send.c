#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/report.h"

struct send_options {
    bool enter;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(send_options, 'e', "enter", NULL, OPTION_FLAG, enter,
                   "type the Enter key (a carriage return) behind it", NULL),
};

/* Where what is typed goes. */
struct target {
    struct connection *connection;
    char number[16]; /* of the job: its name may go to another one meanwhile */
    bool taken;      /* wait until the terminal has taken each piece */
    uint64_t sent;
};

/* 0 or the exit status, the user told. */
static int send_bytes(struct target *target, const char *data, size_t len)
{
    int status = 0;
    while (status == 0 && len > 0) {
        size_t piece = len < SEND_MAX ? len : SEND_MAX;
        struct msg_send body = {.job = target->number,
                                .data = {.data = (uint8_t *)data, .len = piece},
                                .taken = target->taken};
        status = connection_request(target->connection, MSG_SEND, &body, NULL, 0);
        target->sent += status == 0 ? piece : 0;
        data += piece;
        len -= piece;
    }
    if (status != 0 && target->sent > 0)
        fprintf(stderr, "js: only the first %llu bytes were typed\n",
                (unsigned long long)target->sent);
    return status;
}

static int send_input(struct target *target)
{
    static char buf[16 * SEND_MAX];
    for (;;) {
        ssize_t n = read(0, buf, sizeof(buf));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return report_error("cannot read standard input: %s", strerror(errno));
        int status = n > 0 ? send_bytes(target, buf, (size_t)n) : 0;
        if (status != 0 || n == 0)
            return status;
    }
}

/* The words with a blank between them, as echo(1) has them. */
static int send_words(struct target *target, int argc, char **argv, bool enter)
{
    struct bytes text = {0};
    int r = 0;
    for (int i = 0; i < argc && r == 0; i++) {
        r = i > 0 ? bytes_append_text(&text, " ") : 0;
        if (r == 0)
            r = bytes_append_text(&text, argv[i]);
    }
    if (r == 0 && enter)
        r = bytes_append_text(&text, "\r");
    int status = r < 0 ? report_error("out of memory")
                       : send_bytes(target, (const char *)text.data, text.len);
    bytes_finish(&text);
    return status;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct send_options *opts = options_;
    struct connection connection;
    struct jobs_view view;
    if (argc == 0 || (argc == 1 && !opts->enter)) {
        report_error("send: give the job and what to type; see js send --help");
        return EXIT_USAGE;
    }
    bool input = argc == 2 && strcmp(argv[1], "-") == 0;
    int status = commands_open_jobs(&connection, &view, 1, (char *[]){argv[0], NULL});
    if (status != 0)
        return status;
    const struct job_info *job = view.jobs.items;
    struct target target = {.connection = &connection, .taken = input};
    snprintf(target.number, sizeof(target.number), "%u", job->id);
    jobs_view_finish(&view);
    if (input)
        status = send_input(&target);
    if (status == 0)
        status = send_words(&target, input ? 0 : argc - 1, argv + 1, opts->enter);
    connection_finish(&connection);
    return status;
}

const struct command cmd_send = {
    .name = "send",
    .operands = "JOB [TEXT]...",
    .values = "job",
    .summary = "type something on a job's terminal without attaching to it",
    .description =
        "The words of TEXT are typed with a blank between them, byte for byte: a control key is "
        "its character, as in $'\\003' for ^C. TEXT that is - stands for standard input, which is "
        "typed to its end, as fast as the job takes it.\n\n"
        "It is the terminal that gets it, and with it whoever reads there: the job, or a shell in "
        "it. The exit status is 75 when the job does not read its input and no more has room, "
        "and 125 when it has ended.",
    .examples = "js send build yes --enter\njs send 3 $'\\003'\njs send repl - <script",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct send_options),
    .run = run,
};
