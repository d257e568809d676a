#include "common/bytes.h"
#include "common/terminal/parser.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the parser has told, as text: one line for each event, with offsets; text joined. */
struct record {
    struct bytes text;
    struct bytes run; /* text that has not been written down yet */
    uint64_t run_begin;
    size_t data; /* bytes told by string_data */
    bool offsets;
};

static void write_escaped(struct bytes *out, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes_printf(out, data[i] < 0x20 || data[i] > 0x7e || data[i] == '\\' ? "\\%02x" : "%c",
                     data[i]);
}

static void write_range(struct record *record, uint64_t begin, uint64_t end)
{
    if (record->offsets)
        bytes_printf(&record->text, " %d-%d", (int)begin, (int)end);
}

static void end_run(struct record *record)
{
    if (record->run.len == 0)
        return;
    bytes_append_text(&record->text, "text ");
    write_escaped(&record->text, record->run.data, record->run.len);
    write_range(record, record->run_begin, record->run_begin + record->run.len);
    bytes_append_text(&record->text, "\n");
    record->run.len = 0;
}

static void on_text(void *user, const uint8_t *data, size_t len, uint64_t begin)
{
    struct record *record = user;
    /* A sequence that was broken off leaves a gap. */
    if (record->run_begin + record->run.len != begin)
        end_run(record);
    if (record->run.len == 0)
        record->run_begin = begin;
    bytes_append(&record->run, data, len);
}

static void on_control(void *user, uint8_t control, uint64_t begin)
{
    struct record *record = user;
    end_run(record);
    bytes_printf(&record->text, "control %02x", control);
    write_range(record, begin, begin + (control < 0x80 ? 1 : 2));
    bytes_append_text(&record->text, "\n");
}

static void write_sequence(struct record *record, const struct parser_sequence *s)
{
    struct bytes *out = &record->text;
    if (s->prefix)
        bytes_printf(out, "%c", s->prefix);
    for (unsigned i = 0; i < s->count; i++) {
        bytes_append_text(out, i == 0 ? "" : s->sub >> i & 1 ? ":" : ";");
        if (s->value[i] >= 0)
            bytes_printf(out, "%d", s->value[i]);
    }
    for (int i = 0; i < 2 && s->intermediate[i]; i++)
        bytes_printf(out, "%c", s->intermediate[i]);
    bytes_printf(out, "%c%s%s", s->final, s->malformed ? " malformed" : "",
                 s->tangled ? " tangled" : "");
}

static void on_escape(void *user, const struct parser_sequence *escape)
{
    struct record *record = user;
    end_run(record);
    bytes_append_text(&record->text, "esc ");
    write_sequence(record, escape);
    write_range(record, escape->begin, escape->end);
    bytes_append_text(&record->text, "\n");
}

static void on_csi(void *user, const struct parser_sequence *csi)
{
    struct record *record = user;
    end_run(record);
    bytes_append_text(&record->text, "csi ");
    write_sequence(record, csi);
    write_range(record, csi->begin, csi->end);
    bytes_append_text(&record->text, "\n");
}

static const char *const kinds[] = {"osc", "dcs", "apc", "pm", "sos"};

static void on_string_start(void *user, const struct parser_string *string)
{
    struct record *record = user;
    end_run(record);
    record->data = 0;
    ck_assert_uint_eq(string->len, 0);
}

static void on_string_data(void *user, const uint8_t *data, size_t len, uint64_t begin)
{
    struct record *record = user;
    (void)data;
    (void)begin;
    record->data += len;
}

static void on_string_end(void *user, const struct parser_string *string)
{
    struct record *record = user;
    bytes_printf(&record->text, "%s ", kinds[string->kind]);
    if (string->head) {
        write_sequence(record, string->head);
        bytes_append_text(&record->text, " ");
    }
    bytes_append_text(&record->text, "'");
    write_escaped(&record->text, string->data, string->len);
    bytes_append_text(&record->text, "'");
    ck_assert_int_eq(string->data[string->len], 0);
    if (string->truncated)
        bytes_printf(&record->text, " of %zu", record->data);
    else
        ck_assert_uint_eq(record->data, string->len);
    bytes_printf(&record->text, "%s%s%s", string->bell ? " bell" : "",
                 string->cancelled ? " cancelled" : "", string->broken_off ? " broken" : "");
    write_range(record, string->begin, string->end);
    bytes_append_text(&record->text, "\n");
}

