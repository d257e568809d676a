/* The tracker's parts, for tracker*.c only. */
#ifndef JS_COMMON_TERMINAL_TRACKER_INTERNAL_H
#define JS_COMMON_TERMINAL_TRACKER_INTERNAL_H

#include "common/terminal/canvas.h"
#include "common/terminal/checkpoints.h"
#include "common/terminal/parser.h"
#include "common/terminal/tracker.h"

enum { TRACKER_SIZES = 8 };

struct tracker_size {
    uint64_t offset; /* from here on */
    uint16_t rows, cols;
};

struct tracker {
    struct parser parser;
    struct canvas canvas;
    struct checkpoints checkpoints;
    uint64_t next_checkpoint; /* the offset from which on another one is wanted */
    bool skipped;             /* a flood, and no checkpoint since: one comes at the next CR */
    uint64_t resized;         /* the offset at which the size has changed last */
    struct tracker_size size[TRACKER_SIZES];
    unsigned sizes;       /* of them, the oldest first */
    uint64_t no_cr_until; /* see tracker_set_no_cr */
    uint64_t history;     /* no line before that offset is in the terminal's scrollback any more */
    const uint8_t *later; /* what tracker_feed_later has put off; the caller's */
    size_t later_len;
    tracker_question_fn on_question; /* or NULL */
    void *user;                      /* its argument */
    tracker_notice_fn on_notice;     /* or NULL */
    void *notice_user;               /* its argument */
    bool bare;                       /* it only interprets, for a screen: no checkpoints are kept */
};

/*
 * Does what has been put off; first of all in whatever looks at the state. The tracker may be
 * constant, for nobody outside can see the difference.
 */
void tracker_catch_up(const struct tracker *tracker);

/* What the parser's events mean; they are in tracker_csi.c and tracker_escape.c. */
void tracker_csi(struct tracker *tracker, const struct parser_sequence *csi);
void tracker_control(struct tracker *tracker, uint8_t control, uint64_t begin);
void tracker_escape(struct tracker *tracker, const struct parser_sequence *escape);
void tracker_string(struct tracker *tracker, const struct parser_string *string);

/* A question in what is being carried out. Of sequence and string at least one is NULL. */
void tracker_ask(struct tracker *tracker, enum question_kind kind,
                 const struct parser_sequence *sequence, const struct parser_string *string);

/* A BEL; and a string that may be a notification. */
void tracker_ring(struct tracker *tracker);
void tracker_notify(struct tracker *tracker, const struct parser_string *string);

/* Before a sequence that makes its begin a good point for a replay to begin at. */
void tracker_offer_checkpoint(struct tracker *tracker, const struct parser_sequence *csi);

/*
 * The screen is changed by a mode in that sequence, which is being carried out. If it is the only
 * one, a replay can leave the visit to the alternate screen out.
 */
void tracker_enter_alternate(struct tracker *tracker, const struct parser_sequence *csi,
                             unsigned mode);
void tracker_leave_alternate(struct tracker *tracker, const struct parser_sequence *csi,
                             unsigned mode);

/* RIS, the sequence being carried out. */
void tracker_reset(struct tracker *tracker);

#endif
