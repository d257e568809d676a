/* Recordings: every line is what a player expects, whatever the job printed. */
#include "client/cast.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S     UINT64_C(1000000000)
#define START (UINT64_C(1763650800) * S)

static struct cast cast;
static struct bytes out;

static void begin(void)
{
    struct cast_header header = {.rows = 24, .cols = 80, .start_ns = START};
    ck_assert_int_eq(cast_begin(&cast, &header, &out), 0);
    out.len = 0;
}

static void end(void)
{
    bytes_finish(&out);
}

static void expect(const char *lines)
{
    ck_assert_int_eq(bytes_append(&out, "", 1), 0);
    ck_assert_str_eq((char *)out.data, lines);
    out.len = 0;
}

static void must_print(uint64_t time_ns, const char *text)
{
    ck_assert_int_eq(cast_output(&cast, time_ns, text, strlen(text), &out), 0);
}

START_TEST(the_header_describes_the_terminal)
{
    struct cast_header header = {.rows = 43,
                                 .cols = 132,
                                 .start_ns = START + S / 2,
                                 .title = "a \"title\"\377",
                                 .command = "vim notes",
                                 .term = "xterm"};
    ck_assert_int_eq(cast_begin(&cast, &header, &out), 0);
    expect("{\"version\":2,\"width\":132,\"height\":43,\"timestamp\":1763650800,"
           "\"command\":\"vim notes\",\"title\":\"a \\\"title\\\"\357\277\275\","
           "\"env\":{\"TERM\":\"xterm\"}}\n");
    header = (struct cast_header){.rows = 1, .cols = 2};
    ck_assert_int_eq(cast_begin(&cast, &header, &out), 0);
    expect("{\"version\":2,\"width\":2,\"height\":1,\"timestamp\":0}\n");
}
END_TEST

START_TEST(output_is_an_event)
{
    must_print(START, "a\r\n");
    must_print(START + 1500000, "\033[1m\"\\\007\177");
    must_print(START + 61 * S + 999, "\303\251 \360\237\230\200");
    expect("[0.000000,\"o\",\"a\\r\\n\"]\n"
           "[0.001500,\"o\",\"\\u001B[1m\\\"\\\\\\u0007\177\"]\n"
           "[61.000000,\"o\",\"\303\251 \360\237\230\200\"]\n");
    ck_assert_int_eq(cast_output(&cast, START + 62 * S, "a\0b", 3, &out), 0);
    expect("[62.000000,\"o\",\"a\\u0000b\"]\n");
    ck_assert_int_eq(cast_output(&cast, START + 62 * S, "", 0, &out), 0);
    expect("");
}
END_TEST

START_TEST(time_never_falls)
{
    must_print(START - 5 * S, "a"); /* before the beginning: a clock that was set back */
    must_print(START + 2 * S, "b");
    must_print(START + 1 * S, "c");
    must_print(0, "d"); /* not known */
    must_print(START + 3 * S, "e");
    expect("[0.000000,\"o\",\"a\"]\n[2.000000,\"o\",\"b\"]\n[2.000000,\"o\",\"c\"]\n"
           "[2.000000,\"o\",\"d\"]\n[3.000000,\"o\",\"e\"]\n");
}
END_TEST

START_TEST(a_size_is_an_event_when_it_is_another)
{
    ck_assert_int_eq(cast_size(&cast, START, 24, 80, &out), 0);
    ck_assert_int_eq(cast_size(&cast, START, 0, 0, &out), 0); /* not known */
    ck_assert_int_eq(cast_size(&cast, START + S, 43, 132, &out), 0);
    ck_assert_int_eq(cast_size(&cast, START + 2 * S, 43, 132, &out), 0);
    expect("[1.000000,\"r\",\"132x43\"]\n");
}
END_TEST

