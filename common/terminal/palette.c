#include "common/terminal/palette.h"

#include <stdlib.h>
#include <string.h>

/* Room for "rgba:ffff/ffff/ffff/ffff" and any name in X11's rgb.txt. */
enum { SPEC_MAX = 29 };

struct palette_color {
    uint16_t slot;
    char spec[SPEC_MAX + 1];
};

struct palette {
    unsigned refs;
    unsigned count, room;
    struct palette_color color[]; /* by slot */
};

struct palette *palette_ref(struct palette *palette)
{
    if (palette)
        palette->refs++;
    return palette;
}

void palette_unref(struct palette *palette)
{
    if (palette && --palette->refs == 0)
        free(palette);
}

static const struct palette_color *color_at(const struct palette *palette, unsigned slot)
{
    for (unsigned i = 0; palette && i < palette->count && palette->color[i].slot <= slot; i++) {
        if (palette->color[i].slot == slot)
            return &palette->color[i];
    }
    return NULL;
}

const char *palette_get(const struct palette *palette, unsigned slot)
{
    const struct palette_color *color = color_at(palette, slot);
    return color ? color->spec : NULL;
}

bool palette_equal(const struct palette *a, const struct palette *b)
{
    unsigned count = a ? a->count : 0;
    if (a == b || count != (b ? b->count : 0))
        return a == b;
    for (unsigned i = 0; i < count; i++) {
        if (a->color[i].slot != b->color[i].slot || strcmp(a->color[i].spec, b->color[i].spec) != 0)
            return false;
    }
    return true;
}

/* Makes *palette one of which nobody else has a reference, with room for one more colour. false =
 * no memory. */
static bool make_own(struct palette **palette)
{
    struct palette *old = *palette;
    unsigned count = old ? old->count : 0;
    if (old && old->refs == 1 && count < old->room)
        return true;
    unsigned room = count < 8 ? 8 : count * 2;
    struct palette *own = malloc(sizeof(*own) + room * sizeof(own->color[0]));
    if (!own)
        return false;
    own->refs = 1;
    own->count = count;
    own->room = room;
    if (count > 0)
        memcpy(own->color, old->color, count * sizeof(own->color[0]));
    palette_unref(old);
    *palette = own;
    return true;
}

static void unset(struct palette **palette, unsigned slot)
{
    if (!color_at(*palette, slot) || !make_own(palette))
        return;
    struct palette *p = *palette;
    unsigned i = 0;
    while (p->color[i].slot != slot)
        i++;
    p->count--;
    memmove(&p->color[i], &p->color[i + 1], (p->count - i) * sizeof(p->color[0]));
    if (p->count == 0) {
        palette_unref(p);
        *palette = NULL;
    }
}

static bool is_plain(const char *spec, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (spec[i] <= ' ' || spec[i] > '~')
            return false;
    }
    return true;
}

static void set(struct palette **palette, unsigned slot, const char *spec, size_t len)
{
    if (len == 0 || (len == 1 && spec[0] == '?'))
        return;
    unset(palette, slot);
    if (len > SPEC_MAX || !is_plain(spec, len) || !make_own(palette))
        return;
    struct palette *p = *palette;
    unsigned i = p->count;
    for (; i > 0 && p->color[i - 1].slot > slot; i--)
        p->color[i] = p->color[i - 1];
    p->color[i].slot = (uint16_t)slot;
    memcpy(p->color[i].spec, spec, len);
    p->color[i].spec[len] = '\0';
    p->count++;
}

/* Cuts the text up to the next semicolon off and returns it; *len is its length. NULL at the end.
 */
static const char *next_field(const char **text, const char *end, size_t *len)
{
    if (!*text)
        return NULL;
    const char *field = *text, *semicolon = memchr(field, ';', (size_t)(end - field));
    *len = (size_t)((semicolon ? semicolon : end) - field);
    *text = semicolon ? semicolon + 1 : NULL;
    return field;
}

/* The slot that a decimal number stands for, counted from base; -1 if there is none. */
static int slot_of(const char *field, size_t len, unsigned base)
{
    unsigned value = 0;
    if (len == 0 || len > 4)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (field[i] < '0' || field[i] > '9')
            return -1;
        value = value * 10 + (unsigned)(field[i] - '0');
    }
    value += base;
    return value < PALETTE_DYNAMIC ? (int)value : -1;
}

static void set_pairs(struct palette **palette, unsigned base, const char *text, const char *end)
{
    size_t index_len, spec_len;
    const char *index, *spec;
    while ((index = next_field(&text, end, &index_len)) &&
           (spec = next_field(&text, end, &spec_len))) {
        int slot = slot_of(index, index_len, base);
        if (slot >= 0)
            set(palette, (unsigned)slot, spec, spec_len);
    }
}

static void reset_list(struct palette **palette, unsigned base, const char *text, const char *end)
{
    if (text == end) {
        unsigned last = base == 0 ? PALETTE_SPECIAL : PALETTE_DYNAMIC;
        for (unsigned slot = base; slot < last; slot++)
            unset(palette, slot);
        return;
    }
    const char *index;
    size_t len;
    while ((index = next_field(&text, end, &len))) {
        int slot = slot_of(index, len, base);
        if (slot >= 0)
            unset(palette, (unsigned)slot);
    }
}

bool palette_apply(struct palette **palette, unsigned number, const char *text, size_t len)
{
    const char *end = text + len;
    if (number == 4 || number == 5) {
        set_pairs(palette, number == 4 ? 0 : PALETTE_SPECIAL, text, end);
    } else if (number == 104 || number == 105) {
        reset_list(palette, number == 104 ? 0 : PALETTE_SPECIAL, text, end);
    } else if (number >= 110 && number <= 119) {
        unset(palette, PALETTE_DYNAMIC + number - 110);
    } else if (number >= 10 && number <= 19) {
        const char *spec;
        for (unsigned slot = PALETTE_DYNAMIC + number - 10; slot < PALETTE_SLOTS; slot++) {
            if ((spec = next_field(&text, end, &len)))
                set(palette, slot, spec, len);
        }
    } else {
        return false;
    }
    return true;
}

static void write_reset(unsigned slot, struct writer *writer)
{
    if (slot >= PALETTE_DYNAMIC)
        writer_printf(writer, "\033]%u\033\\", 110 + slot - PALETTE_DYNAMIC);
    else if (slot >= PALETTE_SPECIAL)
        writer_printf(writer, "\033]105;%u\033\\", slot - PALETTE_SPECIAL);
    else
        writer_printf(writer, "\033]104;%u\033\\", slot);
}

static void write_set(const struct palette_color *color, struct writer *writer)
{
    if (color->slot >= PALETTE_DYNAMIC)
        writer_printf(writer, "\033]%u;%s\033\\", 10u + color->slot - PALETTE_DYNAMIC, color->spec);
    else if (color->slot >= PALETTE_SPECIAL)
        writer_printf(writer, "\033]5;%u;%s\033\\", (unsigned)color->slot - PALETTE_SPECIAL,
                      color->spec);
    else
        writer_printf(writer, "\033]4;%u;%s\033\\", color->slot, color->spec);
}

void palette_write(const struct palette *from, const struct palette *to, struct writer *writer)
{
    for (unsigned i = 0; from && i < from->count; i++) {
        if (!color_at(to, from->color[i].slot))
            write_reset(from->color[i].slot, writer);
    }
    for (unsigned i = 0; to && i < to->count; i++) {
        const struct palette_color *old = color_at(from, to->color[i].slot);
        if (!old || strcmp(old->spec, to->color[i].spec) != 0)
            write_set(&to->color[i], writer);
    }
}
