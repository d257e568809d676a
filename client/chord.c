#include "client/chord.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
    ESC = 0x1b,
    /* Modifier bits and events of the kitty keyboard protocol. */
    SHIFT = 1,
    CTRL = 4,
    CAPS_LOCK = 64,
    NUM_LOCK = 128,
    PRESS = 1,
    REPEAT = 2,
    RELEASE = 3,
    NUMBER_MAX = 0x10ffff,
};

/* One key event of either encoding. */
struct key_event {
    uint32_t code; /* 0: a key without a character (an arrow, F5) */
    uint32_t shifted;
    uint32_t base;
    uint32_t modifiers;
    uint32_t type;
    uint32_t text;
    bool exact; /* modifyOtherKeys: code is the character with shift applied */
};

/* chord_parse */

/* Skips "^", "ctrl-" and the like. Returns how long it is, 0 when there is none. */
static size_t ctrl_prefix(const char *text, size_t len)
{
    static const char *const prefixes[] = {"^", "c-", "ctrl-", "control-"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i]);
        if (len > n && strncasecmp(text, prefixes[i], n) == 0)
            return n;
    }
    return 0;
}

static int parse_key(const char *text, size_t len, struct chord_key *ret)
{
    size_t prefix = ctrl_prefix(text, len);
    text += prefix;
    len -= prefix;
    bool space = len == 5 && strncasecmp(text, "space", 5) == 0;
    if (len != 1 && !space)
        return -EINVAL;
    uint8_t code = space ? ' ' : (uint8_t)text[0];
    if (prefix > 0) {
        if (code >= 'A' && code <= 'Z')
            code = (uint8_t)(code - 'A' + 'a');
        if (code == ' ')
            code = '@';
        if (!(code >= 'a' && code <= 'z') && (code == '\0' || !strchr("@\\]^_", code)))
            return -EINVAL;
    } else if (code < ' ' || code > '~') {
        return -EINVAL;
    }
    *ret = (struct chord_key){.code = code, .ctrl = prefix > 0};
    return 0;
}

int chord_parse(const char *text, struct chord_keys *ret)
{
    static const char blanks[] = " \t";
    struct chord_keys keys = {0};
    for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
        size_t len = strcspn(text, blanks);
        if (keys.count == 2)
            return -EINVAL;
        bool none = keys.count == 0 && len == 4 && strncmp(text, "none", 4) == 0;
        if (none && text[4 + strspn(text + 4, blanks)] == '\0') {
            *ret = (struct chord_keys){0};
            return 0;
        }
        int r = parse_key(text, len, &keys.key[keys.count]);
        if (r < 0)
            return r;
        keys.count++;
        text += len;
    }
    if (keys.count == 0)
        return -EINVAL;
    *ret = keys;
    return 0;
}

/* What a key is */

static uint8_t legacy_byte(struct chord_key key)
{
    return key.ctrl ? key.code & 0x1f : key.code;
}

static bool is_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

/* The character that the event stands for, or 0 when it cannot be told. */
static uint32_t event_character(const struct key_event *event)
{
    uint32_t code = event->code >= 0x80 && event->base ? event->base : event->code;
    if (!(event->modifiers & SHIFT) || event->exact)
        return code;
    if (event->shifted)
        return event->shifted;
    if (code >= 'a' && code <= 'z')
        return code - 'a' + 'A';
    /* Without the alternate key the layout decides; only xterm's CSI u has it shifted already, and
     * sends Ctrl+^ so. For a plain key that would take 1 for !. */
    return event->modifiers & CTRL ? code : 0;
}

static bool key_matches(struct chord_key key, const struct key_event *event)
{
    uint32_t modifiers = event->modifiers & ~(uint32_t)(CAPS_LOCK | NUM_LOCK | SHIFT);
    if (modifiers != (key.ctrl ? (uint32_t)CTRL : 0))
        return false;
    if (!key.ctrl && event->text)
        return event->text == key.code;
    uint32_t code = event_character(event);
    if (code == key.code)
        return true;
    if (key.ctrl && code == ' ')
        return key.code == '@';
    return (event->modifiers & CAPS_LOCK) && is_letter(code) && (code ^ 0x20) == key.code;
}

/* Shift, Ctrl and the other modifiers as keys of their own, and the lock keys. */
static bool is_modifier_key(const struct key_event *event)
{
    return (event->code >= 57441 && event->code <= 57454) ||
           (event->code >= 57358 && event->code <= 57360);
}

