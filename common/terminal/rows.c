#include "common/terminal/rows.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t last_of(const struct row *row)
{
    return row->last & ~ROWS_INKED;
}

int rows_init(struct rows *rows, unsigned count, uint64_t offset)
{
    *rows = (struct rows){.ring = calloc(count, sizeof(rows->ring[0]))};
    if (!rows->ring)
        return -ENOMEM;
    rows->count = count;
    rows_clear(rows, offset, offset);
    return 0;
}

void rows_finish(struct rows *rows)
{
    free(rows->ring);
    *rows = (struct rows){0};
}

int rows_resize(struct rows *rows, unsigned count, uint64_t offset)
{
    uint64_t oldest = rows_oldest(rows), shifts = rows->shifts;
    bool inked = rows_lowest_inked(rows) >= 0;
    rows_finish(rows);
    int r = rows_init(rows, count, offset);
    rows->shifts = shifts + 1;
    for (unsigned y = 0; y < rows->count; y++)
        rows_renew(rows, y, oldest, offset, inked);
    return r;
}

void rows_renew(struct rows *rows, unsigned y, uint64_t since, uint64_t last, bool inked)
{
    if (y < rows->count)
        *rows_at(rows, y) = (struct row){since, last | (inked ? ROWS_INKED : 0)};
}

void rows_touch(struct rows *rows, unsigned y, uint64_t last, bool inked)
{
    if (y >= rows->count)
        return;
    struct row *row = rows_at(rows, y);
    row->last = last | (row->last & ROWS_INKED) | (inked ? ROWS_INKED : 0);
}

void rows_touch_all(struct rows *rows, uint64_t last, bool inked)
{
    for (unsigned y = 0; y < rows->count; y++)
        rows_touch(rows, y, last, inked);
}

void rows_clear(struct rows *rows, uint64_t since, uint64_t last)
{
    for (unsigned y = 0; y < rows->count; y++)
        rows->ring[y] = (struct row){since, last};
}

static uint64_t roll_one(struct rows *rows, uint64_t since, uint64_t last)
{
    struct row *row = &rows->ring[rows->top];
    uint64_t gone = last_of(row);
    *row = (struct row){since, last};
    if (++rows->top == rows->count)
        rows->top = 0;
    return gone;
}

uint64_t rows_scroll_up(struct rows *rows, unsigned top, unsigned bottom, unsigned n,
                        uint64_t since, uint64_t last)
{
    uint64_t gone = 0;
    if (bottom >= rows->count || top > bottom)
        return 0;
    rows->shifts++;
    if (n > bottom - top + 1)
        n = bottom - top + 1;
    if (top == 0 && bottom == rows->count - 1) {
        for (; n > 0; n--) {
            uint64_t one = roll_one(rows, since, last);
            gone = one > gone ? one : gone;
        }
        return gone;
    }
    for (unsigned y = top; y < top + n; y++)
        gone = last_of(rows_at(rows, y)) > gone ? last_of(rows_at(rows, y)) : gone;
    for (unsigned y = top; y + n <= bottom; y++)
        *rows_at(rows, y) = *rows_at(rows, y + n);
    for (unsigned y = bottom + 1 - n; y <= bottom; y++)
        rows_renew(rows, y, since, last, false);
    return gone;
}

void rows_scroll_down(struct rows *rows, unsigned top, unsigned bottom, unsigned n, uint64_t since,
                      uint64_t last)
{
    if (bottom >= rows->count || top > bottom)
        return;
    rows->shifts++;
    if (n > bottom - top + 1)
        n = bottom - top + 1;
    for (unsigned y = bottom; y >= top + n; y--)
        *rows_at(rows, y) = *rows_at(rows, y - n);
    for (unsigned y = top; y < top + n; y++)
        rows_renew(rows, y, since, last, false);
}

void rows_blur_up(struct rows *rows, uint64_t last)
{
    uint64_t oldest = UINT64_MAX, inked = 0;
    rows->shifts++;
    for (unsigned y = rows->count; y-- > 0;) {
        struct row *row = rows_at(rows, y);
        oldest = row->since < oldest ? row->since : oldest;
        inked |= row->last & ROWS_INKED;
        *row = (struct row){oldest, last | inked};
    }
}

void rows_age(struct rows *rows, uint64_t offset)
{
    for (unsigned i = 0; i < rows->count; i++) {
        if (rows->ring[i].since > offset)
            rows->ring[i].since = offset;
    }
}

void rows_mix(struct rows *rows, uint64_t last)
{
    uint64_t oldest = rows_oldest(rows);
    bool inked = rows_lowest_inked(rows) >= 0;
    rows->shifts++;
    for (unsigned y = 0; y < rows->count; y++)
        rows_renew(rows, y, oldest, last, inked);
}

uint64_t rows_oldest(const struct rows *rows)
{
    uint64_t oldest = rows->count > 0 ? UINT64_MAX : 0;
    for (unsigned i = 0; i < rows->count; i++)
        oldest = rows->ring[i].since < oldest ? rows->ring[i].since : oldest;
    return oldest;
}

bool rows_free_of(const struct rows *rows, uint64_t first, uint64_t end)
{
    for (unsigned i = 0; i < rows->count; i++) {
        if (rows->ring[i].since < end && last_of(&rows->ring[i]) >= first)
            return false;
    }
    return rows->count > 0;
}

int rows_lowest_inked(const struct rows *rows)
{
    for (unsigned y = rows->count; y-- > 0;) {
        if (rows_at(rows, y)->last & ROWS_INKED)
            return (int)y;
    }
    return -1;
}
