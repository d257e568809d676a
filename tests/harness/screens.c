#include "tests/harness/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/terminal/utf8.h"

static bool cells_equal(struct screen *a, const struct grid_cell *left, struct screen *b,
                        const struct grid_cell *right)
{
    uint32_t one[GRID_POINTS], other[GRID_POINTS];
    size_t count = grid_points(screen_grid(a), left->glyph, one);
    return left->width == right->width &&
           grid_points(screen_grid(b), right->glyph, other) == count &&
           memcmp(one, other, count * sizeof(one[0])) == 0 &&
           pen_equal(grid_pen(screen_grid(a), left->pen), grid_pen(screen_grid(b), right->pen));
}

/* Whether rows * cols cells are the same. */
static bool tables_equal(struct screen *a, const struct grid_cell *left, struct screen *b,
                         const struct grid_cell *right, size_t rows, char *text, size_t size)
{
    unsigned cols = screen_cols(a);
    for (size_t i = 0; i < rows * cols; i++) {
        if (cells_equal(a, &left[i], b, &right[i]))
            continue;
        snprintf(text, size, "row %zu column %zu: U+%04X pen %u width %u, U+%04X pen %u width %u",
                 i / cols, i % cols, left[i].glyph, left[i].pen, left[i].width, right[i].glyph,
                 right[i].pen, right[i].width);
        return false;
    }
    return true;
}

bool screens_equal(struct screen *a, struct screen *b, char *text, size_t size)
{
    size_t rows = screen_rows(a), count = rows * screen_cols(a);
    struct grid_cell *left = calloc(count, sizeof(left[0])),
                     *right = calloc(count, sizeof(right[0]));
    bool equal = left && right;
    bool alternate = screen_state(a)->alternate;
    if (alternate != screen_state(b)->alternate) {
        snprintf(text, size, "alternate screen: %d, %d", alternate, !alternate);
        equal = false;
    }
    /* What the alternate screen keeps while the normal one is shown is gone when it is entered. */
    for (int screen = 0; equal && screen <= alternate; screen++) {
        grid_read(screen_grid(a), screen, left);
        grid_read(screen_grid(b), screen, right);
        equal = tables_equal(a, left, b, right, rows, text, size);
    }
    if (equal && (screen_x(a) != screen_x(b) || screen_y(a) != screen_y(b))) {
        snprintf(text, size, "cursor: %u,%u and %u,%u", screen_y(a), screen_x(a), screen_y(b),
                 screen_x(b));
        equal = false;
    }
    free(left);
    free(right);
    return equal;
}

struct lines {
    struct grid_cell *cells;
    unsigned cols, count;
};

static void take_line(void *user, const struct grid_cell *cells)
{
    struct lines *lines = user;
    memcpy(lines->cells + (size_t)lines->count++ * lines->cols, cells,
           lines->cols * sizeof(cells[0]));
}

static struct lines read_lines(struct screen *screen, unsigned n)
{
    struct lines lines = {.cols = screen_cols(screen)};
    lines.cells = calloc((size_t)n * lines.cols + 1, sizeof(lines.cells[0]));
    if (lines.cells)
        grid_read_history(screen_grid(screen), n, take_line, &lines);
    return lines;
}

bool screens_equal_history(struct screen *a, struct screen *b, unsigned n, char *text, size_t size)
{
    struct lines left = read_lines(a, n), right = read_lines(b, n);
    bool equal = left.cells && right.cells && left.count == right.count;
    if (!equal)
        snprintf(text, size, "lines: %u, %u", left.count, right.count);
    else
        equal = tables_equal(a, left.cells, b, right.cells, left.count, text, size);
    free(left.cells);
    free(right.cells);
    return equal;
}

static void append_cells(struct bytes *out, struct screen *screen, const struct grid_cell *cells)
{
    size_t end = out->len;
    for (unsigned x = 0; x < screen_cols(screen); x++) {
        uint32_t points[GRID_POINTS];
        size_t count = grid_points(screen_grid(screen), cells[x].glyph, points);
        if (cells[x].width == 0)
            continue;
        if (count == 0)
            bytes_append(out, " ", 1);
        for (size_t i = 0; i < count; i++) {
            char utf8[UTF8_MAX];
            size_t len = utf8_write(points[i], utf8);
            bytes_append(out, utf8, len);
        }
        if (count > 0)
            end = out->len;
    }
    out->len = end;
    bytes_append(out, "\n", 1);
}

struct texts {
    struct bytes out;
    struct screen *screen;
};

static void append_line(void *user, const struct grid_cell *cells)
{
    struct texts *texts = user;
    append_cells(&texts->out, texts->screen, cells);
}

char *screens_text(struct screen *screen, bool history)
{
    struct texts texts = {.screen = screen};
    unsigned rows = screen_rows(screen), cols = screen_cols(screen);
    struct grid_cell *cells = calloc((size_t)rows * cols, sizeof(cells[0]));
    if (!cells)
        return NULL;
    if (history)
        grid_read_history(screen_grid(screen), UINT32_MAX, append_line, &texts);
    grid_read(screen_grid(screen), state_screen(screen_state(screen)), cells);
    for (unsigned y = 0; y < rows; y++)
        append_cells(&texts.out, screen, cells + (size_t)y * cols);
    while (texts.out.len > 1 && texts.out.data[texts.out.len - 1] == '\n' &&
           texts.out.data[texts.out.len - 2] == '\n')
        texts.out.len--;
    if (texts.out.len == 1 && texts.out.data[0] == '\n')
        texts.out.len = 0;
    bytes_append(&texts.out, "", 1);
    free(cells);
    return (char *)texts.out.data;
}
