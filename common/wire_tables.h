/*
 * How the tables of fields are written, for the files that have some (protocol.c, job_info.c,
 * plan.c).
 */
#ifndef JS_COMMON_WIRE_TABLES_H
#define JS_COMMON_WIRE_TABLES_H

#include "common/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* FIELD(struct, member, kind, required or optional, limit, text for the manual). */
#define FIELD(type, member, k, req, limit, text)                                                   \
    {                                                                                              \
        .name = #member, .kind = k, .required = req, .offset = offsetof(struct type, member),      \
        .max = limit, .doc = text                                                                  \
    }
/* Parts of somebody's environment. */
#define SECRET(type, member, req, limit, text)                                                     \
    {                                                                                              \
        .name = #member, .kind = WIRE_STRS, .required = req, .secret = true,                       \
        .offset = offsetof(struct type, member), .max = limit, .doc = text                         \
    }
#define NESTED(type, member, k, req, limit, fields, text)                                          \
    {                                                                                              \
        .name = #member, .kind = k, .required = req, .offset = offsetof(struct type, member),      \
        .max = limit, .sub = &fields, .doc = text                                                  \
    }
#define STRUCT(type, table)                                                                        \
    const struct wire_struct type##_fields = {                                                     \
        .name = #type, .size = sizeof(struct type), .fields = table, .count = COUNT(table)}

enum { OPTIONAL = false, REQUIRED = true };

#define PATH_LIMIT 4096u
#define TEXT_LIMIT 4096u
#define LIVE_LIMIT 64u    /* variables of common/livevar.h, now and later */
#define SIZE_LIMIT 65535u /* struct winsize has 16 bits */

#endif
