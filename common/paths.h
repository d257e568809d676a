/*
 * Where things live (DESIGN: runtime directory D, state directory S).
 *
 *   D: $JS_DIR, else $XDG_RUNTIME_DIR/js, else /run/user/UID/js if that is ours, else /tmp/js-UID
 *      D/lock  D/start.lock  D/sock  D/server.log  D/jobs/ID/sock
 *      D/jobs/ID/SSH_AUTH_SOCK and other links (server/holder/live_env.h)
 *   S: $JS_STATE_DIR, else $XDG_STATE_HOME/js, else ~/.local/state/js
 *      S/jobs/ID/lock  S/jobs/ID/record  S/jobs/ID/log.OFFSET
 *   D/state takes the place of S for jobs that are started while S cannot be used.
 *
 * Both are 0700 and ours; anything else is refused and named, never repaired. The XDG variables
 * must be absolute (XDG base directory specification); relative values are ignored.
 */
#ifndef JS_COMMON_PATHS_H
#define JS_COMMON_PATHS_H

#include <stddef.h>
#include <stdint.h>

#define PATHS_MAX 4096

struct paths {
    char runtime_dir[PATHS_MAX];
    char state_dir[PATHS_MAX];
};

/*
 * Finds both directories from the environment, without touching the disk but for looking at
 * /run/user/UID. 0 or -errno with text (of size bytes) saying what is wrong and what to do:
 * -ENAMETOOLONG when a socket below D would not fit sun_path (108 bytes, unix(7)), -ENOENT when
 * there is no home directory, -EINVAL for a relative $JS_DIR.
 */
int paths_find(struct paths *paths, char *text, size_t size);

#define PATHS_FALLBACK "state" /* below D */

/*
 * Makes the runtime directory (and the state directory, best effort: -errno is only reported
 * through ret_state_error, and text says why) with its "jobs" directory below, mode 0700, or checks
 * that what is there is a directory, ours, and closed to others. 0 or -errno with text.
 */
int paths_make(const struct paths *paths, int *ret_state_error, char *text, size_t size);

/* The same for one directory, which variable chooses, and "jobs" below it. 0 or -errno with text.
 */
int paths_make_with_jobs(const char *dir, const char *variable, char *text, size_t size);

/* Checks the runtime directory as above: a directory and no symbolic link, ours, mode 0700. */
int paths_check_private(const char *dir, char *text, size_t size);

/*
 * Makes one of our directories again after it was removed, mode 0700, or checks what is there as
 * above. Nothing is made above it: when that is gone, so is the user's session. 0 or -errno with
 * text.
 */
int paths_make_again(const char *dir, char *text, size_t size);

/* The same for a job's directory DIR/jobs/ID, and for DIR and DIR/jobs. */
int paths_make_job_again(const char *job_dir, char *text, size_t size);

/* dir "/" name into buf of size bytes. 0 or -ENAMETOOLONG. */
int paths_join(char *buf, size_t size, const char *dir, const char *name);

/* dir "/jobs/ID" into buf. 0 or -ENAMETOOLONG. */
int paths_job(char *buf, size_t size, const char *dir, uint32_t id);

/* Removes dir and the plain files and sockets in it, nothing below. 0 or -errno. */
int paths_remove_flat(const char *dir);

#endif
