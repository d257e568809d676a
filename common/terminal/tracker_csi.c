/*
 * What control sequences mean. Source: xterm's ctlseqs where nothing else is named.
 */
#include "common/terminal/tabs.h"
#include "common/terminal/tracker_internal.h"

#define KEY(prefix, intermediate, final) PARSER_KEY(prefix, intermediate, final)

static struct screen_state *shown(struct canvas *canvas)
{
    return &canvas->state.screen[state_screen(&canvas->state)];
}

static unsigned count_of(const struct parser_sequence *csi)
{
    return (unsigned)parser_count(csi, 0);
}

/* Parameter i, counted from 1, as a row or column counted from 0. */
static unsigned place_of(const struct parser_sequence *csi, unsigned i)
{
    return (unsigned)parser_count(csi, i) - 1;
}

static bool move_cursor(struct canvas *canvas, uint32_t key, const struct parser_sequence *csi)
{
    switch (key) {
    case KEY(0, 0, 'A'): /* CUU */
        canvas_up(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'B'): /* CUD */
        canvas_down(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'C'): /* CUF */
    case KEY(0, 0, 'a'): /* HPR */
        canvas_right(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'D'): /* CUB */
        canvas_left(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'E'): /* CNL */
        canvas_down(canvas, count_of(csi));
        canvas_carriage_return(canvas);
        return true;
    case KEY(0, 0, 'F'): /* CPL */
        canvas_up(canvas, count_of(csi));
        canvas_carriage_return(canvas);
        return true;
    case KEY(0, 0, 'G'): /* CHA */
    case KEY(0, 0, '`'): /* HPA */
        canvas_column(canvas, place_of(csi, 0));
        return true;
    case KEY(0, 0, 'H'): /* CUP */
    case KEY(0, 0, 'f'): /* HVP */
        canvas_position(canvas, place_of(csi, 0), place_of(csi, 1));
        return true;
    case KEY(0, 0, 'I'): /* CHT */
        canvas_tab(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'Z'): /* CBT */
        canvas_back_tab(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'd'): /* VPA */
        canvas_row(canvas, place_of(csi, 0));
        return true;
    case KEY(0, 0, 'e'): /* VPR */
        canvas_down_free(canvas, count_of(csi));
        return true;
    default:
        return false;
    }
}

static void erase_display(struct tracker *tracker, const struct parser_sequence *csi)
{
    struct canvas *canvas = &tracker->canvas;
    int how = parser_param(csi, 0, 0);
    bool home = canvas->cursor.most == 0 && canvas->cursor.y == 0;
    if (csi->prefix == 0 && (how == 2 || (how == 0 && home)))
        tracker_offer_checkpoint(tracker, csi);
    canvas_erase_display(canvas, how, csi->prefix == '?');
    if (how == 3)
        tracker->history = csi->end;
}

static bool edit_lines(struct canvas *canvas, uint32_t key, const struct parser_sequence *csi)
{
    switch (key) {
    case KEY(0, 0, 'L'): /* IL */
        canvas_insert_lines(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'M'): /* DL */
        canvas_delete_lines(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'S'): /* SU */
        canvas_scroll_up(canvas, count_of(csi));
        return true;
    case KEY(0, 0, 'T'): /* SD; with five parameters, mouse tracking by highlighting */
        if (csi->count < 5)
            canvas_scroll_down(canvas, count_of(csi));
        return true;
    case KEY(0, 0, '^'): /* SD, the older final; not everywhere */
        canvas_mix(canvas);
        return true;
    default:
        return false;
    }
}

static bool edit(struct tracker *tracker, uint32_t key, const struct parser_sequence *csi)
{
    struct canvas *canvas = &tracker->canvas;
    switch (key) {
    case KEY(0, 0, 'J'):   /* ED */
    case KEY('?', 0, 'J'): /* DECSED */
        erase_display(tracker, csi);
        return true;
    case KEY(0, 0, 'K'):   /* EL */
    case KEY('?', 0, 'K'): /* DECSEL */
        canvas_erase_line(canvas, parser_param(csi, 0, 0), csi->prefix == '?');
        return true;
    case KEY(0, 0, 'X'): /* ECH */
        canvas_erase_chars(canvas, count_of(csi));
        return true;
    case KEY(0, 0, '@'): /* ICH */
    case KEY(0, 0, 'P'): /* DCH */
        canvas_change_line(canvas);
        return true;
    case KEY(0, 0, 'b'): /* REP */
        canvas_repeat(canvas, count_of(csi));
        return true;
    case KEY(0, ' ', '@'):  /* SL */
    case KEY(0, ' ', 'A'):  /* SR */
    case KEY(0, '\'', '}'): /* DECIC */
    case KEY(0, '\'', '~'): /* DECDC */
        canvas_change_screen(canvas);
        return true;
    case KEY(0, '$', 'r'): /* DECCARA, DECRARA, DECCRA, DECFRA, DECERA, DECSERA: on rectangles */
    case KEY(0, '$', 't'):
    case KEY(0, '$', 'v'):
    case KEY(0, '$', 'x'):
    case KEY(0, '$', 'z'):
    case KEY(0, '$', '{'):
        canvas_mix(canvas);
        return true;
    default:
        return edit_lines(canvas, key, csi);
    }
}

