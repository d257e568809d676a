/* The lines of `js show`: a name and a value, escaped (common/escape.h), on stdout. */
#ifndef JS_CLIENT_SHOW_H
#define JS_CLIENT_SHOW_H

#include "common/job_info.h"

void show_line(const char *name, const char *value);
void show_number(const char *name, uint64_t value);

/* Nothing for 0. */
void show_time(const char *name, uint64_t ns);

/* Nothing for NULL. */
void show_end(const char *name, const struct job_end *end);

/* What was asked of the job beyond a single run, what it waits for, and its attempts. */
void show_plan(const struct job_info *job);

/* The limits of the whole job, and where they are; nothing without one. */
void show_limits(const struct job_info *job);

/* What it has used; usage may be NULL. */
void show_usage(const struct job_usage *usage);

#endif
