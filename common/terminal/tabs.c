#include "common/terminal/tabs.h"

#include <errno.h>
#include <string.h>

static bool is_default(unsigned x)
{
    return x % 8 == 0;
}

bool tabs_at(const struct shared *tabs, unsigned x)
{
    if (!tabs || x / 8 >= tabs->len)
        return is_default(x);
    return (uint8_t)tabs->data[x / 8] >> (x % 8) & 1;
}

bool tabs_equal(const struct shared *a, const struct shared *b, unsigned cols)
{
    if (a == b)
        return true;
    for (unsigned x = 0; x < cols; x++) {
        if (tabs_at(a, x) != tabs_at(b, x))
            return false;
    }
    return true;
}

static struct shared *copy_stops(const struct shared *tabs, unsigned cols)
{
    unsigned char stops[(UINT16_MAX + 1) / 8] = {0};
    unsigned len = (cols + 7) / 8;
    for (unsigned x = 0; x < len * 8; x++) {
        if (tabs_at(tabs, x))
            stops[x / 8] |= (unsigned char)(1 << x % 8);
    }
    return shared_create(stops, len);
}

int tabs_set(struct shared **tabs, unsigned cols, unsigned x, bool stop)
{
    if (x >= cols || tabs_at(*tabs, x) == stop)
        return 0;
    struct shared *copy = copy_stops(*tabs, cols);
    if (!copy)
        return -ENOMEM;
    copy->data[x / 8] = (char)(copy->data[x / 8] ^ 1 << x % 8);
    shared_replace(tabs, copy);
    return 0;
}

int tabs_clear(struct shared **tabs, unsigned cols)
{
    struct shared *none = copy_stops(NULL, cols);
    if (!none)
        return -ENOMEM;
    memset(none->data, 0, none->len);
    shared_replace(tabs, none);
    return 0;
}

unsigned tabs_next(const struct shared *tabs, unsigned cols, unsigned x)
{
    for (x++; x < cols; x++) {
        if (tabs_at(tabs, x))
            return x;
    }
    return cols - 1;
}

unsigned tabs_previous(const struct shared *tabs, unsigned x)
{
    while (x > 0 && !tabs_at(tabs, x - 1))
        x--;
    return x > 0 ? x - 1 : 0;
}

void tabs_write(const struct shared *tabs, unsigned cols, struct writer *writer)
{
    writer_text(writer, "\033[3g");
    for (unsigned x = 0; x < cols; x++) {
        if (tabs_at(tabs, x))
            writer_printf(writer, "\033[%uG\033H", x + 1);
    }
}
