/* A grid's pens and glyphs by number. See grid.h. */
#include <stdlib.h>
#include <string.h>

#include "common/terminal/grid_internal.h"

enum {
    NARROW_FIRST = 0x100001, /* private use, plane 16 */
    WIDE_FIRST = 0x30001,    /* plane 3 */
    GLYPHS_MOST = 0xfff0,
    PENS_MOST = 0xffffff, /* as many as fit into a colour */
    REPLACEMENT = 0xfffd,
    KEY_MOST = 8192,
};

void grid_finish_tables(struct grid *grid)
{
    for (uint32_t i = 0; i < grid->pens.count; i++) {
        if (i < grid->pen_room)
            pen_finish(&grid->pen[i]);
    }
    free(grid->pen);
    pen_finish(&grid->cached_pen);
    intern_finish(&grid->pens);
    intern_finish(&grid->glyphs[0]);
    intern_finish(&grid->glyphs[1]);
}

void grid_swap_tables(struct grid *a, struct grid *b)
{
    struct grid old = *a;
    a->pens = b->pens;
    a->pen = b->pen;
    a->pen_room = b->pen_room;
    a->pens_most = b->pens_most;
    a->cached_pen = b->cached_pen;
    a->cached_number = b->cached_number;
    memcpy(a->glyphs, b->glyphs, sizeof(a->glyphs));
    b->pens = old.pens;
    b->pen = old.pen;
    b->pen_room = old.pen_room;
    b->pens_most = old.pens_most;
    b->cached_pen = old.cached_pen;
    b->cached_number = old.cached_number;
    memset(a->found, 0, sizeof(a->found));
    memset(b->found, 0, sizeof(b->found));
    memcpy(b->glyphs, old.glyphs, sizeof(b->glyphs));
}

/* Pens */

/* Gives up the numbers that no cell has. */
static void sweep(struct grid *grid)
{
    if (grid_mark_used(grid) < 0)
        return;
    intern_mark(&grid->pens, 0);
    grid_mark_glyph(grid, grid->last.glyph);
    intern_mark(&grid->pens, grid->last.pen);
    intern_mark(&grid->pens, grid->cached_number);
    intern_sweep(&grid->pens);
    intern_sweep(&grid->glyphs[0]);
    intern_sweep(&grid->glyphs[1]);
    for (uint32_t i = 0; i < grid->pens.count; i++) {
        if (!intern_is_used(&grid->pens, i))
            pen_finish(&grid->pen[i]);
    }
}

static bool same_pen(const struct pen *a, const struct pen *b)
{
    return a->foreground == b->foreground && a->background == b->background &&
           a->underline_color == b->underline_color && a->flags == b->flags &&
           a->underline == b->underline && a->font == b->font && a->link == b->link;
}

/* What is the same in two equal pens, as bytes. Returns how many. */
static size_t pen_key(const struct pen *pen, uint8_t key[KEY_MOST])
{
    struct pen plain;
    memset(&plain, 0, sizeof(plain));
    plain.foreground = pen->foreground;
    plain.background = pen->background;
    plain.underline_color = pen->underline_color;
    plain.flags = pen->flags;
    plain.underline = pen->underline;
    plain.font = pen->font;
    memcpy(key, &plain, sizeof(plain));
    size_t len = sizeof(plain);
    if (!pen->link)
        return len;
    size_t link = pen->link->len;
    if (link > KEY_MOST - len - 1)
        link = KEY_MOST - len - 1;
    key[len++] = 1;
    memcpy(key + len, pen->link->data, link);
    return len + link;
}

static bool make_pen_room(struct grid *grid, uint32_t number)
{
    if (number < grid->pen_room)
        return true;
    uint32_t room = grid->pen_room ? 2 * grid->pen_room : 32;
    struct pen *pen = realloc(grid->pen, room * sizeof(pen[0]));
    if (!pen)
        return false;
    memset(pen + grid->pen_room, 0, (room - grid->pen_room) * sizeof(pen[0]));
    grid->pen = pen;
    grid->pen_room = room;
    return true;
}

