#include "common/terminal/screen.h"

#include <stdlib.h>

#include "common/terminal/screen_internal.h"

enum { PAYLOAD_MAX = 8192 };

uint32_t screen_pen(struct screen *s)
{
    return grid_pen_number(s->grid, &screen_canvas(s)->state.pen);
}

uint32_t screen_blank(struct screen *s)
{
    const struct pen blank = {.background = screen_canvas(s)->state.pen.background};
    return blank.background == 0 ? 0 : grid_pen_number(s->grid, &blank);
}

void screen_move(struct screen *s, unsigned y, unsigned x)
{
    *screen_cursor(s) = (struct cursor){(uint16_t)x, (uint16_t)x, (uint16_t)y, true};
}

void screen_end_wrap(struct screen *s)
{
    const struct cursor *cursor = screen_cursor(s);
    if (cursor->most >= screen_canvas(s)->cols)
        screen_move(s, cursor->y, screen_canvas(s)->cols - 1);
}

struct margins screen_margins(struct screen *s)
{
    return canvas_margins(screen_canvas(s));
}

void screen_scroll_up(struct screen *s, unsigned top, unsigned bottom, unsigned n)
{
    bool keep = top == 0 && !screen_canvas(s)->state.alternate;
    grid_scroll_up(s->grid, top, bottom, n, screen_blank(s), keep);
}

void screen_down(struct screen *s)
{
    const struct cursor *cursor = screen_cursor(s);
    struct margins margins = screen_margins(s);
    if (cursor->y == margins.bottom)
        screen_scroll_up(s, margins.top, margins.bottom, 1);
    else if (cursor->y + 1u < screen_canvas(s)->rows)
        screen_move(s, cursor->y + 1u, cursor->most);
}

void screen_reverse_index(struct screen *s)
{
    screen_end_wrap(s);
    const struct cursor *cursor = screen_cursor(s);
    struct margins margins = screen_margins(s);
    if (cursor->y == margins.top)
        grid_scroll_down(s->grid, margins.top, margins.bottom, 1, screen_blank(s));
    else if (cursor->y > 0)
        screen_move(s, cursor->y - 1u, cursor->most);
}

/* The parser's events. What follows each of those that change the state makes exact again what the
 * tracker leaves open. */

static void make_exact(struct screen *s, const struct cursor *before)
{
    struct canvas *canvas = screen_canvas(s);
    struct cursor *cursor = screen_cursor(s);
    /* What canvas_lose() leaves behind: for all that is known here, nothing has happened. */
    if (!cursor->y_known && cursor->least == 0 && cursor->most == canvas->cols)
        *cursor = *before;
    unsigned x = cursor->most < canvas->cols ? cursor->most : canvas->cols - 1;
    if (cursor->most == before->most)
        x = before->most;
    unsigned y = cursor->y < canvas->rows ? cursor->y : canvas->rows - 1;
    if (canvas->state.origin) {
        struct margins margins = canvas_margins(canvas);
        y = y < margins.top ? margins.top : y > margins.bottom ? margins.bottom : y;
    }
    screen_move(s, y, x);
    modes_trust(&canvas->state.modes);
    canvas->unsure = canvas->unsure_screen[0] = canvas->unsure_screen[1] = 0;
}

static void show_right_screen(struct screen *s, bool was_alternate)
{
    const struct canvas *canvas = screen_canvas(s);
    if (canvas->state.alternate == was_alternate)
        return;
    grid_show(s->grid, state_screen(&canvas->state));
    if (canvas->state.alternate)
        grid_scroll_down(s->grid, 0, canvas->rows - 1, canvas->rows, screen_blank(s));
}

static void on_text(void *user, const uint8_t *data, size_t len, uint64_t begin)
{
    (void)begin;
    screen_text(user, data, len);
}

static void on_control(void *user, uint8_t control, uint64_t begin)
{
    struct screen *s = user;
    struct cursor before = *screen_cursor(s);
    s->printed = false;
    switch (control) {
    case '\b':
        screen_backspace(s);
        break;
    case '\t': /* these five only come here inside of a sequence */
    case '\n':
    case '\v':
    case '\f':
    case '\r':
        screen_text(s, &control, 1);
        break;
    case 0x84: /* IND */
        screen_end_wrap(s);
        screen_down(s);
        break;
    case 0x85: /* NEL */
        screen_move(s, before.y, 0);
        screen_down(s);
        break;
    case 0x8d: /* RI */
        screen_reverse_index(s);
        break;
    case 0x8e: /* SS2, SS3 */
    case 0x8f:
        s->shift = (uint8_t)(control - 0x8c);
        break;
    default:
        tracker_control(&s->known, control, begin);
        make_exact(s, &before);
        break;
    }
}

/* Whether it is one that does not only change the state. */
static bool move_by_escape(struct screen *s, const struct parser_sequence *escape)
{
    if (escape->intermediate[0]) {
        if (escape->intermediate[0] == '#' && escape->final == '8')
            screen_align(s);
        return false;
    }
    const struct cursor *cursor = screen_cursor(s);
    switch (escape->final) {
    case 'D': /* IND */
        screen_end_wrap(s);
        screen_down(s);
        return true;
    case 'E': /* NEL */
        screen_move(s, cursor->y, 0);
        screen_down(s);
        return true;
    case 'M': /* RI */
        screen_reverse_index(s);
        return true;
    case 'N': /* SS2, SS3 */
    case 'O':
        s->shift = (uint8_t)(escape->final - 'N' + 2);
        return true;
    case '6': /* DECBI */
        if (cursor->most > 0)
            screen_move(s, cursor->y, cursor->most - 1u);
        else
            screen_shift_columns(s, 0, 1, true);
        return true;
    case '9': /* DECFI */
        if (cursor->most + 1u < screen_canvas(s)->cols)
            screen_move(s, cursor->y, cursor->most + 1u);
        else
            screen_shift_columns(s, 0, 1, false);
        return true;
    default:
        return false;
    }
}

