/*
 * What users have set of queues: how many jobs of each run at once, and whether it is paused. The
 * one thing about queues that no holder knows, so it is in a file, S/queues: a frame of `queues`
 * (common/protocol.h), replaced as a whole whenever something is set. A file that cannot be read is
 * moved to S/queues.damaged, and told until somebody removes it: what was set holds no longer.
 */
#ifndef JS_SERVER_QUEUE_SETTINGS_H
#define JS_SERVER_QUEUE_SETTINGS_H

#include "common/paths.h"
#include "common/queues.h"

#define QUEUE_SETTINGS_FILE    "queues"
#define QUEUE_SETTINGS_DAMAGED "queues.damaged"

struct queue_settings {
    struct queue_setting *queues; /* by name, those that are not as by default; owned */
    size_t count;
    const char *state_dir;       /* borrowed; NULL: nothing is kept */
    char problem[2 * PATHS_MAX]; /* what the user should know; "" = nothing */
};

/* Reads the file of that directory (NULL: there is none); what is wrong is in problem then. */
void queue_settings_open(struct queue_settings *settings, const char *state_dir);

void queue_settings_finish(struct queue_settings *settings);

/* The queue's, or NULL: it is as by default, one slot and not paused. */
const struct queue_setting *queue_settings_find(const struct queue_settings *settings,
                                                const char *name);

/*
 * Sets what is asked (a valid name). 0; -ENOMEM or -E2BIG: nothing is set; any other -errno: it is
 * set but not kept, text (of size bytes) says why.
 */
int queue_settings_set(struct queue_settings *settings, const struct msg_set_queue *request,
                       char *text, size_t size);

#endif