/*
 * Reads the parameters of CSI params final, len bytes of digits, ';' and ':'. ret_fields is how
 * many fields there are, numbers the first three of the first three.
 */
static void read_numbers(const uint8_t *params, size_t len, uint32_t numbers[3][3],
                         size_t *ret_fields)
{
    size_t field = 0, part = 0;
    memset(numbers, 0, 9 * sizeof(numbers[0][0]));
    for (size_t i = 0; i < len; i++) {
        if (params[i] == ';') {
            field++;
            part = 0;
        } else if (params[i] == ':') {
            part++;
        } else if (field < 3 && part < 3) {
            uint32_t *number = &numbers[field][part];
            *number = *number * 10 + (params[i] - (uint32_t)'0');
            if (*number > NUMBER_MAX)
                *number = NUMBER_MAX;
        }
    }
    *ret_fields = field + 1;
}

/* Reads a whole sequence of keys, from ESC to its final byte. */
static struct key_event read_event(const uint8_t *sequence, size_t len)
{
    uint32_t n[3][3];
    size_t fields;
    read_numbers(sequence + 2, len - 3, n, &fields);
    struct key_event event = {
        .modifiers = n[1][0] > 0 ? n[1][0] - 1 : 0,
        .type = n[1][1] > 0 ? n[1][1] : PRESS,
    };
    uint8_t final = sequence[len - 1];
    if (final == 'u' && fields <= 3) {
        event.code = n[0][0];
        event.shifted = n[0][1];
        event.base = n[0][2];
        /* More than one character of text is no key of ours. */
        event.text = n[2][1] ? NUMBER_MAX : n[2][0];
    } else if (final == '~' && fields == 3 && n[0][0] == 27) {
        event.code = n[2][0];
        event.exact = true;
    }
    return event;
}

/* What becomes of input; the room in out has been made by the caller */

static void pass(struct bytes *out, const uint8_t *data, size_t len)
{
    (void)bytes_append(out, data, len);
}

/* Another key than the chord's: the first key was meant for the job. */
static void stop_waiting(struct chord *chord, struct bytes *out)
{
    pass(out, chord->held, chord->held_len);
    chord->held_len = 0;
    chord->waiting = false;
}

static void hold(struct chord *chord, const uint8_t *data, size_t len)
{
    if (len <= sizeof(chord->held) - chord->held_len) {
        memcpy(chord->held + chord->held_len, data, len);
        chord->held_len += len;
    }
}

/*
 * A key, len bytes of input long. Returns whether the chord is complete.
 *
 *              | press              | repeat             | release
 *   idle:      |                    |                    |
 *   first      | wait, or detach    | pass               | pass
 *   any other  | pass               | pass               | pass
 *   waiting:   |                    |                    |
 *   first      | pass one, idle     | swallow            | hold
 *   second     | detach             | detach             | pass
 *   modifier   | pass               | pass               | pass
 *   any other  | pass both, idle    | pass both, idle    | pass
 */
static bool on_key(struct chord *chord, const struct key_event *event, const uint8_t *data,
                   size_t len, struct bytes *out)
{
    bool first = key_matches(chord->keys.key[0], event);
    if (!chord->waiting) {
        if (!first || event->type != PRESS) {
            pass(out, data, len);
            return false;
        }
        if (chord->keys.count == 1)
            return true;
        chord->waiting = true;
        chord->held_code = event->code;
        hold(chord, data, len);
        return false;
    }
    /* Ctrl may be up already when the key comes up: the code alone tells. */
    if (event->type == RELEASE && event->code == chord->held_code) {
        hold(chord, data, len);
        return false;
    }
    if (first && event->type == REPEAT)
        return false;
    if (event->type != RELEASE && key_matches(chord->keys.key[1], event))
        return true;
    if (first)
        chord->held_len = 0;
    if (event->type != RELEASE && !is_modifier_key(event))
        stop_waiting(chord, out);
    pass(out, data, len);
    return false;
}

static bool on_byte(struct chord *chord, uint8_t byte, struct bytes *out)
{
    struct key_event event = {.type = PRESS, .exact = true, .code = byte};
    for (unsigned i = 0; i < chord->keys.count; i++) {
        struct chord_key key = chord->keys.key[i];
        if (key.ctrl && byte == legacy_byte(key)) {
            event.code = key.code;
            event.modifiers = CTRL;
        }
    }
    return on_key(chord, &event, &byte, 1, out);
}

