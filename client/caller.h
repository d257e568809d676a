/* What a job takes over from whoever runs it (DESIGN section 2, rule 6). */
#ifndef JS_CLIENT_CALLER_H
#define JS_CLIENT_CALLER_H

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

#endif
