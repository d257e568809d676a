#include "common/terminal/canvas.h"

#include <string.h>

#include "common/terminal/scan.h"
#include "common/terminal/utf8.h"

/* Less than this is not worth a look whether it can be skipped; how far back a CR is looked for. */
enum { FLOOD_MIN = 256, FLOOD_CR = 1024 };

enum { CLUSTER_LONG = 512 };

/*
 * The row is full and the next character begins a new one. The full one is new in all its cells if
 * it was written from the start.
 */
static void wrap(struct canvas *c, bool full)
{
    if (full && c->fresh && c->cursor.y_known)
        canvas_renew(c, c->cursor.y, c->fresh_since, true);
    canvas_row_down(c);
    c->cursor.least = c->cursor.most = 0;
    c->fresh = c->cursor.y_known;
    c->fresh_since = c->begin;
}

/* Characters from column x on, up to the right end at most: all narrow, or what they cover is not
 * known by the cell. */
static void cover(struct canvas *c, unsigned x, unsigned n, bool narrow)
{
    if (x >= c->cols)
        x = c->cols - 1;
    if (narrow && canvas_is_placed(c) && !c->state.insert)
        canvas_write(c, x, n < c->cols - x ? n : c->cols - x, true);
    else
        canvas_touch(c, true);
}

/* Characters that may or may not wrap: what is sure afterwards. */
static void print_unsure(struct canvas *c, unsigned least, unsigned most, bool narrow)
{
    unsigned right = c->cursor.most + most;
    if (right <= c->cols || !c->state.autowrap) {
        cover(c, c->cursor.most, most, narrow && least == most);
        c->cursor.least =
            (uint16_t)(c->cursor.least + least < c->cols ? c->cursor.least + least : c->cols);
        c->cursor.most = (uint16_t)(right < c->cols ? right : c->cols);
        return;
    }
    struct margins margins = canvas_margins(c);
    canvas_touch(c, true);
    rows_blur_up(canvas_rows(c), c->last);
    c->gone = c->last;
    if (!c->cursor.y_known || !canvas_is_steady(c) || c->cursor.y != margins.bottom)
        canvas_lose_row(c);
    canvas_touch(c, true);
    c->cursor.least = 0;
    c->cursor.most = (uint16_t)c->cols;
    c->fresh = false;
}

/* n characters of one column each from a column that is known, the first at offset begin, step
 * bytes each. */
static void print_exact(struct canvas *c, size_t n, uint64_t begin, unsigned step)
{
    while (n > 0) {
        canvas_at(c, begin, begin + 1);
        if (c->cursor.most == c->cols)
            wrap(c, true);
        size_t room = c->cols - c->cursor.most, now = n < room ? n : room;
        c->last = begin + (now - 1) * step;
        cover(c, c->cursor.most, (unsigned)now, true);
        c->cursor.least = c->cursor.most = (uint16_t)(c->cursor.most + now);
        begin += now * step;
        n -= now;
    }
}

/*
 * Text begins at offset begin, or goes on there up to the character at last; no cluster begins
 * before an ASCII one. All of a text that is not long counts as one: xterm.js lets what it prints
 * depend on where the text was cut.
 */
static void note_cluster(struct canvas *c, uint64_t begin, uint64_t last, bool ascii)
{
    if (!c->printed) {
        c->cluster = begin;
        c->based = false;
    }
    if (ascii && last - c->cluster > CLUSTER_LONG)
        c->cluster = last;
    c->printed = true;
}

static void print_ascii(struct canvas *c, size_t n, uint64_t begin)
{
    c->glyph = (struct width){1, 1};
    note_cluster(c, begin, begin + n - 1, true);
    c->based = true;
    if (c->cursor.most + n <= c->cols || !c->state.autowrap) {
        canvas_at(c, begin, begin + n);
        unsigned columns = n < c->cols ? (unsigned)n : c->cols;
        print_unsure(c, columns, columns, true);
    } else if (canvas_is_placed(c)) {
        print_exact(c, n, begin, 1);
    } else {
        canvas_at(c, begin, begin + n);
        print_unsure(c, 0, 2 * c->cols, false);
    }
}

