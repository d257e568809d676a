/*
 * Jobs as JSON: one object {"version":1,"jobs":[...]} on one line; the server likewise as
 * {"version":1,"server":{...}}. Fields may be added within a
 * version, never changed. Text that is no UTF-8 is shown escaped (common/escape.h).
 */
#ifndef JS_CLIENT_JSON_H
#define JS_CLIENT_JSON_H

#include <stddef.h>

#include "client/probe.h"
#include "common/protocol.h"

#define JSON_VERSION 1

/* Prints count jobs on stdout. Returns the exit status. */
int json_print_jobs(const struct job_info *jobs, size_t count);

/*
 * Prints a job's live environment: {"version":1,"id":3,"env":{NAME:{"value":…,"in_job":…}}}, with
 * null for what is not there. Returns the exit status.
 */
int json_print_env(const struct msg_env *env);

/* Prints what is known of the server on stdout. Returns the exit status. */
int json_print_server(const struct probe *probe, const struct place *place);

#endif
