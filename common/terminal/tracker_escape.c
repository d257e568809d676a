/*
 * What controls, escape sequences and control strings mean. Sources: ECMA-48, ECMA-35, xterm's
 * ctlseqs; for strings of single terminals see each.
 */
#include <string.h>

#include "common/terminal/tabs.h"
#include "common/terminal/tracker_internal.h"

enum { LINK_LEN_MAX = 4096, DIRECTORY_LEN_MAX = 4096, PROGRESS_LEN_MAX = 32 };

static void shift_left(struct canvas *canvas, uint8_t set)
{
    canvas->state.charsets.left = set;
    canvas->unsure &= ~(unsigned)UNSURE_SHIFT;
}

static void set_tab(struct canvas *canvas)
{
    struct shared **tabs = &canvas->state.screen[state_screen(&canvas->state)].tabs;
    const struct cursor *cursor = &canvas->cursor;
    if (cursor->least != cursor->most || cursor->most >= canvas->cols ||
        tabs_set(tabs, canvas->cols, cursor->most, true) < 0)
        canvas->unsure_screen[state_screen(&canvas->state)] |= UNSURE_TABS;
}

void tracker_control(struct tracker *tracker, uint8_t control, uint64_t begin)
{
    struct canvas *canvas = &tracker->canvas;
    uint8_t text = control;
    switch (control) {
    case '\a':
        tracker_ring(tracker);
        break;
    case '\b':
        canvas_backspace(canvas);
        break;
    case '\t': /* these five only come here inside of a sequence */
    case '\n':
    case '\v':
    case '\f':
    case '\r':
        canvas_text(canvas, &text, 1, begin);
        break;
    case 0x0e: /* SO, LS1 */
        shift_left(canvas, 1);
        break;
    case 0x0f: /* SI, LS0 */
        shift_left(canvas, 0);
        break;
    case 0x84: /* IND */
        canvas_index(canvas);
        break;
    case 0x85: /* NEL */
        canvas_next_line(canvas);
        break;
    case 0x88: /* HTS */
        set_tab(canvas);
        break;
    case 0x8d: /* RI, which xterm.js does not know in this form */
        canvas_mix(canvas);
        canvas_lose_row(canvas);
        canvas_use_row(canvas);
        break;
    case 0x8e: /* SS2 */
    case 0x8f: /* SS3 */
        canvas->single_shift = true;
        break;
    default:
        tracker_ask(tracker, question_in_control(control), NULL, NULL);
        break;
    }
}

static void designate(struct canvas *canvas, const struct parser_sequence *escape)
{
    int slot = charsets_designate(&canvas->state.charsets, escape);
    if (slot >= 0) {
        canvas->unsure &= ~(1u << slot);
    } else if (escape->intermediate[0] == '%') { /* DOCS, which resets the sets in xterm.js */
        struct charsets plain;
        charsets_reset(&plain);
        canvas->unsure |= charsets_difference(&canvas->state.charsets, &plain);
        canvas->state.charsets.coding = escape->final == 'G' ? 0 : escape->final;
    } else if (escape->intermediate[0] == '#' && escape->final == '8') {
        canvas_align(canvas);
    }
}

static bool escape_moves(struct tracker *tracker, uint8_t final)
{
    struct canvas *canvas = &tracker->canvas;
    switch (final) {
    case '7': /* DECSC */
        canvas_save_cursor(canvas);
        return true;
    case '8': /* DECRC */
        canvas_restore_cursor(canvas);
        return true;
    case 'D': /* IND */
        canvas_index(canvas);
        return true;
    case 'E': /* NEL */
        canvas_next_line(canvas);
        return true;
    case 'M': /* RI */
        canvas_reverse_index(canvas);
        return true;
    case '6': /* DECBI, DECFI: one column further, or the screen moves */
    case '9':
    case 'k': /* screen's title, whose text most terminals print */
        canvas_lose(canvas);
        return true;
    case 'c': /* RIS */
        tracker_reset(tracker);
        return true;
    default:
        return false;
    }
}

void tracker_escape(struct tracker *tracker, const struct parser_sequence *escape)
{
    struct canvas *canvas = &tracker->canvas;
    struct state *state = &canvas->state;
    if (escape->intermediate[0]) {
        designate(canvas, escape);
        return;
    }
    if (escape_moves(tracker, escape->final))
        return;
    switch (escape->final) {
    case '=': /* DECKPAM */
        state->keypad = true;
        break;
    case '>': /* DECKPNM */
        state->keypad = false;
        break;
    case '<': /* from VT52 back to ANSI */
        canvas->unsure &= ~(unsigned)UNSURE_VT52;
        break;
    case 'H': /* HTS */
        set_tab(canvas);
        break;
    case 'n': /* LS2, LS3 */
    case 'o':
        shift_left(canvas, escape->final == 'n' ? 2 : 3);
        break;
    case '~': /* LS1R, LS2R, LS3R */
    case '}':
    case '|':
        state->charsets.right = escape->final == '~' ? 1 : escape->final == '}' ? 2 : 3;
        break;
    case 'N': /* SS2, SS3 */
    case 'O':
        canvas->single_shift = true;
        break;
    default:
        tracker_ask(tracker, question_in_escape(escape), escape, NULL);
        break;
    }
}