static const struct parser_events events = {
    .text = on_text,
    .control = on_control,
    .escape = on_escape,
    .csi = on_csi,
    .string_start = on_string_start,
    .string_data = on_string_data,
    .string_end = on_string_end,
};

enum { PAYLOAD_MAX = 32 };

/* Feeds the data in pieces of that many bytes, the first one shorter. The caller frees the text. */
static char *parse(const void *data, size_t len, size_t first, size_t piece, bool offsets)
{
    struct record record = {.offsets = offsets};
    struct parser parser;
    parser_init(&parser, &events, &record, PAYLOAD_MAX);
    for (size_t at = 0; at < len;) {
        size_t want = at == 0 && first > 0 ? first : piece;
        size_t now = want < len - at ? want : len - at;
        /* In a block of its own, so that reading beyond it is seen. */
        void *copy = malloc(now);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, (const char *)data + at, now);
        parser_feed(&parser, copy, now);
        free(copy);
        at += now;
    }
    end_run(&record);
    if (!parser_is_ground(&parser))
        bytes_printf(&record.text, "unfinished from %d\n", (int)parser_begin(&parser));
    bytes_append(&record.text, "", 1);
    parser_finish(&parser);
    bytes_finish(&record.run);
    return (char *)record.text.data;
}

static const struct {
    const char *input;
    const char *events;
} cases[] = {
    {"", ""},
    {"plain text\r\n\tmore\v\f", "text plain text\\0d\\0a\\09more\\0b\\0c\n"},
    {"a\007b\bc", "text a\ncontrol 07\ntext b\ncontrol 08\ntext c\n"},
    {"a\177b", "text a\ncontrol 7f\ntext b\n"},
    /* UTF-8, whole and broken */
    {"h\303\251 \342\202\254 \360\237\230\200", "text h\\c3\\a9 \\e2\\82\\ac \\f0\\9f\\98\\80\n"},
    {"\302\240\302\277", "text \\c2\\a0\\c2\\bf\n"},
    {"\377\376\300\200", "text \\ff\\fe\\c0\\80\n"},
    {"\303(\342\202(", "text \\c3(\\e2\\82(\n"},
    {"\302\033[m", "text \\c2\ncsi m\n"},
    {"\302\302\302\251", "text \\c2\\c2\\c2\\a9\n"},
    {"\233m", "text \\9bm\n"},
    /* C1 controls are characters */
    {"\302\2331m\302\205\302\231", "csi 1m\ncontrol 85\ncontrol 99\n"},
    {"\302\2352;x\302\234y", "osc '2;x'\ntext y\n"},
    /* escape sequences */
    {"\0337\033(0\033#8\033%G\033 F", "esc 7\nesc (0\nesc #8\nesc %G\nesc  F\n"},
    {"\033(!\"0\033%/Gx", "esc (!0 malformed\nesc %/G\ntext x\n"},
    {"\033\n7", "control 0a\nesc 7 tangled\n"},
    {"\033\0337", "esc 7 tangled\n"},
    {"\033\1777", "esc 7\n"},
    {"\033\0307", "control 18\ntext 7\n"},
    /* control sequences */
    {"\033[m\033[0m\033[1;31m", "csi m\ncsi 0m\ncsi 1;31m\n"},
    {"\033[;H\033[5;H\033[;5H", "csi ;H\ncsi 5;H\ncsi ;5H\n"},
    {"\033[?25h\033[>4;2m\033[=1u\033[<u", "csi ?25h\ncsi >4;2m\ncsi =1u\ncsi <u\n"},
    {"\033[4:3m\033[38:2::1:2:3;1m", "csi 4:3m\ncsi 38:2::1:2:3;1m\n"},
    {"\033[1 q\033[?1$p\033[!p\033[0\"q", "csi 1 q\ncsi ?1$p\ncsi !p\ncsi 0\"q\n"},
    {"\033[99999999999999999999m", "csi 99999m\n"},
    {"\033[3\n1m", "control 0a\ncsi 31m tangled\n"},
    {"\033[3\0301m", "control 18\ntext 1m\n"},
    {"\033[3\0321m", "control 1a\ntext 1m\n"},
    {"\033[3\033[1m", "csi 1m tangled\n"},
    {"\033[3\1771m", "csi 31m\n"},
    {"\033[3\303\251m", "text \\c3\\a9m\n"},
    {"\033[3\302\2331m", "csi 1m tangled\n"},
    {"\033[1?2h\033[ 1h", "csi 1h malformed\ncsi  h malformed\n"},
    {"\033[??1h", "csi ?h malformed\n"},
    {"\033[ !\"p", "csi  !p malformed\n"},
    /* control strings */
    {"\033]0;title\007x", "osc '0;title' bell\ntext x\n"},
    {"\033]0;title\033\\x", "osc '0;title'\ntext x\n"},
    {"\033]0;\303\251 \342\202\254\033\\", "osc '0;\\c3\\a9 \\e2\\82\\ac'\n"},
    {"\033]0;a\nb\001\033\\", "osc '0;ab'\n"},
    {"\033]0;a\030b", "osc '0;a' cancelled\ntext b\n"},
    {"\033]0;a\033[1mb", "osc '0;a' broken\ncsi 1m tangled\ntext b\n"},
    {"\033]0;a\302\2331mb", "osc '0;a' broken\ncsi 1m tangled\ntext b\n"},
    {"\033]0;a\302b\302\033\\", "osc '0;a\\c2b\\c2'\n"},
    {"\033]\033\\", "osc ''\n"},
    {"\033P1;2|abc\033\\", "dcs 1;2| 'abc'\n"},
    {"\033P$qm\033\\", "dcs $q 'm'\n"},
    {"\033P>|a\007b\nc\033\\", "dcs >| 'a\\07b\\0ac'\n"},
    {"\033P1\n;2|x\033\\", "dcs 1;2| tangled 'x'\n"},
    {"\033P1?|x\033\\", "dcs 'x'\n"},
    {"\033P1\033[m", "csi m tangled\n"},
    {"\033_Ga=q;AAAA\033\\", "apc 'Ga=q;AAAA'\n"},
    {"\033_a\007b\033\\", "apc 'ab'\n"},
    {"\033^pm\033\\\033Xsos\033\\", "pm 'pm'\nsos 'sos'\n"},
    {"\033]2;0123456789012345678901234567890123456789\007",
     "osc '2;012345678901234567890123456789' of 42 bell\n"},
    /* unfinished */
    {"ab\033", "text ab\nunfinished from 2\n"},
    {"ab\033[1", "text ab\nunfinished from 2\n"},
    {"ab\033]0;x\033", "text ab\nunfinished from 2\n"},
    {"ab\342\202", "text ab\nunfinished from 2\n"},
};

