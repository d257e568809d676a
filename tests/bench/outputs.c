#include "tests/bench/outputs.h"

#include <stdlib.h>

#define add(out, ...)                                                                              \
    do {                                                                                           \
        if (bytes_printf(out, __VA_ARGS__) < 0)                                                    \
            abort();                                                                               \
    } while (0)

/* The same numbers in each run. */
static unsigned next(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* len printable characters. */
static void add_text(struct bytes *out, unsigned len, unsigned *seed)
{
    for (unsigned i = 0; i < len; i++)
        add(out, "%c", (char)(next(seed) % 9 ? 'a' + next(seed) % 26 : ' '));
}

static void add_colour(struct bytes *out, unsigned *seed)
{
    unsigned kind = next(seed) % 4;
    if (kind == 0)
        add(out, "\033[m");
    else if (kind == 1)
        add(out, "\033[38;5;%um", next(seed) % 256);
    else
        add(out, "\033[%u;3%um", next(seed) % 2, next(seed) % 8);
}

/* Text */

static void plain_line(struct bytes *out, unsigned *seed)
{
    add_text(out, 20 + next(seed) % 100, seed);
    add(out, "\r\n");
}

static void long_line(struct bytes *out, unsigned *seed)
{
    add_text(out, 199, seed);
    add(out, "\r\n");
}

static void y_line(struct bytes *out, unsigned *seed)
{
    (void)seed;
    add(out, "y\r\n");
}

static void coloured_line(struct bytes *out, unsigned *seed)
{
    add(out,
        "\033[1;31merror\033[0m: \033[32msrc/file.c\033[0m:\033[33m%u\033[0m: "
        "\033[38;5;208mwarning\033[0m \033[4munused\033[24m variable\r\n",
        next(seed) % 10000);
}

static void utf8_line(struct bytes *out, unsigned *seed)
{
    for (unsigned i = 0; i < 10; i++) {
        add_text(out, 3, seed);
        add(out, "%s",
            i % 3 == 0   ? "\xc3\xa9"
            : i % 3 == 1 ? "\xe6\xbc\xa2\xe5\xad\x97"
                         : "e\xcc\x81");
    }
    add(out, "\r\n");
}

static void progress(struct bytes *out, unsigned *seed)
{
    unsigned done = next(seed) % 60;
    add(out, "\r%3u%% [", done * 100 / 60);
    for (unsigned i = 0; i < 60; i++)
        add(out, "%c", i < done ? '#' : '.');
    add(out, "] %u kB/s\033[K", next(seed) % 10000);
}

/* Screens */

static void enter_alternate(struct bytes *out)
{
    add(out, "\033[?1049h\033[H\033[2J");
}

/* As top does: home, and each row to its end. */
static void frame(struct bytes *out, unsigned *seed)
{
    add(out, "\033[H");
    for (unsigned row = 1; row <= OUTPUT_ROWS; row++) {
        add_colour(out, seed);
        add_text(out, 60 + next(seed) % 60, seed);
        add(out, "\033[m\033[K%s", row < OUTPUT_ROWS ? "\r\n" : "");
    }
    add(out, "\033[J");
}

/* Each row from its first to its last column, placed one by one, in several colours. */
static void full_rows(struct bytes *out, unsigned *seed)
{
    for (unsigned row = 1; row <= OUTPUT_ROWS; row++) {
        add(out, "\033[%u;1H", row);
        for (unsigned col = 0; col < OUTPUT_COLS; col += 11) {
            add_colour(out, seed);
            add_text(out, 11, seed);
        }
    }
    add(out, "\033[m");
}

/* A word anywhere from that row on. */
static void add_update(struct bytes *out, unsigned first_row, unsigned *seed)
{
    unsigned rows = OUTPUT_ROWS + 1 - first_row;
    add(out, "\033[%u;%uH", first_row + next(seed) % rows, 1 + next(seed) % (OUTPUT_COLS - 8));
    add_colour(out, seed);
    add_text(out, 2 + next(seed) % 12, seed);
    add(out, "\033[m");
}

static void updates(struct bytes *out, unsigned *seed)
{
    add_update(out, 1, seed);
}

/* The first rows are painted once, all else again and again. */
static void add_header(struct bytes *out)
{
    unsigned seed = 1;
    add(out, "\033[H\033[2J\033[7m");
    add_text(out, OUTPUT_COLS, &seed);
    add(out, "\033[m\033[2;1Hname   state   since");
}

static void header(struct bytes *out)
{
    add_header(out);
}

static void alternate_header(struct bytes *out)
{
    enter_alternate(out);
    add_header(out);
}

static void updates_below(struct bytes *out, unsigned *seed)
{
    add_update(out, 3, seed);
}

/* Text that scrolls between a header and a last row that shows how far it is. */
static void region(struct bytes *out)
{
    add_header(out);
    add(out, "\033[3;%ur\033[3;1H", OUTPUT_ROWS - 1);
}

static void region_line(struct bytes *out, unsigned *seed)
{
    coloured_line(out, seed);
    if (next(seed) % 8 == 0)
        add(out, "\0337\033[%u;1H\033[42mdone %u %%\033[m\0338", OUTPUT_ROWS, next(seed) % 100);
}

/* As an editor scrolls: lines are inserted or deleted at the top of a region, and painted. */
static void scroll_lines(struct bytes *out, unsigned *seed)
{
    unsigned row = next(seed) % 2 ? 3 : OUTPUT_ROWS - 1;
    add(out, "\033[3;%ur\033[3;1H%s\033[r\033[%u;1H", OUTPUT_ROWS - 1,
        row == 3 ? "\033[L" : "\033[M", row);
    add_colour(out, seed);
    add_text(out, 10 + next(seed) % 80, seed);
    add(out, "\033[m\033[%u;100H%u,%u  ", OUTPUT_ROWS, next(seed) % 1000, next(seed) % 80);
}

const struct output_kind output_kinds[OUTPUT_KINDS] = {
    {"plain", NULL, plain_line},
    {"long lines", NULL, long_line},
    {"y", NULL, y_line},
    {"coloured", NULL, coloured_line},
    {"utf-8", NULL, utf8_line},
    {"progress", NULL, progress},
    {"frames", NULL, frame},
    {"frames, alternate", enter_alternate, frame},
    {"full rows", NULL, full_rows},
    {"updates", NULL, updates},
    {"updates, header", header, updates_below},
    {"the same, alternate", alternate_header, updates_below},
    {"region, header", region, region_line},
    {"editor, alternate", alternate_header, scroll_lines},
};

void output_make(const struct output_kind *kind, size_t size, struct bytes *out)
{
    unsigned seed = 7;
    while (out->len < size)
        kind->piece(out, &seed);
}
