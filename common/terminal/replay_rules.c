#include "common/terminal/replay_rules.h"

#include <string.h>

#include "common/terminal/questions.h"
#include "common/terminal/writer.h"

enum { BEL = 0x07, SYNCHRONIZED = 2026 };

#define KEY(prefix, intermediate, final) PARSER_KEY(prefix, intermediate, final)

bool replay_drops_control(uint8_t control)
{
    return control == BEL || question_in_control(control) != QUESTION_NONE;
}

bool replay_drops_escape(const struct parser_sequence *escape)
{
    return question_in_escape(escape) != QUESTION_NONE;
}

static enum replay_verdict judge_modes(const struct parser_sequence *csi)
{
    bool found = false, others = false;
    for (unsigned i = 0; i < csi->count; i++) {
        found |= csi->value[i] == SYNCHRONIZED;
        others |= csi->value[i] >= 0 && csi->value[i] != SYNCHRONIZED;
    }
    return !found ? REPLAY_PASS : others ? REPLAY_REWRITE : REPLAY_DROP;
}

/* XTWINOPS: all but pushing and popping titles. */
static enum replay_verdict judge_window(const struct parser_sequence *csi)
{
    int32_t what = parser_param(csi, 0, 0);
    return what == 22 || what == 23 ? REPLAY_PASS : REPLAY_DROP;
}

enum replay_verdict replay_judge_csi(const struct parser_sequence *csi)
{
    if (csi->malformed || csi->intermediate[1])
        return REPLAY_PASS;
    switch (KEY(csi->prefix, csi->intermediate[0], csi->final)) {
    case KEY('?', 0, 'h'):
    case KEY('?', 0, 'l'):
        return judge_modes(csi);
    case KEY(0, 0, 't'):
        return judge_window(csi);
    case KEY(0, 0, 'J'):
        return parser_param(csi, 0, 0) == 3 ? REPLAY_DROP : REPLAY_PASS;
    case KEY(0, 0, 'y'): /* DECTST */
    case KEY(0, 0, 'i'): /* MC */
    case KEY('?', 0, 'i'):
    case KEY(0, '$', '|'): /* DECSCPP, DECSNLS: sizes */
    case KEY(0, '*', '|'):
    case KEY(0, '+', 'p'): /* DECSR */
        return REPLAY_DROP;
    default:
        return question_in_csi(csi) != QUESTION_NONE ? REPLAY_DROP : REPLAY_PASS;
    }
}

enum replay_verdict replay_judge_dcs(const struct parser_sequence *head)
{
    if (!head || head->intermediate[1])
        return REPLAY_PASS;
    switch (KEY(head->prefix, head->intermediate[0], head->final)) {
    case KEY('=', 0, 's'): /* synchronized output, the older form */
    case KEY(0, 0, '@'):   /* kitty's remote control */
        return REPLAY_DROP;
    default:
        return question_in_dcs(head) != QUESTION_NONE ? REPLAY_DROP : REPLAY_PASS;
    }
}

static bool has(const uint8_t *data, size_t len, const char *text)
{
    return memmem(data, len, text, strlen(text)) != NULL;
}

static bool begins(const uint8_t *data, size_t len, const char *text)
{
    return len >= strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

/* iTerm2's own: those that ask, take the focus, use the clipboard or open something. */
static enum replay_verdict judge_iterm2(const uint8_t *text, size_t len, bool complete)
{
    static const char *const once[] = {"RequestAttention", "StealFocus",  "CopyToClipboard",
                                       "EndCopy",          "Copy=",       "ReportCellSize",
                                       "ReportVariable",   "OpenURL",     "RequestUpload",
                                       "ClearScrollback",  "Capabilities"};
    enum { LONGEST = 16 };
    if (len < LONGEST && !complete)
        return REPLAY_WAIT;
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        if (begins(text, len, once[i]))
            return REPLAY_DROP;
    }
    return REPLAY_PASS;
}

/* Colours: what asks goes, what sets stays. text: pairs of slot and colour, or colours only. */
static enum replay_verdict judge_colors(const uint8_t *text, size_t len, bool pairs)
{
    bool sets, asks = question_in_colors(text, len, pairs, &sets);
    return !asks ? REPLAY_PASS : sets ? REPLAY_REWRITE : REPLAY_DROP;
}

