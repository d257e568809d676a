#include "common/terminal/charsets.h"

#include <string.h>

void charsets_reset(struct charsets *charsets)
{
    *charsets = (struct charsets){.right = CHARSETS_DEFAULT_RIGHT};
}

bool charsets_equal(const struct charsets *a, const struct charsets *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool same_set(const struct charset *a, const struct charset *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

unsigned charsets_difference(const struct charsets *a, const struct charsets *b)
{
    unsigned difference = a->left != b->left ? 1 << 4 : 0;
    for (unsigned i = 0; i < 4; i++) {
        if (!same_set(&a->set[i], &b->set[i]))
            difference |= 1u << i;
    }
    return difference;
}

int charsets_designate(struct charsets *charsets, const struct parser_sequence *escape)
{
    int slot;
    switch (escape->intermediate[0]) {
    case '(':
        slot = 0;
        break;
    case ')':
    case '-':
        slot = 1;
        break;
    case '*':
    case '.':
        slot = 2;
        break;
    case '+':
    case '/':
        slot = 3;
        break;
    default:
        return -1;
    }
    struct charset set = {escape->intermediate[0], escape->intermediate[1], escape->final};
    if (set.lead >= '(' && set.lead <= '+' && set.second == 0 && set.final == 'B')
        set = (struct charset){0};
    charsets->set[slot] = set;
    return slot;
}

static void write_set(const struct charset *set, int slot, struct writer *writer)
{
    if (set->lead == 0)
        writer_printf(writer, "\033%cB", "()*+"[slot]);
    else if (set->second == 0)
        writer_printf(writer, "\033%c%c", set->lead, set->final);
    else
        writer_printf(writer, "\033%c%c%c", set->lead, set->second, set->final);
}

void charsets_write(const struct charsets *from, const struct charsets *to, struct writer *writer)
{
    static const char *const left[] = {"\017", "\016", "\033n", "\033o"};
    static const char *const right[] = {"\033~", "\033~", "\033}", "\033|"};
    /* Some terminals let DOCS reset the designations: it comes first and they all after it. */
    bool all = from->coding != to->coding;
    if (all)
        writer_printf(writer, "\033%%%c", to->coding ? to->coding : 'G');
    for (int i = 0; i < 4; i++) {
        if (!same_set(&from->set[i], &to->set[i]) || (all && to->set[i].lead))
            write_set(&to->set[i], i, writer);
    }
    /* xterm.js shifts the left half, too, when it should shift the right one. */
    if (from->right != to->right)
        writer_text(writer, right[to->right]);
    if (from->left != to->left || from->right != to->right || (all && to->left > 0))
        writer_text(writer, left[to->left]);
}
