/* What the user is told when a job's program could not be started. */
#ifndef JS_SERVER_HOLDER_START_TEXT_H
#define JS_SERVER_HOLDER_START_TEXT_H

#include "common/protocol.h"

/* How a start failed. */
struct start_failure {
    enum start_stage stage;
    int error;       /* errno */
    int resource;    /* RLIMIT_x, of START_LIMITS; else -1 */
    const char *why; /* instead of what errno says; or NULL */
};

/*
 * A sentence without full stop into text (of size bytes): what could not be done, on what, why, and
 * where something can be done about it, what. Names are cut, so that the reason behind them is not.
 */
void start_text(const struct msg_run *run, const struct start_failure *failure, char *text,
                size_t size);

#endif
