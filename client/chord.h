/*
 * The detach chord: the one thing the client looks for in what the user types.
 *
 * A chord is one key or two. With two, the first key is held back until the next one is there:
 *   first, second   → detach; neither reaches the job
 *   first, first    → one first key reaches the job, in the encoding it was typed in
 *   first, another  → both reach the job
 * There is no time limit between the two. What is no key press passes by without ending the wait:
 * mouse and focus reports, answers of the terminal to queries, modifier keys, and key releases.
 *
 * A key arrives as (xterm ctlseqs "Alt and Meta Keys", modifyOtherKeys; kitty keyboard protocol):
 *   legacy           0x1c, 'd'
 *   CSI u            CSI code[:shifted[:base]] [; modifiers[:event] [; text]] u
 *   modifyOtherKeys  CSI 27 ; modifiers ; code ~
 * with modifiers = 1 + bits (shift 1, alt 2, ctrl 4, super 8, hyper 16, meta 32, caps lock 64,
 * num lock 128) and event 1 press, 2 repeat, 3 release. Lock bits are ignored. The key on the base
 * layout counts where the layout has no ASCII (kitty's way to make Ctrl+C work on Cyrillic).
 *
 * Repeats of a held first key are swallowed. Its release is kept with its press, and both reach the
 * job when another key follows, so that the job never sees a key that stays down.
 *
 * Text pasted in brackets (CSI 200 ~ ... CSI 201 ~) never contains a chord.
 */
#ifndef JS_CLIENT_CHORD_H
#define JS_CLIENT_CHORD_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHORD_DEFAULT "^\\ d"

/* What chord_parse takes, for messages. */
#define CHORD_SYNTAX "write one key or two (^], ctrl-a, d), like '^\\ d', or none"

/* A key: printable ASCII; with ctrl a lower-case letter or one of @ \ ] ^ _ */
struct chord_key {
    uint8_t code;
    bool ctrl;
};

struct chord_keys {
    struct chord_key key[2];
    unsigned count; /* 0: no chord, all input passes */
};

/* A key's sequence is never longer. */
#define CHORD_SEQUENCE_MAX 64

enum chord_state {
    CHORD_TEXT,     /* between keys */
    CHORD_SEQUENCE, /* inside CSI, see sequence */
    CHORD_MOUSE,    /* the three bytes behind CSI M */
    CHORD_PASTE,    /* inside a bracketed paste */
};

struct chord {
    struct chord_keys keys;
    enum chord_state state;
    bool waiting;                         /* the first key is there, in held */
    uint8_t held[2 * CHORD_SEQUENCE_MAX]; /* its press, then its release */
    size_t held_len;
    uint32_t held_code;                   /* of the key, as it was typed */
    uint8_t sequence[CHORD_SEQUENCE_MAX]; /* from ESC on, as far as it is there */
    size_t sequence_len;
    bool passed;          /* the job has these bytes already: followed, but no key any more */
    unsigned mouse_left;  /* bytes */
    unsigned paste_match; /* bytes of CSI 201 ~ that were the last ones */
};

/*
 * Reads "none", or one or two keys with blanks between: a character, "space", and with Ctrl "^x",
 * "ctrl-x", "control-x", "C-x". Escape ("^[") and Delete ("^?") can be no part of a chord. 0, or
 * -EINVAL (*ret is untouched then).
 */
int chord_parse(const char *text, struct chord_keys *ret);

/* Starts with nothing held. */
void chord_init(struct chord *chord, const struct chord_keys *keys);

/*
 * Reads input and appends to out what is for the job. Returns how many bytes were read: all of
 * them, unless *ret_detach, when the chord was complete there (what follows is not for the job), or
 * when there is no memory for out: 0, and nothing has changed.
 *
 * A CSI that is cut off may be held back, see chord_pending; an ESC that ends the input is not: it
 * is the Escape key.
 */
size_t chord_feed(struct chord *chord, const uint8_t *in, size_t len, struct bytes *out,
                  bool *ret_detach);

/* Whether a cut-off sequence is held back: unless more input comes within some 100 ms, the caller
 * calls chord_flush. False while only the second key is missing: that is not timed out. */
bool chord_pending(const struct chord *chord);

/* Lets a cut-off sequence go (and a first key before it). 0 or -ENOMEM (nothing has changed). */
int chord_flush(struct chord *chord, struct bytes *out);

#endif
