/* An event as people and as programs read it. */
#ifndef JS_CLIENT_EVENT_VIEW_H
#define JS_CLIENT_EVENT_VIEW_H

#include "common/bytes.h"
#include "common/event.h"

/*
 * Appends one line: when, which job, what. Escaped, so that nothing in it acts on a terminal. 0 or
 * -ENOMEM.
 */
int event_view_text(const struct job_event *event, struct bytes *out);

/*
 * Appends one line with a JSON object: version, cursor, time, kind, then what an event of that kind
 * has. cursor: the event's own, as text. 0 or -ENOMEM.
 */
int event_view_json(const struct job_event *event, const char *cursor, struct bytes *out);

#endif
