/* Reading a grid, which libtsm only allows by having all of it drawn; and other sizes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/terminal/grid_internal.h"
#include "common/terminal/state.h"

struct drawing {
    struct grid_cell *cells;
    unsigned rows, cols;
};

static uint32_t number_of(const struct tsm_screen_attr *attr)
{
    return (uint32_t)attr->fr << 16 | (uint32_t)attr->fg << 8 | attr->fb;
}

static int on_cell(struct tsm_screen *tsm, uint64_t id, const uint32_t *points, size_t count,
                   unsigned width, unsigned x, unsigned y, const struct tsm_screen_attr *attr,
                   tsm_age_t age, void *data)
{
    struct drawing *drawing = data;
    (void)tsm;
    (void)id;
    (void)age;
    if (x < drawing->cols && y < drawing->rows)
        drawing->cells[(size_t)y * drawing->cols + x] =
            (struct grid_cell){.glyph = count > 0 && width > 0 ? points[0] : 0,
                               .pen = number_of(attr),
                               .width = (uint8_t)width,
                               .continues = attr->bold};
    return 0;
}

/* What libtsm shows now: a screen, or lines of the history above it. */
static void draw(const struct grid *grid, struct grid_cell *cells)
{
    struct drawing drawing = {.cells = cells, .rows = grid->rows, .cols = grid->cols};
    tsm_screen_draw(grid->tsm, on_cell, &drawing);
}

void grid_read(struct grid *grid, int screen, struct grid_cell *cells)
{
    int shown = grid->shown;
    struct grid_last last = grid->last;
    grid_show(grid, screen);
    draw(grid, cells);
    grid_show(grid, shown);
    grid->last = last;
}

unsigned grid_used_rows(struct grid *grid, int screen)
{
    size_t count = (size_t)grid->rows * grid->cols;
    struct grid_cell *cells = calloc(count, sizeof(cells[0]));
    if (!cells)
        return grid->rows;
    grid_read(grid, screen, cells);
    while (count > 0 && cells[count - 1].glyph == 0 && cells[count - 1].pen == 0)
        count--;
    free(cells);
    return (unsigned)((count + grid->cols - 1) / grid->cols);
}

int grid_read_history(struct grid *grid, unsigned n,
                      void (*line)(void *user, const struct grid_cell *cells), void *user)
{
    if (n > grid->history)
        n = grid->history;
    if (n == 0)
        return 0;
    struct grid_cell *cells = calloc((size_t)grid->rows * grid->cols, sizeof(cells[0]));
    if (!cells)
        return -ENOMEM;
    tsm_screen_sb_reset(grid->tsm);
    tsm_screen_sb_up(grid->tsm, n);
    for (unsigned done = 0; done < n; done += grid->rows) {
        draw(grid, cells);
        for (unsigned y = 0; y < grid->rows && done + y < n; y++)
            line(user, cells + (size_t)y * grid->cols);
        tsm_screen_sb_down(grid->tsm, grid->rows);
    }
    tsm_screen_sb_reset(grid->tsm);
    free(cells);
    return 0;
}

/* Pens and glyphs that no cell has any more are given up. */

static void mark_cells(struct grid *grid, const struct grid_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        intern_mark(&grid->pens, cells[i].pen);
        grid_mark_glyph(grid, cells[i].glyph);
    }
}

static void mark_line(void *user, const struct grid_cell *cells)
{
    struct grid *grid = user;
    mark_cells(grid, cells, grid->cols);
}

int grid_mark_used(struct grid *grid)
{
    size_t count = (size_t)grid->rows * grid->cols;
    struct grid_cell *cells = calloc(count, sizeof(cells[0]));
    if (!cells)
        return -ENOMEM;
    for (int screen = 0; screen < 2; screen++) {
        grid_read(grid, screen, cells);
        mark_cells(grid, cells, count);
    }
    free(cells);
    return grid_read_history(grid, grid->history, mark_line, grid);
}

/* Another size */

static void put_row(struct grid *to, unsigned y, const struct grid_cell *cells, unsigned cols)
{
    if (cells[0].continues)
        grid_continue(to, y);
    for (unsigned x = 0; x < cols && x < to->cols; x++) {
        const struct grid_cell *cell = &cells[x];
        if (cell->glyph > 0 && x + cell->width <= to->cols)
            grid_put_glyph(to, y, x, cell->glyph, cell->width, cell->pen);
        else if (cell->pen > 0 && cell->width > 0)
            grid_erase(to, y, x, x + 1, cell->pen, false);
    }
}

static void push_line(void *user, const struct grid_cell *cells)
{
    struct grid *to = user;
    put_row(to, 0, cells, to->source_cols);
    grid_scroll_up(to, 0, to->rows - 1, 1, 0, true);
}

static void copy_rows(struct grid *from, struct grid *to, int screen, unsigned top,
                      struct grid_cell *cells)
{
    grid_read(from, screen, cells);
    grid_show(to, screen);
    if (screen == SCREEN_NORMAL) {
        for (unsigned y = 0; y < top; y++)
            push_line(to, cells + (size_t)y * from->cols);
    }
    for (unsigned y = 0; top + y < from->rows && y < to->rows; y++)
        put_row(to, y, cells + (size_t)(top + y) * from->cols, from->cols);
}

int grid_resize(struct grid *grid, unsigned rows, unsigned cols, unsigned top)
{
    struct grid_cell *cells = calloc((size_t)grid->rows * grid->cols, sizeof(cells[0]));
    struct grid *fresh = cells ? grid_create(rows, cols, grid->history_max) : NULL;
    if (!fresh) {
        free(cells);
        return -ENOMEM;
    }
    int shown = grid->shown;
    grid_swap_tables(grid, fresh);
    fresh->source_cols = grid->cols;
    grid_read_history(grid, grid->history, push_line, fresh);
    copy_rows(grid, fresh, SCREEN_NORMAL, top, cells);
    copy_rows(grid, fresh, SCREEN_ALTERNATE, top, cells);
    free(cells);
    grid_show(fresh, shown);
    struct grid old = *grid;
    *grid = *fresh;
    *fresh = old;
    grid_destroy(fresh);
    return 0;
}
