/*
 * The newest events of this server, numbered from 1. Pure: no clock, no clients.
 *
 * Without memory for one it is left out, and everything before it with it: whoever asks for what
 * was before is told of a gap, as after too many events.
 */
#ifndef JS_SERVER_EVENTS_H
#define JS_SERVER_EVENTS_H

#include "common/event.h"

#define EVENTS_KEPT      1024u
#define EVENTS_TEXT_KEPT (2u << 20) /* bytes of their texts and labels, all together */

struct events {
    struct job_event *items; /* a ring of `room`; owned, as is what is in it */
    size_t room, count;
    size_t kept;       /* at most so many */
    size_t text_bytes; /* of those in it */
    uint64_t next;     /* number of the next one */
};

/* Keeps so many (at least 1). Takes no memory yet. */
void events_init(struct events *events, size_t kept);
void events_finish(struct events *events);

/* Adds a copy, with the next number; the oldest ones go if need be. */
void events_add(struct events *events, const struct job_event *event);

/* Number of the oldest that is known; events->next when there is none. */
uint64_t events_first(const struct events *events);

/* The event of that number, valid until the next is added; NULL: it is not known. */
const struct job_event *events_at(const struct events *events, uint64_t seq);

/*
 * Where somebody goes on who knows all events up to seq: returns the number of the next one for
 * them. *ret_missed: how many were in between and are not known any more.
 */
uint64_t events_after(const struct events *events, uint64_t seq, uint64_t *ret_missed);

#endif
