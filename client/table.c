#include "client/table.h"

#include "common/escape.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GUTTER = 2 };

/* Building */

static int reserve_cells(struct table *table, size_t more)
{
    if (more <= table->cell_room - table->cell_count)
        return 0;
    size_t room = 2 * table->cell_room + more;
    struct table_cell *cells = reallocarray(table->cells, room, sizeof(*cells));
    if (!cells)
        return -ENOMEM;
    table->cells = cells;
    table->cell_room = room;
    return 0;
}

/* Adds a cell for which there is room. */
static int add_cell(struct table *table, const char *text)
{
    size_t at = table->text.len;
    int r = escape_append(&table->text, text, strlen(text));
    if (r == 0)
        r = bytes_append(&table->text, "", 1);
    if (r < 0) {
        table->text.len = at;
        return r;
    }
    size_t width = escape_width((const char *)table->text.data + at);
    table->cells[table->cell_count++] = (struct table_cell){.at = at, .width = width};
    return 0;
}

int table_add_column(struct table *table, const char *title, unsigned flags)
{
    assert(table->cell_count == table->column_count);
    unsigned *column_flags =
        reallocarray(table->column_flags, table->column_count + 1, sizeof(*column_flags));
    if (!column_flags)
        return -ENOMEM;
    table->column_flags = column_flags;
    int r = reserve_cells(table, 1);
    if (r == 0)
        r = add_cell(table, title);
    if (r == 0)
        table->column_flags[table->column_count++] = flags;
    return r;
}

int table_add_row(struct table *table, const char *const *cells)
{
    size_t cell_count = table->cell_count, text_len = table->text.len;
    int r = reserve_cells(table, table->column_count);
    for (size_t i = 0; r == 0 && i < table->column_count; i++)
        r = add_cell(table, cells[i] ? cells[i] : "");
    if (r < 0) {
        table->cell_count = cell_count;
        table->text.len = text_len;
    }
    return r;
}

void table_finish(struct table *table)
{
    free(table->column_flags);
    free(table->cells);
    bytes_finish(&table->text);
    *table = (struct table){.ascii = table->ascii};
}

/* Fitting */

#define DROPPED SIZE_MAX /* as a width: the column is left out */

static size_t total_width(const size_t *widths, size_t count)
{
    size_t total = 0, shown = 0;
    for (size_t i = 0; i < count; i++) {
        if (widths[i] == DROPPED)
            continue;
        total += widths[i] + (shown > 0 ? GUTTER : 0);
        shown++;
    }
    return total;
}

/* The widest column that may still shrink, or the number of columns. */
static size_t widest_shrinkable(const struct table *table, const size_t *widths)
{
    size_t found = table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
        size_t title = table->cells[i].width;
        size_t least = title > TABLE_SHRINK_MIN ? title : TABLE_SHRINK_MIN;
        if (!(table->column_flags[i] & TABLE_SHRINK) || widths[i] <= least || widths[i] == DROPPED)
            continue;
        if (found == table->column_count || widths[i] > widths[found])
            found = i;
    }
    return found;
}

/* Makes columns narrower until the table fits into width, as far as they may. Whether it fits. */
static bool shrink(const struct table *table, size_t width, size_t *widths)
{
    for (size_t i = 0; i < table->column_count; i++)
        if ((table->column_flags[i] & TABLE_SHRINK) && widths[i] != DROPPED && widths[i] > width)
            widths[i] = width;
    size_t total = total_width(widths, table->column_count);
    while (total > width) {
        size_t i = widest_shrinkable(table, widths);
        if (i == table->column_count)
            return false;
        widths[i]--;
        total--;
    }
    return true;
}

/* The column that goes next, or the number of columns. */
static size_t next_to_drop(const struct table *table, const size_t *widths)
{
    size_t found = table->column_count;
    unsigned highest = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        unsigned n = TABLE_DROP_N(table->column_flags[i]);
        if (widths[i] == DROPPED || n <= highest)
            continue;
        found = i;
        highest = n;
    }
    return found;
}

