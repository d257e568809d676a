#include "server/holder/asked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 16, CAN = 0x18 };

void asked_finish(struct asked *asked)
{
    free(asked->item);
    asked->item = NULL;
    asked->count = asked->room = 0;
}

/* Drops the first n. */
static void drop(struct asked *asked, size_t n)
{
    asked->count -= n;
    memmove(asked->item, asked->item + n, asked->count * sizeof(asked->item[0]));
}

static void note_lost(struct asked *asked, const struct asked_question *question)
{
    bool same = asked->lost == 0 || asked->lost_answerer == question->answerer;
    asked->lost_answerer = same ? question->answerer : ASKED_MANY;
    asked->lost = question->end;
}

static void lose_half(struct asked *asked)
{
    size_t n = asked->count - asked->count / 2;
    for (size_t i = 0; i < n; i++)
        note_lost(asked, &asked->item[i]);
    drop(asked, n);
}

static bool make_room(struct asked *asked)
{
    if (asked->count < asked->room)
        return true;
    size_t room = asked->room ? asked->room * 2 : ROOM_FIRST;
    struct asked_question *item =
        room > ASKED_MAX ? NULL : realloc(asked->item, room * sizeof(*item));
    if (item) {
        asked->item = item;
        asked->room = room;
    } else {
        lose_half(asked);
    }
    return asked->count < asked->room;
}

void asked_add(struct asked *asked, uint64_t begin, uint64_t end, uint32_t answerer)
{
    struct asked_question question = {.begin = begin, .end = end, .answerer = answerer};
    asked->end = end;
    if (make_room(asked))
        asked->item[asked->count++] = question;
    else
        note_lost(asked, &question);
}

void asked_forget(struct asked *asked, uint64_t offset)
{
    size_t n = 0;
    while (n < asked->count && asked->item[n].end <= offset)
        n++;
    if (n > 0)
        drop(asked, n);
    if (offset >= asked->lost)
        asked->lost = 0;
    if (asked->count == 0)
        asked_finish(asked);
}

int64_t asked_pass(const struct asked *asked, uint32_t viewer, uint64_t offset, const void *data,
                   size_t len, struct bytes *out)
{
    const uint8_t *bytes = data;
    uint64_t at = offset, end = offset + len;
    int r = bytes_reserve(out, len + 1);
    for (size_t i = 0; i < asked->count && r == 0; i++) {
        const struct asked_question *question = &asked->item[i];
        if (question->answerer == viewer || question->end <= at || question->begin >= end)
            continue;
        if (question->begin < at)
            r = bytes_append(out, (uint8_t[]){CAN}, 1);
        else
            r = bytes_append(out, bytes + (at - offset), (size_t)(question->begin - at));
        at = question->end;
    }
    if (r == 0 && at < end)
        r = bytes_append(out, bytes + (at - offset), (size_t)(end - at));
    return r < 0 ? r : (int64_t)(at > end ? at : end);
}

const struct asked_question *asked_take_over(struct asked *asked, uint32_t viewer, uint64_t offset,
                                             size_t *ret_count)
{
    /* Those it should have answered are the last ones: it was asked until it left. */
    size_t i = asked->count;
    while (i > 0 && asked->item[i - 1].answerer == viewer && asked->item[i - 1].end > offset)
        asked->item[--i].answerer = ASKED_HOLDER;
    *ret_count = asked->count - i;
    return *ret_count ? &asked->item[i] : NULL;
}
