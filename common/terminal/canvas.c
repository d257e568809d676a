#include "common/terminal/canvas.h"

#include <errno.h>

#include "common/terminal/tabs.h"

int canvas_init(struct canvas *canvas, unsigned rows, unsigned cols)
{
    *canvas = (struct canvas){.rows = rows, .cols = cols, .cursor.y_known = true, .fresh = true};
    state_init(&canvas->state);
    return rows_init(&canvas->screen[SCREEN_NORMAL], rows, 0);
}

void canvas_finish(struct canvas *canvas)
{
    state_finish(&canvas->state);
    rows_finish(&canvas->screen[0]);
    rows_finish(&canvas->screen[1]);
    cells_finish(&canvas->cells[0]);
    cells_finish(&canvas->cells[1]);
}

static bool are_void(const struct canvas *c, int screen)
{
    const struct cells *cells = &c->cells[screen];
    const struct rows *rows = &c->screen[screen];
    return !cells->label || cells->shifts != rows->shifts || cells->rows != rows->count ||
           cells->cols != c->cols;
}

const struct cells *canvas_known_cells(const struct canvas *c)
{
    int screen = state_screen(&c->state);
    return are_void(c, screen) ? NULL : &c->cells[screen];
}

void canvas_next_stretch(struct canvas *c, uint64_t offset, bool placed)
{
    int shown = state_screen(&c->state);
    if ((uint16_t)++c->stretch == 0)
        c->stretch++;
    for (int screen = 0; screen < 2; screen++) {
        struct cells *cells = &c->cells[screen];
        bool wanted = screen == shown && placed && (c->absolute || c->state.alternate);
        if (!are_void(c, screen))
            cells_next(cells, c->stretch, offset);
        else if (wanted)
            cells_begin(cells, c->screen[screen].count, c->cols, c->screen[screen].shifts,
                        c->stretch, offset);
        else
            cells_finish(cells);
    }
}

bool canvas_is_sure(const struct canvas *c)
{
    /* Right after a character REP would need it, and a mark belong to it. */
    return c->unsure == 0 && c->unsure_screen[state_screen(&c->state)] == 0 && !c->single_shift &&
           !c->printed && cursor_is_exact(&c->cursor, c->cols) && !modes_unsure(&c->state.modes);
}

struct margins canvas_margins(const struct canvas *c)
{
    struct margins margins = c->state.screen[state_screen(&c->state)].margins;
    if (!margins.set) {
        margins.top = 0;
        margins.bottom = (uint16_t)(c->rows - 1);
    }
    return margins;
}

bool canvas_is_steady(const struct canvas *c)
{
    int screen = state_screen(&c->state);
    return !(c->unsure_screen[screen] & UNSURE_MARGINS) && !c->state.side_margins;
}

bool canvas_is_placed(const struct canvas *c)
{
    return c->cursor.least == c->cursor.most && c->cursor.y_known && canvas_is_steady(c);
}

void canvas_touch_all(struct canvas *c, bool inked)
{
    rows_touch_all(canvas_rows(c), c->last, inked);
    cells_loosen_all(canvas_cells(c));
}

void canvas_touch(struct canvas *c, bool inked)
{
    if (!c->cursor.y_known) {
        canvas_touch_all(c, inked);
        return;
    }
    rows_touch(canvas_rows(c), c->cursor.y, c->last, inked);
    cells_loosen(canvas_cells(c), c->cursor.y);
}

void canvas_write(struct canvas *c, unsigned x, unsigned n, bool inked)
{
    rows_touch(canvas_rows(c), c->cursor.y, c->last, inked);
    cells_write(canvas_cells(c), c->cursor.y, x, n);
}

void canvas_renew(struct canvas *c, unsigned y, uint64_t since, bool inked)
{
    rows_renew(canvas_rows(c), y, since, c->last, inked);
    cells_renew(canvas_cells(c), y, since);
}

/* The cursor has got to a column that is known, with bytes up to last: a row written from there on
 * may be fresh. */
void canvas_set_x(struct canvas *c, unsigned x)
{
    c->cursor.least = c->cursor.most = (uint16_t)x;
    c->fresh = x == 0;
    c->fresh_since = c->last + 1;
}

void canvas_use_row(struct canvas *c)
{
    c->absolute |= !c->state.alternate;
}

static void set_y(struct canvas *c, unsigned y)
{
    c->cursor.y = (uint16_t)y;
    c->cursor.y_known = true;
    c->falls = 0;
}

void canvas_lose_row(struct canvas *c)
{
    c->cursor.y_known = false;
    c->falls = 0;
    c->fresh = false;
}

void canvas_lose(struct canvas *c)
{
    c->cursor.least = 0;
    c->cursor.most = (uint16_t)c->cols;
    canvas_lose_row(c);
    rows_blur_up(canvas_rows(c), c->last);
    canvas_touch_all(c, true);
    c->gone = c->last;
}

