/* The cells of a grid: writing, erasing, moving. See grid.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/terminal/grid_internal.h"
#include "common/terminal/state.h"

/* Rows' marks */

static struct grid_row *row_at(const struct grid *grid, unsigned y)
{
    return &grid->row[grid->shown][y];
}

static bool is_wide(const struct grid *grid, unsigned y, unsigned x)
{
    const struct grid_row *row = row_at(grid, y);
    return row->wide && row->wide[x];
}

static void clear_row(struct grid_row *row)
{
    free(row->wide);
    *row = (struct grid_row){0};
}

static void note_wide(struct grid *grid, unsigned y, unsigned x)
{
    struct grid_row *row = row_at(grid, y);
    if (!row->wide)
        row->wide = calloc(grid->cols, 1);
    if (row->wide)
        row->wide[x] = 1;
}

static void note_narrow(struct grid *grid, unsigned y, unsigned x, unsigned end)
{
    struct grid_row *row = row_at(grid, y);
    if (row->wide)
        memset(row->wide + x, 0, end - x);
}

/* Life */

static struct tsm_screen *create_tsm(unsigned rows, unsigned cols, unsigned history)
{
    struct tsm_screen *tsm;
    if (tsm_screen_new(&tsm, NULL, NULL) < 0)
        return NULL;
    /* Fresh cells are to have pen 0, and nothing is to be drawn as a cursor. */
    struct tsm_screen_attr plain = {.fccode = -1, .bccode = -1};
    tsm_screen_set_def_attr(tsm, &plain);
    tsm_screen_set_flags(tsm, TSM_SCREEN_HIDE_CURSOR);
    if (tsm_screen_resize(tsm, cols, rows) < 0) {
        tsm_screen_unref(tsm);
        return NULL;
    }
    /* libtsm makes 80 x 24 cells of its own first. */
    for (int screen = 1; screen >= 0; screen--) {
        if (screen == SCREEN_ALTERNATE)
            tsm_screen_set_flags(tsm, TSM_SCREEN_ALTERNATE);
        else
            tsm_screen_reset_flags(tsm, TSM_SCREEN_ALTERNATE);
        tsm_screen_erase_screen(tsm, false);
    }
    tsm_screen_set_max_sb(tsm, history);
    return tsm;
}

static void destroy_tsm(struct tsm_screen *tsm)
{
    if (!tsm)
        return;
    /* 4.0.2 leaks the lines of its history otherwise. */
    tsm_screen_clear_sb(tsm);
    tsm_screen_unref(tsm);
}

struct grid *grid_create(unsigned rows, unsigned cols, unsigned history)
{
    struct grid *grid = calloc(1, sizeof(*grid));
    if (!grid)
        return NULL;
    *grid = (struct grid){.rows = rows, .cols = cols, .history_max = history, .pens_most = 4096};
    grid->tsm = create_tsm(rows, cols, history);
    grid->row[0] = calloc(rows, sizeof(grid->row[0][0]));
    grid->row[1] = calloc(rows, sizeof(grid->row[1][0]));
    static const struct pen plain = {0};
    if (!grid->tsm || !grid->row[0] || !grid->row[1] || grid_pen_number(grid, &plain) != 0 ||
        !grid->pen) {
        grid_destroy(grid);
        return NULL;
    }
    return grid;
}

static void free_rows(struct grid *grid)
{
    for (int screen = 0; screen < 2; screen++) {
        for (unsigned y = 0; grid->row[screen] && y < grid->rows; y++)
            clear_row(&grid->row[screen][y]);
        free(grid->row[screen]);
        grid->row[screen] = NULL;
    }
}

void grid_destroy(struct grid *grid)
{
    if (!grid)
        return;
    destroy_tsm(grid->tsm);
    free_rows(grid);
    grid_finish_tables(grid);
    free(grid);
}

unsigned grid_rows(const struct grid *grid)
{
    return grid->rows;
}

unsigned grid_cols(const struct grid *grid)
{
    return grid->cols;
}

void grid_show(struct grid *grid, int screen)
{
    if (grid->shown == screen)
        return;
    if (screen == SCREEN_ALTERNATE)
        tsm_screen_set_flags(grid->tsm, TSM_SCREEN_ALTERNATE);
    else
        tsm_screen_reset_flags(grid->tsm, TSM_SCREEN_ALTERNATE);
    grid->shown = screen;
    grid->last.glyph = 0;
}

/* Writing */

static void set_blank(struct grid *grid, uint32_t pen)
{
    struct tsm_screen_attr attr = grid_attr(grid, pen);
    tsm_screen_set_def_attr(grid->tsm, &attr);
}

static void blank(struct grid *grid, unsigned y, unsigned x, unsigned n, uint32_t pen)
{
    set_blank(grid, pen);
    tsm_screen_move_to(grid->tsm, x, y);
    tsm_screen_erase_chars(grid->tsm, n);
}

