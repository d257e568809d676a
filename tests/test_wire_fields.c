/* The rules of decoding, with a table and with bytes of the test's own. */
#include "common/wire.h"
#include "tests/harness/allocations.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message with a field of every kind. */

struct point {
    uint32_t x;
    char *label;
};

struct sample {
    bool flag;
    uint32_t small; /* at most 10 */
    uint32_t wide;
    uint64_t big;
    int32_t balance;
    char *text;             /* at most 3 bytes */
    struct wire_bin blob;   /* at most 2 bytes */
    struct wire_strs words; /* at most 2 */
    struct point *one;
    struct wire_structs many; /* struct point, at most 2 */
};

static const struct wire_field point_table[] = {
    {.name = "x", .kind = WIRE_U32, .required = true, .offset = offsetof(struct point, x)},
    {.name = "label", .kind = WIRE_STR, .offset = offsetof(struct point, label)},
};
static const struct wire_struct point_fields = {
    .name = "point", .size = sizeof(struct point), .fields = point_table, .count = 2};

#define FIELD(member, k, limit)                                                                    \
    {                                                                                              \
        .name = #member, .kind = k, .offset = offsetof(struct sample, member), .max = limit        \
    }

static const struct wire_field sample_table[] = {
    FIELD(flag, WIRE_BOOL, 0),
    FIELD(small, WIRE_U32, 10),
    FIELD(wide, WIRE_U32, 0),
    FIELD(big, WIRE_U64, 0),
    FIELD(balance, WIRE_I32, 0),
    FIELD(text, WIRE_STR, 3),
    FIELD(blob, WIRE_BIN, 2),
    FIELD(words, WIRE_STRS, 2),
    {.name = "one",
     .kind = WIRE_STRUCT,
     .offset = offsetof(struct sample, one),
     .sub = &point_fields},
    {.name = "many",
     .kind = WIRE_STRUCTS,
     .offset = offsetof(struct sample, many),
     .max = 2,
     .sub = &point_fields},
};
static const struct wire_struct sample_fields = {.name = "sample",
                                                 .size = sizeof(struct sample),
                                                 .fields = sample_table,
                                                 .count = sizeof(sample_table) /
                                                          sizeof(sample_table[0])};
static const struct wire_message rows[] = {
    {.type = 1, .name = "sample", .body = &sample_fields},
    {.type = 300, .name = "point", .body = &point_fields},
};
static const struct wire_table table = {.rows = rows, .count = 2};

/*
 * Text to msgpack: [value ...], {name value ...}, numbers, 'text' or a bare word, <hex> for bin,
 * (hex) for bytes as they are, + true, ! false, ~ nil.
 */

struct packer {
    const char *at;
    struct bytes *out;
};

static void put(struct bytes *out, const void *data, size_t len)
{
    ck_assert_int_eq(bytes_append(out, data, len), 0);
}

static void put_byte(struct bytes *out, unsigned byte)
{
    uint8_t value = (uint8_t)byte;
    put(out, &value, 1);
}

/* A type byte and width bytes of number, big-endian. */
static void put_head(struct bytes *out, unsigned type, uint64_t number, unsigned width)
{
    put_byte(out, type);
    for (unsigned i = 0; i < width; i++)
        put_byte(out, (unsigned)(number >> (8 * (width - 1 - i))) & 0xff);
}

static void skip_space(struct packer *packer)
{
    while (*packer->at == ' ')
        packer->at++;
}

static void pack_value(struct packer *packer);

/* The elements up to the closing bracket, behind a head with their number (array 32, map 32). */
static void pack_container(struct packer *packer, unsigned type, char close)
{
    struct bytes inner = {0};
    struct packer sub = {.at = packer->at + 1, .out = &inner};
    uint64_t count = 0;
    for (skip_space(&sub); *sub.at != close; skip_space(&sub)) {
        ck_assert_int_ne(*sub.at, '\0');
        pack_value(&sub);
        count++;
    }
    put_head(packer->out, type, close == '}' ? count / 2 : count, 4);
    put(packer->out, inner.data ? inner.data : (uint8_t *)"", inner.len);
    bytes_finish(&inner);
    packer->at = sub.at + 1;
}

static void pack_number(struct packer *packer)
{
    char *end;
    if (*packer->at == '-')
        put_head(packer->out, 0xd3, (uint64_t)strtoll(packer->at, &end, 10), 8);
    else
        put_head(packer->out, 0xcf, strtoull(packer->at, &end, 10), 8);
    packer->at = end;
}