/* Sequences */

/* What the terminal says by itself: focus, mouse, answers (xterm ctlseqs). CSI 1 ; 5 R may be
 * Ctrl+F3 as well as a cursor position: then the key merely overtakes the chord's first one. */
static bool is_report(uint8_t final)
{
    return strchr("IOMRcntxy", final);
}

static bool sequence_is(const struct chord *chord, const char *text)
{
    size_t len = strlen(text);
    return chord->sequence_len == len && memcmp(chord->sequence, text, len) == 0;
}

/* The state behind a complete sequence. */
static enum chord_state next_state(struct chord *chord)
{
    if (sequence_is(chord, "\x1b[200~")) {
        chord->paste_match = 0;
        return CHORD_PASTE;
    }
    if (sequence_is(chord, "\x1b[M")) {
        chord->mouse_left = 3;
        return CHORD_MOUSE;
    }
    return CHORD_TEXT;
}

static bool on_sequence(struct chord *chord, struct bytes *out)
{
    uint8_t final = chord->sequence[chord->sequence_len - 1];
    chord->state = next_state(chord);
    if (is_report(final)) {
        pass(out, chord->sequence, chord->sequence_len);
        return false;
    }
    struct key_event event = read_event(chord->sequence, chord->sequence_len);
    return on_key(chord, &event, chord->sequence, chord->sequence_len, out);
}

/* The sequence is not the chord's: from here on it is only followed to its end. */
static void let_sequence_go(struct chord *chord, struct bytes *out)
{
    pass(out, chord->sequence, chord->sequence_len);
    chord->passed = true;
}

static void start_sequence(struct chord *chord, const char *text, bool passed)
{
    chord->sequence_len = strlen(text);
    memcpy(chord->sequence, text, chord->sequence_len);
    chord->passed = passed;
    chord->state = CHORD_SEQUENCE;
}

/* Keeps a byte of the sequence; one that is too long is no key. */
static void extend_sequence(struct chord *chord, uint8_t byte, struct bytes *out)
{
    if (chord->sequence_len == sizeof(chord->sequence) && !chord->passed)
        let_sequence_go(chord, out);
    if (chord->sequence_len < sizeof(chord->sequence))
        chord->sequence[chord->sequence_len++] = byte;
    if (chord->passed)
        pass(out, &byte, 1);
}

/* One byte inside a sequence. Returns the bytes read: 0 when it does not belong there. */
static size_t feed_sequence(struct chord *chord, uint8_t byte, struct bytes *out, bool *ret_detach)
{
    bool belongs = chord->sequence_len > 1 ? byte >= 0x20 && byte < 0x7f : byte == '[';
    if (!belongs) {
        if (!chord->passed) {
            stop_waiting(chord, out);
            let_sequence_go(chord, out);
        }
        chord->state = CHORD_TEXT;
        return 0;
    }
    bool introducer = chord->sequence_len == 1;
    extend_sequence(chord, byte, out);
    if (byte >= 0x40 && !introducer) {
        if (chord->passed)
            chord->state = next_state(chord);
        else
            *ret_detach = on_sequence(chord, out);
    } else if (!chord->passed && !(byte >= '0' && byte <= ';')) {
        /* A private marker or an intermediate byte: an answer or a report. */
        let_sequence_go(chord, out);
    }
    return 1;
}

/* The length of a control string (ECMA-48 5.6: an answer of the terminal) at in, ended by ST or
 * BEL; 0 when there is none. */
static size_t string_length(const uint8_t *in, size_t len)
{
    if (!memchr("]P_^X", in[1], 5))
        return 0;
    size_t at = 2;
    while (at < len && in[at] >= 0x20)
        at++;
    if (at < len && in[at] == '\a')
        return at + 1;
    return at + 1 < len && in[at] == ESC && in[at + 1] == '\\' ? at + 2 : 0;
}

