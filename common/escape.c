#include "common/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/codepoints.h"

/* Format characters without a glyph, tags and the variation selectors beside them, separators, and
 * what is no character (Unicode 14: categories Cf, Zl, Zp, Cn). The Arabic and Indic number signs
 * of Cf are visible, U+FE0F belongs to emoji: they stay out. */
static const struct codepoint_range hidden[] = {
    {0x0080, 0x009f}, {0x00ad, 0x00ad},   {0x061c, 0x061c},   {0x180e, 0x180e},   {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
    {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

/* Spaces that a reader cannot tell from U+0020 (category Zs): shown, but quoted in a command. */
static const struct codepoint_range spaces[] = {
    {0x00a0, 0x00a0}, {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

#define COUNT(array)        (sizeof(array) / sizeof((array)[0]))
#define IN_RANGES(table, c) codepoints_contain(table, COUNT(table), c)

/* Decodes the character at s (RFC 3629). Returns its length, or 0 when s does not start with one.
 */
static size_t decode(const uint8_t *s, size_t len, uint32_t *ret_c)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (len == 0)
        return 0;
    size_t need = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (need == 0 || s[0] > 0xf4 || len < need)
        return 0;
    uint32_t c = need == 1 ? s[0] : s[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < smallest[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret_c = c;
    return need;
}

static bool is_shown(uint32_t c)
{
    if (c < 0x7f)
        return c >= 0x20;
    /* The last two code points of every plane are no characters. */
    return c != 0x7f && (c & 0xfffe) != 0xfffe && !IN_RANGES(hidden, c);
}

/* The length of the run at s that is shown as it is. */
static size_t shown_length(const uint8_t *s, size_t len)
{
    size_t at = 0;
    while (at < len) {
        uint32_t c;
        size_t n = decode(s + at, len - at, &c);
        if (n == 0 || !is_shown(c))
            break;
        at += n;
    }
    return at;
}

/* '\n' → 'n' and the like; 0 for a byte without a letter of its own. */
static char escape_letter(uint8_t byte)
{
    return byte == '\n' ? 'n' : byte == '\t' ? 't' : byte == '\r' ? 'r' : '\0';
}

/* Appends the escape of what is at s and is not shown, and says in *ret_used how long that was. */
static int append_escape(struct bytes *out, const uint8_t *s, size_t len, size_t *ret_used)
{
    uint32_t c;
    size_t n = decode(s, len, &c);
    *ret_used = n > 0 ? n : 1;
    if (n < 2) {
        char letter = escape_letter(s[0]);
        return letter ? bytes_printf(out, "\\%c", letter) : bytes_printf(out, "\\x%02x", s[0]);
    }
    return bytes_printf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
}

static int append_display(struct bytes *out, const uint8_t *s, size_t len)
{
    while (len > 0) {
        size_t n = shown_length(s, len);
        int r = bytes_append(out, s, n);
        if (r == 0 && n < len) {
            size_t used;
            r = append_escape(out, s + n, len - n, &used);
            n += used;
        }
        if (r < 0)
            return r;
        s += n;
        len -= n;
    }
    return 0;
}

int escape_append(struct bytes *out, const void *data, size_t len)
{
    size_t before = out->len;
    int r = append_display(out, data, len);
    if (r < 0)
        out->len = before;
    return r;
}

/* Whether no shell sees anything in this character, wherever in a word it stands. */
static bool is_plain(uint32_t c)
{
    if (c >= 0x80)
        return !IN_RANGES(spaces, c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_@%+=:,./-", (int)c));
}

/* Whether a shell would take this word for something else when it is the first. */
static bool is_special_first(const char *word)
{
    static const char *const reserved[] = {
        "case",      "coproc", "do",     "done",    "elif",     "else",  "end",
        "esac",      "fi",     "for",    "foreach", "function", "if",    "in",
        "nocorrect", "repeat", "select", "then",    "time",     "until", "while",
    };
    for (size_t i = 0; i < COUNT(reserved); i++)
        if (strcmp(word, reserved[i]) == 0)
            return true;
    return word[0] == '%' || strchr(word, '=');
}

static bool needs_quotes(const char *word, bool first)
{
    /* zsh reads =ls as the path of ls. */
    if (word[0] == '\0' || word[0] == '=' || (first && is_special_first(word)))
        return true;
    const uint8_t *s = (const uint8_t *)word;
    size_t len = strlen(word);
    while (len > 0) {
        uint32_t c;
        size_t n = decode(s, len, &c);
        if (n == 0 || !is_plain(c))
            return true;
        s += n;
        len -= n;
    }
    return false;
}

/* '…', where only the quote itself has to be taken out and put back. */
static int append_quoted(struct bytes *out, const char *word)
{
    int r = bytes_append_text(out, "'");
    while (r == 0 && *word) {
        size_t n = strcspn(word, "'");
        r = bytes_append(out, word, n);
        if (r == 0 && word[n] == '\'') {
            r = bytes_append_text(out, "'\\''");
            n++;
        }
        word += n;
    }
    return r < 0 ? r : bytes_append_text(out, "'");
}

/* One byte inside $'…'. Octal with all three digits: \x eats as many as it finds in some shells. */
static int append_dollar_byte(struct bytes *out, uint8_t byte)
{
    char letter = byte == '\'' || byte == '\\' ? (char)byte : escape_letter(byte);
    return letter ? bytes_printf(out, "\\%c", letter) : bytes_printf(out, "\\%03o", byte);
}

static int append_dollar_quoted(struct bytes *out, const char *word)
{
    int r = bytes_append_text(out, "$'");
    const uint8_t *s = (const uint8_t *)word;
    size_t len = strlen(word);
    while (r == 0 && len > 0) {
        uint32_t c;
        size_t n = decode(s, len, &c);
        bool shown = n > 0 && is_shown(c) && c != '\'' && c != '\\';
        n = n > 0 ? n : 1;
        if (shown)
            r = bytes_append(out, s, n);
        for (size_t i = 0; !shown && r == 0 && i < n; i++)
            r = append_dollar_byte(out, s[i]);
        s += n;
        len -= n;
    }
    return r < 0 ? r : bytes_append_text(out, "'");
}

static int append_word(struct bytes *out, const char *word, bool first)
{
    size_t len = strlen(word);
    if (shown_length((const uint8_t *)word, len) < len)
        return append_dollar_quoted(out, word);
    return needs_quotes(word, first) ? append_quoted(out, word) : bytes_append(out, word, len);
}

int escape_append_argv(struct bytes *out, char *const *argv, size_t argc)
{
    size_t before = out->len;
    int r = 0;
    for (size_t i = 0; r == 0 && i < argc; i++) {
        if (i > 0)
            r = bytes_append_text(out, " ");
        if (r == 0)
            r = append_word(out, argv[i], i == 0);
    }
    if (r < 0)
        out->len = before;
    return r;
}

static size_t char_width(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ? 0 : codepoint_columns(c);
}

size_t escape_cut(const char *text, size_t width, size_t *ret_width)
{
    const uint8_t *s = (const uint8_t *)text;
    size_t len = strlen(text), at = 0, used = 0;
    while (at < len) {
        uint32_t c;
        size_t n = decode(s + at, len - at, &c);
        size_t more = n > 0 ? char_width(c) : 1;
        if (more > width - used)
            break;
        used += more;
        at += n > 0 ? n : 1;
    }
    if (ret_width)
        *ret_width = used;
    return at;
}

size_t escape_width(const char *text)
{
    size_t width;
    (void)escape_cut(text, SIZE_MAX, &width);
    return width;
}
