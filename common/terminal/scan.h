/* How far a stretch of terminal output goes that needs no look at each byte: many bytes at a time.
 */
#ifndef JS_COMMON_TERMINAL_SCAN_H
#define JS_COMMON_TERMINAL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The number of leading bytes that are text: printable ASCII, HT, LF, VT, FF, CR and bytes from
 * 0x80 on but for 0xC2, which may start a C1 control (U+0080..U+009F).
 */
size_t scan_text(const uint8_t *data, size_t len);

/* The number of leading bytes that are payload of a control string: neither C0 nor 0xC2. */
size_t scan_payload(const uint8_t *data, size_t len);

/* The number of leading bytes that are printable ASCII (0x20..0x7E). */
size_t scan_printable(const uint8_t *data, size_t len);

/* How many line feeds (LF only) there are. */
size_t scan_count_lines(const uint8_t *data, size_t len);

/* The offset of the n-th line feed (n >= 1) from the end, or len if there are fewer. */
size_t scan_line_from_end(const uint8_t *data, size_t len, size_t n);

/*
 * Of a stretch of output that begins outside of any sequence, the number of leading bytes that show
 * nothing any more at its own end, having been scrolled off, and leave no other trace: only text,
 * SGR, EL, BEL and BS are in them; the next byte is outside of any sequence, the pen from there on
 * does not depend on them, and at least rows line feeds come after the first carriage return in
 * what is left. 0 if there is nothing to skip, as always when the stretch is short. *ret_lines: the
 * line feeds in what is skipped; *ret_bell: whether there is a BEL in it.
 */
size_t scan_flood(const uint8_t *data, size_t len, unsigned rows, size_t *ret_lines,
                  bool *ret_bell);

#endif
