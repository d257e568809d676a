/*
 * The parser of terminal output: cuts a stream into text, controls, escape sequences, control
 * sequences and control strings, and tells where in the stream each begins and ends, whatever the
 * pieces it is fed in.
 *
 * Sources: ECMA-48 (5th edition) 5.3-5.6 for the forms, the state machine of DEC's VT500 terminals
 * as described at https://vt100.net/emu/dec_ansi_parser, xterm's ctlseqs for what came later:
 * - UTF-8 is understood first: a byte 0x80..0x9F is a control only as the character U+0080..U+009F
 * (0xC2 0x80..).
 * - C0 controls inside a control sequence are carried out at once; CAN and SUB end any sequence or
 * string.
 * - OSC ends with BEL too; any string ends with ST, and with an ESC that starts something else.
 * - parameters may have sub-parameters after colons (ISO 8613-6), as in SGR 4:3.
 * - DEL is nothing, everywhere but in strings; C0 controls are nothing in strings but in a DCS.
 */
#ifndef JS_COMMON_TERMINAL_PARSER_H
#define JS_COMMON_TERMINAL_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

enum { PARSER_PARAMS = 48, PARSER_VALUE_MAX = 99999 };

/* An escape sequence, a control sequence, or the head of a DCS. */
struct parser_sequence {
    uint64_t begin,
        end; /* offsets of its first byte (the ESC or the C1) and of the byte after its last */
    uint8_t prefix;          /* of a control sequence: '<' '=' '>' '?', or 0 */
    uint8_t intermediate[2]; /* 0x20..0x2F, or 0 */
    uint8_t final;
    bool
        tangled; /* it breaks off another sequence or string, or a control has acted inside of it */
    bool malformed; /* of no valid form, or more intermediates than fit: to be ignored */
    unsigned count; /* parameters and sub-parameters; those that do not fit are dropped */
    uint64_t sub;   /* bit i: value[i] is a sub-parameter of the parameter before it */
    int32_t value[PARSER_PARAMS]; /* -1 where there is no digit; at most PARSER_VALUE_MAX */
};

/* What identifies a sequence, for use in a switch: prefix, first intermediate, final. */
#define PARSER_KEY(prefix, intermediate, final)                                                    \
    ((uint32_t)(prefix) << 16 | (uint32_t)(intermediate) << 8 | (uint32_t)(final))

enum parser_string_kind { PARSER_OSC, PARSER_DCS, PARSER_APC, PARSER_PM, PARSER_SOS };

/* A control string. */
struct parser_string {
    uint64_t begin, end;
    enum parser_string_kind kind;
    bool cancelled;                     /* by CAN or SUB: to be ignored */
    bool bell;                          /* ended by BEL instead of ST */
    bool broken_off;                    /* ended by the start of something else */
    bool truncated;                     /* longer than what the parser keeps */
    const struct parser_sequence *head; /* of a DCS, else NULL */
    const uint8_t *data; /* the payload, or its start; followed by a NUL that is not counted */
    size_t len;
};

/*
 * Called during parser_feed() in the order of the stream. What the pointers lead to is valid during
 * the call. Each may be NULL.
 */
struct parser_events {
    /*
     * Text: printable characters, HT, LF, VT, FF and CR. A character is never cut, but broken UTF-8
     * comes as it is. begin is the offset of the first byte.
     */
    void (*text)(void *user, const uint8_t *data, size_t len, uint64_t begin);
    /* Any other control: 0x00..0x1F, 0x7F, or 0x80..0x9F for a C1 that starts no sequence (then two
     * bytes long). */
    void (*control)(void *user, uint8_t control, uint64_t begin);
    void (*escape)(void *user, const struct parser_sequence *sequence);
    void (*csi)(void *user, const struct parser_sequence *sequence);
    /* A string begins: data is empty and end has no meaning yet. */
    void (*string_start)(void *user, const struct parser_string *string);
    /* All of a string's payload, in pieces, for who wants more than the parser keeps; begin as for
     * text. */
    void (*string_data)(void *user, const uint8_t *data, size_t len, uint64_t begin);
    void (*string_end)(void *user, const struct parser_string *string);
};

/* Private to parser.c. */
struct parser {
    const struct parser_events *events; /* outlives the parser */
    void *user;
    uint64_t offset; /* of the next byte fed */
    uint8_t state;
    bool broken; /* a sequence has been broken off by what comes next */
    uint8_t tail_len;
    uint8_t tail[4];                 /* the start of a character whose end has not come yet */
    struct parser_sequence sequence; /* being read; begin is that of the string while one is read */
    struct parser_string string;
    struct bytes payload; /* owned */
    size_t payload_max;
};

/*
 * events and user: see above. payload_max: how many bytes of a string's payload are kept for
 * string_end. The parser takes no memory of its own before a string comes. Finish is safe on a
 * parser that is all zero.
 */
void parser_init(struct parser *parser, const struct parser_events *events, void *user,
                 size_t payload_max);
void parser_finish(struct parser *parser);

/* The next len bytes of the stream. Cannot fail: without memory a string's payload is truncated. */
void parser_feed(struct parser *parser, const void *data, size_t len);

/* Skips to that offset of the stream: whatever was unfinished is forgotten without an event. */
void parser_skip(struct parser *parser, uint64_t offset);

/* Whether nothing is unfinished: no sequence, no string, no character. */
bool parser_is_ground(const struct parser *parser);

/* Whether an escape sequence, control sequence or string is unfinished (an unfinished character
 * does not count). */
bool parser_in_sequence(const struct parser *parser);

/* Whether a control string is unfinished. */
bool parser_in_string(const struct parser *parser);

/* The offset of what is unfinished, or of the next byte if nothing is. */
uint64_t parser_begin(const struct parser *parser);

/* Parameter i of a sequence, or otherwise if it is missing or empty (or 0, for parser_count). */
int32_t parser_param(const struct parser_sequence *sequence, unsigned i, int32_t otherwise);
int32_t parser_count(const struct parser_sequence *sequence, unsigned i);

#endif
