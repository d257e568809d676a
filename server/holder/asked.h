/*
 * The questions to the terminal in the job's latest output (common/terminal/questions.h), and who
 * answers each of them: one viewer's terminal, or the holder standing in for it. Whoever else gets
 * the output gets it without them, so that exactly one answer reaches the job.
 *
 * A question is kept until all viewers have got past it; while nobody is attached none is kept.
 */
#ifndef JS_SERVER_HOLDER_ASKED_H
#define JS_SERVER_HOLDER_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

enum { ASKED_MAX = 4096 };

/* Answerers that are no viewers. */
#define ASKED_HOLDER 0u
#define ASKED_MANY   UINT32_MAX

struct asked_question {
    uint64_t begin, end;
    uint32_t answerer; /* a viewer's number, or ASKED_HOLDER */
};

/* Zeroed is empty. */
struct asked {
    struct asked_question *item; /* by their ends; owned */
    size_t count, room;
    uint64_t end; /* of the newest */
    /* Some that end up to here were dropped, being too many; and who answers them, if it is the
     * same for all, else ASKED_MANY. */
    uint64_t lost;
    uint32_t lost_answerer;
};

void asked_finish(struct asked *asked);

/* One more, behind all others. With too many, or without memory, the older half is lost. */
void asked_add(struct asked *asked, uint64_t begin, uint64_t end, uint32_t answerer);

/* Everybody has got all before offset. */
void asked_forget(struct asked *asked, uint64_t offset);

/* Whether there may be a question in the output from offset on. */
static inline bool asked_since(const struct asked *asked, uint64_t offset)
{
    return asked->end > offset;
}

/* Whether it is known what asked_pass has to leave out for that viewer from offset on. */
static inline bool asked_knows(const struct asked *asked, uint32_t viewer, uint64_t offset)
{
    return offset >= asked->lost || viewer == asked->lost_answerer;
}

/*
 * Appends to out what that viewer gets of the len bytes of output at offset: all but the questions
 * that others answer. Of one that has begun before offset the rest is replaced by CAN, which ends
 * it (ECMA-48 8.3.6, VT500). Returns the offset that it has got to: offset + len, or the end of a
 * question that goes on behind it; or -ENOMEM.
 */
int64_t asked_pass(const struct asked *asked, uint32_t viewer, uint64_t offset, const void *data,
                   size_t len, struct bytes *out);

/*
 * What that viewer should have answered, but will not get any more, for it leaves and has got the
 * output only up to offset: the holder is to answer them from now on. Returns them in order, NULL
 * with *ret_count 0 if there are none. Valid until the next call.
 */
const struct asked_question *asked_take_over(struct asked *asked, uint32_t viewer, uint64_t offset,
                                             size_t *ret_count);

#endif
