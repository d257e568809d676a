/*
 * A log as JSON, one object for each line of output, on a line of its own:
 *
 *   {"version":1,"job":3,"time":"2026-11-20T15:04:05.123Z","stream":"stdout","text":"done\n"}
 *
 * time is when the line began, stream "stdout", "stderr", "terminal" for a job that has one, or
 * null where it is not known. The texts of a stream, one behind the other, are its output: the
 * line's end is in it. A line without one is the last, or is longer than LOGS_JSON_LINE_MAX and
 * goes on in the next object. Lines come in the order of their ends. A line that is no UTF-8 is
 * shown escaped (common/escape.h), but for its end.
 */
#ifndef JS_CLIENT_LOGS_JSON_H
#define JS_CLIENT_LOGS_JSON_H

#include "common/bytes.h"
#include "common/logstreams.h"

#define LOGS_JSON_LINE_MAX 65536u /* bytes */

/* A line that has not ended yet. */
struct logs_json_line {
    struct bytes text; /* owned */
    uint64_t time_ns;  /* 0 = not known */
};

/* Zero-initialised. */
struct logs_json {
    struct logs_json_line lines[LOGSTREAMS_ERR + 1]; /* of each stream */
    uint32_t job;                                    /* its number */
    bool terminal;                                   /* it has one: no streams are known */
};

void logs_json_finish(struct logs_json *json);

/* Takes output that came at that time and appends the objects of lines that are finished to out. 0
 * or -ENOMEM. */
int logs_json_feed(struct logs_json *json, enum logstreams_stream stream, uint64_t time_ns,
                   const char *data, size_t len, struct bytes *out);

/* That was all: appends what has no end. Likewise. */
int logs_json_end(struct logs_json *json, struct bytes *out);

#endif
