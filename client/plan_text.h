/*
 * How the parts of a plan (common/plan.h) are written on the command line. Each function reads all
 * of text and sets its members of the plan; 0, -EINVAL (nothing has changed then) or -ENOMEM. The
 * constant beside it says for messages what it takes.
 */
#ifndef JS_CLIENT_PLAN_TEXT_H
#define JS_CLIENT_PLAN_TEXT_H

#include "common/plan.h"

#define PLAN_TEXT_RESTART "write never, on-failure, on-failure:TIMES, always or always:INTERVAL"
int plan_text_restart(const char *text, struct job_plan *plan);

#define PLAN_TEXT_BACKOFF                                                                          \
    "write two durations, the first above zero and not longer than the second: 200ms..30s"
int plan_text_backoff(const char *text, struct job_plan *plan);

#define PLAN_TEXT_JITTER "write none, full or equal"
int plan_text_jitter(const char *text, struct job_plan *plan);

#define PLAN_TEXT_CODES "write exit codes from 0 to 255 and ranges of them: 0,3,10-12"
int plan_text_codes(const char *text, struct job_plan *plan);

#define PLAN_TEXT_LEFTOVERS "write hup, keep or kill"
int plan_text_leftovers(const char *text, struct job_plan *plan);

#endif
