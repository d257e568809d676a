/*
 * What systemd, or whoever speaks its protocols, passes to a service: listening sockets
 * (sd_listen_fds(3)) and a socket for notifications (sd_notify(3)). Neither needs a library.
 */
#ifndef JS_SERVER_ACTIVATION_H
#define JS_SERVER_ACTIVATION_H

/*
 * The listening Unix stream socket passed in $LISTEN_FDS, close-on-exec and non-blocking from now
 * on; the caller owns it. The variables are removed, so that no child takes them for its own.
 * Returns the fd, -ENOENT when none was passed to this process, or -EINVAL when it is something
 * else.
 */
int activation_take_socket(void);

/* Sends a state ("READY=1") to $NOTIFY_SOCKET. Nothing happens when there is none. 0 or -errno. */
int activation_notify(const char *state);

#endif