static void pack_text(struct packer *packer)
{
    bool quoted = *packer->at == '\'';
    const char *start = packer->at + quoted;
    size_t len = quoted ? strcspn(start, "'") : strcspn(start, " ]}");
    put_head(packer->out, 0xd9, len, 1);
    put(packer->out, start, len);
    packer->at = start + len + quoted;
}

/* Hexadecimal digits up to the closing bracket; with a head of bin 8, or without one. */
static void pack_hex(struct packer *packer, char close)
{
    struct bytes raw = {0};
    const char *at = packer->at + 1;
    for (; *at != close; at += 2) {
        unsigned byte;
        ck_assert_int_eq(sscanf(at, "%2x", &byte), 1);
        put_byte(&raw, byte);
    }
    if (close == '>')
        put_head(packer->out, 0xc4, raw.len, 1);
    put(packer->out, raw.data ? raw.data : (uint8_t *)"", raw.len);
    bytes_finish(&raw);
    packer->at = at + 1;
}

static void pack_value(struct packer *packer)
{
    skip_space(packer);
    char first = *packer->at;
    if (first == '[')
        pack_container(packer, 0xdd, ']');
    else if (first == '{')
        pack_container(packer, 0xdf, '}');
    else if (isdigit((unsigned char)first) || first == '-')
        pack_number(packer);
    else if (first == '<' || first == '(')
        pack_hex(packer, first == '<' ? '>' : ')');
    else if (first == '+' || first == '!' || first == '~')
        put_byte(packer->out, (packer->at++, first == '+' ? 0xc3 : first == '!' ? 0xc2 : 0xc0));
    else
        pack_text(packer);
}

static struct bytes pack(const char *text)
{
    struct bytes out = {0};
    struct packer packer = {.at = text, .out = &out};
    while (*packer.at) {
        pack_value(&packer);
        skip_space(&packer);
    }
    return out;
}

static int decode(const char *text, struct wire_frame *ret, struct wire_problem *why)
{
    struct bytes packed = pack(text);
    int r = wire_decode(&table, packed.data, packed.len, ret, why);
    bytes_finish(&packed);
    return r;
}

/* What is refused, and what the answer says */

static const struct {
    const char *text;
    const char *reason;
} bad_cases[] = {
    {"{}", "not an array of type, request id and fields"},
    {"7", "not an array of type, request id and fields"},
    {"[]", "not an array of type, request id and fields"},
    {"[1 2]", "not an array of type, request id and fields"},
    {"[1 2 {} {}]", "not an array of type, request id and fields"},
    {"[1 ~ {}]", "the request id is not a number of 32 bits"},
    {"[1 -1 {}]", "the request id is not a number of 32 bits"},
    {"[1 4294967296 {}]", "the request id is not a number of 32 bits"},
    {"[x 2 {}]", "the type is not a number of 32 bits"},
    {"[-1 2 {}]", "the type is not a number of 32 bits"},
    {"[4294967297 2 {}]", "the type is not a number of 32 bits"},
    {"[1 2 []]", "sample: fields are not a map"},
    {"[1 2 ~]", "sample: fields are not a map"},
    {"[1 2 {flag 1}]", "sample.flag: not a boolean"},
    {"[1 2 {flag + flag +}]", "sample.flag: given twice"},
    {"[1 2 {small 11}]", "sample.small: number too large"},
    {"[1 2 {small -1}]", "sample.small: not an unsigned number"},
    {"[1 2 {small x}]", "sample.small: not an unsigned number"},
    {"[1 2 {small (ca3f800000)}]", "sample.small: not an unsigned number"}, /* 1.0 */
    {"[1 2 {wide 4294967296}]", "sample.wide: number too large"},
    {"[1 2 {big -1}]", "sample.big: not an unsigned number"},
    {"[1 2 {balance 2147483648}]", "sample.balance: number out of range"},
    {"[1 2 {balance -2147483649}]", "sample.balance: number out of range"},
    {"[1 2 {balance +}]", "sample.balance: not a number"},
    {"[1 2 {text abcd}]", "sample.text: string of 4 bytes, the limit is 3"},
    {"[1 2 {text <6162>}]", "sample.text: not a string"},
    {"[1 2 {text ~}]", "sample.text: not a string"},
    {"[1 2 {text (d903610062)}]", "sample.text: string with a NUL byte"},
    {"[1 2 {blob <010203>}]", "sample.blob: too many bytes"},
    {"[1 2 {blob ab}]", "sample.blob: not binary data"},
    {"[1 2 {words [a b c]}]", "sample.words: too many elements"},
    {"[1 2 {words a}]", "sample.words: not an array"},
    {"[1 2 {words [a 1]}]", "sample.words: not a string"},
    {"[1 2 {words [a (d9020062)]}]", "sample.words: string with a NUL byte"},
    {"[1 2 {one {}}]", "point.x: missing"},
    {"[1 2 {one {label a}}]", "point.x: missing"},
    {"[1 2 {one {x 1 label 2}}]", "point.label: not a string"},
    {"[1 2 {one [1]}]", "point: fields are not a map"},
    {"[1 2 {many {}}]", "sample.many: not an array"},
    {"[1 2 {many [{x 1} {x 1} {x 1}]}]", "sample.many: too many elements"},
    {"[1 2 {many [{x 1 label a} {}]}]", "point.x: missing"},
    {"[1 2 {text abc words [a b] many [{x 1 label a} {x 2 label a}] small x}]",
     "sample.small: not an unsigned number"},
    {"[300 2 {}]", "point.x: missing"},
};

