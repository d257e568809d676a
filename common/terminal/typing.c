#include "common/terminal/typing.h"

#include <stddef.h>
#include <string.h>

/* DECCKM, DECBKM, xterm's for Meta, Alt, Delete and the function keys, bracketed paste. */
static const uint16_t numbers[] = {1,    67,   1034, 1035, 1036, 1037, 1039,
                                   1050, 1051, 1052, 1053, 1060, 1061, 2004};

void typing_of(const struct state *state, struct typing *ret)
{
    *ret = (struct typing){
        .keypad = state->keypad,
        .newline = state->newline,
        .flags = (uint8_t)keyboard_flags(&state->keyboard, state_screen(state)),
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        bool value = modes_get(&state->modes, numbers[i]);
        if (value != modes_default(numbers[i]))
            modes_set(&ret->modes, numbers[i], value, true);
    }
    memcpy(ret->keyboard.resource, state->keyboard.resource, sizeof(ret->keyboard.resource));
}

void typing_write(const struct typing *from, const struct typing *to, struct writer *writer)
{
    modes_write(&from->modes, &to->modes, writer);
    if (from->keypad != to->keypad)
        writer_text(writer, to->keypad ? "\033=" : "\033>");
    if (from->newline != to->newline)
        writer_text(writer, to->newline ? "\033[20h" : "\033[20l");
    /* Set, not pushed: nobody else uses that screen's stack, and so it cannot grow. */
    if (from->flags != to->flags)
        writer_printf(writer, "\033[=%uu", to->flags);
    keyboard_write_resources(&from->keyboard, &to->keyboard, writer);
}
