/*
 * Showing text that others wrote: command lines, names, titles, log lines.
 *
 * What a terminal would act on, or what would make the text look like something else, is shown as
 * an escape; printable UTF-8 stays as it is. Escaped are
 *  - C0 controls and DEL (ECMA-48 5.2):          \n \t \r, the others \x1b;
 *  - C1 controls U+0080..U+009F (ECMA-48 5.3), line and paragraph separators, the format characters
 *    of Unicode (category Cf) that have no glyph (bidi overrides and isolates, zero-width spaces
 *    and joiners, tags, U+FEFF, soft hyphen) and non-characters: \u202e, \U000e0041;
 *  - bytes that are not UTF-8 (RFC 3629: overlong forms and surrogates neither): \xff.
 *
 * None of this depends on the locale: text is UTF-8 here.
 */
#ifndef JS_COMMON_ESCAPE_H
#define JS_COMMON_ESCAPE_H

#include "common/bytes.h"

#include <stddef.h>

/*
 * Appends len bytes of data in the form above. A backslash in data stays single, so escaping what
 * is escaped already changes nothing. 0 or -ENOMEM (out is unchanged then).
 */
int escape_append(struct bytes *out, const void *data, size_t len);

/*
 * Appends argc words on one line such that a shell reads back exactly them: plain where the shell
 * sees nothing in a word, '…' where it would, and $'…' with octal escapes (POSIX.1-2024 2.2.4;
 * bash, zsh, ksh) for words with bytes that are not to be shown. Reserved words, assignments and
 * job specs are quoted in the first word only, where they would be taken as such.
 * 0 or -ENOMEM (out is unchanged then).
 */
int escape_append_argv(struct bytes *out, char *const *argv, size_t argc);

/*
 * The columns text takes on a terminal, as wcwidth(3) of a UTF-8 locale counts them (Unicode 14,
 * and the blocks set aside for wide characters later). A byte that is no UTF-8 counts 1, a control
 * 0: give it escaped text.
 */
size_t escape_width(const char *text);

/*
 * The length in bytes of the longest beginning of text (whole characters with their combining
 * marks) that takes at most width columns; *ret_width, unless NULL, is how many it takes.
 */
size_t escape_cut(const char *text, size_t width, size_t *ret_width);

#endif
