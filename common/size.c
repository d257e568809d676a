#include "common/size.h"

#include <errno.h>
#include <stddef.h>

bool size_is_valid(uint32_t rows, uint32_t cols)
{
    return cols >= SIZE_COLS_LEAST && cols <= SIZE_MOST && rows >= SIZE_ROWS_LEAST &&
           rows <= SIZE_MOST;
}

/* Reads the digits at text, with no more than the value of SIZE_MOST kept. Returns where they end,
 * or NULL when there are none. */
static const char *read_side(const char *text, uint32_t *ret)
{
    uint32_t side = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (side <= SIZE_MOST)
            side = side * 10 + (uint32_t)(*at - '0');
    *ret = side;
    return at > text ? at : NULL;
}

int size_parse(const char *text, struct size *ret)
{
    struct size size;
    const char *end = read_side(text, &size.cols);
    if (!end || (*end != 'x' && *end != 'X'))
        return -EINVAL;
    end = read_side(end + 1, &size.rows);
    if (!end || *end != '\0' || !size_is_valid(size.rows, size.cols))
        return -EINVAL;
    *ret = size;
    return 0;
}
