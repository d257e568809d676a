#include "common/amount.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A number in billionths of one: whole and fraction. */
struct decimal {
    uint64_t whole;
    uint64_t billionths;
};

#define BILLION UINT64_C(1000000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads "12" or "12.5" and moves *at behind it. */
static int parse_decimal(const char **at, struct decimal *ret)
{
    struct decimal number = {0};
    const char *text = *at;
    if (!is_digit(*text))
        return -EINVAL;
    for (; is_digit(*text); text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (number.whole > (INT64_MAX - digit) / 10)
            return -EINVAL;
        number.whole = number.whole * 10 + digit;
    }
    if (*text == '.') {
        if (!is_digit(*++text))
            return -EINVAL;
        for (uint64_t worth = BILLION / 10; is_digit(*text); text++, worth /= 10)
            number.billionths += worth * (uint64_t)(*text - '0');
    }
    *at = text;
    *ret = number;
    return 0;
}

/* How often 1024 is in the unit, -1 = it is none. */
static int unit_power(char unit)
{
    switch (unit) {
    case '\0':
        return 0;
    case 'k':
    case 'K':
        return 1;
    case 'm':
    case 'M':
        return 2;
    case 'g':
    case 'G':
        return 3;
    case 't':
    case 'T':
        return 4;
    default:
        return -1;
    }
}

int amount_parse(const char *text, uint64_t *ret)
{
    struct decimal number;
    if (parse_decimal(&text, &number) < 0)
        return -EINVAL;
    int power = unit_power(*text);
    if (power < 0 || (*text && text[1] != '\0'))
        return -EINVAL;
    unsigned shift = 10 * (unsigned)power;
    if (number.whole > (UINT64_C(1) << (62 - shift)))
        return -EINVAL;
    /* 40 bits and 30 do not fit into 64: the fraction is scaled in two steps. */
    uint64_t part = number.billionths << (shift < 30 ? shift : 30);
    part = shift > 30
               ? (part / BILLION << (shift - 30)) + ((part % BILLION << (shift - 30)) / BILLION)
               : part / BILLION;
    *ret = (number.whole << shift) + part;
    return 0;
}

void amount_format(uint64_t bytes, char buf[16])
{
    static const char units[] = "kMGTPE";
    if (bytes < 1000) {
        snprintf(buf, 16, "%u", (unsigned)bytes);
        return;
    }
    /* In 1024ths of the unit, then in tenths: rounded up, what has been used is not shown as less.
     */
    unsigned power = 0;
    uint64_t step = 1;
    while (units[power + 1] && bytes > 999 * 1024 * step) {
        power++;
        step *= 1024;
    }
    uint64_t parts = bytes / step + (bytes % step > 0);
    uint64_t tenths = (parts * 10 + 1023) / 1024;
    if (tenths < 1000)
        snprintf(buf, 16, "%u.%u%c", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
                 units[power]);
    else
        snprintf(buf, 16, "%u%c", (unsigned)((tenths + 9) / 10), units[power]);
}

int amount_parse_cpus(const char *text, uint64_t *ret)
{
    struct decimal number;
    if (parse_decimal(&text, &number) < 0 || *text != '\0' || number.whole > AMOUNT_CPUS_MOST)
        return -EINVAL;
    uint64_t thousandths = number.whole * 1000 + number.billionths / (BILLION / 1000);
    if (thousandths < AMOUNT_CPUS_LEAST || thousandths > AMOUNT_CPUS_MOST)
        return -EINVAL;
    *ret = thousandths;
    return 0;
}
