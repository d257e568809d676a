/*
 * What is known of the server of a runtime directory when it cannot be asked: D/server.state, one
 * frame of type `status` (common/protocol.h). Only whoever holds D/lock writes it: at its start,
 * and again when it ends in order. A server whose file has no such mark, and whose lock is free,
 * has died.
 *
 * How it died only its parent is told by the kernel, and that is not us. So a dying server writes
 * down the signal itself (D/server.crash: server/last_words.h) for every signal that can be caught;
 * what is left is SIGKILL, which is why a death without a word is told as signal 9.
 */
#ifndef JS_COMMON_LIFE_H
#define JS_COMMON_LIFE_H

#include <sys/types.h>

#include "common/protocol.h"

#define LIFE_STATE "server.state"
#define LIFE_CRASH "server.crash"

/* Contents of LIFE_CRASH. Of this machine and this boot, so plain memory will do. */
struct life_crash {
    int32_t pid;
    int32_t signal;
    uint64_t time_ns;
};

/*
 * Reads the file below the runtime directory into the zeroed *ret; the caller clears it with
 * wire_clear(&msg_status_fields, ret). 0, -ENOENT, -EBADMSG when it is damaged, or -errno.
 */
int life_read(const char *runtime_dir, struct msg_status *ret);

/* Puts status in place of the file (rename(2)). 0 or -errno. */
int life_write(const char *runtime_dir, const struct msg_status *status);

/* Removes the file, if there is one. */
void life_remove(const char *runtime_dir);

/*
 * How the server died that `last` tells of; to be asked only while nobody holds D/lock. NULL when
 * it ended in order, or with the machine, or there is no memory. The caller frees it with
 * life_failure_free.
 */
struct server_failure *life_failure(const char *runtime_dir, const struct msg_status *last);

void life_failure_free(struct server_failure *failure);

/* The last line that this process wrote to D/server.log; NULL when there is none. Heap memory. */
char *life_log_line(const char *runtime_dir, pid_t pid);

#endif
