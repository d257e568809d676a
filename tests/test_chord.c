#include "client/chord.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Parsing */

static const struct {
    const char *text;
    unsigned count;
    struct chord_key key[2];
} parse_cases[] = {
    {CHORD_DEFAULT, 2, {{'\\', true}, {'d', false}}},
    {"^]", 1, {{']', true}}},
    {"^a d", 2, {{'a', true}, {'d', false}}},
    {"^A D", 2, {{'a', true}, {'D', false}}},
    {"none", 0, {{0, false}}},
    {"  none ", 0, {{0, false}}},
    {"ctrl-\\ d", 2, {{'\\', true}, {'d', false}}},
    {"C-\\ d", 2, {{'\\', true}, {'d', false}}},
    {"Ctrl-B\tcontrol-x ", 2, {{'b', true}, {'x', true}}},
    {"^space q", 2, {{'@', true}, {'q', false}}},
    {"^@ ^_", 2, {{'@', true}, {'_', true}}},
    {"^^", 1, {{'^', true}}},
    {"^ ~", 2, {{'^', false}, {'~', false}}},
    {"` space", 2, {{'`', false}, {' ', false}}},
    {"C -", 2, {{'C', false}, {'-', false}}},
};

START_TEST(parses_chords)
{
    struct chord_keys keys = {.count = 77};
    ck_assert_int_eq(chord_parse(parse_cases[_i].text, &keys), 0);
    ck_assert_uint_eq(keys.count, parse_cases[_i].count);
    for (unsigned i = 0; i < keys.count; i++) {
        ck_assert_uint_eq(keys.key[i].code, parse_cases[_i].key[i].code);
        ck_assert_int_eq(keys.key[i].ctrl, parse_cases[_i].key[i].ctrl);
    }
}
END_TEST

static const char *const parse_errors[] = {
    "",       " ",       "^a b c", "none d", "d none",  "^[", "^[ d",
    "^? d",   "ctrl-",   "C-",     "^1",     "^aa",     "dd", "\x1c d",
    "\u00e9", "^\u00e9", "C-M-a",  "None",   "^a \x7f", "f1", "ctrl-tab",
};

START_TEST(refuses_what_is_no_chord)
{
    struct chord_keys keys = {.count = 77};
    ck_assert_msg(chord_parse(parse_errors[_i], &keys) == -EINVAL, "'%s'", parse_errors[_i]);
    ck_assert_uint_eq(keys.count, 77);
}
END_TEST

/* Feeding */

#define FS "\x1c" /* Ctrl+\ */

struct feed_case {
    const char *keys;
    const char *in;
    const char *out;
    int rest; /* bytes of in behind the chord; -1: no detach */
};