START_TEST(a_bad_message_is_refused_and_the_field_named)
{
    struct wire_frame got = {0};
    struct wire_problem why;
    allocations_begin();
    int r = decode(bad_cases[_i].text, &got, &why);
    long live = allocations_live();
    ck_assert_int_eq(r, -EBADMSG);
    ck_assert_str_eq(why.text, bad_cases[_i].reason);
    ck_assert_int_eq(live, 0);
    ck_assert_ptr_null(got.body);
    /* Whoever asked can be answered as soon as the id could be read. */
    bool has_id =
        strncmp(why.text, "not an array", 12) != 0 && strncmp(why.text, "the request id", 14) != 0;
    ck_assert_int_eq(why.has_request_id, has_id);
    ck_assert_uint_eq(why.request_id, has_id ? 2 : 0);
}
END_TEST

/* What is accepted */

START_TEST(every_kind_of_field_is_decoded)
{
    struct wire_frame got;
    struct wire_problem why;
    int r = decode("[1 7 {flag + small 10 wide 4294967295 big 18446744073709551615 balance "
                   "-2147483648 text abc blob <00ff> words ['' 'a b'] one {x 5 label l} "
                   "many [{x 1} {x 2 label m}]}]",
                   &got, &why);
    ck_assert_int_eq(r, 0);
    const struct sample *sample = got.body;
    ck_assert_uint_eq(got.type, 1);
    ck_assert_uint_eq(got.request_id, 7);
    ck_assert_ptr_eq(got.message, &rows[0]);
    ck_assert_int_eq(sample->flag, true);
    ck_assert_uint_eq(sample->small, 10);
    ck_assert_uint_eq(sample->wide, UINT32_MAX);
    ck_assert_uint_eq(sample->big, UINT64_MAX);
    ck_assert_int_eq(sample->balance, INT32_MIN);
    ck_assert_str_eq(sample->text, "abc");
    ck_assert_uint_eq(sample->blob.len, 2);
    ck_assert_mem_eq(sample->blob.data, "\0\377", 2);
    ck_assert_uint_eq(sample->words.len, 2);
    ck_assert_str_eq(sample->words.items[0], "");
    ck_assert_str_eq(sample->words.items[1], "a b");
    ck_assert_ptr_null(sample->words.items[2]);
    ck_assert_uint_eq(sample->one->x, 5);
    ck_assert_str_eq(sample->one->label, "l");
    const struct point *many = sample->many.items;
    ck_assert_uint_eq(sample->many.len, 2);
    ck_assert_uint_eq(many[0].x, 1);
    ck_assert_ptr_null(many[0].label);
    ck_assert_str_eq(many[1].label, "m");
    wire_frame_finish(&got);
}
END_TEST

static const char *const empty_cases[] = {
    "[1 0 {}]",
    "[1 0 {unknown 1}]",
    "[1 0 {unknown {deep [1 {x y}]} another [a b c] 5 6 ~ ~ <00> <01> flag !}]",
    "[1 0 {flagg + fla +}]",
    "[1 0 {words [] many []}]",
    "[1 0 {balance 0 big 0}]",
    "(93 01 00 80)", /* the same in msgpack's shortest forms */
    "(dc0003 cc01 d200000000 de0000)",
};

