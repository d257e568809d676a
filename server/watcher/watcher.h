/*
 * The watcher: a process beside a job that is started again when files change (js watch). The
 * holder starts it (server/holder/watch_link.h) and learns from it what has changed: one record per
 * change on a pipe. A change is over, and told, when for WATCHER_QUIET_MS nothing else has changed,
 * or WATCHER_MOST_MS after its beginning. It ends when the other end of the pipe is closed, so with
 * its holder whatever becomes of that, and sleeps in poll(2) otherwise.
 */
#ifndef JS_SERVER_WATCHER_WATCHER_H
#define JS_SERVER_WATCHER_WATCHER_H

#define WATCHER_FD       3 /* where the watcher finds its pipe */
#define WATCHER_QUIET_MS 200u
#define WATCHER_MOST_MS  10000u

#define WATCHER_RECORD_MAX 2048u /* bytes of a record: below PIPE_BUF, so that none is torn */

/* The first byte of a record; then text for people (escaped, see common/escape.h) and a NUL. */
enum watcher_record {
    WATCHER_READY = 'r',   /* all of it is watched; no text */
    WATCHER_CHANGE = 'c',  /* what has changed */
    WATCHER_WARNING = 'w', /* what is not watched, why, and what to do */
    WATCHER_END = 'e',     /* nothing will be told any more, and why */
};

/* How its command line names patterns: --watcher JOB SINCE_NS DIRECTORY (-p|-i PATTERN)... */
#define WATCHER_OPTION         "--watcher"
#define WATCHER_PATTERN_OPTION "-p"
#define WATCHER_IGNORE_OPTION  "-i"

/* argv is behind WATCHER_OPTION. Returns the exit status. */
int watcher_main(int argc, char **argv);

#endif
