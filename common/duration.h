/*
 * Lengths of time as people write and read them. Everything inside is milliseconds.
 *
 *   duration = digits [ "." digits ] [ ("e" | "E") [ "+" | "-" ] digits ] [ unit ]
 *   unit     = "ms" | "s" | "m" | "h" | "d"                       (none: seconds)
 *
 * The point is a point in every locale; there is no sign and no space.
 */
#ifndef JS_COMMON_DURATION_H
#define JS_COMMON_DURATION_H

#include <stdint.h>

/* 100 years of 365 days: longer than any job, and safe to add to any clock in milliseconds. */
#define DURATION_MAX (UINT64_C(100) * 365 * 24 * 60 * 60 * 1000)

/* What duration_parse takes, for messages. */
#define DURATION_SYNTAX "write 90 or 1.5 (seconds), 200ms, 5s, 3m, 2h or 1d"

/*
 * Reads all of text. What is longer than DURATION_MAX counts as DURATION_MAX; what is not a whole
 * number of milliseconds is rounded, but nothing above zero becomes zero (which often means
 * "never"). 0, or -EINVAL (*ret_ms is untouched then).
 */
int duration_parse(const char *text, uint64_t *ret_ms);

/* The age ms as one short number, rounded down: "0s".."59s", "1m".."59m", "1h".."23h",
 * "1d".."36500d" (DURATION_MAX and all above). */
void duration_format(uint64_t ms, char buf[16]);

#endif
