#include "common/terminal/parser.h"

#include <string.h>

#include "common/terminal/scan.h"
#include "common/terminal/utf8.h"

enum parser_state {
    GROUND,
    ESCAPE,
    ESCAPE_INTERMEDIATE,
    CSI_ENTRY,
    CSI_PARAM,
    CSI_INTERMEDIATE,
    CSI_IGNORE,
    DCS_ENTRY,
    DCS_PARAM,
    DCS_INTERMEDIATE,
    DCS_IGNORE, /* a malformed head: the string is read but has no head */
    STRING,
    STRING_ESCAPE, /* an ESC inside a string: ST if a backslash follows */
};

enum { BEL = 0x07, CAN = 0x18, SUB = 0x1a, ESC = 0x1b, DEL = 0x7f, C1_LEAD = 0xc2 };

/* A payload larger than this is given back when its string has ended. */
enum { PAYLOAD_KEPT = 256 };

void parser_init(struct parser *parser, const struct parser_events *events, void *user,
                 size_t payload_max)
{
    *parser = (struct parser){.events = events, .user = user, .payload_max = payload_max};
}

void parser_finish(struct parser *parser)
{
    bytes_finish(&parser->payload);
}

void parser_skip(struct parser *parser, uint64_t offset)
{
    parser->state = GROUND;
    parser->broken = false;
    parser->tail_len = 0;
    parser->payload.len = 0;
    parser->offset = offset;
}

bool parser_is_ground(const struct parser *parser)
{
    return parser->state == GROUND && parser->tail_len == 0;
}

bool parser_in_sequence(const struct parser *parser)
{
    return parser->state != GROUND;
}

bool parser_in_string(const struct parser *parser)
{
    return parser->state >= STRING;
}

uint64_t parser_begin(const struct parser *parser)
{
    if (parser->state != GROUND)
        return parser->sequence.begin;
    return parser->offset - parser->tail_len;
}

int32_t parser_param(const struct parser_sequence *sequence, unsigned i, int32_t otherwise)
{
    return i < sequence->count && sequence->value[i] >= 0 ? sequence->value[i] : otherwise;
}

int32_t parser_count(const struct parser_sequence *sequence, unsigned i)
{
    return i < sequence->count && sequence->value[i] > 0 ? sequence->value[i] : 1;
}

static void emit_text(struct parser *p, const uint8_t *data, size_t len, uint64_t begin)
{
    if (len == 0)
        return;
    p->broken = false;
    if (p->events->text)
        p->events->text(p->user, data, len, begin);
}

static void emit_control(struct parser *p, uint8_t control, uint64_t begin)
{
    if (p->events->control)
        p->events->control(p->user, control, begin);
}

/*
 * Starts a sequence whose first byte is at begin; tangled: inside of another. The values need no
 * clearing: count says which are set.
 */
static void start_sequence(struct parser *p, uint64_t begin, uint8_t state, bool tangled)
{
    struct parser_sequence *s = &p->sequence;
    s->begin = begin;
    s->tangled = tangled;
    s->prefix = s->intermediate[0] = s->intermediate[1] = s->final = 0;
    s->malformed = false;
    s->count = 0;
    s->sub = 0;
    p->state = state;
}

static void start_string(struct parser *p, enum parser_string_kind kind, bool has_head)
{
    p->state = STRING;
    p->payload.len = 0;
    p->string = (struct parser_string){.begin = p->sequence.begin,
                                       .kind = kind,
                                       .head = has_head ? &p->sequence : NULL,
                                       .data = (const uint8_t *)""};
    if (p->events->string_start)
        p->events->string_start(p->user, &p->string);
}

static void add_payload(struct parser *p, const uint8_t *data, size_t len, uint64_t begin)
{
    if (len == 0)
        return;
    if (p->events->string_data)
        p->events->string_data(p->user, data, len, begin);
    size_t room = p->payload_max - p->payload.len;
    if (len > room) {
        p->string.truncated = true;
        len = room;
    }
    if (len > 0 && bytes_append(&p->payload, data, len) < 0)
        p->string.truncated = true;
}

static void end_string(struct parser *p, uint64_t end)
{
    p->state = GROUND;
    p->string.end = end;
    if (bytes_append(&p->payload, "", 1) < 0) {
        p->payload.len = 0;
        p->string.truncated = true;
    } else {
        p->payload.len--;
        p->string.data = p->payload.data;
        p->string.len = p->payload.len;
    }
    if (p->events->string_end)
        p->events->string_end(p->user, &p->string);
    p->payload.len = 0;
    if (p->payload.room > PAYLOAD_KEPT)
        bytes_finish(&p->payload);
}