/* Where a pen is looked for first: one that was asked for lately is mostly there. */
static uint32_t *place_of(struct grid *grid, const struct pen *pen)
{
    uint32_t mixed = pen->foreground ^ pen->background * 31 ^ pen->flags * 1021u ^
                     (uint32_t)pen->underline * 4093u ^ pen->underline_color * 7;
    mixed *= 2654435761u; /* the golden ratio's, after Knuth */
    return &grid->found[mixed >> 16 & (GRID_PENS_FOUND - 1)];
}

static uint32_t cache_pen(struct grid *grid, const struct pen *pen, uint32_t number)
{
    pen_copy(&grid->cached_pen, pen);
    grid->cached_number = number;
    return number;
}

uint32_t grid_pen_number(struct grid *grid, const struct pen *pen)
{
    uint8_t key[KEY_MOST];
    bool fresh;
    if (grid->pens.used > 0 && same_pen(pen, &grid->cached_pen))
        return grid->cached_number;
    uint32_t *place = place_of(grid, pen);
    if (intern_is_used(&grid->pens, *place) && *place < grid->pen_room &&
        same_pen(pen, &grid->pen[*place]))
        return cache_pen(grid, pen, *place);
    if (grid->pens.used >= grid->pens_most) {
        sweep(grid);
        if (grid->pens.used > grid->pens_most / 2 && grid->pens_most < PENS_MOST / 2)
            grid->pens_most *= 2;
    }
    uint32_t number = intern_number(&grid->pens, key, pen_key(pen, key), PENS_MOST, &fresh);
    if (number == INTERN_NONE || !make_pen_room(grid, number))
        return 0;
    if (fresh)
        pen_copy(&grid->pen[number], pen);
    *place = number;
    return cache_pen(grid, pen, number);
}

const struct pen *grid_pen(const struct grid *grid, uint32_t number)
{
    static const struct pen plain = {0};
    return intern_is_used(&grid->pens, number) && number < grid->pen_room ? &grid->pen[number]
                                                                          : &plain;
}

struct tsm_screen_attr grid_attr(const struct grid *grid, uint32_t pen)
{
    return (struct tsm_screen_attr){.fccode = -1,
                                    .bccode = -1,
                                    .fr = (uint8_t)(pen >> 16),
                                    .fg = (uint8_t)(pen >> 8),
                                    .fb = (uint8_t)pen,
                                    .protect = (grid_pen(grid, pen)->flags & PEN_PROTECTED) != 0};
}

/* Glyphs */

static bool is_private(uint32_t point)
{
    return (point >= WIDE_FIRST && point <= WIDE_FIRST + GLYPHS_MOST) || point >= NARROW_FIRST;
}

uint32_t grid_glyph(struct grid *grid, const uint32_t *points, size_t count, unsigned width)
{
    bool fresh;
    if (count == 1 && !is_private(points[0]) && tsm_ucs4_get_width(points[0]) == width)
        return points[0];
    struct intern *table = &grid->glyphs[width - 1];
    uint32_t number = intern_number(table, points, count * sizeof(points[0]), GLYPHS_MOST, &fresh);
    if (number == INTERN_NONE) {
        sweep(grid);
        number = intern_number(table, points, count * sizeof(points[0]), GLYPHS_MOST, &fresh);
    }
    if (number == INTERN_NONE)
        return width == 1 ? REPLACEMENT : WIDE_FIRST;
    return number + (width == 1 ? NARROW_FIRST : WIDE_FIRST);
}

void grid_mark_glyph(struct grid *grid, uint32_t glyph)
{
    if (is_private(glyph))
        intern_mark(&grid->glyphs[glyph < NARROW_FIRST],
                    glyph < NARROW_FIRST ? glyph - WIDE_FIRST : glyph - NARROW_FIRST);
}

size_t grid_points(const struct grid *grid, uint32_t glyph, uint32_t points[GRID_POINTS])
{
    if (glyph == 0)
        return 0;
    points[0] = glyph;
    if (!is_private(glyph))
        return 1;
    bool wide = glyph < NARROW_FIRST;
    uint32_t number = glyph - (wide ? WIDE_FIRST : NARROW_FIRST);
    if (!intern_is_used(&grid->glyphs[wide], number))
        return 0;
    size_t len;
    const uint8_t *key = intern_key(&grid->glyphs[wide], number, &len);
    memcpy(points, key, len);
    return len / sizeof(points[0]);
}
