/*
 * What the terminal answers, in what the user types: the client's part in learning what its
 * terminal is like (common/terminal/profile.h).
 *
 * The holder writes the questions into the job's output, when the client asks it to. Terminals
 * answer in the order of the questions, so that what comes between the answer to the marker at
 * their start and that to DA1 at their end are the answers: those are taken out, and keys, and
 * answers to the job's own questions before and behind them, pass. A second marker that the holder
 * may send behind all of the job's output tells when the last answer of all has come.
 */
#ifndef JS_CLIENT_ASK_H
#define JS_CLIENT_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

enum ask_state {
    ASK_OFF,
    ASK_AWAITED, /* the marker's answer has not come yet */
    ASK_TAKING,  /* it has */
};

/* Zeroed is off. */
struct ask {
    enum ask_state state;
    uint32_t marked;      /* answers to markers that have come */
    struct bytes held;    /* the start of what may be an answer; owned */
    struct bytes answers; /* taken; owned */
};

/*
 * Whether a terminal of that type ($TERM; may be NULL) can be asked: one of the emulators, all of
 * which ignore the questions that they do not know. Not the Linux console, dumb or real terminals.
 */
bool ask_is_safe(const char *term);

/* From now on answers may come. */
void ask_begin(struct ask *ask);
void ask_finish(struct ask *ask);

/*
 * The next input: what is no answer is appended to keys. What is held back at its end goes with
 * ask_flush, unless more comes within some 25 ms. Returns whether the answers are complete with
 * it: they are in ask->answers then. Without memory, answers are lost.
 */
bool ask_feed(struct ask *ask, const uint8_t *in, size_t len, struct bytes *keys);
bool ask_is_holding(const struct ask *ask);
void ask_flush(struct ask *ask, struct bytes *keys);

/*
 * After the end of the job's output: reads fd until so many markers have been answered, at most for
 * a moment. before: what was read of it already. Answers to the job's own questions are appended to
 * answers; what was typed meanwhile is lost.
 */
void ask_drain(struct ask *ask, int fd, const struct bytes *before, uint32_t markers,
               struct bytes *answers);

#endif
