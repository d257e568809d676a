/*
 * How the terminal is to encode keys. Sources: kitty's keyboard protocol (a stack of flags for each
 * screen: CSI > u, CSI < u, CSI = u), xterm's ctlseqs (XTMODKEYS: CSI > Pp ; Pv m and CSI > Ps n).
 */
#ifndef JS_COMMON_TERMINAL_KEYBOARD_H
#define JS_COMMON_TERMINAL_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/terminal/parser.h"
#include "common/terminal/writer.h"

enum { KEYBOARD_STACK = 16, KEYBOARD_RESOURCES = 8 };

/* One screen's stack. */
struct keyboard_stack {
    uint8_t flags[KEYBOARD_STACK];
    uint8_t count;
    bool based; /* the first was not pushed but set while the stack was empty */
};

/* Zeroed is the default. */
struct keyboard {
    struct keyboard_stack stack[2];      /* of the normal and the alternate screen */
    int8_t resource[KEYBOARD_RESOURCES]; /* XTMODKEYS resource Pp: 0 untouched, else value + 2 (1:
                                            disabled) */
};

/* CSI > u, CSI < u, CSI = u on that screen (0 or 1). */
void keyboard_push(struct keyboard *keyboard, int screen, const struct parser_sequence *csi);
void keyboard_pop(struct keyboard *keyboard, int screen, const struct parser_sequence *csi);
void keyboard_change(struct keyboard *keyboard, int screen, const struct parser_sequence *csi);

/* CSI > m and CSI > n. */
void keyboard_modify(struct keyboard *keyboard, const struct parser_sequence *csi);
void keyboard_disable(struct keyboard *keyboard, const struct parser_sequence *csi);

/* The flags in force on that screen (CSI ? u). */
unsigned keyboard_flags(const struct keyboard *keyboard, int screen);

/* The value of an XTMODKEYS resource; -1: it is disabled, or there is no such one. */
int keyboard_resource(const struct keyboard *keyboard, int32_t resource);

bool keyboard_equal(const struct keyboard *a, const struct keyboard *b);
bool keyboard_stack_equal(const struct keyboard_stack *a, const struct keyboard_stack *b);

/* Writes what brings one screen's stack, that screen being shown, from one to the other. */
void keyboard_write_stack(const struct keyboard_stack *from, const struct keyboard_stack *to,
                          struct writer *writer);

/* The same for the resources. */
void keyboard_write_resources(const struct keyboard *from, const struct keyboard *to,
                              struct writer *writer);

#endif
