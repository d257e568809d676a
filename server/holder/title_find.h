/*
 * Where output first sets the title: the terminal's own is saved just before (XTWINOPS 22), so that
 * the undo can bring it back, and the terminal of a job that never sets one is left alone.
 */
#ifndef JS_SERVER_HOLDER_TITLE_FIND_H
#define JS_SERVER_HOLDER_TITLE_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

/* Saves title and icon name on the terminal's stack; takes them from there. */
#define TITLE_PUSH "\033[22;0t"
#define TITLE_POP  "\033[23;0t"

/*
 * The offset of the first OSC 0, 1 or 2 (xterm's ctlseqs) that begins in data; len if none does.
 * One whose first bytes are not all there is not found.
 */
size_t title_find(const uint8_t *data, size_t len);

/* Puts TITLE_PUSH in front of the first one in out from that offset on. Whether there was one. */
bool title_guard(struct bytes *out, size_t from);

#endif
