#include "common/terminal/answers.h"

#include <string.h>

#include "common/terminal/tabs.h"

/* DECRPM: what is said of a mode. */
enum { MODE_UNKNOWN, MODE_SET, MODE_RESET, MODE_ALWAYS_SET, MODE_NEVER_SET };

/* OSC 11's colour counts as dark below that (contour's DSR ?996 and others). */
enum { DARK_BELOW = 128 };

void answer_place(const struct canvas *canvas, unsigned *ret_row, unsigned *ret_col)
{
    const struct cursor *cursor = &canvas->cursor;
    unsigned x = cursor->least < canvas->cols ? cursor->least : canvas->cols - 1u;
    unsigned y = cursor->y < canvas->rows ? cursor->y : canvas->rows - 1;
    if (canvas->state.origin) {
        struct margins margins = canvas_margins(canvas);
        y -= y >= margins.top ? margins.top : y;
        if (margins.sides_set)
            x -= x >= margins.left ? margins.left : x;
    }
    *ret_row = y + 1;
    *ret_col = x + 1;
}

/* DSR */

static void answer_status(const struct canvas *canvas, int32_t what, struct writer *writer)
{
    unsigned row, col;
    answer_place(canvas, &row, &col);
    if (what == 5)
        writer_text(writer, "\033[0n");
    else if (what == 6)
        writer_printf(writer, "\033[%u;%uR", row, col);
}

static bool is_dark(const struct canvas *canvas, const struct profile *profile)
{
    const char *spec = palette_get(canvas->state.palette, PALETTE_DYNAMIC + 1);
    uint64_t color = profile->color[PROFILE_BACKGROUND];
    uint64_t own;
    if (spec && profile_parse_color(spec, strlen(spec), &own))
        color = own;
    /* Rec. 709 luma, of the upper 8 bits. */
    uint64_t luma =
        2126 * (color >> 40 & 0xff) + 7152 * (color >> 24 & 0xff) + 722 * (color >> 8 & 0xff);
    return luma < (uint64_t)DARK_BELOW * 10000;
}

static void answer_status_dec(const struct canvas *canvas, const struct profile *profile,
                              const struct parser_sequence *csi, struct writer *writer)
{
    unsigned row, col;
    switch (parser_param(csi, 0, 0)) {
    case 6: /* DECXCPR */
        answer_place(canvas, &row, &col);
        writer_printf(writer, "\033[?%u;%uR", row, col);
        break;
    case 15: /* printer: none */
        writer_text(writer, "\033[?13n");
        break;
    case 25: /* user-defined keys: locked */
        writer_text(writer, "\033[?21n");
        break;
    case 26: /* keyboard: North American */
        writer_text(writer, "\033[?27;1;0;0n");
        break;
    case 53: /* locator: none */
    case 55:
        writer_text(writer, "\033[?50n");
        break;
    case 56:
        writer_text(writer, "\033[?57;0n");
        break;
    case 62: /* space for macros */
        writer_text(writer, "\033[0*{");
        break;
    case 63: /* their checksum */
        writer_printf(writer, "\033P%d!~0000\033\\", parser_param(csi, 1, 0));
        break;
    case 75: /* data integrity: no error */
        writer_text(writer, "\033[?70n");
        break;
    case 85: /* several sessions: not configured */
        writer_text(writer, "\033[?83n");
        break;
    case 996: /* colour scheme (contour; kitty, ghostty, VTE, foot) */
        writer_text(writer, is_dark(canvas, profile) ? "\033[?997;1n" : "\033[?997;2n");
        break;
    default:
        break;
    }
}

/* DECRQM */

static int said(bool value)
{
    return value ? MODE_SET : MODE_RESET;
}

static int ansi_mode(const struct state *state, int32_t number)
{
    switch (number) {
    case 2:
        return said(state->keyboard_locked);
    case 4:
        return said(state->insert);
    case 12:
        return said(!state->local_echo);
    case 20:
        return said(state->newline);
    case 1: /* GATM, SRTM, VEM, HEM, PUM, FEAM, FETM, MATM, TTM, SATM, TSM, EBM */
    case 5:
    case 7:
    case 10:
    case 11:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
        return MODE_NEVER_SET;
    default:
        return MODE_UNKNOWN;
    }
}