/* The text of an OSC after its number and semicolon; *ret_number is UINT32_MAX if it has no number.
 */
static const char *osc_text(const struct parser_string *string, uint32_t *ret_number,
                            size_t *ret_len)
{
    const char *data = (const char *)string->data;
    size_t i = 0;
    uint32_t number = 0;
    while (i < string->len && i < 6 && data[i] >= '0' && data[i] <= '9')
        number = number * 10 + (uint32_t)(data[i++] - '0');
    bool valid = i > 0 && (i == string->len || data[i] == ';');
    *ret_number = valid ? number : UINT32_MAX;
    if (i < string->len)
        i++;
    *ret_len = string->len - i;
    return data + i;
}

static void set_shared(struct shared **slot, const char *text, size_t len, size_t most)
{
    shared_replace(slot, len > 0 && len <= most ? shared_create_text(text, len) : NULL);
}

/* OSC 8: parameters;address, an empty address ends the link. */
static void set_link(struct canvas *canvas, const char *text, size_t len, bool truncated)
{
    const char *semicolon = memchr(text, ';', len);
    if (!semicolon)
        return;
    bool ends = semicolon + 1 == text + len;
    if (ends && semicolon > text) /* xterm.js goes on with the link */
        canvas->unsure |= canvas->state.pen.link ? UNSURE_LINK : 0;
    else
        canvas->unsure &= ~(unsigned)UNSURE_LINK;
    if (truncated || len > LINK_LEN_MAX)
        canvas->unsure |= UNSURE_LINK;
    set_shared(&canvas->state.pen.link, text, ends ? 0 : len, LINK_LEN_MAX);
}

/* OSC 9 ; 4 ; state ; percent: the progress bar of ConEmu, Windows Terminal and others. */
static void set_progress(struct state *state, const char *text, size_t len)
{
    if (len < 3 || text[0] != '4' || text[1] != ';')
        return;
    bool none = text[2] == '0';
    set_shared(&state->progress, text + 2, none ? 0 : len - 2, PROGRESS_LEN_MAX);
}

static bool begins(const char *text, size_t len, const char *start)
{
    return len >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

static void take_osc(struct canvas *canvas, const struct parser_string *string)
{
    struct state *state = &canvas->state;
    uint32_t number;
    size_t len;
    const char *text = osc_text(string, &number, &len);
    switch (number) {
    case 0:
        titles_set(&state->titles, TITLES_ICON | TITLES_WINDOW, text, len);
        break;
    case 1:
        titles_set(&state->titles, TITLES_ICON, text, len);
        break;
    case 2:
        titles_set(&state->titles, TITLES_WINDOW, text, len);
        break;
    case 7: /* the working directory, as an address */
        set_shared(&state->directory, text, len, DIRECTORY_LEN_MAX);
        break;
    case 8:
        set_link(canvas, text, len, string->truncated);
        break;
    case 9:
        set_progress(state, text, len);
        break;
    case 66: /* kitty's text of other sizes */
        canvas_lose(canvas);
        break;
    case 1337: /* iTerm2's images */
        if (begins(text, len, "File=") || begins(text, len, "MultipartFile=") ||
            begins(text, len, "FileEnd"))
            canvas_lose(canvas);
        break;
    default:
        palette_apply(&state->palette, number, text, len);
        break;
    }
}

/* Whether a command of kitty's graphics protocol (APC G keys;payload) shows an image and may move
 * the cursor. */
static bool shows_image(const struct parser_string *string)
{
    const char *data = (const char *)string->data;
    const char *end = memchr(data, ';', string->len);
    size_t len = end ? (size_t)(end - data) : string->len;
    if (!begins(data, len, "G"))
        return false;
    return memmem(data, len, "a=T", 3) || memmem(data, len, "a=p", 3);
}

void tracker_string(struct tracker *tracker, const struct parser_string *string)
{
    struct canvas *canvas = &tracker->canvas;
    const struct parser_sequence *head = string->head;
    switch (string->kind) {
    case PARSER_OSC:
        take_osc(canvas, string);
        tracker_notify(tracker, string);
        break;
    case PARSER_DCS:
        /* Sixel; DECRSPS, which sets anything of the state. */
        if (head && !head->prefix &&
            ((head->final == 'q' && !head->intermediate[0]) ||
             (head->final == 't' && head->intermediate[0] == '$')))
            canvas_lose(canvas);
        break;
    case PARSER_APC:
        if (shows_image(string))
            canvas_lose(canvas);
        break;
    case PARSER_PM:
    case PARSER_SOS:
        break;
    }
    tracker_ask(tracker, question_in_string(string), NULL, string);
}
