#include "common/queues.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/plan.h"
#include "common/wire_tables.h"

static const struct wire_field queue_table[] = {
    FIELD(queue_setting, name, WIRE_STR, REQUIRED, PLAN_NAME_MAX, "name"),
    FIELD(queue_setting, slots, WIRE_U32, OPTIONAL, QUEUE_SLOTS_MAX,
          "jobs that run at once, 0 = 1"),
    FIELD(queue_setting, paused, WIRE_BOOL, OPTIONAL, 0, "nothing of it is started"),
    FIELD(queue_setting, running, WIRE_U32, OPTIONAL, 0, "jobs that have a place in it"),
    FIELD(queue_setting, waiting, WIRE_U32, OPTIONAL, 0, "jobs that wait in it"),
};
STRUCT(queue_setting, queue_table);

static const struct wire_field queues_table[] = {
    NESTED(msg_queues, queues, WIRE_STRUCTS, OPTIONAL, QUEUES_MAX, queue_setting_fields, "by name"),
    FIELD(msg_queues, problem, WIRE_STR, OPTIONAL, TEXT_LIMIT, "what the user should know"),
};
STRUCT(msg_queues, queues_table);

static const struct wire_field set_queue_table[] = {
    FIELD(msg_set_queue, name, WIRE_STR, REQUIRED, PLAN_NAME_MAX, "name"),
    FIELD(msg_set_queue, slots, WIRE_U32, OPTIONAL, QUEUE_SLOTS_MAX,
          "jobs that run at once, 0 = as it is"),
    FIELD(msg_set_queue, pause, WIRE_U32, OPTIONAL, QUEUE_PAUSE_COUNT - 1,
          "0 as it is, 1 start nothing, 2 go on"),
};
STRUCT(msg_set_queue, set_queue_table);

bool queue_name_is_valid(const char *name, const char *what, char *text, size_t size)
{
    const char *why = NULL;
    if (*name == '\0')
        why = "be empty";
    else if (strlen(name) > PLAN_NAME_MAX)
        why = "be longer than 64 bytes";
    else if (*name == '-')
        why = "begin with '-'";
    for (const char *at = name; !why && *at; at++)
        if (iscntrl((unsigned char)*at) || strchr(" =,", *at))
            why = "contain blanks, control characters, '=' or ','";
    if (why)
        snprintf(text, size, "a %s's name cannot %s", what, why);
    return !why;
}
