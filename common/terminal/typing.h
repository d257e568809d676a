/*
 * How a terminal encodes what is typed: the part of its state that a program has to have set before
 * somebody types. Sources: xterm's ctlseqs ("PC-Style Function Keys", DECSET), kitty's keyboard
 * protocol.
 */
#ifndef JS_COMMON_TERMINAL_TYPING_H
#define JS_COMMON_TERMINAL_TYPING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/terminal/state.h"
#include "common/terminal/writer.h"

/* Zeroed is a terminal at its defaults. */
struct typing {
    struct modes modes;       /* of those that matter, the ones that are not at their defaults */
    bool keypad;              /* DECKPAM */
    bool newline;             /* LNM: Enter is CR LF */
    uint8_t flags;            /* kitty's, in force */
    struct keyboard keyboard; /* only the resources */
};

/* What a terminal in that state does. */
void typing_of(const struct state *state, struct typing *ret);

/* Writes what brings a terminal from one to the other; kitty's flags are those of the screen that
 * is shown. */
void typing_write(const struct typing *from, const struct typing *to, struct writer *writer);

#endif
