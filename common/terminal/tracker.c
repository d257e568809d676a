#include "common/terminal/tracker.h"

#include <errno.h>
#include <stdlib.h>

struct tracker {
    uint64_t offset;
    uint64_t floor;
};

struct tracker *tracker_create(unsigned rows, unsigned cols)
{
    (void)rows;
    (void)cols;
    return calloc(1, sizeof(struct tracker));
}

void tracker_destroy(struct tracker *tracker)
{
    free(tracker);
}

void tracker_feed(struct tracker *tracker, const void *data, size_t len)
{
    (void)data;
    tracker->offset += len;
}

uint64_t tracker_offset(const struct tracker *tracker)
{
    return tracker->offset;
}

void tracker_gap(struct tracker *tracker, uint64_t offset)
{
    tracker->offset = tracker->floor = offset;
}

void tracker_resize(struct tracker *tracker, unsigned rows, unsigned cols)
{
    (void)tracker;
    (void)rows;
    (void)cols;
}

const char *tracker_title(const struct tracker *tracker)
{
    (void)tracker;
    return NULL;
}

bool tracker_alternate(const struct tracker *tracker)
{
    (void)tracker;
    return false;
}

int tracker_undo(const struct tracker *tracker, struct bytes *out)
{
    return tracker->offset > 0 ? bytes_append_text(out, tracker_undo_unknown()) : 0;
}

const char *tracker_undo_unknown(void)
{
    return "\033[?2026l\033[?1049l\033[?6l\033[r\033[m\017\033(B\033[4l\033[?7h\033[?1l\033>\033[?1000;1002;1003;1004;1005;"
           "1006;1015;1016;2004l\033[>4m\033[<9u\033[0 q\033[?25h\r\n";
}

int tracker_plan(const struct tracker *tracker, uint64_t first, uint64_t limit, unsigned history_lines,
                 struct tracker_plan *ret)
{
    (void)history_lines;
    *ret = (struct tracker_plan){0};
    uint64_t from = first > tracker->floor ? first : tracker->floor;
    int r = from > 0 ? -E2BIG : 0;
    if (limit > 0 && tracker->offset - from > limit) {
        from = tracker->offset - limit;
        r = -E2BIG;
    }
    if (from == tracker->offset)
        return r;
    ret->ranges = calloc(1, sizeof(*ret->ranges));
    if (!ret->ranges)
        return -ENOMEM;
    ret->ranges[0] = (struct tracker_range){.from = from, .to = tracker->offset};
    ret->count = 1;
    return r;
}

void tracker_plan_finish(struct tracker_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        bytes_finish(&plan->ranges[i].before);
    free(plan->ranges);
    bytes_finish(&plan->before);
    bytes_finish(&plan->after);
    *plan = (struct tracker_plan){0};
}
