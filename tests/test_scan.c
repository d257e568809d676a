#include "common/terminal/scan.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_text(uint8_t c)
{
    return (c >= 0x20 && c != 0x7f && c != 0xc2) || (c >= '\t' && c <= '\r');
}

static bool is_payload(uint8_t c)
{
    return c >= 0x20 && c != 0xc2;
}

static bool is_printable(uint8_t c)
{
    return c >= 0x20 && c <= 0x7e;
}

static const struct {
    size_t (*scan)(const uint8_t *data, size_t len);
    bool (*counts)(uint8_t c);
} scans[] = {{scan_text, is_text}, {scan_payload, is_payload}, {scan_printable, is_printable}};

/* Every byte at every place of a stretch of any length and alignment. */
START_TEST(stops_at_the_first_other_byte)
{
    uint8_t block[256];
    for (size_t start = 0; start < 16; start++) {
        for (size_t len = 0; len < 150; len += 1 + len / 40) {
            for (size_t at = 0; at < len; at++) {
                memset(block, 'a', sizeof(block));
                block[start + at] = (uint8_t)(start * 150 + at * 7);
                bool counts = scans[_i].counts(block[start + at]);
                ck_assert_uint_eq(scans[_i].scan(block + start, len), counts ? len : at);
            }
        }
    }
}
END_TEST

START_TEST(knows_every_byte)
{
    for (unsigned c = 0; c < 256; c++) {
        uint8_t block[40];
        memset(block, (int)c, sizeof(block));
        for (size_t len = 1; len <= sizeof(block); len++)
            ck_assert_uint_eq(scans[_i].scan(block, len), scans[_i].counts((uint8_t)c) ? len : 0);
    }
}
END_TEST

START_TEST(counts_lines)
{
    static uint8_t block[20000];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] = i % 3 == 0 || i % 7 == 0 ? '\n' : (uint8_t)i;
        ck_assert_uint_eq(scan_count_lines(block, i < 300 ? i : 0), i < 300 ? count : 0);
        count += block[i] == '\n';
    }
    ck_assert_uint_eq(scan_count_lines(block, sizeof(block)), count);
    memset(block, '\n', sizeof(block));
    ck_assert_uint_eq(scan_count_lines(block, sizeof(block)), sizeof(block));
}
END_TEST

START_TEST(finds_lines_from_the_end)
{
    static const uint8_t text[] = "one\ntwo\nthree\nend";
    size_t len = sizeof(text) - 1;
    ck_assert_uint_eq(scan_line_from_end(text, len, 1), 13);
    ck_assert_uint_eq(scan_line_from_end(text, len, 2), 7);
    ck_assert_uint_eq(scan_line_from_end(text, len, 3), 3);
    ck_assert_uint_eq(scan_line_from_end(text, len, 4), len);
    ck_assert_uint_eq(scan_line_from_end(text, 0, 1), 0);
}
END_TEST

/* A flood of 400 lines; the pieces are put in before line 100. */
static const struct {
    const char *line, *piece;
    bool skips;
} floods[] = {
    {"a line of text\r\n", "", true},
    {"a line of text\r\n", "\a\b\t", true},
    {"a line of text\r\n", "\302\251 \303\251", true},
    {"a line of text\r\n", "\302\205", false},
    {"a line of text\r\n", "\033]0;title\a", false},
    {"a line of text\r\n", "\033[?25l", false},
    {"a line of text\r\n", "\033[2J", false},
    {"a line of text\r\n", "\033[31", false},
    {"a line of text\r\n", "\016", false},
    {"a line of text\r\n", "\033[31m", false},
    {"a line of text\r\n", "\033[31m x \033[m", true},
    {"\033[1;32mok\033[0m \033[Ktext\r\n", "", true},
    {"\033[32mnever reset\r\n", "", false},
    {"\033[0;32mreset first\r\n", "", true},
    {"\033[;32mreset first\r\n", "", true},
    {"\033[04;32mnot a reset\r\n", "", false},
    {"without returns\n", "", false},
};

START_TEST(skips_floods)
{
    char block[32768] = "";
    size_t len = 0, lines;
    bool bell;
    for (int i = 0; i < 400; i++) {
        if (i == 100)
            len += (size_t)sprintf(block + len, "%s", floods[_i].piece);
        len += (size_t)sprintf(block + len, "%s", floods[_i].line);
    }
    size_t skip = scan_flood((uint8_t *)block, len, 24, &lines, &bell);
    ck_assert_int_eq(skip > 0, floods[_i].skips);
    if (skip == 0)
        return;
    ck_assert_uint_eq(scan_count_lines((uint8_t *)block, skip), lines);
    ck_assert_int_eq(bell, strchr(floods[_i].piece, '\a') != NULL);
    /* What is left begins where a line does or at its reset, and has the lines of a screen after a
     * CR. */
    const char *left = block + skip, *cr = strchr(left, '\r');
    ck_assert_ptr_nonnull(cr);
    ck_assert_uint_ge(scan_count_lines((uint8_t *)cr, len - (size_t)(cr - block)), 24);
    if (!strstr(floods[_i].piece, "\033["))
        ck_assert_uint_lt(len - skip, 40 * strlen(floods[_i].line));
    ck_assert(*left == '\r' || *left == '\033');
}
END_TEST

START_TEST(skips_no_short_text)
{
    static const uint8_t text[] = "a\r\nb\r\nc\r\nd\r\n";
    size_t lines;
    bool bell;
    ck_assert_uint_eq(scan_flood(text, sizeof(text) - 1, 2, &lines, &bell), 0);
}
END_TEST

static Suite *scan_suite(void)
{
    Suite *suite = suite_create("scan");
    TCase *scan = tcase_create("scan");
    tcase_add_loop_test(scan, stops_at_the_first_other_byte, 0, 3);
    tcase_add_loop_test(scan, knows_every_byte, 0, 3);
    tcase_add_test(scan, counts_lines);
    tcase_add_test(scan, finds_lines_from_the_end);
    tcase_add_loop_test(scan, skips_floods, 0, sizeof(floods) / sizeof(floods[0]));
    tcase_add_test(scan, skips_no_short_text);
    suite_add_tcase(suite, scan);
    return suite;
}

int main(void)
{
    return runner_run(scan_suite());
}
