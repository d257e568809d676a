#include "tests/harness/seen.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct screen *seen_screen(struct pty_driver *driver)
{
    struct transcript *got = pty_driver_transcript(driver);
    int rows = 0, cols = 0;
    ck_assert_int_eq(pty_driver_size(driver, &rows, &cols), 0);
    struct screen *screen = screen_create((unsigned)rows, (unsigned)cols, 0);
    ck_assert_ptr_nonnull(screen);
    screen_feed(screen, got->all.data, got->mark);
    return screen;
}

/* Without the blanks at its end. */
static void row_text(struct screen *screen, unsigned y, char *text, size_t size)
{
    unsigned cols = screen_cols(screen), end = 0;
    struct grid_cell *cells = calloc((size_t)screen_rows(screen) * cols, sizeof(cells[0]));
    ck_assert_ptr_nonnull(cells);
    ck_assert_uint_lt(cols, size);
    grid_read(screen_grid(screen), state_screen(screen_state(screen)), cells);
    for (unsigned x = 0; x < cols; x++) {
        uint32_t points[GRID_POINTS];
        size_t count = grid_points(screen_grid(screen), cells[(size_t)y * cols + x].glyph, points);
        text[x] = count > 0 ? (char)points[0] : ' ';
        end = text[x] != ' ' ? x + 1 : end;
    }
    text[end] = '\0';
    free(cells);
}

void seen_expect_row(struct screen *screen, unsigned y, unsigned x, const char *want)
{
    char text[512], padded[512];
    row_text(screen, y, text, sizeof(text));
    snprintf(padded, sizeof(padded), "%*s%s", *want ? (int)x : 0, "", want);
    ck_assert_str_eq(text, padded);
}

void seen_await_row(struct pty_driver *driver, unsigned y, const char *want)
{
    struct deadline deadline = deadline_default();
    char text[512] = "";
    do {
        pty_driver_expect(driver, SEEN_FRAME_END, deadline);
        struct screen *screen = seen_screen(driver);
        row_text(screen, y, text, sizeof(text));
        screen_destroy(screen);
    } while (strcmp(text, want) != 0);
}
