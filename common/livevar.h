/*
 * The variables of an environment that belong to one login, not to the job: where the SSH agent,
 * the display and the session's bus are. They change when the user comes back by another way, so
 * a job follows them (server/holder/live_env.h).
 *
 * Most name a file or a socket: the job gets the path of a link instead, which is pointed at
 * whatever the newest client has. A DISPLAY is no path (host:display.screen, X(7)), nor are the
 * ends of an SSH connection; those can only be told (js env).
 *
 * Not here, on purpose: gpg's agent. Since GnuPG 2.1 its sockets have fixed names (gpgconf
 * --list-dirs) and GPG_AGENT_INFO is ignored; as SSH agent it is in SSH_AUTH_SOCK.
 */
#ifndef JS_COMMON_LIVEVAR_H
#define JS_COMMON_LIVEVAR_H

#include <stdbool.h>
#include <stddef.h>

#define LIVEVAR_COUNT     7u
#define LIVEVAR_VALUE_MAX 1023u /* bytes of a value */

enum livevar_kind {
    LIVEVAR_TOLD,   /* no path: js env tells it */
    LIVEVAR_FILE,   /* path of a file */
    LIVEVAR_SOCKET, /* path of a socket */
    LIVEVAR_BUS,    /* D-Bus server addresses, the first of which may have a socket's path */
};

struct livevar {
    const char *name;
    enum livevar_kind kind;
};

extern const struct livevar livevars[LIVEVAR_COUNT];

/* The index of the variable that an entry, "NAME" or "NAME=value", is about; or -1. */
int livevar_find(const char *entry);

/* The value in an entry; NULL when it is a name alone, which says that there is none. */
const char *livevar_value(const char *entry);

/* Whether a value may be used at all: not too long, and without control characters. */
bool livevar_is_valid(const char *value);

/*
 * The absolute path that a valid value names, into path (of size bytes). False: it names none that
 * a link can stand for (a relative one, a bus in the abstract namespace or on another machine).
 */
bool livevar_path(const struct livevar *var, const char *value, char *path, size_t size);

/*
 * The reverse: the value that names the given path, into value. False when it cannot be: too long,
 * for a socket also when it does not fit sun_path (unix(7)).
 */
bool livevar_name_path(const struct livevar *var, const char *path, char *value, size_t size);

#endif
