/*
 * What has happened to a job, told from what was known of it before and what is known now. Pure.
 *
 * A holder tells the newest state only, and a server that was behind, or is new, has missed some:
 * so one difference may be several events, and of what came and went in between there is none.
 */
#ifndef JS_SERVER_EVENT_DIFF_H
#define JS_SERVER_EVENT_DIFF_H

#include <stdbool.h>

#include "common/event.h"

/* Gets each event, in their order; all that it points to is borrowed. */
typedef void (*event_diff_fn)(void *user, const struct job_event *event);

/* now_ns: the time of what has no time of its own. */
void event_diff(const struct job_info *before, const struct job_info *after, uint64_t now_ns,
                event_diff_fn tell, void *user);

/* An event of that kind about the job as it is; all that it points to is borrowed. */
struct job_event event_of(const struct job_info *info, enum event_kind kind, uint64_t time_ns);

/* The number of the newest attempt that was started, 0 = none was. */
uint32_t event_attempts(const struct job_info *info);

/* Whether the attempt of that number is known to have ended. */
bool event_attempt_has_ended(const struct job_info *info, uint32_t number);

#endif
