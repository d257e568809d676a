#include "common/terminal/undo.h"

#include "common/terminal/tabs.h"
#include "common/terminal/tracker.h"

/*
 * Leaves the alternate screen, in the way that it was shown. Returns where the cursor is
 * afterwards.
 */
static struct cursor leave_alternate(const struct state *state, struct cursor cursor,
                                     struct writer *writer)
{
    static const struct keyboard_stack none = {0};
    const struct keyboard_stack *keys = &state->keyboard.stack[SCREEN_ALTERNATE];
    if (!state->alternate) {
        if (keys->count > 0) {
            writer_text(writer, "\033[?47h");
            keyboard_write_stack(keys, &none, writer);
            writer_text(writer, "\033[?47l");
        }
        return cursor;
    }
    keyboard_write_stack(keys, &none, writer);
    writer_printf(writer, "\033[?%ul", state->alternate_mode);
    return state->alternate_mode == 1049 ? state->screen[SCREEN_NORMAL].saved.cursor : cursor;
}

static bool narrows(const struct canvas *canvas, const struct margins *margins)
{
    return margins->sides_set ||
           (margins->set && (margins->top > 0 || margins->bottom + 1u < canvas->rows));
}

/* Margins and DECOM. Returns whether the cursor has been moved home by that. */
static bool free_margins(const struct canvas *canvas, struct writer *writer)
{
    const struct state *state = &canvas->state;
    bool set = false;
    for (int i = 0; i < 2; i++)
        set |=
            narrows(canvas, &state->screen[i].margins) || canvas->unsure_screen[i] & UNSURE_MARGINS;
    bool origin = state->origin || canvas->unsure & UNSURE_ORIGIN ||
                  state->screen[SCREEN_NORMAL].saved.origin;
    if (origin)
        writer_text(writer, "\033[?6l");
    if (state->side_margins)
        writer_text(writer, "\033[?69l");
    if (set)
        writer_text(writer, origin ? "\033[r" : "\0337\033[r\0338");
    return origin;
}

static void free_drawing(const struct canvas *canvas, struct writer *writer)
{
    static const struct pen plain = {0};
    struct charsets ascii;
    charsets_reset(&ascii);
    const struct state *state = &canvas->state;
    /* Leaving the alternate screen may have brought the saved pen and sets back. */
    const struct saved_cursor *saved = &state->screen[SCREEN_NORMAL].saved;
    bool was_saved = state->alternate && state->alternate_mode == 1049;
    pen_write(&state->pen, &plain, writer);
    charsets_write(&state->charsets, &ascii, writer);
    if (was_saved) {
        pen_write(&saved->pen, &plain, writer);
        charsets_write(&saved->charsets, &ascii, writer);
    }
    if (canvas->unsure & (UNSURE_PEN | UNSURE_LINK | UNSURE_PROTECTION))
        writer_text(writer, "\033[m\033[0\"q\033]8;;\033\\");
    if (canvas->unsure & (UNSURE_CHARSETS | UNSURE_SHIFT))
        writer_text(writer, "\033(B\033)B\033*B\033+B\017");
}

static void free_modes(const struct canvas *canvas, struct writer *writer)
{
    const struct state *state = &canvas->state;
    static const struct keyboard_stack none = {0};
    static const struct keyboard plain = {0};
    if (state->keyboard_locked)
        writer_text(writer, "\033[2l");
    if (state->insert)
        writer_text(writer, "\033[4l");
    if (state->local_echo)
        writer_text(writer, "\033[12h");
    if (state->newline || canvas->survives & SURVIVES_NEWLINE)
        writer_text(writer, "\033[20l");
    if (!state->autowrap)
        writer_text(writer, "\033[?7h");
    if (state->keypad)
        writer_text(writer, "\033>");
    modes_write_undo(&state->modes, writer);
    keyboard_write_stack(&state->keyboard.stack[SCREEN_NORMAL], &none, writer);
    keyboard_write_resources(&state->keyboard, &plain, writer);
    palette_write(state->palette, NULL, writer);
    titles_write_undo(&state->titles, writer);
    if (state->progress)
        writer_text(writer, "\033]9;4;0\033\\");
    if (state->style > 1)
        writer_text(writer, "\033[0 q");
    if (!state->visible || canvas->survives & SURVIVES_HIDDEN)
        writer_text(writer, "\033[?25h");
}

static bool free_tabs(const struct canvas *canvas, struct writer *writer)
{
    bool set = false;
    for (int i = 0; i < 2; i++)
        set |= !tabs_equal(canvas->state.screen[i].tabs, NULL, canvas->cols) ||
               canvas->unsure_screen[i] & UNSURE_TABS;
    if (set)
        tabs_write(NULL, canvas->cols, writer);
    return set;
}

/* How many rows below the cursor something is shown, as far as is known; -1 if its own row is blank
 * as well. */
static int rows_below(const struct canvas *canvas, const struct cursor *cursor)
{
    int lowest = rows_lowest_inked(&canvas->screen[SCREEN_NORMAL]);
    if (cursor->y_known)
        return lowest >= (int)cursor->y ? lowest - (int)cursor->y : -1;
    /* Output that never cared for rows has written nothing below, wherever that is. */
    return canvas->absolute ? (int)canvas->rows : lowest >= 0 ? 0 : -1;
}

/*
 * A fresh line below all that the normal screen shows. Only by relative movement: the job's first
 * row need not be the terminal's.
 */
static void write_fresh_line(const struct canvas *canvas, const struct cursor *cursor, bool moved,
                             bool homed, struct writer *writer)
{
    int below = homed ? (int)canvas->rows : rows_below(canvas, cursor);
    if (below > 0)
        writer_printf(writer, "\033[%dB", below);
    if (below >= 0 || cursor->most > 0 || moved)
        writer_text(writer, "\r\n");
}

void undo_write(const struct canvas *canvas, bool unfinished, bool in_sequence,
                struct writer *writer)
{
    if (in_sequence)
        writer_text(writer, "\030\033\\");
    struct cursor cursor = leave_alternate(&canvas->state, canvas->cursor, writer);
    bool homed = free_margins(canvas, writer);
    free_drawing(canvas, writer);
    free_modes(canvas, writer);
    bool moved = free_tabs(canvas, writer);
    /* What was unfinished may come to be shown, or to move the cursor. */
    write_fresh_line(canvas, &cursor, moved || unfinished, homed, writer);
    if (canvas->state.synchronized)
        writer_text(writer, "\033[?2026l");
}

/*
 * Mode 1047 instead of 1049, which would bring a cursor back that may never have been saved. Where
 * the cursor is nobody knows, so the last row is the fresh line. Colours are left alone: they may
 * be the user's own.
 */
const char *tracker_undo_unknown(void)
{
    return "\030\033\\\033[<99u\033[?1047l\033[<99u\033[?6l\033[?69l\033[r\033[m\033]8;;"
           "\033\\\017\033(B"
           "\033[4l\033[20l\033[?1l\033>\033[?5l\033[?7h\033[?45l"
           "\033[?9l\033[?1000l\033[?1001l\033[?1002l\033[?1003l\033[?1004l\033[?1005l\033[?"
           "1006l\033[?1015l\033[?1016l"
           "\033[?2004l\033[?2031l\033[?2048l\033[>4m\033[0 q\033[?25h\033[999;1H\r\n\033[?2026l";
}
