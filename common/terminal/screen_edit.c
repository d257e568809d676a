/*
 * Sequences that move the cursor, erase, insert, delete or scroll. Source: xterm's ctlseqs where
 * nothing else is named.
 */
#include "common/terminal/screen_internal.h"
#include "common/terminal/tabs.h"

#define KEY(prefix, intermediate, final) PARSER_KEY(prefix, intermediate, final)

static uint32_t key_of(const struct parser_sequence *csi)
{
    return csi->intermediate[1] ? 0 : KEY(csi->prefix, csi->intermediate[0], csi->final);
}

static unsigned count_of(const struct parser_sequence *csi)
{
    return (unsigned)parser_count(csi, 0);
}

/* Moving */

static void move_up(struct screen *s, unsigned n)
{
    const struct cursor *cursor = screen_cursor(s);
    struct margins margins = screen_margins(s);
    unsigned top = cursor->y >= margins.top ? margins.top : 0;
    screen_end_wrap(s);
    screen_move(s, n > cursor->y - top ? top : cursor->y - n, cursor->most);
}

static void move_down(struct screen *s, unsigned n, bool free)
{
    const struct cursor *cursor = screen_cursor(s);
    struct margins margins = screen_margins(s);
    bool stops = !free || screen_canvas(s)->state.origin;
    unsigned bottom =
        stops && cursor->y <= margins.bottom ? margins.bottom : screen_canvas(s)->rows - 1;
    screen_end_wrap(s);
    screen_move(s, n > bottom - cursor->y ? bottom : cursor->y + n, cursor->most);
}

static void move_right(struct screen *s, unsigned n)
{
    const struct cursor *cursor = screen_cursor(s);
    unsigned last = screen_canvas(s)->cols - 1;
    screen_end_wrap(s);
    screen_move(s, cursor->y, n > last - cursor->most ? last : cursor->most + n);
}

static void move_left(struct screen *s, unsigned n)
{
    const struct cursor *cursor = screen_cursor(s);
    screen_end_wrap(s);
    screen_move(s, cursor->y, n > cursor->most ? 0 : cursor->most - n);
}

void screen_backspace(struct screen *s)
{
    const struct canvas *canvas = screen_canvas(s);
    const struct cursor cursor = *screen_cursor(s);
    if (!modes_get(&canvas->state.modes, 45)) {
        move_left(s, 1);
        return;
    }
    /* Reverse wraparound: a wrap that is pending counts as a column. */
    struct margins margins = screen_margins(s);
    if (cursor.most > 0) {
        screen_move(s, cursor.y, cursor.most - 1u);
    } else if (cursor.y > margins.top && cursor.y <= margins.bottom &&
               grid_continues(s->grid, cursor.y)) {
        grid_end_continuing(s->grid, cursor.y);
        screen_move(s, cursor.y - 1u, canvas->cols - 1);
    }
}

static void back_tab(struct screen *s, unsigned n)
{
    const struct canvas *canvas = screen_canvas(s);
    const struct shared *tabs = canvas->state.screen[state_screen(&canvas->state)].tabs;
    unsigned x = screen_cursor(s)->most;
    if (x >= canvas->cols)
        return;
    for (; n > 0 && x > 0; n--)
        x = tabs_previous(tabs, x);
    screen_move(s, screen_cursor(s)->y, x);
}

/* row: from 1, relative to the margins under DECOM. */
static void move_to_row(struct screen *s, unsigned row)
{
    struct margins margins = screen_margins(s);
    bool origin = screen_canvas(s)->state.origin;
    unsigned top = origin ? margins.top : 0,
             last = origin ? margins.bottom : screen_canvas(s)->rows - 1;
    screen_end_wrap(s);
    screen_move(s, row - 1 > last - top ? last : top + row - 1, screen_cursor(s)->most);
}

static void move_to_column(struct screen *s, unsigned column)
{
    unsigned cols = screen_canvas(s)->cols;
    screen_move(s, screen_cursor(s)->y, column > cols ? cols - 1 : column - 1);
}

