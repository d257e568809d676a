/* The state of the user's server as it can be told from outside, whether or not it answers. */
#ifndef JS_CLIENT_PROBE_H
#define JS_CLIENT_PROBE_H

#include "client/connection.h"
#include "client/place.h"

#define PROBE_MS 1000u /* within which a server that works answers */

enum probe_state {
    PROBE_RUNNING,
    PROBE_STOPPED,      /* none runs, and the last one ended in order */
    PROBE_STALE,        /* none runs, but the last one left something: it died */
    PROBE_UNRESPONSIVE, /* one has the lock, but does not answer */
    PROBE_INCOMPATIBLE, /* one answers, but there is no understanding it */
};

struct probe {
    enum probe_state state;
    struct msg_status status; /* its answer; else the last word it left, as far as there is one */
    char why[512];            /* what is wrong with it; "" = nothing, or nothing is known */
    struct wire_strs differs; /* "key: it has VALUE, the file says VALUE" */
    char file_problem[5120];  /* why the configuration file cannot be compared; "" = it can */
};

/* Never starts a server. The caller finishes the probe. */
void probe_run(struct probe *probe, const struct place *place);
void probe_finish(struct probe *probe);

/* "running", as the user sees it. */
const char *probe_state_name(enum probe_state state);

#endif
