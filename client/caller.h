/* What a job takes over from whoever runs it (DESIGN section 2, rule 6). */
#ifndef JS_CLIENT_CALLER_H
#define JS_CLIENT_CALLER_H

#include "common/config.h"
#include "common/protocol.h"

/*
 * Remembers which signals were ignored and blocked when js was started. Call it first of all:
 * libuv and the commands change them.
 */
void caller_remember_signals(void);

/*
 * Fills cwd, umask, nice value, signals, limits and environment of the zeroed run. 0, -ENOMEM, or
 * -errno when the current directory has no name (it was removed).
 */
int caller_describe(struct msg_run *run);

/*
 * The caller's live environment (common/livevar.h), for run and attach: "NAME=value" for what it
 * has, "NAME" for what it has not, nothing for what the configuration keeps from jobs. A
 * WAYLAND_DISPLAY becomes the absolute path that it stands for.
 * 0 or -ENOMEM; *ret is the caller's to free.
 */
int caller_live_env(const struct config *config, struct wire_strs *ret);

#endif