/* One character of that width. */
static void print_glyph(struct canvas *c, struct width width)
{
    /* A mark right after something that is not text has a cell of its own in xterm.js. */
    if (width.most == 0 && !c->based)
        width.most = 1;
    c->based |= width.least > 0;
    bool exact = canvas_is_placed(c) && width.least == width.most && width.most <= c->cols;
    c->glyph = width;
    if (exact && c->state.autowrap && c->cursor.most + width.most > c->cols) {
        bool full = c->cursor.most == c->cols;
        wrap(c, full);
    }
    print_unsure(c, width.least, width.most, width.least == 1 && width.most == 1);
}

/* Characters outside of ASCII. Returns how many bytes they took, at least 1. */
static size_t print_wide(struct canvas *c, const uint8_t *data, size_t len, uint64_t begin)
{
    size_t i = 0;
    note_cluster(c, begin, begin, false);
    while (i < len && data[i] >= 0x80) {
        uint32_t point;
        unsigned taken = utf8_decode(data + i, len - i, &point);
        canvas_at(c, begin + i, begin + i + taken);
        print_glyph(c, width_of(point));
        i += taken;
    }
    return i;
}

bool canvas_reaches_bottom(const struct canvas *c, size_t lines)
{
    struct margins margins = canvas_margins(c);
    if (!canvas_is_steady(c) || margins.top > 0 || margins.bottom + 1u < c->rows)
        return false;
    return lines >= c->rows || (c->cursor.y_known && c->cursor.y == c->rows - 1);
}

void canvas_flood(struct canvas *c, uint64_t begin, uint64_t end, size_t lines)
{
    size_t down = c->cursor.y_known ? c->rows - 1 - c->cursor.y : 0;
    canvas_at(c, begin, end);
    rows_clear(canvas_rows(c), begin, c->last);
    rows_touch_all(canvas_rows(c), c->last, true);
    canvas_rows(c)->shifts++;
    c->cursor =
        (struct cursor){.most = (uint16_t)c->cols, .y = (uint16_t)(c->rows - 1), .y_known = true};
    c->falls = 0;
    c->fresh = c->single_shift = c->printed = false;
    if (!c->state.alternate) {
        c->lines += lines > down ? lines - down : 0;
        c->gone = c->last;
    }
}

/*
 * How much of a text with many lines can be skipped, since whatever it shows is scrolled off by its
 * own end: all before the line feed from which on there are as many of them as rows, if the cursor
 * is in the last row by then.
 */
static size_t skip_flood(struct canvas *c, const uint8_t *data, size_t len, uint64_t begin)
{
    if (len < FLOOD_MIN)
        return 0;
    size_t end = scan_line_from_end(data, len, c->rows);
    if (end < FLOOD_MIN || end == len)
        return 0;
    size_t count = scan_count_lines(data, end);
    if (!canvas_reaches_bottom(c, count))
        return 0;
    size_t reach = end < FLOOD_CR ? end : FLOOD_CR;
    const uint8_t *cr = memrchr(data + end - reach, '\r', reach);
    size_t skip = cr ? (size_t)(cr - data) : end;
    if (skip > 0)
        canvas_flood(c, begin, begin + skip, count);
    return skip;
}

void canvas_text(struct canvas *c, const uint8_t *data, size_t len, uint64_t begin)
{
    size_t i = skip_flood(c, data, len, begin);
    c->single_shift = false;
    while (i < len) {
        size_t n = scan_printable(data + i, len - i);
        if (n > 0) {
            print_ascii(c, n, begin + i);
            i += n;
            continue;
        }
        if (data[i] >= 0x80) {
            i += print_wide(c, data + i, len - i, begin + i);
            continue;
        }
        canvas_at(c, begin + i, begin + i + 1);
        if (data[i] == '\n' && c->no_cr)
            canvas_next_line(c);
        else if (data[i] == '\r')
            canvas_carriage_return(c);
        else if (data[i] == '\t')
            canvas_tab(c, 1);
        else
            canvas_line_feed(c);
        canvas_break_text(c);
        i++;
    }
}

void canvas_repeat(struct canvas *c, unsigned n)
{
    uint64_t last = c->last;
    if (!c->printed || c->glyph.least != 1 || c->glyph.most != 1)
        print_unsure(c, 0, 2 * n, false);
    else if (c->cursor.most + n <= c->cols || !c->state.autowrap || !canvas_is_placed(c))
        print_unsure(c, n, n, true);
    else
        print_exact(c, n, c->begin, 0);
    c->last = last;
}
