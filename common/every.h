/* `--every`: a duration or a cron line, see common/duration.h and common/cron.h. */
#ifndef JS_COMMON_EVERY_H
#define JS_COMMON_EVERY_H

#include <stddef.h>
#include <stdint.h>

#define EVERY_LEAST_MS 1000u /* shorter ones are refused: that is a loop, and for --restart */

/* 0; -EINVAL with why (of size bytes): what is wrong with text, and what to write. */
int every_check(const char *text, char *why, size_t size);

/*
 * The time that comes next after after_ns: so much later, or the next one that the line names.
 * Nanoseconds since the epoch. 0; -EINVAL for a text that every_check refuses; -ENOENT: never.
 */
int every_next(const char *text, uint64_t after_ns, uint64_t *ret_ns);

#endif
