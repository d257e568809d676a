/* The screen's parts, for screen*.c only. */
#ifndef JS_COMMON_TERMINAL_SCREEN_INTERNAL_H
#define JS_COMMON_TERMINAL_SCREEN_INTERNAL_H

#include "common/terminal/screen.h"
#include "common/terminal/tracker_internal.h"

struct screen {
    /* Parser, state and cursor. The cursor is always exact: least = most, y_known. */
    struct tracker known;
    struct grid *grid; /* owned */
    unsigned history;  /* lines to keep */
    bool keeps;        /* see screen_keep_cleared */
    uint8_t shift;     /* SS2, SS3: the set that the next character is of; 0 = none */
    bool printed;      /* what came last was a character: REP repeats it */
};

static inline struct canvas *screen_canvas(struct screen *screen)
{
    return &screen->known.canvas;
}

static inline struct cursor *screen_cursor(struct screen *screen)
{
    return &screen->known.canvas.cursor;
}

/* The pen as a number, and that of blanks that come in: only its background. */
uint32_t screen_pen(struct screen *screen);
uint32_t screen_blank(struct screen *screen);

void screen_move(struct screen *screen, unsigned y, unsigned x);

/* A wrap that is pending is forgotten. */
void screen_end_wrap(struct screen *screen);

/* The rows that scroll. */
struct margins screen_margins(struct screen *screen);

/* LF without its column; RI. */
void screen_down(struct screen *screen);
void screen_reverse_index(struct screen *screen);

/* Rows top..bottom of the screen shown move up by n. */
void screen_scroll_up(struct screen *screen, unsigned top, unsigned bottom, unsigned n);

/* Printing; screen_text.c. */
void screen_text(struct screen *screen, const uint8_t *data, size_t len);
void screen_repeat(struct screen *screen, unsigned n);
void screen_tab(struct screen *screen, unsigned n);
void screen_line_feed(struct screen *screen);

/* What is done to cells and cursor; screen_edit.c. Whether it is all that the sequence does. */
bool screen_edit(struct screen *screen, const struct parser_sequence *csi);
bool screen_cursor_moves(struct screen *screen, const struct parser_sequence *csi);
void screen_backspace(struct screen *screen);
void screen_shift_columns(struct screen *screen, unsigned x, unsigned n, bool right);
void screen_align(struct screen *screen);

/* The normal screen is going to be cleared: if that is to be kept, it moves to the history. */
void screen_keep(struct screen *screen);

#endif
