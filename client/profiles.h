/*
 * Profiles: sections [profile NAME] of the configuration file (common/config.h). Their keys are the
 * options of js run by their long names, whichever it has; --profile NAME sets them as if they
 * stood at the beginning of the command line. So what the command line says wins, and of options
 * that may be repeated both count.
 *
 * A mistake in a profile makes that one unusable, and nothing else: the server does not look at
 * them.
 */
#ifndef JS_CLIENT_PROFILES_H
#define JS_CLIENT_PROFILES_H

#include "client/command.h"

#define PROFILE_NAME_MAX 32u /* bytes; inih cuts the names of sections at 49 */

struct profile_setting {
    char *name;  /* of the option; owned */
    char *value; /* as it is written, yes or no for a flag; owned */
};

struct profile {
    char *name;                       /* owned */
    char *problem;                    /* the first mistake in it, for the user; NULL = it is fine */
    struct profile_setting *settings; /* in the file's order; owned */
    size_t count;
};

struct profiles {
    struct profile *items; /* owned */
    size_t count;
    char *path;    /* of the file; NULL = there is no place for one */
    char *problem; /* why the file could not be read; NULL = it was, or there is none */
};

/* Reads the file once, and keeps it: options point into it to the end. NULL = no memory. */
const struct profiles *profiles_load(void);

/* The same from the file at path, which need not exist. 0 or -ENOMEM. */
int profiles_read(struct profiles *profiles, const char *path);
void profiles_finish(struct profiles *profiles);

/* The one with that name, or NULL. */
const struct profile *profiles_find(const struct profiles *profiles, const char *name);

/*
 * command::prepare of the commands with an option --profile: sets what the profile that the command
 * line names has. 0, or the exit status, with the user told.
 */
int profiles_prepare(const struct command *command, void *options, int argc, char **argv);

#endif
