/*
 * All that a terminal knows besides its screen's cells and where the cursor is. Two of them tell a
 * transition: what to send to a terminal in the one state to bring it to the other.
 */
#ifndef JS_COMMON_TERMINAL_STATE_H
#define JS_COMMON_TERMINAL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/terminal/charsets.h"
#include "common/terminal/keyboard.h"
#include "common/terminal/modes.h"
#include "common/terminal/palette.h"
#include "common/terminal/pen.h"
#include "common/terminal/shared.h"
#include "common/terminal/titles.h"

/* Indexes of the two screens. */
enum { SCREEN_NORMAL, SCREEN_ALTERNATE };

/*
 * Where the cursor is, counted from 0, as far as is known: somewhere from column least to most, in
 * row y if y_known. Column = width of the screen means that the next character wraps first.
 */
struct cursor {
    uint16_t least, most;
    uint16_t y;
    bool y_known;
};

/* What DECSC, SCOSC and modes 1048, 1049 save; terminals have one for each screen. */
struct saved_cursor {
    bool set; /* else: never saved */
    bool origin;
    struct cursor cursor;
    struct pen pen;
    struct charsets charsets;
};

/* DECSTBM (rows from 0, both inclusive) and DECSLRM. Not set: the whole screen. */
struct margins {
    bool set;
    bool sides_set;
    uint16_t top, bottom;
    uint16_t left, right;
};

/* What each screen has of its own, at least in some terminals. */
struct screen_state {
    struct saved_cursor saved;
    struct margins margins;
    struct shared *tabs; /* owned reference; see tabs.h */
};

struct state {
    struct screen_state screen[2];
    bool alternate;          /* the alternate screen is shown */
    uint16_t alternate_mode; /* the mode that showed it: 47, 1047 or 1049 */
    struct pen pen;
    struct charsets charsets;
    struct modes modes;
    struct keyboard keyboard;
    struct titles titles;
    struct palette *palette;  /* owned reference or NULL */
    struct shared *directory; /* OSC 7's text; owned reference or NULL */
    struct shared
        *progress;        /* OSC 9;4's text after "9;4;" if it is not 0; owned reference or NULL */
    bool keyboard_locked; /* KAM, mode 2 */
    bool insert;          /* IRM, mode 4 */
    bool local_echo;      /* SRM, mode 12, reset */
    bool newline;         /* LNM, mode 20 */
    bool origin;          /* DECOM, ?6 */
    bool autowrap;        /* DECAWM, ?7 */
    bool visible;         /* DECTCEM, ?25 */
    bool keypad;          /* DECKPAM, ?66 */
    bool side_margins;    /* DECLRMM, ?69 */
    bool synchronized;    /* ?2026 */
    uint8_t style;        /* DECSCUSR's number + 1, 0 = never set */
    bool blink_after_style; /* ?12 was touched after DECSCUSR */
};

/* The state of a terminal fresh from its reset. */
void state_init(struct state *state);

/* Copies; drops what to (initialised) held. 0, or -ENOMEM and to is as from state_init(). */
int state_copy(struct state *to, const struct state *from);

/* Drops all references. The state may be initialised again. */
void state_finish(struct state *state);

bool state_equal(const struct state *a, const struct state *b);

/* RIS: as from state_init(), but titles stay, as they do in xterm. */
void state_reset(struct state *state);

/* Which screen is shown: SCREEN_NORMAL or SCREEN_ALTERNATE. */
static inline int state_screen(const struct state *state)
{
    return state->alternate ? SCREEN_ALTERNATE : SCREEN_NORMAL;
}

void saved_cursor_copy(struct saved_cursor *to, const struct saved_cursor *from);
void saved_cursor_finish(struct saved_cursor *saved);
bool saved_cursor_equal(const struct saved_cursor *a, const struct saved_cursor *b);

/* Whether restoring the two does the same in a terminal that goes home without one, as xterm does.
 */
bool saved_cursor_alike(const struct saved_cursor *a, const struct saved_cursor *b);
bool margins_equal(const struct margins *a, const struct margins *b);

/* Whether the cursor's place is known and no wrap is pending on a screen of that width. */
bool cursor_is_exact(const struct cursor *cursor, unsigned cols);

#endif
