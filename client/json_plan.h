/* A job's plan (common/plan.h) in the JSON that js prints. */
#ifndef JS_CLIENT_JSON_PLAN_H
#define JS_CLIENT_JSON_PLAN_H

#include <jansson.h>

#include "common/plan.h"

/* An object with each member of the plan that is asked for, by its name; the caller's. */
json_t *json_plan(const struct job_plan *plan);

#endif
