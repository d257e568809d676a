#include "common/terminal/questions.h"

#include <string.h>

enum { ENQ = 0x05, DECID = 0x9a };

#define KEY(prefix, intermediate, final) PARSER_KEY(prefix, intermediate, final)

enum question_kind question_in_control(uint8_t control)
{
    return control == ENQ     ? QUESTION_OTHER /* the answerback, empty by default */
           : control == DECID ? QUESTION_ATTRIBUTES
                              : QUESTION_NONE;
}

enum question_kind question_in_escape(const struct parser_sequence *escape)
{
    bool decid = escape->final == 'Z' && !escape->intermediate[0];
    return decid ? QUESTION_ATTRIBUTES : QUESTION_NONE;
}

static enum question_kind window_question(const struct parser_sequence *csi)
{
    int32_t what = parser_param(csi, 0, 0);
    return what >= 11 && what <= 21 && what != 12 && what != 17 ? QUESTION_WINDOW : QUESTION_NONE;
}

/* Those that only a few terminals know. */
static enum question_kind rare_question(uint32_t key)
{
    switch (key) {
    case KEY('?', 0, 'S'):  /* XTSMGRAPHICS */
    case KEY(0, '$', 'u'):  /* DECRQTSR */
    case KEY(0, '*', 'y'):  /* DECRQCRA */
    case KEY(0, '&', 'u'):  /* DECRQUPSS */
    case KEY(0, '"', 'v'):  /* DECRQDE */
    case KEY(0, '\'', '|'): /* DECRQLP */
    case KEY(0, '#', '|'):  /* XTREPORTSGR */
    case KEY(0, '#', 'R'):  /* XTREPORTCOLORS */
        return QUESTION_OTHER;
    default:
        return QUESTION_NONE;
    }
}

enum question_kind question_in_csi(const struct parser_sequence *csi)
{
    if (csi->malformed || csi->intermediate[1])
        return QUESTION_NONE;
    uint32_t key = KEY(csi->prefix, csi->intermediate[0], csi->final);
    switch (key) {
    case KEY(0, 0, 'c'):
        return QUESTION_ATTRIBUTES;
    case KEY('>', 0, 'c'):
        return QUESTION_SECONDARY;
    case KEY('=', 0, 'c'):
        return QUESTION_TERTIARY;
    case KEY(0, 0, 'n'):
        return QUESTION_STATUS;
    case KEY('?', 0, 'n'):
        return QUESTION_STATUS_DEC;
    case KEY(0, '$', 'p'):
        return QUESTION_MODE;
    case KEY('?', '$', 'p'):
        return QUESTION_MODE_DEC;
    case KEY(0, '$', 'w'):
        return QUESTION_PRESENTATION;
    case KEY(0, 0, 'x'):
        return QUESTION_PARAMETERS;
    case KEY(0, 0, 't'):
        return window_question(csi);
    case KEY('>', 0, 'q'):
        return QUESTION_VERSION;
    case KEY('?', 0, 'u'):
        return QUESTION_KEYBOARD;
    case KEY('?', 0, 'm'):
        return QUESTION_KEY_MODIFIER;
    default:
        return rare_question(key);
    }
}

enum question_kind question_in_dcs(const struct parser_sequence *head)
{
    if (!head || head->intermediate[1])
        return QUESTION_NONE;
    switch (KEY(head->prefix, head->intermediate[0], head->final)) {
    case KEY(0, '$', 'q'):
        return QUESTION_SETTING;
    case KEY(0, '+', 'q'):
        return QUESTION_CAPABILITY;
    case KEY(0, '+', 'Q'): /* XTGETXRES */
        return QUESTION_OTHER;
    default:
        return QUESTION_NONE;
    }
}

int32_t question_osc_number(const uint8_t *data, size_t len, size_t *ret_text)
{
    int32_t number = 0;
    size_t i = 0;
    for (; i < len && i < 6 && data[i] >= '0' && data[i] <= '9'; i++)
        number = number * 10 + (data[i] - '0');
    bool valid = i > 0 && (i == len || data[i] == ';');
    *ret_text = i < len ? i + 1 : i;
    return valid ? number : -1;
}

