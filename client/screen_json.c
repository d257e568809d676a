/* A screen as JSON; the schema is in js(1). */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/screen_view.h"

struct lines {
    const struct screen_view *view;
    json_t *array;
};

static json_t *color(uint32_t value)
{
    char text[16];
    switch (value & PEN_COLOR_KIND) {
    case 0:
        return NULL;
    case PEN_COLOR_BASIC:
    case PEN_COLOR_INDEX:
        return json_integer(value & 0xff);
    default:
        snprintf(text, sizeof(text), "#%06x", value & 0xffffff);
        return json_string(text);
    }
}

static void set(json_t *object, const char *key, json_t *value)
{
    if (value)
        json_object_set_new(object, key, value);
}

static json_t *underline(uint8_t style)
{
    static const char *const names[] = {NULL, "single", "double", "curly", "dotted", "dashed"};
    if (style == 0)
        return NULL;
    return json_string(style == PEN_UNDERLINE_21 ? "double" : names[style]);
}

/* Only what is not as in the default pen. */
static void set_pen(json_t *run, const struct pen *pen)
{
    static const struct {
        uint16_t flag;
        const char *name;
    } flags[] = {
        {PEN_BOLD, "bold"},           {PEN_DIM, "dim"},
        {PEN_ITALIC, "italic"},       {PEN_BLINK | PEN_FAST_BLINK, "blink"},
        {PEN_INVERSE, "inverse"},     {PEN_INVISIBLE, "invisible"},
        {PEN_STRIKE, "strike"},       {PEN_OVERLINE, "overline"},
        {PEN_PROTECTED, "protected"},
    };
    set(run, "foreground", color(pen->foreground));
    set(run, "background", color(pen->background));
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (pen->flags & flags[i].flag)
            set(run, flags[i].name, json_true());
    }
    set(run, "underline", underline(pen->underline));
    set(run, "underline_color", pen->underline ? color(pen->underline_color) : NULL);
    const char *semicolon = pen->link ? strchr(pen->link->data, ';') : NULL;
    set(run, "link", semicolon ? json_string(semicolon + 1) : NULL);
}

static json_t *run_of(const struct screen_view *view, const struct grid_cell *cells, unsigned count)
{
    struct bytes text = {0};
    json_t *run = json_object();
    for (unsigned x = 0; x < count; x++) {
        if (cells[x].width > 0)
            screen_view_append(view, &cells[x], &text);
    }
    set(run, "text", json_stringn((const char *)text.data, text.len));
    set(run, "columns", json_integer(count));
    set_pen(run, grid_pen(screen_grid(view->screen), cells->pen));
    bytes_finish(&text);
    return run;
}

static void add_line(void *user, const struct grid_cell *cells)
{
    struct lines *lines = user;
    json_t *line = json_object(), *runs = json_array();
    unsigned used = screen_view_used(lines->view, cells, true);
    for (unsigned x = 0; x < used;) {
        unsigned n = 1;
        while (x + n < used && (cells[x + n].pen == cells[x].pen || cells[x + n].width == 0))
            n++;
        json_array_append_new(runs, run_of(lines->view, cells + x, n));
        x += n;
    }
    set(line, "continues", json_boolean(cells[0].continues));
    set(line, "runs", runs);
    json_array_append_new(lines->array, line);
}

static json_t *cursor_of(const struct screen_view *view)
{
    const struct state *state = screen_state(view->screen);
    unsigned x = screen_x(view->screen), cols = screen_cols(view->screen);
    json_t *cursor = json_object();
    set(cursor, "row", json_integer(screen_y(view->screen)));
    set(cursor, "column", json_integer(x < cols ? x : cols - 1));
    set(cursor, "wraps", json_boolean(x >= cols));
    set(cursor, "visible", json_boolean(state->visible));
    set(cursor, "style", state->style ? json_integer(state->style - 1) : json_null());
    return cursor;
}

/* The number of the mouse mode that is on, null for none. */
static json_t *mouse_of(const struct modes *modes, const unsigned *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (modes_get(modes, numbers[i]))
            return json_integer(numbers[i]);
    }
    return json_null();
}

static json_t *modes_of(const struct state *state)
{
    static const unsigned tracking[] = {1003, 1002, 1001, 1000, 9};
    static const unsigned encoding[] = {1016, 1006, 1015, 1005};
    const struct keyboard_stack *keys = &state->keyboard.stack[state_screen(state)];
    json_t *modes = json_object();
    set(modes, "application_cursor_keys", json_boolean(modes_get(&state->modes, 1)));
    set(modes, "application_keypad", json_boolean(state->keypad));
    set(modes, "autowrap", json_boolean(state->autowrap));
    set(modes, "bracketed_paste", json_boolean(modes_get(&state->modes, 2004)));
    set(modes, "focus_events", json_boolean(modes_get(&state->modes, 1004)));
    set(modes, "insert", json_boolean(state->insert));
    set(modes, "keyboard_flags", json_integer(keys->count > 0 ? keys->flags[keys->count - 1] : 0));
    set(modes, "mouse", mouse_of(&state->modes, tracking, sizeof(tracking) / sizeof(tracking[0])));
    set(modes, "mouse_encoding",
        mouse_of(&state->modes, encoding, sizeof(encoding) / sizeof(encoding[0])));
    set(modes, "newline", json_boolean(state->newline));
    set(modes, "origin", json_boolean(state->origin));
    set(modes, "reverse_screen", json_boolean(modes_get(&state->modes, 5)));
    set(modes, "synchronized", json_boolean(state->synchronized));
    return modes;
}

static json_t *title_of(const struct state *state)
{
    const struct shared *title = state->titles.title;
    json_t *text = title ? json_stringn(title->data, title->len) : NULL;
    return text ? text : json_null();
}

static json_t *screen_of(const struct screen_view *view)
{
    const struct state *state = screen_state(view->screen);
    struct lines history = {view, json_array()}, rows = {view, json_array()};
    json_t *screen = json_object();
    screen_view_each_line(view, add_line, &history);
    screen_view_each_row(view, true, add_line, &rows);
    set(screen, "job", json_integer(view->job->id));
    set(screen, "rows", json_integer(screen_rows(view->screen)));
    set(screen, "columns", json_integer(screen_cols(view->screen)));
    set(screen, "alternate", json_boolean(state->alternate));
    set(screen, "complete", json_boolean(view->whole));
    set(screen, "title", title_of(state));
    set(screen, "cursor", cursor_of(view));
    set(screen, "modes", modes_of(state));
    set(screen, "history", history.array);
    set(screen, "lines", rows.array);
    return screen;
}

int screen_view_json(const struct screen_view *view, struct bytes *out)
{
    json_t *root = json_object();
    set(root, "version", json_integer(1));
    set(root, "screen", screen_of(view));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    int r = text ? bytes_append_text(out, text) : -ENOMEM;
    free(text);
    return r < 0 ? r : bytes_append(out, "\n", 1);
}
