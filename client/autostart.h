/* Starting the server when it is needed. */
#ifndef JS_CLIENT_AUTOSTART_H
#define JS_CLIENT_AUTOSTART_H

#include "common/paths.h"

/*
 * Starts the server (jsd, found beside this program, else where it was installed, else by PATH)
 * and waits until it listens: its word comes over a pipe, nothing is polled. One client at a time
 * does this, under a lock; whoever waited for it finds the server running. Returns a connected
 * socket, or -errno with text (of size bytes) for the user.
 */
int autostart_connect(const struct paths *paths, const char *socket_path, char *text, size_t size);

#endif
