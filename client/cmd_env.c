#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/json.h"
#include "client/report.h"
#include "common/livevar.h"

struct env_options {
    bool links;
    bool fish;
    bool json;
};

static const struct option_spec options[] = {
    COMMAND_OPTION(env_options, 'l', "links", NULL, OPTION_FLAG, links,
                   "the job's links instead of what they lead to: for shells in the job", NULL),
    COMMAND_OPTION(env_options, '\0', "fish", NULL, OPTION_FLAG, fish,
                   "for fish instead of a shell like sh", NULL),
    COMMAND_OPTION(env_options, 'j', "json", NULL, OPTION_FLAG, json, "as JSON", NULL),
};

/* It is printed to be executed: nothing but a name may stand where a name belongs. */
static bool is_name(const char *entry)
{
    size_t len = strcspn(entry, "=");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)entry[i];
        if (!(c == '_' || (c < 0x80 && isalpha(c)) || (i > 0 && c < 0x80 && isdigit(c))))
            return false;
    }
    return len > 0;
}

/* In single quotes a shell takes everything as it is, but for what ends or escapes them. */
static void print_quoted(const char *value, bool fish)
{
    putchar('\'');
    for (const char *at = value; *at; at++) {
        if (fish && (*at == '\'' || *at == '\\'))
            printf("\\%c", *at);
        else if (*at == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*at);
    }
    putchar('\'');
}

static void print_entry(const char *entry, bool fish)
{
    int len = (int)strcspn(entry, "=");
    const char *value = livevar_value(entry);
    if (!is_name(entry))
        return;
    if (!value) {
        printf("%s %.*s\n", fish ? "set -e" : "unset", len, entry);
        return;
    }
    if (fish)
        printf("set -gx %.*s ", len, entry);
    else
        printf("export %.*s=", len, entry);
    print_quoted(value, fish);
    putchar('\n');
}

static int print_env(const struct connection *connection, const struct env_options *opts)
{
    const struct msg_env *env = connection->reply.body;
    if (connection->reply.type != MSG_ENV)
        return report_error("the server's answer was not an environment");
    if (opts->json)
        return json_print_env(env);
    const struct wire_strs *list = opts->links ? &env->links : &env->values;
    for (size_t i = 0; i < list->len; i++)
        print_entry(list->items[i], opts->fish);
    return 0;
}

static int run(const struct command *command, void *options_, int argc, char **argv)
{
    (void)command;
    const struct env_options *opts = options_;
    if (argc > 1 || opts->links + opts->json > 1 || opts->fish + opts->json > 1) {
        report_error(argc > 1 ? "env: one job at a time"
                              : "env: --json tells everything; it takes no --links, no --fish");
        return EXIT_USAGE;
    }
    /* In a job it is that job, whatever else has been stopped or left since. */
    const char *spec = argc ? argv[0] : getenv("JS_JOB_UID");
    struct connection connection;
    struct msg_on_job body = {.job = (char *)spec};
    int status = commands_connect(&connection, spec);
    if (status != 0)
        return status;
    status = connection_request(&connection, MSG_GET_ENV, &body, NULL, 0);
    if (status == 0)
        status = print_env(&connection, opts);
    connection_finish(&connection);
    return status;
}

const struct command cmd_env = {
    .name = "env",
    .operands = "[JOB]",
    .values = "job",
    .summary = "print the live environment of whoever attached last",
    .description =
        "Prints SSH_AUTH_SOCK, SSH_CONNECTION, DISPLAY, XAUTHORITY, WAYLAND_DISPLAY, "
        "DBUS_SESSION_BUS_ADDRESS and KRB5CCNAME as the client has them that started the job or "
        "attached to it last (not with --watch), as assignments for a shell. Within a job, no JOB "
        "means that job.\n\n"
        "Where these name a socket or a file, the job has the path of a link of its own, which "
        "follows that client by itself; --links prints these paths. DISPLAY and the others cannot "
        "be links: a shell in a job asks for them, best before each prompt (see Live environment "
        "in js(1)).\n\n"
        "What js run was told by -e, -u or --clean-env stays so, and is not printed.",
    .examples = "js env build\neval \"$(js env --links)\"\njs env --links --fish | source",
    COMMAND_OPTIONS(options),
    .options_size = sizeof(struct env_options),
    .run = run,
};
