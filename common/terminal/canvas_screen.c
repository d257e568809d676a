/* Saved cursors, margins, the two screens, resets and sizes. */
#include "common/terminal/canvas.h"

void canvas_set_margins(struct canvas *c, unsigned top, unsigned bottom)
{
    int screen = state_screen(&c->state);
    if (top == 0)
        top = 1;
    if (bottom == 0 || bottom > c->rows)
        bottom = c->rows;
    if (bottom <= top)
        return;
    struct margins *margins = &c->state.screen[screen].margins;
    margins->set = true;
    margins->top = (uint16_t)(top - 1);
    margins->bottom = (uint16_t)(bottom - 1);
    c->unsure_screen[screen] &= ~(unsigned)UNSURE_MARGINS;
    canvas_position(c, 0, 0);
}

void canvas_set_sides(struct canvas *c, unsigned left, unsigned right)
{
    struct margins *margins = &c->state.screen[state_screen(&c->state)].margins;
    if (left == 0)
        left = 1;
    if (right == 0 || right > c->cols)
        right = c->cols;
    if (right <= left)
        return;
    margins->sides_set = true;
    margins->left = (uint16_t)(left - 1);
    margins->right = (uint16_t)(right - 1);
    canvas_position(c, 0, 0);
}

void canvas_set_origin(struct canvas *c, bool origin)
{
    c->state.origin = origin;
    c->unsure &= ~(unsigned)UNSURE_ORIGIN;
    canvas_position(c, 0, 0);
}

static void check_saved(struct canvas *c)
{
    c->unsure &= ~(unsigned)UNSURE_SAVED;
    for (int i = 0; i < 2; i++) {
        const struct saved_cursor *saved = &c->state.screen[i].saved;
        if (saved->set && (!saved->cursor.y_known || saved->cursor.least != saved->cursor.most))
            c->unsure |= UNSURE_SAVED;
    }
}

void canvas_save_cursor(struct canvas *c)
{
    struct saved_cursor *saved = &c->state.screen[state_screen(&c->state)].saved;
    saved->set = true;
    saved->origin = c->state.origin;
    saved->cursor = c->cursor;
    c->saved_at[state_screen(&c->state)] = c->begin;
    pen_copy(&saved->pen, &c->state.pen);
    saved->charsets = c->state.charsets;
    check_saved(c);
}

/*
 * xterm brings back pen, protection, character sets and DECOM; xterm.js neither the underline's
 * style and colour nor the link nor DECOM, and of the sets only which one is shifted in. Where that
 * makes a difference it is not sure.
 */
static void note_differences(struct canvas *c, const struct saved_cursor *saved)
{
    const struct pen *now = &c->state.pen, *then = &saved->pen;
    if (now->underline != then->underline || now->underline_color != then->underline_color ||
        now->font != then->font)
        c->unsure |= UNSURE_PEN;
    if (!shared_equal(now->link, then->link))
        c->unsure |= UNSURE_LINK;
    if ((now->flags ^ then->flags) & PEN_PROTECTED)
        c->unsure |= UNSURE_PROTECTION;
    c->unsure |= charsets_difference(&c->state.charsets, &saved->charsets);
    if (c->state.origin != saved->origin)
        c->unsure |= UNSURE_ORIGIN;
}

static void clip_cursor(struct canvas *c)
{
    if (c->cursor.least >= c->cols)
        c->cursor.least = (uint16_t)(c->cols - 1);
    if (c->cursor.most > c->cols)
        c->cursor.most = (uint16_t)c->cols;
    if (c->cursor.y >= c->rows)
        c->cursor.y = (uint16_t)(c->rows - 1);
}

void canvas_restore_cursor(struct canvas *c)
{
    const struct saved_cursor *saved = &c->state.screen[state_screen(&c->state)].saved;
    note_differences(c, saved);
    pen_copy(&c->state.pen, &saved->pen);
    c->state.charsets = saved->charsets;
    c->state.origin = saved->origin;
    c->cursor = saved->cursor;
    /* A pending wrap comes back or not; a replay from after it was saved could not tell. */
    if (c->cursor.most >= c->cols)
        rows_age(canvas_rows(c), c->saved_at[state_screen(&c->state)]);
    clip_cursor(c);
    c->falls = 0;
    struct margins margins = canvas_margins(c);
    bool may_clamp = c->state.origin || c->unsure & UNSURE_ORIGIN;
    if (may_clamp &&
        (!canvas_is_steady(c) || c->cursor.y < margins.top || c->cursor.y > margins.bottom))
        canvas_lose_row(c);
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
    canvas_use_row(c);
}

void canvas_enter_alternate(struct canvas *c, unsigned mode)
{
    if (mode == 1049)
        canvas_save_cursor(c);
    if (c->state.alternate) {
        /* xterm clears it again for 1049, xterm.js does not. */
        canvas_change_screen(c);
        return;
    }
    c->state.alternate = true;
    c->state.alternate_mode = (uint16_t)mode;
    /* Margins and tab stops are per screen in some terminals; those start the alternate one with
     * the defaults. */
    c->unsure_screen[SCREEN_ALTERNATE] = c->unsure_screen[SCREEN_NORMAL];
    if (c->state.screen[SCREEN_NORMAL].margins.set)
        c->unsure_screen[SCREEN_ALTERNATE] |= UNSURE_MARGINS;
    if (c->state.screen[SCREEN_NORMAL].tabs)
        c->unsure_screen[SCREEN_ALTERNATE] |= UNSURE_TABS;
    struct rows *rows = &c->screen[SCREEN_ALTERNATE];
    uint64_t shifts = rows->shifts;
    rows_finish(rows);
    rows_init(rows, c->rows, c->begin);
    rows->shifts = shifts + 1;
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
}

