#include "common/terminal/modes.h"

#include <string.h>

enum { NUMBER = MODES_NUMBER_MAX, VALUE = 1 << 14, UNSURE = 1 << 15 };

bool modes_default(unsigned number)
{
    /* 7 DECAWM, 8 DECARM, 25 DECTCEM, 1035 NumLock modifiers: set in xterm as in most others. */
    return number == 7 || number == 8 || number == 25 || number == 1035;
}

bool modes_is_plain(unsigned number)
{
    static const uint16_t special[] = {2, 3, 6, 7, 12, 25, 47, 66, 69, 1047, 1048, 1049, 2026};
    for (unsigned i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (special[i] == number)
            return false;
    }
    return true;
}

/*
 * Mouse tracking, its encodings: modes of which one ends another, in ways that terminals do not
 * agree on. Told in the order in which they were last touched, they come out the same everywhere.
 */
static bool is_ordered(unsigned number)
{
    return number == 9 || (number >= 1000 && number <= 1003) || number == 1005 || number == 1006 ||
           number == 1015 || number == 1016;
}

static int find(const uint16_t *entry, unsigned count, unsigned number)
{
    for (unsigned i = 0; i < count; i++) {
        if ((entry[i] & NUMBER) == number)
            return (int)i;
    }
    return -1;
}

bool modes_get(const struct modes *modes, unsigned number)
{
    int i = find(modes->entry, modes->count, number);
    return i < 0 ? modes_default(number) : (modes->entry[i] & VALUE) != 0;
}

static void drop(uint16_t *entry, uint8_t *count, unsigned i)
{
    --*count;
    memmove(&entry[i], &entry[i + 1], (*count - i) * sizeof(entry[0]));
    entry[*count] = 0;
}

/* The entry to give up when all are taken: the oldest that has its default, or else the oldest. */
static unsigned dispensable(const struct modes *modes)
{
    for (unsigned i = 0; i < modes->count; i++) {
        unsigned number = modes->entry[i] & NUMBER;
        if (((modes->entry[i] & VALUE) != 0) == modes_default(number))
            return i;
    }
    return 0;
}

void modes_set(struct modes *modes, unsigned number, bool value, bool sure)
{
    if (number == 0 || number > MODES_NUMBER_MAX)
        return;
    uint16_t entry = (uint16_t)(number | (value ? VALUE : 0) | (sure ? 0 : UNSURE));
    int i = find(modes->entry, modes->count, number);
    if (i >= 0 && !is_ordered(number)) {
        modes->entry[i] = entry;
        return;
    }
    if (i >= 0)
        drop(modes->entry, &modes->count, (unsigned)i);
    else if (modes->count == MODES_MAX)
        drop(modes->entry, &modes->count, dispensable(modes));
    modes->entry[modes->count++] = entry;
}

bool modes_unsure(const struct modes *modes)
{
    for (unsigned i = 0; i < modes->count; i++) {
        if (modes->entry[i] & UNSURE)
            return true;
    }
    return false;
}

void modes_trust(struct modes *modes)
{
    for (unsigned i = 0; i < modes->count; i++)
        modes->entry[i] &= (uint16_t)~UNSURE;
}

void modes_save(struct modes *modes, unsigned number, bool value)
{
    if (number == 0 || number > MODES_NUMBER_MAX)
        return;
    int i = find(modes->saved, modes->saved_count, number);
    if (i < 0 && modes->saved_count == MODES_SAVED_MAX)
        drop(modes->saved, &modes->saved_count, 0);
    if (i < 0)
        i = modes->saved_count++;
    modes->saved[i] = (uint16_t)(number | (value ? VALUE : 0));
}

bool modes_saved(const struct modes *modes, unsigned number, bool *ret_value)
{
    int i = find(modes->saved, modes->saved_count, number);
    if (i < 0)
        return false;
    *ret_value = (modes->saved[i] & VALUE) != 0;
    return true;
}

bool modes_equal(const struct modes *a, const struct modes *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void write_mode(unsigned entry, struct writer *writer)
{
    writer_printf(writer, "\033[?%u%c", entry & NUMBER, entry & VALUE ? 'h' : 'l');
}

static void write_saved(struct modes *now, const struct modes *to, struct writer *writer)
{
    for (unsigned i = 0; i < to->saved_count; i++) {
        unsigned number = to->saved[i] & NUMBER;
        bool value = (to->saved[i] & VALUE) != 0, have;
        if (modes_saved(now, number, &have) && have == value)
            continue;
        if (modes_get(now, number) != value) {
            write_mode(to->saved[i], writer);
            modes_set(now, number, value, true);
        }
        writer_printf(writer, "\033[?%us", number);
    }
}

/* Whether the ordered modes of the two were touched in the same way. */
static bool same_order(const struct modes *a, const struct modes *b)
{
    unsigned i = 0, k = 0;
    for (;;) {
        while (i < a->count && !is_ordered(a->entry[i] & NUMBER))
            i++;
        while (k < b->count && !is_ordered(b->entry[k] & NUMBER))
            k++;
        if (i == a->count || k == b->count)
            return i == a->count && k == b->count;
        if (a->entry[i++] != b->entry[k++])
            return false;
    }
}

void modes_write(const struct modes *from, const struct modes *to, struct writer *writer)
{
    struct modes now = *from;
    write_saved(&now, to, writer);
    for (unsigned i = 0; i < now.count; i++) {
        unsigned number = now.entry[i] & NUMBER;
        bool value = modes_default(number);
        if (find(to->entry, to->count, number) < 0 && ((now.entry[i] & VALUE) != 0) != value)
            write_mode(number | (value ? VALUE : 0), writer);
    }
    bool ordered = !same_order(&now, to);
    for (unsigned i = 0; i < to->count; i++) {
        unsigned number = to->entry[i] & NUMBER;
        int k = find(now.entry, now.count, number);
        if (is_ordered(number) ? ordered : k < 0 || ((now.entry[k] ^ to->entry[i]) & VALUE))
            write_mode(to->entry[i], writer);
    }
}

void modes_write_undo(const struct modes *modes, struct writer *writer)
{
    for (unsigned i = 0; i < modes->count; i++) {
        unsigned number = modes->entry[i] & NUMBER;
        bool value = modes_default(number);
        if (((modes->entry[i] & VALUE) != 0) != value || (modes->entry[i] & UNSURE))
            write_mode(number | (value ? VALUE : 0), writer);
    }
}
