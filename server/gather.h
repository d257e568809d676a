/*
 * A list of jobs with what the live ones use at the moment: their holders are asked, all at once,
 * and the answer is sent when all have told. Who is stopped, or has not answered within GATHER_MS,
 * or is of a release that does not know the question, is listed without.
 */
#ifndef JS_SERVER_GATHER_H
#define JS_SERVER_GATHER_H

#include "common/protocol.h"

#define GATHER_MS 700u

struct client;
struct gather;
struct job;

/* Asks, and answers the client's `list` by itself later on. */
void gather_start(struct client *client, uint32_t request_id, struct job *const *jobs,
                  size_t count);

/* What a holder has told of its job; NULL: nothing, and it will not. */
void gather_answered(struct gather *gather, struct job *job, const struct job_usage *usage);

#endif
