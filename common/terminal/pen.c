#include "common/terminal/pen.h"

#include <stddef.h>

void pen_copy(struct pen *to, const struct pen *from)
{
    struct shared *link = shared_ref(from->link);
    shared_unref(to->link);
    *to = *from;
    to->link = link;
}

void pen_finish(struct pen *pen)
{
    shared_unref(pen->link);
    *pen = (struct pen){0};
}

static bool same_rendition(const struct pen *a, const struct pen *b)
{
    return a->foreground == b->foreground && a->background == b->background &&
           a->underline_color == b->underline_color && a->underline == b->underline &&
           a->font == b->font && ((a->flags ^ b->flags) & ~PEN_PROTECTED) == 0;
}

bool pen_equal(const struct pen *a, const struct pen *b)
{
    return same_rendition(a, b) && a->flags == b->flags && shared_equal(a->link, b->link);
}

void pen_reset(struct pen *pen)
{
    *pen = (struct pen){.flags = pen->flags & PEN_PROTECTED, .link = pen->link};
}

static bool is_sub(const struct parser_sequence *sgr, unsigned i)
{
    return i < sgr->count && (sgr->sub >> i & 1);
}

static uint32_t rgb(uint32_t kind, const int32_t *part)
{
    uint32_t color = kind;
    for (int i = 0; i < 3; i++)
        color |= (uint32_t)(part[i] < 0 ? 0 : part[i] & 0xff) << (8 * (2 - i));
    return color;
}

/* The colour in the sub-parameters of parameter i. false: none of the known forms. */
static bool color_of_subs(const struct parser_sequence *sgr, unsigned i, unsigned count,
                          uint32_t *color)
{
    const int32_t *sub = &sgr->value[i + 1];
    if (sub[0] == 5 && count >= 2)
        *color = PEN_COLOR_INDEX | (uint32_t)(sub[1] < 0 ? 0 : sub[1] & 0xff);
    else if (sub[0] == 2 && count >= 5)
        *color = rgb(PEN_COLOR_RGB, sub + 2);
    else if (sub[0] == 2 && count == 4)
        *color = rgb(PEN_COLOR_RGB_SHORT, sub + 1);
    else
        return false;
    return true;
}

/* SGR 38, 48 or 58 at parameter *i, which moves to the last one it takes. */
static bool apply_color(const struct parser_sequence *sgr, unsigned *i, uint32_t *color)
{
    unsigned subs = 0;
    while (is_sub(sgr, *i + 1 + subs))
        subs++;
    if (subs > 0)
        return color_of_subs(sgr, *i, subs, color);
    unsigned wanted = parser_param(sgr, *i + 1, 0) == 5 ? 2 : 4;
    for (unsigned k = 1; k <= wanted; k++) {
        if (*i + k >= sgr->count || is_sub(sgr, *i + k))
            return false;
    }
    if (wanted == 2)
        *color = PEN_COLOR_INDEX | ((uint32_t)parser_param(sgr, *i + 2, 0) & 0xff);
    else if (sgr->value[*i + 1] == 2)
        *color = rgb(PEN_COLOR_RGB, &sgr->value[*i + 2]);
    else
        return false;
    *i += wanted;
    return true;
}

/* What each of the small numbers sets and clears. */
static const struct {
    uint16_t set, clear;
} flag_changes[76] = {
    [1] = {PEN_BOLD, 0},
    [2] = {PEN_DIM, 0},
    [3] = {PEN_ITALIC, 0},
    [5] = {PEN_BLINK, 0},
    [6] = {PEN_FAST_BLINK, 0},
    [7] = {PEN_INVERSE, 0},
    [8] = {PEN_INVISIBLE, 0},
    [9] = {PEN_STRIKE, 0},
    [22] = {0, PEN_BOLD | PEN_DIM},
    [23] = {0, PEN_ITALIC},
    [25] = {0, PEN_BLINK | PEN_FAST_BLINK},
    [26] = {PEN_PROPORTIONAL, 0},
    [27] = {0, PEN_INVERSE},
    [28] = {0, PEN_INVISIBLE},
    [29] = {0, PEN_STRIKE},
    [50] = {0, PEN_PROPORTIONAL},
    [51] = {PEN_FRAMED, 0},
    [52] = {PEN_ENCIRCLED, 0},
    [53] = {PEN_OVERLINE, 0},
    [54] = {0, PEN_FRAMED | PEN_ENCIRCLED},
    [55] = {0, PEN_OVERLINE},
    [73] = {PEN_SUPERSCRIPT, PEN_SUBSCRIPT},
    [74] = {PEN_SUBSCRIPT, PEN_SUPERSCRIPT},
    [75] = {0, PEN_SUPERSCRIPT | PEN_SUBSCRIPT},
};