START_TEST(unknown_fields_are_skipped_and_absent_ones_are_zero)
{
    struct wire_frame got;
    struct wire_problem why;
    char text[128];
    size_t len = 0;
    for (const char *at = empty_cases[_i]; *at; at++)
        if (*at != ' ' || empty_cases[_i][0] != '(')
            text[len++] = *at;
    text[len] = '\0';
    int r = decode(text, &got, &why);
    ck_assert_msg(r == 0, "%s", why.text);
    const struct sample *sample = got.body;
    ck_assert_int_eq(sample->flag, false);
    ck_assert_uint_eq(sample->small, 0);
    ck_assert_ptr_null(sample->text);
    ck_assert_ptr_null(sample->one);
    ck_assert_uint_eq(sample->words.len, 0);
    ck_assert_uint_eq(sample->many.len, 0);
    wire_frame_finish(&got);
}
END_TEST

START_TEST(an_unknown_type_is_no_error)
{
    struct wire_frame got;
    struct wire_problem why;
    ck_assert_int_eq(decode("[77 9 {x 1}]", &got, &why), 0);
    ck_assert_uint_eq(got.type, 77);
    ck_assert_uint_eq(got.request_id, 9);
    ck_assert_ptr_null(got.message);
    ck_assert_ptr_null(got.body);
    wire_frame_finish(&got);
    ck_assert_int_eq(decode("[77 9 ~]", &got, &why), 0);
    wire_frame_finish(&got);
}
END_TEST

START_TEST(optional_fields_that_say_nothing_are_left_out)
{
    struct bytes out = {0};
    struct sample sample = {0};
    static const uint8_t expected[] = {0, 0, 0, 4, 0x93, 1, 9, 0x80};
    ck_assert_int_eq(wire_encode(&out, &rows[0], 9, &sample), 0);
    ck_assert_uint_eq(out.len, sizeof(expected));
    ck_assert_mem_eq(out.data, expected, sizeof(expected));
    out.len = 0;
    struct point point = {0};
    static const uint8_t required[] = {0, 0, 0, 9, 0x93, 0xcd, 1, 0x2c, 9, 0x81, 0xa1, 'x', 0};
    ck_assert_int_eq(wire_encode(&out, &rows[1], 9, &point), 0);
    ck_assert_uint_eq(out.len, sizeof(required));
    ck_assert_mem_eq(out.data, required, sizeof(required));
    bytes_finish(&out);
}
END_TEST

/* wire_check */

static const struct {
    const char *text;
    int result;
} check_cases[] = {
    {"(c0)", 0},
    {"(00)", 0},
    {"(7f)", 0},
    {"(e0)", 0},
    {"(ff)", 0},
    {"(c2)", 0},
    {"(c3)", 0},
    {"(80)", 0},
    {"(90)", 0},
    {"(a0)", 0},
    {"(c400)", 0},
    {"(c50001ff)", 0},
    {"(c600000001ff)", 0},
    {"(c70005)", 0},
    {"(c8000105ff)", 0},
    {"(c90000000105ff)", 0},
    {"(ca00000000)", 0},
    {"(cb0000000000000000)", 0},
    {"(ccff)", 0},
    {"(cdffff)", 0},
    {"(ceffffffff)", 0},
    {"(cfffffffffffffffff)", 0},
    {"(d0ff)", 0},
    {"(d1ffff)", 0},
    {"(d2ffffffff)", 0},
    {"(d3ffffffffffffffff)", 0},
    {"(d405ff)", 0},
    {"(d505ffff)", 0},
    {"(d605ffffffff)", 0},
    {"(d705ffffffffffffffff)", 0},
    {"(d805ffffffffffffffffffffffffffffffff)", 0},
    {"(d900)", 0},
    {"(da000161)", 0},
    {"(db0000000161)", 0},
    {"(dc0000)", 0},
    {"(dd00000000)", 0},
    {"(de0000)", 0},
    {"(df00000000)", 0},
    {"(81c0c0)", 0},
    {"(9181c090)", 0},
    {"(909090)", -EBADMSG}, /* three objects */
    {"", -EBADMSG},
    {"(c1)", -EBADMSG}, /* never used */
    {"(91)", -EBADMSG},
    {"(81c0)", -EBADMSG},
    {"(a161c0)", -EBADMSG},
    {"(a2ff)", -EBADMSG},
    {"(c4)", -EBADMSG},
    {"(c401)", -EBADMSG},
    {"(c500)", -EBADMSG},
    {"(c5ffff)", -EBADMSG},
    {"(c6ffffffff)", -EBADMSG},
    {"(c7ff05)", -EBADMSG},
    {"(c80000)", -EBADMSG},
    {"(c9ffffffff05)", -EBADMSG},
    {"(cb00)", -EBADMSG},
    {"(d800)", -EBADMSG},
    {"(dbffffffff)", -EBADMSG},
    {"(dcffff)", -EBADMSG},
    {"(dd0fffffff)", -EBADMSG}, /* msgpack-c would reserve 8 GB */
    {"(ddffffffff)", -EBADMSG},
    {"(deffff)", -EBADMSG},
    {"(df0fffffff)", -EBADMSG}, /* 16 GB */
    {"(dfffffffff)", -EBADMSG},
    {"(df80000000)", -EBADMSG}, /* twice this is 0 in 32 bits */
    {"(92dd0fffffffc0)", -EBADMSG},
    {"(919191919191919191919190)", 0},   /* 12 levels */
    {"(91919191919191919191919190)", 0}, /* an empty container opens no level */
    {"(919191919191919191919191c0)", 0}, /* 12 levels with something in the last */
    {"(91919191919191919191919191c0)", -EBADMSG},
    {"(92c091c0)", 0},
    {"(9291c091c0)", 0},
};

