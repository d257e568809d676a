/*
 * The record of a job on disk: S/jobs/ID/record, one frame of type `job` (common/protocol.h).
 * One writer: the job's holder. Readers see a whole old or a whole new one (rename(2)).
 */
#ifndef JS_COMMON_RECORD_H
#define JS_COMMON_RECORD_H

#include <stdbool.h>

#include "common/protocol.h"

#define RECORD_NAME "record"
#define RECORD_LOCK "lock"

/* Writes info below dir_fd, in place of the old record. 0 or -errno. */
int record_write(int dir_fd, const struct job_info *info);

/*
 * Waits until the record is safe on the disk (fsync(2) of the file and its directory). Apart from
 * record_write because it takes milliseconds, and nobody needs to wait for it. 0 or -errno.
 */
int record_sync(int dir_fd);

/*
 * Reads the record below dir_fd into the zeroed *ret; the caller clears it with
 * wire_clear(&job_info_fields, ret). 0, -ENOENT, -EBADMSG when it is damaged, or -errno.
 */
int record_read(int dir_fd, struct job_info *ret);

/*
 * Opens (and creates) the lock file below dir_fd and takes its flock(2). Whoever holds it is the
 * job's holder, or is about to become it. Returns the fd, -EWOULDBLOCK when it is held, or -errno.
 */
int record_lock(int dir_fd);

/* The same without taking the lock: who gets the fd does, by record_wait_lock. fd or -errno. */
int record_open_lock(int dir_fd);

/* Takes the lock of an open lock file, as soon as nobody else has it; at once if the fd has it
 * already (flock(2): the lock belongs to the open file description). 0 or -errno. */
int record_wait_lock(int lock_fd);

/* Whether somebody holds the lock. false also when there is none. */
bool record_is_locked(int dir_fd);

#endif
