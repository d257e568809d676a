/*
 * A moment that is still to come, for `--at`:
 *
 *   18:30, 9:00:30              the next time that it is so late, today or tomorrow
 *   today 18:30, tomorrow 9:00  that day's; "tomorrow" alone is its beginning
 *   2026-11-21 09:00, ...       as client/when.h has it, but for durations, which mean the past
 */
#ifndef JS_CLIENT_AT_H
#define JS_CLIENT_AT_H

#include <stdint.h>

#define AT_SYNTAX                                                                                  \
    "write 18:30, 'tomorrow 9:00', '2026-11-21 09:00', 2026-11-21T09:00:00Z or @SECONDS; after a " \
    "time: --delay 10m"

/*
 * Reads all of text. Nanoseconds since the epoch in *ret_ns: 0, -EINVAL, or -ERANGE for what has
 * passed (it is untouched then).
 */
int at_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns);

#endif
