#include "client/command.h"

#include "common/escape.h"

#include <string.h>

/* The name or alias of command that is name (exact) or begins with it, or NULL. */
static const char *matching_name(const struct command *command, const char *name, bool exact)
{
    size_t len = strlen(name) + (exact ? 1 : 0);
    if (command->hidden && !exact)
        return NULL;
    if (strncmp(command->name, name, len) == 0)
        return command->name;
    for (const char *const *alias = command->aliases; alias && *alias; alias++)
        if (strncmp(*alias, name, len) == 0)
            return *alias;
    return NULL;
}

/* The first command in the table that matches, and how many do. */
static const struct command *match(const struct command *const *table, const char *name, bool exact,
                                   size_t *ret_count)
{
    const struct command *found = NULL;
    *ret_count = 0;
    for (; *table; table++) {
        if (!matching_name(*table, name, exact))
            continue;
        found = found ? found : *table;
        ++*ret_count;
    }
    return found;
}

static int complain_unknown(const char *name, struct bytes *error)
{
    int r = bytes_append_text(error, "unknown command '");
    if (r == 0)
        r = escape_append(error, name, strlen(name));
    return r < 0 ? r : bytes_append_text(error, "'");
}

static int complain_ambiguous(const struct command *const *table, const char *name,
                              struct bytes *error)
{
    int r = bytes_printf(error, "'%s' is ambiguous: ", name);
    const char *gap = "";
    for (; r == 0 && *table; table++) {
        const char *match_name = matching_name(*table, name, false);
        if (!match_name)
            continue;
        r = bytes_printf(error, "%s%s", gap, match_name);
        gap = ", ";
    }
    return r;
}

const struct command *command_find(const struct command *const *table, const char *name,
                                   struct bytes *error)
{
    size_t count;
    const struct command *found = match(table, name, true, &count);
    if (found)
        return found;
    found = match(table, name, false, &count);
    if (count == 1 && name[0] != '\0')
        return found;
    int r = count == 0 || name[0] == '\0' ? complain_unknown(name, error)
                                          : complain_ambiguous(table, name, error);
    if (r < 0)
        error->len = 0;
    return NULL;
}