static void dispatch_escape(struct parser *p, uint8_t final, uint64_t end)
{
    p->state = GROUND;
    p->sequence.final = final;
    p->sequence.end = end;
    if (p->events->escape)
        p->events->escape(p->user, &p->sequence);
}

static void dispatch_csi(struct parser *p, uint8_t final, uint64_t end)
{
    p->state = GROUND;
    p->sequence.final = final;
    p->sequence.end = end;
    if (p->events->csi)
        p->events->csi(p->user, &p->sequence);
}

/* The C1 control U+0080..U+009F or its 7-bit form ESC 0x40..0x5F: whether it opens a sequence or a
 * string. */
static bool open_c1(struct parser *p, uint8_t c1, uint64_t begin, bool tangled)
{
    switch (c1) {
    case 0x90: /* DCS */
        start_sequence(p, begin, DCS_ENTRY, tangled);
        return true;
    case 0x9b: /* CSI */
        start_sequence(p, begin, CSI_ENTRY, tangled);
        return true;
    case 0x98: /* SOS */
    case 0x9d: /* OSC */
    case 0x9e: /* PM */
    case 0x9f: /* APC */
        start_sequence(p, begin, STRING, tangled);
        start_string(p,
                     c1 == 0x98   ? PARSER_SOS
                     : c1 == 0x9d ? PARSER_OSC
                     : c1 == 0x9e ? PARSER_PM
                                  : PARSER_APC,
                     false);
        return true;
    default:
        return false;
    }
}

/* A C1 control as the two bytes of its UTF-8 form, the first at begin. It ends whatever was
 * unfinished. */
static void take_c1(struct parser *p, uint8_t c1, uint64_t begin, bool tangled)
{
    p->state = GROUND;
    p->broken = false;
    if (!open_c1(p, c1, begin, tangled))
        emit_control(p, c1, begin);
}

static void collect(struct parser *p, uint8_t c)
{
    struct parser_sequence *s = &p->sequence;
    if (!s->intermediate[0])
        s->intermediate[0] = c;
    else if (!s->intermediate[1])
        s->intermediate[1] = c;
    else
        s->malformed = true;
}

/* A digit, ';' or ':' of the parameters. */
static void take_param(struct parser *p, uint8_t c)
{
    struct parser_sequence *s = &p->sequence;
    if (s->count == 0)
        s->value[s->count++] = -1;
    if (c == ';' || c == ':') {
        /* One more than fits makes count pass the end, so that later digits go nowhere. */
        if (s->count <= PARSER_PARAMS)
            s->count++;
        if (s->count <= PARSER_PARAMS) {
            s->value[s->count - 1] = -1;
            if (c == ':')
                s->sub |= UINT64_C(1) << (s->count - 1);
        }
        return;
    }
    if (s->count > PARSER_PARAMS)
        return;
    int32_t value = s->value[s->count - 1] < 0 ? 0 : s->value[s->count - 1];
    value = value * 10 + (c - '0');
    s->value[s->count - 1] = value > PARSER_VALUE_MAX ? PARSER_VALUE_MAX : value;
}

static void clip_params(struct parser_sequence *s)
{
    if (s->count > PARSER_PARAMS)
        s->count = PARSER_PARAMS;
}

static void take_escape(struct parser *p, uint8_t c, uint64_t end)
{
    if (c >= 0x20 && c <= 0x2f) {
        collect(p, c);
        p->state = ESCAPE_INTERMEDIATE;
    } else if (p->state == ESCAPE && c >= 0x40 && c <= 0x5f &&
               open_c1(p, c + 0x40, p->sequence.begin, p->sequence.tangled)) {
        return;
    } else {
        dispatch_escape(p, c, end);
    }
}

static void take_csi(struct parser *p, uint8_t c, uint64_t end)
{
    if (c >= 0x40) {
        clip_params(&p->sequence);
        if (p->state == CSI_IGNORE)
            p->sequence.malformed = true;
        dispatch_csi(p, c, end);
    } else if (p->state == CSI_IGNORE) {
        return;
    } else if (c <= 0x2f) {
        collect(p, c);
        p->state = CSI_INTERMEDIATE;
    } else if (p->state == CSI_INTERMEDIATE) {
        p->state = CSI_IGNORE;
    } else if (c <= 0x3b) {
        take_param(p, c);
        p->state = CSI_PARAM;
    } else if (p->state == CSI_ENTRY) {
        p->sequence.prefix = c;
        p->state = CSI_PARAM;
    } else {
        p->state = CSI_IGNORE;
    }
}

