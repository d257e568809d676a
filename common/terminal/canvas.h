/*
 * Where output lands: the cursor, and which rows of the two screens it changes. It carries out what
 * moves the cursor, prints, erases, scrolls or changes screens, keeping the cursor exact wherever
 * every terminal agrees, as a range of columns or an unknown row where they do not. (xterm, VTE,
 * xterm.js, kitty; sources of single rules: ECMA-48, xterm's ctlseqs, DEC STD 070.)
 */
#ifndef JS_COMMON_TERMINAL_CANVAS_H
#define JS_COMMON_TERMINAL_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/terminal/cells.h"
#include "common/terminal/rows.h"
#include "common/terminal/state.h"
#include "common/terminal/width.h"

enum { CANVAS_SIDE_MAX = 32767 };

/* What of the state terminals may not agree on by now. */
enum {
    UNSURE_CHARSETS = 0x0f,     /* one bit for each of G0..G3 */
    UNSURE_SHIFT = 1 << 4,      /* which of them is shifted in */
    UNSURE_PEN = 1 << 5,        /* until the next SGR 0 */
    UNSURE_LINK = 1 << 6,       /* until the next OSC 8 */
    UNSURE_PROTECTION = 1 << 7, /* until the next DECSCA */
    UNSURE_ORIGIN = 1 << 8,     /* until DECOM is set or reset */
    UNSURE_VT52 = 1 << 9,       /* until ESC < */
    UNSURE_SAVED = 1 << 10,     /* a saved cursor's place */
    UNSURE_STYLE = 1 << 11,     /* until the next DECSCUSR */
};

/* The same for each screen. */
enum { UNSURE_MARGINS = 1 << 0, UNSURE_TABS = 1 << 1 };

/* What was set when RIS came, and still is in a terminal that forgets to reset it (xterm.js). */
enum { SURVIVES_HIDDEN = 1 << 0, SURVIVES_NEWLINE = 1 << 1 };

struct canvas {
    unsigned rows, cols;
    struct state state;
    struct cursor cursor;
    struct rows screen[2]; /* the alternate one has rows only while it is shown */
    struct cells cells[2]; /* their cells, as far as anything is known of them */
    uint32_t stretch;      /* of the output; see cells.h */
    unsigned unsure;
    unsigned unsure_screen[2];
    uint64_t saved_at[2]; /* offset of what saved each screen's cursor */
    unsigned survives;
    /* Offsets of the first and the last byte of what is being carried out. */
    uint64_t begin, last;
    /* The current row was written from its first column to the cursor, without a gap, by the bytes
     * from fresh_since. */
    bool fresh;
    uint64_t fresh_since;
    unsigned falls;    /* line feeds since the cursor's row was last known */
    bool single_shift; /* SS2 or SS3 waits for its character */
    bool no_cr;        /* line feeds come without the CR that belongs before them */
    bool absolute; /* something on the normal screen depends on which row of the screen it is in */
    /* Of the text that ends right here: the last character's width, and where it may be one cluster
     * with begins. */
    bool printed;
    bool based; /* ... and has a character that takes a column: marks belong to it */
    struct width glyph;
    uint64_t cluster;
    uint64_t lines; /* that left the normal screen at its top, about */
    uint64_t gone;  /* the last byte of them */
};

/* 0 or -ENOMEM (then there are no rows, and no plan will be exact). */
int canvas_init(struct canvas *canvas, unsigned rows, unsigned cols);
void canvas_finish(struct canvas *canvas);

/* The offsets of what the next calls carry out: first byte, and the one after the last. */
static inline void canvas_at(struct canvas *canvas, uint64_t begin, uint64_t end)
{
    canvas->begin = begin;
    canvas->last = end - 1;
}

/* The rows of the screen that is shown. */
static inline struct rows *canvas_rows(struct canvas *canvas)
{
    return &canvas->screen[state_screen(&canvas->state)];
}

static inline struct cells *canvas_cells(struct canvas *canvas)
{
    return &canvas->cells[state_screen(&canvas->state)];
}

/*
 * Another stretch of the output begins at offset, where a checkpoint is. placed: while the one
 * before went on, no row of the screen that is shown has moved.
 */
void canvas_next_stretch(struct canvas *canvas, uint64_t offset, bool placed);

/* What is known of the cells of the screen shown, NULL if nothing is. */
const struct cells *canvas_known_cells(const struct canvas *canvas);

/* Whether all that comes next depends on is known: where the cursor is, and all of the state. */
bool canvas_is_sure(const struct canvas *canvas);

/* Text as the parser gives it; it starts at offset begin. Sets the offsets itself. */
void canvas_text(struct canvas *canvas, const uint8_t *data, size_t len, uint64_t begin);
/* Whether the cursor is in the last row after so many line feeds, and any further one scrolls the
 * whole screen. */
bool canvas_reaches_bottom(const struct canvas *canvas, size_t lines);

/*
 * Output from begin to end of which it is enough to know that it had so many line feeds, that the
 * cursor is in the last row after it, and that at least as many line feeds as there are rows
 * follow.
 */
