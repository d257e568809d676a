#include "common/terminal/titles.h"

#include <errno.h>
#include <stdlib.h>

static struct titles_entry entry_ref(const struct titles_entry *entry)
{
    return (struct titles_entry){shared_ref(entry->title), shared_ref(entry->icon), entry->what};
}

static void entry_unref(struct titles_entry *entry)
{
    shared_unref(entry->title);
    shared_unref(entry->icon);
    *entry = (struct titles_entry){0};
}

void titles_finish(struct titles *titles)
{
    shared_unref(titles->title);
    shared_unref(titles->icon);
    for (unsigned i = 0; i < titles->count; i++)
        entry_unref(&titles->stack[i]);
    free(titles->stack);
    *titles = (struct titles){0};
}

int titles_copy(struct titles *to, const struct titles *from)
{
    titles_finish(to);
    if (from->count > 0) {
        to->stack = calloc(TITLES_STACK, sizeof(to->stack[0]));
        if (!to->stack)
            return -ENOMEM;
    }
    for (unsigned i = 0; i < from->count; i++)
        to->stack[i] = entry_ref(&from->stack[i]);
    to->count = from->count;
    to->touched = from->touched;
    to->title = shared_ref(from->title);
    to->icon = shared_ref(from->icon);
    return 0;
}

static bool entry_equal(const struct titles_entry *a, const struct titles_entry *b)
{
    return a->what == b->what && shared_equal(a->title, b->title) && shared_equal(a->icon, b->icon);
}

bool titles_equal(const struct titles *a, const struct titles *b)
{
    if (a->count != b->count || a->touched != b->touched || !shared_equal(a->title, b->title) ||
        !shared_equal(a->icon, b->icon))
        return false;
    for (unsigned i = 0; i < a->count; i++) {
        if (!entry_equal(&a->stack[i], &b->stack[i]))
            return false;
    }
    return true;
}

void titles_set(struct titles *titles, int what, const void *data, size_t len)
{
    titles->touched = true;
    struct shared *text = shared_create_text(data, len > TITLES_LEN_MAX ? TITLES_LEN_MAX : len);
    if (what & TITLES_WINDOW)
        shared_replace(&titles->title, shared_ref(text));
    if (what & TITLES_ICON)
        shared_replace(&titles->icon, shared_ref(text));
    shared_unref(text);
}

void titles_push(struct titles *titles, int what)
{
    titles->touched = true;
    if (!titles->stack)
        titles->stack = calloc(TITLES_STACK, sizeof(titles->stack[0]));
    if (!titles->stack)
        return;
    if (titles->count == TITLES_STACK) {
        entry_unref(&titles->stack[0]);
        for (unsigned i = 1; i < TITLES_STACK; i++)
            titles->stack[i - 1] = titles->stack[i];
        titles->count--;
    }
    titles->stack[titles->count++] =
        (struct titles_entry){what & TITLES_WINDOW ? shared_ref(titles->title) : NULL,
                              what & TITLES_ICON ? shared_ref(titles->icon) : NULL, (uint8_t)what};
}

static void remove_entry(struct titles *titles, unsigned i)
{
    entry_unref(&titles->stack[i]);
    for (; i + 1 < titles->count; i++)
        titles->stack[i] = titles->stack[i + 1];
    if (--titles->count == 0) {
        free(titles->stack);
        titles->stack = NULL;
    }
}

/* Takes one of the two names from the last entry that has it. */
static void pop_one(struct titles *titles, int what)
{
    for (unsigned i = titles->count; i > 0; i--) {
        struct titles_entry *entry = &titles->stack[i - 1];
        if (!(entry->what & what))
            continue;
        struct shared **saved = what == TITLES_ICON ? &entry->icon : &entry->title;
        shared_replace(what == TITLES_ICON ? &titles->icon : &titles->title, *saved);
        *saved = NULL;
        entry->what &= (uint8_t)~what;
        if (entry->what == 0)
            remove_entry(titles, i - 1);
        return;
    }
}

void titles_pop(struct titles *titles, int what)
{
    titles->touched = true;
    if (what & TITLES_WINDOW)
        pop_one(titles, TITLES_WINDOW);
    if (what & TITLES_ICON)
        pop_one(titles, TITLES_ICON);
}

unsigned titles_count(const struct titles *titles, int what)
{
    unsigned count = 0;
    for (unsigned i = 0; i < titles->count; i++)
        count += (titles->stack[i].what & what) != 0;
    return count;
}

static void write_text(int number, const struct shared *text, struct writer *writer)
{
    writer_printf(writer, "\033]%d;", number);
    writer_append(writer, text->data, text->len);
    writer_text(writer, "\033\\");
}

/* Sets what differs. What is not set in to cannot be told: the terminal keeps what it has. */
static void write_pair(const struct shared **now, const struct shared *title,
                       const struct shared *icon, struct writer *writer)
{
    bool new_title = title && !shared_equal(now[0], title),
         new_icon = icon && !shared_equal(now[1], icon);
    if (new_title && new_icon && shared_equal(title, icon)) {
        write_text(0, title, writer);
    } else {
        if (new_icon)
            write_text(1, icon, writer);
        if (new_title)
            write_text(2, title, writer);
    }
    if (title)
        now[0] = title;
    if (icon)
        now[1] = icon;
}

static int stack_parameter(unsigned what)
{
    return what == TITLES_ICON ? 1 : what == TITLES_WINDOW ? 2 : 0;
}

/*
 * Every plan pushes what the terminal had at first: popped and pushed again, it is back. Only so
 * can a title be unset.
 */
static void write_initial(const struct shared **now, struct writer *writer)
{
    writer_text(writer, "\033[23;0t\033[22;0t");
    now[0] = now[1] = NULL;
}

void titles_write(const struct titles *from, const struct titles *to, struct writer *writer)
{
    const struct shared *now[2] = {from->title, from->icon};
    bool unset = (from->title && !to->title) || (from->icon && !to->icon);
    unsigned same = 0;
    while (!unset && same < from->count && same < to->count &&
           entry_equal(&from->stack[same], &to->stack[same]))
        same++;
    for (unsigned i = from->count; i > same; i--) {
        const struct titles_entry *entry = &from->stack[i - 1];
        writer_printf(writer, "\033[23;%dt", stack_parameter(entry->what));
        if (entry->what & TITLES_WINDOW)
            now[0] = entry->title;
        if (entry->what & TITLES_ICON)
            now[1] = entry->icon;
    }
    if (unset)
        write_initial(now, writer);
    for (unsigned i = same; i < to->count; i++) {
        write_pair(now, to->stack[i].title, to->stack[i].icon, writer);
        writer_printf(writer, "\033[22;%dt", stack_parameter(to->stack[i].what));
    }
    write_pair(now, to->title, to->icon, writer);
}

void titles_write_undo(const struct titles *titles, struct writer *writer)
{
    for (unsigned i = titles->count; i > 0; i--)
        writer_printf(writer, "\033[23;%dt", stack_parameter(titles->stack[i - 1].what));
    if (titles->touched)
        writer_text(writer, "\033[23;0t");
}
