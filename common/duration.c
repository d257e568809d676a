#include "common/duration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* digits × 10^exponent. 18 digits fit; more of them only move the exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
};

#define DIGITS_MAX   UINT64_C(100000000000000000)
#define EXPONENT_MAX 1000000

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes in the digits at text, the first of which stands for 10^0 or, after the point, for a tenth.
 * Returns where they end. */
static const char *read_digits(const char *text, bool fraction, struct decimal *number)
{
    for (; is_digit(*text); text++) {
        bool kept = number->digits < DIGITS_MAX;
        if (kept)
            number->digits = number->digits * 10 + (uint64_t)(*text - '0');
        if (kept == fraction && number->exponent < EXPONENT_MAX && number->exponent > -EXPONENT_MAX)
            number->exponent += fraction ? -1 : 1;
    }
    return text;
}

/* Reads "e±N" at text, if it is there. Returns where it ends, or NULL when N is missing. */
static const char *read_exponent(const char *text, struct decimal *number)
{
    if (*text != 'e' && *text != 'E')
        return text;
    text++;
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (!is_digit(*text))
        return NULL;
    int exponent = 0;
    for (; is_digit(*text); text++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*text - '0');
    number->exponent += negative ? -exponent : exponent;
    return text;
}

/* Reads the number at text. Returns where it ends, or NULL when there is none. */
static const char *read_decimal(const char *text, struct decimal *ret)
{
    struct decimal number = {0};
    const char *end = read_digits(text, false, &number);
    bool any = end > text;
    if (*end == '.') {
        const char *fraction = end + 1;
        end = read_digits(fraction, true, &number);
        any = any || end > fraction;
    }
    *ret = (struct decimal){0};
    if (!any)
        return NULL;
    end = read_exponent(end, &number);
    *ret = number;
    return end;
}

/* Milliseconds in the unit that text is; 0 when it is none. */
static uint32_t unit_ms(const char *text)
{
    static const struct {
        char name[4];
        uint32_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(text, units[i].name) == 0)
            return units[i].ms;
    return 0;
}

static uint64_t to_ms(struct decimal number, uint32_t unit)
{
    if (number.digits == 0)
        return 0;
    /* Powers up to 10^27 are exact in a long double, so what people write is rounded once. */
    long double ms = (long double)number.digits * unit, power = 1;
    int places = number.exponent < 0 ? -number.exponent : number.exponent;
    for (int i = 0; i < places && i < 200; i++)
        power *= 10;
    ms = number.exponent < 0 ? ms / power : ms * power;
    if (ms >= (long double)DURATION_MAX)
        return DURATION_MAX;
    uint64_t rounded = (uint64_t)(ms + 0.5L);
    return rounded > 0 ? rounded : 1;
}

int duration_parse(const char *text, uint64_t *ret_ms)
{
    struct decimal number;
    const char *end = read_decimal(text, &number);
    uint32_t unit = end ? unit_ms(end) : 0;
    if (unit == 0)
        return -EINVAL;
    *ret_ms = to_ms(number, unit);
    return 0;
}

void duration_format(uint64_t ms, char buf[16])
{
    static const struct {
        uint64_t seconds;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    uint64_t seconds = (ms < DURATION_MAX ? ms : DURATION_MAX) / 1000;
    size_t i = 0;
    while (units[i].seconds > 1 && seconds < units[i].seconds)
        i++;
    snprintf(buf, 16, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].letter);
}
