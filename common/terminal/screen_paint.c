#include "common/terminal/screen_paint.h"

#include <errno.h>
#include <stdlib.h>

#include "common/terminal/screen_internal.h"
#include "common/terminal/transition.h"
#include "common/terminal/utf8.h"
#include "common/terminal/width.h"
#include "common/terminal/writer.h"

/* From so many blanks on, moving the cursor is shorter than spaces. */
enum { JUMP_MIN = 8 };

static const struct pen plain_pen = {0};

struct painting {
    struct screen *screen;
    const struct grid *grid;
    struct writer *writer;
    unsigned rows, cols; /* of the terminal */
    unsigned top, left;  /* what is at its top left */
    const struct pen *pen;
    bool below; /* a line was painted, and the next one goes below it */
    bool full;  /* up to the last column, so that more would wrap */
};

/* Cells */

/* Writes a glyph. Whether every terminal gives it the same columns. */
static bool write_glyph(const struct painting *p, uint32_t glyph)
{
    uint32_t points[GRID_POINTS];
    size_t count = grid_points(p->grid, glyph, points);
    bool sure = true;
    if (count == 0)
        writer_text(p->writer, " ");
    for (size_t i = 0; i < count; i++) {
        char text[UTF8_MAX];
        struct width width = width_of(points[i]);
        writer_append(p->writer, text, utf8_write(points[i], text));
        sure = sure && (points[i] < 0x300 || width.least == width.most);
    }
    return sure;
}

static void use_pen(struct painting *p, const struct pen *pen)
{
    pen_write(p->pen, pen, p->writer);
    p->pen = pen;
}

static bool is_empty(const struct grid_cell *cell)
{
    return cell->glyph == 0 && cell->pen == 0;
}

static unsigned empty_run(const struct grid_cell *cells, unsigned x, unsigned end)
{
    unsigned n = 0;
    while (x + n < end && is_empty(&cells[x + n]))
        n++;
    return n;
}

/* The cells of one row that the terminal has room for, on a blank row from its first column on. */
static void paint_row(struct painting *p, const struct grid_cell *cells, unsigned end)
{
    unsigned first = p->left;
    p->full = false;
    for (unsigned x = first; x < end;) {
        const struct grid_cell *cell = &cells[x];
        unsigned blank = empty_run(cells, x, end);
        if (x + blank == end)
            return;
        if (blank >= JUMP_MIN) {
            writer_printf(p->writer, "\033[%uC", blank);
            x += blank;
            continue;
        }
        unsigned width = cell->width > 0 ? cell->width : 1;
        bool cut = cell->width == 0 || x + width > end;
        use_pen(p, grid_pen(p->grid, cell->pen));
        bool sure = write_glyph(p, cut ? 0 : cell->glyph);
        x += width;
        if (!sure && x < end)
            writer_printf(p->writer, "\033[%uG", x - first + 1);
        p->full = sure && x - first == p->cols;
    }
}

static unsigned right_end(const struct painting *p)
{
    unsigned cols = screen_cols(p->screen);
    return cols - p->left > p->cols ? p->left + p->cols : cols;
}

/*
 * To the next row: by the wrap that was there, so that the terminal too knows it as one line, or by
 * a line feed. A wrap that scrolls would fill the new row with the background of what is wrapped.
 */
static void end_line(struct painting *p, const struct grid_cell *next)
{
    bool wraps = p->full && next && next[p->left].continues && next[p->left].glyph > 0 &&
                 grid_pen(p->grid, next[p->left].pen)->background == 0;
    if (p->below && !wraps)
        writer_text(p->writer, "\r\n");
    p->below = false;
}

static void paint_line(struct painting *p, const struct grid_cell *cells)
{
    end_line(p, cells);
    paint_row(p, cells, right_end(p));
    use_pen(p, &plain_pen);
    p->below = true;
}

/* What a narrower terminal has no room for goes on in its next line. */
static void paint_history_line(void *user, const struct grid_cell *cells)
{
    struct painting *p = user;
    unsigned cols = screen_cols(p->screen), left = p->left;
    p->left = 0;
    do {
        paint_line(p, cells);
        p->left += p->cols;
    } while (p->left < cols && empty_run(cells, p->left, cols) < cols - p->left);
    p->left = left;
}

/* The screen's rows, one below the other from the terminal's first row on, which is blank, or after
 * the lines of the history. With what is above of the terminal, if above. */
