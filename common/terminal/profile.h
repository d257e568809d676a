/*
 * What a terminal is like, as far as programs ask for it: its answers to questions about itself.
 * A job's holder keeps that of the terminal that was attached last, and answers with it while
 * nobody is attached.
 *
 * A job that never had a terminal gets this one: a VT220 with colours (DA1 62;22), that takes
 * xterm's extensions up to patch 277, so that editors choose the mouse's SGR encoding (DA2
 * 1;277;0), called js by XTVERSION, light grey on black, with xterm's palette and cells of 8 by 16
 * pixels. It claims nothing that a terminal of the same job may lack later: no Sixel, no kitty
 * keyboard.
 */
#ifndef JS_COMMON_TERMINAL_PROFILE_H
#define JS_COMMON_TERMINAL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROFILE_ANSWERS_MAX = 4096 };

/* Colours: 0..15 of the palette, then these. */
enum { PROFILE_FOREGROUND = 16, PROFILE_BACKGROUND, PROFILE_CURSOR, PROFILE_COLORS };

struct profile {
    char attributes[64];              /* parameters of DA1's answer */
    char secondary[32];               /* of DA2's */
    char version[64];                 /* XTVERSION's text; "" = the terminal does not answer that */
    bool keyboard;                    /* it answers CSI ? u */
    uint64_t color[PROFILE_COLORS];   /* red << 32 | green << 16 | blue, 16 bits each */
    unsigned cell_width, cell_height; /* pixels */
};

/* The one described above. */
void profile_init(struct profile *profile);

/*
 * What asks a terminal all that, as control sequences that change nothing. It begins with
 * PROFILE_MARKER, and ends with DA1, which every terminal answers: whatever has been answered, has
 * been before.
 */
extern const char profile_questions[];

/* DSR 5; its answer is PROFILE_MARKED. */
#define PROFILE_MARKER "\033[5n"
#define PROFILE_MARKED "\033[0n"

/*
 * A terminal's answers to the questions, the marker's left out: *profile becomes what they say, and
 * the default where they say nothing; the cells' size stays. Anything else in data is ignored.
 */
void profile_take_answers(struct profile *profile, const void *data, size_t len);

/* The size of its cells: that of all rows and columns in pixels. 0: not known, the default. */
void profile_set_pixels(struct profile *profile, unsigned rows, unsigned cols, unsigned width,
                        unsigned height);

/* The colour of a slot of the palette (palette.h): 0..255, or PALETTE_DYNAMIC + 0.. for OSC 10.. */
uint64_t profile_color(const struct profile *profile, unsigned slot);

/*
 * Reads a colour as terminals write it (XParseColor(3)): rgb:h/h/h, rgba:h/h/h/h with one to four
 * digits each, or #hhh to #hhhhhhhhhhhh. false if it is none, a name for instance.
 */
bool profile_parse_color(const char *text, size_t len, uint64_t *ret);

#endif
