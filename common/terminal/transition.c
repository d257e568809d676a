#include "common/terminal/transition.h"

#include <assert.h>
#include <stddef.h>

#include "common/terminal/tabs.h"

/* What the terminal has while the transition is written: pointers into the two states. */
struct progress {
    const struct pen *pen;
    const struct charsets *charsets;
    const struct margins *margins; /* of the screen shown */
    struct cursor cursor;
    bool origin;
    bool side_margins;
    bool moved;  /* the cursor is somewhere else than cursor says */
    bool astray; /* so are saved cursors */
    unsigned rows, cols;
    struct writer *writer;
};

static void bring_origin(struct progress *now, bool origin)
{
    if (now->origin == origin)
        return;
    writer_text(now->writer, origin ? "\033[?6h" : "\033[?6l");
    now->origin = origin;
    now->moved = true;
}

static void bring_cursor(struct progress *now, const struct cursor *to)
{
    if (!now->moved && now->cursor.y == to->y && now->cursor.most == to->most)
        return;
    unsigned y = to->y < now->rows ? to->y : now->rows - 1,
             x = to->most < now->cols ? to->most : now->cols - 1;
    if (now->origin && now->margins->set)
        y = y > now->margins->top ? y - now->margins->top : 0;
    writer_printf(now->writer, "\033[%u;%uH", y + 1, x + 1);
    now->cursor = *to;
    now->moved = false;
}

static void bring_drawing(struct progress *now, const struct pen *pen,
                          const struct charsets *charsets)
{
    pen_write(now->pen, pen, now->writer);
    charsets_write(now->charsets, charsets, now->writer);
    now->pen = pen;
    now->charsets = charsets;
}

/* Makes cursor, pen, sets and DECOM those of a saved cursor. */
static void bring_saved(struct progress *now, const struct saved_cursor *saved)
{
    const struct margins *margins = now->margins;
    bool outside =
        margins->set && (saved->cursor.y < margins->top || saved->cursor.y > margins->bottom);
    /* Under DECOM the cursor cannot be put outside the margins: then its place counts for more. */
    bring_origin(now, saved->origin && !outside);
    bring_drawing(now, &saved->pen, &saved->charsets);
    bring_cursor(now, &saved->cursor);
}

static bool saved_differs(const struct progress *now, const struct saved_cursor *from,
                          const struct saved_cursor *to)
{
    if (to->set && (now->astray || !from->set))
        return true;
    return !saved_cursor_alike(from, to);
}

static void bring_margins(struct progress *now, const struct margins *margins, bool side_margins)
{
    if (now->side_margins != side_margins)
        writer_text(now->writer, side_margins ? "\033[?69h" : "\033[?69l");
    now->side_margins = side_margins;
    const struct margins *have = now->margins;
    if (have->set != margins->set || have->top != margins->top || have->bottom != margins->bottom) {
        if (margins->set)
            writer_printf(now->writer, "\033[%u;%ur", margins->top + 1u, margins->bottom + 1u);
        else
            writer_text(now->writer, "\033[r");
        now->moved = true;
    }
    if (margins->sides_set &&
        (!have->sides_set || have->left != margins->left || have->right != margins->right)) {
        writer_printf(now->writer, "\033[%u;%us", margins->left + 1u, margins->right + 1u);
        now->moved = true;
    }
    now->margins = margins;
}

/* What each screen has of its own; it is shown. */
static void bring_screen(struct progress *now, const struct state *from, const struct state *to,
                         int screen)
{
    const struct screen_state *have = &from->screen[screen], *want = &to->screen[screen];
    if (!tabs_equal(have->tabs, want->tabs, now->cols)) {
        tabs_write(want->tabs, now->cols, now->writer);
        now->moved = true;
    }
    bring_margins(now, &want->margins, to->side_margins);
    if (saved_differs(now, &have->saved, &want->saved)) {
        bring_saved(now, &want->saved);
        writer_text(now->writer, "\0337");
    }
    keyboard_write_stack(&from->keyboard.stack[screen], &to->keyboard.stack[screen], now->writer);
}

/* What the alternate screen keeps while the normal one is shown: it has to be shown for a moment.
 */
static void bring_hidden(struct progress *now, const struct state *from, const struct state *to)
{
    const struct saved_cursor *want = &to->screen[SCREEN_ALTERNATE].saved;
    bool saved = saved_differs(now, &from->screen[SCREEN_ALTERNATE].saved, want);
    const struct keyboard_stack *have_keys = &from->keyboard.stack[SCREEN_ALTERNATE],
                                *want_keys = &to->keyboard.stack[SCREEN_ALTERNATE];
    if (!saved && keyboard_stack_equal(have_keys, want_keys))
        return;
    static const struct margins whole = {0};
    const struct margins *margins = now->margins;
    writer_text(now->writer, "\033[?47h");
    now->margins = &whole;
    if (saved) {
        bring_saved(now, want);
        writer_text(now->writer, "\0337");
    }
    keyboard_write_stack(have_keys, want_keys, now->writer);
    writer_text(now->writer, "\033[?47l");
    now->margins = margins;
}

