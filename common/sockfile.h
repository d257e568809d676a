/*
 * The file of a listening Unix socket. Whose it is tells its inode: nobody removes another's, and
 * what stands in the way is named and left alone.
 */
#ifndef JS_COMMON_SOCKFILE_H
#define JS_COMMON_SOCKFILE_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#include "common/listener.h"

struct sockfile {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "" = none */
    dev_t dev;                                              /* of the file that is ours */
    ino_t ino;                                              /* 0 = none is */
};

enum sockfile_state {
    SOCKFILE_OURS,
    SOCKFILE_MISSING,
    SOCKFILE_FOREIGN, /* something is there, but not the file we made */
};

/* What is at path now is ours. 0 or -errno (-ENOENT, -ENAMETOOLONG: then none is). */
int sockfile_note(struct sockfile *file, const char *path);

enum sockfile_state sockfile_look(const struct sockfile *file);

/*
 * A new socket in place of one whose file has been removed: it listens before it can be found at
 * the path, and what had been waiting at the old one is accepted first. 0, -EEXIST when something
 * is there (which is left alone), or -errno. The directory must exist.
 */
int sockfile_put_back(struct sockfile *file, struct listener *listener);

/* Removes the file if it is ours. */
void sockfile_remove(struct sockfile *file);

/*
 * Makes way at the path, whose last owner is known to be dead: removes a socket that nobody answers
 * at. 0, or -EADDRINUSE with text (of size bytes): somebody answers, or it is no socket; or -errno.
 */
int sockfile_clear(const char *path, char *text, size_t size);

#endif