static void paint_rows(struct painting *p, const struct grid_cell *cells, bool above)
{
    unsigned rows = screen_rows(p->screen), cols = screen_cols(p->screen);
    unsigned end = rows - p->top > p->rows ? p->top + p->rows : rows;
    for (unsigned y = above ? 0 : p->top; y < end; y++)
        paint_line(p, cells + (size_t)y * cols);
    p->below = false;
    /* What a larger terminal has below. */
    if (above && p->rows > rows - p->top) {
        for (unsigned i = rows - p->top; i < p->rows && screen_history(p->screen) > 0; i++)
            writer_text(p->writer, "\r\n");
    }
}

/* State */

static uint16_t shifted(unsigned at, unsigned from, unsigned count)
{
    unsigned to = at > from ? at - from : 0;
    return (uint16_t)(to < count ? to : count - 1);
}

static struct cursor seen_cursor(const struct painting *p, const struct cursor *cursor)
{
    unsigned x = shifted(cursor->most, p->left, p->cols);
    return (struct cursor){(uint16_t)x, (uint16_t)x, shifted(cursor->y, p->top, p->rows), true};
}

/* What the screen does not know: the tracker has seen it all. */
static int take_from_tracker(struct state *state, const struct tracker *tracker)
{
    tracker_catch_up(tracker);
    const struct state *from = &tracker->canvas.state;
    int r = titles_copy(&state->titles, &from->titles);
    palette_unref(state->palette);
    state->palette = palette_ref(from->palette);
    shared_replace(&state->directory, shared_ref(from->directory));
    shared_replace(&state->progress, shared_ref(from->progress));
    state->modes = from->modes;
    state->keyboard = from->keyboard;
    state->keyboard_locked = from->keyboard_locked;
    state->insert = from->insert;
    state->local_echo = from->local_echo;
    state->newline = from->newline;
    state->autowrap = from->autowrap;
    state->visible = from->visible;
    state->keypad = from->keypad;
    state->synchronized = from->synchronized;
    state->style = from->style;
    state->blink_after_style = from->blink_after_style;
    return r;
}

/* The state that the terminal is to have. On one of another size margins mean nothing. */
static int wanted_state(const struct painting *p, const struct screen_paint *how, struct state *ret)
{
    state_init(ret);
    int r = state_copy(ret, screen_state(p->screen));
    if (r == 0 && how->tracker)
        r = take_from_tracker(ret, how->tracker);
    bool same = p->rows == screen_rows(p->screen) && p->cols == screen_cols(p->screen);
    for (int i = 0; i < 2 && !same; i++) {
        ret->screen[i].margins = (struct margins){0};
        ret->screen[i].saved.cursor = seen_cursor(p, &ret->screen[i].saved.cursor);
    }
    if (!same)
        ret->side_margins = ret->origin = false;
    return r;
}

/* Shows the alternate screen, with all that belongs to the normal one set before. Returns the state
 * that the terminal has then in *ret. */
static int show_alternate(const struct painting *p, const struct state *to, struct state *ret)
{
    struct state fresh;
    state_init(&fresh);
    state_init(ret);
    ret->alternate = true;
    ret->alternate_mode = to->alternate_mode;
    ret->keyboard.stack[SCREEN_NORMAL] = to->keyboard.stack[SCREEN_NORMAL];
    struct screen_state *normal = &ret->screen[SCREEN_NORMAL];
    normal->margins = to->screen[SCREEN_NORMAL].margins;
    normal->tabs = shared_ref(to->screen[SCREEN_NORMAL].tabs);
    saved_cursor_copy(&normal->saved, &to->screen[SCREEN_NORMAL].saved);
    ret->side_margins = to->side_margins;
    struct station from = {.state = &fresh, .cursor.y_known = true},
                   there = {.state = ret, .cursor.y_known = true};
    transition_write(&from, &there, p->rows, p->cols, true, p->writer);
    state_finish(&fresh);
    return 0;
}

/* The glyph in the last column again, so that a wrap is pending. */
static void paint_pending_wrap(struct painting *p, const struct grid_cell *cells)
{
    unsigned y = screen_y(p->screen), cols = screen_cols(p->screen);
    const struct grid_cell *row = cells + (size_t)y * cols, *cell = &row[cols - 1];
    if (cell->width == 0 && cols > 1) {
        cell--;
        writer_printf(p->writer, "\033[%uG", cols - 1);
    }
    use_pen(p, grid_pen(p->grid, cell->pen));
    write_glyph(p, cell->glyph);
    use_pen(p, &plain_pen);
}