static void reset(struct screen *s)
{
    screen_keep(s);
    grid_reset(s->grid);
    if (!s->keeps)
        grid_clear_history(s->grid);
    s->shift = 0;
}

static void on_escape(void *user, const struct parser_sequence *escape)
{
    struct screen *s = user;
    struct cursor before = *screen_cursor(s);
    s->printed = false;
    if (escape->malformed || move_by_escape(s, escape))
        return;
    bool alternate = screen_canvas(s)->state.alternate;
    canvas_at(screen_canvas(s), escape->begin, escape->end);
    tracker_escape(&s->known, escape);
    make_exact(s, &before);
    show_right_screen(s, alternate);
    if (escape->final == 'c' && !escape->intermediate[0]) /* RIS */
        reset(s);
}

static void on_csi(void *user, const struct parser_sequence *csi)
{
    struct screen *s = user;
    if (csi->malformed)
        return;
    bool repeats = csi->final == 'b' && !csi->prefix && !csi->intermediate[0];
    if (repeats) {
        screen_repeat(s, (unsigned)parser_count(csi, 0));
        return;
    }
    s->printed = false;
    if (screen_cursor_moves(s, csi) || screen_edit(s, csi))
        return;
    struct cursor before = *screen_cursor(s);
    bool alternate = screen_canvas(s)->state.alternate;
    canvas_at(screen_canvas(s), csi->begin, csi->end);
    tracker_csi(&s->known, csi);
    make_exact(s, &before);
    show_right_screen(s, alternate);
}

static void on_string_end(void *user, const struct parser_string *string)
{
    struct screen *s = user;
    struct cursor before = *screen_cursor(s);
    s->printed = false;
    if (string->cancelled)
        return;
    canvas_at(screen_canvas(s), string->begin, string->end);
    tracker_string(&s->known, string);
    make_exact(s, &before);
}

static const struct parser_events events = {
    .text = on_text,
    .control = on_control,
    .escape = on_escape,
    .csi = on_csi,
    .string_end = on_string_end,
};

static unsigned clip_side(unsigned side)
{
    return side == 0 ? 1 : side > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : side;
}

struct screen *screen_create(unsigned rows, unsigned cols, unsigned history)
{
    struct screen *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    rows = clip_side(rows);
    cols = clip_side(cols);
    s->history = history;
    parser_init(&s->known.parser, &events, s, PAYLOAD_MAX);
    s->known.bare = true;
    s->grid = grid_create(rows, cols, history);
    if (canvas_init(&s->known.canvas, rows, cols) < 0 || !s->grid) {
        screen_destroy(s);
        return NULL;
    }
    return s;
}

void screen_destroy(struct screen *s)
{
    if (!s)
        return;
    grid_destroy(s->grid);
    canvas_finish(&s->known.canvas);
    parser_finish(&s->known.parser);
    free(s);
}

void screen_feed(struct screen *s, const void *data, size_t len)
{
    parser_feed(&s->known.parser, data, len);
}

void screen_set_no_cr(struct screen *s, bool no_cr)
{
    screen_canvas(s)->no_cr = no_cr;
}

void screen_resize(struct screen *s, unsigned rows, unsigned cols)
{
    struct canvas *canvas = screen_canvas(s);
    rows = clip_side(rows);
    cols = clip_side(cols);
    if (rows == canvas->rows && cols == canvas->cols)
        return;
    struct cursor cursor = *screen_cursor(s);
    unsigned top = cursor.y >= rows ? cursor.y + 1u - rows : 0;
    if (grid_resize(s->grid, rows, cols, top) < 0)
        return;
    canvas_resize(canvas, rows, cols, s->known.parser.offset);
    cursor.y = (uint16_t)(cursor.y - top);
    screen_move(s, cursor.y, cursor.most < cols ? cursor.most : cols - 1);
}

void screen_forget_margins(struct screen *s)
{
    for (int i = 0; i < 2; i++)
        screen_canvas(s)->state.screen[i].margins = (struct margins){0};
}

void screen_keep_cleared(struct screen *s)
{
    s->keeps = true;
}

void screen_clear_history(struct screen *s)
{
    grid_clear_history(s->grid);
}

unsigned screen_rows(const struct screen *s)
{
    return s->known.canvas.rows;
}

unsigned screen_cols(const struct screen *s)
{
    return s->known.canvas.cols;
}

unsigned screen_history(const struct screen *s)
{
    return grid_history(s->grid);
}

const struct state *screen_state(const struct screen *s)
{
    return &s->known.canvas.state;
}

unsigned screen_x(const struct screen *s)
{
    return s->known.canvas.cursor.most;
}

unsigned screen_y(const struct screen *s)
{
    return s->known.canvas.cursor.y;
}

struct grid *screen_grid(struct screen *s)
{
    return s->grid;
}
