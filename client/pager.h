/*
 * Text that is longer than the screen: shown by the program of $JS_PAGER, else of $PAGER (lines for
 * /bin/sh; "cat" or nothing at all is no pager), else by `less -FRX` if there is one.
 */
#ifndef JS_CLIENT_PAGER_H
#define JS_CLIENT_PAGER_H

#include <stddef.h>

/*
 * Writes text to stdout, through the pager when stdout is a terminal that has fewer lines; returns
 * when that has ended. 0 or -errno of writing.
 */
int pager_show(const void *text, size_t len);

#endif
