/* Which jobs are meant, by what they are like: options that ls, kill, wait, prune and others share.
 */
#ifndef JS_CLIENT_FILTER_H
#define JS_CLIENT_FILTER_H

#include "client/options.h"
#include "common/bytes.h"
#include "common/job_info.h"

/* Zeros let every job pass. */
struct filter {
    const struct option_list
        *labels;              /* selectors (client/labels.h), which must all hold; or NULL */
    uint32_t states;          /* bit N: those in enum job_state N; 0 = in any */
    const char *state_words;  /* as the user wrote them, for messages; or NULL */
    const char *name;         /* pattern (fnmatch(3)) of the name; NULL = any, or none */
    bool failed;              /* only those that failed (job_has_failed) */
    bool ok;                  /* only ended ones that did not fail */
    uint64_t ended_before_ns; /* since the epoch; 0 = at any time, or not yet */
};

#define FILTER_STATES_SYNTAX                                                                       \
    "write states with commas between: queued, starting, running, stopped, exiting, backoff, "     \
    "ended, failed, or live"

/* Reads "running,stopped" into bits as in struct filter; "live" stands for all that have not ended.
 * 0 or -EINVAL. */
int filter_read_states(const char *text, uint32_t *ret);

/* The bits of the states of live jobs, or of ended ones. */
uint32_t filter_live_states(void);
uint32_t filter_final_states(void);

/* Whether the selectors can be read; if not, the user is told: for that command. */
bool filter_is_valid(const struct filter *filter, const char *command);

/* Whether every job passes. */
bool filter_is_empty(const struct filter *filter);

bool filter_passes(const struct filter *filter, const struct job_info *job);

/* "no job fits -l app=web": what to tell when nothing passes. 0 or -ENOMEM. */
int filter_describe_none(const struct filter *filter, struct bytes *out);

#endif