START_TEST(bytes_are_walked_without_trusting_any_header)
{
    struct bytes packed = pack(check_cases[_i].text);
    /* A block of its own size, so that reading behind it is seen. */
    uint8_t *data = malloc(packed.len ? packed.len : 1);
    ck_assert_ptr_nonnull(data);
    if (packed.len > 0)
        memcpy(data, packed.data, packed.len);
    allocations_begin();
    int r = wire_check(data, packed.len);
    size_t largest = allocations_largest();
    ck_assert_int_eq(r, check_cases[_i].result);
    ck_assert_uint_eq(largest, 0);
    free(data);
    bytes_finish(&packed);
}
END_TEST

START_TEST(the_number_of_values_is_limited)
{
    size_t count = WIRE_VALUES_MAX - 1; /* the array itself is one */
    struct bytes out = {0};
    put_head(&out, 0xdd, count, 4);
    ck_assert_int_eq(bytes_reserve(&out, count + 1), 0);
    memset(out.data + out.len, 0xc0, count + 1);
    ck_assert_int_eq(wire_check(out.data, out.len + count), 0);
    size_t start = out.len;
    out.len = 0;
    put_head(&out, 0xdd, count + 1, 4);
    ck_assert_uint_eq(out.len, start);
    ck_assert_int_eq(wire_check(out.data, out.len + count + 1), -EBADMSG);
    bytes_finish(&out);
}
END_TEST

START_TEST(a_type_is_found_by_its_number)
{
    ck_assert_ptr_eq(wire_table_find(&table, 1), &rows[0]);
    ck_assert_ptr_eq(wire_table_find(&table, 300), &rows[1]);
    ck_assert_ptr_null(wire_table_find(&table, 0));
    ck_assert_ptr_null(wire_table_find(&table, 301));
}
END_TEST

#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))

static Suite *wire_fields_suite(void)
{
    Suite *suite = suite_create("wire fields");
    TCase *fields = tcase_create("fields");
    tcase_add_loop_test(fields, a_bad_message_is_refused_and_the_field_named, 0, COUNT(bad_cases));
    tcase_add_test(fields, every_kind_of_field_is_decoded);
    tcase_add_loop_test(fields, unknown_fields_are_skipped_and_absent_ones_are_zero, 0,
                        COUNT(empty_cases));
    tcase_add_test(fields, an_unknown_type_is_no_error);
    tcase_add_test(fields, optional_fields_that_say_nothing_are_left_out);
    tcase_add_test(fields, a_type_is_found_by_its_number);
    suite_add_tcase(suite, fields);

    TCase *check = tcase_create("check");
    tcase_add_loop_test(check, bytes_are_walked_without_trusting_any_header, 0, COUNT(check_cases));
    tcase_add_test(check, the_number_of_values_is_limited);
    suite_add_tcase(suite, check);
    return suite;
}

int main(void)
{
    return runner_run(wire_fields_suite());
}