/* Those that the state knows by name. */
static int special_mode(const struct state *state, int32_t number)
{
    switch (number) {
    case 2: /* DECANM: ANSI */
        return MODE_SET;
    case 3: /* DECCOLM: the size is the terminal's affair */
        return MODE_RESET;
    case 6:
        return said(state->origin);
    case 7:
        return said(state->autowrap);
    case 25:
        return said(state->visible);
    case 47:
    case 1047:
    case 1049:
        return said(state->alternate);
    case 66:
        return said(state->keypad);
    case 69:
        return said(state->side_margins);
    case 1048:
        return said(state->screen[state_screen(state)].saved.set);
    case 2026:
        return said(state->synchronized);
    default:
        return MODE_UNKNOWN;
    }
}

/* Those kept as numbers that xterm and most others know. 2031: colour scheme reports. */
static bool is_known(int32_t number)
{
    static const uint16_t known[] = {1,    4,    5,    8,    9,    12,   40,   41,   45,   67,
                                     95,   1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015,
                                     1016, 1034, 1035, 1036, 1039, 1042, 2004, 2031};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i] == number)
            return true;
    }
    return false;
}

static int dec_mode(const struct state *state, int32_t number)
{
    int mode = special_mode(state, number);
    if (mode == MODE_UNKNOWN && is_known(number))
        mode = said(modes_get(&state->modes, (unsigned)number));
    return mode;
}

/* DECRQPSR */

/* DECCIR. Bits as in the VT510's manual: 0x40 makes them printable. */
static void answer_cursor_report(const struct canvas *canvas, struct writer *writer)
{
    enum { BOLD = 1, UNDERLINE = 2, BLINK = 4, INVERSE = 8, PROTECTED = 1 };
    enum { ORIGIN = 1, SINGLE_2 = 2, WRAP = 8 };
    const struct state *state = &canvas->state;
    const struct pen *pen = &state->pen;
    const struct charsets *sets = &state->charsets;
    unsigned row, col;
    answer_place(canvas, &row, &col);
    unsigned rendition = (pen->flags & PEN_BOLD ? BOLD : 0u) | (pen->underline ? UNDERLINE : 0u) |
                         (pen->flags & PEN_BLINK ? BLINK : 0u) |
                         (pen->flags & PEN_INVERSE ? INVERSE : 0u);
    unsigned flags = (state->origin ? ORIGIN : 0u) | (canvas->single_shift ? SINGLE_2 : 0u) |
                     (canvas->cursor.most >= canvas->cols ? WRAP : 0u);
    unsigned sizes = 0;
    for (unsigned i = 0; i < 4; i++)
        sizes |= sets->set[i].lead >= '-' && sets->set[i].lead <= '/' ? 1u << i : 0;
    writer_printf(writer, "\033P1$u%u;%u;1;%c;%c;%c;%u;%u;%c;", row, col, 0x40 + rendition,
                  0x40 + (pen->flags & PEN_PROTECTED ? PROTECTED : 0), 0x40 + flags, sets->left,
                  sets->right, 0x40 + sizes);
    for (unsigned i = 0; i < 4; i++) {
        const struct charset *set = &sets->set[i];
        if (set->second)
            writer_printf(writer, "%c", set->second);
        writer_printf(writer, "%c", set->lead ? set->final : 'B');
    }
    writer_text(writer, "\033\\");
}

/* DECTABSR. */
static void answer_tabs(const struct canvas *canvas, struct writer *writer)
{
    const struct shared *tabs = canvas->state.screen[state_screen(&canvas->state)].tabs;
    const char *separator = "";
    writer_text(writer, "\033P2$u");
    for (unsigned x = 0; x < canvas->cols && x < ANSWER_MAX / 8; x++) {
        if (!tabs_at(tabs, x))
            continue;
        writer_printf(writer, "%s%u", separator, x + 1);
        separator = "/";
    }
    writer_text(writer, "\033\\");
}

/* XTWINOPS */

static void answer_window(const struct canvas *canvas, const struct profile *profile, int32_t what,
                          struct writer *writer)
{
    unsigned rows = canvas->rows, cols = canvas->cols, width = profile->cell_width,
             height = profile->cell_height;
    switch (what) {
    case 11: /* not iconified */
        writer_text(writer, "\033[1t");
        break;
    case 13: /* place of the window */
        writer_text(writer, "\033[3;0;0t");
        break;
    case 14: /* text area in pixels, screen in pixels */
    case 15:
        writer_printf(writer, "\033[%d;%u;%ut", what - 10, rows * height, cols * width);
        break;
    case 16: /* a cell */
        writer_printf(writer, "\033[6;%u;%ut", height, width);
        break;
    case 18: /* text area, screen, in cells */
    case 19:
        writer_printf(writer, "\033[%d;%u;%ut", what - 10, rows, cols);
        break;
    case 20: /* the icon's and the window's title, empty */
        writer_text(writer, "\033]L\033\\");
        break;
    case 21:
        writer_text(writer, "\033]l\033\\");
        break;
    default:
        break;
    }
}

