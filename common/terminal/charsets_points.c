/*
 * What the characters of other sets are. Sources: xterm's ctlseqs (designations), DEC's VT220
 * Programmer Reference Manual, chapter 2 (line drawing, national replacement sets), ISO 8859-1.
 */
#include "common/terminal/charsets.h"

#include <stddef.h>
#include <string.h>

enum { REPLACED = 12 };

/* The twelve characters that national sets replace, and with what; 0: not in this one. */
static const char replaced[REPLACED + 1] = "#@[\\]^_`{|}~";

static const struct {
    const char *finals;
    uint16_t point[REPLACED];
} national[] = {
    /* British */
    {"A", {0xa3}},
    /* Dutch */
    {"4", {0xa3, 0xbe, 0x133, 0xbd, '|', 0, 0, 0, 0xa8, 'f', 0xbc, 0xb4}},
    /* Finnish */
    {"C5", {0, 0, 0xc4, 0xd6, 0xc5, 0xdc, 0, 0xe9, 0xe4, 0xf6, 0xe5, 0xfc}},
    /* French */
    {"Rf", {0xa3, 0xe0, 0xb0, 0xe7, 0xa7, 0, 0, 0, 0xe9, 0xf9, 0xe8, 0xa8}},
    /* French Canadian */
    {"Q9", {0, 0xe0, 0xe2, 0xe7, 0xea, 0xee, 0, 0xf4, 0xe9, 0xf9, 0xe8, 0xfb}},
    /* German */
    {"K", {0, 0xa7, 0xc4, 0xd6, 0xdc, 0, 0, 0, 0xe4, 0xf6, 0xfc, 0xdf}},
    /* Italian */
    {"Y", {0xa3, 0xa7, 0xb0, 0xe7, 0xe9, 0, 0, 0xf9, 0xe0, 0xf2, 0xe8, 0xec}},
    /* Norwegian and Danish */
    {"E6`", {0, 0xc4, 0xc6, 0xd8, 0xc5, 0xdc, 0, 0xe4, 0xe6, 0xf8, 0xe5, 0xfc}},
    /* Spanish */
    {"Z", {0xa3, 0xa7, 0xa1, 0xd1, 0xbf, 0, 0, 0, 0xb0, 0xf1, 0xe7, 0}},
    /* Swedish */
    {"H7", {0, 0xc9, 0xc4, 0xd6, 0xc5, 0xdc, 0, 0xe9, 0xe4, 0xf6, 0xe5, 0xfc}},
    /* Swiss */
    {"=", {0xf9, 0xe0, 0xe9, 0xe7, 0xea, 0xee, 0xe8, 0xf4, 0xe4, 0xf6, 0xfc, 0xfb}},
};

/* From 0x60 on. */
static const uint16_t drawing[] = {
    0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518,
    0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524,
    0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

bool charset_is_ascii(const struct charset *set)
{
    return set->lead == 0;
}

static uint32_t national_point(uint8_t final, uint8_t c)
{
    const char *at = strchr(replaced, c);
    for (size_t i = 0; at && i < sizeof(national) / sizeof(national[0]); i++) {
        if (strchr(national[i].finals, final)) {
            uint16_t point = national[i].point[at - replaced];
            return point ? point : c;
        }
    }
    return c;
}

uint32_t charset_point(const struct charset *set, uint8_t c)
{
    if (set->lead == 0 || set->second || set->final == 0)
        return c;
    bool has_96 = set->lead >= '-';
    if (has_96)
        return set->final == 'A' ? c + 0x80u : c;
    if (set->final == '0')
        return c >= 0x60 && c < 0x60 + sizeof(drawing) / sizeof(drawing[0]) ? drawing[c - 0x60] : c;
    return national_point(set->final, c);
}
