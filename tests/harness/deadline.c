#include "tests/harness/deadline.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_MS  1000000
#define NS_PER_SEC 1000000000

int deadline_slowness(void)
{
    const char *text = getenv("JS_TEST_SLOW");
    if (!text)
        return 1;
    char *end = NULL;
    long value = strtol(text, &end, 10);
    return end != text && *end == '\0' && value >= 1 && value <= 100 ? (int)value : 1;
}

int64_t deadline_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

struct deadline deadline_in_ms(int ms)
{
    int64_t length_ns = (int64_t)ms * NS_PER_MS * deadline_slowness();
    return (struct deadline){.at_ns = deadline_now_ns() + length_ns};
}

struct deadline deadline_default(void)
{
    return deadline_in_ms(10000);
}

int deadline_left_ms(struct deadline deadline)
{
    int64_t left_ns = deadline.at_ns - deadline_now_ns();
    if (left_ns <= 0)
        return 0;
    int64_t left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

bool deadline_passed(struct deadline deadline)
{
    return deadline_now_ns() >= deadline.at_ns;
}