/* A character is in one event, with the time at which it was whole. */
START_TEST(a_character_is_not_cut)
{
    static const char text[] = "x\360\237\230\200\303\251y";
    char expected[256] = "";
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        ck_assert_int_eq(cast_output(&cast, START + i * S, text + i, 1, &out), 0);
    ck_assert_int_eq(cast_end(&cast, &out), 0);
    snprintf(expected, sizeof(expected),
             "[0.000000,\"o\",\"x\"]\n[4.000000,\"o\",\"\360\237\230\200\"]\n"
             "[6.000000,\"o\",\"\303\251\"]\n[7.000000,\"o\",\"y\"]\n");
    expect(expected);
    must_print(START + 8 * S, "z\342\202");
    ck_assert_int_eq(cast_end(&cast, &out), 0);
    ck_assert_int_eq(cast_end(&cast, &out), 0);
    expect("[8.000000,\"o\",\"z\"]\n[8.000000,\"o\",\"\357\277\275\"]\n");
}
END_TEST

static const struct {
    const char *bytes;
    const char *text;
} broken[] = {
    {"a\377b", "a\357\277\275b"},
    {"\200\200", "\357\277\275\357\277\275"},
    {"\303(", "\357\277\275("},
    {"\300\257", "\357\277\275\357\277\275"},                 /* overlong */
    {"\355\240\200", "\357\277\275\357\277\275\357\277\275"}, /* a surrogate */
    {"\342\202x", "\357\277\275x"},
    {"ok", "ok"},
};

START_TEST(what_is_no_utf8_is_replaced)
{
    char expected[128];
    must_print(START, broken[_i].bytes);
    ck_assert_int_eq(cast_end(&cast, &out), 0);
    snprintf(expected, sizeof(expected), "[0.000000,\"o\",\"%s\"]\n", broken[_i].text);
    expect(expected);
}
END_TEST

/* All bytes, in all cuts: each line is a JSON array of three, and nothing that was good is lost. */
START_TEST(every_line_can_be_parsed)
{
    size_t events = 0;
    for (unsigned i = 0; i < 4096; i++) {
        uint8_t piece[3] = {(uint8_t)(i * 7), (uint8_t)(i >> 3), (uint8_t)(i * 31 >> 2)};
        ck_assert_int_eq(cast_output(&cast, START + i * S / 3, piece, 1 + i % 3, &out), 0);
    }
    ck_assert_int_eq(cast_end(&cast, &out), 0);
    double before = 0;
    for (char *at = (char *)out.data, *stop = at + out.len; at < stop;) {
        char *newline = memchr(at, '\n', (size_t)(stop - at));
        ck_assert_ptr_nonnull(newline);
        json_t *event = json_loadb(at, (size_t)(newline - at), JSON_ALLOW_NUL, NULL);
        ck_assert_int_eq(json_array_size(event), 3);
        double time = json_number_value(json_array_get(event, 0));
        ck_assert_double_ge(time, before);
        ck_assert_str_eq(json_string_value(json_array_get(event, 1)), "o");
        ck_assert_uint_gt(json_string_length(json_array_get(event, 2)), 0);
        before = time;
        json_decref(event);
        events++;
        at = newline + 1;
    }
    ck_assert_uint_gt(events, 3000);
}
END_TEST

static Suite *cast_suite(void)
{
    Suite *suite = suite_create("cast");
    TCase *events = tcase_create("events");
    tcase_add_checked_fixture(events, begin, end);
    tcase_add_test(events, the_header_describes_the_terminal);
    tcase_add_test(events, output_is_an_event);
    tcase_add_test(events, time_never_falls);
    tcase_add_test(events, a_size_is_an_event_when_it_is_another);
    tcase_add_test(events, a_character_is_not_cut);
    tcase_add_loop_test(events, what_is_no_utf8_is_replaced, 0, sizeof(broken) / sizeof(broken[0]));
    tcase_add_test(events, every_line_can_be_parsed);
    suite_add_tcase(suite, events);
    return suite;
}

int main(void)
{
    return runner_run(cast_suite());
}