/*
 * From the state that painting the cells has left (from: default but for the screen) to the one
 * wanted. A wrap that is pending comes between what moves the cursor and what changes drawing.
 */
static int bring_state(struct painting *p, const struct state *from, const struct state *to,
                       const struct grid_cell *cells)
{
    struct cursor cursor = {screen_canvas(p->screen)->cursor.least,
                            screen_canvas(p->screen)->cursor.most,
                            screen_canvas(p->screen)->cursor.y, true};
    bool pending =
        cursor.most >= screen_cols(p->screen) && to->autowrap && p->cols == screen_cols(p->screen);
    cursor = seen_cursor(p, &cursor);
    struct station start = {.state = from, .cursor.y_known = true},
                   end = {.state = to, .cursor = cursor};
    if (!pending) {
        transition_write(&start, &end, p->rows, p->cols, true, p->writer);
        return 0;
    }
    struct state drawable;
    state_init(&drawable);
    int r = state_copy(&drawable, to);
    if (r < 0)
        return r;
    pen_finish(&drawable.pen);
    charsets_reset(&drawable.charsets);
    drawable.insert = false;
    struct station there = {.state = &drawable, .cursor = cursor};
    transition_write(&start, &there, p->rows, p->cols, true, p->writer);
    paint_pending_wrap(p, cells);
    transition_write(&there, &end, p->rows, p->cols, false, p->writer);
    state_finish(&drawable);
    return 0;
}

static void write_end(const struct painting *p, const struct state *state)
{
    if (state->progress) {
        writer_text(p->writer, "\033]9;4;");
        writer_append(p->writer, state->progress->data, state->progress->len);
        writer_text(p->writer, "\033\\");
    }
    writer_text(p->writer, state->synchronized ? "\033[?2026h" : "\033[?2026l");
}

/* Moves what the terminal shows into its scrollback, from the cursor's row up, and clears the rest.
 */
static void push_screen(const struct painting *p)
{
    writer_text(p->writer, "\033[?2026h\033[22;0t\r");
    for (unsigned i = 1; i < p->rows; i++)
        writer_text(p->writer, "\n");
    writer_text(p->writer, "\033[H\033[J");
}

static int paint(struct painting *p, const struct screen_paint *how, struct grid_cell *cells)
{
    struct grid *grid = p->screen->grid;
    struct state to, from;
    int r = wanted_state(p, how, &to);
    state_init(&from);
    push_screen(p);
    if (r == 0)
        r = grid_read_history(grid, how->history, paint_history_line, p);
    grid_read(grid, SCREEN_NORMAL, cells);
    /* While the alternate screen is shown, nothing tells which part of the normal one counts. */
    paint_rows(p, cells, !to.alternate);
    if (to.alternate) {
        state_finish(&from);
        r = r < 0 ? r : show_alternate(p, &to, &from);
        grid_read(grid, SCREEN_ALTERNATE, cells);
        /* It was cleared with the background that the normal screen's saved cursor has. */
        writer_text(p->writer, "\033[H\033[2J");
        paint_rows(p, cells, false);
    }
    if (r == 0)
        r = bring_state(p, &from, &to, cells);
    write_end(p, &to);
    state_finish(&to);
    state_finish(&from);
    return r;
}

/* What of the screen is at the terminal's top left: all of it fits, or the cursor is at an edge. */
static void choose_view(struct painting *p)
{
    unsigned y = screen_y(p->screen), x = screen_x(p->screen), cols = screen_cols(p->screen);
    if (x >= cols)
        x = cols - 1;
    p->top = y >= p->rows ? y + 1 - p->rows : 0;
    p->left = x >= p->cols ? x + 1 - p->cols : 0;
}

int screen_paint(struct screen *screen, const struct screen_paint *how, struct bytes *out)
{
    struct writer writer = {.out = out};
    struct painting p = {.screen = screen,
                         .grid = screen->grid,
                         .writer = &writer,
                         .rows = how->rows ? how->rows : screen_rows(screen),
                         .cols = how->cols ? how->cols : screen_cols(screen),
                         .pen = &plain_pen};
    size_t len = out->len;
    choose_view(&p);
    struct grid_cell *cells =
        calloc((size_t)screen_rows(screen) * screen_cols(screen), sizeof(cells[0]));
    int r = cells ? paint(&p, how, cells) : -ENOMEM;
    free(cells);
    r = r < 0 ? r : writer.error;
    if (r < 0)
        out->len = len;
    return r;
}