/* DECCOLM clears the screen and changes its width where mode 40 allows it. */
static void change_columns(struct canvas *canvas)
{
    if (!modes_get(&canvas->state.modes, 40))
        return;
    canvas_lose(canvas);
    canvas->unsure_screen[state_screen(&canvas->state)] |= UNSURE_MARGINS;
}

static void change_side_margins(struct canvas *canvas, bool value)
{
    canvas->state.side_margins = value;
    for (int i = 0; i < 2; i++) {
        struct margins *margins = &canvas->state.screen[i].margins;
        margins->sides_set = false;
        margins->left = margins->right = 0;
    }
}

static void change_blink(struct canvas *canvas, bool value)
{
    canvas->state.blink_after_style = true;
    modes_set(&canvas->state.modes, 12, value, true);
}

/* DECANM: xterm.js takes set as a reset of the character sets; reset makes a VT52 of those that can
 * be one. */
static void change_language(struct canvas *canvas, bool value)
{
    struct charsets plain;
    charsets_reset(&plain);
    if (value)
        canvas->unsure |= charsets_difference(&canvas->state.charsets, &plain);
    else
        canvas->unsure |= UNSURE_VT52;
}

static void change_private_mode(struct tracker *tracker, const struct parser_sequence *csi,
                                unsigned number, bool value)
{
    struct canvas *canvas = &tracker->canvas;
    switch (number) {
    case 2:
        change_language(canvas, value);
        break;
    case 3:
        change_columns(canvas);
        break;
    case 6:
        canvas_set_origin(canvas, value);
        break;
    case 7:
        canvas->state.autowrap = value;
        break;
    case 12:
        change_blink(canvas, value);
        break;
    case 25:
        canvas->state.visible = value;
        canvas->survives &= ~(unsigned)SURVIVES_HIDDEN;
        break;
    case 47:
    case 1047:
    case 1049:
        if (value)
            tracker_enter_alternate(tracker, csi, number);
        else
            tracker_leave_alternate(tracker, csi, number);
        break;
    case 66:
        canvas->state.keypad = value;
        break;
    case 69:
        change_side_margins(canvas, value);
        break;
    case 1048:
        if (value)
            canvas_save_cursor(canvas);
        else
            canvas_restore_cursor(canvas);
        break;
    case 2026:
        canvas->state.synchronized = value;
        break;
    default:
        modes_set(&canvas->state.modes, number, value, true);
        break;
    }
}

static void change_private_modes(struct tracker *tracker, const struct parser_sequence *csi)
{
    for (unsigned i = 0; i < csi->count; i++) {
        if (csi->value[i] > 0)
            change_private_mode(tracker, csi, (unsigned)csi->value[i], csi->final == 'h');
    }
}

static void change_ansi_modes(struct canvas *canvas, const struct parser_sequence *csi)
{
    struct state *state = &canvas->state;
    bool value = csi->final == 'h';
    for (unsigned i = 0; i < csi->count; i++) {
        if (csi->value[i] == 2) {
            state->keyboard_locked = value;
        } else if (csi->value[i] == 4) {
            state->insert = value;
        } else if (csi->value[i] == 12) {
            state->local_echo = !value;
        } else if (csi->value[i] == 20) {
            state->newline = value;
            canvas->survives &= ~(unsigned)SURVIVES_NEWLINE;
        }
    }
}

