/*
 * A server's connection to this holder. Usually there is one; a restarted server makes another.
 */
#ifndef JS_SERVER_HOLDER_CONTROL_H
#define JS_SERVER_HOLDER_CONTROL_H

#include "common/channel.h"

struct holder;

struct control {
    struct control *next; /* holder::controls */
    struct channel channel;
    struct holder *holder;
    bool starter; /* the one that asked for this holder: only it sends `start` */
    bool greeted; /* its hello has come */
    bool behind;  /* it does not read; when it does again, it gets the newest state at once */
};

/* Serves a connection; takes over fd, also on failure. 0 or -errno. */
int control_create(struct holder *holder, int fd);

/* Tells every server that this job has changed. */
void control_publish(struct holder *holder);

/* Tells every server the title in holder->info, which is all that has changed. */
void control_publish_title(struct holder *holder);

/* Tells every server of something that is in no record; one that is behind misses it. */
void control_publish_notice(struct holder *holder, const struct msg_notice *notice);

/* Starts the end of every connection once what is queued has been sent. */
void control_end_all(struct holder *holder);

/* Of the servers that have been told of the job, the one that came last; NULL = none has been. */
const struct control *control_newest(const struct holder *holder);

#endif
