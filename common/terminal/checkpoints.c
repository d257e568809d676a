#include "common/terminal/checkpoints.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_EVERY = 16 }; /* of so many checkpoints: it takes some 10 us */

struct checkpoint_state {
    unsigned refs;
    struct state state;
};

const struct state *checkpoint_state(const struct checkpoint *checkpoint)
{
    return &checkpoint->shared->state;
}

static void state_unref(struct checkpoint_state *shared)
{
    if (--shared->refs > 0)
        return;
    state_finish(&shared->state);
    free(shared);
}

static struct checkpoint_state *state_clone(const struct state *state)
{
    struct checkpoint_state *shared = malloc(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->refs = 1;
    state_init(&shared->state);
    if (state_copy(&shared->state, state) < 0) {
        free(shared);
        return NULL;
    }
    return shared;
}

/* One of the last few with the same state, as it is with a prompt after each command, or a copy. */
static struct checkpoint_state *state_shared(const struct checkpoints *checkpoints,
                                             const struct state *state)
{
    for (unsigned i = checkpoints->count; i > 0 && i + 4 > checkpoints->count; i--) {
        struct checkpoint_state *shared = checkpoints->item[i - 1].shared;
        if (state_equal(&shared->state, state)) {
            shared->refs++;
            return shared;
        }
    }
    return state_clone(state);
}

void checkpoints_finish(struct checkpoints *checkpoints)
{
    for (unsigned i = 0; i < checkpoints->count; i++)
        state_unref(checkpoints->item[i].shared);
    free(checkpoints->item);
    *checkpoints = (struct checkpoints){0};
}

static void remove_at(struct checkpoints *checkpoints, unsigned i)
{
    state_unref(checkpoints->item[i].shared);
    checkpoints->count--;
    memmove(&checkpoints->item[i], &checkpoints->item[i + 1],
            (checkpoints->count - i) * sizeof(checkpoints->item[0]));
}

void checkpoints_drop(struct checkpoints *checkpoints, uint64_t offset)
{
    while (checkpoints->count > 0 && checkpoints->item[0].offset < offset)
        remove_at(checkpoints, 0);
}

uint64_t checkpoints_last(const struct checkpoints *checkpoints)
{
    return checkpoints->count > 0 ? checkpoints->item[checkpoints->count - 1].offset : 0;
}

/* Whether a terminal that is at the first one can be told the saved cursors of the other: a wrap
 * that is pending there cannot. */
static bool can_tell_saved(const struct checkpoint *from, const struct checkpoint *to,
                           unsigned cols)
{
    for (int i = 0; i < 2; i++) {
        const struct saved_cursor *saved = &to->shared->state.screen[i].saved;
        if (saved->set && saved->cursor.most >= cols &&
            !saved_cursor_equal(saved, &from->shared->state.screen[i].saved))
            return false;
    }
    return true;
}

/* Whether no row of the screen shown can have moved from checkpoint i to the next, nor anything
 * have become history. */
static bool is_still(const struct checkpoints *checkpoints, const struct canvas *canvas, unsigned i)
{
    const struct checkpoint *first = &checkpoints->item[i], *end = first + 1;
    if (first->alternate != canvas->state.alternate || end->alternate != first->alternate ||
        first->shifts != end->shifts || !can_tell_saved(first, end, canvas->cols))
        return false;
    /* Lines that have left the normal screen are in a terminal's scrollback. */
    return first->alternate || first->offset > canvas->gone;
}

static bool is_dead_by_rows(const struct checkpoints *checkpoints, const struct canvas *canvas,
                            unsigned i)
{
    const struct checkpoint *first = &checkpoints->item[i];
    return first->dead ||
           (is_still(checkpoints, canvas, i) &&
            rows_free_of(&canvas->screen[first->alternate], first->offset, first[1].offset));
}

/* The last checkpoint whose stretch is not after that one; count if there is none. */
static unsigned find_stretch(const struct checkpoints *checkpoints, uint32_t stretch)
{
    unsigned low = 0, high = checkpoints->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (checkpoints->item[middle].stretch <= stretch)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : checkpoints->count;
}

/* Checkpoints up to i, whose stretches may all show somewhere. */
static void mark_up_to(bool *shown, unsigned i)
{
    for (unsigned j = 0; j <= i; j++)
        shown[j] = true;
}

static void mark_row(const struct checkpoints *checkpoints, const struct cells *cells, unsigned y,
                     bool *shown)
{
    unsigned i, x = 0;
    while (x < cells->cols) {
        uint32_t stretch = cells_run(cells, y, &x);
        i = find_stretch(checkpoints, stretch > 0 ? stretch : cells->first - 1);
        if (i < checkpoints->count && stretch > 0)
            shown[i] = true;
        else if (i < checkpoints->count)
            mark_up_to(shown, i);
    }
    i = find_stretch(checkpoints, cells->row[y].loose);
    if (cells->row[y].loose > 0 && i < checkpoints->count)
        mark_up_to(shown, i);
}

void checkpoints_find_dead(const struct checkpoints *checkpoints, const struct canvas *canvas,
                           bool dead[CHECKPOINTS_MAX + 1])
{
    const struct cells *cells = canvas_known_cells(canvas);
    bool shown[CHECKPOINTS_MAX + 1] = {false};
    for (unsigned y = 0; cells && y < cells->rows; y++)
        mark_row(checkpoints, cells, y, shown);
    for (unsigned i = 0; i + 1 < checkpoints->count; i++)
        dead[i] = is_dead_by_rows(checkpoints, canvas, i) ||
                  (cells && !shown[i] && is_still(checkpoints, canvas, i));
}

/*
 * Notes what is dead by now, since it can no longer be told once rows have scrolled off; joins
 * neighbours. Cells are only looked at from time to time.
 */
static void bury(struct checkpoints *checkpoints, const struct canvas *canvas)
{
    bool dead[CHECKPOINTS_MAX + 1], thorough = checkpoints->added % CELLS_EVERY == 0;
    if (thorough)
        checkpoints_find_dead(checkpoints, canvas, dead);
    for (unsigned i = checkpoints->count - 1; i > 0; i--) {
        struct checkpoint *first = &checkpoints->item[i - 1];
        first->dead = thorough ? dead[i - 1] : is_dead_by_rows(checkpoints, canvas, i - 1);
        if (first->dead && checkpoints->item[i].dead && !checkpoints->item[i].held)
            remove_at(checkpoints, i);
    }
}

/*
 * How much is lost without checkpoint i: the bytes that a replay would have to begin earlier, or
 * that could no longer be left out of it, against how much has come since.
 */
static double loss(const struct checkpoints *checkpoints, unsigned i)
{
    const struct checkpoint *before = &checkpoints->item[i - 1], *it = before + 1, *after = it + 1;
    double since = (double)(checkpoints_last(checkpoints) - it->offset) + 4096;
    double extra = (double)(it->offset - before->offset);
    if (before->dead)
        extra = 8 * (double)(it->offset - before->offset);
    else if (it->dead)
        extra = 8 * (double)(after->offset - it->offset);
    return extra / since;
}

static void drop_cheapest(struct checkpoints *checkpoints, bool alternate)
{
    unsigned cheapest = 0;
    double least = 0;
    for (unsigned i = 1; i + 1 < checkpoints->count; i++) {
        const struct checkpoint *it = &checkpoints->item[i];
        if (it->alternate != alternate || it->enters || it->held)
            continue;
        double cost = loss(checkpoints, i);
        if (cheapest == 0 || cost < least) {
            cheapest = i;
            least = cost;
        }
    }
    /* Only the first, the last and the entrance may be there: the first goes. */
    if (cheapest > 0)
        checkpoints->item[cheapest - 1].dead = false;
    remove_at(checkpoints, cheapest);
}

/* Drops what is more than there may be: often nothing, mostly one. */
static void thin(struct checkpoints *checkpoints)
{
    for (;;) {
        unsigned alternate = 0, states = 1;
        for (unsigned i = 0; i < checkpoints->count; i++) {
            alternate += checkpoints->item[i].alternate;
            states += i > 0 && checkpoints->item[i].shared != checkpoints->item[i - 1].shared;
        }
        bool many =
            states > CHECKPOINTS_STATES_MAX && checkpoints->count > CHECKPOINTS_STATES_MAX / 2;
        if (alternate > CHECKPOINTS_ALTERNATE_MAX)
            drop_cheapest(checkpoints, true);
        else if (checkpoints->count > CHECKPOINTS_MAX || many)
            drop_cheapest(checkpoints, false);
        else
            return;
    }
}

static bool make_room(struct checkpoints *checkpoints)
{
    if (checkpoints->count < checkpoints->room)
        return true;
    unsigned room = checkpoints->room + 8;
    struct checkpoint *item = realloc(checkpoints->item, room * sizeof(item[0]));
    if (!item)
        return false;
    checkpoints->item = item;
    checkpoints->room = room;
    return true;
}

bool checkpoints_add(struct checkpoints *checkpoints, struct canvas *canvas, uint64_t offset,
                     bool coarse)
{
    if (checkpoints->count > 0 && checkpoints_last(checkpoints) >= offset)
        return !checkpoints->item[checkpoints->count - 1].coarse;
    struct checkpoint_state *shared =
        make_room(checkpoints) ? state_shared(checkpoints, &canvas->state) : NULL;
    if (!shared)
        return false;
    const struct checkpoint *last =
        checkpoints->count > 0 ? &checkpoints->item[checkpoints->count - 1] : NULL;
    canvas_next_stretch(canvas, offset,
                        last && last->alternate == canvas->state.alternate &&
                            last->shifts == canvas->screen[canvas->state.alternate].shifts);
    checkpoints->added++;
    checkpoints->item[checkpoints->count++] =
        (struct checkpoint){.offset = offset,
                            .lines = canvas->lines,
                            .shifts = canvas->screen[canvas->state.alternate].shifts,
                            .stretch = canvas->stretch,
                            .cursor = canvas->cursor,
                            .shared = shared,
                            .alternate = canvas->state.alternate,
                            .absolute = canvas->absolute,
                            .coarse = coarse};
    bury(checkpoints, canvas);
    thin(checkpoints);
    return true;
}

const struct checkpoint *checkpoints_hold(struct checkpoints *checkpoints, uint64_t since)
{
    unsigned newest = checkpoints->count;
    while (newest > 0 && checkpoints->item[newest - 1].coarse)
        newest--;
    if (newest == 0 || checkpoints->item[newest - 1].offset < since)
        return NULL;
    struct checkpoint *found = &checkpoints->item[newest - 1];
    unsigned held = 0;
    found->held = true;
    for (unsigned i = newest; i-- > 0;) {
        if (checkpoints->item[i].held && ++held > CHECKPOINTS_HELD_MAX)
            checkpoints->item[i].held = false;
    }
    return found;
}

void checkpoints_enter(struct checkpoints *checkpoints)
{
    assert(checkpoints->count > 0);
    checkpoints->item[checkpoints->count - 1].enters = true;
}

void checkpoints_leave(struct checkpoints *checkpoints, struct canvas *canvas, uint64_t offset,
                       bool whole)
{
    while (checkpoints->count > 0 && checkpoints->item[checkpoints->count - 1].alternate)
        remove_at(checkpoints, checkpoints->count - 1);
    struct checkpoint *entrance =
        checkpoints->count > 0 ? &checkpoints->item[checkpoints->count - 1] : NULL;
    if (!entrance || !entrance->enters)
        return;
    entrance->enters = false;
    uint64_t entered = entrance->offset;
    if (!whole || entrance->shifts != canvas->screen[SCREEN_NORMAL].shifts)
        return;
    entrance->dead = true;
    if (!checkpoints_add(checkpoints, canvas, offset, false) &&
        checkpoints_last(checkpoints) == entered)
        entrance->dead = false;
}