void canvas_end_wrap(struct canvas *c)
{
    if (c->cursor.most >= c->cols)
        c->cursor.most = (uint16_t)(c->cols - 1);
    if (c->cursor.least >= c->cols)
        c->cursor.least = (uint16_t)(c->cols - 1);
}

static void scroll_at_bottom(struct canvas *c, const struct margins *margins)
{
    uint64_t gone =
        rows_scroll_up(canvas_rows(c), margins->top, margins->bottom, 1, c->begin, c->last);
    if (margins->top == 0 && !c->state.alternate) {
        c->lines++;
        c->gone = gone > c->gone ? gone : c->gone;
    }
}

/* The cursor is in some row, or at some margin: what a line feed does cannot be told. */
static void row_down_unsure(struct canvas *c)
{
    rows_blur_up(canvas_rows(c), c->last);
    c->gone = c->last;
    c->lines++;
    if (c->cursor.y_known) {
        if (c->cursor.y < c->rows - 1)
            canvas_lose_row(c);
        return;
    }
    struct margins margins = canvas_margins(c);
    if (canvas_is_steady(c) && margins.top == 0 && margins.bottom == c->rows - 1 &&
        ++c->falls >= c->rows)
        set_y(c, c->rows - 1);
}

void canvas_row_down(struct canvas *c)
{
    if (!c->cursor.y_known || !canvas_is_steady(c)) {
        row_down_unsure(c);
        return;
    }
    struct margins margins = canvas_margins(c);
    if (c->cursor.y == margins.bottom)
        scroll_at_bottom(c, &margins);
    else if (c->cursor.y < c->rows - 1)
        c->cursor.y++;
}

void canvas_carriage_return(struct canvas *c)
{
    canvas_set_x(c, 0);
    if (c->state.side_margins) {
        c->cursor.most = (uint16_t)(c->cols - 1);
        c->fresh = false;
    }
}

void canvas_index(struct canvas *c)
{
    canvas_end_wrap(c);
    canvas_row_down(c);
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
}

void canvas_line_feed(struct canvas *c)
{
    if (c->state.newline)
        canvas_carriage_return(c);
    canvas_index(c);
}

void canvas_next_line(struct canvas *c)
{
    canvas_carriage_return(c);
    canvas_index(c);
}

void canvas_reverse_index(struct canvas *c)
{
    struct margins margins = canvas_margins(c);
    canvas_end_wrap(c);
    if (!c->cursor.y_known || !canvas_is_steady(c)) {
        rows_mix(canvas_rows(c), c->last);
        canvas_lose_row(c);
        canvas_use_row(c);
    } else if (c->cursor.y == margins.top) {
        rows_scroll_down(canvas_rows(c), margins.top, margins.bottom, 1, c->begin, c->last);
        canvas_use_row(c);
    } else if (c->cursor.y > 0) {
        c->cursor.y--;
    }
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
}

/*
 * Under DECOM with a top margin xterm.js adds the margin again to whatever moves the cursor by an
 * amount, or along its row.
 */
static void check_origin(struct canvas *c)
{
    if (c->unsure & UNSURE_ORIGIN ||
        (c->state.origin && (!canvas_is_steady(c) || canvas_margins(c).top > 0)))
        canvas_lose_row(c);
}

static uint16_t lowered(uint16_t x, unsigned n)
{
    return (uint16_t)(x > n ? x - n : 0);
}

static uint16_t raised(uint16_t x, unsigned n, unsigned most)
{
    return (uint16_t)(n > most - x ? most : x + n);
}

void canvas_left(struct canvas *c, unsigned n)
{
    bool may_wrap = modes_get(&c->state.modes, 45) && c->cursor.least < n;
    canvas_end_wrap(c);
    c->cursor.least = lowered(c->cursor.least, n);
    c->cursor.most = lowered(c->cursor.most, n);
    c->fresh = c->cursor.most == 0;
    c->fresh_since = c->last + 1;
    check_origin(c);
    if (may_wrap) {
        c->cursor.least = 0;
        c->cursor.most = (uint16_t)(c->cols - 1);
        canvas_lose_row(c);
        canvas_use_row(c);
    }
}

void canvas_backspace(struct canvas *c)
{
    bool wrapped = c->cursor.most >= c->cols;
    canvas_left(c, 1);
    /* From a pending wrap some go to the last column, some to the one before. */
    if (wrapped)
        c->cursor.most = (uint16_t)(c->cols - 1);
    if (c->cursor.least != c->cursor.most)
        c->fresh = false;
}

void canvas_right(struct canvas *c, unsigned n)
{
    canvas_end_wrap(c);
    c->cursor.least = raised(c->cursor.least, n, c->cols - 1);
    c->cursor.most = raised(c->cursor.most, n, c->cols - 1);
    c->fresh = false;
    check_origin(c);
}