static void show_alternate(struct progress *now, const struct state *from, const struct state *to)
{
    static const struct margins whole = {0};
    const struct saved_cursor *saved = &to->screen[SCREEN_NORMAL].saved;
    if (to->alternate_mode == 1049) {
        /* It saves the cursor itself, so that everything has to be as it was saved. */
        bring_saved(now, saved);
    } else if (saved_differs(now, &from->screen[SCREEN_NORMAL].saved, saved)) {
        bring_saved(now, saved);
        writer_text(now->writer, "\0337");
    }
    writer_printf(now->writer, "\033[?%uh", to->alternate_mode);
    now->margins = &whole;
}

static void bring_flag(bool from, bool to, const char *set, const char *reset,
                       struct writer *writer)
{
    if (from != to)
        writer_text(writer, to ? set : reset);
}

/* DECSCUSR and mode 12 change each other's effect: their order counts. */
static void bring_style(const struct state *from, const struct state *to, struct writer *writer)
{
    bool blink = modes_get(&to->modes, 12), blink_differs = blink != modes_get(&from->modes, 12);
    if (from->style == to->style && from->blink_after_style == to->blink_after_style &&
        (!blink_differs || to->blink_after_style))
        return;
    if (to->style > 0 || from->style > 0)
        writer_printf(writer, "\033[%d q", to->style > 0 ? to->style - 1 : 0);
    if (to->blink_after_style)
        writer_text(writer, blink ? "\033[?12h" : "\033[?12l");
}

/* All that has nothing to do with cursor and screens. */
static void bring_rest(const struct state *from, const struct state *to, struct writer *writer)
{
    bring_flag(from->keyboard_locked, to->keyboard_locked, "\033[2h", "\033[2l", writer);
    bring_flag(from->insert, to->insert, "\033[4h", "\033[4l", writer);
    bring_flag(from->local_echo, to->local_echo, "\033[12l", "\033[12h", writer);
    bring_flag(from->newline, to->newline, "\033[20h", "\033[20l", writer);
    bring_flag(from->autowrap, to->autowrap, "\033[?7h", "\033[?7l", writer);
    bring_flag(from->visible, to->visible, "\033[?25h", "\033[?25l", writer);
    bring_flag(from->keypad, to->keypad, "\033=", "\033>", writer);
    modes_write(&from->modes, &to->modes, writer);
    bring_style(from, to, writer);
    keyboard_write_resources(&from->keyboard, &to->keyboard, writer);
    titles_write(&from->titles, &to->titles, writer);
    palette_write(from->palette, to->palette, writer);
    if (to->directory && !shared_equal(from->directory, to->directory)) {
        writer_text(writer, "\033]7;");
        writer_append(writer, to->directory->data, to->directory->len);
        writer_text(writer, "\033\\");
    }
}

void transition_write(const struct station *from, const struct station *to, unsigned rows,
                      unsigned cols, bool place, struct writer *writer)
{
    assert(to->state->alternate || !from->state->alternate);
    int screen = state_screen(from->state);
    struct progress now = {.pen = &from->state->pen,
                           .charsets = &from->state->charsets,
                           .margins = &from->state->screen[screen].margins,
                           .cursor = from->cursor,
                           .origin = from->state->origin,
                           .side_margins = from->state->side_margins,
                           .moved = place,
                           .astray = place,
                           .rows = rows,
                           .cols = cols,
                           .writer = writer};
    if (from->state->alternate == to->state->alternate) {
        bring_screen(&now, from->state, to->state, screen);
        if (!to->state->alternate)
            bring_hidden(&now, from->state, to->state);
    } else {
        keyboard_write_stack(&from->state->keyboard.stack[SCREEN_NORMAL],
                             &to->state->keyboard.stack[SCREEN_NORMAL], writer);
        const struct shared *tabs = to->state->screen[SCREEN_NORMAL].tabs;
        if (!tabs_equal(from->state->screen[SCREEN_NORMAL].tabs, tabs, cols)) {
            tabs_write(tabs, cols, writer);
            now.moved = true;
        }
        bring_margins(&now, &to->state->screen[SCREEN_NORMAL].margins, to->state->side_margins);
        show_alternate(&now, from->state, to->state);
        bring_screen(&now, from->state, to->state, SCREEN_ALTERNATE);
    }
    bring_origin(&now, to->state->origin);
    bring_drawing(&now, &to->state->pen, &to->state->charsets);
    bring_cursor(&now, &to->cursor);
    bring_rest(from->state, to->state, writer);
}
