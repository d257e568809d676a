#include "common/terminal/keyboard.h"

#include <string.h>

enum { UNTOUCHED = 0, DISABLED = 1, VALUE_BASE = 2 };

static void push(struct keyboard_stack *stack, uint8_t flags)
{
    if (stack->count == KEYBOARD_STACK) {
        memmove(stack->flags, stack->flags + 1, KEYBOARD_STACK - 1);
        stack->count--;
        stack->based = false;
    }
    stack->flags[stack->count++] = flags;
}

void keyboard_push(struct keyboard *keyboard, int screen, const struct parser_sequence *csi)
{
    push(&keyboard->stack[screen], (uint8_t)parser_param(csi, 0, 0));
}

static void pop(struct keyboard_stack *stack, unsigned count)
{
    while (stack->count > 0 && count-- > 0)
        stack->flags[--stack->count] = 0;
    if (stack->count == 0)
        stack->based = false;
}

void keyboard_pop(struct keyboard *keyboard, int screen, const struct parser_sequence *csi)
{
    pop(&keyboard->stack[screen], (unsigned)parser_count(csi, 0));
}

void keyboard_change(struct keyboard *keyboard, int screen, const struct parser_sequence *csi)
{
    struct keyboard_stack *stack = &keyboard->stack[screen];
    unsigned now = stack->count > 0 ? stack->flags[stack->count - 1] : 0;
    unsigned flags = (unsigned)parser_param(csi, 0, 0), how = (unsigned)parser_count(csi, 1);
    now = how == 2 ? now | flags : how == 3 ? now & ~flags : flags;
    if (stack->count > 0) {
        stack->flags[stack->count - 1] = (uint8_t)now;
    } else if (now > 0) {
        push(stack, (uint8_t)now);
        stack->based = true;
    }
}

void keyboard_modify(struct keyboard *keyboard, const struct parser_sequence *csi)
{
    if (csi->count == 0) {
        memset(keyboard->resource, UNTOUCHED, sizeof(keyboard->resource));
        return;
    }
    int32_t resource = parser_param(csi, 0, 0), value = parser_param(csi, 1, -1);
    if (resource < KEYBOARD_RESOURCES)
        keyboard->resource[resource] =
            (int8_t)(value < 0 || value > 100 ? UNTOUCHED : VALUE_BASE + value);
}

void keyboard_disable(struct keyboard *keyboard, const struct parser_sequence *csi)
{
    /* CSI > n alone is about modifyFunctionKeys (2). */
    int32_t resource = parser_param(csi, 0, 2);
    if (resource < KEYBOARD_RESOURCES)
        keyboard->resource[resource] = DISABLED;
}

unsigned keyboard_flags(const struct keyboard *keyboard, int screen)
{
    const struct keyboard_stack *stack = &keyboard->stack[screen];
    return stack->count > 0 ? stack->flags[stack->count - 1] : 0;
}

int keyboard_resource(const struct keyboard *keyboard, int32_t resource)
{
    /* xterm's defaults: modifyCursorKeys and modifyFunctionKeys are 2, the others 0. */
    if (resource < 0 || resource >= KEYBOARD_RESOURCES)
        return -1;
    int8_t value = keyboard->resource[resource];
    if (value == UNTOUCHED)
        return resource == 1 || resource == 2 ? 2 : 0;
    return value == DISABLED ? -1 : value - VALUE_BASE;
}

bool keyboard_stack_equal(const struct keyboard_stack *a, const struct keyboard_stack *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool keyboard_equal(const struct keyboard *a, const struct keyboard *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

void keyboard_write_stack(const struct keyboard_stack *from, const struct keyboard_stack *to,
                          struct writer *writer)
{
    unsigned same = 0;
    while (from->based == to->based && same < from->count && same < to->count &&
           from->flags[same] == to->flags[same])
        same++;
    if (from->count > same)
        writer_printf(writer, "\033[<%uu", from->count - same);
    /* Setting no flags on an empty stack leaves it empty. */
    if (same == 0 && to->based && to->flags[0] == 0)
        writer_text(writer, "\033[=1u");
    for (unsigned i = same; i < to->count; i++)
        writer_printf(writer, i == 0 && to->based ? "\033[=%uu" : "\033[>%uu", to->flags[i]);
}

void keyboard_write_resources(const struct keyboard *from, const struct keyboard *to,
                              struct writer *writer)
{
    for (int i = 0; i < KEYBOARD_RESOURCES; i++) {
        if (from->resource[i] == to->resource[i])
            continue;
        if (to->resource[i] == UNTOUCHED)
            writer_printf(writer, "\033[>%dm", i);
        else if (to->resource[i] == DISABLED)
            writer_printf(writer, "\033[>%dn", i);
        else
            writer_printf(writer, "\033[>%d;%dm", i, to->resource[i] - VALUE_BASE);
    }
}