void canvas_tab(struct canvas *c, unsigned n)
{
    const struct shared *tabs = c->state.screen[state_screen(&c->state)].tabs;
    bool wrapped = c->cursor.most >= c->cols;
    canvas_end_wrap(c);
    for (unsigned i = 0; i < n && c->cursor.least < c->cols - 1; i++) {
        c->cursor.least = (uint16_t)tabs_next(tabs, c->cols, c->cursor.least);
        c->cursor.most = (uint16_t)tabs_next(tabs, c->cols, c->cursor.most);
    }
    /* A tab at a pending wrap ends it or not. */
    if (wrapped)
        c->cursor.most = (uint16_t)c->cols;
    if (c->unsure_screen[state_screen(&c->state)] & UNSURE_TABS || c->state.side_margins) {
        c->cursor.least = 0;
        c->cursor.most = (uint16_t)c->cols;
    }
    c->fresh = false;
}

void canvas_back_tab(struct canvas *c, unsigned n)
{
    const struct shared *tabs = c->state.screen[state_screen(&c->state)].tabs;
    bool wrapped = c->cursor.most >= c->cols;
    canvas_end_wrap(c);
    for (unsigned i = 0; i < n && c->cursor.most > 0; i++) {
        c->cursor.least = (uint16_t)tabs_previous(tabs, c->cursor.least);
        c->cursor.most = (uint16_t)tabs_previous(tabs, c->cursor.most);
    }
    if (wrapped)
        c->cursor.most = (uint16_t)c->cols;
    if (c->unsure_screen[state_screen(&c->state)] & UNSURE_TABS || c->state.side_margins) {
        c->cursor.least = 0;
        c->cursor.most = (uint16_t)c->cols;
    }
    c->fresh = false;
}

void canvas_up(struct canvas *c, unsigned n)
{
    struct margins margins = canvas_margins(c);
    canvas_end_wrap(c);
    if (c->cursor.y_known && canvas_is_steady(c)) {
        unsigned top = c->cursor.y >= margins.top ? margins.top : 0;
        if (n > c->cursor.y - top)
            canvas_use_row(c);
        c->cursor.y = (uint16_t)(n > c->cursor.y - top ? top : c->cursor.y - n);
    } else {
        canvas_lose_row(c);
        canvas_use_row(c);
        if (n >= c->rows - 1 && canvas_is_steady(c) && margins.top == 0)
            set_y(c, 0);
    }
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
    check_origin(c);
}

/* Down by n, no further than to bottom. */
static void down_to(struct canvas *c, unsigned n, unsigned bottom)
{
    canvas_end_wrap(c);
    if (c->cursor.y_known && canvas_is_steady(c)) {
        if (n > bottom - c->cursor.y)
            canvas_use_row(c);
        c->cursor.y = raised(c->cursor.y, n, bottom);
    } else {
        canvas_lose_row(c);
        canvas_use_row(c);
        if (n >= c->rows - 1 && canvas_is_steady(c) && canvas_margins(c).bottom == c->rows - 1)
            set_y(c, c->rows - 1);
    }
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
    check_origin(c);
}

void canvas_down(struct canvas *c, unsigned n)
{
    struct margins margins = canvas_margins(c);
    bool inside = c->cursor.y_known && c->cursor.y <= margins.bottom;
    down_to(c, n, inside ? margins.bottom : c->rows - 1);
}

void canvas_down_free(struct canvas *c, unsigned n)
{
    /* Under DECOM the cursor cannot leave the margins. */
    if (c->state.origin)
        canvas_down(c, n);
    else
        down_to(c, n, c->rows - 1);
}

void canvas_column(struct canvas *c, unsigned x)
{
    canvas_set_x(c, x < c->cols ? x : c->cols - 1);
    check_origin(c);
    if (c->state.origin && c->state.side_margins) {
        c->cursor.least = 0;
        c->cursor.most = (uint16_t)(c->cols - 1);
        c->fresh = false;
    }
}

void canvas_row(struct canvas *c, unsigned y)
{
    canvas_end_wrap(c);
    if (c->state.origin) {
        struct margins margins = canvas_margins(c);
        y = y > (unsigned)margins.bottom - margins.top ? margins.bottom : margins.top + y;
    }
    set_y(c, y < c->rows ? y : c->rows - 1);
    if (c->unsure & UNSURE_ORIGIN || (c->state.origin && !canvas_is_steady(c)))
        canvas_lose_row(c);
    c->fresh = c->cursor.most == 0 && c->cursor.y_known;
    c->fresh_since = c->last + 1;
    canvas_use_row(c);
}

void canvas_position(struct canvas *c, unsigned y, unsigned x)
{
    canvas_set_x(c, x < c->cols ? x : c->cols - 1);
    canvas_row(c, y);
    if (c->state.origin && c->state.side_margins) {
        c->cursor.least = 0;
        c->cursor.most = (uint16_t)(c->cols - 1);
        c->fresh = false;
    }
}
