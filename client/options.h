/*
 * Command line options from a table: the same rows parse, make the help text and the completions.
 *
 * Syntax (POSIX utility guidelines with GNU long options): -d, clusters -dn5, -n 5, -n5, --name=x,
 * --name x, unique beginnings of long names, "--" ends the options. Options may follow operands,
 * unless the command stops at the first operand because the rest is somebody else's command line.
 * -h and --help belong to every command and are in no table.
 */
#ifndef JS_CLIENT_OPTIONS_H
#define JS_CLIENT_OPTIONS_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

/* What an option sets: the member of the command's options struct at its offset. */
enum option_kind {
    OPTION_FLAG,     /* bool, without a value */
    OPTION_TEXT,     /* const char * into argv */
    OPTION_LIST,     /* struct option_list, one item for each time it is given */
    OPTION_DURATION, /* uint64_t milliseconds, see common/duration.h */
    OPTION_SIGNAL,   /* int, see common/signame.h */
    OPTION_COUNT,    /* uint64_t, decimal */
    OPTION_SIZE,     /* struct size, see common/size.h */
};

struct option_list {
    const char **items; /* the array is owned, see options_finish; the texts belong to argv */
    size_t count;
    size_t room;
};

struct option_spec {
    char letter;      /* or '\0' */
    const char *name; /* without dashes, or NULL */
    const char *arg;  /* the value's name in the help text; NULL exactly for OPTION_FLAG */
    enum option_kind kind;
    size_t offset;
    const char *help;
    const char *values; /* for completion, see cmd_complete.c: "job", "dir", "=one|two"; or NULL */
};

/* Where the word behind a command line stands, for completion. */
struct options_place {
    const struct option_spec *value_of; /* it is the value of this option; or NULL */
    bool options_ended;                 /* it is no option, whatever it looks like */
    int operands;                       /* before it */
    int first_operand;                  /* where in argv; argc when there is none */
};

/* The command's defaults into options (command->options_size bytes). */
void options_begin(const struct command *command, void *options);

/*
 * Sets the option with that long name, which is not shortened: value as behind "--NAME=", for a
 * flag yes or no. value must last as long as options. 0; -ENOENT when the command has no such
 * option; -EINVAL with what is wrong in error, or -ENOMEM. "help" is none here.
 */
int options_set(const struct command *command, void *options, const char *name, const char *value,
                struct bytes *error);

/*
 * Fills options, after options_begin, from argv[1] on; when
 * an option is given twice, the last one counts. The operands are moved to the front of argv + 1,
 * in their order and with a NULL behind them: that is *ret_operands.
 *
 * Returns 0; 1 when help was asked for; -EINVAL with one line in error that names the option (no
 * line end, escaped); -ENOMEM. options needs options_finish after 0 only.
 */
int options_parse(const struct command *command, int argc, char **argv, void *options,
                  char ***ret_operands, int *ret_count, struct bytes *error);

/* Frees the arrays of the lists in options. */
void options_finish(const struct command *command, void *options);

/* Row i of the command's options, the last of which is --help; NULL behind them. */
const struct option_spec *options_row(const struct command *command, size_t i);

/* Tells where a word behind argv (argv[0] is the command) stands. Wrong options are passed over. */
void options_locate(const struct command *command, int argc, char **argv,
                    struct options_place *ret);

/* Appends the command's help: usage, summary, description, options, examples, in at most 80 columns
 * (examples are shown as written). 0 or -ENOMEM. */
int options_help(const struct command *command, struct bytes *out);

#endif