enum replay_verdict replay_judge_osc(const uint8_t *data, size_t len, bool complete)
{
    size_t start;
    int32_t number = question_osc_number(data, len, &start);
    const uint8_t *text = data + start;
    len -= start;
    if (start == 0 || (text[-1] != ';' && !complete && number >= 0))
        return complete ? REPLAY_PASS : REPLAY_WAIT;
    switch (number) {
    case 9:  /* notification; progress is told otherwise */
    case 52: /* clipboard */
    case 60: /* XTQALLOWED, XTQDISALLOWED */
    case 61:
    case 99:   /* kitty's notifications */
    case 701:  /* rxvt: locale */
    case 777:  /* rxvt's notifications */
    case 5113: /* kitty's file transfer */
    case 5522: /* kitty's clipboard */
        return REPLAY_DROP;
    case 1337:
        return judge_iterm2(text, len, complete);
    case 4:
    case 5:
    case 10:
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
        return complete ? judge_colors(text, len, number < 10) : REPLAY_WAIT;
    case 21: /* kitty's colours: key=? */
        return !complete ? REPLAY_WAIT : has(text, len, "=?") ? REPLAY_DROP : REPLAY_PASS;
    case 22: /* pointer shape */
    case 50: /* font */
        return !complete && len == 0       ? REPLAY_WAIT
               : len > 0 && text[0] == '?' ? REPLAY_DROP
                                           : REPLAY_PASS;
    default:
        return REPLAY_PASS;
    }
}

static bool has_key(const uint8_t *keys, size_t len, const char *key)
{
    return begins(keys, len, key) ||
           (len > 0 && memmem(keys, len, (char[]){',', key[0], '=', '\0'}, 3) != NULL);
}

/* kitty's graphics: a=q asks; what has an identifier is answered unless q=2 says that it need not.
 */
enum replay_verdict replay_judge_apc(const uint8_t *data, size_t len)
{
    if (len == 0 || data[0] != 'G')
        return REPLAY_PASS;
    const uint8_t *keys = data + 1;
    len--;
    if (question_key_is(keys, len, "a=q"))
        return REPLAY_DROP;
    bool answered = has_key(keys, len, "i=") || has_key(keys, len, "I=");
    return answered && !question_key_is(keys, len, "q=2") ? REPLAY_REWRITE : REPLAY_PASS;
}

int replay_rewrite_apc(const uint8_t *data, size_t len, struct bytes *out)
{
    struct writer writer = {.out = out};
    writer_text(&writer, "\033_Gq=2");
    for (size_t i = 1; i < len;) {
        const uint8_t *comma = memchr(data + i, ',', len - i);
        size_t end = comma ? (size_t)(comma - data) : len;
        if (!begins(data + i, end - i, "q=")) {
            writer_text(&writer, ",");
            writer_append(&writer, data + i, end - i);
        }
        i = end + 1;
    }
    return writer.error;
}

int replay_rewrite_csi(const struct parser_sequence *csi, struct bytes *out)
{
    struct writer writer = {.out = out};
    const char *separator = "\033[?";
    for (unsigned i = 0; i < csi->count; i++) {
        if (csi->value[i] == SYNCHRONIZED || csi->value[i] < 0)
            continue;
        writer_printf(&writer, "%s%d", separator, csi->value[i]);
        separator = ";";
    }
    writer_printf(&writer, "%c", csi->final);
    return writer.error;
}

/* The end of the field that begins at text: a semicolon or end. */
static const uint8_t *field_end(const uint8_t *text, const uint8_t *end)
{
    const uint8_t *semicolon = memchr(text, ';', (size_t)(end - text));
    return semicolon ? semicolon : end;
}

/* Sets one colour anew, unless it is a question. what: from the slot, if there is one, to the
 * colour's end. */
static void rewrite_color(int32_t number, const uint8_t *what, const uint8_t *color,
                          const uint8_t *end, struct writer *writer)
{
    if (end - color == 1 && color[0] == '?')
        return;
    writer_printf(writer, "\033]%d;", number);
    writer_append(writer, what, (size_t)(end - what));
    writer_text(writer, "\033\\");
}

int replay_rewrite_osc(const struct parser_string *string, struct bytes *out)
{
    struct writer writer = {.out = out};
    const uint8_t *end = string->data + string->len;
    size_t start;
    int32_t number = question_osc_number(string->data, string->len, &start);
    bool pairs = number < 10;
    for (const uint8_t *text = string->data + start; text < end;) {
        const uint8_t *color = text, *stop = field_end(text, end);
        if (pairs) {
            color = stop < end ? stop + 1 : end;
            stop = field_end(color, end);
        }
        rewrite_color(number, text, color, stop, &writer);
        number += pairs ? 0 : 1;
        text = stop < end ? stop + 1 : end;
    }
    return writer.error;
}
