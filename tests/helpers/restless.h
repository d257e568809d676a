/*
 * What `pty_child restless` prints: numbered lines, and after each one sequence that changes what a
 * terminal has to be given back from. The tests that read it know each byte beforehand.
 */
#ifndef JS_TESTS_HELPERS_RESTLESS_H
#define JS_TESTS_HELPERS_RESTLESS_H

#include <stddef.h>
#include <stdio.h>

#define RESTLESS_LINE_MAX 96

/* The line with that number, from 1 on, for a terminal in raw mode. Its length. */
static inline size_t restless_line(unsigned number, char line[RESTLESS_LINE_MAX])
{
    static const char *const sequences[] = {
        "\033[?1049h",  /* alternate screen */
        "\033[?1000h",  /* mouse: clicks, drags, SGR encoding */
        "\033[1;4;31m", /* pen */
        "\033[?1002h",
        "\033[?1006h",
        "\033[?2004h", /* bracketed paste */
        "\033[?25l",   /* no cursor */
        "\033[3;20r",  /* margins */
        "\033[?1004h", /* focus */
        "\033[2J\033[H",
        "\033[?1049l",
        "\033[?1h\033=", /* cursor and keypad keys: application */
        "\033[4 q",      /* cursor style */
        "\033[0m",
        "\033[?25h",
        "\033[>5u", /* kitty keyboard */
        "\033[?1000l",
        "\033[r",
        "\033[>4;2m", /* modifyOtherKeys */
        "\033[38;5;208;48;5;17m",
        "\033[<u",
        "\033[?2004l",
        "\033[2J\033[H",
    };
    const size_t count = sizeof(sequences) / sizeof(sequences[0]);
    /* 5 and the count have no common divisor: each comes after the other in its turn. */
    int len = snprintf(line, RESTLESS_LINE_MAX, "line %u\r\n%s", number,
                       sequences[(size_t)number * 5 % count]);
    return (size_t)len;
}

#endif
