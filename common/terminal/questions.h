/*
 * Which output asks the terminal something, so that it answers as if typed. Sources: xterm's
 * ctlseqs, DEC STD 070 and the VT510's manual for what xterm has from there; those of single
 * terminals are named with them.
 *
 * The one list of questions: the replay filter leaves them out (replay_rules.h), the tracker tells
 * of them (tracker.h), the stand-in terminal answers them (answers.h).
 */
#ifndef JS_COMMON_TERMINAL_QUESTIONS_H
#define JS_COMMON_TERMINAL_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/terminal/parser.h"

enum question_kind {
    QUESTION_NONE,
    QUESTION_ATTRIBUTES,   /* DA1, DECID */
    QUESTION_SECONDARY,    /* DA2 */
    QUESTION_TERTIARY,     /* DA3 */
    QUESTION_STATUS,       /* DSR: 5, 6 */
    QUESTION_STATUS_DEC,   /* DSR with ? */
    QUESTION_MODE,         /* DECRQM */
    QUESTION_MODE_DEC,     /* DECRQM with ? */
    QUESTION_PRESENTATION, /* DECRQPSR */
    QUESTION_PARAMETERS,   /* DECREQTPARM */
    QUESTION_WINDOW,       /* XTWINOPS: sizes, place, titles */
    QUESTION_VERSION,      /* XTVERSION */
    QUESTION_KEYBOARD,     /* kitty's keyboard flags */
    QUESTION_KEY_MODIFIER, /* XTQMODKEYS */
    QUESTION_SETTING,      /* DECRQSS */
    QUESTION_CAPABILITY,   /* XTGETTCAP */
    QUESTION_COLOR,        /* OSC 4, 5, 10-19 with "?" */
    QUESTION_CLIPBOARD,    /* OSC 52 with "?" */
    QUESTION_OTHER,        /* asks as well, but only some terminals know it */
};

/* One of them in the output. Of sequence and string at least one is NULL; both for a control. */
struct question {
    enum question_kind kind;
    uint64_t begin, end; /* offsets of its first byte and of the one after its last */
    const struct parser_sequence *sequence;
    const struct parser_string *string;
};

enum question_kind question_in_control(uint8_t control);
enum question_kind question_in_escape(const struct parser_sequence *escape);
enum question_kind question_in_csi(const struct parser_sequence *csi);

/* head may be NULL. */
enum question_kind question_in_dcs(const struct parser_sequence *head);

/* A whole string, of any kind. */
enum question_kind question_in_string(const struct parser_string *string);

/* The number that an OSC's payload starts with; *ret_text is where its text begins. -1: none. */
int32_t question_osc_number(const uint8_t *data, size_t len, size_t *ret_text);

/*
 * The text of an OSC about colours: whether there is a "?" in the place of a colour, and whether
 * there is a colour. pairs: each colour comes after the number of its slot (OSC 4 and 5).
 */
bool question_in_colors(const uint8_t *text, size_t len, bool pairs, bool *ret_sets);

/* Whether the value of one of kitty's keys, as in "a=q,i=1", is that. */
bool question_key_is(const uint8_t *keys, size_t len, const char *key_and_value);

#endif
