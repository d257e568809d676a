/*
 * Colours that the job has changed: the palette (OSC 4, 5; reset by 104, 105) and the dynamic
 * colours (OSC 10-19; reset by 110-119). Source: xterm's ctlseqs.
 */
#ifndef JS_COMMON_TERMINAL_PALETTE_H
#define JS_COMMON_TERMINAL_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/terminal/writer.h"

/* Slots: 0..255 the palette, then the special colours (bold, underline ...), then the dynamic ones.
 */
enum {
    PALETTE_SPECIAL = 256,
    PALETTE_SPECIAL_COUNT = 8,
    PALETTE_DYNAMIC = PALETTE_SPECIAL + PALETTE_SPECIAL_COUNT,
    PALETTE_SLOTS = PALETTE_DYNAMIC + 10,
};

/* Shared by states as long as nobody changes it. */
struct palette;

struct palette *palette_ref(struct palette *palette);
void palette_unref(struct palette *palette);
bool palette_equal(const struct palette *a, const struct palette *b);

/* The text that the slot was set with; NULL: it was not. palette may be NULL. */
const char *palette_get(const struct palette *palette, unsigned slot);

/*
 * Takes an OSC's number and its text after it: those above change *palette (NULL = nothing
 * changed), which the caller holds a reference of. Returns whether it was one of them. Questions
 * ("?") change nothing; without memory, colours and names of colours that are too long are
 * forgotten.
 */
bool palette_apply(struct palette **palette, unsigned number, const char *text, size_t len);

/* Writes what brings a terminal from one to the other; either may be NULL. */
void palette_write(const struct palette *from, const struct palette *to, struct writer *writer);

#endif
