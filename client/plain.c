#include "client/plain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/terminal/screen.h"
#include "common/terminal/utf8.h"

/* Fed at once, and how many lines may scroll off by that. */
enum { PIECE = 4096, LINES = 65536, ROWS_UNKNOWN = 24, COLS_UNKNOWN = 80 };

struct plain {
    struct screen *screen; /* owned */
    struct bytes *out;     /* the caller's, during a call */
    int error;
    bool begun;       /* the line told last has no end yet */
    unsigned trimmed; /* blanks at its end that were left out */
    unsigned told;    /* rows at the top of the screen that were told before they scrolled off */
    unsigned skip;    /* of the lines that have scrolled off: those */
};

struct plain *plain_create(unsigned rows, unsigned cols)
{
    struct plain *plain = calloc(1, sizeof(*plain));
    if (!plain)
        return NULL;
    plain->screen = screen_create(rows ? rows : ROWS_UNKNOWN, cols ? cols : COLS_UNKNOWN, LINES);
    if (!plain->screen) {
        free(plain);
        return NULL;
    }
    screen_keep_cleared(plain->screen);
    /* LNM: what was not written to a terminal has line feeds alone. */
    screen_feed(plain->screen, "\033[20h", 5);
    return plain;
}

void plain_destroy(struct plain *plain)
{
    if (!plain)
        return;
    screen_destroy(plain->screen);
    free(plain);
}

void plain_resize(struct plain *plain, unsigned rows, unsigned cols)
{
    if (rows > 0 && cols > 0)
        screen_resize(plain->screen, rows, cols);
}

static void append(struct plain *plain, const char *text, size_t len)
{
    if (plain->error == 0)
        plain->error = bytes_append(plain->out, text, len);
}

static void append_cell(struct plain *plain, const struct grid_cell *cell)
{
    uint32_t points[GRID_POINTS];
    size_t count = grid_points(screen_grid(plain->screen), cell->glyph, points);
    if (count == 0 && cell->width > 0)
        append(plain, " ", 1);
    for (size_t i = 0; i < count; i++) {
        char text[UTF8_MAX];
        append(plain, text, utf8_write(points[i], text));
    }
}

static void end_line(struct plain *plain)
{
    if (plain->begun)
        append(plain, "\n", 1);
    plain->begun = false;
}

static void tell(struct plain *plain, const struct grid_cell *cells)
{
    unsigned used = screen_cols(plain->screen);
    if (!cells[0].continues)
        end_line(plain);
    /* The blanks were part of the line. */
    for (; plain->begun && plain->trimmed > 0; plain->trimmed--)
        append(plain, " ", 1);
    while (used > 0 && cells[used - 1].glyph == 0 && cells[used - 1].width > 0)
        used--;
    for (unsigned x = 0; x < used; x++)
        append_cell(plain, &cells[x]);
    plain->trimmed = screen_cols(plain->screen) - used;
    plain->begun = true;
}

static void tell_line(void *user, const struct grid_cell *cells)
{
    struct plain *plain = user;
    if (plain->skip > 0)
        plain->skip--;
    else
        tell(plain, cells);
}

/* What has scrolled off. */
static void tell_lines(struct plain *plain)
{
    unsigned count = screen_history(plain->screen);
    if (count == 0)
        return;
    plain->skip = plain->told < count ? plain->told : count;
    plain->told -= plain->skip;
    int r = grid_read_history(screen_grid(plain->screen), count, tell_line, plain);
    plain->error = plain->error ? plain->error : r;
    screen_clear_history(plain->screen);
}

int plain_feed(struct plain *plain, const void *data, size_t len, struct bytes *out)
{
    const uint8_t *bytes = data;
    plain->out = out;
    while (len > 0 && plain->error == 0) {
        size_t piece = len < PIECE ? len : PIECE;
        screen_feed(plain->screen, bytes, piece);
        tell_lines(plain);
        bytes += piece;
        len -= piece;
    }
    return plain->error;
}

/* Rows of the normal screen that were not told, up to end. */
static void tell_rows(struct plain *plain, unsigned end)
{
    unsigned rows = screen_rows(plain->screen), cols = screen_cols(plain->screen);
    struct grid_cell *cells = calloc((size_t)rows * cols, sizeof(cells[0]));
    if (!cells) {
        plain->error = -ENOMEM;
        return;
    }
    grid_read(screen_grid(plain->screen), SCREEN_NORMAL, cells);
    for (; plain->told < end; plain->told++)
        tell(plain, cells + (size_t)plain->told * cols);
    if (end < rows && !cells[(size_t)end * cols].continues)
        end_line(plain);
    free(cells);
}

int plain_hurry(struct plain *plain, struct bytes *out)
{
    plain->out = out;
    if (!screen_state(plain->screen)->alternate && screen_y(plain->screen) > plain->told)
        tell_rows(plain, screen_y(plain->screen));
    return plain->error;
}

int plain_finish(struct plain *plain, struct bytes *out)
{
    plain->out = out;
    unsigned used = grid_used_rows(screen_grid(plain->screen), SCREEN_NORMAL);
    if (used > plain->told)
        tell_rows(plain, used);
    end_line(plain);
    return plain->error;
}