static bool same_rows(const struct canvas *c, const struct margins *a, const struct margins *b)
{
    unsigned top = a->set ? a->top : 0, bottom = a->set ? a->bottom : c->rows - 1;
    return top == (b->set ? b->top : 0) && bottom == (b->set ? b->bottom : c->rows - 1);
}

static void show_normal(struct canvas *c)
{
    struct screen_state *normal = &c->state.screen[SCREEN_NORMAL],
                        *alternate = &c->state.screen[SCREEN_ALTERNATE];
    c->state.alternate = false;
    c->state.alternate_mode = 0;
    if (alternate->margins.set && !same_rows(c, &alternate->margins, &normal->margins))
        c->unsure_screen[SCREEN_NORMAL] |= UNSURE_MARGINS;
    if (alternate->tabs && !shared_equal(alternate->tabs, normal->tabs))
        c->unsure_screen[SCREEN_NORMAL] |= UNSURE_TABS;
    alternate->margins = (struct margins){0};
    shared_replace(&alternate->tabs, NULL);
    uint64_t shifts = c->screen[SCREEN_ALTERNATE].shifts;
    rows_finish(&c->screen[SCREEN_ALTERNATE]);
    c->screen[SCREEN_ALTERNATE].shifts = shifts;
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
}

void canvas_leave_alternate(struct canvas *c, unsigned mode)
{
    bool absolute = c->absolute || !c->state.alternate;
    if (c->state.alternate)
        show_normal(c);
    if (mode == 1049) {
        canvas_restore_cursor(c);
        /* It comes back to where 1049 has left it, wherever that was. */
        c->absolute = absolute;
    }
}

void canvas_reset(struct canvas *c)
{
    if (c->state.alternate)
        show_normal(c);
    c->survives |= (c->state.visible ? 0u : SURVIVES_HIDDEN) |
                   (c->state.newline ? (unsigned)SURVIVES_NEWLINE : 0u);
    state_reset(&c->state);
    c->unsure = c->unsure_screen[0] = c->unsure_screen[1] = 0;
    c->single_shift = false;
    /* All is known again after the sequence, so nothing of it is needed to show this. */
    rows_clear(canvas_rows(c), c->last + 1, c->last + 1);
    canvas_rows(c)->shifts++;
    c->gone = c->last;
    canvas_position(c, 0, 0);
    c->absolute = true;
}

/* Modes that xterm.js resets at DECSTR and xterm leaves alone, as it does with the cursor's style.
 */
static void reset_contested_modes(struct canvas *c)
{
    static const unsigned contested[] = {45, 1004, 2004};
    for (unsigned i = 0; i < sizeof(contested) / sizeof(contested[0]); i++) {
        if (modes_get(&c->state.modes, contested[i]))
            modes_set(&c->state.modes, contested[i], false, false);
    }
}

void canvas_soft_reset(struct canvas *c)
{
    struct screen_state *screen = &c->state.screen[state_screen(&c->state)];
    c->state.visible = true;
    c->survives &= ~(unsigned)SURVIVES_HIDDEN;
    c->state.insert = c->state.origin = c->state.keypad = c->state.keyboard_locked = false;
    c->state.autowrap = true;
    modes_set(&c->state.modes, 1, false, true);
    reset_contested_modes(c);
    if (screen->margins.set)
        screen->margins = (struct margins){.set = true, .bottom = (uint16_t)(c->rows - 1)};
    c->unsure_screen[state_screen(&c->state)] &= ~(unsigned)UNSURE_MARGINS;
    struct shared *link = c->state.pen.link;
    c->state.pen = (struct pen){.link = link};
    charsets_reset(&c->state.charsets);
    saved_cursor_finish(&screen->saved);
    c->unsure &= UNSURE_LINK | UNSURE_VT52 | UNSURE_STYLE;
    if (link)
        c->unsure |= UNSURE_LINK;
    if (c->state.style > 1)
        c->unsure |= UNSURE_STYLE;
    c->state.synchronized = false;
    check_saved(c);
    c->fresh = false;
}

void canvas_resize(struct canvas *c, unsigned rows, unsigned cols, uint64_t offset)
{
    c->begin = offset;
    c->last = offset > 0 ? offset - 1 : 0;
    c->rows = rows;
    c->cols = cols;
    rows_resize(&c->screen[SCREEN_NORMAL], rows, c->last);
    if (c->state.alternate)
        rows_resize(&c->screen[SCREEN_ALTERNATE], rows, c->last);
    for (int i = 0; i < 2; i++) {
        c->state.screen[i].margins = (struct margins){0};
        c->unsure_screen[i] &= ~(unsigned)UNSURE_MARGINS;
    }
    bool blank = offset == 0;
    c->cursor.least = 0;
    c->cursor.most = (uint16_t)(blank ? 0 : cols - 1);
    if (!blank)
        canvas_lose_row(c);
    if (rows_lowest_inked(&c->screen[SCREEN_NORMAL]) >= 0)
        c->gone = c->last;
}

void canvas_forget_rows(struct canvas *c, uint64_t offset)
{
    c->begin = c->last = offset;
    c->fresh = false;
    for (int i = 0; i < 2; i++) {
        struct rows *rows = &c->screen[i];
        for (unsigned y = 0; y < rows->count; y++)
            rows_renew(rows, y, 0, offset, true);
        rows->shifts++;
    }
    c->gone = offset;
}

void canvas_forget(struct canvas *c, uint64_t offset)
{
    canvas_forget_rows(c, offset);
    c->cursor.least = 0;
    c->cursor.most = (uint16_t)c->cols;
    canvas_lose_row(c);
}