/* Columns x to end - 1 are going to be something else: wide characters of which only one half is in
 * there become blank. */
static void break_wide(struct grid *grid, unsigned y, unsigned x, unsigned end, uint32_t pen)
{
    if (!row_at(grid, y)->wide)
        return;
    if (x > 0 && is_wide(grid, y, x - 1)) {
        blank(grid, y, x - 1, 2, pen);
        note_narrow(grid, y, x - 1, x);
    }
    if (end < grid->cols && is_wide(grid, y, end - 1))
        blank(grid, y, end, 1, pen);
    note_narrow(grid, y, x, end);
}

/* The first cell of a row says whether the row goes on with the one above. */
static struct tsm_screen_attr attr_at(const struct grid *grid, unsigned y, unsigned x, uint32_t pen)
{
    struct tsm_screen_attr attr = grid_attr(grid, pen);
    attr.bold = x == 0 && row_at(grid, y)->continues;
    return attr;
}

void grid_put_ascii(struct grid *grid, unsigned y, unsigned x, const uint8_t *text, size_t n,
                    uint32_t pen)
{
    if (n == 0)
        return;
    break_wide(grid, y, x, x + (unsigned)n, pen);
    struct tsm_screen_attr attr = attr_at(grid, y, x, pen);
    tsm_screen_move_to(grid->tsm, x, y);
    for (size_t i = 0; i < n; i++) {
        tsm_screen_write(grid->tsm, text[i], &attr);
        attr.bold = false;
    }
    grid->last = (struct grid_last){text[n - 1], pen, 1, y, x + (unsigned)n - 1};
}

void grid_put_glyph(struct grid *grid, unsigned y, unsigned x, uint32_t glyph, unsigned width,
                    uint32_t pen)
{
    break_wide(grid, y, x, x + width, pen);
    /* libtsm leaves the pen of a second half as it was. */
    if (width == 2)
        blank(grid, y, x + 1, 1, pen);
    struct tsm_screen_attr attr = attr_at(grid, y, x, pen);
    tsm_screen_move_to(grid->tsm, x, y);
    tsm_screen_write(grid->tsm, glyph, &attr);
    if (width == 2)
        note_wide(grid, y, x);
    grid->last = (struct grid_last){glyph, pen, width, y, x};
}

void grid_put(struct grid *grid, unsigned y, unsigned x, uint32_t point, unsigned width,
              uint32_t pen)
{
    grid_put_glyph(grid, y, x, grid_glyph(grid, &point, 1, width), width, pen);
}

void grid_add_mark(struct grid *grid, unsigned y, unsigned x, uint32_t mark)
{
    const struct grid_last last = grid->last;
    if (last.glyph == 0 || last.y != y || last.x + last.width != x)
        return;
    uint32_t points[GRID_POINTS];
    size_t count = grid_points(grid, last.glyph, points);
    if (count == GRID_POINTS)
        return;
    points[count++] = mark;
    struct tsm_screen_attr attr = attr_at(grid, y, last.x, last.pen);
    uint32_t glyph = grid_glyph(grid, points, count, last.width);
    tsm_screen_move_to(grid->tsm, last.x, y);
    tsm_screen_write(grid->tsm, glyph, &attr);
    grid->last.glyph = glyph;
}

uint32_t grid_last(const struct grid *grid, unsigned *ret_width)
{
    *ret_width = grid->last.width;
    return grid->last.glyph;
}

void grid_continue(struct grid *grid, unsigned y)
{
    row_at(grid, y)->continues = true;
}

bool grid_continues(const struct grid *grid, unsigned y)
{
    return row_at(grid, y)->continues;
}

void grid_end_continuing(struct grid *grid, unsigned y)
{
    row_at(grid, y)->continues = false;
}

/* Erasing, moving */

static void erase_selective(struct grid *grid, unsigned y, unsigned x, unsigned end)
{
    /* libtsm spares protected cells only when it erases from or to the cursor. What is before
     * column x is saved from it by a region of one row that ends where the row does. */
    if (end == grid->cols) {
        tsm_screen_move_to(grid->tsm, x, y);
        tsm_screen_erase_cursor_to_end(grid->tsm, true);
    } else {
        tsm_screen_move_to(grid->tsm, end - 1, y);
        tsm_screen_erase_home_to_cursor(grid->tsm, true);
    }
}

void grid_erase(struct grid *grid, unsigned y, unsigned x, unsigned end, uint32_t pen,
                bool selective)
{
    if (x >= end)
        return;
    grid->last.glyph = 0;
    set_blank(grid, pen);
    if (selective) {
        /* Which of the wide ones are protected is not known here: their halves go together. */
        erase_selective(grid, y, x, end);
        return;
    }
    break_wide(grid, y, x, end, pen);
    blank(grid, y, x, end - x, pen);
    if (x == 0 && end == grid->cols)
        grid_end_continuing(grid, y);
}

