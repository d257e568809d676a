/*
 * The filter between the log and a terminal that gets old output again: takes out what must not
 * happen twice.
 *
 * Taken out: questions to the terminal (DA1-3, DSR, DECRQM, DECRQSS, XTVERSION, XTGETTCAP, colours
 * "?", kitty "?u", checksums, window reports ...), the bell and the answerback, clipboard (OSC 52),
 * notifications (OSC 9, 99, 777), window manipulation (CSI t but for the title stack), media copy,
 * erasing of the scrollback (CSI 3 J), and the marks of synchronized output (mode 2026), since a
 * replay is one update. All else passes byte for byte.
 */
#ifndef JS_COMMON_TERMINAL_REPLAY_H
#define JS_COMMON_TERMINAL_REPLAY_H

#include <stddef.h>

#include "common/bytes.h"

struct replay;

/* NULL = no memory. Destroy takes NULL. */
struct replay *replay_create(void);
void replay_destroy(struct replay *replay);

/*
 * So many icon names and titles does the job have on the terminal's stack where the next bytes
 * begin: what takes one more (XTWINOPS 23) would take the user's own, and is taken out from then
 * on.
 */
void replay_set_titles(struct replay *replay, unsigned icons, unsigned titles);

/*
 * Appends to out what passes of the next len bytes; sequences may be cut anywhere between feeds. An
 * unfinished sequence at the end is held back. 0 or -ENOMEM (the filter is then at an undefined
 * place: destroy it).
 */
int replay_feed(struct replay *replay, const void *data, size_t len, struct bytes *out);

/*
 * The end of the replay: appends the held back start of an unfinished sequence, so that live bytes
 * can follow directly. The filter is as new afterwards. 0 or -ENOMEM.
 */
int replay_end(struct replay *replay, struct bytes *out);

#endif
