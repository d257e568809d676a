#include "common/terminal/cells.h"

#include <stdlib.h>
#include <string.h>

void cells_finish(struct cells *cells)
{
    free(cells->label);
    free(cells->row);
    *cells = (struct cells){0};
}

void cells_begin(struct cells *cells, unsigned rows, unsigned cols, uint64_t shifts,
                 uint32_t stretch, uint64_t since)
{
    size_t count = (size_t)rows * cols;
    if (!cells->label || cells->rows != rows || cells->cols != cols) {
        cells_finish(cells);
        cells->label = malloc(count * sizeof(cells->label[0]));
        cells->row = malloc(rows * sizeof(cells->row[0]));
        if (!cells->label || !cells->row) {
            cells_finish(cells);
            return;
        }
    }
    memset(cells->label, 0, count * sizeof(cells->label[0]));
    memset(cells->row, 0, rows * sizeof(cells->row[0]));
    cells->rows = rows;
    cells->cols = cols;
    cells->shifts = shifts;
    cells->first = cells->stretch = stretch;
    cells->since = since;
}

static uint32_t number_of(const struct cells *cells, uint16_t label)
{
    return label == 0 ? 0 : cells->stretch - (uint16_t)((uint16_t)cells->stretch - label);
}

/* Before labels come again: those from long ago are forgotten. */
static void forget_old(struct cells *cells)
{
    size_t count = (size_t)cells->rows * cells->cols;
    cells->first = cells->stretch - CELLS_STRETCHES / 2;
    for (size_t i = 0; i < count; i++) {
        if (number_of(cells, cells->label[i]) < cells->first)
            cells->label[i] = 0;
    }
}

void cells_next(struct cells *cells, uint32_t stretch, uint64_t since)
{
    if (!cells->label)
        return;
    cells->stretch = stretch;
    cells->since = since;
    if (stretch - cells->first >= CELLS_STRETCHES)
        forget_old(cells);
}

void cells_write(struct cells *cells, unsigned y, unsigned x, unsigned n)
{
    if (!cells->label || y >= cells->rows || x + n > cells->cols)
        return;
    uint16_t *label = cells->label + (size_t)y * cells->cols + x;
    uint64_t four = (uint16_t)cells->stretch * UINT64_C(0x0001000100010001);
    for (; n >= 4; n -= 4, label += 4)
        memcpy(label, &four, sizeof(four));
    for (; n > 0; n--)
        *label++ = (uint16_t)four;
}

void cells_renew(struct cells *cells, unsigned y, uint64_t since)
{
    if (!cells->label || y >= cells->rows)
        return;
    cells->row[y].renewed = cells->stretch;
    cells->row[y].loose = since < cells->since ? cells->stretch : 0;
}

void cells_loosen(struct cells *cells, unsigned y)
{
    if (cells->label && y < cells->rows)
        cells->row[y].loose = cells->stretch;
}

void cells_loosen_all(struct cells *cells)
{
    for (unsigned y = 0; cells->label && y < cells->rows; y++)
        cells->row[y].loose = cells->stretch;
}

uint32_t cells_run(const struct cells *cells, unsigned y, unsigned *x)
{
    const uint16_t *row = cells->label + (size_t)y * cells->cols;
    uint16_t label = row[*x];
    uint32_t stretch = number_of(cells, label), renewed = cells->row[y].renewed;
    while (*x < cells->cols && row[*x] == label)
        (*x)++;
    return stretch > renewed ? stretch : renewed;
}
