#include "common/terminal/profile.h"

#include <stdio.h>
#include <string.h>

#include "common/terminal/palette.h"
#include "common/terminal/parser.h"
#include "common/terminal/questions.h"
#include "version.h"

enum { CELL_WIDTH = 8, CELL_HEIGHT = 16 };

#define KEY(prefix, intermediate, final) PARSER_KEY(prefix, intermediate, final)

/*
 * No DCS among them: GNU screen passes those on to its own terminal. OSC 4 with several slots is
 * answered slot by slot (xterm), or for the first alone.
 */
const char profile_questions[] = PROFILE_MARKER
    "\033[>0q\033[>c\033[?u"
    "\033]10;?\033\\\033]11;?\033\\\033]12;?\033\\"
    "\033]4;0;?;1;?;2;?;3;?;4;?;5;?;6;?;7;?;8;?;9;?;10;?;11;?;12;?;13;?;14;?;15;?\033\\"
    "\033[c";

static uint64_t of_8_bits(unsigned rgb)
{
    uint64_t red = rgb >> 16 & 0xff, green = rgb >> 8 & 0xff, blue = rgb & 0xff;
    return (red << 32 | green << 16 | blue) * 0x101;
}

void profile_init(struct profile *profile)
{
    /* xterm's, as in its XTerm-col.ad; then foreground, background, cursor. */
    static const uint32_t colors[PROFILE_COLORS] = {
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd,
        0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff,
        0x00ffff, 0xffffff, 0xe5e5e5, 0x000000, 0xe5e5e5};
    *profile = (struct profile){.attributes = "62;22",
                                .secondary = "1;277;0",
                                .version = "js(" JS_VERSION ")",
                                .cell_width = CELL_WIDTH,
                                .cell_height = CELL_HEIGHT};
    for (unsigned i = 0; i < PROFILE_COLORS; i++)
        profile->color[i] = of_8_bits(colors[i]);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One to four hexadecimal digits; *ret is the number. */
static bool read_digits(const char *text, size_t len, unsigned *ret)
{
    *ret = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        *ret = *ret << 4 | (unsigned)digit;
    }
    return len >= 1 && len <= 4;
}

/* rgb:f is full red, as rgb:ffff is: scaled. */
static bool read_scaled(const char *text, size_t len, uint64_t *ret)
{
    *ret = 0;
    const char *end = text + len;
    for (int i = 0; i < 3; i++) {
        const char *slash = memchr(text, '/', (size_t)(end - text));
        size_t digits = (size_t)((slash ? slash : end) - text);
        unsigned value;
        if (!read_digits(text, digits, &value) || (!slash && i < 2))
            return false;
        *ret = *ret << 16 | value * 0xffffu / ((1u << 4 * digits) - 1);
        text = slash ? slash + 1 : end;
    }
    return true;
}

/* #f00 is 0xf000 red: the most significant digits; screens then have 8 bits of it. */
static bool read_shifted(const char *text, size_t len, uint64_t *ret)
{
    size_t digits = len / 3;
    *ret = 0;
    if (len == 0 || len % 3 != 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        unsigned value;
        if (!read_digits(text + i * digits, digits, &value))
            return false;
        value <<= 16 - 4 * digits;
        *ret = *ret << 16 | (digits > 2 ? value : (value >> 8) * 0x101);
    }
    return true;
}

bool profile_parse_color(const char *text, size_t len, uint64_t *ret)
{
    if (len > 4 && memcmp(text, "rgb:", 4) == 0)
        return read_scaled(text + 4, len - 4, ret);
    if (len > 5 && memcmp(text, "rgba:", 5) == 0)
        return read_scaled(text + 5, len - 5, ret);
    return len > 1 && text[0] == '#' && read_shifted(text + 1, len - 1, ret);
}

/* The answers */

/* Whether there was an answer; what of it cannot be kept leaves the default. */
static void keep_parameters(char *to, size_t size, const struct parser_sequence *csi)
{
    size_t len = 0;
    for (unsigned i = 0; i < csi->count && len < size; i++) {
        int32_t value = parser_param(csi, i, 0);
        len += (size_t)snprintf(to + len, size - len, i == 0 ? "%d" : ";%d", value);
    }
}

