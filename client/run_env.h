/* The environment of a new job: the caller's, as the configuration and the options let it be. */
#ifndef JS_CLIENT_RUN_ENV_H
#define JS_CLIENT_RUN_ENV_H

#include "client/run_options.h"
#include "common/config.h"

/*
 * Makes of run->env, which has the caller's (caller_describe), what the job gets, and fills
 * run->live with what it is to follow (caller_live_env; a variable that was asked for by an option
 * stays as it was asked). 0 or -ENOMEM.
 */
int run_env_fill(const struct run_options *opts, const struct config *config, struct msg_run *run);

#endif
