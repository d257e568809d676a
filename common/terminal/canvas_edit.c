/* Erasing, inserting, deleting and scrolling: what becomes of rows. */
#include "common/terminal/canvas.h"

void canvas_change_line(struct canvas *c)
{
    canvas_end_wrap(c);
    canvas_touch(c, true);
}

void canvas_change_screen(struct canvas *c)
{
    canvas_touch_all(c, true);
    c->fresh = false;
}

void canvas_mix(struct canvas *c)
{
    rows_mix(canvas_rows(c), c->last);
    c->fresh = false;
}

/* Columns x to end - 1 of the cursor's row, which has the cursor as one end. At a pending wrap
 * terminals differ. */
static void erase_cells(struct canvas *c, unsigned x, unsigned end)
{
    if (canvas_is_placed(c) && c->cursor.most < c->cols)
        canvas_write(c, x, end - x, false);
    else
        canvas_touch(c, false);
}

/* From the cursor to the end of its row: the whole row is new if it was blank or newly written up
 * to the cursor. */
static void erase_to_end(struct canvas *c)
{
    if (!c->cursor.y_known)
        canvas_touch_all(c, false);
    else if (c->cursor.most == 0)
        canvas_renew(c, c->cursor.y, c->begin, false);
    else if (c->fresh && c->cursor.most < c->cols)
        canvas_renew(c, c->cursor.y, c->fresh_since, true);
    else
        erase_cells(c, c->cursor.most, c->cols);
    /* Some terminals let an erasure end a pending wrap. */
    if (c->cursor.least == c->cols)
        c->cursor.least = (uint16_t)(c->cols - 1);
}

void canvas_erase_line(struct canvas *c, int how, bool selective)
{
    if (how == 0 && !selective) {
        erase_to_end(c);
        return;
    }
    if (c->cursor.least == c->cols)
        c->cursor.least = (uint16_t)(c->cols - 1);
    if (how == 2 && !selective && c->cursor.y_known)
        canvas_renew(c, c->cursor.y, c->begin, false);
    else if (how == 1 && !selective)
        erase_cells(c, 0, c->cursor.most + 1u);
    else
        canvas_touch(c, false);
}

void canvas_erase_chars(struct canvas *c, unsigned n)
{
    canvas_end_wrap(c);
    if (c->cursor.least + n >= c->cols)
        erase_to_end(c);
    else
        erase_cells(c, c->cursor.most, c->cursor.most + n);
}

static void erase_rows(struct canvas *c, unsigned first, unsigned end)
{
    for (unsigned y = first; y < end; y++)
        canvas_renew(c, y, c->begin, false);
}

void canvas_erase_display(struct canvas *c, int how, bool selective)
{
    if (how == 3)
        return;
    if (selective || how < 0 || how > 2) {
        canvas_change_screen(c);
        if (c->cursor.least == c->cols)
            c->cursor.least = (uint16_t)(c->cols - 1);
        return;
    }
    if (how == 2)
        erase_rows(c, 0, c->rows);
    else if (!c->cursor.y_known)
        canvas_touch_all(c, false);
    else if (how == 1)
        erase_rows(c, 0, c->cursor.y);
    else
        erase_rows(c, c->cursor.y + 1u, c->rows);
    canvas_erase_line(c, how == 2 ? 2 : how, false);
}

/* Whether lines can be inserted or deleted at the cursor; if that is not known, all rows are mixed.
 */
static bool may_shift_lines(struct canvas *c, const struct margins *margins)
{
    canvas_end_wrap(c);
    canvas_use_row(c);
    if (!c->cursor.y_known || !canvas_is_steady(c)) {
        canvas_mix(c);
        c->cursor.least = 0;
        return false;
    }
    return c->cursor.y >= margins->top && c->cursor.y <= margins->bottom;
}

/* IL and DL leave the cursor in the first column, in some terminals where it was. */
static void after_shift(struct canvas *c)
{
    c->cursor.least = 0;
    c->fresh = c->cursor.most == 0;
    c->fresh_since = c->last + 1;
}

void canvas_insert_lines(struct canvas *c, unsigned n)
{
    struct margins margins = canvas_margins(c);
    if (!may_shift_lines(c, &margins))
        return;
    rows_scroll_down(canvas_rows(c), c->cursor.y, margins.bottom, n, c->begin, c->last);
    after_shift(c);
}

void canvas_delete_lines(struct canvas *c, unsigned n)
{
    struct margins margins = canvas_margins(c);
    if (!may_shift_lines(c, &margins))
        return;
    rows_scroll_up(canvas_rows(c), c->cursor.y, margins.bottom, n, c->begin, c->last);
    after_shift(c);
}

void canvas_scroll_up(struct canvas *c, unsigned n)
{
    struct margins margins = canvas_margins(c);
    canvas_use_row(c);
    c->fresh = false;
    if (!canvas_is_steady(c)) {
        canvas_mix(c);
        return;
    }
    uint64_t gone =
        rows_scroll_up(canvas_rows(c), margins.top, margins.bottom, n, c->begin, c->last);
    if (margins.top == 0 && !c->state.alternate) {
        c->lines += n < c->rows ? n : c->rows;
        c->gone = gone > c->gone ? gone : c->gone;
    }
}

void canvas_scroll_down(struct canvas *c, unsigned n)
{
    struct margins margins = canvas_margins(c);
    canvas_use_row(c);
    c->fresh = false;
    if (canvas_is_steady(c))
        rows_scroll_down(canvas_rows(c), margins.top, margins.bottom, n, c->begin, c->last);
    else
        canvas_mix(c);
}

void canvas_align(struct canvas *c)
{
    int screen = state_screen(&c->state);
    for (unsigned y = 0; y < c->rows; y++)
        canvas_renew(c, y, c->begin, true);
    /* xterm lets it reset the margins, xterm.js does not. */
    if (c->state.screen[screen].margins.set)
        c->unsure_screen[screen] |= UNSURE_MARGINS;
    canvas_position(c, 0, 0);
}
