/* What a driver's terminal shows: judged by a screen that gets all that the terminal got. */
#ifndef JS_TESTS_HARNESS_SEEN_H
#define JS_TESTS_HARNESS_SEEN_H

#include "common/terminal/screen.h"
#include "tests/harness/pty_driver.h"

/* The end of a picture, of a restore too. */
#define SEEN_FRAME_END "\033[?2026l"

/* The screen of a terminal of the driver's size that got its transcript up to the mark. The caller
 * destroys it. */
struct screen *seen_screen(struct pty_driver *driver);

/* Fails the test unless row y reads as want, x blanks before it if it is not empty, and nothing
 * behind it. ASCII only. */
void seen_expect_row(struct screen *screen, unsigned y, unsigned x, const char *want);

/* Reads until the driver's terminal, at the end of a picture, shows that in row y. Fails the test
 * at the deadline. */
void seen_await_row(struct pty_driver *driver, unsigned y, const char *want);

#endif
