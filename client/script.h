/*
 * The script of `js run --script`: read once, whole, into memory that nobody can change
 * (common/sealed.h), from where the job's interpreter reads it.
 */
#ifndef JS_CLIENT_SCRIPT_H
#define JS_CLIENT_SCRIPT_H

#include <stdint.h>

#include "common/protocol.h"

/* The rule of a #! line (execve(2)): a program, and what follows it, if anything, as one argument.
 */
struct script_interpreter {
    char *program;  /* owned */
    char *argument; /* NULL = none; owned */
};

struct script {
    int fd; /* owned; -1 = none */
    uint64_t size;
    struct script_interpreter interpreter;
};

void script_init(struct script *script);
void script_finish(struct script *script);

/*
 * Reads the file of that name, "-" = standard input, to its end. Standard input is the terminal
 * afterwards, if there is one, else /dev/null. interpreter: who is to run it, NULL = whoever its #!
 * line names, and /bin/sh without one. 0, or the exit status with the user told.
 */
int script_read(struct script *script, const char *name, const char *interpreter);

/*
 * Takes line, without "#!", for an interpreter. 0, -ENOENT when there is nothing in it, or -ENOMEM.
 */
int script_parse_interpreter(const char *line, size_t len, struct script_interpreter *ret);

/*
 * Fills argv and what else the run has of its script: interpreter, name, arguments. run->plan is
 * made if need be. 0 or -ENOMEM.
 */
int script_describe(const struct script *script, const char *name, int argc, char **argv,
                    struct msg_run *run);

#endif