/* The rest */

static void answer_key_modifier(const struct keyboard *keyboard, int32_t resource,
                                struct writer *writer)
{
    int value = keyboard_resource(keyboard, resource);
    if (resource < 0 || resource >= KEYBOARD_RESOURCES)
        return;
    writer_printf(writer, value < 0 ? "\033[>%dm" : "\033[>%d;%dm", resource, value);
}

/* DA1 to DA3, XTVERSION: only a zero, or nothing, asks. */
static void answer_identity(const struct profile *profile, enum question_kind kind,
                            struct writer *writer)
{
    if (kind == QUESTION_ATTRIBUTES)
        writer_printf(writer, "\033[?%sc", profile->attributes);
    else if (kind == QUESTION_SECONDARY)
        writer_printf(writer, "\033[>%sc", profile->secondary);
    else if (kind == QUESTION_TERTIARY)
        writer_text(writer, "\033P!|00000000\033\\");
    else if (profile->version[0])
        writer_printf(writer, "\033P>|%s\033\\", profile->version);
}

/* DECREPTPARM: no parity, 8 bits, 38400 baud both ways. */
static void answer_parameters(int32_t what, struct writer *writer)
{
    if (what <= 1)
        writer_printf(writer, "\033[%d;1;1;128;128;1;0x", what + 2);
}

static void answer_presentation(const struct canvas *canvas, int32_t what, struct writer *writer)
{
    if (what == 1)
        answer_cursor_report(canvas, writer);
    else if (what == 2)
        answer_tabs(canvas, writer);
}

static void answer(const struct canvas *canvas, const struct profile *profile,
                   const struct question *question, struct writer *writer)
{
    static const struct parser_sequence none = {0};
    const struct state *state = &canvas->state;
    const struct parser_sequence *csi = question->sequence ? question->sequence : &none;
    int32_t what = parser_param(csi, 0, 0);
    switch (question->kind) {
    case QUESTION_ATTRIBUTES:
    case QUESTION_SECONDARY:
    case QUESTION_TERTIARY:
    case QUESTION_VERSION:
        /* With more parameters it is an answer, which somebody echoes. */
        if (what == 0 && csi->count <= 1)
            answer_identity(profile, question->kind, writer);
        break;
    case QUESTION_STATUS:
        answer_status(canvas, what, writer);
        break;
    case QUESTION_STATUS_DEC:
        answer_status_dec(canvas, profile, csi, writer);
        break;
    case QUESTION_MODE:
        writer_printf(writer, "\033[%d;%d$y", what, ansi_mode(state, what));
        break;
    case QUESTION_MODE_DEC:
        writer_printf(writer, "\033[?%d;%d$y", what, dec_mode(state, what));
        break;
    case QUESTION_PRESENTATION:
        answer_presentation(canvas, what, writer);
        break;
    case QUESTION_PARAMETERS:
        answer_parameters(what, writer);
        break;
    case QUESTION_WINDOW:
        answer_window(canvas, profile, what, writer);
        break;
    case QUESTION_KEYBOARD:
        if (profile->keyboard)
            writer_printf(writer, "\033[?%uu",
                          keyboard_flags(&state->keyboard, state_screen(state)));
        break;
    case QUESTION_KEY_MODIFIER:
        answer_key_modifier(&state->keyboard, parser_param(csi, 0, -1), writer);
        break;
    case QUESTION_SETTING:
    case QUESTION_CAPABILITY:
    case QUESTION_COLOR:
    case QUESTION_CLIPBOARD:
        answer_string(canvas, profile, question, writer);
        break;
    case QUESTION_NONE:
    case QUESTION_OTHER:
        break;
    }
}

int answer_question(const struct canvas *canvas, const struct profile *profile,
                    const struct question *question, struct bytes *out)
{
    struct writer writer = {.out = out};
    size_t len = out->len;
    answer(canvas, profile, question, &writer);
    if (writer.error < 0)
        out->len = len;
    return writer.error;
}
