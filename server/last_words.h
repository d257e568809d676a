/*
 * What a server leaves when a signal ends it: which one, and when, in D/server.crash, for the next
 * server and for `js server status` (common/life.h). Every signal that would end it and can be
 * caught is; afterwards it takes its usual effect, core dump included.
 */
#ifndef JS_SERVER_LAST_WORDS_H
#define JS_SERVER_LAST_WORDS_H

/*
 * From now on; drops the last words of the server before. Signals that are handled or ignored
 * already are left alone, so call it after those are set. 0 or -errno.
 */
int last_words_prepare(const char *runtime_dir);

#endif