static void take_dcs(struct parser *p, uint8_t c, uint64_t end)
{
    if (c >= 0x40) {
        clip_params(&p->sequence);
        p->sequence.final = c;
        p->sequence.end = end;
        start_string(p, PARSER_DCS, p->state != DCS_IGNORE && !p->sequence.malformed);
    } else if (p->state == DCS_IGNORE) {
        return;
    } else if (c <= 0x2f) {
        collect(p, c);
        p->state = DCS_INTERMEDIATE;
    } else if (p->state == DCS_INTERMEDIATE) {
        p->state = DCS_IGNORE;
    } else if (c <= 0x3b) {
        take_param(p, c);
        p->state = DCS_PARAM;
    } else if (p->state == DCS_ENTRY) {
        p->sequence.prefix = c;
        p->state = DCS_PARAM;
    } else {
        p->state = DCS_IGNORE;
    }
}

/* One byte of an escape sequence, a control sequence or the head of a DCS; not one that ends it
 * from outside. */
static void take_sequence_byte(struct parser *p, uint8_t c, uint64_t at)
{
    bool in_dcs = p->state >= DCS_ENTRY && p->state <= DCS_IGNORE;
    if (c < 0x20) {
        p->sequence.tangled = true;
        if (!in_dcs)
            emit_control(p, c, at);
    } else if (c == DEL) {
        return;
    } else if (in_dcs) {
        take_dcs(p, c, at + 1);
    } else if (p->state == ESCAPE || p->state == ESCAPE_INTERMEDIATE) {
        take_escape(p, c, at + 1);
    } else {
        take_csi(p, c, at + 1);
    }
}

/* Inside an escape or control sequence or the head of a DCS. Returns how many bytes it took: 1, or
 * 0 at text. */
static size_t run_sequence(struct parser *p, const uint8_t *data, uint64_t at)
{
    uint8_t c = data[0];
    if (c >= 0x80) {
        /* No sequence has such a byte: it ends there, and text or a C1 control follows. */
        p->state = GROUND;
        p->broken = true;
        return 0;
    }
    if (c == ESC) {
        start_sequence(p, at, ESCAPE, true);
    } else if (c == CAN || c == SUB) {
        p->state = GROUND;
        emit_control(p, c, at);
    } else {
        take_sequence_byte(p, c, at);
    }
    return 1;
}

/* Inside a control string. Returns how many bytes it took, 0 if the string has ended before them.
 */
static size_t run_string(struct parser *p, const uint8_t *data, size_t len, uint64_t at)
{
    if (p->state == STRING_ESCAPE) {
        bool st = data[0] == '\\';
        p->string.broken_off = !st;
        end_string(p, st ? at + 1 : at - 1);
        if (!st)
            start_sequence(p, at - 1, ESCAPE, true);
        return st ? 1 : 0;
    }
    size_t payload = scan_payload(data, len);
    add_payload(p, data, payload, at);
    if (payload == len)
        return len;
    uint8_t c = data[payload];
    uint64_t end = at + payload + 1;
    if (c == ESC) {
        p->state = STRING_ESCAPE;
    } else if (c == CAN || c == SUB) {
        p->string.cancelled = true;
        end_string(p, end);
    } else if (c == BEL && p->string.kind == PARSER_OSC) {
        p->string.bell = true;
        end_string(p, end);
    } else if (c == C1_LEAD && payload + 1 < len && data[payload + 1] >= 0x80 &&
               data[payload + 1] < 0xa0) {
        if (data[payload + 1] == 0x9c) {
            end_string(p, end + 1);
        } else {
            p->string.broken_off = true;
            end_string(p, end - 1);
            take_c1(p, data[payload + 1], end - 1, true);
        }
        return payload + 2;
    } else if (c == C1_LEAD && payload + 1 == len) {
        /* May be the first half of ST: kept back as any unfinished character. */
        p->tail[0] = c;
        p->tail_len = 1;
    } else if (c >= 0x20 || p->string.kind == PARSER_DCS) {
        add_payload(p, &c, 1, end - 1);
    }
    return payload + 1;
}

/*
 * The most frequent kind of control sequence, read in one go: ESC [, at most one prefix, digits and
 * semicolons, a final byte, all there. Returns its length, 0 if it is anything else.
 */
