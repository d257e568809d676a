/*
 * The pen: what a character is drawn with. Sources: ECMA-48 8.3.117 (SGR), xterm's ctlseqs (SGR,
 * DECSCA), ISO 8613-6 (colours), kitty's and VTE's underline styles (4:n, 58), the OSC 8 proposal
 * (links).
 */
#ifndef JS_COMMON_TERMINAL_PEN_H
#define JS_COMMON_TERMINAL_PEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/terminal/parser.h"
#include "common/terminal/shared.h"
#include "common/terminal/writer.h"

enum {
    PEN_BOLD = 1 << 0,
    PEN_DIM = 1 << 1,
    PEN_ITALIC = 1 << 2,
    PEN_BLINK = 1 << 3,
    PEN_FAST_BLINK = 1 << 4,
    PEN_INVERSE = 1 << 5,
    PEN_INVISIBLE = 1 << 6,
    PEN_STRIKE = 1 << 7,
    PEN_OVERLINE = 1 << 8,
    PEN_FRAMED = 1 << 9,
    PEN_ENCIRCLED = 1 << 10,
    PEN_SUPERSCRIPT = 1 << 11,
    PEN_SUBSCRIPT = 1 << 12,
    PEN_PROPORTIONAL = 1 << 13,
    PEN_PROTECTED = 1 << 14, /* DECSCA 1 */
};

/*
 * A colour: its kind in the top byte, 0 = default. Basic is 30-37 and 90-97 (0..15), index 38;5;n,
 * RGB 38;2;r;g;b; short is 38:2:r:g:b, where terminals disagree whether the first number is a
 * colour space.
 */
#define PEN_COLOR_BASIC     UINT32_C(0x01000000)
#define PEN_COLOR_INDEX     UINT32_C(0x02000000)
#define PEN_COLOR_RGB       UINT32_C(0x03000000)
#define PEN_COLOR_RGB_SHORT UINT32_C(0x04000000)
#define PEN_COLOR_KIND      UINT32_C(0xff000000)

/* Underline: 0 none, 1 to 5 as in SGR 4:n, or 21, which some take for something else. */
enum { PEN_UNDERLINE_21 = 21 };

struct pen {
    uint32_t foreground, background, underline_color;
    uint16_t flags;
    uint8_t underline;
    uint8_t font;        /* SGR 10 + font */
    struct shared *link; /* owned reference; parameters;address of the open OSC 8 link, or NULL */
};

/* Zeroed is the default pen. Copy drops what to held; finish makes it default. */
void pen_copy(struct pen *to, const struct pen *from);
void pen_finish(struct pen *pen);
bool pen_equal(const struct pen *a, const struct pen *b);

/* Applies an SGR. false if it has a form that terminals understand differently: the pen is then not
 * known. */
bool pen_apply(struct pen *pen, const struct parser_sequence *sgr);

/* Makes SGR's part of the pen default: all but the link and the protection. */
void pen_reset(struct pen *pen);

/* Writes what brings a terminal from one pen to the other. */
void pen_write(const struct pen *from, const struct pen *to, struct writer *writer);

#endif