void canvas_flood(struct canvas *canvas, uint64_t begin, uint64_t end, size_t lines);

/* Something that is not text: what follows cannot change the last character any more. */
static inline void canvas_break_text(struct canvas *canvas)
{
    canvas->printed = false;
}

/* REP. */
void canvas_repeat(struct canvas *canvas, unsigned n);

/* Controls that move the cursor; those that go down at the bottom margin scroll. */
void canvas_carriage_return(struct canvas *canvas);
void canvas_line_feed(struct canvas *canvas); /* LF, VT, FF */
void canvas_index(struct canvas *canvas);     /* IND */
void canvas_next_line(struct canvas *canvas); /* NEL */
void canvas_reverse_index(struct canvas *canvas);
void canvas_backspace(struct canvas *canvas);
void canvas_tab(struct canvas *canvas, unsigned n);
void canvas_back_tab(struct canvas *canvas, unsigned n);

/* Cursor movement. Rows and columns count from 0; row is relative to the margins under DECOM. */
void canvas_up(struct canvas *canvas, unsigned n);
void canvas_down(struct canvas *canvas, unsigned n);
void canvas_down_free(struct canvas *canvas, unsigned n); /* VPR: DECOM alone stops it */
void canvas_right(struct canvas *canvas, unsigned n);
void canvas_left(struct canvas *canvas, unsigned n);
void canvas_column(struct canvas *canvas, unsigned x);
void canvas_row(struct canvas *canvas, unsigned y);
void canvas_position(struct canvas *canvas, unsigned y, unsigned x);

/* Something whose effect on the screen is not known: an image, a protocol of one terminal. */
void canvas_lose(struct canvas *canvas);

/* Erasing: how is the parameter of ED and EL. selective: DECSED, DECSEL. */
void canvas_erase_display(struct canvas *canvas, int how, bool selective);
void canvas_erase_line(struct canvas *canvas, int how, bool selective);
void canvas_erase_chars(struct canvas *canvas, unsigned n);
void canvas_change_line(struct canvas *canvas); /* ICH, DCH */
void canvas_change_screen(
    struct canvas *canvas);             /* cells change or move within their rows, anywhere */
void canvas_mix(struct canvas *canvas); /* cells are copied between rows */
void canvas_insert_lines(struct canvas *canvas, unsigned n);
void canvas_delete_lines(struct canvas *canvas, unsigned n);
void canvas_scroll_up(struct canvas *canvas, unsigned n);
void canvas_scroll_down(struct canvas *canvas, unsigned n);
void canvas_align(struct canvas *canvas); /* DECALN */

/* DECSTBM: rows from 1, 0 = missing. */
void canvas_set_margins(struct canvas *canvas, unsigned top, unsigned bottom);
/* DECSLRM: columns from 1, 0 = missing. */
void canvas_set_sides(struct canvas *canvas, unsigned left, unsigned right);

/* DECSC, DECRC and their like on the screen shown. */
void canvas_save_cursor(struct canvas *canvas);
void canvas_restore_cursor(struct canvas *canvas);

/* Modes 47, 1047, 1049. */
void canvas_enter_alternate(struct canvas *canvas, unsigned mode);
void canvas_leave_alternate(struct canvas *canvas, unsigned mode);

/* DECOM set or reset: the cursor goes home. */
void canvas_set_origin(struct canvas *canvas, bool origin);

void canvas_reset(struct canvas *canvas);      /* RIS */
void canvas_soft_reset(struct canvas *canvas); /* DECSTR */

/* The screen has another size from the byte at offset on. */
void canvas_resize(struct canvas *canvas, unsigned rows, unsigned cols, uint64_t offset);

/* Nobody knows what was shown up to that offset; nor where the cursor is. */
void canvas_forget_rows(struct canvas *canvas, uint64_t offset);
void canvas_forget(struct canvas *canvas, uint64_t offset);

/* For canvas_*.c only. */
struct margins canvas_margins(const struct canvas *canvas); /* the rows that are in force */
bool canvas_is_steady(const struct canvas *canvas);   /* margins are known, none at the sides */
void canvas_row_down(struct canvas *canvas);          /* as LF, without its columns */
void canvas_touch(struct canvas *canvas, bool inked); /* the cursor's row changes */
void canvas_touch_all(struct canvas *canvas, bool inked);
void canvas_write(struct canvas *canvas, unsigned x, unsigned n, bool inked); /* n cells of it do */
void canvas_renew(struct canvas *canvas, unsigned y, uint64_t since, bool inked); /* all of a row */
bool canvas_is_placed(const struct canvas *canvas); /* the cursor is, and the margins are known */
void canvas_set_x(struct canvas *canvas, unsigned x);
void canvas_lose_row(struct canvas *canvas);
void canvas_end_wrap(struct canvas *canvas); /* a pending wrap is forgotten */
void canvas_use_row(
    struct canvas *canvas); /* what follows depends on which row of the screen is meant */

#endif