START_TEST(tells_what_there_is)
{
    char *text = parse(cases[_i].input, strlen(cases[_i].input), 0, SIZE_MAX, false);
    ck_assert_str_eq(text, cases[_i].events);
    free(text);
}
END_TEST

START_TEST(cuts_make_no_difference)
{
    const char *input = cases[_i].input;
    size_t len = strlen(input);
    char *whole = parse(input, len, 0, SIZE_MAX, true);
    for (size_t first = 0; first < len; first++) {
        for (size_t piece = 1; piece <= len; piece++) {
            char *text = parse(input, len, first, piece, true);
            ck_assert_str_eq(text, whole);
            free(text);
        }
    }
    free(whole);
}
END_TEST

START_TEST(tells_offsets)
{
    static const char input[] = "ab\033[1mc\033]2;t\033\\\302\205\007\033(0\033P1|x\007\033\\";
    char *text = parse(input, sizeof(input) - 1, 3, 2, true);
    ck_assert_str_eq(text, "text ab 0-2\n"
                           "csi 1m 2-6\n"
                           "text c 6-7\n"
                           "osc '2;t' 7-14\n"
                           "control 85 14-16\n"
                           "control 07 16-17\n"
                           "esc (0 17-20\n"
                           "dcs 1| 'x\\07' 20-28\n");
    free(text);
}
END_TEST

static void keep_sequence(void *user, const struct parser_sequence *csi)
{
    *(struct parser_sequence *)user = *csi;
}

