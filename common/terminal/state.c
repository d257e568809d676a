#include "common/terminal/state.h"

#include <string.h>

void state_init(struct state *state)
{
    *state = (struct state){.autowrap = true, .visible = true};
    charsets_reset(&state->charsets);
    for (int i = 0; i < 2; i++) {
        state->screen[i].saved.cursor.y_known = true;
        charsets_reset(&state->screen[i].saved.charsets);
    }
}

void saved_cursor_finish(struct saved_cursor *saved)
{
    pen_finish(&saved->pen);
    *saved = (struct saved_cursor){.cursor.y_known = true};
    charsets_reset(&saved->charsets);
}

void saved_cursor_copy(struct saved_cursor *to, const struct saved_cursor *from)
{
    pen_copy(&to->pen, &from->pen);
    to->set = from->set;
    to->origin = from->origin;
    to->cursor = from->cursor;
    to->charsets = from->charsets;
}

static bool cursor_equal(const struct cursor *a, const struct cursor *b)
{
    return a->least == b->least && a->most == b->most && a->y == b->y && a->y_known == b->y_known;
}

bool saved_cursor_equal(const struct saved_cursor *a, const struct saved_cursor *b)
{
    return a->set == b->set && saved_cursor_alike(a, b);
}

bool saved_cursor_alike(const struct saved_cursor *a, const struct saved_cursor *b)
{
    return a->origin == b->origin && cursor_equal(&a->cursor, &b->cursor) &&
           pen_equal(&a->pen, &b->pen) && charsets_equal(&a->charsets, &b->charsets);
}

bool margins_equal(const struct margins *a, const struct margins *b)
{
    return a->set == b->set && a->sides_set == b->sides_set && a->top == b->top &&
           a->bottom == b->bottom && a->left == b->left && a->right == b->right;
}

bool cursor_is_exact(const struct cursor *cursor, unsigned cols)
{
    return cursor->y_known && cursor->least == cursor->most && cursor->most < cols;
}

void state_finish(struct state *state)
{
    for (int i = 0; i < 2; i++) {
        saved_cursor_finish(&state->screen[i].saved);
        shared_replace(&state->screen[i].tabs, NULL);
    }
    pen_finish(&state->pen);
    titles_finish(&state->titles);
    palette_unref(state->palette);
    state->palette = NULL;
    shared_replace(&state->directory, NULL);
    shared_replace(&state->progress, NULL);
}

int state_copy(struct state *to, const struct state *from)
{
    state_finish(to);
    /* The plain members first; then each reference is taken anew. */
    *to = *from;
    for (int i = 0; i < 2; i++) {
        shared_ref(to->screen[i].tabs);
        shared_ref(to->screen[i].saved.pen.link);
    }
    shared_ref(to->pen.link);
    palette_ref(to->palette);
    shared_ref(to->directory);
    shared_ref(to->progress);
    to->titles = (struct titles){0};
    int r = titles_copy(&to->titles, &from->titles);
    if (r < 0) {
        state_finish(to);
        state_init(to);
    }
    return r;
}

static bool screen_equal(const struct screen_state *a, const struct screen_state *b)
{
    return saved_cursor_equal(&a->saved, &b->saved) && margins_equal(&a->margins, &b->margins) &&
           shared_equal(a->tabs, b->tabs);
}

static bool flags_equal(const struct state *a, const struct state *b)
{
    return a->alternate == b->alternate && a->alternate_mode == b->alternate_mode &&
           a->keyboard_locked == b->keyboard_locked && a->insert == b->insert &&
           a->local_echo == b->local_echo && a->newline == b->newline && a->origin == b->origin &&
           a->autowrap == b->autowrap && a->visible == b->visible && a->keypad == b->keypad &&
           a->side_margins == b->side_margins && a->synchronized == b->synchronized &&
           a->style == b->style && a->blink_after_style == b->blink_after_style;
}

bool state_equal(const struct state *a, const struct state *b)
{
    return flags_equal(a, b) && pen_equal(&a->pen, &b->pen) &&
           charsets_equal(&a->charsets, &b->charsets) &&
           screen_equal(&a->screen[0], &b->screen[0]) &&
           screen_equal(&a->screen[1], &b->screen[1]) && modes_equal(&a->modes, &b->modes) &&
           keyboard_equal(&a->keyboard, &b->keyboard) && titles_equal(&a->titles, &b->titles) &&
           palette_equal(a->palette, b->palette) && shared_equal(a->directory, b->directory) &&
           shared_equal(a->progress, b->progress);
}

void state_reset(struct state *state)
{
    struct titles titles = state->titles;
    struct shared *directory = state->directory;
    state->titles = (struct titles){0};
    state->directory = NULL;
    state_finish(state);
    state_init(state);
    state->titles = titles;
    state->directory = directory;
}
