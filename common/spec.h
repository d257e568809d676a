/*
 * Job specs: how users name jobs (POSIX, "Job Control Job ID", and ours on top). Pure.
 *
 *   3, %3          the job with that number
 *   %+ %% %        the current job: the one stopped or left last; no spec means it too
 *   %-             the previous job
 *   name, %name    the job with that name
 *   %prefix        the one whose command begins like this
 *   %?substring    the one whose command contains this
 *   uid prefix     at least SPEC_UID_MIN characters
 *
 * A live job wins over an ended one; among ended ones the newest wins. Several live jobs that match
 * are an error that names them.
 */
#ifndef JS_COMMON_SPEC_H
#define JS_COMMON_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "common/protocol.h"

#define SPEC_UID_MIN 4u

/* The jobs to choose from, in rising order of their numbers. */
struct spec_jobs {
    const struct job_info *const *jobs;
    size_t count;
};

/*
 * Finds the job that spec names (NULL = the current one). live_only: ended jobs are not
 * considered, but for an exact number, name or uid. 0 with *ret, or -ENOENT / -EEXIST with text
 * (of size bytes) saying what did not match, or what matched several.
 */
int spec_resolve(const struct spec_jobs *from, const char *spec, bool live_only,
                 const struct job_info **ret, char *text, size_t size);

/*
 * The current and the previous job (NULL when there is none): live jobs in the order in which a
 * user would come back to them. First those that are stopped or were left, then those running
 * detached since their start, then those attached somewhere; the latest first.
 */
void spec_current(const struct spec_jobs *from, const struct job_info **ret_current,
                  const struct job_info **ret_previous);

/*
 * Whether a name can be given to a job: 1 to JOB_NAME_MAX bytes, no control bytes, not only
 * digits, no '%' or '-' in front. If not, text says why.
 */
bool spec_name_is_valid(const char *name, char *text, size_t size);

#endif
