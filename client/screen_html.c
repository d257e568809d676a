/* A screen as a page of its own: one <pre>, a <span> for each run of cells with the same pen. */
#include <stdio.h>
#include <string.h>

#include "client/screen_view.h"
#include "common/terminal/writer.h"

struct html {
    const struct screen_view *view;
    struct writer writer;
};

/* xterm's first sixteen. */
static const uint32_t basic[16] = {
    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
    0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
};

/* A colour of the palette as xterm has it: sixteen, a cube of 6 x 6 x 6, 24 greys. */
static uint32_t indexed(unsigned index)
{
    static const uint8_t steps[] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
    if (index < 16)
        return basic[index];
    if (index >= 232) {
        uint32_t grey = 8 + 10 * (index - 232);
        return grey << 16 | grey << 8 | grey;
    }
    index -= 16;
    return (uint32_t)steps[index / 36] << 16 | (uint32_t)steps[index / 6 % 6] << 8 |
           steps[index % 6];
}

static uint32_t rgb_of(uint32_t color)
{
    uint32_t kind = color & PEN_COLOR_KIND, value = color & 0xffffff;
    return kind == PEN_COLOR_BASIC || kind == PEN_COLOR_INDEX ? indexed(value & 0xff) : value;
}

static void write_color(struct html *html, const char *property, uint32_t color, const char *none)
{
    if (color)
        writer_printf(&html->writer, "%s:#%06x;", property, rgb_of(color));
    else if (none)
        writer_printf(&html->writer, "%s:%s;", property, none);
}

static void write_decoration(struct html *html, const struct pen *pen)
{
    static const char *const style[] = {NULL, "solid", "double", "wavy", "dotted", "dashed"};
    bool underlined = pen->underline > 0;
    if (!underlined && !(pen->flags & (PEN_STRIKE | PEN_OVERLINE)))
        return;
    writer_printf(&html->writer, "text-decoration:%s%s%s", underlined ? "underline " : "",
                  pen->flags & PEN_STRIKE ? "line-through " : "",
                  pen->flags & PEN_OVERLINE ? "overline " : "");
    if (underlined)
        writer_text(&html->writer,
                    pen->underline == PEN_UNDERLINE_21 ? "double" : style[pen->underline]);
    if (underlined && pen->underline_color)
        writer_printf(&html->writer, " #%06x", rgb_of(pen->underline_color));
    writer_text(&html->writer, ";");
}

static void write_style(struct html *html, const struct pen *pen)
{
    bool inverse = pen->flags & PEN_INVERSE;
    writer_text(&html->writer, "<span style=\"");
    write_color(html, "color", inverse ? pen->background : pen->foreground,
                inverse ? "var(--background)" : NULL);
    write_color(html, "background", inverse ? pen->foreground : pen->background,
                inverse ? "var(--foreground)" : NULL);
    if (pen->flags & PEN_BOLD)
        writer_text(&html->writer, "font-weight:bold;");
    if (pen->flags & PEN_DIM)
        writer_text(&html->writer, "opacity:.6;");
    if (pen->flags & PEN_ITALIC)
        writer_text(&html->writer, "font-style:italic;");
    if (pen->flags & PEN_INVISIBLE)
        writer_text(&html->writer, "visibility:hidden;");
    write_decoration(html, pen);
    writer_text(&html->writer, "\">");
}

static void write_escaped(struct html *html, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {
        case '<':
            writer_text(&html->writer, "&lt;");
            break;
        case '>':
            writer_text(&html->writer, "&gt;");
            break;
        case '&':
            writer_text(&html->writer, "&amp;");
            break;
        case '"':
            writer_text(&html->writer, "&quot;");
            break;
        default:
            writer_append(&html->writer, &text[i], 1);
            break;
        }
    }
}

/* The address of a link, which stands behind its parameters; NULL if a page should not have it. */
static const char *address_of(const struct pen *pen)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://", "file://", "mailto:"};
    const char *semicolon = pen->link ? strchr(pen->link->data, ';') : NULL;
    for (size_t i = 0; semicolon && i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncmp(semicolon + 1, schemes[i], strlen(schemes[i])) == 0)
            return semicolon + 1;
    }
    return NULL;
}

static void write_run(struct html *html, const struct grid_cell *cells, unsigned end)
{
    const struct pen *pen = grid_pen(screen_grid(html->view->screen), cells->pen);
    const char *address = address_of(pen);
    struct bytes text = {0};
    for (unsigned x = 0; x < end; x++) {
        if (cells[x].width > 0 && screen_view_append(html->view, &cells[x], &text) < 0)
            html->writer.error = -1;
    }
    if (address) {
        writer_text(&html->writer, "<a href=\"");
        write_escaped(html, address, strlen(address));
        writer_text(&html->writer, "\">");
    }
    if (cells->pen)
        write_style(html, pen);
    write_escaped(html, (const char *)text.data, text.len);
    writer_text(&html->writer, cells->pen ? "</span>" : "");
    writer_text(&html->writer, address ? "</a>" : "");
    bytes_finish(&text);
}

static void write_line(void *user, const struct grid_cell *cells)
{
    struct html *html = user;
    unsigned used = screen_view_used(html->view, cells, true);
    for (unsigned x = 0; x < used;) {
        unsigned n = 1;
        while (x + n < used && (cells[x + n].pen == cells[x].pen || cells[x + n].width == 0))
            n++;
        write_run(html, cells + x, n);
        x += n;
    }
    writer_text(&html->writer, "\n");
}

int screen_view_html(const struct screen_view *view, struct bytes *out)
{
    struct html html = {.view = view, .writer = {.out = out}};
    const struct state *state = screen_state(view->screen);
    bool reverse = modes_get(&state->modes, 5);
    const struct shared *title = state->titles.title;
    writer_text(&html.writer, "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>");
    if (title)
        write_escaped(&html, title->data, title->len);
    writer_printf(&html.writer,
                  "</title>\n<style>\n:root { --foreground: %s; --background: %s; }\n",
                  reverse ? "#000000" : "#e5e5e5", reverse ? "#e5e5e5" : "#000000");
    writer_text(&html.writer, "pre { color: var(--foreground); background: var(--background); }\n"
                              "pre a { color: inherit; }\n</style>\n</head>\n<body>\n<pre>\n");
    int r = screen_view_each(view, write_line, &html);
    writer_text(&html.writer, "</pre>\n</body>\n</html>\n");
    return r < 0 ? r : html.writer.error;
}
