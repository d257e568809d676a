/* Printing on a screen. */
#include <string.h>

#include "common/codepoints.h"
#include "common/terminal/scan.h"
#include "common/terminal/screen_internal.h"
#include "common/terminal/tabs.h"
#include "common/terminal/utf8.h"

/* Less than this is not worth a look whether it can be skipped; how far back a CR is looked for. */
enum { FLOOD_MIN = 256, FLOOD_CR = 1024 };

/* To the first column of the next row, which goes on with this one. */
static void wrap(struct screen *s)
{
    screen_move(s, screen_cursor(s)->y, 0);
    screen_down(s);
    grid_continue(s->grid, screen_cursor(s)->y);
}

static void advance(struct screen *s, unsigned columns)
{
    screen_move(s, screen_cursor(s)->y, screen_cursor(s)->most + columns);
    s->printed = true;
}

/* Printable ASCII, as it is, without insert mode. */
static void print_ascii(struct screen *s, const uint8_t *data, size_t len)
{
    const struct canvas *canvas = screen_canvas(s);
    uint32_t pen = screen_pen(s);
    while (len > 0) {
        unsigned x = screen_cursor(s)->most;
        if (x >= canvas->cols && canvas->state.autowrap) {
            wrap(s);
            x = 0;
        } else if (x >= canvas->cols) {
            /* All that comes goes to the last column: the last one stays. */
            x = canvas->cols - 1;
            screen_move(s, screen_cursor(s)->y, x);
            data += len - 1;
            len = 1;
        }
        size_t room = canvas->cols - x, now = len < room ? len : room;
        grid_put_ascii(s->grid, screen_cursor(s)->y, x, data, now, pen);
        advance(s, (unsigned)now);
        data += now;
        len -= now;
    }
}

/*
 * Makes a place for a character of that width at the cursor, wrapping if it does not fit. Whether
 * there is one.
 */
static bool make_place(struct screen *s, unsigned width)
{
    const struct canvas *canvas = screen_canvas(s);
    const struct cursor *cursor = screen_cursor(s);
    if (width > canvas->cols)
        return false;
    if (cursor->most + width > canvas->cols) {
        if (!canvas->state.autowrap && width > 1)
            return false;
        if (!canvas->state.autowrap) {
            screen_move(s, cursor->y, canvas->cols - 1);
        } else {
            if (cursor->most < canvas->cols)
                grid_erase(s->grid, cursor->y, cursor->most, canvas->cols, screen_pen(s), false);
            wrap(s);
        }
    }
    if (canvas->state.insert)
        grid_insert(s->grid, cursor->y, cursor->most, width, screen_pen(s));
    return true;
}

static void print_point(struct screen *s, uint32_t point)
{
    unsigned width = codepoint_columns(point);
    if (width == 0) {
        const struct cursor *cursor = screen_cursor(s);
        grid_add_mark(s->grid, cursor->y, cursor->most, point);
        return;
    }
    if (!make_place(s, width))
        return;
    grid_put(s->grid, screen_cursor(s)->y, screen_cursor(s)->most, point, width, screen_pen(s));
    advance(s, width);
}

void screen_repeat(struct screen *s, unsigned n)
{
    unsigned width;
    const struct canvas *canvas = screen_canvas(s);
    uint32_t glyph = s->printed ? grid_last(s->grid, &width) : 0;
    if (glyph == 0)
        return;
    /* More than fills the screen shows nothing else. */
    unsigned enough = 2 * canvas->rows * canvas->cols;
    if (n > enough)
        n = enough + (n - enough) % canvas->cols;
    for (; n > 0 && make_place(s, width); n--) {
        grid_put_glyph(s->grid, screen_cursor(s)->y, screen_cursor(s)->most, glyph, width,
                       screen_pen(s));
        advance(s, width);
    }
    s->printed = false;
}

/* The set that the next character is of. */
static const struct charset *current_set(struct screen *s)
{
    const struct charsets *charsets = &screen_canvas(s)->state.charsets;
    return &charsets->set[s->shift ? s->shift : charsets->left];
}

/* ASCII that is not simply to be written down. */
static void print_mapped(struct screen *s, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct charset *set = current_set(s);
        s->shift = 0;
        print_point(s, charset_point(set, data[i]));
    }
}

/* Characters outside of ASCII. Returns how many bytes they took, at least 1. Broken ones show
 * nothing. */
static size_t print_wide(struct screen *s, const uint8_t *data, size_t len)
{
    size_t i = 0;
    while (i < len && data[i] >= 0x80) {
        uint32_t point;
        i += utf8_decode(data + i, len - i, &point);
        if (point != UTF8_BROKEN)
            print_point(s, point);
    }
    s->shift = 0;
    return i;
}

void screen_tab(struct screen *s, unsigned n)
{
    const struct canvas *canvas = screen_canvas(s);
    const struct shared *tabs = canvas->state.screen[state_screen(&canvas->state)].tabs;
    unsigned x = screen_cursor(s)->most;
    for (; n > 0 && x + 1 < canvas->cols; n--)
        x = tabs_next(tabs, canvas->cols, x);
    screen_move(s, screen_cursor(s)->y, x);
}

void screen_line_feed(struct screen *s)
{
    if (screen_canvas(s)->state.newline)
        screen_move(s, screen_cursor(s)->y, 0);
    screen_end_wrap(s);
    screen_down(s);
    grid_end_continuing(s->grid, screen_cursor(s)->y);
}

/*
 * How much of a text with many lines can be skipped, since all that it shows is scrolled off and
 * out of the history by its own end. (canvas_text.c does the same for its rows.)
 */
static size_t skip_flood(struct screen *s, const uint8_t *data, size_t len)
{
    const struct canvas *canvas = screen_canvas(s);
    if (len < FLOOD_MIN)
        return 0;
    size_t kept = canvas->rows + (canvas->state.alternate ? 0 : s->history);
    size_t end = scan_line_from_end(data, len, kept);
    if (end < FLOOD_MIN || end == len ||
        !canvas_reaches_bottom(canvas, scan_count_lines(data, end)))
        return 0;
    size_t reach = end < FLOOD_CR ? end : FLOOD_CR;
    const uint8_t *cr = memrchr(data + end - reach, '\r', reach);
    if (!cr && !canvas->no_cr)
        return 0;
    screen_move(s, canvas->rows - 1, 0);
    return cr ? (size_t)(cr - data) : end;
}

void screen_text(struct screen *s, const uint8_t *data, size_t len)
{
    const struct canvas *canvas = screen_canvas(s);
    size_t i = skip_flood(s, data, len);
    while (i < len) {
        size_t n = scan_printable(data + i, len - i);
        if (n > 0) {
            bool plain = !canvas->state.insert && s->shift == 0 && charset_is_ascii(current_set(s));
            if (plain)
                print_ascii(s, data + i, n);
            else
                print_mapped(s, data + i, n);
            i += n;
            continue;
        }
        if (data[i] >= 0x80) {
            i += print_wide(s, data + i, len - i);
            continue;
        }
        s->shift = 0;
        s->printed = false;
        if (data[i] == '\r' || (data[i] == '\n' && canvas->no_cr))
            screen_move(s, screen_cursor(s)->y, 0);
        if (data[i] == '\t')
            screen_tab(s, 1);
        else if (data[i] != '\r')
            screen_line_feed(s);
        i++;
    }
}
