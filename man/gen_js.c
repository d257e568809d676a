/* Writes js(1) from its template and the client's table of commands. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "client/columns.h"
#include "client/commands.h"
#include "common/config.h"
#include "common/rlimits.h"
#include "man/mdoc.h"

/* "[JOB]..." as ".Oo Ar JOB Oc ..."; what comes after the synopsis' first words. */
static void write_operands(const char *operands)
{
    for (const char *at = operands; *at;) {
        size_t len = strcspn(at, "[]. ");
        if (*at == '[') {
            fputs(" Oo", stdout);
            at++;
        } else if (*at == ']') {
            fputs(" Oc", stdout);
            at++;
        } else if (strncmp(at, "...", 3) == 0) {
            fputs(" Ns No ...", stdout);
            at += 3;
        } else if (len > 0) {
            printf(" Ar %.*s", (int)len, at);
            at += len;
        } else {
            at++;
        }
    }
}

static void write_synopsis(const struct command *command)
{
    printf(".D1 Nm js Cm %s Oo Ar OPTION Oc Ns No ...", command->name);
    if (command->stop_at_operand)
        fputs(" Oo Fl \\- Oc", stdout);
    if (command->operands)
        write_operands(command->operands);
    putchar('\n');
    for (const char *const *alias = command->aliases; alias && *alias; alias++)
        printf(".D1 Nm js Cm %s No ...\n", *alias);
}

static void write_option(const struct option_spec *spec)
{
    fputs(".It", stdout);
    if (spec->letter)
        printf(" Fl %c", spec->letter);
    if (spec->letter && spec->name)
        fputs(" ,", stdout);
    if (spec->name)
        printf(" Fl \\-%s", spec->name);
    if (spec->arg)
        printf("%s Ar %s", spec->name ? " Ns = Ns" : "", spec->arg);
    putchar('\n');
    mdoc_text(spec->help);
}

/* --help belongs to every command and is described once. */
static void write_options(const struct command *command)
{
    if (command->extends)
        printf(".Pp\nAll options of\n.Nm Cm %s ,\nand:\n", command->extends->name);
    if (command->option_count == 0)
        return;
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < command->option_count; i++)
        write_option(&command->options[i]);
    puts(".El");
}

static void write_examples(const struct command *command)
{
    if (!command->examples)
        return;
    puts(".Pp\nExamples:\n.Bd -literal -offset indent");
    mdoc_literal(command->examples);
    puts("\n.Ed");
}

/* The summary as a sentence. */
static void write_summary(const char *summary)
{
    char text[256];
    snprintf(text, sizeof(text), "%c%s.", toupper((unsigned char)summary[0]), summary + 1);
    mdoc_text(text);
}

static void write_command(const struct command *command)
{
    printf(".Ss js %s\n", command->name);
    write_synopsis(command);
    puts(".Pp");
    write_summary(command->summary);
    if (command->description) {
        puts(".Pp");
        mdoc_text(command->description);
    }
    write_options(command);
    write_examples(command);
}

static void write_commands(void)
{
    for (const struct command *const *at = commands; *at; at++)
        if (!(*at)->hidden)
            write_command(*at);
}

static void write_configuration(void)
{
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char text[512];
        printf(".It Cm %s No = ", key->name);
        mdoc_literal(key->initial);
        snprintf(text, sizeof(text), "%c%s. Allowed: %s.", toupper((unsigned char)key->doc[0]),
                 key->doc + 1, key->bounds);
        putchar('\n');
        mdoc_text(text);
    }
    puts(".El");
}

static void write_rlimits(void)
{
    for (size_t i = 0; i < RLIMIT_KINDS; i++) {
        printf(".It Cm %s\n", rlimit_kinds[i].name);
        mdoc_text(rlimit_kinds[i].doc);
    }
}

static void write_columns(void)
{
    for (size_t i = 0; i < column_count; i++) {
        printf(".It Cm %s\n", column_table[i].name);
        mdoc_text(column_table[i].doc);
    }
}

int main(int argc, char **argv)
{
    static const struct mdoc_part parts[] = {{"commands", write_commands},
                                             {"configuration", write_configuration},
                                             {"rlimits", write_rlimits},
                                             {"columns", write_columns},
                                             {NULL, NULL}};
    if (argc != 2) {
        fprintf(stderr, "usage: gen_js TEMPLATE >js.1\n");
        return 2;
    }
    return mdoc_expand(argv[1], parts);
}
