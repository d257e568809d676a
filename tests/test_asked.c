/* The questions in the latest output and who answers them. */
#include "server/holder/asked.h"
#include "tests/harness/runner.h"

#include <check.h>
#include <string.h>

#define CAN "\030"

/* "ab??cd??ef": two questions, at 2 and at 6, of which viewer 1 answers the first, the holder the
 * other. */
static const char output[] = "ab??cd??ef";

static void fill(struct asked *asked)
{
    *asked = (struct asked){0};
    asked_add(asked, 102, 104, 1);
    asked_add(asked, 106, 108, ASKED_HOLDER);
}

static const struct passing {
    uint32_t viewer;
    size_t from, to; /* of the output */
    const char *want;
    size_t got_to;
} passing[] = {
    {1, 0, 10, "ab??cdef", 10}, {2, 0, 10, "abcdef", 10}, {2, 0, 2, "ab", 2},
    {2, 0, 3, "ab", 4},         /* the rest of the question is not for it either */
    {2, 3, 10, CAN "cdef", 10}, /* it has begun already: it is ended */
    {2, 3, 4, CAN, 4},          {2, 4, 6, "cd", 6},       {2, 8, 10, "ef", 10},
    {1, 3, 7, "?cd", 8},        {1, 7, 8, CAN, 8},        {2, 10, 10, "", 10},
};

START_TEST(a_viewer_gets_all_but_the_questions_of_others)
{
    const struct passing *p = &passing[_i];
    struct asked asked;
    struct bytes out = {0};
    fill(&asked);
    int64_t end =
        asked_pass(&asked, p->viewer, 100 + p->from, output + p->from, p->to - p->from, &out);
    ck_assert_int_eq(end, 100 + (int64_t)p->got_to);
    ck_assert_uint_eq(out.len, strlen(p->want));
    ck_assert(out.len == 0 || memcmp(out.data, p->want, out.len) == 0);
    bytes_finish(&out);
    asked_finish(&asked);
}
END_TEST

START_TEST(what_all_have_got_is_forgotten)
{
    struct asked asked;
    fill(&asked);
    ck_assert_int_eq(asked_since(&asked, 107), true);
    ck_assert_int_eq(asked_since(&asked, 108), false);
    asked_forget(&asked, 105);
    ck_assert_uint_eq(asked.count, 1);
    ck_assert_uint_eq(asked.item[0].begin, 106);
    asked_forget(&asked, 107);
    ck_assert_uint_eq(asked.count, 1);
    asked_forget(&asked, 108);
    ck_assert_uint_eq(asked.count, 0);
    ck_assert_ptr_null(asked.item);
}
END_TEST

START_TEST(the_holder_takes_over_what_a_viewer_has_not_got)
{
    struct asked asked;
    size_t count;
    fill(&asked);
    ck_assert_ptr_null(asked_take_over(&asked, 1, 100, &count));
    ck_assert_uint_eq(count, 0);
    asked_add(&asked, 110, 112, 2);
    asked_add(&asked, 112, 114, 2);
    ck_assert_ptr_null(asked_take_over(&asked, 2, 114, &count));
    ck_assert_ptr_null(asked_take_over(&asked, 3, 100, &count));
    const struct asked_question *taken = asked_take_over(&asked, 2, 111, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(taken[0].begin, 110);
    ck_assert_uint_eq(taken[1].begin, 112);
    ck_assert_uint_eq(taken[1].answerer, ASKED_HOLDER);
    ck_assert_ptr_null(asked_take_over(&asked, 2, 100, &count));
    asked_finish(&asked);
}
END_TEST

/* One viewer answers all, or several do. */
START_TEST(too_many_are_lost_but_known_to_be_so)
{
    struct asked asked = {0};
    enum { QUESTIONS = 3 * ASKED_MAX };
    for (uint64_t i = 0; i < QUESTIONS; i++)
        asked_add(&asked, 4 * i, 4 * i + 3, _i == 0 ? 7 : 7 + i % 2);
    ck_assert_uint_le(asked.count, ASKED_MAX);
    ck_assert_uint_ge(asked.count, ASKED_MAX / 2);
    uint64_t lost = asked.item[0].begin - 1;
    ck_assert_int_eq(asked_knows(&asked, 9, lost - 1), false);
    ck_assert_int_eq(asked_knows(&asked, 9, lost), true);
    ck_assert_int_eq(asked_knows(&asked, 7, 0), _i == 0);
    asked_forget(&asked, UINT64_MAX);
    ck_assert_int_eq(asked_knows(&asked, 9, 0), true);
    ck_assert_ptr_null(asked.item);
}
END_TEST

static Suite *asked_suite(void)
{
    Suite *suite = suite_create("asked");
    TCase *tcase = tcase_create("asked");
    tcase_add_loop_test(tcase, a_viewer_gets_all_but_the_questions_of_others, 0,
                        sizeof(passing) / sizeof(passing[0]));
    tcase_add_test(tcase, what_all_have_got_is_forgotten);
    tcase_add_test(tcase, the_holder_takes_over_what_a_viewer_has_not_got);
    tcase_add_loop_test(tcase, too_many_are_lost_but_known_to_be_so, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return runner_run(asked_suite());
}
