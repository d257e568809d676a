#include "common/terminal/notices.h"

#include <string.h>

#include "common/terminal/questions.h"

/* OSC 9 ; text. ConEmu's commands are a number, and a semicolon if they have arguments. */
static bool take_iterm(const uint8_t *text, size_t len, struct notice *ret)
{
    size_t digits = 0;
    while (digits < len && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    if (len == 0 || (digits > 0 && (digits == len || text[digits] == ';')))
        return false;
    ret->text = text;
    ret->text_len = len;
    return true;
}

/* OSC 777 ; notify ; title ; text. */
static bool take_urxvt(const uint8_t *text, size_t len, struct notice *ret)
{
    static const char command[] = "notify;";
    size_t head = strlen(command);
    if (len <= head || memcmp(text, command, head) != 0)
        return false;
    text += head;
    len -= head;
    const uint8_t *end = memchr(text, ';', len);
    ret->title = text;
    ret->title_len = end ? (size_t)(end - text) : len;
    if (end) {
        ret->text = end + 1;
        ret->text_len = len - ret->title_len - 1;
    }
    return ret->title_len > 0 || ret->text_len > 0;
}

/* The value of a key in kitty's metadata, key=value with colons between; 0 if it is not there. All
 * that matter have one letter or are words that differ in the first. */
static uint8_t value_of(const uint8_t *meta, size_t len, char key)
{
    for (size_t i = 0; i + 2 < len; i++)
        if (meta[i] == (uint8_t)key && meta[i + 1] == '=' && (i == 0 || meta[i - 1] == ':'))
            return meta[i + 2];
    return 0;
}

/* OSC 99 ; metadata ; payload. p: title, body, or what is no text (?, close, icon, alive ...). */
static bool take_kitty(const uint8_t *text, size_t len, struct notice *ret)
{
    const uint8_t *semicolon = memchr(text, ';', len);
    if (!semicolon)
        return false;
    size_t meta = (size_t)(semicolon - text);
    uint8_t part = value_of(text, meta, 'p');
    bool is_title = part == 0 || part == 't',
         is_text = part == 'b' && !memmem(text, meta, "p=bu", 4);
    if (!is_title && !is_text)
        return false;
    ret->base64 = value_of(text, meta, 'e') == '1';
    ret->goes_on = value_of(text, meta, 'd') == '0';
    if (is_title) {
        ret->title = semicolon + 1;
        ret->title_len = len - meta - 1;
    } else {
        ret->text = semicolon + 1;
        ret->text_len = len - meta - 1;
    }
    return true;
}

bool notice_in_string(const struct parser_string *string, struct notice *ret)
{
    size_t at;
    if (string->kind != PARSER_OSC || string->cancelled)
        return false;
    int32_t number = question_osc_number(string->data, string->len, &at);
    *ret = (struct notice){.sign = SIGN_NOTIFICATION};
    if (number == 9)
        return take_iterm(string->data + at, string->len - at, ret);
    if (number == 99)
        return take_kitty(string->data + at, string->len - at, ret);
    return number == 777 && take_urxvt(string->data + at, string->len - at, ret);
}

/* RFC 4648, -1 for what is no digit. */
static int digit_of(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int decode(struct bytes *out, const uint8_t *data, size_t len)
{
    uint32_t bits = 0;
    unsigned count = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < len; i++) {
        int digit = digit_of(data[i]);
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        uint8_t byte = (uint8_t)(bits >> count);
        r = bytes_append(out, &byte, 1);
    }
    return r;
}

/* How much of it fits that is whole characters. */
static size_t cut(const uint8_t *data, size_t len, size_t most)
{
    if (len <= most)
        return len;
    while (most > 0 && (data[most] & 0xc0) == 0x80)
        most--;
    return most;
}

static bool is_plain(uint8_t c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t';
}

static int append_plain(struct bytes *out, const uint8_t *data, size_t len, size_t most)
{
    int r = 0;
    size_t room = most > out->len ? most - out->len : 0;
    len = cut(data, len, room);
    for (size_t i = 0; r == 0 && i < len; i++)
        if (is_plain(data[i]))
            r = bytes_append(out, &data[i], 1);
    return r;
}

int notice_append(struct bytes *out, const uint8_t *data, size_t len, bool base64, size_t most)
{
    if (!base64)
        return append_plain(out, data, len, most);
    struct bytes decoded = {0};
    int r = decode(&decoded, data, len);
    if (r == 0)
        r = append_plain(out, decoded.data, decoded.len, most);
    bytes_finish(&decoded);
    return r;
}