bool screen_cursor_moves(struct screen *s, const struct parser_sequence *csi)
{
    switch (key_of(csi)) {
    case KEY(0, 0, 'A'): /* CUU */
        move_up(s, count_of(csi));
        return true;
    case KEY(0, 0, 'B'): /* CUD */
        move_down(s, count_of(csi), false);
        return true;
    case KEY(0, 0, 'C'): /* CUF */
    case KEY(0, 0, 'a'): /* HPR */
        move_right(s, count_of(csi));
        return true;
    case KEY(0, 0, 'D'): /* CUB */
        move_left(s, count_of(csi));
        return true;
    case KEY(0, 0, 'E'): /* CNL */
        move_down(s, count_of(csi), false);
        move_to_column(s, 1);
        return true;
    case KEY(0, 0, 'F'): /* CPL */
        move_up(s, count_of(csi));
        move_to_column(s, 1);
        return true;
    case KEY(0, 0, 'G'): /* CHA */
    case KEY(0, 0, '`'): /* HPA */
        move_to_column(s, count_of(csi));
        return true;
    case KEY(0, 0, 'H'): /* CUP */
    case KEY(0, 0, 'f'): /* HVP */
        move_to_row(s, count_of(csi));
        move_to_column(s, (unsigned)parser_count(csi, 1));
        return true;
    case KEY(0, 0, 'I'): /* CHT */
        screen_tab(s, count_of(csi));
        return true;
    case KEY(0, 0, 'Z'): /* CBT */
        back_tab(s, count_of(csi));
        return true;
    case KEY(0, 0, 'd'): /* VPA */
        move_to_row(s, count_of(csi));
        return true;
    case KEY(0, 0, 'e'): /* VPR */
        move_down(s, count_of(csi), true);
        return true;
    default:
        return false;
    }
}

/* Erasing */

static void erase_line(struct screen *s, int how, bool selective)
{
    const struct cursor *cursor = screen_cursor(s);
    unsigned cols = screen_canvas(s)->cols;
    unsigned after = cursor->most + 1u < cols ? cursor->most + 1u : cols;
    if (how == 0) /* at a pending wrap, nothing */
        grid_erase(s->grid, cursor->y, cursor->most, cols, screen_blank(s), selective);
    else if (how == 1)
        grid_erase(s->grid, cursor->y, 0, after, screen_blank(s), selective);
    else if (how == 2)
        grid_erase(s->grid, cursor->y, 0, cols, screen_blank(s), selective);
}

void screen_keep(struct screen *s)
{
    const struct canvas *canvas = screen_canvas(s);
    if (!s->keeps || canvas->state.alternate)
        return;
    unsigned used = grid_used_rows(s->grid, SCREEN_NORMAL);
    if (used > 0)
        grid_scroll_up(s->grid, 0, canvas->rows - 1, used, 0, true);
}

static void erase_display(struct screen *s, int how, bool selective)
{
    const struct canvas *canvas = screen_canvas(s);
    unsigned y = screen_cursor(s)->y, first = 0, end = 0;
    if (!selective && (how == 2 || (how == 0 && y == 0 && screen_cursor(s)->most == 0)))
        screen_keep(s);
    if (how == 0) {
        first = y + 1;
        end = canvas->rows;
    } else if (how == 1) {
        end = y;
    } else if (how == 2) {
        end = canvas->rows;
    } else if (how == 3 && !s->keeps) {
        grid_clear_history(s->grid);
    }
    for (; first < end; first++)
        grid_erase(s->grid, first, 0, canvas->cols, screen_blank(s), selective);
    if (how == 0 || how == 1)
        erase_line(s, how, selective);
}

static void erase_chars(struct screen *s, unsigned n)
{
    screen_end_wrap(s);
    const struct cursor *cursor = screen_cursor(s);
    unsigned room = screen_canvas(s)->cols - cursor->most;
    grid_erase(s->grid, cursor->y, cursor->most, cursor->most + (n < room ? n : room),
               screen_blank(s), false);
}