/* Only plain modes: the others cannot be set for a moment to tell a terminal what was saved. */
static void save_modes(struct state *state, const struct parser_sequence *csi)
{
    for (unsigned i = 0; i < csi->count; i++) {
        unsigned number = csi->value[i] > 0 ? (unsigned)csi->value[i] : 0;
        if (modes_is_plain(number))
            modes_save(&state->modes, number, modes_get(&state->modes, number));
    }
}

/* Few terminals do this: where it makes a difference it is not sure. */
static void restore_modes(struct state *state, const struct parser_sequence *csi)
{
    for (unsigned i = 0; i < csi->count; i++) {
        unsigned number = csi->value[i] > 0 ? (unsigned)csi->value[i] : 0;
        bool value;
        if (modes_saved(&state->modes, number, &value) && modes_get(&state->modes, number) != value)
            modes_set(&state->modes, number, value, false);
    }
}

static bool change_modes(struct tracker *tracker, uint32_t key, const struct parser_sequence *csi)
{
    switch (key) {
    case KEY('?', 0, 'h'): /* DECSET */
    case KEY('?', 0, 'l'): /* DECRST */
        change_private_modes(tracker, csi);
        return true;
    case KEY(0, 0, 'h'): /* SM */
    case KEY(0, 0, 'l'): /* RM */
        change_ansi_modes(&tracker->canvas, csi);
        return true;
    case KEY('?', 0, 's'): /* XTSAVE */
        save_modes(&tracker->canvas.state, csi);
        return true;
    case KEY('?', 0, 'r'): /* XTRESTORE */
        restore_modes(&tracker->canvas.state, csi);
        return true;
    default:
        return false;
    }
}

static bool change_keyboard(struct state *state, uint32_t key, const struct parser_sequence *csi)
{
    int screen = state_screen(state);
    switch (key) {
    case KEY('>', 0, 'u'):
        keyboard_push(&state->keyboard, screen, csi);
        return true;
    case KEY('<', 0, 'u'):
        keyboard_pop(&state->keyboard, screen, csi);
        return true;
    case KEY('=', 0, 'u'):
        keyboard_change(&state->keyboard, screen, csi);
        return true;
    case KEY('>', 0, 'm'): /* XTMODKEYS */
        keyboard_modify(&state->keyboard, csi);
        return true;
    case KEY('>', 0, 'n'):
        keyboard_disable(&state->keyboard, csi);
        return true;
    default:
        return false;
    }
}

static void apply_pen(struct canvas *canvas, const struct parser_sequence *csi)
{
    struct pen *pen = &canvas->state.pen;
    bool resets = csi->count == 0 || csi->value[0] <= 0;
    if (resets) {
        canvas->unsure &= ~(unsigned)UNSURE_PEN;
        /* Some let SGR 0 end the protection, some do not. */
        if (pen->flags & PEN_PROTECTED)
            canvas->unsure |= UNSURE_PROTECTION;
    }
    if (!pen_apply(pen, csi))
        canvas->unsure |= UNSURE_PEN;
}

static void set_style(struct canvas *canvas, const struct parser_sequence *csi)
{
    int32_t style = parser_param(csi, 0, 0);
    if (style > 250)
        return;
    canvas->state.style = (uint8_t)(style + 1);
    canvas->state.blink_after_style = false;
    canvas->unsure &= ~(unsigned)UNSURE_STYLE;
}

static void protect(struct canvas *canvas, const struct parser_sequence *csi)
{
    int32_t value = parser_param(csi, 0, 0);
    if (value > 2)
        return;
    struct pen *pen = &canvas->state.pen;
    pen->flags = (uint16_t)(value == 1 ? pen->flags | PEN_PROTECTED : pen->flags & ~PEN_PROTECTED);
    canvas->unsure &= ~(unsigned)UNSURE_PROTECTION;
}

/* XTWINOPS: only the stack of titles is state. */
static void change_titles(struct state *state, const struct parser_sequence *csi)
{
    static const int what[] = {TITLES_ICON | TITLES_WINDOW, TITLES_ICON, TITLES_WINDOW};
    int32_t which = parser_param(csi, 1, 0);
    if (which > 2)
        return;
    if (parser_param(csi, 0, 0) == 22)
        titles_push(&state->titles, what[which]);
    else if (parser_param(csi, 0, 0) == 23)
        titles_pop(&state->titles, what[which]);
}

/* Clears the stop at the cursor. */
static void clear_tab(struct canvas *canvas)
{
    const struct cursor *cursor = &canvas->cursor;
    if (cursor->least != cursor->most || cursor->most >= canvas->cols ||
        tabs_set(&shown(canvas)->tabs, canvas->cols, cursor->most, false) < 0)
        canvas->unsure_screen[state_screen(&canvas->state)] |= UNSURE_TABS;
}