static size_t take_plain_csi(struct parser *p, const uint8_t *data, size_t len, uint64_t at)
{
    if (len < 3 || data[1] != '[')
        return 0;
    struct parser_sequence *s = &p->sequence;
    size_t i = 2;
    uint8_t prefix = 0;
    if (data[i] >= '<' && data[i] <= '?')
        prefix = data[i++];
    unsigned count = 0;
    int32_t value = -1;
    for (; i < len; i++) {
        uint8_t c = data[i];
        if ((uint8_t)(c - '0') <= 9) {
            value = (value < 0 ? 0 : value * 10) + (c - '0');
            if (value > PARSER_VALUE_MAX)
                value = PARSER_VALUE_MAX;
        } else if (c == ';') {
            if (count == PARSER_PARAMS - 1)
                return 0;
            s->value[count++] = value;
            value = -1;
        } else if (c >= 0x40 && c <= 0x7e) {
            if (count > 0 || value >= 0)
                s->value[count++] = value;
            break;
        } else {
            return 0;
        }
    }
    if (i == len)
        return 0;
    s->begin = at;
    s->tangled = false;
    s->prefix = prefix;
    s->intermediate[0] = s->intermediate[1] = 0;
    s->malformed = false;
    s->count = count;
    s->sub = 0;
    dispatch_csi(p, data[i], at + i + 1);
    return i + 1;
}

/* The length of the text at the start of data, with characters that start with 0xC2 in it. */
static size_t text_length(const uint8_t *data, size_t len)
{
    size_t i = scan_text(data, len);
    while (i < len && data[i] == C1_LEAD &&
           (i + 1 == len || data[i + 1] < 0x80 || data[i + 1] >= 0xa0)) {
        i++;
        i += scan_text(data + i, len - i);
    }
    return i;
}

/* Outside of everything. Returns how many bytes it took, at least 1. */
static size_t run_ground(struct parser *p, const uint8_t *data, size_t len, uint64_t at)
{
    uint8_t c = data[0];
    if (c == ESC) {
        size_t taken = take_plain_csi(p, data, len, at);
        if (taken > 0)
            return taken;
        start_sequence(p, at, ESCAPE, false);
        return 1;
    }
    size_t text = text_length(data, len);
    if (text == len) {
        p->tail_len = (uint8_t)utf8_unfinished(data, len);
        memcpy(p->tail, data + len - p->tail_len, p->tail_len);
        emit_text(p, data, len - p->tail_len, at);
        return len;
    }
    if (text > 0) {
        emit_text(p, data, text, at);
        return text;
    }
    if (c == C1_LEAD) {
        take_c1(p, data[1], at, p->broken);
        return 2;
    }
    emit_control(p, c, at);
    return 1;
}

static void run(struct parser *p, const uint8_t *data, size_t len, uint64_t at)
{
    while (len > 0) {
        size_t taken;
        if (p->state == GROUND)
            taken = run_ground(p, data, len, at);
        else if (p->state >= STRING)
            taken = run_string(p, data, len, at);
        else
            taken = run_sequence(p, data, at);
        data += taken;
        len -= taken;
        at += taken;
    }
}

/*
 * Completes the character kept back at the end of the last feed with the first of these bytes.
 * Returns how many it took: none if they do not continue it. What is complete or broken is run as
 * if it had come in one piece.
 */
static size_t complete_tail(struct parser *p, const uint8_t *data, size_t len)
{
    size_t taken = 0;
    uint8_t joined[4];
    unsigned have = p->tail_len, want = utf8_length(p->tail[0]);
    memcpy(joined, p->tail, have);
    while (have < want && taken < len && utf8_continues(joined, have, data[taken]))
        joined[have++] = data[taken++];
    if (have < want && taken == len) {
        memcpy(p->tail, joined, have);
        p->tail_len = (uint8_t)have;
        return taken;
    }
    uint64_t begin = p->offset - p->tail_len;
    p->tail_len = 0;
    if (p->state == STRING && joined[0] == C1_LEAD && have == 1)
        add_payload(p, joined, 1, begin);
    else if (have == 1 || (have < want && p->state == GROUND))
        emit_text(p, joined, have, begin);
    else
        run(p, joined, have, begin);
    return taken;
}

void parser_feed(struct parser *parser, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    while (parser->tail_len > 0 && len > 0) {
        size_t taken = complete_tail(parser, bytes, len);
        parser->offset += taken;
        bytes += taken;
        len -= taken;
        if (taken == 0)
            break;
    }
    run(parser, bytes, len, parser->offset);
    parser->offset += len;
}
