/*
 * A moment as people write it:
 *
 *   5m, 1.5h, 90           so long ago, see common/duration.h
 *   15:04, 15:04:05        today, local time
 *   2026-11-20             that day's beginning, local time
 *   2026-11-20 15:04[:05]  local time; a T may stand in place of the space
 *   ...[.SSS]Z, ...+01:00  the same with fractions of a second, or with a zone (RFC 3339)
 *   @1763650800[.5]        seconds since the epoch
 */
#ifndef JS_CLIENT_WHEN_H
#define JS_CLIENT_WHEN_H

#include <stdint.h>

#define WHEN_SYNTAX                                                                                \
    "write 5m (ago), 15:04, 2026-11-20, '2026-11-20 15:04:05', 2026-11-20T15:04:05Z or @SECONDS"

/* Reads all of text. Nanoseconds since the epoch in *ret_ns: 0, or -EINVAL (it is untouched). */
int when_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns);

#endif
