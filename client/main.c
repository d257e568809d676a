/* js: job control that is not tied to a terminal. The client. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/caller.h"
#include "client/commands.h"
#include "client/report.h"
#include "common/config.h"
#include "common/log.h"
#include "version.h"

static int print_and_free(struct bytes *text)
{
    fwrite(text->data, 1, text->len, stdout);
    bytes_finish(text);
    return EXIT_OK;
}

static int show_help(const char *name)
{
    struct bytes text = {0};
    if (!name) {
        commands_help(&text);
        return print_and_free(&text);
    }
    const struct command *command = command_find(commands, name, &text);
    if (!command) {
        report_error("%.*s; see js --help", (int)text.len, (const char *)text.data);
        bytes_finish(&text);
        return EXIT_USAGE;
    }
    options_help(command, &text);
    return print_and_free(&text);
}

/* Reads the command line and runs the command; options are as the command begins with. */
static int run_with(const struct command *command, void *options, int argc, char **argv)
{
    struct bytes error = {0};
    char **operands = NULL;
    int count = 0, status = EXIT_USAGE;
    int r = options_parse(command, argc, argv, options, &operands, &count, &error);
    if (r == 1)
        status = show_help(command->name);
    else if (r < 0)
        report_error("%s: %.*s; see js %s --help", command->name, (int)error.len,
                     error.len ? (const char *)error.data : "", command->name);
    else if (count > 0 && !command->operands)
        report_error("%s: takes no arguments; see js %s --help", command->name, command->name);
    else
        status = command->run(command, options, count, operands);
    if (r == 0)
        options_finish(command, options);
    bytes_finish(&error);
    return status;
}

/* argv[0] is the command's name. */
static int run_command(const struct command *command, int argc, char **argv)
{
    void *options = calloc(1, command->options_size ? command->options_size : 1);
    if (!options)
        return report_error("out of memory");
    report_set_command(command->name);
    options_begin(command, options);
    int status = command->prepare ? command->prepare(command, options, argc, argv) : 0;
    if (status == 0)
        status = run_with(command, options, argc, argv);
    else
        options_finish(command, options);
    free(options);
    return status;
}

/*
 * -c FILE, before the command: 0 with *argc and *argv moved on, or the exit status. The path is
 * made absolute, as it is passed on to a server, which is elsewhere.
 */
static int take_config(int *argc, char ***argv)
{
    static char path[CONFIG_PATH_MAX];
    const char *word = (*argv)[1], *name = NULL;
    int used = 1;
    if (strncmp(word, "--config=", 9) == 0) {
        name = word + 9;
    } else if (strncmp(word, "-c", 2) == 0 && word[2]) {
        name = word + 2;
    } else if (*argc > 2) {
        name = (*argv)[2];
        used = 2;
    }
    if (!name || !*name) {
        report_error("option '%s' needs a value; see js --help", word);
        return EXIT_USAGE;
    }
    char cwd[PATH_MAX] = "";
    if (name[0] != '/' && !getcwd(cwd, sizeof(cwd)))
        return report_error("cannot use %s: the current directory has no name: %s", name,
                            strerror(errno));
    int len = snprintf(path, sizeof(path), "%s%s%s", cwd, cwd[0] ? "/" : "", name);
    if (len < 0 || (size_t)len >= sizeof(path) || access(path, R_OK) < 0)
        return report_error("cannot read %s: %s", name, strerror(errno));
    config_set_file(path);
    *argc -= used;
    *argv += used;
    return 0;
}

static bool is_config_option(const char *word)
{
    return strncmp(word, "-c", 2) == 0 || strcmp(word, "--config") == 0 ||
           strncmp(word, "--config=", 9) == 0;
}

/* As fg of some shells may be left out: "js 3", "js %3". */
static bool looks_like_job(const char *word)
{
    return word[0] == '%' || (*word && word[strspn(word, "0123456789")] == '\0');
}

static int dispatch(int argc, char **argv)
{
    struct bytes error = {0};
    while (argc > 1 && is_config_option(argv[1])) {
        int status = take_config(&argc, &argv);
        if (status != 0)
            return status;
    }
    char *list[] = {(char *)"ls", NULL};
    if (argc < 2)
        return run_command(&cmd_ls, 1, list);
    if (strcmp(argv[1], "--version") == 0) {
        printf("js %s\n", JS_VERSION);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return show_help(NULL);
    if (strcmp(argv[1], "help") == 0)
        return show_help(argv[2] && argv[2][0] != '-' ? argv[2] : NULL);
    if (argv[1][0] == '-') {
        report_error("unknown option '%s'; see js --help", argv[1]);
        return EXIT_USAGE;
    }
    const struct command *command = command_find(commands, argv[1], &error);
    if (command) {
        bytes_finish(&error);
        return run_command(command, argc - 1, argv + 1);
    }
    if (looks_like_job(argv[1]))
        report_error("no such command: '%s'; js fg %s?", argv[1], argv[1]);
    else
        report_error("%.*s; see js --help", (int)error.len, (const char *)error.data);
    bytes_finish(&error);
    return EXIT_USAGE;
}

/*
 * Whoever closed 0, 1 or 2 would get a socket of ours there. Reading then ends at once, writing is
 * an error, as it would be.
 */
static void open_standard_fds(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDONLY); /* the lowest free number: this one */
}

/* A full disk or a closed pipe shows when stdout is flushed, and is a failure. */
static int close_stdout(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return status == EXIT_OK ? report_error("cannot write to standard output") : status;
}

int main(int argc, char **argv)
{
    open_standard_fds();
    caller_remember_signals();
    signal(SIGPIPE, SIG_IGN);
    log_init("js");
    return close_stdout(dispatch(argc, argv));
}