START_TEST(has_room_for_many_parameters)
{
    static const struct parser_events csi_only = {.csi = keep_sequence};
    for (unsigned count = 1; count <= PARSER_PARAMS + 20; count++) {
        struct bytes input = {0};
        struct parser_sequence csi = {0};
        struct parser parser;
        bytes_append_text(&input, "\033[");
        for (unsigned i = 0; i < count; i++)
            bytes_printf(&input, i == 0 ? "%u" : i % 2 ? ":%u" : ";%u", i);
        bytes_append_text(&input, "m");
        parser_init(&parser, &csi_only, &csi, 0);
        parser_feed(&parser, input.data, input.len);
        ck_assert_int_eq(csi.final, 'm');
        ck_assert_uint_eq(csi.count, count < PARSER_PARAMS ? count : PARSER_PARAMS);
        for (unsigned i = 0; i < csi.count; i++) {
            ck_assert_int_eq(csi.value[i], (int)i);
            ck_assert_int_eq((int)(csi.sub >> i & 1), i % 2);
        }
        parser_finish(&parser);
        bytes_finish(&input);
    }
}
END_TEST

START_TEST(parameters_have_defaults)
{
    struct parser_sequence csi = {.count = 3, .value = {-1, 0, 7}};
    ck_assert_int_eq(parser_param(&csi, 0, 4), 4);
    ck_assert_int_eq(parser_param(&csi, 1, 4), 0);
    ck_assert_int_eq(parser_param(&csi, 2, 4), 7);
    ck_assert_int_eq(parser_param(&csi, 3, 4), 4);
    ck_assert_int_eq(parser_count(&csi, 0), 1);
    ck_assert_int_eq(parser_count(&csi, 1), 1);
    ck_assert_int_eq(parser_count(&csi, 2), 7);
    ck_assert_int_eq(parser_count(&csi, 3), 1);
}
END_TEST

START_TEST(an_endless_string_takes_no_memory)
{
    static const struct parser_events none = {0};
    static uint8_t filler[1 << 16];
    struct parser parser;
    memset(filler, 'x', sizeof(filler));
    parser_init(&parser, &none, NULL, 1000);
    parser_feed(&parser, "\033]0;", 4);
    for (int i = 0; i < 1000; i++)
        parser_feed(&parser, filler, sizeof(filler));
    ck_assert_uint_le(parser.payload.room, 2048);
    parser_feed(&parser, "\033\\", 2);
    ck_assert(parser_is_ground(&parser));
    ck_assert_uint_le(parser.payload.room, 256);
    parser_finish(&parser);
}
END_TEST

START_TEST(skips_forget_what_is_unfinished)
{
    struct record record = {.offsets = true};
    struct parser parser;
    parser_init(&parser, &events, &record, PAYLOAD_MAX);
    parser_feed(&parser, "a\033]0;x", 6);
    ck_assert(parser_in_string(&parser));
    parser_skip(&parser, 100);
    ck_assert(parser_is_ground(&parser));
    parser_feed(&parser, "b\033[m", 4);
    bytes_append(&record.text, "", 1);
    ck_assert_str_eq((char *)record.text.data, "text a 0-1\ntext b 100-101\ncsi m 101-104\n");
    parser_finish(&parser);
    bytes_finish(&record.text);
    bytes_finish(&record.run);
}
END_TEST

START_TEST(random_bytes_in_random_pieces)
{
    static const char alphabet[] =
        "\033\033[]P_;:?<0123mhH\007\030\\\302\233\234\235\303\251\n\r\t x#(!\342\202\177";
    uint8_t data[200];
    uint32_t seed = (uint32_t)_i + 1;
    for (size_t i = 0; i < sizeof(data); i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = (uint8_t)alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
    }
    char *whole = parse(data, sizeof(data), 0, SIZE_MAX, true);
    for (size_t piece = 1; piece < 20; piece++) {
        char *text = parse(data, sizeof(data), seed % 7, piece, true);
        ck_assert_str_eq(text, whole);
        free(text);
    }
    free(whole);
}
END_TEST

static Suite *parser_suite(void)
{
    Suite *suite = suite_create("parser");
    TCase *parser = tcase_create("parser");
    int count = sizeof(cases) / sizeof(cases[0]);
    tcase_add_loop_test(parser, tells_what_there_is, 0, count);
    tcase_add_loop_test(parser, cuts_make_no_difference, 0, count);
    tcase_add_test(parser, tells_offsets);
    tcase_add_test(parser, has_room_for_many_parameters);
    tcase_add_test(parser, parameters_have_defaults);
    tcase_add_test(parser, an_endless_string_takes_no_memory);
    tcase_add_test(parser, skips_forget_what_is_unfinished);
    tcase_add_loop_test(parser, random_bytes_in_random_pieces, 0, 300);
    suite_add_tcase(suite, parser);
    return suite;
}

int main(void)
{
    return runner_run(parser_suite());
}