/* Fits the columns, which are as wide as their cells, into width; each try starts from there. */
static int fit(const struct table *table, size_t width, size_t *widths)
{
    size_t size = table->column_count * sizeof(*widths);
    size_t *natural = malloc(size);
    if (!natural)
        return -ENOMEM;
    memcpy(natural, widths, size);
    while (!shrink(table, width, widths)) {
        size_t i = next_to_drop(table, natural);
        if (i == table->column_count)
            break;
        natural[i] = DROPPED;
        memcpy(widths, natural, size);
    }
    free(natural);
    return 0;
}

static int measure(const struct table *table, size_t width, size_t *widths)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t *widest = &widths[i % table->column_count];
        if (table->cells[i].width > *widest)
            *widest = table->cells[i].width;
    }
    return width > 0 ? fit(table, width, widths) : 0;
}

/* Printing: nothing fails but for want of memory, so results are joined with | */

static int append_spaces(struct bytes *out, size_t count)
{
    int r = bytes_reserve(out, count);
    if (r < 0)
        return r;
    if (count > 0)
        memset(out->data + out->len, ' ', count);
    out->len += count;
    return 0;
}

static const char *cut_mark(const struct table *table)
{
    return table->ascii ? ">" : "\u2026";
}

/* Appends a cell in a column of this width, cut or padded to it. */
static int append_cell(const struct table *table, size_t index, size_t width, struct bytes *out)
{
    const struct table_cell *cell = &table->cells[index];
    const char *text = (const char *)table->text.data + cell->at;
    bool cut = cell->width > width;
    size_t used;
    size_t len = escape_cut(text, cut ? width - 1 : width, &used);
    used += cut ? 1 : 0;
    /* Where a wide character no longer fits, a cut cell needs a blank as well. */
    size_t column = index % table->column_count;
    bool right = table->column_flags[column] & TABLE_RIGHT;
    bool last = column + 1 == table->column_count;
    int r = append_spaces(out, right ? width - used : 0);
    r |= bytes_append(out, text, len) | bytes_append_text(out, cut ? cut_mark(table) : "");
    return r | append_spaces(out, right || last ? 0 : width - used);
}

/* Cuts the line that starts at start to width, ends it, and takes the blanks at its end away. */
static int finish_line(const struct table *table, size_t start, size_t width, struct bytes *out)
{
    while (out->len > start && out->data[out->len - 1] == ' ')
        out->len--;
    int r = bytes_append(out, "", 1);
    if (r < 0)
        return r;
    out->len--;
    const char *line = (const char *)out->data + start;
    if (width > 0 && escape_width(line) > width) {
        out->len = start + escape_cut(line, width - 1, NULL);
        r = bytes_append_text(out, cut_mark(table));
    }
    return r | bytes_append_text(out, "\n");
}

static int print_row(const struct table *table, size_t first, const size_t *widths, size_t width,
                     struct bytes *out)
{
    size_t start = out->len;
    int r = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (widths[i] != DROPPED)
            r |= append_spaces(out, out->len > start ? GUTTER : 0) |
                 append_cell(table, first + i, widths[i], out);
    return r < 0 ? r : finish_line(table, start, width, out);
}

static bool has_titles(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->cells[i].width > 0)
            return true;
    return false;
}

int table_print(const struct table *table, unsigned width, struct bytes *out)
{
    if (table->column_count == 0)
        return 0;
    size_t *widths = calloc(table->column_count, sizeof(*widths));
    if (!widths)
        return -ENOMEM;
    size_t before = out->len;
    int r = measure(table, width, widths);
    size_t first = has_titles(table) ? 0 : table->column_count;
    for (; r == 0 && first < table->cell_count; first += table->column_count)
        r = print_row(table, first, widths, width, out);
    if (r < 0)
        out->len = before;
    free(widths);
    return r;
}
