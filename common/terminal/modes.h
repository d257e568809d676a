/*
 * DEC private modes by number, known or not: which were set or reset last, and what XTSAVE has
 * saved. Modes that move the cursor or change screens (6, 47, 1047-1049), 7, 25, 66, 69 and 2026
 * are not kept here but in the state.
 */
#ifndef JS_COMMON_TERMINAL_MODES_H
#define JS_COMMON_TERMINAL_MODES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/terminal/writer.h"

enum { MODES_MAX = 40, MODES_SAVED_MAX = 16, MODES_NUMBER_MAX = 0x3fff };

/* Zeroed is a terminal fresh from its reset. */
struct modes {
    uint16_t entry[MODES_MAX]; /* number, and the bits below; unused ones are 0 */
    uint16_t saved[MODES_SAVED_MAX];
    uint8_t count;
    uint8_t saved_count;
};

/* Value of a mode that was never touched: true for those that terminals start with set. */
bool modes_default(unsigned number);

/* Whether a mode is kept here: not one of those named above, nor one whose setting does something
 * else (2, 3, 12). */
bool modes_is_plain(unsigned number);

/* The last value, or the default. */
bool modes_get(const struct modes *modes, unsigned number);

/*
 * Sets or resets. Numbers that cannot be kept are ignored; with too many the oldest goes. sure =
 * false: this terminal may have taken it or not.
 */
void modes_set(struct modes *modes, unsigned number, bool value, bool sure);

/* Whether it is not known if some mode is set. */
bool modes_unsure(const struct modes *modes);

/* For a terminal of which it is known that it has taken all: nothing is unsure any more. */
void modes_trust(struct modes *modes);

/* XTSAVE; and the saved value in *ret_value for XTRESTORE, false if none was saved. */
void modes_save(struct modes *modes, unsigned number, bool value);
bool modes_saved(const struct modes *modes, unsigned number, bool *ret_value);

bool modes_equal(const struct modes *a, const struct modes *b);

/* Writes what brings a terminal from one to the other. */
void modes_write(const struct modes *from, const struct modes *to, struct writer *writer);

/* Writes what brings a terminal back to its defaults. */
void modes_write_undo(const struct modes *modes, struct writer *writer);

#endif