static const struct feed_case feed_cases[] = {
    /* Legacy bytes. */
    {"^\\ d", "ls\n", "ls\n", -1},
    {"^\\ d", "ls" FS "dxyz", "ls", 3},
    {"^\\ d", FS FS "d", FS "d", -1},
    {"^\\ d", FS FS FS "d", FS, 0},
    {"^\\ d", FS "x" FS "d", FS "x", 0},
    {"^\\ d", FS "D", FS "D", -1},
    {"^\\ d", FS "\x04", FS "\x04", -1},
    {"^\\ d", FS "\u00e9", FS "\u00e9", -1},
    {"^\\ d", FS, "", -1},
    {"^]",
     "a\x1d"
     "b",
     "a", 1},
    {"^] ^]",
     "\x1d\x1d"
     "b",
     "", 1},
    {"^@ ^a", "a", "a", -1},
    {"` d", "```d", "`", 0},
    {"none",
     FS "d\x1b[92;5u"
        "d\x1b[",
     FS "d\x1b[92;5u"
        "d\x1b[",
     -1},

    /* CSI u: modifiers, locks, events, alternate keys, text. */
    {"^\\ d", "\x1b[92;5ud", "", 0},
    {"^\\ d", "\x1b[92;5u\x1b[100u", "", 0},
    {"^\\ d", FS "\x1b[100u", "", 0},
    {"^\\ d", "\x1b[92;69u\x1b[100;65u", "", 0},
    {"^\\ d", "\x1b[92;133u\x1b[100;129u", "", 0},
    {"^\\ d", "\x1b[92;197:1u\x1b[100;1:1u", "", 0},
    {"^\\ d", "\x1b[92:124;5u\x1b[100:68:100;1:1;100u", "", 0},
    {"^\\ d", "\x1b[92;5ux", "\x1b[92;5ux", -1},
    {"^\\ d", "\x1b[92;5u\x1b[92;5ud", "\x1b[92;5ud", -1},
    {"^\\ d", "\x1b[92;5u\x1b[100;2u", "\x1b[92;5u\x1b[100;2u", -1},
    {"^\\ D", "\x1b[92;5u\x1b[100;2u", "", 0},
    {"^\\ D", "\x1b[92;5u\x1b[100:68;2u", "", 0},
    {"^\\ D", "\x1b[92;5u\x1b[100;65;68u", "", 0},
    {"^\\ D", "\x1b[92;5u\x1b[100;65u", "", 0},
    {"^\\ d", "\x1b[92;5u\x1b[0;;100u", "", 0},
    {"^\\ d", FS "\x1b[100;;100:97u", FS "\x1b[100;;100:97u", -1},
    {"^\\ d", "\x1b[92u", "\x1b[92u", -1},
    {"^\\ d", "\x1b[92;7u\x1b[92;13u\x1b[92;1u", "\x1b[92;7u\x1b[92;13u\x1b[92;1u", -1},
    {"^\\ d", FS "\x1b[100;5u", FS "\x1b[100;5u", -1},
    {"^\\ d", "\x1b[223:63:45;5u", "\x1b[223:63:45;5u", -1},
    {"^\\ d", "\x1b[55:92;6ud", "", 0},
    {"^^ d", "\x1b[54:94;6u\x1b[100;1u", "", 0},
    {"^^ d", "\x1b[94;6ud", "", 0},
    {"^a d", "\x1b[97;5ud", "", 0},
    {"^a d", "\x1b[97;6ud", "\x1b[97;6ud", -1},
    {"^a d", "\x1b[97:65;6ud", "\x1b[97:65;6ud", -1},
    {"^a d", "\x1b[1092::97;5u\x1b[1074::100u", "", 0},
    {"^a d", "\x1b[1092:1060;5u", "\x1b[1092:1060;5u", -1},
    {"^@ d", "\x1b[32;5ud", "", 0},
    {"^@ d", "\x1b[50:64;6ud", "", 0},
    {"^\\ 1", FS "\x1b[49;2u", FS "\x1b[49;2u", -1},
    {"^\\ !", FS "\x1b[49:33;2u", "", 0},
    {"^]", "\x1b[93;5u;", "", 1},
    {"^]", "\x1b[93;5:2u\x1b[93;5:3u", "\x1b[93;5:2u\x1b[93;5:3u", -1},

    /* Events around the chord: repeats and releases of the first key, modifiers, other keys. */
    {"^\\ d", "\x1b[92;5u\x1b[92;5:3u\x1b[100u", "", 0},
    {"^\\ d", "\x1b[92;5u\x1b[92;5:2u\x1b[92;5:2u\x1b[92;1:3ud", "", 0},
    {"^\\ d", "\x1b[92;5u\x1b[92;1:3ux", "\x1b[92;5u\x1b[92;1:3ux", -1},
    {"^\\ d", "\x1b[92;5u\x1b[92;5:3ux", "\x1b[92;5u\x1b[92;5:3ux", -1},
    {"^\\ d", "\x1b[92;5u\x1b[92;5:3u\x1b[92;5u\x1b[92;5:3u", "\x1b[92;5u\x1b[92;5:3u", -1},
    {"^\\ d", "\x1b[57442;5u\x1b[92;5u\x1b[57442;1:3u\x1b[100u", "\x1b[57442;5u\x1b[57442;1:3u", 0},
    {"^\\ d", "\x1b[92;5u\x1b[57441;2:1ud", "\x1b[57441;2:1u", 0},
    {"^\\ d", FS "\x1b[120;1:3ud", "\x1b[120;1:3u", 0},
    {"^\\ d", FS "\x1b[100;1:3ud", "\x1b[100;1:3u", 0},
    {"^\\ d",
     FS "\x1b[1;1:3A"
        "d",
     "\x1b[1;1:3A", 0},
    {"^\\ d", FS "\x1b[3;1:3~d", "\x1b[3;1:3~", 0},
    {"^\\ d",
     FS "\x1b[1;1:1A"
        "d",
     FS "\x1b[1;1:1A"
        "d",
     -1},

    /* modifyOtherKeys. */
    {"^\\ d", "\x1b[27;5;92~d", "", 0},
    {"^\\ d", "\x1b[27;5;92~\x1b[27;1;100~", "", 0},
    {"^\\ d", "\x1b[27;5;92~\x1b[27;5;92~", "\x1b[27;5;92~", -1},
    {"^\\ d", "\x1b[27;6;92~d", "", 0},
    {"^\\ d", "\x1b[27;7;92~d", "\x1b[27;7;92~d", -1},
    {"^a d", "\x1b[27;6;65~d", "\x1b[27;6;65~d", -1},
    {"^^ D", "\x1b[27;6;94~\x1b[27;2;68~", "", 0},
    {"^\\ d", "\x1b[27;5~\x1b[27~\x1b[27;5;92;1~", "\x1b[27;5~\x1b[27~\x1b[27;5;92;1~", -1},

    /* Other keys, and what is no key. */
    {"^\\ d", FS "\x1b[Ad", FS "\x1b[Ad", -1},
    {"^\\ d", FS "\x1b[3~d", FS "\x1b[3~d", -1},
    {"^\\ d", FS "\x1b[[Ad", FS "\x1b[[Ad", -1},
    {"^\\ d", FS "\x1bOd", FS "\x1bOd", -1},
    {"^\\ d",
     FS "\x1b"
        "d",
     FS "\x1b"
        "d",
     -1},
    {"^\\ d", FS "\x1b\x1b[A", FS "\x1b\x1b[A", -1},
    {"^\\ d", "\x1b" FS "d", "\x1b", 0},
    {"^\\ d", "\x1b[" FS "d", "\x1b[", 0},
    {"^\\ d", "\x1b[92;5" FS "d", "\x1b[92;5", 0},
    {"^\\ d", FS "\x1b[10\x1b[100u", FS "\x1b[10\x1b[100u", -1},
    {"^\\ d", FS "\x1b[Id", "\x1b[I", 0},
    {"^\\ d", FS "\x1b[Od", "\x1b[O", 0},
    {"^\\ d", FS "\x1b[<35;10;10Md", "\x1b[<35;10;10M", 0},
    {"^\\ d", FS "\x1b[<0;10;10md", "\x1b[<0;10;10m", 0},
    {"^\\ d", FS "\x1b[Mddddx", "\x1b[Mddd", 1},
    {"^\\ d", FS "\x1b[M d" FS "d", "\x1b[M d" FS "d", -1},
    {"^\\ d", "\x1b[M d" FS "d", "\x1b[M d", 0},
    {"^\\ d", FS "\x1b[35;10;10Md", "\x1b[35;10;10M", 0},
    {"^\\ d", FS "\x1b[24;80Rd", "\x1b[24;80R", 0},
    {"^\\ d", FS "\x1b[?62;4c\x1b[>0;1;2c\x1b[?2026;2$yd", "\x1b[?62;4c\x1b[>0;1;2c\x1b[?2026;2$y",
     0},
    {"^\\ d", FS "\x1b[?1ud", "\x1b[?1u", 0},
    {"^\\ d", FS "\x1b]11;rgb:0d0d/0000/0000\x1b\\d", "\x1b]11;rgb:0d0d/0000/0000\x1b\\", 0},
    {"^\\ d", FS "\x1b]11;rgb:dd\ad", "\x1b]11;rgb:dd\a", 0},
    {"^\\ d", FS "\x1bP>|dterm(1)\x1b\\d", "\x1bP>|dterm(1)\x1b\\", 0},
    {"^\\ d", FS "\x1b]d", FS "\x1b]d", -1},
    {"` d", "\x1bO`\x1b`d\x1b]`\ad", "\x1bO`\x1b`d\x1b]`\ad", -1},

    /* Pastes. */
    {"^\\ d", "\x1b[200~" FS "d\x1b[92;5ud\x1b[201~x", "\x1b[200~" FS "d\x1b[92;5ud\x1b[201~x", -1},
    {"^\\ d", "\x1b[200~a\x1b[201~" FS "d", "\x1b[200~a\x1b[201~", 0},
    {"^\\ d", "\x1b[200~\x1b\x1b[201~" FS "d", "\x1b[200~\x1b\x1b[201~", 0},
    {"^\\ d", "\x1b[200~\x1b[20" FS "d\x1b[201~" FS "d", "\x1b[200~\x1b[20" FS "d\x1b[201~", 0},
    {"^\\ d", FS "\x1b[200~d\x1b[201~d", FS "\x1b[200~d\x1b[201~d", -1},
    {"^\\ d", "\x1b[200~" FS "d", "\x1b[200~" FS "d", -1},
    {"^\\ d", "\x1b[201~" FS "d", "\x1b[201~", 0},
};