/* ESC and what belongs to it in this input. Returns the bytes read. */
static size_t feed_escape(struct chord *chord, const uint8_t *in, size_t len, struct bytes *out)
{
    if (len > 1 && in[1] == '[') {
        start_sequence(chord, "\x1b[", false);
        return 2;
    }
    size_t n = len > 1 ? string_length(in, len) : 0;
    if (n > 0) {
        pass(out, in, n);
        return n;
    }
    stop_waiting(chord, out);
    n = 1;
    if (len == 1) {
        start_sequence(chord, "\x1b", true);
    } else if (in[1] >= 0x20) {
        /* Alt and a key, or SS3 and its letter. A control byte is looked at by itself: Escape, then
         * the chord, may well arrive at once. */
        n = in[1] == 'O' && len > 2 && in[2] >= 0x20 ? 3 : 2;
    }
    pass(out, in, n);
    return n;
}

/* Everything else */

/* The bytes at in that start nothing. */
static size_t plain_length(const struct chord *chord, const uint8_t *in, size_t len)
{
    uint8_t first = legacy_byte(chord->keys.key[0]);
    size_t at = 0;
    while (at < len && in[at] != ESC && in[at] != first)
        at++;
    return at;
}

static size_t feed_text(struct chord *chord, const uint8_t *in, size_t len, struct bytes *out,
                        bool *ret_detach)
{
    if (in[0] == ESC)
        return feed_escape(chord, in, len, out);
    size_t n = chord->waiting ? 0 : plain_length(chord, in, len);
    if (n > 0) {
        pass(out, in, n);
        return n;
    }
    *ret_detach = on_byte(chord, in[0], out);
    return 1;
}

/* X10 mouse reports: three bytes from 32 on. A control byte is none of them. */
static size_t feed_mouse(struct chord *chord, uint8_t byte, struct bytes *out)
{
    bool belongs = chord->mouse_left > 0 && byte >= 0x20;
    if (belongs) {
        pass(out, &byte, 1);
        chord->mouse_left--;
    }
    if (!belongs || chord->mouse_left == 0)
        chord->state = CHORD_TEXT;
    return belongs ? 1 : 0;
}

static size_t feed_paste(struct chord *chord, const uint8_t *in, size_t len, struct bytes *out)
{
    static const char end[] = "\x1b[201~";
    size_t at = 0;
    while (at < len && chord->paste_match < sizeof(end) - 1) {
        if (in[at] == (uint8_t)end[chord->paste_match])
            chord->paste_match++;
        else
            chord->paste_match = in[at] == ESC ? 1 : 0;
        at++;
    }
    if (chord->paste_match == sizeof(end) - 1)
        chord->state = CHORD_TEXT;
    pass(out, in, at);
    return at;
}

static size_t feed_some(struct chord *chord, const uint8_t *in, size_t len, struct bytes *out,
                        bool *ret_detach)
{
    switch (chord->state) {
    case CHORD_TEXT:
        return feed_text(chord, in, len, out, ret_detach);
    case CHORD_SEQUENCE:
        return feed_sequence(chord, in[0], out, ret_detach);
    case CHORD_MOUSE:
        return feed_mouse(chord, in[0], out);
    case CHORD_PASTE:
        return feed_paste(chord, in, len, out);
    }
    return len;
}

void chord_init(struct chord *chord, const struct chord_keys *keys)
{
    *chord = (struct chord){.keys = *keys};
}

size_t chord_feed(struct chord *chord, const uint8_t *in, size_t len, struct bytes *out,
                  bool *ret_detach)
{
    *ret_detach = false;
    if (bytes_reserve(out, sizeof(chord->held) + sizeof(chord->sequence) + len) < 0)
        return 0;
    if (chord->keys.count == 0) {
        pass(out, in, len);
        return len;
    }
    size_t at = 0;
    while (at < len && !*ret_detach)
        at += feed_some(chord, in + at, len - at, out, ret_detach);
    if (*ret_detach) {
        struct chord_keys keys = chord->keys;
        chord_init(chord, &keys);
    }
    return at;
}

bool chord_pending(const struct chord *chord)
{
    return chord->state == CHORD_SEQUENCE && !chord->passed;
}

int chord_flush(struct chord *chord, struct bytes *out)
{
    if (!chord_pending(chord))
        return 0;
    int r = bytes_reserve(out, sizeof(chord->held) + sizeof(chord->sequence));
    if (r < 0)
        return r;
    stop_waiting(chord, out);
    /* Its end may still come, and it may be the beginning of a paste. */
    let_sequence_go(chord, out);
    return 0;
}