/* The rest of SGR: one number that needs no other. Unknown ones do nothing. */
static void apply_number(struct pen *pen, int32_t number)
{
    if (number == 0)
        pen_reset(pen);
    else if (number >= 30 && number <= 37)
        pen->foreground = PEN_COLOR_BASIC | (uint32_t)(number - 30);
    else if (number >= 40 && number <= 47)
        pen->background = PEN_COLOR_BASIC | (uint32_t)(number - 40);
    else if (number >= 90 && number <= 97)
        pen->foreground = PEN_COLOR_BASIC | (uint32_t)(number - 90 + 8);
    else if (number >= 100 && number <= 107)
        pen->background = PEN_COLOR_BASIC | (uint32_t)(number - 100 + 8);
    else if (number == 39)
        pen->foreground = 0;
    else if (number == 49)
        pen->background = 0;
    else if (number == 59)
        pen->underline_color = 0;
    else if (number == 24)
        pen->underline = 0;
    else if (number == 21)
        pen->underline = PEN_UNDERLINE_21;
    else if (number >= 10 && number <= 20)
        pen->font = (uint8_t)(number - 10);
    else if (number < (int32_t)(sizeof(flag_changes) / sizeof(flag_changes[0])))
        pen->flags =
            (uint16_t)((pen->flags & ~flag_changes[number].clear) | flag_changes[number].set);
}

static void apply_underline(struct pen *pen, const struct parser_sequence *sgr, unsigned i)
{
    int32_t style = is_sub(sgr, i + 1) ? sgr->value[i + 1] : 1;
    pen->underline = (uint8_t)(style < 0 || style > 5 ? 1 : style);
}

bool pen_apply(struct pen *pen, const struct parser_sequence *sgr)
{
    bool sure = true;
    if (sgr->count == 0)
        pen_reset(pen);
    for (unsigned i = 0; i < sgr->count; i++) {
        int32_t number = sgr->value[i] < 0 ? 0 : sgr->value[i];
        if (number == 38)
            sure &= apply_color(sgr, &i, &pen->foreground);
        else if (number == 48)
            sure &= apply_color(sgr, &i, &pen->background);
        else if (number == 58)
            sure &= apply_color(sgr, &i, &pen->underline_color);
        else if (number == 4)
            apply_underline(pen, sgr, i);
        else
            apply_number(pen, number);
        while (is_sub(sgr, i + 1))
            i++;
    }
    return sure;
}

/* base: 38, 48 or 58. The last has forms with colons only that are safe everywhere. */
static void write_color(uint32_t color, int base, struct writer *writer)
{
    int value = (int)(color & 0xffffff), red = value >> 16, green = value >> 8 & 0xff,
        blue = value & 0xff;
    switch (color & PEN_COLOR_KIND) {
    case PEN_COLOR_BASIC:
        writer_printf(writer, ";%d", value < 8 ? base - 8 + value : base + 52 + value - 8);
        break;
    case PEN_COLOR_INDEX:
        writer_printf(writer, base == 58 ? ";%d:5:%d" : ";%d;5;%d", base, value);
        break;
    case PEN_COLOR_RGB:
        writer_printf(writer, base == 58 ? ";%d:2::%d:%d:%d" : ";%d;2;%d;%d;%d", base, red, green,
                      blue);
        break;
    case PEN_COLOR_RGB_SHORT:
        writer_printf(writer, ";%d:2:%d:%d:%d", base, red, green, blue);
        break;
    default:
        break;
    }
}

static void write_rendition(const struct pen *pen, struct writer *writer)
{
    writer_text(writer, "\033[");
    for (int number = 1; number < (int)(sizeof(flag_changes) / sizeof(flag_changes[0])); number++) {
        if (pen->flags & flag_changes[number].set)
            writer_printf(writer, ";%d", number);
    }
    if (pen->underline == PEN_UNDERLINE_21)
        writer_text(writer, ";21");
    else if (pen->underline > 1)
        writer_printf(writer, ";4:%d", pen->underline);
    else if (pen->underline == 1)
        writer_text(writer, ";4");
    if (pen->font > 0)
        writer_printf(writer, ";%d", 10 + pen->font);
    write_color(pen->foreground, 38, writer);
    write_color(pen->background, 48, writer);
    write_color(pen->underline_color, 58, writer);
    writer_text(writer, "m");
}

void pen_write(const struct pen *from, const struct pen *to, struct writer *writer)
{
    bool protection = (from->flags ^ to->flags) & PEN_PROTECTED;
    if (!same_rendition(from, to)) {
        write_rendition(to, writer);
        /* Some terminals let SGR 0 end the protection, some do not. */
        protection |= to->flags & PEN_PROTECTED;
    }
    if (protection)
        writer_text(writer, to->flags & PEN_PROTECTED ? "\033[1\"q" : "\033[0\"q");
    if (!shared_equal(from->link, to->link)) {
        writer_text(writer, "\033]8;");
        writer_text(writer, to->link ? to->link->data : ";");
        writer_text(writer, "\033\\");
    }
}
