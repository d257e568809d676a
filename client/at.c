#include "client/at.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/when.h"

#define NS_PER_S UINT64_C(1000000000)

/* "18:30" and "9:00": it begins with one digit or two, and a colon. */
static bool is_clock(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 2 && text[digits] == ':';
}

/* That time of the day so many days from now; "" is its beginning. */
static int on_day(int days, const char *clock, uint64_t now_ns, uint64_t *ret_ns)
{
    time_t now = (time_t)(now_ns / NS_PER_S);
    struct tm tm;
    char date[64], text[128];
    if (!localtime_r(&now, &tm) || (*clock && (!is_clock(clock) || strlen(clock) > 32)))
        return -EINVAL;
    tm.tm_mday += days;
    tm.tm_hour = 12; /* there is one on every day */
    tm.tm_isdst = -1;
    mktime(&tm);
    strftime(date, sizeof(date), "%Y-%m-%d", &tm);
    snprintf(text, sizeof(text), "%s%s%s%s", date, *clock ? " " : "",
             *clock && clock[1] == ':' ? "0" : "", clock);
    return when_parse(text, now_ns, ret_ns);
}

/* What follows the word and a blank, "" when nothing does; NULL when text is another word. */
static const char *behind(const char *text, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(text, word, len) != 0 || (text[len] && text[len] != ' '))
        return NULL;
    return text + len + strspn(text + len, " ");
}

int at_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
    const char *today = behind(text, "today"), *tomorrow = behind(text, "tomorrow");
    uint64_t ns = 0;
    int r = -EINVAL;
    if (tomorrow) {
        r = on_day(1, tomorrow, now_ns, &ns);
    } else if (today && *today) {
        r = on_day(0, today, now_ns, &ns);
    } else if (is_clock(text)) {
        r = on_day(0, text, now_ns, &ns);
        if (r == 0 && ns <= now_ns)
            r = on_day(1, text, now_ns, &ns);
    } else if (text[0] == '@' || strchr(text, '-')) {
        r = when_parse(text, now_ns, &ns);
    }
    if (r == 0 && ns <= now_ns)
        return -ERANGE;
    if (r == 0)
        *ret_ns = ns;
    return r;
}
