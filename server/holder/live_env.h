/*
 * The job's live environment: links in the job's runtime directory, named as the variables of
 * common/livevar.h, that lead to what the newest client has. The job gets their paths in its
 * environment when it starts and keeps them; a writer that attaches brings other targets.
 *
 *   at the start  a variable that the caller has and that names a path gets a link, and the job
 *                 the link's path (not when the link's path is too long for a socket)
 *   at an attach  each link is pointed to what that client has, at once (rename(2)); one that the
 *                 client has nothing for stays, since what it leads to may still be there
 *
 * A variable that the caller did not list is none of ours (--clean-env, -e, -u: js run), now and
 * later. Values are kept in memory; on the disk are the links alone, in D, which is 0700.
 */
#ifndef JS_SERVER_HOLDER_LIVE_ENV_H
#define JS_SERVER_HOLDER_LIVE_ENV_H

#include "common/livevar.h"
#include "common/protocol.h"

struct live_env {
    const char *dir; /* of the links; the owner's */
    struct live_env_var {
        bool followed; /* the caller listed it */
        char *value;   /* the newest client's, NULL = it has none; owned */
        char *target;  /* of the link, NULL = there is none; owned */
    } vars[LIVEVAR_COUNT];
};

/*
 * Takes what the caller listed ("NAME=value", or "NAME" when it has none), makes the links, and
 * puts them into env, the job's environment to be. 0 or -errno when some link could not be
 * made: the job then gets the caller's own value.
 */
int live_env_start(struct live_env *live, const char *dir, const struct wire_strs *list,
                   struct wire_strs *env);

/* A writer has attached: as above, for the links. 0 or -errno of the first that failed. */
int live_env_update(struct live_env *live, const struct wire_strs *list);

/* Puts back links that are gone, in a directory that is there again. 0 or -errno likewise. */
int live_env_restore(struct live_env *live);

/*
 * Fills values and links of the zeroed *ret: for each variable that is followed, the newest
 * client's value, and what a program of the job should use. 0 or -ENOMEM.
 */
int live_env_describe(const struct live_env *live, struct msg_env *ret);

/* The job has ended: its links go. */
void live_env_remove(struct live_env *live);

/* Frees the values. */
void live_env_finish(struct live_env *live);

#endif
