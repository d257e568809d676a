/*
 * From which stretch of the output the cells of each row of a screen stem. What a row shows is
 * determined by the bytes from `since` to `last` (given the right pen and so on at since); nothing
 * before matters any more, nothing after has touched it.
 */
#ifndef JS_COMMON_TERMINAL_ROWS_H
#define JS_COMMON_TERMINAL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row {
    uint64_t since; /* offset of a byte */
    uint64_t
        last; /* offset of a byte; the top bit: something was printed since it was last erased */
};

struct rows {
    struct row *ring; /* owned */
    unsigned count;
    unsigned top;    /* index in the ring of the topmost row */
    uint64_t shifts; /* how often rows have moved: two equal values mean that none has in between */
};

#define ROWS_INKED (UINT64_C(1) << 63)

/* All rows blank since that offset. 0 or -ENOMEM (count is 0 then; every function copes with that).
 */
int rows_init(struct rows *rows, unsigned count, uint64_t offset);
void rows_finish(struct rows *rows);

/* Another number of rows. Which of them stay is not known: all become as old as the oldest. 0 or
 * -ENOMEM. */
int rows_resize(struct rows *rows, unsigned count, uint64_t offset);

static inline struct row *rows_at(const struct rows *rows, unsigned y)
{
    unsigned i = rows->top + y;
    return &rows->ring[i < rows->count ? i : i - rows->count];
}

/* Row y became what it is by the bytes from since to last; inked: it is not blank. */
void rows_renew(struct rows *rows, unsigned y, uint64_t since, uint64_t last, bool inked);

/* Something was printed, erased or moved in row y, in all rows. */
void rows_touch(struct rows *rows, unsigned y, uint64_t last, bool inked);
void rows_touch_all(struct rows *rows, uint64_t last, bool inked);

/* All rows blank. */
void rows_clear(struct rows *rows, uint64_t since, uint64_t last);

/* Rows top..bottom move by n; blank ones come in at the other end. Up returns the largest last of
 * those that went. */
uint64_t rows_scroll_up(struct rows *rows, unsigned top, unsigned bottom, unsigned n,
                        uint64_t since, uint64_t last);
void rows_scroll_down(struct rows *rows, unsigned top, unsigned bottom, unsigned n, uint64_t since,
                      uint64_t last);

/* Rows have moved up, by nobody knows how much. */
void rows_blur_up(struct rows *rows, uint64_t last);

/* What all rows show depends on the bytes from that offset on. */
void rows_age(struct rows *rows, uint64_t offset);

/* Any row may now be where any other was. */
void rows_mix(struct rows *rows, uint64_t last);

/* The oldest since; 0 without rows. */
uint64_t rows_oldest(const struct rows *rows);

/* Whether no row has anything from the bytes first..end-1. */
bool rows_free_of(const struct rows *rows, uint64_t first, uint64_t end);

/* The lowest row that is not blank, -1 if all are. */
int rows_lowest_inked(const struct rows *rows);

#endif
