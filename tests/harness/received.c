#include "tests/harness/received.h"

#include "tests/harness/await.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PARAMETERS_MAX 16

/* A control sequence (ECMA-48 5.4): CSI, parameter bytes, intermediate bytes, final byte. */
struct sequence {
    char marker; /* one of < = > ? or 0 */
    unsigned parameters[PARAMETERS_MAX];
    size_t count; /* of them; at least 1 */
    char intermediate;
    char final;
};

static bool default_of(unsigned number)
{
    return number == 7 || number == 8 || number == 25 || number == 1035;
}

static unsigned same_mode(unsigned number)
{
    return number == 47 || number == 1047 ? 1049 : number;
}

static void set_mode(struct received *received, unsigned number, bool set)
{
    size_t at = 0;
    number = same_mode(number);
    while (at < received->mode_count && received->modes[at].number != number)
        at++;
    if (at == RECEIVED_MODES_MAX)
        return;
    if (at == received->mode_count)
        received->mode_count++;
    received->modes[at].number = number;
    received->modes[at].set = set;
}

bool received_mode(const struct received *received, unsigned number)
{
    for (size_t i = 0; i < received->mode_count; i++) {
        if (received->modes[i].number == same_mode(number))
            return received->modes[i].set;
    }
    return default_of(number);
}

static void apply_private(struct received *received, const struct sequence *sequence)
{
    bool change = sequence->final == 'h' || sequence->final == 'l';
    for (size_t i = 0; change && i < sequence->count; i++)
        set_mode(received, sequence->parameters[i], sequence->final == 'h');
}

#define BIT(attribute) ((uint64_t)1 << (attribute))

/* ECMA-48 8.3.117 and xterm: 21 to 29 take back what 1 to 9 set, 39 and 49 the colours. */
static uint64_t pen_after(uint64_t pen, unsigned attribute)
{
    if (attribute == 0)
        return 0;
    if (attribute == 21 || (attribute >= 1 && attribute <= 9))
        return pen | BIT(attribute);
    if (attribute == 22)
        return pen & ~(BIT(1) | BIT(2));
    if (attribute == 24)
        return pen & ~(BIT(4) | BIT(21));
    if (attribute >= 23 && attribute <= 29)
        return pen & ~BIT(attribute - 20);
    if (attribute == 39 || attribute == 49)
        return pen & ~BIT(attribute - 9);
    if (attribute == 55 || attribute == 59)
        return pen & ~BIT(attribute == 55 ? 53 : 58);
    if (attribute == 53 || attribute == 58)
        return pen | BIT(attribute);
    if ((attribute >= 30 && attribute <= 38) || (attribute >= 90 && attribute <= 97))
        return pen | BIT(30);
    if ((attribute >= 40 && attribute <= 48) || (attribute >= 100 && attribute <= 107))
        return pen | BIT(40);
    return pen; /* fonts and the like */
}

static void apply_pen(struct received *received, const struct sequence *sequence)
{
    for (size_t i = 0; i < sequence->count; i++) {
        unsigned attribute = sequence->parameters[i];
        received->pen = pen_after(received->pen, attribute);
        if (attribute == 38 || attribute == 48 || attribute == 58)
            return; /* the rest is that colour: what follows it in one sequence is not looked at */
    }
}

static void apply_plain(struct received *received, const struct sequence *sequence)
{
    unsigned first = sequence->parameters[0];
    if (sequence->intermediate == ' ' && sequence->final == 'q')
        received->cursor_style = first != 0;
    if (sequence->intermediate == '!' && sequence->final == 'p')
        received->resets++;
    if (sequence->intermediate)
        return;
    if (sequence->final == 'm')
        apply_pen(received, sequence);
    if (sequence->final == 'r') {
        received->top = first;
        received->bottom = sequence->count > 1 ? sequence->parameters[1] : 0;
    }
}

static void apply(struct received *received, const struct sequence *sequence)
{
    unsigned first = sequence->parameters[0];
    if (sequence->marker == '?')
        apply_private(received, sequence);
    else if (!sequence->marker)
        apply_plain(received, sequence);
    else if (sequence->marker == '>' && sequence->final == 'm' && first == 4)
        received->other_keys = sequence->count > 1 && sequence->parameters[1] != 0;
    else if (sequence->marker == '>' && sequence->final == 'u')
        received->keyboard_pushed++;
    else if (sequence->marker == '<' && sequence->final == 'u')
        received->keyboard_pushed -= first > 0 ? (int)first : 1;
    if (received->keyboard_pushed < 0)
        received->keyboard_pushed = 0; /* popping an empty stack is allowed */
}

