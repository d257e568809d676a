/*
 * Output as the lines that it reads as: what carriage returns, backspaces, cursor movement and
 * erasing have left of each, without colours. A screen of the job's size takes the output; its rows
 * are lines as soon as they scroll off. A line that was wrapped is one again. What programs show on
 * the alternate screen is no line; what was there when the normal one was cleared stays.
 */
#ifndef JS_CLIENT_PLAIN_H
#define JS_CLIENT_PLAIN_H

#include <stddef.h>

#include "common/bytes.h"

struct plain;

/* For output to a terminal of that size; 0: unknown. NULL = no memory. Destroy takes NULL. */
struct plain *plain_create(unsigned rows, unsigned cols);
void plain_destroy(struct plain *plain);

/* The terminal has another size (0: unknown, nothing changes) for what comes. */
void plain_resize(struct plain *plain, unsigned rows, unsigned cols);

/* Takes output and appends the lines that are finished to out. 0 or -ENOMEM. */
int plain_feed(struct plain *plain, const void *data, size_t len, struct bytes *out);

/*
 * Appends the lines above the cursor, for whoever will not wait until they have scrolled off: what
 * becomes of them afterwards is not told any more. 0 or -ENOMEM.
 */
int plain_hurry(struct plain *plain, struct bytes *out);

/* The end of the output: appends what is left. 0 or -ENOMEM. */
int plain_finish(struct plain *plain, struct bytes *out);

#endif
