/* The ring of events, and cursors. */
#include "server/events.h"

#include "tests/harness/runner.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct events events;

static void add(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof(text), "text %zu", i);
        struct job_event event = {.kind = EVENT_TITLE, .time_ns = i + 1, .text = text};
        events_add(&events, &event);
    }
}

START_TEST(what_was_not_told_yet_is_not_there)
{
    uint64_t missed = 99;
    events_init(&events, 4);
    ck_assert_uint_eq(events_first(&events), 1);
    ck_assert_ptr_null(events_at(&events, 0));
    ck_assert_ptr_null(events_at(&events, 1));
    ck_assert_uint_eq(events_after(&events, 0, &missed), 1);
    ck_assert_uint_eq(missed, 0);
    events_finish(&events);
}
END_TEST

/* kept, events added, then: the oldest known, and what one who knows `seen` goes on with. */
static const struct {
    size_t kept, added;
    uint64_t first, seen, next, missed;
} rings[] = {
    {4, 1, 1, 0, 1, 0},       {4, 4, 1, 0, 1, 0},
    {4, 5, 2, 0, 2, 1},       {4, 5, 2, 1, 2, 0},
    {4, 5, 2, 5, 6, 0},       {4, 400, 397, 3, 397, 393},
    {1, 3, 3, 1, 3, 1},       {0, 3, 3, 3, 4, 0},
    {1024, 1000, 1, 7, 8, 0}, {1024, 3000, 1977, 1975, 1977, 1},
    {100, 101, 2, 0, 2, 1},   {17, 40, 24, 30, 31, 0},
};

START_TEST(the_newest_are_kept_and_the_rest_is_counted)
{
    uint64_t missed;
    events_init(&events, rings[_i].kept);
    add(rings[_i].added);
    ck_assert_uint_eq(events.next, rings[_i].added + 1);
    ck_assert_uint_eq(events_first(&events), rings[_i].first);
    ck_assert_uint_eq(events_after(&events, rings[_i].seen, &missed), rings[_i].next);
    ck_assert_uint_eq(missed, rings[_i].missed);
    ck_assert_ptr_null(events_at(&events, rings[_i].first - 1));
    ck_assert_ptr_null(events_at(&events, events.next));
    for (uint64_t seq = rings[_i].first; seq < events.next; seq++) {
        const struct job_event *event = events_at(&events, seq);
        char text[32];
        snprintf(text, sizeof(text), "text %llu", (unsigned long long)seq - 1);
        ck_assert_ptr_nonnull(event);
        ck_assert_uint_eq(event->seq, seq);
        ck_assert_uint_eq(event->time_ns, seq);
        ck_assert_str_eq(event->text, text);
    }
    events_finish(&events);
}
END_TEST

/* However long the texts are, they never take more than so much together. */
START_TEST(long_texts_drop_older_events)
{
    char text[EVENT_TEXT_MAX + 1];
    memset(text, 'x', EVENT_TEXT_MAX);
    text[EVENT_TEXT_MAX] = '\0';
    events_init(&events, EVENTS_KEPT);
    for (unsigned i = 0; i < EVENTS_KEPT; i++) {
        struct job_event event = {.kind = EVENT_NOTIFICATION, .text = text, .title = text};
        events_add(&events, &event);
        ck_assert_uint_le(events.text_bytes, EVENTS_TEXT_KEPT);
        ck_assert_uint_eq(events.text_bytes, events.count * 2 * EVENT_TEXT_MAX);
    }
    ck_assert_uint_eq(events.count, EVENTS_TEXT_KEPT / (2 * EVENT_TEXT_MAX));
    add(1);
    ck_assert_str_eq(events_at(&events, events.next - 1)->text, "text 0");
    events_finish(&events);
    ck_assert_uint_eq(events.text_bytes, 0);
}
END_TEST

static const struct {
    const char *text;
    int result;
    struct event_cursor cursor;
} cursors[] = {
    {"2:57", 0, {2, 0, 57}},
    {"2-65f1c0a3:57", 0, {2, 0x65f1c0a3, 57}},
    {"0-0:0", 0, {0, 0, 0}},
    {"4294967295-ffffffff:18446744073709551615", 0, {UINT32_MAX, UINT32_MAX, UINT64_MAX}},
    {"", -EINVAL, {0}},
    {"2", -EINVAL, {0}},
    {"2:", -EINVAL, {0}},
    {":5", -EINVAL, {0}},
    {"-2:5", -EINVAL, {0}},
    {"+2:5", -EINVAL, {0}},
    {" 2:5", -EINVAL, {0}},
    {"2: 5", -EINVAL, {0}},
    {"2:-5", -EINVAL, {0}},
    {"2:5 ", -EINVAL, {0}},
    {"2:5x", -EINVAL, {0}},
    {"2-:5", -EINVAL, {0}},
    {"2-xyz:5", -EINVAL, {0}},
    {"2-1", -EINVAL, {0}},
    {"4294967296:5", -EINVAL, {0}},
    {"2-100000000:5", -EINVAL, {0}},
    {"2:18446744073709551616", -EINVAL, {0}},
    {"15:04:05", -EINVAL, {0}},
};

START_TEST(a_cursor_is_read)
{
    struct event_cursor cursor = {7, 7, 7};
    ck_assert_int_eq(event_cursor_parse(cursors[_i].text, &cursor), cursors[_i].result);
    const struct event_cursor want =
        cursors[_i].result == 0 ? cursors[_i].cursor : (struct event_cursor){7, 7, 7};
    ck_assert_uint_eq(cursor.generation, want.generation);
    ck_assert_uint_eq(cursor.mark, want.mark);
    ck_assert_uint_eq(cursor.seq, want.seq);
}
END_TEST

START_TEST(a_cursor_reads_as_it_was_written)
{
    static const struct event_cursor cases[] = {
        {1, 1, 0}, {2, 0x65f1c0a3, 57}, {UINT32_MAX, UINT32_MAX, UINT64_MAX}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[EVENT_CURSOR_SIZE];
        struct event_cursor cursor;
        event_cursor_format(&cases[i], text);
        ck_assert_int_eq(event_cursor_parse(text, &cursor), 0);
        ck_assert_mem_eq(&cursor, &cases[i], sizeof(cursor));
    }
}
END_TEST

START_TEST(a_mark_is_never_zero)
{
    ck_assert_uint_ne(event_mark(0), 0);
    ck_assert_uint_ne(event_mark(UINT64_C(4294967296) * 1000000), 0);
    ck_assert_uint_ne(event_mark(1763650800000000000u), event_mark(1763650800001000000u));
}
END_TEST

#define COUNT(cases) (int)(sizeof(cases) / sizeof((cases)[0]))

static Suite *events_suite(void)
{
    Suite *suite = suite_create("events");
    TCase *tc = tcase_create("events");
    tcase_add_test(tc, what_was_not_told_yet_is_not_there);
    tcase_add_loop_test(tc, the_newest_are_kept_and_the_rest_is_counted, 0, COUNT(rings));
    tcase_add_test(tc, long_texts_drop_older_events);
    tcase_add_loop_test(tc, a_cursor_is_read, 0, COUNT(cursors));
    tcase_add_test(tc, a_cursor_reads_as_it_was_written);
    tcase_add_test(tc, a_mark_is_never_zero);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return runner_run(events_suite());
}
