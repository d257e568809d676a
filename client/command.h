/*
 * A command of js: one row of the table that parsing, help, completion and the manual share. Each
 * command has a file of its own with its options struct, its option table and its row.
 */
#ifndef JS_CLIENT_COMMAND_H
#define JS_CLIENT_COMMAND_H

#include "client/options.h"

#define COMMAND_OPTION(type, letter_, name_, arg_, kind_, member, help_, values_)                  \
    {                                                                                              \
        .letter = letter_, .name = name_, .arg = arg_, .kind = kind_,                              \
        .offset = offsetof(struct type, member), .help = help_, .values = values_                  \
    }
#define COMMAND_OPTIONS(table) .options = table, .option_count = sizeof(table) / sizeof((table)[0])

struct command {
    const char *name;
    const char *const *aliases; /* further names, NULL at the end; or NULL */
    const char *operands;       /* "[JOB]..." as in the usage line; NULL when it takes none */
    const char *values;         /* what the operands are, for completion, see cmd_complete.c */
    const char *summary;        /* one line, for the list of commands */
    const char *description;    /* paragraphs with an empty line between them; or NULL */
    const char *examples;       /* lines of at most 78 columns; or NULL */
    bool stop_at_operand;       /* the first operand ends the options */
    bool hidden;                /* not for people: in no list, and found by its full name only */

    const struct option_spec *options;
    size_t option_count;
    size_t options_size;  /* of the struct that the options set */
    const void *defaults; /* options_size bytes to start from; NULL for zeros */

    /* A command whose options it has, too, behind its own; its options struct begins with that
     * one's and starts from that one's defaults (its own must be NULL). Or NULL. */
    const struct command *extends;

    /* Called with the defaults and the whole command line, before that is read into options: 0 or
     * the exit status, with the user told. NULL = there is nothing to do. */
    int (*prepare)(const struct command *command, void *options, int argc, char **argv);

    /* Gets the options filled and argc operands. Returns the exit status of js. */
    int (*run)(const struct command *command, void *options, int argc, char **argv);
};

/*
 * The command of the table (NULL at its end) called name: by its name or an alias, or by a
 * beginning that fits one command only. NULL when there is none, with one line in error (no line
 * end, escaped; empty when there is no memory).
 */
const struct command *command_find(const struct command *const *table, const char *name,
                                   struct bytes *error);

#endif
