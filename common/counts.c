#include "common/counts.h"

#include <assert.h>

#include "common/wire_tables.h"

const uint32_t counts_bounds[COUNTS_BOUND_COUNT] = COUNTS_BOUNDS;

static const struct wire_field count_table[] = {
    FIELD(server_tally, what, WIRE_U32, OPTIONAL, 0, "of which kind"),
    FIELD(server_tally, count, WIRE_U64, REQUIRED, 0, "how many"),
};
STRUCT(server_tally, count_table);

static const struct wire_field counters_table[] = {
    FIELD(server_counters, started, WIRE_U64, OPTIONAL, 0, "jobs"),
    FIELD(server_counters, attempts, WIRE_U64, OPTIONAL, 0, "attempts that were started"),
    NESTED(server_counters, ended, WIRE_STRUCTS, OPTIONAL, 64, server_tally_fields,
           "jobs that have ended, by reason"),
    NESTED(server_counters, attempts_ended, WIRE_STRUCTS, OPTIONAL, 64, server_tally_fields,
           "attempts that have ended, by reason"),
    NESTED(server_counters, faults, WIRE_STRUCTS, OPTIONAL, 64, server_tally_fields,
           "what went wrong: 1 spawn, 2 start, 3 cgroup, 4 lost, 5 record, 6 config"),
    NESTED(server_counters, durations, WIRE_STRUCTS, OPTIONAL, 64, server_tally_fields,
           "jobs that took up to so many ms, but longer than the next lower bound; 0 = longer"),
    FIELD(server_counters, duration_ms, WIRE_U64, OPTIONAL, 0, "how long these jobs took together"),
    FIELD(server_counters, events, WIRE_U64, OPTIONAL, 0, "events"),
};
STRUCT(server_counters, counters_table);

const char *fault_kind_name(uint32_t kind)
{
    static const char *const names[] = {
        [FAULT_SPAWN] = "spawn", [FAULT_START] = "start",   [FAULT_CGROUP] = "cgroup",
        [FAULT_LOST] = "lost",   [FAULT_RECORD] = "record", [FAULT_CONFIG] = "config",
    };
    static_assert(COUNT(names) == FAULT_KIND_COUNT, "a kind of fault has no name");
    return kind < COUNT(names) && names[kind] ? names[kind] : "unknown";
}

uint64_t counts_of(const struct wire_structs *counts, uint32_t what)
{
    const struct server_tally *items = counts->items;
    uint64_t count = 0;
    for (size_t i = 0; i < counts->len; i++)
        count += items[i].what == what ? items[i].count : 0;
    return count;
}

uint64_t counts_sum(const struct wire_structs *counts)
{
    const struct server_tally *items = counts->items;
    uint64_t count = 0;
    for (size_t i = 0; i < counts->len; i++)
        count += items[i].count;
    return count;
}
