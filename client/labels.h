/*
 * Labels of jobs, NAME=VALUE, and selectors of them, which ls, kill, wait and others take.
 *
 *   NAME=VALUE    the label has that value
 *   NAME!=VALUE   it has another one, or the job has no such label
 *   NAME          the job has such a label, whatever its value
 *
 * A name has letters, digits, '_', '-', '.' and '/', and no '-' in front; a value is any text
 * without control characters, it may be empty.
 */
#ifndef JS_CLIENT_LABELS_H
#define JS_CLIENT_LABELS_H

#include "common/plan.h"

#define LABEL_NAME_MAX  63u  /* bytes */
#define LABEL_VALUE_MAX 255u /* bytes */

#define LABELS_SYNTAX                                                                              \
    "write NAME=VALUE; a NAME is of letters, digits, '_', '-', '.' and '/', 63 at most, a VALUE "  \
    "has 255 bytes at most, and a job has 64 labels at most"
#define LABELS_SELECTOR_SYNTAX "write NAME=VALUE, NAME!=VALUE or NAME"

/*
 * Adds a label to the plan; another value that the name had goes. 0, -EINVAL (it is none, or there
 * are PLAN_LABELS_MAX already; nothing has changed) or -ENOMEM.
 */
int labels_add(const char *label, struct job_plan *plan);

bool labels_selector_is_valid(const char *selector);

/* Whether a job with these labels is meant by a valid selector. plan may be NULL: no labels. */
bool labels_fit(const struct job_plan *plan, const char *selector);

#endif
