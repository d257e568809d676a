/*
 * Amounts of bytes and of processors as people write and read them.
 *
 *   amount     = digits [ "." digits ] [ unit ]        unit = "k" | "M" | "G" | "T", of either case
 *   processors = digits [ "." digits ]
 *
 * The units are 1024 and its powers. The point is a point in every locale; there is no sign and no
 * space.
 */
#ifndef JS_COMMON_AMOUNT_H
#define JS_COMMON_AMOUNT_H

#include <stdint.h>

/* What amount_parse takes, for messages. */
#define AMOUNT_SYNTAX "write 4096 (bytes), 64k, 100M, 1.5G or 1T"

/* Reads all of text; a part of a byte is dropped. 0, or -EINVAL (*ret is untouched then), also for
 * what does not fit into 63 bits. */
int amount_parse(const char *text, uint64_t *ret);

/* "0", "999", "1.0k", "97.7M", "12G": at most five characters, rounded up. */
void amount_format(uint64_t bytes, char buf[16]);

/* The least share that cpu.max of cgroup v2 takes: 1 ms in a period of 100. */
#define AMOUNT_CPUS_LEAST  10u
#define AMOUNT_CPUS_MOST   8192000u
#define AMOUNT_CPUS_SYNTAX "write 0.5, 1 or 2.25 (processors), from 0.01 to 8192"

/* Reads all of text, as thousandths of a processor; what is finer is dropped. 0 or -EINVAL. */
int amount_parse_cpus(const char *text, uint64_t *ret);

#endif
