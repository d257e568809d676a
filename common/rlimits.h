/*
 * Resource limits (setrlimit(2)) as people write them.
 *
 *   limits = limit { "," limit }                        nofile=128,core=0,as=2G:4G,cpu=90
 *   limit  = name "=" value [ ":" value ]               soft, or soft:hard
 *   value  = "unlimited" | number
 *
 * The number is one of bytes (common/amount.h), of seconds (common/duration.h, rounded up), of
 * microseconds or of things, as the limit has it. Without a hard limit the caller's stays, raised
 * only where the soft one would be above it. 0 is taken of core only: with nothing at all of
 * anything else no program runs.
 */
#ifndef JS_COMMON_RLIMITS_H
#define JS_COMMON_RLIMITS_H

#include "common/protocol.h"

enum rlimit_unit {
    RLIMIT_UNIT_BYTES,
    RLIMIT_UNIT_SECONDS,
    RLIMIT_UNIT_MICROSECONDS,
    RLIMIT_UNIT_NUMBER,
};

struct rlimit_kind {
    const char *name; /* as the user writes it, "nofile" */
    uint32_t resource;
    enum rlimit_unit unit;
    uint64_t most;   /* of a number; 0 = any */
    const char *doc; /* for the manual */
};

#define RLIMIT_KINDS 16u
extern const struct rlimit_kind rlimit_kinds[RLIMIT_KINDS]; /* in the order of their names */

/* The row of an RLIMIT_x, or NULL. */
const struct rlimit_kind *rlimits_find(uint32_t resource);

/*
 * Reads all of text into limits (struct msg_rlimit): each is strict and takes the place of the one
 * for that resource, if there is one. 0; -EINVAL with error (of size bytes) saying what is wrong
 * and what is allowed (limits is unchanged then); -ENOMEM.
 */
int rlimits_parse(const char *text, struct wire_structs *limits, char *error, size_t size);

/* "soft 77, hard 4096", "unlimited", for messages. */
void rlimits_format(uint64_t soft, uint64_t hard, char *buf, size_t size);

#endif