void grid_insert(struct grid *grid, unsigned y, unsigned x, unsigned n, uint32_t pen)
{
    struct grid_row *row = row_at(grid, y);
    unsigned room = grid->cols - x;
    grid->last.glyph = 0;
    if (n > room)
        n = room;
    if (row->wide) {
        if (x > 0 && row->wide[x - 1]) {
            blank(grid, y, x - 1, 2, pen);
            row->wide[x - 1] = 0;
        }
        /* What would be half in the last column afterwards. */
        if (n < room && row->wide[grid->cols - 1 - n])
            blank(grid, y, grid->cols - 1 - n, 2, pen);
        memmove(row->wide + x + n, row->wide + x, room - n);
        memset(row->wide + x, 0, n);
        row->wide[grid->cols - 1] = 0;
    }
    set_blank(grid, pen);
    tsm_screen_move_to(grid->tsm, x, y);
    tsm_screen_insert_chars(grid->tsm, n);
}

void grid_delete(struct grid *grid, unsigned y, unsigned x, unsigned n, uint32_t pen)
{
    struct grid_row *row = row_at(grid, y);
    unsigned room = grid->cols - x;
    grid->last.glyph = 0;
    if (n > room)
        n = room;
    if (row->wide) {
        break_wide(grid, y, x, x + n, pen);
        memmove(row->wide + x, row->wide + x + n, room - n);
        memset(row->wide + grid->cols - n, 0, n);
    }
    set_blank(grid, pen);
    tsm_screen_move_to(grid->tsm, x, y);
    tsm_screen_delete_chars(grid->tsm, n);
}

/* Scrolling */

static void roll_up(struct grid_row *row, unsigned top, unsigned bottom, unsigned n)
{
    for (unsigned y = top; y < top + n; y++)
        clear_row(&row[y]);
    memmove(&row[top], &row[top + n], (bottom + 1 - top - n) * sizeof(row[0]));
    memset(&row[bottom + 1 - n], 0, n * sizeof(row[0]));
}

static void roll_down(struct grid_row *row, unsigned top, unsigned bottom, unsigned n)
{
    for (unsigned y = bottom + 1 - n; y <= bottom; y++)
        clear_row(&row[y]);
    memmove(&row[top + n], &row[top], (bottom + 1 - top - n) * sizeof(row[0]));
    memset(&row[top], 0, n * sizeof(row[0]));
}

static void erase_rows(struct grid *grid, unsigned top, unsigned bottom)
{
    for (unsigned y = top; y <= bottom; y++) {
        tsm_screen_move_to(grid->tsm, 0, y);
        tsm_screen_erase_current_line(grid->tsm, false);
    }
}

void grid_scroll_up(struct grid *grid, unsigned top, unsigned bottom, unsigned n, uint32_t pen,
                    bool keep)
{
    unsigned height = bottom + 1 - top;
    if (n > height)
        n = height;
    grid->last.glyph = 0;
    set_blank(grid, pen);
    /* A region of one row among others cannot be told to libtsm. */
    if (keep && grid->history_max > 0 && (height > 1 || grid->rows == 1)) {
        tsm_screen_set_margins(grid->tsm, top + 1, bottom + 1);
        tsm_screen_scroll_up(grid->tsm, n);
        grid->history += n;
        if (grid->history > grid->history_max)
            grid->history = grid->history_max;
    } else if (n == height) {
        erase_rows(grid, top, bottom);
    } else {
        tsm_screen_set_margins(grid->tsm, top + 1, bottom + 1);
        tsm_screen_move_to(grid->tsm, 0, top);
        tsm_screen_delete_lines(grid->tsm, n);
    }
    roll_up(grid->row[grid->shown], top, bottom, n);
}

void grid_scroll_down(struct grid *grid, unsigned top, unsigned bottom, unsigned n, uint32_t pen)
{
    unsigned height = bottom + 1 - top;
    if (n > height)
        n = height;
    grid->last.glyph = 0;
    set_blank(grid, pen);
    if (n == height) {
        erase_rows(grid, top, bottom);
    } else {
        tsm_screen_set_margins(grid->tsm, top + 1, bottom + 1);
        tsm_screen_move_to(grid->tsm, 0, top);
        tsm_screen_insert_lines(grid->tsm, n);
    }
    roll_down(grid->row[grid->shown], top, bottom, n);
}

void grid_reset(struct grid *grid)
{
    for (int screen = SCREEN_ALTERNATE; screen >= SCREEN_NORMAL; screen--) {
        grid_show(grid, screen);
        grid_scroll_down(grid, 0, grid->rows - 1, grid->rows, 0);
    }
}

unsigned grid_history(const struct grid *grid)
{
    return grid->history;
}

void grid_clear_history(struct grid *grid)
{
    tsm_screen_clear_sb(grid->tsm);
    grid->history = 0;
}
