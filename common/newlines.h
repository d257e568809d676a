/* Line feeds of output that no terminal's line discipline has given their carriage returns. */
#ifndef JS_COMMON_NEWLINES_H
#define JS_COMMON_NEWLINES_H

#include "common/bytes.h"

/* Puts a CR before each LF from offset `from` on, as OPOST with ONLCR does (termios(3)). 0 or
 * -ENOMEM (bytes as before). */
int newlines_return(struct bytes *bytes, size_t from);

#endif