void screen_align(struct screen *s)
{
    const struct canvas *canvas = screen_canvas(s);
    struct pen pen = canvas->state.pen;
    uint8_t row[256];
    for (unsigned i = 0; i < sizeof(row); i++)
        row[i] = 'E';
    uint32_t number = grid_pen_number(s->grid, &pen);
    for (unsigned y = 0; y < canvas->rows; y++) {
        grid_end_continuing(s->grid, y);
        for (unsigned x = 0; x < canvas->cols; x += sizeof(row)) {
            unsigned n = canvas->cols - x;
            grid_put_ascii(s->grid, y, x, row, n < sizeof(row) ? n : sizeof(row), number);
        }
    }
}

/* Inserting, deleting, scrolling */

static void shift_lines(struct screen *s, unsigned n, bool down)
{
    struct margins margins = screen_margins(s);
    screen_end_wrap(s);
    unsigned y = screen_cursor(s)->y;
    if (y < margins.top || y > margins.bottom)
        return;
    if (down)
        grid_scroll_down(s->grid, y, margins.bottom, n, screen_blank(s));
    else
        grid_scroll_up(s->grid, y, margins.bottom, n, screen_blank(s), false);
    screen_move(s, y, 0);
}

static void shift_chars(struct screen *s, unsigned n, bool right)
{
    screen_end_wrap(s);
    const struct cursor *cursor = screen_cursor(s);
    if (right)
        grid_insert(s->grid, cursor->y, cursor->most, n, screen_blank(s));
    else
        grid_delete(s->grid, cursor->y, cursor->most, n, screen_blank(s));
}

void screen_shift_columns(struct screen *s, unsigned x, unsigned n, bool right)
{
    struct margins margins = screen_margins(s);
    unsigned y = screen_cursor(s)->y;
    if (y < margins.top || y > margins.bottom || x >= screen_canvas(s)->cols)
        return;
    for (y = margins.top; y <= margins.bottom; y++) {
        grid_end_continuing(s->grid, y);
        if (right)
            grid_insert(s->grid, y, x, n, screen_blank(s));
        else
            grid_delete(s->grid, y, x, n, screen_blank(s));
    }
}

static bool scroll(struct screen *s, const struct parser_sequence *csi)
{
    struct margins margins = screen_margins(s);
    unsigned n = count_of(csi);
    switch (key_of(csi)) {
    case KEY(0, 0, 'S'): /* SU */
        screen_scroll_up(s, margins.top, margins.bottom, n);
        return true;
    case KEY(0, 0, 'T'): /* SD; with five parameters, mouse tracking by highlighting */
        if (csi->count < 5)
            grid_scroll_down(s->grid, margins.top, margins.bottom, n, screen_blank(s));
        return true;
    case KEY(0, ' ', '@'): /* SL */
        screen_shift_columns(s, 0, n, false);
        return true;
    case KEY(0, ' ', 'A'): /* SR */
        screen_shift_columns(s, 0, n, true);
        return true;
    case KEY(0, '\'', '}'): /* DECIC */
        screen_shift_columns(s, screen_cursor(s)->most, n, true);
        return true;
    case KEY(0, '\'', '~'): /* DECDC */
        screen_shift_columns(s, screen_cursor(s)->most, n, false);
        return true;
    default:
        return false;
    }
}

bool screen_edit(struct screen *s, const struct parser_sequence *csi)
{
    int how = parser_param(csi, 0, 0);
    switch (key_of(csi)) {
    case KEY(0, 0, 'J'):   /* ED */
    case KEY('?', 0, 'J'): /* DECSED */
        erase_display(s, how, csi->prefix == '?');
        return true;
    case KEY(0, 0, 'K'):   /* EL */
    case KEY('?', 0, 'K'): /* DECSEL */
        erase_line(s, how, csi->prefix == '?');
        return true;
    case KEY(0, 0, 'X'): /* ECH */
        erase_chars(s, count_of(csi));
        return true;
    case KEY(0, 0, '@'): /* ICH */
    case KEY(0, 0, 'P'): /* DCH */
        shift_chars(s, count_of(csi), csi->final == '@');
        return true;
    case KEY(0, 0, 'L'): /* IL */
    case KEY(0, 0, 'M'): /* DL */
        shift_lines(s, count_of(csi), csi->final == 'L');
        return true;
    default:
        return scroll(s, csi);
    }
}
