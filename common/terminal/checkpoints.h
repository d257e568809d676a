/*
 * Offsets of the output at which the state of the terminal and the place of the cursor were known,
 * so that a replay may begin there, or go on after something was left out: a bounded number of
 * them, dense at the end.
 */
#ifndef JS_COMMON_TERMINAL_CHECKPOINTS_H
#define JS_COMMON_TERMINAL_CHECKPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/terminal/canvas.h"
#include "common/terminal/state.h"

/* How many at most: in all, on the alternate screen, of different states, held. */
enum {
    CHECKPOINTS_MAX = 64,
    CHECKPOINTS_ALTERNATE_MAX = 10,
    CHECKPOINTS_STATES_MAX = 16,
    CHECKPOINTS_HELD_MAX = 2
};

struct checkpoint_state; /* shared by checkpoints */

struct checkpoint {
    uint64_t offset;
    uint64_t lines;   /* that had left the normal screen */
    uint64_t shifts;  /* of the screen shown */
    uint32_t stretch; /* the one that begins here; see cells.h */
    struct cursor cursor;
    struct checkpoint_state *shared; /* owned reference */
    bool alternate;                  /* the alternate screen is shown */
    bool absolute;                   /* see struct canvas */
    bool coarse; /* not all is sure: only to be used when nothing else is there */
    bool enters; /* the alternate screen that is shown was entered here */
    bool held;   /* see checkpoints_hold() */
    bool dead;   /* the bytes from here to the next one show nowhere any more and moved nothing */
};

struct checkpoints {
    struct checkpoint *item; /* owned, by offset */
    unsigned count, room;
    unsigned added; /* so many, all in all */
};

/* Zeroed is empty; finish makes it so. */
void checkpoints_finish(struct checkpoints *checkpoints);

const struct state *checkpoint_state(const struct checkpoint *checkpoint);

/* Adds the canvas as it is at offset, no less than the last one's, and drops what is dispensable.
 * Without memory it is not added. Returns whether there is one at that offset now. */
bool checkpoints_add(struct checkpoints *checkpoints, struct canvas *canvas, uint64_t offset,
                     bool coarse);

/* The last one is where the alternate screen is entered; nothing is dropped at it until it is left.
 */
void checkpoints_enter(struct checkpoints *checkpoints);

/*
 * The alternate screen has been left: its checkpoints go. whole: one is added at offset, so that a
 * replay may leave the visit out.
 */
void checkpoints_leave(struct checkpoints *checkpoints, struct canvas *canvas, uint64_t offset,
                       bool whole);

/*
 * The newest one that is exact will be wanted: it and the one held before it are not dropped to
 * make room, until others are held. NULL if there is none at or after offset `since`.
 */
const struct checkpoint *checkpoints_hold(struct checkpoints *checkpoints, uint64_t since);

/* Drops all before offset. */
void checkpoints_drop(struct checkpoints *checkpoints, uint64_t offset);

/* For each but the last whether the bytes from it to the next one can be left out of a replay. */
void checkpoints_find_dead(const struct checkpoints *checkpoints, const struct canvas *canvas,
                           bool dead[CHECKPOINTS_MAX + 1]);

/* The offset of the last one, 0 if there is none. */
uint64_t checkpoints_last(const struct checkpoints *checkpoints);

#endif