/* The sequence behind CSI; its length, or 0 when it is cut off. */
static size_t read_sequence(const uint8_t *data, size_t len, struct sequence *ret)
{
    *ret = (struct sequence){.count = 1};
    bool detail = false; /* behind a colon: how to do what the parameter says */
    size_t at = 0;
    if (at < len && data[at] >= '<' && data[at] <= '?')
        ret->marker = (char)data[at++];
    for (; at < len; at++) {
        uint8_t byte = data[at];
        unsigned *parameter = &ret->parameters[ret->count - 1];
        if (byte == ':' || (detail && byte >= '0' && byte <= '9')) {
            detail = true;
        } else if (byte >= '0' && byte <= '9') {
            *parameter = *parameter * 10 + (byte - '0');
        } else if (byte == ';') {
            detail = false;
            ret->count += ret->count < PARAMETERS_MAX;
        } else if (byte >= 0x20 && byte <= 0x2f) {
            ret->intermediate = (char)byte;
        } else {
            ret->final = (char)byte;
            return at + 1;
        }
    }
    return 0;
}

/* The length of a string (OSC, DCS …) with its end, BEL or ST; 0 when it is cut off. */
static size_t string_length(const uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        if (data[at] == '\a')
            return at + 1;
        if (data[at] == '\033' && at + 1 < len)
            return data[at + 1] == '\\' ? at + 2 : at;
    }
    return 0;
}

/* What stands behind an ESC; its length, or 0 when it is cut off. */
static size_t read_escape(struct received *received, const uint8_t *data, size_t len)
{
    struct sequence sequence;
    size_t used;
    switch (len > 0 ? data[0] : 0) {
    case 0:
        return 0;
    case '[':
        used = read_sequence(data + 1, len - 1, &sequence);
        if (used > 0)
            apply(received, &sequence);
        return used > 0 ? used + 1 : 0;
    case ']':
    case 'P':
    case '_':
    case '^':
    case 'X':
        used = string_length(data + 1, len - 1);
        return used > 0 ? used + 1 : 0;
    case '=':
    case '>':
        received->keypad = data[0] == '=';
        return 1;
    case 'c':
        received->resets++;
        return 1;
    default:
        return 1;
    }
}

void received_read(struct received *received, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    *received = (struct received){0};
    for (size_t at = 0; at < len;) {
        if (bytes[at++] != '\033')
            continue;
        size_t used = read_escape(received, bytes + at, len - at);
        if (used == 0)
            return;
        at += used;
    }
}

static bool report(bool print, const char *what, unsigned number)
{
    if (print)
        fprintf(stderr, "# left on: %s %u\n", what, number);
    return false;
}

bool received_is_clean(const struct received *received, int rows, bool print)
{
    bool clean = true;
    for (size_t i = 0; i < received->mode_count; i++) {
        unsigned number = received->modes[i].number;
        /* Whether a cursor blinks (12) is the terminal's own choice: either is a default. */
        if (number != 12 && received->modes[i].set != default_of(number))
            clean = report(print, "private mode", number);
    }
    if (received->keypad)
        clean = report(print, "application keypad", 1);
    if (received->pen)
        clean = report(print, "pen (bits)", (unsigned)received->pen);
    if (received->top > 1 || (received->bottom > 0 && (int)received->bottom < rows))
        clean = report(print, "margins, top", received->top);
    if (received->cursor_style)
        clean = report(print, "cursor style", 1);
    if (received->other_keys)
        clean = report(print, "modifyOtherKeys", 1);
    if (received->keyboard_pushed > 0)
        clean = report(print, "keyboard stack", (unsigned)received->keyboard_pushed);
    return clean;
}

void received_until_mark(struct pty_driver *driver, struct received *ret)
{
    const struct transcript *transcript = pty_driver_transcript(driver);
    received_read(ret, transcript->all.data, transcript->mark);
}

/* Reads until `holds` says yes of all that the terminal has received: true; or false. */
static bool await_fact(struct pty_driver *driver, struct deadline deadline,
                       bool (*holds)(const struct received *received, unsigned number, bool set),
                       unsigned number, bool set)
{
    struct received received;
    for (;;) {
        pty_driver_read_now(driver);
        const struct transcript *transcript = pty_driver_transcript(driver);
        received_read(&received, transcript->all.data, transcript->all.len);
        if (holds(&received, number, set))
            return true;
        /* A terminal that all have closed is readable for ever: there is no more to come. */
        if (await_readable(pty_driver_fd(driver), deadline) < 0 || deadline_passed(deadline))
            return false;
    }
}

static bool mode_is(const struct received *received, unsigned number, bool set)
{
    return received_mode(received, number) == set;
}

static bool nothing_left_on(const struct received *received, unsigned number, bool set)
{
    (void)set;
    return received_is_clean(received, (int)number, false);
}

bool received_await_mode(struct pty_driver *driver, unsigned number, bool set,
                         struct deadline deadline)
{
    return await_fact(driver, deadline, mode_is, number, set);
}

bool received_await_clean(struct pty_driver *driver, struct deadline deadline)
{
    int rows = 0;
    int cols = 0;
    (void)pty_driver_size(driver, &rows, &cols);
    if (await_fact(driver, deadline, nothing_left_on, (unsigned)rows, true))
        return true;
    struct received received;
    const struct transcript *transcript = pty_driver_transcript(driver);
    received_read(&received, transcript->all.data, transcript->all.len);
    (void)received_is_clean(&received, rows, true);
    return false;
}
