/*
 * What a terminal would be left in by all that it has received: modes, alternate screen, cursor,
 * pen, margins.
 *
 * It is a judge of js's own parser and therefore shares nothing with it: it knows the sequences
 * that tests look for (xterm ctlseqs: DECSET/DECRST, DECKPAM/DECKPNM, SGR, DECSTBM, DECSCUSR,
 * modifyOtherKeys; kitty keyboard push and pop) and steps over the others.
 */
#ifndef JS_TESTS_HARNESS_RECEIVED_H
#define JS_TESTS_HARNESS_RECEIVED_H

#include "tests/harness/pty_driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECEIVED_MODES_MAX 64

struct received {
    struct {
        unsigned number; /* of a DEC private mode */
        bool set;
    } modes[RECEIVED_MODES_MAX]; /* that were ever set or reset */
    size_t mode_count;
    bool keypad;  /* application keypad */
    uint64_t pen; /* what SGR has set: bit n for attribute n, 30 and 40 for the colours */
    unsigned top; /* the last DECSTBM's, 0 = default */
    unsigned bottom;
    bool cursor_style;   /* not the terminal's own */
    bool other_keys;     /* modifyOtherKeys */
    int keyboard_pushed; /* kitty keyboard stack */
    unsigned resets;     /* full or soft resets (RIS, DECSTR), which js must never send */
};

/* Reads the bytes as a terminal fresh from its start would. A sequence cut off is not counted. */
void received_read(struct received *received, const void *data, size_t len);

/* The value of a private mode; of one that was never touched, a terminal's default. The three modes
 * that show the alternate screen (47, 1047, 1049) are one here: 1049. */
bool received_mode(const struct received *received, unsigned number);

/* True when nothing is left on in a terminal of so many rows (margins that hold all of them are
 * none); else what is left is printed on stderr when `print` is set. */
bool received_is_clean(const struct received *received, int rows, bool print);

/* Reads the driver's transcript from the start up to its mark: what its terminal was in then. */
void received_until_mark(struct pty_driver *driver, struct received *ret);

/* Waits until what the driver's terminal has received leaves it clean: true; false at the deadline
 * or when the terminal is closed. */
bool received_await_clean(struct pty_driver *driver, struct deadline deadline);

/* Waits until its private mode has that value. */
bool received_await_mode(struct pty_driver *driver, unsigned number, bool set,
                         struct deadline deadline);

/* In a test: at the driver's mark nothing is left on. */
#define received_expect_clean(driver)                                                              \
    do {                                                                                           \
        struct received received_;                                                                 \
        received_until_mark(driver, &received_);                                                   \
        int rows_ = 0;                                                                             \
        int cols_ = 0;                                                                             \
        ck_assert_int_eq(pty_driver_size(driver, &rows_, &cols_), 0);                              \
        ck_assert_msg(received_is_clean(&received_, rows_, true),                                  \
                      "the terminal is left in a mode");                                           \
        ck_assert_uint_eq(received_.resets, 0);                                                    \
    } while (0)

#endif
