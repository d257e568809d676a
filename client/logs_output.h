/*
 * How js logs shows output that has a time: as it is, each line with the time at which it began, as
 * a recording (client/cast.h), as the lines that it reads as (client/plain.h), or as JSON.
 */
#ifndef JS_CLIENT_LOGS_OUTPUT_H
#define JS_CLIENT_LOGS_OUTPUT_H

#include <stdbool.h>

#include "client/cast.h"
#include "client/logs_json.h"
#include "client/plain.h"
#include "common/logstreams.h"
#include "common/logtimes.h"
#include "common/protocol.h"
#include "common/terminal/replay.h"

enum logs_form {
    LOGS_BYTES,
    LOGS_TIMESTAMPS,
    LOGS_CAST,
    LOGS_PLAIN,
    LOGS_JSON, /* client/logs_json.h */
};

struct logs_output {
    enum logs_form form;
    const struct job_info *job; /* the owner's */
    struct logtimes times;
    struct cast cast;
    bool begun;            /* the recording has its header */
    bool in_line;          /* the line's beginning has been shown */
    struct plain *plain;   /* owned */
    uint64_t lines;        /* of plain ones: only so many, the last, of what is there by now */
    bool goes_on;          /* that has been shown, and more may come */
    struct replay *replay; /* see logs_output_spare_terminal; owned */
    struct bytes passed;   /* what came through it, or has got its CRs */
    struct bytes text;     /* to be written */
    struct logs_json json;
    struct logstreams streams;
    bool apart;                  /* streams are told apart */
    enum logstreams_stream only; /* nothing else is written; unknown: all is */
    uint64_t unknown;            /* bytes that may have been of that stream */
};

/* dir_fd (the caller's) is where the log is. lines: for LOGS_PLAIN, see above. 0 or -ENOMEM. */
int logs_output_init(struct logs_output *output, enum logs_form form, int dir_fd,
                     const struct job_info *job, uint64_t lines);
void logs_output_finish(struct logs_output *output);

/*
 * What is written goes to a terminal: what must not happen again there (questions, whose answers
 * the shell would get, bells, clipboard: common/terminal/replay.h) is left out. 0 or -ENOMEM.
 */
int logs_output_spare_terminal(struct logs_output *output);

/* Only the output of that stream is to be written, of a job without a terminal. */
void logs_output_choose(struct logs_output *output, enum logstreams_stream only);

/* Writes the log's bytes from offset on to standard output. 0 or -errno of the write. */
int logs_output_write(struct logs_output *output, uint64_t offset, const char *data, size_t len);

/* All that there is by now has been written, but more may come. Likewise. */
int logs_output_pause(struct logs_output *output);

/* That was all: what is left is written. Likewise. */
int logs_output_end(struct logs_output *output);

#endif
