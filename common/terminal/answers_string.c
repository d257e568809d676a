/* Answers to control strings: DECRQSS, XTGETTCAP, colours, the clipboard. */
#include <stdlib.h>
#include <string.h>

#include "common/terminal/answers.h"

/* DECRQSS */

/* DECRQSS's name of what is asked for: its intermediates and final. */
static bool is(const struct parser_string *string, const char *name)
{
    return string->len == strlen(name) && memcmp(string->data, name, string->len) == 0;
}

/* An SGR begins with 0, and underline, colours and all follow as pen_write() tells them. */
static void answer_pen(const struct pen *pen, struct writer *writer)
{
    static const struct pen plain = {0};
    struct pen rendition = *pen;
    struct bytes text = {0};
    struct writer part = {.out = &text};
    rendition.link = NULL;
    rendition.flags &= (uint16_t)~PEN_PROTECTED;
    pen_write(&plain, &rendition, &part);
    writer_text(writer, "\033P1$r0");
    /* Without the ESC [ before it; nothing when it is plain. */
    if (text.len > 2)
        writer_append(writer, text.data + 2, text.len - 2);
    else
        writer_text(writer, "m");
    writer_text(writer, "\033\\");
    bytes_finish(&text);
}

static void answer_margins(const struct canvas *canvas, bool sides, struct writer *writer)
{
    const struct margins *margins = &canvas->state.screen[state_screen(&canvas->state)].margins;
    unsigned first = 1, last = sides ? canvas->cols : canvas->rows;
    if (sides ? margins->sides_set : margins->set) {
        first = 1u + (sides ? margins->left : margins->top);
        last = 1u + (sides ? margins->right : margins->bottom);
    }
    writer_printf(writer, "\033P1$r%u;%u%c\033\\", first, last, sides ? 's' : 'r');
}

/* DECSCUSR: 1, a blinking block, unless set; mode 12 then says whether it blinks. */
static unsigned cursor_style(const struct state *state)
{
    unsigned style = state->style > 1 ? state->style - 1u : 1;
    bool blinks = modes_get(&state->modes, 12);
    if (state->blink_after_style || state->style <= 1)
        style = style % 2 == (blinks ? 1 : 0) ? style : blinks ? style - 1 : style + 1;
    return style;
}

static void answer_setting(const struct canvas *canvas, const struct parser_string *string,
                           struct writer *writer)
{
    const struct state *state = &canvas->state;
    if (is(string, "m"))
        answer_pen(&state->pen, writer);
    else if (is(string, "r"))
        answer_margins(canvas, false, writer);
    else if (is(string, "s"))
        answer_margins(canvas, true, writer);
    else if (is(string, " q"))
        writer_printf(writer, "\033P1$r%u q\033\\", cursor_style(state));
    else if (is(string, "\"q"))
        writer_printf(writer, "\033P1$r%d\"q\033\\", state->pen.flags & PEN_PROTECTED ? 1 : 0);
    else if (is(string, "\"p")) /* DECSCL: VT200, 7-bit controls */
        writer_text(writer, "\033P1$r62;1\"p\033\\");
    else if (is(string, "t")) /* DECSLPP */
        writer_printf(writer, "\033P1$r%ut\033\\", canvas->rows);
    else if (is(string, "$|")) /* DECSCPP */
        writer_printf(writer, "\033P1$r%u$|\033\\", canvas->cols);
    else if (is(string, "*|")) /* DECSNLS */
        writer_printf(writer, "\033P1$r%u*|\033\\", canvas->rows);
    else if (is(string, "$}") || is(string, "$~")) /* DECSASD, DECSSDT: no status line */
        writer_printf(writer, "\033P1$r0%.2s\033\\", (const char *)string->data);
    else
        writer_text(writer, "\033P0$r\033\\");
}

/* XTGETTCAP: names in hexadecimal, separated by semicolons. Each is answered by itself, as kitty
 * and foot do; xterm stops at the first that it does not know. */

static const struct capability {
    const char *name, *value;
} capabilities[] = {
    {"TN", "xterm-256color"},
    {"name", "xterm-256color"},
    {"Co", "256"},
    {"colors", "256"},
};

static void write_hex(struct writer *writer, const char *text)
{
    for (; *text; text++)
        writer_printf(writer, "%02X", (uint8_t)*text);
}

/* Whether len hexadecimal digits stand for that text. */
static bool is_hex_of(const char *digits, size_t len, const char *text)
{
    for (; *text && len >= 2; text++, digits += 2, len -= 2) {
        char two[] = {digits[0], digits[1], '\0'};
        char *end;
        if (strtoul(two, &end, 16) != (uint8_t)*text || end != two + 2)
            return false;
    }
    return *text == '\0' && len == 0;
}