bool question_in_colors(const uint8_t *text, size_t len, bool pairs, bool *ret_sets)
{
    bool asks = false;
    const uint8_t *end = text + len;
    *ret_sets = false;
    for (bool color = !pairs;; color = !pairs || !color) {
        const uint8_t *semicolon = memchr(text, ';', (size_t)(end - text));
        size_t field = (size_t)((semicolon ? semicolon : end) - text);
        bool question = field == 1 && text[0] == '?';
        asks |= color && question;
        *ret_sets |= color && !question;
        if (!semicolon)
            return asks;
        text = semicolon + 1;
    }
}

static bool begins(const uint8_t *data, size_t len, const char *text)
{
    return len >= strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

/* iTerm2's own. */
static bool asks_iterm2(const uint8_t *text, size_t len)
{
    return begins(text, len, "ReportCellSize") || begins(text, len, "ReportVariable") ||
           begins(text, len, "Capabilities");
}

static enum question_kind question_in_osc(const uint8_t *data, size_t len)
{
    size_t start;
    bool sets;
    int32_t number = question_osc_number(data, len, &start);
    const uint8_t *text = data + start;
    len -= start;
    if (number == 4 || number == 5 || (number >= 10 && number <= 19))
        return question_in_colors(text, len, number < 10, &sets) ? QUESTION_COLOR : QUESTION_NONE;
    switch (number) {
    case 52:
        return len >= 2 && text[len - 1] == '?' && text[len - 2] == ';' ? QUESTION_CLIPBOARD
                                                                        : QUESTION_NONE;
    case 21: /* kitty's colours: key=? */
        return memmem(text, len, "=?", 2) ? QUESTION_OTHER : QUESTION_NONE;
    case 22: /* pointer shape */
    case 50: /* font */
        return len > 0 && text[0] == '?' ? QUESTION_OTHER : QUESTION_NONE;
    case 60: /* XTQALLOWED, XTQDISALLOWED */
    case 61:
    case 701:  /* rxvt: locale */
    case 5522: /* kitty's clipboard */
        return QUESTION_OTHER;
    case 99: /* kitty's notifications */
        return memmem(text, len, "p=?", 3) ? QUESTION_OTHER : QUESTION_NONE;
    case 1337:
        return asks_iterm2(text, len) ? QUESTION_OTHER : QUESTION_NONE;
    default:
        return QUESTION_NONE;
    }
}

bool question_key_is(const uint8_t *keys, size_t len, const char *key_and_value)
{
    size_t wanted = strlen(key_and_value);
    for (size_t i = 0; i + wanted <= len; i++) {
        if ((i == 0 || keys[i - 1] == ',') && memcmp(keys + i, key_and_value, wanted) == 0 &&
            (i + wanted == len || keys[i + wanted] == ','))
            return true;
    }
    return false;
}

/* kitty's graphics: a=q asks whether an image could be shown. */
static enum question_kind question_in_apc(const uint8_t *data, size_t len)
{
    if (len == 0 || data[0] != 'G')
        return QUESTION_NONE;
    const uint8_t *end = memchr(data, ';', len);
    size_t keys = (size_t)((end ? end : data + len) - (data + 1));
    return question_key_is(data + 1, keys, "a=q") ? QUESTION_OTHER : QUESTION_NONE;
}

enum question_kind question_in_string(const struct parser_string *string)
{
    if (string->cancelled)
        return QUESTION_NONE;
    switch (string->kind) {
    case PARSER_DCS:
        return question_in_dcs(string->head);
    case PARSER_OSC:
        return question_in_osc(string->data, string->len);
    case PARSER_APC:
        return question_in_apc(string->data, string->len);
    case PARSER_PM:
    case PARSER_SOS:
        break;
    }
    return QUESTION_NONE;
}
