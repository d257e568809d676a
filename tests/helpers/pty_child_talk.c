/* What pty_child says and hears. */
#include "tests/helpers/pty_child.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void behave_print(char **args)
{
    child_say("%s\n", args[0]);
}

/* The byte that the escape at *at stands for; *at moves behind it. */
static char unescape(const char **at)
{
    char letter = *(*at)++;
    char digits[3] = {0};
    switch (letter) {
    case 'e':
        return '\033';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'a':
        return '\a';
    case 'x':
        for (int i = 0; i < 2 && isxdigit((unsigned char)**at); i++)
            digits[i] = *(*at)++;
        return (char)strtol(digits, NULL, 16);
    default:
        return letter;
    }
}

char *child_unescape(const char *text, size_t *ret_len)
{
    char *result = malloc(strlen(text) + 1);
    if (!result)
        child_fail("unescape");
    *ret_len = 0;
    while (*text) {
        char byte = *text++;
        result[(*ret_len)++] = byte == '\\' && *text ? unescape(&text) : byte;
    }
    return result;
}

void behave_raw(char **args)
{
    size_t len;
    char *text = child_unescape(args[0], &len);
    child_put(text, len);
    free(text);
}

void behave_ready(char **args)
{
    (void)args;
    child_say("READY\n");
}

/* Reads a line, byte by byte so that nothing behind it is taken. False at the end of input. */
static bool read_line(char *line, size_t size)
{
    size_t len = 0;
    while (len + 1 < size) {
        char byte;
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (byte == '\n') {
            line[len] = '\0';
            return true;
        }
        line[len++] = byte;
    }
    line[len] = '\0';
    return len > 0;
}

static bool answer_line(void)
{
    char line[4096];
    bool got = read_line(line, sizeof(line));
    if (got)
        child_say("GOT %s\n", line);
    else
        child_say("END\n");
    return got;
}

void behave_line(char **args)
{
    (void)args;
    (void)answer_line();
}

void behave_lines(char **args)
{
    (void)args;
    while (answer_line())
        continue;
}

void behave_drain(char **args)
{
    (void)args;
    static uint8_t data[65536];
    uint32_t sum = 0;
    size_t count = 0;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, data, sizeof(data));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        count += (size_t)n;
        for (ssize_t i = 0; i < n; i++)
            sum += data[i];
    }
    child_say("READ %zu %u\n", count, sum);
}

void behave_args(char **args)
{
    for (; *args; args++)
        child_say("[%s]\n", *args);
}

void behave_env(char **args)
{
    const char *value = getenv(args[0]);
    if (value)
        child_say("%s=%s\n", args[0], value);
    else
        child_say("%s is unset\n", args[0]);
}

void behave_numbered(char **args)
{
    long count = child_number(args[0]);
    long us = args[1] ? child_number(args[1]) : 0;
    for (long i = 1; i <= count; i++) {
        child_say("line %ld\n", i);
        if (us > 0)
            child_pause_us(us);
    }
}

/* A screen of 24 rows and 80 columns, of words that are placed one by one, in several colours. */
static const char *flood_screen(size_t *ret_len)
{
    static char screen[8192];
    size_t len = 0;
    for (int row = 1; row <= 24; row++) {
        for (int col = 1; col < 80; col += 10)
            len += (size_t)snprintf(screen + len, sizeof(screen) - len,
                                    "\033[%d;%dH\033[%d;3%dmword %04d\033[m", row, col,
                                    col / 10 % 2, (row + col / 10) % 8, row * col);
    }
    *ret_len = len;
    return screen;
}

/* One line of the kind of output, with its length. */
static const char *flood_line(const char *kind, size_t *ret_len)
{
    static char line[256];
    if (strcmp(kind, "cursor") == 0)
        return flood_screen(ret_len);
    if (strcmp(kind, "y") == 0) {
        *ret_len = 2;
        return "y\n";
    }
    if (strcmp(kind, "colour") == 0) {
        int len = snprintf(line, sizeof(line),
                           "\033[1;31merror\033[0m: \033[32msrc/file.c\033[0m:\033[33m%d\033[0m: "
                           "\033[38;5;208mwarning\033[0m \033[4munused\033[24m variable\n",
                           1234);
        *ret_len = (size_t)len;
        return line;
    }
    if (strcmp(kind, "long") != 0) {
        errno = EINVAL;
        child_fail(kind);
    }
    for (int i = 0; i < 199; i++)
        line[i] = (char)('!' + i % 94);
    line[199] = '\n';
    *ret_len = 200;
    return line;
}

/* Writes `bytes` bytes of repeated lines, 64 KiB at a time as a program with a full buffer does. */
static void flood(long bytes, const char *line, size_t line_len)
{
    static char block[65536];
    size_t period = sizeof(block) / line_len * line_len;
    for (size_t i = 0; i < period; i++)
        block[i] = line[i % line_len];
    while (bytes > 0) {
        size_t len = (size_t)bytes < period ? (size_t)bytes : period;
        child_put(block, len);
        bytes -= (long)len;
    }
}

void behave_flood(char **args)
{
    size_t line_len;
    const char *line = flood_line(args[1], &line_len);
    flood(child_number(args[0]), line, line_len);
}

void behave_fill(char **args)
{
    char byte = (char)child_number(args[1]);
    flood(child_number(args[0]), &byte, 1);
}
