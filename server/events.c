#include "server/events.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16u

void events_init(struct events *events, size_t kept)
{
    *events = (struct events){.kept = kept > 0 ? kept : 1, .next = 1};
}

uint64_t events_first(const struct events *events)
{
    return events->next - events->count;
}

static struct job_event *slot_of(const struct events *events, uint64_t seq)
{
    return &events->items[seq % events->room];
}

static size_t text_size(const struct job_event *event)
{
    size_t size =
        (event->text ? strlen(event->text) : 0) + (event->title ? strlen(event->title) : 0);
    for (size_t i = 0; i < event->labels.len; i++)
        size += strlen(event->labels.items[i]);
    return size;
}

static void drop_oldest(struct events *events)
{
    struct job_event *oldest = slot_of(events, events_first(events));
    events->text_bytes -= text_size(oldest);
    events->count--;
    wire_clear(&job_event_fields, oldest);
}

static void drop_all(struct events *events)
{
    while (events->count > 0)
        drop_oldest(events);
}

void events_finish(struct events *events)
{
    drop_all(events);
    free(events->items);
    events->items = NULL;
    events->room = 0;
}

/* Each keeps the place that its number has in a ring of that size. */
static int grow(struct events *events)
{
    size_t room = events->room ? events->room * 2 : ROOM_FIRST;
    room = room < events->kept ? room : events->kept;
    struct job_event *items = calloc(room, sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (uint64_t seq = events_first(events); seq < events->next; seq++)
        items[seq % room] = *slot_of(events, seq);
    free(events->items);
    events->items = items;
    events->room = room;
    return 0;
}

static int make_room(struct events *events, size_t text_bytes)
{
    while (events->count > 0 && events->text_bytes + text_bytes > EVENTS_TEXT_KEPT)
        drop_oldest(events);
    if (events->count < events->room)
        return 0;
    if (events->room < events->kept)
        return grow(events);
    drop_oldest(events);
    return 0;
}

void events_add(struct events *events, const struct job_event *event)
{
    size_t text_bytes = text_size(event);
    int r = make_room(events, text_bytes);
    if (r == 0)
        r = wire_copy(&job_event_fields, slot_of(events, events->next), event);
    if (r < 0) {
        drop_all(events);
        events->next++;
        return;
    }
    slot_of(events, events->next)->seq = events->next;
    events->text_bytes += text_bytes;
    events->count++;
    events->next++;
}

const struct job_event *events_at(const struct events *events, uint64_t seq)
{
    return seq >= events_first(events) && seq < events->next ? slot_of(events, seq) : NULL;
}

uint64_t events_after(const struct events *events, uint64_t seq, uint64_t *ret_missed)
{
    uint64_t first = events_first(events);
    assert(seq < events->next);
    *ret_missed = first > seq + 1 ? first - seq - 1 : 0;
    return seq + 1 > first ? seq + 1 : first;
}
