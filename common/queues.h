/* What is known of queues, and what is asked of them: bodies of `queues` and `set-queue`. */
#ifndef JS_COMMON_QUEUES_H
#define JS_COMMON_QUEUES_H

#include "common/wire.h"

#define QUEUE_SLOTS_MAX 4096u /* no more jobs fit on a machine: the kernel's PTY limit */
#define QUEUES_MAX      4096u

struct queue_setting {
    char *name;
    uint32_t slots;            /* jobs of it that run at once */
    bool paused;               /* nothing of it is started */
    uint32_t running, waiting; /* not in the file of settings */
};

struct msg_queues {
    struct wire_structs queues; /* struct queue_setting, by name */
    char *problem;              /* what the user should know of the settings; NULL = nothing */
};

enum queue_pause {
    QUEUE_AS_IT_IS,
    QUEUE_PAUSE,
    QUEUE_RESUME,
    QUEUE_PAUSE_COUNT,
};

struct msg_set_queue {
    char *name;
    uint32_t slots; /* 0 = as it is */
    uint32_t pause; /* enum queue_pause */
};

extern const struct wire_struct queue_setting_fields, msg_queues_fields, msg_set_queue_fields;

/*
 * Whether a queue, or a slot, can be called that: 1 to PLAN_NAME_MAX bytes, no blanks, no control
 * bytes, no '=' or ',', no '-' in front. If not, text (of size bytes) says why; what is "queue" or
 * "slot".
 */
bool queue_name_is_valid(const char *name, const char *what, char *text, size_t size);

#endif