static bool is_saved_paintable(const struct screen_state *state, unsigned cols)
{
    const struct saved_cursor *saved = &state->saved;
    const struct margins *margins = &state->margins;
    if (!saved->set)
        return true;
    bool outside =
        margins->set && (saved->cursor.y < margins->top || saved->cursor.y > margins->bottom);
    return saved->cursor.most < cols && !(saved->origin && outside);
}

bool screen_is_paintable(struct screen *screen)
{
    const struct state *state = screen_state(screen);
    unsigned cols = screen_cols(screen);
    bool pending = screen_x(screen) >= cols && !state->autowrap;
    return screen->shift == 0 && !pending &&
           is_saved_paintable(&state->screen[SCREEN_NORMAL], cols) &&
           is_saved_paintable(&state->screen[SCREEN_ALTERNATE], cols);
}

/* Pictures */

static void paint_view(struct painting *p, const struct grid_cell *cells)
{
    const struct state *state = screen_state(p->screen);
    unsigned rows = screen_rows(p->screen), cols = screen_cols(p->screen);
    struct cursor cursor = {.most = (uint16_t)screen_x(p->screen),
                            .y = (uint16_t)screen_y(p->screen)};
    writer_printf(p->writer, "\033[?2026h\033[?25l\033[?5%c\033[m",
                  modes_get(&state->modes, 5) ? 'h' : 'l');
    for (unsigned y = 0; y < p->rows; y++) {
        writer_printf(p->writer, "\033[%uH\033[K", y + 1);
        if (p->top + y >= rows)
            continue;
        paint_row(p, cells + (size_t)(p->top + y) * cols, right_end(p));
        use_pen(p, &plain_pen);
    }
    cursor = seen_cursor(p, &cursor);
    writer_printf(p->writer, "\033[%u;%uH%s\033[?2026l", cursor.y + 1u, cursor.most + 1u,
                  state->visible ? "\033[?25h" : "");
}

int screen_paint_view(struct screen *screen, unsigned rows, unsigned cols, struct bytes *out)
{
    struct writer writer = {.out = out};
    struct painting p = {.screen = screen,
                         .grid = screen->grid,
                         .writer = &writer,
                         .rows = rows,
                         .cols = cols,
                         .pen = &plain_pen};
    size_t len = out->len;
    struct grid_cell *cells =
        calloc((size_t)screen_rows(screen) * screen_cols(screen), sizeof(cells[0]));
    if (!cells)
        return -ENOMEM;
    choose_view(&p);
    grid_read(screen->grid, state_screen(screen_state(screen)), cells);
    paint_view(&p, cells);
    free(cells);
    if (writer.error < 0)
        out->len = len;
    return writer.error;
}

/* Lines */

static unsigned used_rows(const struct grid_cell *cells, unsigned rows, unsigned cols)
{
    while (rows > 0) {
        const struct grid_cell *row = cells + (size_t)(rows - 1) * cols;
        if (empty_run(row, 0, cols) < cols)
            break;
        rows--;
    }
    return rows;
}

static void write_line(void *user, const struct grid_cell *cells)
{
    struct painting *p = user;
    paint_row(p, cells, p->cols);
    use_pen(p, &plain_pen);
    writer_text(p->writer, "\n");
}

int screen_write_lines(struct screen *screen, unsigned history, struct bytes *out)
{
    struct writer writer = {.out = out};
    unsigned rows = screen_rows(screen), cols = screen_cols(screen);
    struct painting p = {.screen = screen,
                         .grid = screen->grid,
                         .writer = &writer,
                         .rows = rows,
                         .cols = cols,
                         .pen = &plain_pen};
    size_t len = out->len;
    struct grid_cell *cells = calloc((size_t)rows * cols, sizeof(cells[0]));
    if (!cells)
        return -ENOMEM;
    int r = grid_read_history(screen->grid, history, write_line, &p);
    grid_read(screen->grid, state_screen(screen_state(screen)), cells);
    unsigned used = used_rows(cells, rows, cols);
    for (unsigned y = 0; y < used; y++)
        write_line(&p, cells + (size_t)y * cols);
    free(cells);
    r = r < 0 ? r : writer.error;
    if (r < 0)
        out->len = len;
    return r;
}
