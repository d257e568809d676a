/*
 * What a server has counted since it began (`js server metrics`). At any moment
 *
 *     started = live jobs + the sum of ended
 *
 * where the live jobs that a server finds when it begins count as started there and then.
 */
#ifndef JS_COMMON_COUNTS_H
#define JS_COMMON_COUNTS_H

#include "common/wire.h"

/* What went wrong: a small number of kinds, for labels. Numbers are on the wire. */
enum fault_kind {
    FAULT_SPAWN = 1,  /* no holder could be made for a job */
    FAULT_START = 2,  /* a program could not be started */
    FAULT_CGROUP = 3, /* neither could its cgroup be made */
    FAULT_LOST = 4,   /* a holder died */
    FAULT_RECORD = 5, /* a record could not be read or saved */
    FAULT_CONFIG = 6, /* the configuration file has a mistake */
    FAULT_KIND_COUNT,
};

/* "spawn"; "unknown" for other values. */
const char *fault_kind_name(uint32_t kind);

/* A number of things of one kind. */
struct server_tally {
    uint32_t what;
    uint64_t count;
};

/* Upper bounds, in milliseconds, of the groups that the lengths of jobs are counted in; what is
 * longer than the last is in one more group. */
#define COUNTS_BOUNDS                                                                              \
    {                                                                                              \
        10, 50, 100, 500, 1000, 5000, 10000, 30000, 60000, 300000, 1800000, 3600000, 21600000,     \
            86400000                                                                               \
    }
enum { COUNTS_BOUND_COUNT = 14 };
extern const uint32_t counts_bounds[COUNTS_BOUND_COUNT];

struct server_counters {
    uint64_t started;
    uint64_t attempts;                  /* started */
    struct wire_structs ended;          /* struct server_tally: what = enum end_reason */
    struct wire_structs attempts_ended; /* likewise */
    struct wire_structs faults;         /* what = enum fault_kind */
    struct wire_structs durations;      /* what = upper bound in ms, 0 = longer than all; of each
                                           group alone, those without a job left out */
    uint64_t duration_ms;               /* of all of them together */
    uint64_t events;                    /* told so far */
};

extern const struct wire_struct server_tally_fields, server_counters_fields;

/* How many of that kind: 0 if it is not among them. */
uint64_t counts_of(const struct wire_structs *counts, uint32_t what);

/* The sum of all. */
uint64_t counts_sum(const struct wire_structs *counts);

#endif