static void answer_capability(const char *digits, size_t len, struct writer *writer)
{
    for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
        if (!is_hex_of(digits, len, capabilities[i].name))
            continue;
        writer_text(writer, "\033P1+r");
        write_hex(writer, capabilities[i].name);
        writer_text(writer, "=");
        write_hex(writer, capabilities[i].value);
        writer_text(writer, "\033\\");
        return;
    }
    writer_text(writer, "\033P0+r");
    if (strspn(digits, "0123456789abcdefABCDEF") >= len)
        writer_append(writer, digits, len);
    writer_text(writer, "\033\\");
}

/* Calls for each of the fields between semicolons, as long as the answers are not too long. */
static void answer_capabilities(const struct parser_string *string, struct writer *writer)
{
    const char *text = (const char *)string->data, *end = text + string->len;
    size_t before = writer->out->len;
    while (text <= end && writer->out->len - before < ANSWER_MAX / 2) {
        const char *semicolon = memchr(text, ';', (size_t)(end - text));
        const char *stop = semicolon ? semicolon : end;
        answer_capability(text, (size_t)(stop - text), writer);
        text = stop + 1;
    }
}

/* Colours */

/* The colour that a slot has now: the job's own, if that can be told, or the terminal's. */
static uint64_t color_now(const struct canvas *canvas, const struct profile *profile, unsigned slot)
{
    uint64_t color;
    const char *spec = palette_get(canvas->state.palette, slot);
    if (spec && profile_parse_color(spec, strlen(spec), &color))
        return color;
    return profile_color(profile, slot);
}

/* One answer; it ends as the question does. pair: the slot's number comes first. */
static void write_color(int32_t number, unsigned pair, uint64_t color,
                        const struct parser_string *question, struct writer *writer)
{
    writer_printf(writer, "\033]%d;", number);
    if (number < 10)
        writer_printf(writer, "%u;", pair);
    writer_printf(writer, "rgb:%04x/%04x/%04x%s", (unsigned)(color >> 32 & 0xffff),
                  (unsigned)(color >> 16 & 0xffff), (unsigned)(color & 0xffff),
                  question->bell ? "\a" : "\033\\");
}

static void answer_colors(const struct canvas *canvas, const struct profile *profile,
                          const struct parser_string *string, struct writer *writer)
{
    size_t start, before = writer->out->len;
    int32_t number = question_osc_number(string->data, string->len, &start), slot = -1;
    const uint8_t *text = string->data + start, *end = string->data + string->len;
    int32_t slots = number == 4 ? PALETTE_SPECIAL : PALETTE_SPECIAL_COUNT;
    bool color = number >= 10;
    while (text <= end && number <= 19 && writer->out->len - before < ANSWER_MAX / 2) {
        const uint8_t *semicolon = memchr(text, ';', (size_t)(end - text));
        const uint8_t *stop = semicolon ? semicolon : end;
        bool asks = stop - text == 1 && *text == '?';
        if (!color) {
            slot = question_osc_number(text, (size_t)(stop - text), &start);
        } else if (number >= 10) {
            unsigned of = PALETTE_DYNAMIC + (unsigned)number - 10;
            if (asks)
                write_color(number, 0, color_now(canvas, profile, of), string, writer);
            number++;
        } else if (asks && slot >= 0 && slot < slots) {
            unsigned of = (unsigned)slot + (number == 5 ? PALETTE_SPECIAL : 0);
            write_color(number, (unsigned)slot, color_now(canvas, profile, of), string, writer);
        }
        color = number >= 10 || !color;
        text = stop + 1;
    }
}

/* Empty, at once: whoever asks need not wait (foot does so when it is not allowed). The names of
 * the selections asked for come back. */
static void answer_clipboard(const struct parser_string *string, struct writer *writer)
{
    size_t names = 0, start = sizeof("52;") - 1;
    while (start + names < string->len && names < 8 &&
           strchr("cpqs01234567", string->data[start + names]) && string->data[start + names])
        names++;
    writer_printf(writer, "\033]52;%.*s;%s", (int)names, (const char *)string->data + start,
                  string->bell ? "\a" : "\033\\");
}

void answer_string(const struct canvas *canvas, const struct profile *profile,
                   const struct question *question, struct writer *writer)
{
    const struct parser_string *string = question->string;
    if (!string || string->truncated)
        return;
    if (question->kind == QUESTION_SETTING)
        answer_setting(canvas, string, writer);
    else if (question->kind == QUESTION_CAPABILITY)
        answer_capabilities(string, writer);
    else if (question->kind == QUESTION_COLOR)
        answer_colors(canvas, profile, string, writer);
    else if (question->kind == QUESTION_CLIPBOARD)
        answer_clipboard(string, writer);
}
