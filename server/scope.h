/*
 * Leaving the login session. systemd keeps the processes of a session in a scope of their own, and
 * may kill what is left there when the user logs out; then a server, and with it all holders, has
 * to be somewhere else: in a scope of the user's own manager.
 *
 * That is the better place only while this manager outlives the last session, which is what
 * lingering means (loginctl(1)). Without it the manager ends some seconds after the last logout and
 * kills all it has, also where logind leaves alone what a session left behind
 * (KillUserProcesses=no, logind.conf(5)). So only who lingers is moved.
 */
#ifndef JS_SERVER_SCOPE_H
#define JS_SERVER_SCOPE_H

#include <stddef.h>

#define SCOPE_WAIT_MS 5000 /* for systemd to make the scope; then the server stays where it is */

enum scope_place {
    SCOPE_FINE,    /* no systemd, or nothing that ends with a session */
    SCOPE_SESSION, /* in a session's scope, and it cannot leave, or had better not */
    SCOPE_LEAVE,   /* to be left */
};

/*
 * Where this process is. root goes before the absolute paths that are looked at ("" but in tests).
 * To leave takes systemd (sd_booted(3)), systemd-run in $PATH, the socket of a user manager below
 * $XDG_RUNTIME_DIR, and a user who lingers.
 */
enum scope_place scope_look(const char *root);

/*
 * Runs `PROGRAM --ready-fd READY_FD --scope-fd N` in a new scope, and waits until it has written a
 * byte to N (at most wait_ms). 0: it runs, and takes this process's place. Else -errno with text
 * (of size bytes), and nothing of it is left.
 */
int scope_start(const char *program, int ready_fd, int wait_ms, char *text, size_t size);

#endif