static void take_csi(void *user, const struct parser_sequence *csi)
{
    struct profile *profile = user;
    if (csi->malformed || csi->count == 0)
        return;
    switch (KEY(csi->prefix, csi->intermediate[0], csi->final)) {
    case KEY('?', 0, 'c'):
        keep_parameters(profile->attributes, sizeof(profile->attributes), csi);
        break;
    case KEY('>', 0, 'c'):
        keep_parameters(profile->secondary, sizeof(profile->secondary), csi);
        break;
    case KEY('?', 0, 'u'):
        profile->keyboard = true;
        break;
    default:
        break;
    }
}

static void take_color(struct profile *profile, const char *text, size_t len)
{
    size_t start;
    uint64_t color;
    int32_t number = question_osc_number((const uint8_t *)text, len, &start);
    int32_t slot = number >= 10 && number <= 12 ? PROFILE_FOREGROUND + number - 10 : -1;
    text += start;
    len -= start;
    if (number == 4) {
        slot = question_osc_number((const uint8_t *)text, len, &start);
        text += start;
        len -= start;
        slot = slot < PROFILE_FOREGROUND ? slot : -1;
    }
    if (slot >= 0 && profile_parse_color(text, len, &color))
        profile->color[slot] = color;
}

/* XTVERSION: DCS > | text ST. It is sent on as text: only what is printable. */
static void take_version(struct profile *profile, const char *text, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len && kept + 1 < sizeof(profile->version); i++) {
        if (text[i] >= ' ' && text[i] <= '~')
            profile->version[kept++] = text[i];
    }
    profile->version[kept] = '\0';
}

static void take_string(void *user, const struct parser_string *string)
{
    struct profile *profile = user;
    const struct parser_sequence *head = string->head;
    if (string->cancelled)
        return;
    if (string->kind == PARSER_OSC)
        take_color(profile, (const char *)string->data, string->len);
    else if (string->kind == PARSER_DCS && head && head->prefix == '>' && head->final == '|')
        take_version(profile, (const char *)string->data, string->len);
}

void profile_take_answers(struct profile *profile, const void *data, size_t len)
{
    static const struct parser_events events = {.csi = take_csi, .string_end = take_string};
    struct profile fresh;
    struct parser parser;
    profile_init(&fresh);
    fresh.version[0] = '\0';
    fresh.cell_width = profile->cell_width;
    fresh.cell_height = profile->cell_height;
    parser_init(&parser, &events, &fresh, PROFILE_ANSWERS_MAX);
    parser_feed(&parser, data, len);
    parser_finish(&parser);
    *profile = fresh;
}

void profile_set_pixels(struct profile *profile, unsigned rows, unsigned cols, unsigned width,
                        unsigned height)
{
    bool known = rows > 0 && cols > 0 && width >= cols && height >= rows;
    profile->cell_width = known ? width / cols : CELL_WIDTH;
    profile->cell_height = known ? height / rows : CELL_HEIGHT;
}

/* xterm's 6x6x6 cube and its 24 greys (256colres.h). */
static uint64_t indexed_color(unsigned slot)
{
    if (slot >= 232)
        return of_8_bits((8 + (slot - 232) * 10) * 0x010101);
    unsigned rgb = 0;
    for (unsigned divisor = 36; divisor > 0; divisor /= 6) {
        unsigned level = (slot - 16) / divisor % 6;
        rgb = rgb << 8 | (level ? 55 + level * 40 : 0);
    }
    return of_8_bits(rgb);
}

uint64_t profile_color(const struct profile *profile, unsigned slot)
{
    /* OSC 10-19: text, background, cursor, both of the mouse's, of Tektronix's, marked text. */
    static const uint8_t dynamic[] = {PROFILE_FOREGROUND, PROFILE_BACKGROUND, PROFILE_CURSOR,
                                      PROFILE_FOREGROUND, PROFILE_BACKGROUND, PROFILE_FOREGROUND,
                                      PROFILE_BACKGROUND, PROFILE_FOREGROUND, PROFILE_CURSOR,
                                      PROFILE_BACKGROUND};
    if (slot < PROFILE_FOREGROUND)
        return profile->color[slot];
    if (slot < PALETTE_SPECIAL)
        return indexed_color(slot);
    return profile
        ->color[slot < PALETTE_DYNAMIC ? PROFILE_FOREGROUND : dynamic[slot - PALETTE_DYNAMIC]];
}