static void setup_chord(struct chord *chord, const char *keys)
{
    struct chord_keys parsed;
    ck_assert_int_eq(chord_parse(keys, &parsed), 0);
    chord_init(chord, &parsed);
}

static void check_out(const struct bytes *out, const char *expected)
{
    ck_assert_uint_eq(out->len, strlen(expected));
    ck_assert_mem_eq(out->data, expected, out->len);
}

/* Feeds in as two pieces cut at cut (one when it is the length) and checks the outcome. */
static void feed_cut(const struct feed_case *c, size_t cut)
{
    struct chord chord;
    setup_chord(&chord, c->keys);
    struct bytes out = {0};
    const uint8_t *in = (const uint8_t *)c->in;
    size_t len = strlen(c->in);
    bool detach;
    size_t used = chord_feed(&chord, in, cut, &out, &detach);
    if (!detach) {
        ck_assert_uint_eq(used, cut);
        used += chord_feed(&chord, in + cut, len - cut, &out, &detach);
    }
    ck_assert_int_eq(detach, c->rest >= 0);
    ck_assert_uint_eq(used, c->rest >= 0 ? len - (size_t)c->rest : len);
    check_out(&out, c->out);
    bytes_finish(&out);
}

START_TEST(recognises_keys)
{
    feed_cut(&feed_cases[_i], strlen(feed_cases[_i].in));
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Not behind an ESC: at the end of a piece it is the Escape key. Nor where ESC and what belongs to
 * it would be cut apart, SS3 and control strings. */
START_TEST(recognises_keys_wherever_input_is_cut)
{
    for (int i = 0; i < COUNT(feed_cases); i++) {
        const char *in = feed_cases[i].in;
        if (strstr(in, "\x1bO") || strstr(in, "\x1b]") || strstr(in, "\x1bP"))
            continue;
        for (size_t cut = 1; in[cut - 1]; cut++)
            if (in[cut - 1] != '\x1b')
                feed_cut(&feed_cases[i], cut);
    }
}
END_TEST

/* Feeds a piece that must not detach; what has come out since the start must be expected. */
static void feed(struct chord *chord, struct bytes *out, const char *in, const char *expected)
{
    bool detach;
    ck_assert_uint_eq(chord_feed(chord, (const uint8_t *)in, strlen(in), out, &detach), strlen(in));
    ck_assert_int_eq(detach, false);
    check_out(out, expected);
}

START_TEST(passes_escape_at_once)
{
    struct chord chord;
    struct bytes out = {0};
    setup_chord(&chord, "^\\ d");
    feed(&chord, &out, "\x1b", "\x1b");
    ck_assert(!chord_pending(&chord));
    /* Too late to be the key, but a paste is still seen. */
    feed(&chord, &out, "[92;5ud", "\x1b[92;5ud");
    out.len = 0;
    feed(&chord, &out, "\x1b", "\x1b");
    feed(&chord, &out, "[20", "\x1b[20");
    ck_assert(!chord_pending(&chord));
    feed(&chord, &out, "0~" FS "d", "\x1b[200~" FS "d");
    feed(&chord, &out, "\x1b", "\x1b[200~" FS "d\x1b");
    feed(&chord, &out, "[201~", "\x1b[200~" FS "d\x1b[201~");
    out.len = 0;
    feed(&chord, &out, FS, "");
    feed(&chord, &out, "\x1b", FS "\x1b");
    ck_assert(!chord_pending(&chord));
    feed(&chord, &out, "[100u", FS "\x1b[100u");
    bytes_finish(&out);
}
END_TEST

START_TEST(holds_back_a_sequence_until_it_is_flushed)
{
    struct chord chord;
    struct bytes out = {0};
    setup_chord(&chord, "^\\ d");
    feed(&chord, &out, "x\x1b[", "x");
    ck_assert(chord_pending(&chord));
    feed(&chord, &out, "92;", "x");
    ck_assert(chord_pending(&chord));
    ck_assert_int_eq(chord_flush(&chord, &out), 0);
    check_out(&out, "x\x1b[92;");
    ck_assert(!chord_pending(&chord));
    ck_assert_int_eq(chord_flush(&chord, &out), 0);
    feed(&chord, &out, "5ud", "x\x1b[92;5ud");
    ck_assert(!chord_pending(&chord));
    bytes_finish(&out);
}
END_TEST

START_TEST(flushes_the_first_key_with_a_cut_off_sequence_only)
{
    struct chord chord;
    struct bytes out = {0};
    setup_chord(&chord, "^\\ d");
    feed(&chord, &out, FS, "");
    ck_assert(!chord_pending(&chord));
    ck_assert_int_eq(chord_flush(&chord, &out), 0);
    check_out(&out, "");
    feed(&chord, &out, "\x1b[1", "");
    ck_assert(chord_pending(&chord));
    ck_assert_int_eq(chord_flush(&chord, &out), 0);
    check_out(&out, FS "\x1b[1");
    feed(&chord, &out, "d", FS "\x1b[1d");
    bytes_finish(&out);
}
END_TEST

START_TEST(sees_a_paste_whose_start_was_flushed)
{
    struct chord chord;
    struct bytes out = {0};
    setup_chord(&chord, "^\\ d");
    feed(&chord, &out, "\x1b[20", "");
    ck_assert_int_eq(chord_flush(&chord, &out), 0);
    feed(&chord, &out, "0~" FS "d\x1b[201~", "\x1b[200~" FS "d\x1b[201~");
    bool detach;
    ck_assert_uint_eq(chord_feed(&chord, (const uint8_t *)FS "d", 2, &out, &detach), 2);
    ck_assert_int_eq(detach, true);
    bytes_finish(&out);
}
END_TEST

START_TEST(passes_a_sequence_that_is_too_long)
{
    struct chord chord;
    struct bytes out = {0};
    setup_chord(&chord, "^\\ d");
    char in[3 * CHORD_SEQUENCE_MAX] = "\x1b[";
    memset(in + 2, '1', sizeof(in) - 4);
    in[sizeof(in) - 2] = 'u';
    in[CHORD_SEQUENCE_MAX] = '\0';
    feed(&chord, &out, in, "");
    ck_assert(chord_pending(&chord));
    in[CHORD_SEQUENCE_MAX] = '1';
    feed(&chord, &out, in + CHORD_SEQUENCE_MAX, in);
    ck_assert(!chord_pending(&chord));
    bool detach;
    ck_assert_uint_eq(chord_feed(&chord, (const uint8_t *)FS "d", 2, &out, &detach), 2);
    ck_assert_int_eq(detach, true);
    bytes_finish(&out);
}
END_TEST

START_TEST(starts_anew_after_a_detach)
{
    struct chord chord;
    struct bytes out = {0};
    bool detach;
    setup_chord(&chord, "^\\ d");
    ck_assert_uint_eq(chord_feed(&chord, (const uint8_t *)FS "dd", 3, &out, &detach), 2);
    ck_assert_int_eq(detach, true);
    feed(&chord, &out, "d", "d");
    ck_assert_uint_eq(chord_feed(&chord, (const uint8_t *)FS "d", 2, &out, &detach), 2);
    ck_assert_int_eq(detach, true);
    bytes_finish(&out);
}
END_TEST

/* Without the first key in any form nothing is lost, added or moved, whatever the pieces. */
START_TEST(passes_everything_else_unchanged)
{
    static const char *const parts[] = {
        "\x1b", "[",  "\x1b[", "d",    "1",         ";",         ":",     "~",
        "u",    "M",  "\x1bO", "200~", "\x1b[200~", "\x1b[201~", "?",     "$",
        " ",    "\n", "\x01",  "R",    "\u00e9",    "\x1b]",     "\x1bP", "\\",
    };
    srand(20240);
    for (int round = 0; round < 3000; round++) {
        struct chord chord;
        struct bytes in = {0}, out = {0};
        setup_chord(&chord, "^\\ d");
        for (int i = 0; i < 30; i++)
            ck_assert_int_eq(
                bytes_append_text(&in, parts[(size_t)rand() % (sizeof(parts) / sizeof(parts[0]))]),
                0);
        for (size_t at = 0; at < in.len;) {
            size_t n = 1 + (size_t)rand() % 9;
            n = n < in.len - at ? n : in.len - at;
            bool detach;
            ck_assert_uint_eq(chord_feed(&chord, in.data + at, n, &out, &detach), n);
            ck_assert_int_eq(detach, false);
            if (rand() % 4 == 0)
                ck_assert_int_eq(chord_flush(&chord, &out), 0);
            at += n;
        }
        ck_assert_int_eq(chord_flush(&chord, &out), 0);
        ck_assert_uint_eq(out.len, in.len);
        ck_assert_mem_eq(out.data, in.data, in.len);
        bytes_finish(&in);
        bytes_finish(&out);
    }
}
END_TEST

static Suite *chord_suite(void)
{
    Suite *suite = suite_create("chord");
    TCase *tc = tcase_create("parse");
    tcase_add_loop_test(tc, parses_chords, 0, COUNT(parse_cases));
    tcase_add_loop_test(tc, refuses_what_is_no_chord, 0, COUNT(parse_errors));
    suite_add_tcase(suite, tc);
    tc = tcase_create("feed");
    tcase_add_loop_test(tc, recognises_keys, 0, COUNT(feed_cases));
    tcase_add_test(tc, recognises_keys_wherever_input_is_cut);
    tcase_add_test(tc, passes_escape_at_once);
    tcase_add_test(tc, holds_back_a_sequence_until_it_is_flushed);
    tcase_add_test(tc, flushes_the_first_key_with_a_cut_off_sequence_only);
    tcase_add_test(tc, sees_a_paste_whose_start_was_flushed);
    tcase_add_test(tc, passes_a_sequence_that_is_too_long);
    tcase_add_test(tc, starts_anew_after_a_detach);
    tcase_add_test(tc, passes_everything_else_unchanged);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(chord_suite());
}