static void clear_tabs(struct canvas *canvas)
{
    int screen = state_screen(&canvas->state);
    canvas->unsure_screen[screen] &= ~(unsigned)UNSURE_TABS;
    if (tabs_clear(&shown(canvas)->tabs, canvas->cols) < 0)
        canvas->unsure_screen[screen] |= UNSURE_TABS;
}

static void change_tabs(struct canvas *canvas, uint32_t key, const struct parser_sequence *csi)
{
    int32_t what = parser_param(csi, 0, 0);
    if (key == KEY('?', 0, 'W')) { /* DECST8C */
        if (what == 5 && shown(canvas)->tabs) {
            shared_replace(&shown(canvas)->tabs, NULL);
            canvas->unsure_screen[state_screen(&canvas->state)] |= UNSURE_TABS;
        }
    } else if (key == KEY(0, 0, 'W')) { /* CTC, which few terminals know */
        if (what == 0 || what == 2 || what == 5)
            canvas->unsure_screen[state_screen(&canvas->state)] |= UNSURE_TABS;
    } else if (what == 0) {
        clear_tab(canvas);
    } else if (what == 3) {
        clear_tabs(canvas);
    }
}

/* DECSCL resets more or less of a terminal, or nothing. */
static void doubt_all(struct canvas *canvas)
{
    struct charsets plain;
    charsets_reset(&plain);
    canvas_lose(canvas);
    canvas->unsure |=
        UNSURE_PEN | UNSURE_ORIGIN | charsets_difference(&canvas->state.charsets, &plain);
    canvas->unsure_screen[state_screen(&canvas->state)] |= UNSURE_MARGINS;
}

static bool change_state(struct tracker *tracker, uint32_t key, const struct parser_sequence *csi)
{
    struct canvas *canvas = &tracker->canvas;
    switch (key) {
    case KEY(0, 0, 'r'): /* DECSTBM */
        canvas_set_margins(canvas, (unsigned)parser_param(csi, 0, 0),
                           (unsigned)parser_param(csi, 1, 0));
        return true;
    case KEY(0, 0, 's'): /* SCOSC, or DECSLRM under DECLRMM */
        if (canvas->state.side_margins)
            canvas_set_sides(canvas, (unsigned)parser_param(csi, 0, 0),
                             (unsigned)parser_param(csi, 1, 0));
        else
            canvas_save_cursor(canvas);
        return true;
    case KEY(0, 0, 'u'): /* SCORC */
        canvas_restore_cursor(canvas);
        return true;
    case KEY(0, ' ', 'q'): /* DECSCUSR */
        set_style(canvas, csi);
        return true;
    case KEY(0, '"', 'q'): /* DECSCA */
        protect(canvas, csi);
        return true;
    case KEY(0, '!', 'p'): /* DECSTR */
        canvas_soft_reset(canvas);
        return true;
    case KEY(0, '"', 'p'): /* DECSCL */
        doubt_all(canvas);
        return true;
    case KEY(0, '#', '}'): /* XTPOPSGR */
    case KEY(0, '#', 'q'):
        canvas->unsure |= UNSURE_PEN;
        return true;
    case KEY(0, 0, 't'): /* XTWINOPS */
        change_titles(&canvas->state, csi);
        return false;      /* it may ask as well */
    case KEY(0, 0, 'g'):   /* TBC */
    case KEY(0, 0, 'W'):   /* CTC */
    case KEY('?', 0, 'W'): /* DECST8C */
        change_tabs(canvas, key, csi);
        return true;
    default:
        return false;
    }
}

void tracker_csi(struct tracker *tracker, const struct parser_sequence *csi)
{
    struct canvas *canvas = &tracker->canvas;
    uint32_t key = KEY(csi->prefix, csi->intermediate[0], csi->final);
    if (csi->intermediate[1])
        return;
    if (key == KEY(0, 0, 'm'))
        apply_pen(canvas, csi);
    else if (!move_cursor(canvas, key, csi) && !edit(tracker, key, csi) &&
             !change_modes(tracker, key, csi) && !change_keyboard(&canvas->state, key, csi) &&
             !change_state(tracker, key, csi))
        tracker_ask(tracker, question_in_csi(csi), csi, NULL);
}
